"""The adapter and opjax from this tree, where they are not installed; and what tests share."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
for folder in (ROOT / "src", ROOT.parent / "src", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
