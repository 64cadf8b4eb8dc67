"""Parameters on their way into a kernel: defaults filled in, names and shapes checked, cast to the state's dtype."""

from __future__ import annotations

import itertools
import operator
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from opjax.backends.base import Array, Backend, DType
from opjax.compile.inputs import WAYS, check_times, input_table
from opjax.compile.layout import shape_of
from opjax.compile.refusal import refuse
from opjax.compile.settled import MANY, SEVERAL, Settled
from opjax.compile.unpacking import Form
from opjax.compile.unreal import unreal
from opjax.errors import OpjaxError, catalogue, did_you_mean
from opjax.ir.evaluate import constant_value, reachable
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.system import Parameter, System, plain_values

Derive = Callable[[str, Backend, DType, Mapping[str, object]], Array]
"""Computes a parameter whose default is an expression of others."""


_FLOAT = frozenset((float,))


def parameters_in(system: System, roots: Iterable[AnyNode]) -> tuple[str, ...]:
    """The parameters and inputs that some values depend on, in declared order."""
    return parameters_among(system, reachable(roots))


def parameters_among(system: System, leaves: Iterable[AnyNode]) -> tuple[str, ...]:
    """The parameters and inputs among some leaves, in declared order."""
    found = {n.name for n in leaves if type(n) is Symbol and n.role in ("parameter", "input")}
    return tuple(filter(found.__contains__, itertools.chain(system.parameters, system.inputs)))


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
    in_order: tuple[tuple[int, ...] | None, ...] = field(init=False)
    """The shapes of the parameters, and None for inputs."""
    constants: dict[str, float] = field(init=False)
    pick: Callable[[Mapping[str, object]], tuple[object, ...]] = field(init=False)
    tables: dict[tuple[str, DType], Array] = field(default_factory=dict[tuple[str, DType], Array])
    known: tuple[str, ...] = field(init=False)
    keywords: dict[str, str] = field(init=False)
    """Names that Python spells in another way where they are keywords: the micro sign is a Greek letter there."""
    seen: dict[str, object] = field(default_factory=dict[str, object])
    latest: tuple[tuple[Array, ...], Settled | None] = ((), None)
    """Many values in one call, and what was made of them when they came again."""
    defaults: dict[tuple[str, DType], Settled] = field(default_factory=dict[tuple[str, DType], Settled])

    def __post_init__(self) -> None:
        parameters = self.system.parameters
        if len(self.names) < MANY:
            self.names = tuple(map(sys.intern, map(str, self.names)))  # as names in Python's code: found at once
        self.known = (*parameters, *self.system.inputs)
        spelled = {unicodedata.normalize("NFKC", name): name for name in self.known if not name.isascii()}
        self.keywords = {keyword: name for keyword, name in spelled.items() if keyword not in self.known}
        plain = plain_values(parameters)
        own = [name for name in self.names if name not in plain]
        declared = {name: parameters[name] for name in own if name in parameters}
        made = {name: shape_of(p.axes, self.system.axes, p.span) for name, p in declared.items()}
        self.shapes = dict.fromkeys(self.names, ()) | made
        for name in own:
            if name not in declared:
                del self.shapes[name]  # an input
        self.all_scalar = not any(made.values()) and len(self.shapes) == len(self.names)
        self.in_order = tuple(map(self.shapes.get, self.names))
        self.pick = _picker(self.names)
        defaults = {name: None if p.axes else p.default for name, p in declared.items()} | plain
        values = zip(self.shapes, map(defaults.__getitem__, self.shapes), strict=True)
        known = ((name, constant_value(value)) for name, value in values if value is not None)
        self.constants = {name: float(value) for name, value in known if value is not None}

    def prepare(self, given: Mapping[str, object], backend: Backend, dtype: DType, like: Array) -> Sequence[Array]:
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
        quick = None if number is None else self.everyday(given, number, dtype, like)
        if quick is not None:
            return quick
        settled = None if given else self.settled(backend, dtype, SEVERAL)
        if settled is not None:
            return settled
        given = {self.keywords.get(name, name): value for name, value in given.items()} if self.keywords else given
        if not self.ignores_extra and not given.keys() <= set(self.known):
            raise self._unknown(given)
        return tuple([self._value(name, given, backend, dtype, like) for name in self.names])

    def settled(self, backend: Backend, dtype: DType, fewest: int = MANY) -> Settled | None:
        """The defaults of all parameters, where each is a number, and there are at least so many."""
        if not fewest <= len(self.names) == len(self.constants) or not backend.places_constants:
            return None
        key = (backend.name, dtype)
        if key not in self.defaults:
            self.defaults[key] = Settled([self.constants[name] for name in self.names], backend, dtype)
        return self.defaults[key]

    def defaults_for(self, form: Form, backend: Backend, dtype: DType) -> Sequence[Any] | None:
        """The defaults of all parameters as a form takes them, where it is worth it to have them ready."""
        if form == "numbers":
            return tuple(self.constants.values()) if len(self.names) == len(self.constants) else None
        return self.settled(backend, dtype, SEVERAL) if form == "written" else None

    def kept(self, values: tuple[Array, ...], backend: Backend, dtype: DType) -> Sequence[Array]:
        """Many numbers; where they come again, they have what was made of them."""
        if not self.all_scalar or 0.0 in values:  # 0 and -0 are equal, and are not the same
            return values
        before, found = self.latest
        if values != before:
            self.latest = values, None
            return values
        if found is None:
            found = Settled(values, backend, dtype)
            self.latest = values, found
        return found

    def everyday(
        self, given: Mapping[str, object], number: Callable[[Any], Array], dtype: DType, like: Array
    ) -> tuple[Array, ...] | None:
        """The values where each is a Python float or an array that fits: the call that has to be quick.

        Arguments:
            given: values by name.
            number: makes a Python float a number of the state's data type; `float` leaves it as it is.
            dtype: the state's data type.
            like: an array of the kind that is wanted.

        Returns:
            None where a value is left out, or has to be looked at more closely.
        """
        if len(given) != len(self.names):
            return None
        try:
            values = self.pick(given)
        except KeyError:
            return None
        if not self.all_scalar:
            return self._fitting(values, number, dtype, cast("type[Any]", type(like)))
        if not _FLOAT.issuperset(map(type, values)):
            floats = [float(value) for value in values if isinstance(value, float)]  # NumPy's are floats too
            if len(floats) < len(values):
                return None
            values = tuple(floats)
        return values if number is float else tuple(map(number, values))

    def _fitting(
        self, values: tuple[Any, ...], number: Callable[[Any], Array], dtype: DType, kind: type[Any]
    ) -> tuple[Array, ...] | None:
        """The values with their shapes, of which floats become numbers."""
        found: list[Array] = []
        for value, shape in zip(values, self.in_order, strict=True):
            if shape == () and isinstance(value, float):
                found.append(number(float(value)))
            elif shape and type(value) is kind and value.dtype is dtype and value.shape == shape:
                found.append(value)
            else:
                return None
        return tuple(found)

    def _value(self, name: str, given: Mapping[str, object], backend: Backend, dtype: DType, like: Array) -> Array:
        value = given.get(name)
        if name in self.system.inputs:
            return self._input(name, value, backend, (dtype, like))
        if value is None:
            value = self._default(name, given, backend, dtype)
        shape = self.shapes[name]
        if type(value) is float and not shape:
            return backend.asarray(value, dtype, like)
        array = array_of(name, value, backend, (dtype, like), "a number or an array")
        found = getattr(array, "shape", ())
        if tuple(found) != shape:
            axes = ", ".join(self.system.parameters[name].axes)
            wanted = f"{shape} over [{axes}]" if shape else "a single number"
            raise refuse(catalogue.WRONG_SHAPE, name=name, found=tuple(found), expected=wanted)
        return array

    def _input(self, name: str, value: object, backend: Backend, like: tuple[DType, Array]) -> tuple[Array, Array]:
        """The times and values of an input; the order of its times is looked at once."""
        if value is None:
            raise refuse(catalogue.MISSING_VALUE, self.system.inputs[name].span, kind="input", name=name, hint=WAYS)
        table = input_table(self.system, name, value, backend, like)
        if self.seen.get(name) is not value:
            check_times(name, value)
            self.seen[name] = value
        return table

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
            raise refuse(catalogue.MISSING_VALUE, parameter.span, kind="parameter", name=name)
        return self.derive(name, backend, dtype, given)

    def _unknown(self, given: Mapping[str, object]) -> OpjaxError:
        unknown = [name for name in given if name not in self.known]
        hint = did_you_mean(str(unknown[0]), self.known, "its parameters are listed in param_names")
        return refuse(catalogue.UNKNOWN_VALUE, kind="parameter", name=str(unknown[0]), hint=hint)


def plain(values: Iterable[Array]) -> tuple[Any, ...]:
    """Values of which those without axes are Python's numbers."""
    return tuple([value if getattr(value, "shape", ()) else float(value) for value in values])


def moment_of(t: object, backend: Backend, dtype: DType, like: Array) -> Array:
    """The time as a number of the state's data type.

    Arguments:
        t: what a caller gives as the time.
        backend, dtype, like: where it is to be.

    Raises:
        OpjaxError: E0807 for what is no number, E0804 for several.
    """
    if type(t) is float:
        return backend.asarray(t, dtype, like)
    found = array_of("t", t, backend, (dtype, like), "a number")
    shape = tuple(getattr(found, "shape", ()))
    if shape:
        raise refuse(catalogue.WRONG_SHAPE, name="t", found=shape, expected="a single number")
    return found


def array_of(name: str, value: object, backend: Backend, like: tuple[DType, Array], expected: str) -> Array:
    """A value as an array of the state's data type.

    Raises:
        OpjaxError: E0807 for what is none.
    """
    odd = unreal(value, like[0])
    if odd is not None:
        raise not_an_array(name, odd[0], expected, odd[1])
    try:
        if value is None:
            raise TypeError("nothing, which asarray would take for a number")
        return backend.asarray(value, *like)
    except (TypeError, ValueError, OverflowError) as problem:
        if backend.name == "numpy" and type(value).__module__.partition(".")[0] == "jax":
            hint = "give the states as an array of JAX too: jax.numpy.asarray(y)"
            raise not_an_array(name, "traced by JAX, and the states are NumPy's", expected, hint) from problem
        raise not_an_array(name, type(value).__name__, expected) from problem


def want_numbers(name: str, value: object) -> None:
    """Refuse what an array library would take for numbers with a loss.

    Raises:
        OpjaxError: E0807.
    """
    odd = unreal(value, getattr(value, "dtype", None))
    if odd is not None:
        raise not_an_array(name, odd[0], "an array of numbers", odd[1])


def widest(backend: Backend, first: Array, y: Mapping[str, Array]) -> DType:
    """The data type to compute in: that of the first state, unless another has more digits."""
    dtype, given = backend.dtype_of(first), getattr(first, "dtype", None)
    others = [v for v in y.values() if getattr(v, "dtype", given) is not given]
    found = [v.dtype for v in others if backend.dtype_of(v) == v.dtype]
    return backend.xp.result_type(dtype, *found) if found else dtype


def not_an_array(name: str, found: str, expected: str, hint: str = "") -> OpjaxError:
    """What is raised for a value that is no array of numbers."""
    return refuse(catalogue.WRONG_ARRAY, name=name, found=found, expected=expected, hint=hint)


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, object]], tuple[object, ...]]:
    """A function that takes the values of some names out of a mapping."""
    if len(names) > 1:
        return operator.itemgetter(*names)
    if not names:
        return lambda given: ()
    (name,) = names
    return lambda given: (given[name],)


def default_order(parameters: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    """For each parameter whose default is an expression, the parameters that it mentions."""
    needs: dict[str, tuple[str, ...]] = {}
    for name, parameter in parameters.items():
        if parameter.default is not None:
            symbols = [n for n in reachable([parameter.default]) if isinstance(n, Symbol)]
            needs[name] = tuple(s.name for s in symbols if s.role == "parameter")
    return needs
