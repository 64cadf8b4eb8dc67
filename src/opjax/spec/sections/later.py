"""op_system's keys that are known by name and not read yet, and those that it has given up itself."""

from __future__ import annotations

LATER: tuple[str, ...] = ()
