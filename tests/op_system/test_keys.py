"""One specification for every key of op_system 0.9 and every form of its values."""

from __future__ import annotations

import pytest

from differential.harness import compare
from differential.specs import AXES, CHAINS, EQUATIONS, TRANSITIONS, read

GROUPS = {"equations": EQUATIONS, "axes": AXES, "transitions": TRANSITIONS, "chains": CHAINS}
CASES = {f"{group}-{name}": text for group, rows in GROUPS.items() for name, text in rows.items()}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_the_two_agree(text: str) -> None:
    compare(read(text))
