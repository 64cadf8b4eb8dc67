"""How a right-hand side is compiled: what the model itself does not say."""

from __future__ import annotations

from dataclasses import dataclass

from opjax.compile.arguments import refuse
from opjax.errors import catalogue, did_you_mean

EXTRA = ("refuse", "ignore")


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller chooses.

    Arguments:
        xp: the array namespace that calls are pinned to, or None for the namespace of the arrays of each call.
        extra_parameters: what becomes of parameters in a call that the model does not have: "refuse" (E0806) or
            "ignore", as op_system does.
    """

    xp: object = None
    extra_parameters: str = "refuse"

    def __post_init__(self) -> None:
        if self.extra_parameters not in EXTRA:
            hint = did_you_mean(self.extra_parameters, EXTRA, 'write "refuse" or "ignore"')
            kind = "choice for extra_parameters"
            raise refuse(catalogue.UNKNOWN_VALUE, kind=kind, name=self.extra_parameters, hint=hint)


DEFAULT = Options()
