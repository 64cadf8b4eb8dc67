"""Models that tests share, and the short way from text to a function."""

from __future__ import annotations

import opjax
from opjax import CompiledRhs


def compile_text(text: str, xp: object = None) -> CompiledRhs:
    """The compiled right-hand side of a model in the text spelling."""
    return opjax.loads(text).compile_rhs(xp)
