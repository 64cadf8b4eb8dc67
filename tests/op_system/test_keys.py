"""One specification for every key of op_system 0.9 and every form of its values."""

from __future__ import annotations

from typing import Any

import pytest

from differential.harness import compare
from differential.specs import AXES, CHAINS, EQUATIONS, TRANSITIONS, read
from opjax import OpjaxError

GROUPS = {"equations": EQUATIONS, "axes": AXES, "transitions": TRANSITIONS, "chains": CHAINS}
LATER: set[str] = set()
"""What opjax cannot say yet."""


def cases() -> list[Any]:
    """Every specification; those of `LATER` must fail."""
    rows = {f"{group}-{name}": text for group, rows in GROUPS.items() for name, text in rows.items()}
    later = pytest.mark.xfail(reason="cannot be said yet", raises=(OpjaxError, AssertionError), strict=True)
    return [pytest.param(text, id=name, marks=[later] if name in LATER else []) for name, text in rows.items()]


@pytest.mark.parametrize("text", cases())
def test_the_two_agree(text: str) -> None:
    compare(read(text))
