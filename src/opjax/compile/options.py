"""How a right-hand side is compiled: what the model itself does not say."""

from __future__ import annotations

from dataclasses import dataclass

from opjax.compile.arguments import refuse
from opjax.errors import catalogue, did_you_mean

EXTRA = ("refuse", "ignore")
OPERATORS = ("run", "describe")


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller chooses.

    Arguments:
        xp: the array namespace that calls are pinned to, or None for the namespace of the arrays of each call.
        extra_parameters: what becomes of parameters in a call that the model does not have: "refuse" (E0806) or
            "ignore", as op_system does.
        operators: whether the derivative contains the operators of the model: "run", or "describe" to leave them to
            an engine, which reads them in `CompiledRhs.operators`.
    """

    xp: object = None
    extra_parameters: str = "refuse"
    operators: str = "run"

    def __post_init__(self) -> None:
        choices = {"extra_parameters": (self.extra_parameters, EXTRA), "operators": (self.operators, OPERATORS)}
        for option, (chosen, known) in choices.items():
            if chosen not in known:
                hint = did_you_mean(chosen, known, f'write "{known[0]}" or "{known[1]}"')
                raise refuse(catalogue.UNKNOWN_VALUE, kind=f"choice for {option}", name=chosen, hint=hint)


DEFAULT = Options()
