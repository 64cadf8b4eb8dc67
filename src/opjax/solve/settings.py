"""How to solve: the solver, its tolerances, its limits, and how its solution is differentiated."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from opjax.compile.arguments import refuse
from opjax.errors import catalogue, did_you_mean
from opjax.solve.untyped import diffrax
from opjax.solve.wanted import unfit, want_between, want_whole

SOLVERS: Mapping[str, Callable[[], Any[Any]]] = MappingProxyType(
    {
        "tsit5": diffrax.Tsit5,
        "dopri5": diffrax.Dopri5,
        "dopri8": diffrax.Dopri8,
        "heun": diffrax.Heun,
        "euler": diffrax.Euler,
        "kvaerno3": diffrax.Kvaerno3,
        "kvaerno5": diffrax.Kvaerno5,
        "implicit_euler": diffrax.ImplicitEuler,
        "nonstiff": diffrax.Tsit5,
        "stiff": diffrax.Kvaerno5,
    }
)
ADJOINTS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "forward": diffrax.ForwardMode,
        "checkpoint": diffrax.RecursiveCheckpointAdjoint,
        "direct": diffrax.DirectAdjoint,
    }
)
RTOL = 1e-6


@dataclass(frozen=True)
class Settings:
    """How to solve a model.

    Without JAX's double precision (``jax.config.update("jax_enable_x64", True)``) numbers have seven digits, and an
    `rtol` below 1e-5 asks for more than they hold: the solver takes needless steps, or stops. `simulate` warns of it.

    Arguments:
        solver: "auto" (an explicit method, or an implicit one where that pays), "tsit5" (or "nonstiff"), "dopri5",
            "dopri8", "heun", "kvaerno3", "kvaerno5" (or "stiff"), "implicit_euler", "euler" (steps of the fixed size
            `dt0`), or a diffrax solver.
        rtol: relative tolerance of each step.
        atol: absolute tolerance of each step, in the units of the states. None: a thousandth of ``rtol``, times the
            largest initial value where that is below 1. So a model in moles per litre keeps its digits; and a model of
            a million people still follows the first few infected, which a tolerance relative to the population loses.
        max_steps: the most steps, rejected ones included.
        adjoint: how the solution is differentiated. "forward": by sensitivities that are solved along, in forward and
            in reverse mode, for up to a hundred parameters or so; "checkpoint": backwards through the steps, in reverse
            mode only, for many parameters; "direct": both modes, slow; or a diffrax adjoint.
        dt0: the size of the first step; None: chosen. The size of all steps for "euler".
        quadrature: the points at which ``convolve_history`` takes its integral, on either side of the start; rounded up
            to a multiple of eight, and eight at the least.
    """

    solver: str | Any[Any] = "auto"
    rtol: float = RTOL
    atol: float | None = None
    max_steps: int = 16_384
    adjoint: str | Any = "forward"
    dt0: float | None = None
    quadrature: int = 32

    def __post_init__(self) -> None:
        if isinstance(self.solver, str) and self.solver != "auto":
            self._check(self.solver)
        elif not isinstance(self.solver, str | diffrax.AbstractSolver):
            raise unfit("solver", self.solver, "the name of a solver, or a solver of diffrax")
        if isinstance(self.adjoint, str) and self.adjoint not in ADJOINTS:
            hint = did_you_mean(self.adjoint, ADJOINTS, f"the adjoints are {', '.join(ADJOINTS)}")
            raise refuse(catalogue.UNKNOWN_VALUE, kind="adjoint", name=self.adjoint, hint=hint)
        if not isinstance(self.adjoint, str | diffrax.AbstractAdjoint):
            raise unfit("adjoint", self.adjoint, "the name of an adjoint, or an adjoint of diffrax")
        self._check_numbers()

    def _check_numbers(self) -> None:
        want_between("rtol", self.rtol, 0, 1, "a number from 0 on, below 1")
        if self.atol is not None:
            want_between("atol", self.atol, 0, math.inf, "None or a number from 0 on")
        if self.rtol == 0 and not self.atol:
            raise unfit("rtol", self.rtol, "a number above 0, where atol is not above 0 either,")
        want_whole("max_steps", self.max_steps, 1)
        if self.dt0 is not None:
            want_between("dt0", self.dt0, math.ulp(0.0), math.inf, "None or a number above 0")
        want_whole("quadrature", self.quadrature, 1)

    def _check(self, name: str) -> None:
        if name not in SOLVERS:
            hint = did_you_mean(name, ("auto", *SOLVERS), f"the solvers are auto, {', '.join(SOLVERS)}")
            raise refuse(catalogue.UNKNOWN_SOLVER, name=name, hint=hint)
        if name == "euler" and self.dt0 is None:
            raise refuse(catalogue.NO_STEP_SIZE, name=name)

    def with_solver(self, solver: str) -> Settings:
        """The same settings with this solver."""
        return dataclasses.replace(self, solver=solver)

    @property
    def solver_name(self) -> str:
        """The name of the solver."""
        return self.solver if isinstance(self.solver, str) else type(self.solver).__name__

    @property
    def diffrax_solver(self) -> Any[Any]:
        """The solver as diffrax knows it; "auto" is the explicit one."""
        if not isinstance(self.solver, str):
            return self.solver
        return SOLVERS["tsit5" if self.solver == "auto" else self.solver]()

    @property
    def diffrax_adjoint(self) -> Any:
        """The adjoint as diffrax knows it."""
        return ADJOINTS[self.adjoint]() if isinstance(self.adjoint, str) else self.adjoint

    @property
    def implicit(self) -> bool:
        """Whether each step solves equations."""
        return isinstance(self.diffrax_solver, diffrax.AbstractImplicitSolver)


def settings_from(given: Mapping[str, Any]) -> Settings:
    """Settings by name.

    Raises:
        OpjaxError: E0806 for a setting that does not exist, E0902 for an unknown solver, E0807 for a number that
            cannot be.
    """
    known = [field.name for field in dataclasses.fields(Settings)]
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, f"the settings are {', '.join(known)}")
            raise refuse(catalogue.UNKNOWN_VALUE, kind="setting", name=name, hint=hint)
    return Settings(**given)
