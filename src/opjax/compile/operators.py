"""Operators as engines read them: op_system's `OperatorDescriptor`, from the typed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from opjax.backends.base import Array
from opjax.backends.registry import backend_of
from opjax.compile.layout import Layout
from opjax.compile.metadata import published_names
from opjax.compile.quantities import Quantities
from opjax.ir.system import Operator, System

_DEFAULTS = {"jump_integral": {"direction": "both", "boundary": "reflecting"}}


@dataclass(frozen=True, slots=True)
class OperatorDescriptor:
    """What the model says of an operator, under op_system's names.

    Arguments:
        axis: the axis that it acts along.
        kind: ``advection``, ``transport``, ``diffusion``, ``jump_integral`` or ``axis_kernel``.
        bc: the boundary condition, or None where none is given.
        velocity: a number, the name of a parameter, or an expression as text; or None.
        rate: the same for the rate of jumps and the coefficient of diffusion.
        kernel: form, params, param_axes and transfer of a matrix, or None.
        name: its name, or None.
        apply_to: the cells (as in `state_names`) that it acts on; None for all states that have the axis.
        direction: ``increasing``, ``decreasing``, ``up``, ``down``, ``both``, or None.
        limiter: ``minmod``, ``superbee``, ``van_leer``, or None. (op_system has none.)
        states: the states that it acts on, by their names in the model. (op_system has none.)
    """

    axis: str
    kind: str | None = None
    bc: str | None = None
    velocity: str | float | None = None
    rate: str | float | None = None
    kernel: Mapping[str, object] | None = None
    name: str | None = None
    apply_to: tuple[str, ...] | None = None
    direction: str | None = None
    limiter: str | None = None
    states: tuple[str, ...] = ()


def describe_operators(system: System, layout: Layout) -> tuple[OperatorDescriptor, ...]:
    """The operators of a model, in its order.

    Arguments:
        system: the typed model.
        layout: where the cells of each state stand in the flat vector.
    """
    return tuple(_described(operator, system, layout) for operator in system.operators)


def operator_rows(described: tuple[OperatorDescriptor, ...]) -> list[dict[str, object]]:
    """The operators as mappings with what they say, as `meta` has them."""
    return [{key: value for key, value in _fields(one).items() if value is not None} for one in described]


def _fields(one: OperatorDescriptor) -> dict[str, object]:
    return {
        "kind": one.kind,
        "axis": one.axis,
        "bc": one.bc,
        "velocity": one.velocity,
        "rate": one.rate,
        "kernel": one.kernel,
        "name": one.name,
        "apply_to": one.apply_to,
        "direction": one.direction,
    }


def kernel_rows(system: System) -> list[dict[str, object]]:
    """The parameters whose defaults are kernels, as `meta` has them."""
    rows: list[dict[str, object]] = []
    for name, parameter in system.parameters.items():
        kernel = parameter.kernel
        if kernel is None:
            continue
        row: dict[str, object] = {"name": name, "kind": kernel.kind, "form": kernel.form, "axes": parameter.axes}
        is_value = kernel.form == "custom_value"
        rows.append({**row, "value": kernel.settings["value"]} if is_value else {**row, "params": kernel.settings})
    return rows


def kernel_arrays(quantities: Quantities) -> dict[str, Array]:
    """The parameters whose defaults are kernels made of numbers, as arrays of double precision by name."""
    import numpy as np  # `import opjax` loads no array library

    backend = backend_of(np.zeros(()))
    rows = [row for row in quantities.system.parameters.values() if row.kernel is not None and row.default is not None]
    known = [row.name for row in rows if row.default is not None and "parameter" not in row.default.roles]
    return {name: quantities.derive(name, backend, np.dtype(np.float64), {}) for name in known}


def _described(operator: Operator, system: System, layout: Layout) -> OperatorDescriptor:
    said = {**_DEFAULTS.get(operator.kind, {}), **operator.settings}
    is_kernel = "matrix" in said
    return OperatorDescriptor(
        axis=operator.axis,
        kind=operator.kind,
        bc=_word(said, "boundary"),
        velocity=said.get("velocity"),
        rate=said.get("coefficient") if "coefficient" in said else None if "across" in said else said.get("rate"),
        kernel=MappingProxyType(_kernel(operator)) if is_kernel else None,
        name=operator.name or None,
        apply_to=None if operator.everywhere else _cells(operator, system, layout),
        direction=_word(said, "direction"),
        limiter=_word(said, "limiter"),
        states=operator.states,
    )


def _word(said: Mapping[str, str | float], key: str) -> str | None:
    return str(said[key]) if key in said else None


def _cells(operator: Operator, system: System, layout: Layout) -> tuple[str, ...]:
    names = published_names(layout, system.axes)
    slots = {slot.name: slot for slot in layout.slots}
    chosen = (slots[state] for state in operator.states)
    return tuple(name for slot in chosen for name in names[slot.start : slot.start + slot.size])


def _kernel(operator: Operator) -> dict[str, object]:
    """The matrix, and the arrays that it comes with, as op_system's kernel."""
    said = operator.settings
    factors = list(operator.factors)
    kernel: dict[str, object] = {
        "form": said.get("form", "matrix"),
        "params": {"matrix": operator.matrix, **{factor: factor for factor in factors}},
        "param_axes": {name: list(axes) for name, axes in operator.array_axes.items()},
    }
    if "across" in said:
        ends = {"axis": said["across"], "source": said["source"], "target": said["target"]}
        kernel["transfer"] = {**ends, "rate": factors}
    return kernel
