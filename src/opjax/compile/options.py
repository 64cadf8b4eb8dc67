"""How a right-hand side is compiled: what the model itself does not say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict

from opjax.compile.refusal import refuse
from opjax.errors import catalogue, did_you_mean

EXTRA = ("refuse", "ignore")
OPERATORS = ("run", "describe")
BACKENDS = ("numpy", "jax")


class Choices(TypedDict, total=False):
    """The keywords of `opjax.compile_rhs` beside the namespace; see `Options`."""

    extra_parameters: str
    operators: str
    detect_gauges: bool
    gauge_fix: Mapping[str, float] | None
    backend: str | None


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller chooses.

    Arguments:
        xp: the array namespace that calls are pinned to, or None for the namespace of the arrays of each call.
        extra_parameters: what becomes of parameters in a call that the model does not have: "refuse" (E0806) or
            "ignore", as op_system does.
        operators: whether the derivative contains the operators of the model: "run", or "describe" to leave them to
            an engine, which reads them in `CompiledRhs.operators`.
        detect_gauges: whether to find the scalings that leave the model as it is.
        gauge_fix: parameters with the values that a scaling brings them to; they are no parameters any more.
        backend: op_system's former word for the namespace, "numpy" or "jax". Here as there it changes nothing: the
            namespace is that of each call's arrays. A DeprecationWarning says so.
    """

    xp: object = None
    extra_parameters: str = "refuse"
    operators: str = "run"
    detect_gauges: bool = False
    gauge_fix: Mapping[str, float] | None = None
    backend: str | None = None

    def __post_init__(self) -> None:
        choices: dict[str, tuple[str, tuple[str, ...]]] = {
            "extra_parameters": (self.extra_parameters, EXTRA),
            "operators": (self.operators, OPERATORS),
        }
        if self.backend is not None:
            choices["backend"] = (self.backend, BACKENDS)
        for option, (chosen, known) in choices.items():
            if chosen not in known:
                hint = did_you_mean(chosen, known, f'write "{known[0]}" or "{known[1]}"')
                raise refuse(catalogue.UNKNOWN_VALUE, kind=f"choice for {option}", name=chosen, hint=hint)
        if self.backend is not None:
            said = "backend=... changes nothing: the namespace is that of each call's arrays; xp=... pins it"
            warnings.warn(said, DeprecationWarning, stacklevel=7)

    @classmethod
    def given(cls, xp: object, choices: Choices) -> Options:
        """The options that somebody chose by keyword.

        Raises:
            OpjaxError: E0806 for a keyword, or a choice, that there is not.
        """
        known = Choices.__annotations__
        for name in choices:
            if name not in known:
                hint = did_you_mean(name, known, f"the choices are {', '.join(known)}")
                raise refuse(catalogue.UNKNOWN_VALUE, kind="choice", name=name, hint=hint)
        return cls(xp, **choices)

    def without_gauges(self) -> Options:
        """The same for a model whose gauges were looked at already."""
        return replace(self, detect_gauges=False, gauge_fix=None, backend=None)

    def marked(self, part: str) -> str:
        """What tells a part of a model from those of the same model with other parameters fixed by gauges."""
        fixed = sorted((self.gauge_fix or {}).items())
        return " ".join([part, *(f"{name}={value!r}" for name, value in fixed)])

    def chosen(self, namespace: str) -> Chosen:
        """The same as values that can be compared and pickled."""
        fixed = None if self.gauge_fix is None else tuple(self.gauge_fix.items())
        return Chosen(namespace, self.extra_parameters, self.operators, self.detect_gauges, fixed)


class Chosen(NamedTuple):
    """Options as values that can be compared and pickled; `namespace` is the name of its module, or empty."""

    namespace: str
    extra_parameters: str
    operators: str
    detect_gauges: bool
    gauge_fix: tuple[tuple[str, float], ...] | None

    def options(self, xp: object) -> Options:
        """The options, with the namespace."""
        fixed = None if self.gauge_fix is None else dict(self.gauge_fix)
        return Options(xp, self.extra_parameters, self.operators, self.detect_gauges, fixed)


DEFAULT = Options()
