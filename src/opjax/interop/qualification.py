"""Numerical qualification: a compiled model against equations that somebody else wrote.

Every evaluator is compared with the reference at every fixture; a problem becomes a record, not an exception. That the
two agree at some points is evidence, and no proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

from opjax.backends.base import Array, Backend
from opjax.backends.registry import backend_for, backend_of
from opjax.compile.arguments import refuse
from opjax.compile.compiled import CompiledRhs
from opjax.errors import catalogue, did_you_mean
from opjax.interop.comparison import ArrayComparison, NumericalCheck, compare, largest_residual

Evaluator = Literal["flat", "structured", "block"]
States = Mapping[str, Array]
Parameters = Mapping[str, object]
ReferenceRhs = Callable[[float, States, Parameters], States]
"""The derivatives by state name, of the time, the states by name and the parameters by name."""
BalanceCheck = Callable[[float, States, States, Parameters], object]
"""Residuals that should be zero, of the time, the states, their derivatives and the parameters."""


class QualificationFixture(NamedTuple):
    """A point at which the model is looked at.

    Arguments:
        name: its name.
        state: the states by name.
        params: the parameters by name.
        time: the time.
        direction: a direction in the space of states, for a check of the derivative (JAX states only), or None.
    """

    name: str
    state: States
    params: Parameters
    time: float = 0.0
    direction: States | None = None


class InvariantCheck(NamedTuple):
    """A balance that must hold.

    Arguments:
        name: its name.
        callback: gives the residuals.
        condition: when it holds, in words: "closed population".
        atol: the largest residual.
    """

    name: str
    callback: BalanceCheck
    condition: str
    atol: float = 1e-8


@dataclass(frozen=True, slots=True)
class QualificationConfig:
    """Tolerances, for double precision.

    Arguments:
        rtol, atol: of the comparison with the reference.
        derivative_step: of the central difference.
        derivative_rtol, derivative_atol: of its comparison with forward mode.
    """

    rtol: float = 1e-7
    atol: float = 1e-9
    derivative_step: float = 1e-5
    derivative_rtol: float = 1e-4
    derivative_atol: float = 1e-6

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise _wrong(f"has the {name} {value:g}, and a finite number that is not negative is wanted")
        if self.derivative_step == 0:
            raise _wrong("has a derivative_step of 0", "a step of 1e-5 is usual")


@dataclass(frozen=True, slots=True)
class FixtureQualification:
    """What was found at one fixture with one evaluator; `ok` if nothing is wrong."""

    fixture: str
    evaluator: Evaluator
    backend: str
    time: float
    rtol: float
    atol: float
    arrays: tuple[ArrayComparison, ...] = ()
    invariants: tuple[NumericalCheck, ...] = ()
    derivative: NumericalCheck | None = None
    errors: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything passed."""
        checks = (*self.arrays, *self.invariants, *((self.derivative,) if self.derivative else ()))
        return not self.errors and all(check.passed for check in checks)


@dataclass(frozen=True, slots=True)
class QualificationReport:
    """All that was found."""

    fixtures: tuple[FixtureQualification, ...]

    @property
    def ok(self) -> bool:
        """Whether everything passed."""
        return all(record.ok for record in self.fixtures)

    def to_dict(self) -> dict[str, object]:
        """The report as plain objects, for JSON."""
        return {"ok": self.ok, "fixtures": [_plain(record) for record in self.fixtures]}


def _plain(record: FixtureQualification) -> dict[str, object]:
    return {
        **asdict(record),
        "arrays": [row._asdict() for row in record.arrays],
        "invariants": [row._asdict() for row in record.invariants],
        "derivative": record.derivative and record.derivative._asdict(),
        "ok": record.ok,
    }


def qualify_rhs(
    compiled: CompiledRhs,
    fixtures: Sequence[QualificationFixture],
    reference: ReferenceRhs,
    *,
    evaluators: Sequence[Evaluator] = ("flat", "structured"),
    **choices: Any,
) -> QualificationReport:
    """Compare a compiled model with equations that were written independently.

    Arguments:
        compiled: the model.
        fixtures: the points at which they are compared.
        reference: gives the derivatives by state name, at a time, of states and parameters by name.
        evaluators: the forms to compare: "flat", "structured", "block".
        choices: ``invariants``, balances that must hold (`InvariantCheck`); ``config``, the tolerances
            (`QualificationConfig`).

    Returns:
        One record for each fixture and evaluator.

    Raises:
        OpjaxError: E0548 if what is asked for has no meaning. What goes wrong in the evaluation is in the report.

    Example:
        >>> import numpy as np, opjax
        >>> rhs = opjax.compile_rhs({"state": ["x"], "equations": {"x": "-k*x"}})
        >>> fixture = QualificationFixture("decay", {"x": np.array(4.0)}, {"k": 0.5})
        >>> qualify_rhs(rhs, [fixture], lambda t, state, params: {"x": -params["k"] * state["x"]}).ok
        True
    """
    asked = _Asked(**choices)
    _check(fixtures, evaluators, asked.invariants)
    trials = [_Trial(compiled, fixture, evaluator, asked) for fixture in fixtures for evaluator in evaluators]
    return QualificationReport(tuple(trial.record(reference) for trial in trials))


@dataclass(frozen=True, slots=True)
class _Asked:
    invariants: Sequence[InvariantCheck] = ()
    config: QualificationConfig | None = None

    @property
    def tolerances(self) -> QualificationConfig:
        return self.config or QualificationConfig()


def _check(
    fixtures: Sequence[QualificationFixture], evaluators: Sequence[str], invariants: Sequence[InvariantCheck]
) -> None:
    known = get_args(Evaluator)
    names = [fixture.name for fixture in fixtures]
    if not fixtures or not evaluators:
        raise _wrong("has no fixture or no evaluator", "give at least one of each")
    if len(set(names)) < len(names) or not all(names):
        raise _wrong("has fixtures without a name of their own")
    for evaluator in evaluators:
        if evaluator not in known:
            raise _wrong(f"names the evaluator '{evaluator}', which does not exist", did_you_mean(evaluator, known))
    if not all(math.isfinite(fixture.time) for fixture in fixtures):
        raise _wrong("has a fixture at a time that is not finite")
    for invariant in invariants:
        if not invariant.condition or not (math.isfinite(invariant.atol) and invariant.atol >= 0):
            problem = f"has the invariant '{invariant.name}' without a condition, or without a finite tolerance"
            raise _wrong(problem, 'say in words when it holds: "closed population"')


def _wrong(problem: str, hint: str = "") -> Exception:
    return refuse(catalogue.BAD_QUALIFICATION, problem=problem, hint=hint)


@dataclass(slots=True)
class _Trial:
    """One fixture with one evaluator."""

    compiled: CompiledRhs
    fixture: QualificationFixture
    evaluator: Evaluator
    asked: _Asked

    def record(self, reference: ReferenceRhs) -> FixtureQualification:
        """Evaluate and compare; an exception becomes a sentence of the record."""
        fixture, config = self.fixture, self.asked.tolerances
        name = "unknown"
        try:
            name = _backend(fixture.state).xp.__name__
            expected = reference(fixture.time, fixture.state, fixture.params)
            found = self.evaluate(fixture.state)
            if not fixture.state.keys() == expected.keys() == found.keys():
                message = f"the reference gives {', '.join(expected)}, the model {', '.join(found)}"
                raise refuse(catalogue.BAD_QUALIFICATION, problem=f"has other states in the reference: {message}")
            arrays = [compare(key, fixture.state[key], found[key], expected[key], config) for key in found]
            checks = [self.invariant(row, found) for row in self.asked.invariants]
            derivative = None if fixture.direction is None else self.derivative(fixture.direction)
        except Exception as error:  # whatever a model, a reference or a callback raises belongs into the report
            return self.result(name, errors=(f"{type(error).__name__}: {' '.join(str(error).split())}",))
        return self.result(name, arrays=tuple(arrays), invariants=tuple(checks), derivative=derivative)

    def result(self, backend: str, **found: Any) -> FixtureQualification:
        """The record with what was found."""
        config = self.asked.tolerances
        place = (self.fixture.name, self.evaluator, backend, self.fixture.time)
        return FixtureQualification(*place, config.rtol, config.atol, **found)

    def evaluate(self, state: States) -> States:
        """The derivatives by state name."""
        time, params = self.fixture.time, self.fixture.params
        match self.evaluator:
            case "flat":
                flat = self.compiled.flatten(state)
                return self.compiled.unflatten(self.compiled.eval_fn(time, flat, **params))
            case "structured":
                return self.compiled.pytree_eval_fn(time, state, **params)
            case "block":
                return self.blocks(state)

    def blocks(self, state: States) -> States:
        """The derivatives of all blocks, one after the other, put together."""
        function = self.compiled.block_pytree_eval_fn
        if function is None:
            raise refuse(catalogue.BAD_QUALIFICATION, problem="asks for blocks, and the model does not fall apart")
        info = self.compiled.block_axes[0]
        found: list[States] = []
        for place in range(info.size):
            part = {name: _at(value, info.state_axis_pos.get(name), place) for name, value in state.items()}
            params = {name: _at(v, info.param_axis_pos.get(name), place) for name, v in self.fixture.params.items()}
            found.append(function(self.fixture.time, part, **params))
        xp = _backend(state).xp
        return {name: xp.stack([one[name] for one in found], axis=info.state_axis_pos[name]) for name in state}

    def invariant(self, check: InvariantCheck, derivatives: States) -> NumericalCheck:
        """A balance."""
        fixture = self.fixture
        residual = check.callback(fixture.time, fixture.state, derivatives, fixture.params)
        largest = largest_residual(residual)
        passed = largest <= check.atol
        errors = () if passed else (f"the residual {largest:g} is more than {check.atol:g}",)
        return NumericalCheck(check.name, passed, largest, errors, check.condition, 0.0, check.atol)

    def derivative(self, direction: States) -> NumericalCheck:
        """Forward mode against a central difference."""
        config = self.asked.tolerances
        row = ("state_directional_derivative", None, config.derivative_rtol, config.derivative_atol)
        step = config.derivative_step
        if not _backend(self.fixture.state).differentiable or direction.keys() != self.fixture.state.keys():
            problem = "a check of the derivative needs JAX states, and a direction for each of them"
            return NumericalCheck(row[0], False, None, (problem,), *row[1:], step)
        from opjax.trees.directional import directional_derivative

        state = dict(self.fixture.state)
        exact = directional_derivative(self.evaluate, state, dict(direction))
        ahead = self.evaluate({name: value + step * direction[name] for name, value in state.items()})
        behind = self.evaluate({name: value - step * direction[name] for name, value in state.items()})
        worst, passed = 0.0, True
        for name, value in state.items():
            difference = (ahead[name] - behind[name]) / (2 * step)
            limits = QualificationConfig(config.derivative_rtol, config.derivative_atol)
            compared = compare(name, value, exact[name], difference, limits)
            worst, passed = max(worst, compared.max_abs_error or 0.0), passed and compared.passed
        errors = () if passed else ("forward mode and the central difference differ",)
        return NumericalCheck(row[0], passed, worst, errors, *row[1:], step)


def _at(value: Any, axis: int | None, place: int) -> Any:
    """One slice of an array along an axis; the whole where it has none."""
    return value if axis is None else value[(*(slice(None),) * axis, place)]


def _backend(state: States) -> Backend:
    return backend_of(next(iter(state.values()))) if state else backend_for(math)
