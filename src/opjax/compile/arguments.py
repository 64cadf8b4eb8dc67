"""Parameters on their way into a kernel: defaults filled in, names and shapes checked, cast to the state's dtype."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from opjax.backends.base import Array, Backend, DType
from opjax.compile.layout import shape_of
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.errors.catalogue import Problem
from opjax.ir.evaluate import constant_value, reachable
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.system import Parameter, System
from opjax.source import NOWHERE, Span

Derive = Callable[[str, Backend, DType, Mapping[str, object]], Array]
"""Computes a parameter whose default is an expression of others."""


_FLOAT = {float}


def refuse(problem: Problem, span: Span = NOWHERE, /, *, hint: str = "", **values: object) -> OpjaxError:
    """One problem as an exception."""
    report = Report()
    report.add(problem, span, hint=hint, **values)
    return OpjaxError(report.diagnostics)


def parameters_in(system: System, roots: Iterable[AnyNode]) -> tuple[str, ...]:
    """The parameters that some values depend on, in declared order."""
    found = {n.name for n in reachable(roots) if isinstance(n, Symbol) and n.role == "parameter"}
    return tuple(name for name in system.parameters if name in found)


@dataclass(slots=True)
class Arguments:
    """Prepares the parameters of one kernel.

    Arguments:
        system: declares them.
        names: those that the kernel takes, in order.
        derive: computes defaults that are expressions.
        ignores_extra: whether values of names that the model does not have are left aside, not refused.
    """

    system: System
    names: tuple[str, ...]
    derive: Derive
    ignores_extra: bool = False
    shapes: dict[str, tuple[int, ...]] = field(init=False)
    all_scalar: bool = field(init=False)
    constants: dict[str, float] = field(init=False)
    pick: Callable[[Mapping[str, object]], tuple[object, ...]] = field(init=False)
    tables: dict[tuple[str, DType], Array] = field(default_factory=dict[tuple[str, DType], Array])

    def __post_init__(self) -> None:
        declared = {name: self.system.parameters[name] for name in self.names}
        self.shapes = {name: shape_of(p.axes, self.system.axes, p.span) for name, p in declared.items()}
        self.all_scalar = not any(self.shapes.values())
        self.pick = _picker(self.names)
        self.constants = {}
        for name, parameter in declared.items():
            value = None if parameter.default is None else constant_value(parameter.default)
            if value is not None and not parameter.axes:
                self.constants[name] = float(value)

    def prepare(self, given: Mapping[str, object], backend: Backend, dtype: DType, like: Array) -> tuple[Array, ...]:
        """The values in order.

        Arguments:
            given: values by name; parameters of the model that this kernel does not use may be among them.
            backend: the namespace.
            dtype: the state's data type.
            like: an array whose device is used.

        Raises:
            OpjaxError: E0805 for a missing value, E0806 for an unknown name, E0804 for a wrong shape.
        """
        number = backend.scalar_type(dtype)
        quick = None if number is None else self.everyday(given, number)
        if quick is not None:
            return quick
        if not self.ignores_extra and not given.keys() <= self.system.parameters.keys():
            raise self._unknown(given)
        return tuple([self._value(name, given, backend, dtype, like) for name in self.names])

    def everyday(self, given: Mapping[str, object], number: Callable[[Any], Array]) -> tuple[Array, ...] | None:
        """The values where each is a Python float and none is left out: the call that has to be quick.

        Arguments:
            given: values by name.
            number: makes a Python float a number of the state's data type.
        """
        if len(given) != len(self.names) or not self.all_scalar:
            return None
        try:
            values = self.pick(given)
        except KeyError:
            return None
        return tuple(map(number, values)) if set(map(type, values)) <= _FLOAT else None

    def _value(self, name: str, given: Mapping[str, object], backend: Backend, dtype: DType, like: Array) -> Array:
        value = given.get(name)
        if value is None:
            value = self._default(name, given, backend, dtype)
        shape = self.shapes[name]
        if type(value) is float and not shape:
            return backend.asarray(value, dtype, like)
        try:
            array = backend.asarray(value, dtype, like)
        except (TypeError, ValueError) as problem:
            found = type(value).__name__
            raise refuse(catalogue.WRONG_ARRAY, name=name, found=found, expected="a number or an array") from problem
        found = getattr(array, "shape", ())
        if tuple(found) != shape:
            axes = ", ".join(self.system.parameters[name].axes)
            wanted = f"{shape} over [{axes}]" if shape else "a single number"
            raise refuse(catalogue.WRONG_SHAPE, name=name, found=tuple(found), expected=wanted)
        return array

    def _default(self, name: str, given: Mapping[str, object], backend: Backend, dtype: DType) -> object:
        if name in self.constants:
            return self.constants[name]
        parameter = self.system.parameters[name]
        if parameter.values is not None:
            known = self.tables.get((name, dtype))
            if known is None:
                known = self.tables[(name, dtype)] = backend.constant(parameter.values, dtype)
            return known
        if parameter.default is None:
            raise refuse(catalogue.MISSING_VALUE, parameter.span, name=name)
        return self.derive(name, backend, dtype, given)

    def _unknown(self, given: Mapping[str, object]) -> OpjaxError:
        unknown = [name for name in given if name not in self.system.parameters]
        hint = did_you_mean(str(unknown[0]), self.system.parameters, "its parameters are listed in param_names")
        return refuse(catalogue.UNKNOWN_VALUE, kind="parameter", name=str(unknown[0]), hint=hint)


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    """A function that takes the values of some names out of a mapping."""
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda given: tuple([given[name] for name in names])


def default_order(parameters: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    """For each parameter whose default is an expression, the parameters that it mentions."""
    needs: dict[str, tuple[str, ...]] = {}
    for name, parameter in parameters.items():
        if parameter.default is not None:
            symbols = [n for n in reachable([parameter.default]) if isinstance(n, Symbol)]
            needs[name] = tuple(s.name for s in symbols if s.role == "parameter")
    return needs
