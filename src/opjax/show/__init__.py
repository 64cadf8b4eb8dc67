"""A model as text and pictures."""

from __future__ import annotations

from opjax.ir.system import System


def summary(system: System) -> str:
    """A line."""
    return f"<Model {system.name}>"
