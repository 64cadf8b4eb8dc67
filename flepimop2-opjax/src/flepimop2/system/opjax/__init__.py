# flepimop2-opjax: models of opjax as systems of flepimop2
# Copyright (C) 2026 the opjax authors
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
# License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later
# version. It comes WITHOUT ANY WARRANTY. See the GNU General Public License, <https://www.gnu.org/licenses/>.
"""A system of flepimop2 whose dynamics are a model of opjax: ``module: opjax``."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from flepimop2.axis import AxisCollection
from flepimop2.parameter.abc import ModelStateSpecification, ParameterRequest, ParameterValue
from flepimop2.system.abc import SystemABC
from flepimop2.typing import StateChangeEnum
from pydantic import ConfigDict, PrivateAttr, model_validator

import opjax

try:
    import op_system
except ImportError:
    op_system = None

__all__ = ["OpjaxSystem"]


class Stepper:
    """A model's right-hand side as flepimop2 calls it, some parameters being given.

    Arguments:
        rhs: the compiled model.
        given: values of parameters by name.
        option: reads an option of the system.
    """

    def __init__(self, rhs: opjax.CompiledRhs, given: Mapping[str, Any], option: Callable[..., Any]) -> None:
        self._rhs = rhs
        self._given = plain(given)
        self.option = option

    def __call__(self, /, time: Any, state: Any, **params: Any) -> Any:
        """The derivative as a flat vector, in the namespace and data type of `state`."""
        return self._rhs.eval_fn(time, state, **{**self._given, **plain(params)})

    def pytree_stepper(self, /, time: Any, state: Mapping[str, Any], **params: Any) -> dict[str, Any]:
        """The derivative by state name."""
        return self._rhs.pytree_eval_fn(time, state, **{**self._given, **plain(params)})

    def history_stepper(self, /, time: Any, state: Mapping[str, Any], *, history_provider: Any, **params: Any) -> Any:
        """The derivative by state name of a model that asks for its past; the provider answers."""
        function = self._rhs.history_eval_fn
        if function is None:
            return self.pytree_stepper(time, state, **params)
        return function(time, state, history_provider=history_provider, **{**self._given, **plain(params)})

    def body_eval(self, /, time: Any, state: Mapping[str, Any], **params: Any) -> dict[int, Any]:
        """The expressions whose past is wanted, by number; none for a model that does not ask."""
        function = self._rhs.body_eval_fn
        return {} if function is None else function(time, state, **{**self._given, **plain(params)})


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Values without flepimop2's wrapper around them; arrays are passed on as they are."""
    return {name: value.value if isinstance(value, ParameterValue) else value for name, value in params.items()}


def unwrapping(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the time, the state and parameters that takes flepimop2's wrapped parameters too."""

    def unwrapped(time: Any, state: Any, **params: Any) -> Any:
        return function(time, state, **plain(params))

    return unwrapped


def _unwrapping_all(function: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The same for a function that a model may lack."""
    return None if function is None else unwrapping(function)


class _Bound(threading.local):
    """The parameters of the last `bind`, for the Jacobian, which engines ask for without parameters."""

    params: Mapping[str, Any] = {}


class OpjaxSystem(SystemABC, module="flepimop2.system.opjax"):
    """A system whose dynamics are a model of opjax.

    Arguments:
        spec: the model as a mapping: a specification of op_system, or opjax's own YAML form.
        file: the path of a model instead (``.ojx``, ``.yaml``, ``.json``).
        operators: who runs the model's operators along axes. "describe" leaves them to the engine, in the option
            ``operators``; "run" makes them part of the derivative, and the option is empty: together they are always
            the whole model. The default is "describe" where op_system is installed, whose descriptors engines want.
        state_change: what the stepper returns; a right-hand side is a flow.
    """

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    spec: dict[str, Any] | None = None
    file: Path | None = None
    operators: Literal["describe", "run"] | None = None
    state_change: StateChangeEnum = StateChangeEnum.FLOW

    _rhs: opjax.CompiledRhs = PrivateAttr()
    _bound: _Bound = PrivateAttr(default_factory=_Bound)

    @model_validator(mode="after")
    def _one_model(self) -> OpjaxSystem:
        if (self.spec is None) == (self.file is None):
            raise ValueError("a system of the module opjax has either 'spec', the model, or 'file', its path")
        return self

    def model_post_init(self, context: Any, /) -> None:
        """Compile the model and publish the options."""
        super().model_post_init(context)
        source = self.file if self.spec is None else self.spec
        if source is None:
            return  # refused by the validator, which runs next
        chosen = self.operators or ("run" if op_system is None else "describe")
        self._rhs = opjax.compile_spec(source, operators=chosen)
        left = () if chosen == "run" else tuple(map(_descriptor, self._rhs.operators))
        along = {operator.axis for operator in left}
        published = {"operators": left, "operator_axis": along.pop() if len(along) == 1 else None}
        own = {**options_of(self._rhs), **published, **self._derivatives()}
        self.options = {**own, **(self.options or {})}

    @property
    def rhs(self) -> opjax.CompiledRhs:
        """The compiled model."""
        return self._rhs

    def _bind_impl(self, params: dict[str, Any] | None = None) -> Any:
        given = plain(params or {})
        known = set(self._rhs.system.parameters) | set(self._rhs.input_names)
        unknown = sorted(set(given) - known)
        if unknown:
            raise TypeError(f"the model has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        self._bound.params = given
        return Stepper(self._rhs, given, self.option)

    def requested_parameters(self, axes: AxisCollection) -> dict[str, ParameterRequest]:
        """The parameters of the model, those of its initial state included, with their axes."""
        del axes
        return {
            name: ParameterRequest(
                name=name,
                axes=parameter.axes,
                broadcast=bool(parameter.axes),
                optional=parameter.default is not None or parameter.values is not None,
            )
            for name, parameter in self._rhs.system.parameters.items()
        }

    def model_state(self, axes: AxisCollection) -> ModelStateSpecification | None:
        """Nothing of its own: the initial state is in the option ``initial_state``, and may share parameters."""
        del axes
        return ModelStateSpecification(parameter_names=())

    def _derivatives(self) -> dict[str, Any]:
        def jacobian(time: Any, state: Any) -> Any:
            """The Jacobian of the flat state, at the parameters of the last `bind`, shape (states, states)."""
            flat = state.reshape(-1)  # op_engine's states have a second dimension of length one
            return self._rhs.jacobian(time, flat, self._bound.params)

        return {"rhs_jacobian": jacobian, "jacobian": jacobian}


def options_of(rhs: opjax.CompiledRhs) -> dict[str, Any]:
    """What engines ask a system for, under op_system's names."""
    axes = {axis["name"]: axis for axis in rhs.meta["axes"]}
    sizes = {"subgroup": 1, **{name: axis["size"] for name, axis in axes.items()}}
    options: dict[str, Any] = {
        "axis_order": ("state", *sizes),
        "axis_sizes": sizes,
        "axis_coords": {"subgroup": np.zeros(1), **{name: _coordinates(axis) for name, axis in axes.items()}},
        "axis_types": {"subgroup": "categorical", **{name: axis["type"] for name, axis in axes.items()}},
        "axis_labels": {name: tuple(str(point) for point in axis["coords"]) for name, axis in axes.items()},
        "state_names": rhs.state_names,
        "initial_state": rhs.meta["initial_state"] or None,
        "state_shape": (len(rhs.state_names), *sizes.values()),
        "template_shapes": dict(rhs.template_shapes),
        "flatten": rhs.flatten,
        "unflatten": rhs.unflatten,
        "pytree_stepper_fn": Stepper(rhs, {}, lambda name, default=None: default).pytree_stepper,
        "mixing_kernels": dict(rhs.mixing_kernels),
        "factorize_axes": rhs.factorize_axes,
        "block_axes": rhs.block_axes,
        "block_template_shapes": rhs.block_template_shapes,
        "block_pytree_stepper_fn": _unwrapping_all(rhs.block_pytree_eval_fn),
        "history_requirements": rhs.history_requirements,
        "history_stepper_fn": _unwrapping_all(rhs.history_eval_fn),
        "body_eval_fn": _unwrapping_all(rhs.body_eval_fn),
        "block_history_stepper_fn": _unwrapping_all(rhs.block_history_eval_fn),
        "block_body_eval_fn": _unwrapping_all(rhs.block_body_eval_fn),
        "reactions": tuple(map(_reaction, rhs.reactions)),
        "reaction_gaps": rhs.reaction_gaps,
    }
    times = ("time_axis", "time_interpolation", "time_coordinates", "forcing_breakpoints")
    return {**options, **{name: rhs.meta[name] for name in times if name in rhs.meta}}


def _coordinates(axis: dict[str, Any]) -> np.ndarray:
    """The points of an axis as numbers: those of labels are 0, 1, 2, ..."""
    points = axis["coords"] if axis["type"] == "continuous" else range(axis["size"])
    return np.asarray(points, np.float64)


def _reaction(reaction: Any) -> Any:
    """A reaction whose propensities take flepimop2's wrapped parameters."""
    functions = {"propensity_fn": reaction.propensity_fn, "resolved_propensity_fn": reaction.resolved_propensity_fn}
    return dataclasses.replace(reaction, **{name: unwrapping(function) for name, function in functions.items()})


def _descriptor(operator: Any) -> Any:
    """An operator in op_system's own type, the only one that op_engine runs; opjax's has the same fields, and more."""
    if op_system is None:
        return operator
    kind = op_system.OperatorDescriptor
    return kind(**{field.name: getattr(operator, field.name) for field in dataclasses.fields(kind)})
