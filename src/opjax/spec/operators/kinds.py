"""The kinds of operators: which settings each takes, and which words they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from opjax.spec.operators.transport import LIMITERS

TRANSFER = ("across", "source", "target", "rate")
"""The settings that say how a stochastic kernel is tied to a move along another axis."""


@dataclass(frozen=True, slots=True)
class OperatorKind:
    """What may be said of a kind of operator.

    Arguments:
        required: the settings that must stand there.
        optional: those that may.
        words: the words that a setting may be, for settings that are words.
        also: other names of settings.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    also: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def settings(self) -> tuple[str, ...]:
        """All settings."""
        return (*self.required, *self.optional)


_ADVECTION = OperatorKind(
    ("velocity",),
    ("direction", "boundary", "limiter"),
    {
        "direction": ("increasing", "decreasing"),
        "boundary": ("reflecting", "absorbing", "periodic"),
        "limiter": tuple(LIMITERS),
    },
)
KINDS: Mapping[str, OperatorKind] = {
    "advection": _ADVECTION,
    "transport": _ADVECTION,
    "diffusion": OperatorKind(
        ("coefficient",),
        ("boundary",),
        {"boundary": ("neumann", "reflecting", "dirichlet", "absorbing", "periodic")},
        also={"rate": "coefficient"},
    ),
    "jump_integral": OperatorKind(
        ("rate", "matrix"),
        ("direction", "boundary", "form"),
        {"direction": ("both", "up", "down"), "boundary": ("reflecting",), "form": ("matrix",)},
    ),
    "axis_kernel": OperatorKind(("form", "matrix"), ("velocity", *TRANSFER), {"form": ("generator", "stochastic")}),
}
