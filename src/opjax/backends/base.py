"""What the compiler and the generated code may ask of an array namespace."""

from __future__ import annotations

import abc
import contextlib
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from opjax.errors import OpjaxError, Report, catalogue
from opjax.source import NOWHERE

Array: TypeAlias = Any
"""An array of some namespace: they share no base class."""
DType: TypeAlias = Any
"""A data type as the namespace spells it."""
Namespace: TypeAlias = Any
"""A module such as `numpy` or `jax.numpy`."""
ArrayFunction: TypeAlias = Callable[..., Array]
Runs: TypeAlias = tuple[tuple[int, int], ...]
"""Where runs of neighbours begin and end."""
Values: TypeAlias = "float | bool | tuple[Values, ...]"
"""Numbers in nested tuples of one shape."""


class Backend(abc.ABC):
    """One array namespace, with all that differs between namespaces.

    There is one backend for each namespace (`opjax.backends.backend_for`), so backends are equal when identical.
    Nothing here looks at the value of an array: everything can be traced, mapped and differentiated where the
    namespace can. To add a namespace, derive from `opjax.backends.array_api.ArrayApiBackend`, or from here, and name
    the class in an entry point of the group ``opjax.backends`` under the name of the namespace's top-level package.
    """

    name: str
    """The name of the top-level package: ``numpy``, ``jax``, ``torch``, ..."""
    xp: Namespace
    """The namespace; generated code calls its functions as ``xp.exp(x)``."""
    differentiable: bool
    """Whether the namespace can differentiate functions of its arrays."""
    takes_numbers: bool = False
    """Whether its functions take Python numbers beside arrays, and keep to the data type of these."""
    places_constants: bool = False
    """Whether constants are where they are needed, on whatever device the other arrays are."""
    computes_numbers: bool = False
    """Whether a program of scalars may be computed with Python's numbers, and the result made an array."""
    widens: bool = False
    """Whether neighbours in a long array are quickest as slices of one with its ends around it: see `widened`."""
    maps_by_rules: bool = False
    """Whether one state may be computed in another way than many that are mapped: see `alone`."""
    splits: bool = False
    """Whether a vector is best cut into all its parts at once, with `split`."""

    _direct: Mapping[str, ArrayFunction]
    """The functions that are attributes of `xp`, by their names in the table."""
    _composed: Mapping[str, ArrayFunction]
    """The other functions, and those that take more arguments here than there."""
    _spelling: Mapping[str, str] = MappingProxyType({"mod": "remainder"})
    """Attributes that have another name than the table's."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    def function(self, name: str) -> ArrayFunction:
        """The function of the table (`opjax.ir.functions`) on arrays of this namespace.

        Arguments:
            name: the function's name in the table, operators included; synonyms are not known here.

        Returns:
            A function of arrays that broadcast, and of Python numbers beside at least one array. Arrays of one
            floating data type give an array of this data type.

        Raises:
            OpjaxError: E0802 if the namespace has no such function.
        """
        if name == "stop_gradient":
            return self.stop_gradient
        found = self._composed.get(name) or self._direct.get(name)
        if found is None:
            raise _missing(name, self.name)
        return found

    def direct_name(self, name: str) -> str | None:
        """The attribute of `xp` that is this function, so that generated code can say ``xp.exp(x)``.

        Arguments:
            name: the function's name in the table.

        Returns:
            None where the function is composed here, and for the operators that have a sign. Of a function that takes
            two or more arguments, the attribute takes two.
        """
        return self._spelling.get(name, name) if name in self._direct else None

    @abc.abstractmethod
    def asarray(self, value: object, dtype: DType, like: Array | None = None) -> Array:
        """The value as an array of the namespace; nothing is copied that fits already.

        Arguments:
            value: a number, nested sequences of numbers, or an array of this namespace or of NumPy.
            dtype: the data type wanted; integers, booleans and other floating types are cast to it.
            like: an array whose device is used; None for the default device.
        """

    def scalar_type(self, dtype: DType) -> Callable[[Any], Array] | None:
        """What makes a Python float a number of this data type, where numbers are not arrays; else None."""
        return None

    def writes_to(self, y: Array) -> bool:
        """Whether functions of arrays like this one take, behind their arguments, an array to write to."""
        return False

    def own(self, values: Sequence[Array], given: Iterable[object]) -> Sequence[Array]:
        """Results as arrays that may be written to without a change to anything else.

        Arguments:
            values: what was computed.
            given: from what; a result may be one of these, or a part of one.
        """
        return values

    @abc.abstractmethod
    def dtype_of(self, y: object) -> DType:
        """The floating data type to compute in for a state.

        Arguments:
            y: an array or a number.

        Returns:
            The data type of `y` if that is floating. Integers and booleans give the default floating type, for a
            state that stayed an integer would be truncated in every step.
        """

    @abc.abstractmethod
    def constant(self, values: Values, dtype: DType, like: Array | None = None) -> Array:
        """A table of numbers as an array that may be kept: it belongs to no trace.

        Arguments:
            values: a number, or nested tuples of numbers.
            dtype: the data type.
            like: an array whose device is used; None for the default device.
        """

    @abc.abstractmethod
    def pack(self, parts: Sequence[Array], sizes: Sequence[int], dtype: DType) -> Array:
        """One flat vector out of the parts.

        Arguments:
            parts: arrays of any shape, laid out with the last axis fastest; scalars are repeated to their size.
            sizes: the number of elements of each part in the vector.
            dtype: the data type of the vector.

        Returns:
            A vector of ``sum(sizes)`` elements.
        """

    def packer(
        self, sizes: Sequence[int], dtype: DType, numbers: bool, alone: bool = False
    ) -> Callable[[Sequence[Array]], Array]:
        """`pack` for given sizes.

        Arguments:
            sizes: those of the parts.
            dtype: the data type of the vector.
            numbers: whether all parts are scalars, for which there may be a shorter way.
            alone: whether this is for one state, and never mapped.
        """
        lengths = tuple(sizes)
        return lambda parts: self.pack(parts, lengths, dtype)

    def vector(self, numbers: Sequence[Array], dtype: DType) -> Array:
        """Numbers as a vector: `pack` for scalars that stand in no slice of an array."""
        return self.pack(numbers, [1] * len(numbers), dtype)

    def split(self, vector: Array, sizes: Sequence[int]) -> Sequence[Array]:
        """The parts of a vector, one behind the other.

        Arguments:
            vector: the vector.
            sizes: the lengths of the parts, which are all that it has.
        """
        ends = list(itertools.accumulate(sizes, initial=0))
        return [vector[low:high] for low, high in itertools.pairwise(ends)]

    @abc.abstractmethod
    def einsum(self, subscripts: str, *operands: Array) -> Array:
        """The sum of products that the subscripts say.

        Arguments:
            subscripts: such as ``ij,j->i``, with an explicit result; a letter may stand twice in one operand.
            operands: one or more arrays of one data type; more than two are multiplied from the left.
        """

    def neighbours(self, edge: str) -> ArrayFunction | None:
        """A function ``shift(v, offset, axis)`` whose result at i is ``v[i + offset]``, if there is a quicker way.

        Arguments:
            edge: what lies beyond the end: the last point ("stay"), zero ("absorb") or the other end ("periodic").
        """
        return None

    def beyond(self, edge: str) -> ArrayFunction | None:
        """A function ``read(v, first, last, axis)``, if there is a quick one: the points from one to another.

        Arguments:
            edge: what those are that do not exist: see `neighbours`.
        """
        return None

    def widened(self, edge: str) -> ArrayFunction | None:
        """A function ``widen(v, low, high)``, if there is a quick one: it adds points at the ends of the last axis.

        Arguments:
            edge: what they are: see `neighbours`.
        """
        return None

    def alone(self, one: ArrayFunction, many: ArrayFunction) -> ArrayFunction:
        """The same function as two ways to compute it, each where it is the quicker one.

        Arguments:
            one: how one state is computed.
            many: how many are, that are mapped, and derivatives; the way to take where there is no difference.
        """
        return many

    def as_one(self, function: ArrayFunction, *static: int) -> ArrayFunction:
        """The function as one operation, where that can be; `static` are the places of arguments that are no arrays."""
        return function

    def placing(self, dtype: DType) -> ArrayFunction | None:
        """A function ``placed(v, axis, position, size)``, if there is one: v there along a new axis, elsewhere zero."""
        return None

    def positions(self, values: Sequence[int]) -> Array:
        """Positions of a vector as `take` and `segment_sum` want them."""
        return self.xp.asarray(list(values), dtype=self.xp.int64)

    def take(self, x: Array, positions: Array) -> Array:
        """The elements of a vector at positions of which all exist."""
        return self.xp.take(x, positions, axis=0)

    def pieces(self, x: Array, positions: Array, runs: tuple[tuple[int, int], ...]) -> Array:
        """As `take`, of few runs of neighbours.

        Arguments:
            x: the vector.
            positions: those of all elements.
            runs: where each run begins and ends.
        """
        return self.take(x, positions)

    def takes(self, x: Array, everywhere: Array, *parts: Array) -> tuple[Array, ...]:
        """Several `take` of one vector.

        Arguments:
            x: the vector.
            everywhere: the positions of all parts, one behind the other.
            parts: the positions of each.
        """
        return tuple(self.take(x, part) for part in parts)

    def segment_sum(self, x: Array, positions: Array, size: int, ascending: bool = True) -> Array:
        """Sums of the elements of a vector.

        Arguments:
            x: the elements.
            positions: where each is added to.
            size: the length of the result.
            ascending: whether the positions are in order.
        """
        rows = self.xp.arange(size, device=positions.device)[:, None] == positions[None, :]
        return self.xp.sum(self.xp.where(rows, x[None, :], self.xp.zeros_like(x)[None, :]), axis=1)

    def added(self, x: Array, runs: Runs, size: int, numbers: Array, sums: Array, *rest: Array) -> Array:
        """Sums of elements of a vector that is read several times, each times a number.

        Arguments:
            x: the vector.
            runs: where each run that is read begins and ends.
            size: how many sums there are.
            numbers: what each element that is read is multiplied with.
            sums: to which sum each belongs; `size` is none.
            rest: where the elements lie that are read behind the runs, if there are any.
        """
        read = self.xp.concat([*(x[low:high] for low, high in runs), *(self.take(x, found) for found in rest)])
        return self.segment_sum(read * numbers, sums, size + 1, False)[:size]

    def stop_gradient(self, x: Array) -> Array:
        """The same value, constant under differentiation."""
        return x

    def broadcast_to(self, x: Array, shape: tuple[int, ...]) -> Array:
        """The array, repeated to the shape."""
        return self.xp.broadcast_to(x, shape)

    def count_not_above(self, points: Array, at: Array) -> Array:
        """How many of the increasing points are not above each value."""
        return self.xp.searchsorted(points, at, side="right")

    def pick(self, x: Array, place: Array, axis: int) -> Array:
        """The part of an array at one place along an axis; at many, where it has no other axis."""
        return x[(*(slice(None),) * axis, place)]

    def pick_along(self, x: Array, places: Array) -> Array:
        """The values at the places along the first axis, element by element."""
        return self.xp.take_along_axis(x, places, axis=0)

    @abc.abstractmethod
    def is_array(self, x: object) -> bool:
        """Whether the object is an array of this namespace (or a tracer of one)."""

    @property
    def calculator(self) -> Backend:
        """The backend that computes constants; another one where each operation would first be compiled."""
        return self

    def constant_of(self, value: Array) -> Array:
        """An array or number of the calculator as a constant."""
        return value

    def errstate(self) -> contextlib.AbstractContextManager[object]:
        """A context in which infinities and nan arise without a warning."""
        return contextlib.nullcontext()


def _and(x: Array, y: Array) -> Array:
    return x & y


def _or(x: Array, y: Array) -> Array:
    return x | y


def _divide(x: Array, y: Array) -> Array:
    return x / y


def variadic(function: ArrayFunction) -> ArrayFunction:
    """The function of two arguments as a function of two or more, applied from the left."""

    def from_the_left(first: Array, second: Array, *more: Array) -> Array:
        return functools.reduce(function, more, function(first, second))

    return from_the_left


OPERATORS: Mapping[str, ArrayFunction] = MappingProxyType(
    {
        "add": variadic(operator.add),
        "multiply": variadic(operator.mul),
        "divide": _divide,
        "negate": operator.neg,
        "less": operator.lt,
        "less_equal": operator.le,
        "greater": operator.gt,
        "greater_equal": operator.ge,
        "equal": operator.eq,
        "not_equal": operator.ne,
        "logical_and": variadic(_and),
        "logical_or": variadic(_or),
    }
)
"""The operators that are the same in every namespace."""


def _missing(name: str, namespace: str) -> OpjaxError:
    report = Report()
    report.add(catalogue.FUNCTION_NOT_IN_NAMESPACE, NOWHERE, name=name, namespace=namespace)
    return OpjaxError(report.errors)
