"""A model as an operator: parameters in, states and observables out; its form in files is its text."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import equinox as eqx

from opjax import stages
from opjax.compile.compiled import CompiledRhs
from opjax.errors import Report, did_you_mean
from opjax.pipelines.operator import Operator, static, strong_array
from opjax.pipelines.untyped import jnp
from opjax.solve.inputs import checked_times
from opjax.solve.outputs import Outputs
from opjax.solve.problem import Problem, problem_for
from opjax.solve.settings import Settings, settings_from
from opjax.solve.trajectory import Start, trajectory
from opjax.source import DEFAULT_LIMITS
from opjax.spec.files import source_from_text


class Written(Protocol):
    """What has a model's syntax, such as `opjax.Model`."""

    @property
    def syntax(self) -> Any:
        """The model as it was written."""
        ...


def model_text(model: str | Written) -> str:
    """The text of a model, in its canonical form.

    Raises:
        OpjaxError: for what is wrong with the model.
        TypeError: for what is neither a text nor a model.
    """
    if isinstance(model, str):
        return stages.print_model(_checked(model).syntax)
    if not hasattr(model, "syntax"):
        raise TypeError(f"the text of a model is expected, or what opjax.load gives, not {model!r}")
    return stages.print_model(model.syntax)


@functools.lru_cache(maxsize=64)
def _checked(text: str) -> stages.Checked:
    report = Report()
    source = source_from_text(text)
    syntax = stages.choose(stages.read(source, "ojx", report, DEFAULT_LIMITS), None, report, source)
    return stages.check(syntax, report)


@dataclass(frozen=True)
class _Ready:
    """What is made once for a model."""

    problem: Problem
    outputs: Outputs


@functools.lru_cache(maxsize=64)
def _ready(text: str) -> _Ready:
    checked = _checked(text)
    outputs = Outputs(checked.system)
    return _Ready(problem_for(checked, outputs.flows), outputs)


@functools.lru_cache(maxsize=64)
def _rates(text: str) -> CompiledRhs:
    return stages.compile_checked(_checked(text), stages.Options(jnp))


def arrays_by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as arrays."""
    return {name: strong_array(value) for name, value in values.items()}


def _check_parameters(text: str, values: Mapping[str, Any]) -> None:
    known = [*_checked(text).system.parameters, *_checked(text).system.inputs]
    for name in values:
        if name not in known:
            hint = did_you_mean(name, known, f"it has {', '.join(known) or 'none'}")
            raise ValueError(f"the model has no parameter '{name}'; {hint}")


def _names(names: Any) -> Any:
    return names if names is None or isinstance(names, str) else tuple(names)


class Simulate(Operator):
    """The solution of a model as a function of its parameters.

    Called without an argument, or with a mapping of parameters (as one argument, or by name); those that are not given
    are those of the operator, which can be learned, else the model's defaults.

    A solve that fails gives nan from there on, and never raises: a pipeline is compiled.

    Arguments:
        model: the text of a model, or an `opjax.Model`.
        ts: the times to save at, increasing.
        outputs: the name of a state, alias or derived quantity, for its values with shape (times, axes...); several
            names, for a mapping; None for all states.
        parameters: values of parameters, by name.
        settings: the arguments of `opjax.solve.Settings`, such as ``{"rtol": 1e-8}``, and ``t0``, the time of the
            initial values, by default the model's own start, else the first of `ts`.

    Raises:
        OpjaxError: for what is wrong with the model.
        ValueError: for an output that the model does not have.

    Example:
        >>> from opjax.pipelines import Simulate
        >>> decay = Simulate('''
        ... model Decay:
        ...   params:
        ...     k = 0.5
        ...   states:
        ...     x = 1
        ...   dynamics:
        ...     x -> 0 @ k
        ... ''', ts=[0.0, 1.0, 2.0], outputs="x")
        >>> [f"{x:.3f}" for x in decay(k=1.0)]
        ['1.000', '0.368', '0.135']
    """

    parameters: dict[str, Any] = eqx.field(converter=arrays_by_name, default_factory=dict)
    model: str = static()
    ts: tuple[float, ...] = static()
    outputs: str | tuple[str, ...] | None = static()
    settings: tuple[tuple[str, Any], ...] = static()

    def __init__(
        self,
        model: str | Written,
        ts: Any,
        outputs: str | Sequence[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model_text(model)
        self.ts = tuple(checked_times(ts)[0].tolist())
        self.parameters = dict(parameters or {})
        self.outputs = _names(outputs)
        self.settings = tuple(sorted((settings or {}).items()))
        self._start_and_settings()
        system = _checked(self.model).system
        known = {**system.states, **system.aliases, **system.derived}
        wanted = () if self.outputs is None else (self.outputs,) if isinstance(self.outputs, str) else self.outputs
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ValueError(f"the model has no quantity '{unknown[0]}'; it has {', '.join(known)}")
        _check_parameters(self.model, self.parameters)

    def get_config(self) -> dict[str, Any]:
        """The text, the times, the outputs, the parameters and the settings."""
        return {**super().get_config(), "ts": list(self.ts), "settings": dict(self.settings)}

    @property
    def takes(self) -> list[str]:
        """The names of the parameters that a call may give."""
        return list(_checked(self.model).system.parameters)

    @property
    def gives(self) -> list[str]:
        """The names in its result; none where the result is one array."""
        if self.outputs is None:
            return list(_checked(self.model).system.states)
        return [] if isinstance(self.outputs, str) else list(self.outputs)

    def _start_and_settings(self) -> tuple[Start, Settings]:
        options = dict(self.settings)
        own = _checked(self.model).system.start
        begin = checked_times(self.ts, options.pop("t0", own))[1]
        return Start(begin), settings_from(options)

    def _apply(self, /, params: Mapping[str, Any] | None = None, **named: Any) -> Any:
        ready = _ready(self.model)
        if not isinstance(cast("object", params), Mapping) and "params" in self.takes:  # it is one of them
            params = None if params is None else {"params": params}
        if params is not None and not isinstance(cast("object", params), Mapping):
            raise TypeError(f"parameters are given by name, or as one mapping from names to values, not as {params!r}")
        values = {**self.parameters, **(params or {}), **named}
        solution = trajectory(ready.problem, values, self.ts, *self._start_and_settings())
        if self.outputs is None:
            return dict(solution.states)
        wanted = (self.outputs,) if isinstance(self.outputs, str) else self.outputs
        others = {} if all(name in solution.states for name in wanted) else ready.outputs.compiled(solution, values)
        found = {name: solution.states[name] if name in solution.states else others[name] for name in wanted}
        return found[self.outputs] if isinstance(self.outputs, str) else found


class VectorField(Operator):
    """The time derivative of a model's states, as diffrax and others call it: ``(t, y, args) -> dy/dt``.

    Arguments:
        model: the text of a model, or an `opjax.Model`.
        parameters: values of parameters, by name; they can be learned.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import VectorField
        >>> decay = VectorField("model Decay:\\n  params:\\n    k = 0.5\\n  states: x\\n  dynamics:\\n    x -> 0 @ k")
        >>> decay(0.0, jnp.array([2.0])).tolist()
        [-1.0]
    """

    parameters: dict[str, Any] = eqx.field(converter=arrays_by_name, default_factory=dict)
    model: str = static()

    def __init__(self, model: str | Written, parameters: Mapping[str, Any] | None = None) -> None:
        self.model = model_text(model)
        self.parameters = dict(parameters or {})
        _check_parameters(self.model, self.parameters)

    def _apply(self, t: Any, y: Any, args: Mapping[str, Any] | None = None) -> Any:
        return _rates(self.model)(t, y, {**self.parameters, **(args or {})})
