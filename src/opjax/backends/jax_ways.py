"""Functions that JAX computes in one way for one state, and in another where many are mapped or derivatives taken.

What is quickest for one state XLA may compute slowly for many at once, and the other way round. `jax.vmap` finds the
other way in a rule of its own (`jax.custom_batching.custom_vmap`), inside of one for derivatives, which keeps both. How
such a function is transposed, where it is linear, JAX does not know; here it is told.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import jax
from jax.core import Tracer
from jax.custom_derivatives import SymbolicZero
from jax.extend import core
from jax.interpreters import ad

from opjax.backends.base import Array, ArrayFunction

_RULES: Any = ad
_PROGRAMS: Any = core
_JAX: Any = jax
"""Parts of JAX, for functions that have no types."""
Linear = Callable[[jax.Array], jax.Array]


def either(one: ArrayFunction, each: Linear, x: jax.Array, *held: jax.Array) -> jax.Array:
    """The value of a linear function that is computed in two ways, with all its derivatives.

    Arguments:
        one: the function as it is computed for one argument, and for its changes; it is given `held`, too.
        each: the same function as it is computed for each of many arguments that `jax.vmap` maps.
        x: the argument.
        held: the arrays that `one` reads besides, the same for all arguments.
    """

    def mapped(size: int, batched: Sequence[bool], many: jax.Array) -> tuple[jax.Array, bool]:
        return jax.vmap(each)(many), True

    def derivative(given: tuple[jax.Array], changes: tuple[jax.Array]) -> tuple[jax.Array, jax.Array]:
        return function(*given), one(*changes, *held)

    def value(x: jax.Array) -> Array:
        return _mapped_by(one, mapped, (x,), held)

    function: Any = jax.custom_jvp(value)
    function.defjvp(derivative)
    return function(x)


def for_one(one: ArrayFunction, many: ArrayFunction) -> ArrayFunction:
    """The same function, as `one` of one state where it is traced for a CPU; else, and in all derivatives, as `many`.

    Arguments:
        one: how one state is computed.
        many: how many are, that are mapped.
    """

    def function(*arguments: object) -> Array:
        leaves, tree = _flattened(arguments)
        places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, Tracer)]
        if not places or jax.default_backend() != "cpu":
            return many(*arguments)
        known = {place: leaf for place, leaf in enumerate(leaves) if place not in places}  # others are not kept here

        def of_traced(way: ArrayFunction) -> ArrayFunction:
            def call(*given: jax.Array) -> Array:
                every = {**known, **dict(zip(places, given, strict=True))}
                return way(*jax.tree.unflatten(tree, [every[place] for place in sorted(every)]))

            return call

        return _computed(of_traced(one), of_traced(many), *(leaves[place] for place in places))

    return function


def _computed(one: ArrayFunction, many: ArrayFunction, *given: jax.Array) -> Array:
    """The value of a function that is computed in two ways, with all its derivatives.

    Arguments:
        one: the function as it is computed for one state.
        many: the same function as it is mapped and differentiated.
        given: the arguments.
    """

    def mapped(size: int, batched: Sequence[bool], *given: jax.Array) -> tuple[Array, Any]:
        found = jax.vmap(many, [0 if each else None for each in batched], axis_size=size)(*given)
        return found, jax.tree.map(_is_mapped, found)

    def derivative(given: tuple[jax.Array, ...], changes: tuple[Any, ...]) -> tuple[Array, Array]:
        moved = [place for place, change in enumerate(changes) if not isinstance(change, SymbolicZero)]

        def of_moved(*values: jax.Array) -> Array:
            every = {**dict(enumerate(given)), **dict(zip(moved, values, strict=True))}
            return many(*every.values())

        return jax.jvp(of_moved, [given[place] for place in moved], [changes[place] for place in moved])

    def value(*given: jax.Array) -> Array:
        opened, held = _opened(one, given)
        return _mapped_by(opened, mapped, given, held)

    function: Any = jax.custom_jvp(value)
    function.defjvp(derivative, symbolic_zeros=True)
    return function(*given)


def _is_mapped(found: jax.Array) -> bool:
    """Whether a result has the axis that is mapped: all have."""
    return True


def _flattened(arguments: object) -> tuple[list[Any], Any]:
    """The arrays and numbers of some arguments, and how these are made of them again."""
    return cast("tuple[list[Any], Any]", jax.tree.flatten(arguments))


def _mapped_by(one: ArrayFunction, mapped: ArrayFunction, given: Sequence[object], held: Sequence[object]) -> Array:
    """The value of a function, with a rule that maps it.

    The arrays that it holds are arguments too: where `jax.lax.cond` maps its condition it maps all that its functions
    read, and JAX refuses rules for functions that hold what is mapped.

    Arguments:
        one: the function, of what is given and of what it holds.
        mapped: the rule, of how many are mapped, which of the arguments are, and what is given.
        given: the arguments.
        held: the arrays that the function holds.
    """
    _transpose_what_is_mapped_by_a_rule()
    count = len(given)

    def rule(size: int, batched: Sequence[bool], *every: object) -> Any:
        return mapped(size, batched[:count], *every[:count])

    value: Any = jax.custom_batching.custom_vmap(one)
    value.def_vmap(rule)
    return value(*given, *held)


def _opened(one: ArrayFunction, given: Sequence[jax.Array]) -> tuple[ArrayFunction, Sequence[object]]:
    """A function of what is given and of the arrays that it holds, and these."""
    program, found = _JAX.make_jaxpr(one, return_shape=True)(*given)
    tree, count = _JAX.tree.structure(found), len(given)

    def of_all(*every: Any) -> Array:
        closed: Any = _PROGRAMS.ClosedJaxpr(program.jaxpr, every[count:])
        return _JAX.tree.unflatten(tree, _PROGRAMS.jaxpr_as_fun(closed)(*every[:count]))

    return of_all, program.consts


@functools.cache
def _transpose_what_is_mapped_by_a_rule() -> None:
    """Tell JAX how it transposes the operation that holds such a function, unless it knows."""
    example: Any = jax.custom_batching.custom_vmap(_same)
    example.def_vmap(_same)  # it is asked for, and never called
    traced: Any = jax.make_jaxpr(example)(0.0)
    known: dict[Any, Any] = _RULES.primitive_transposes
    known.setdefault(traced.eqns[0].primitive, _transposed)


def _same(x: Any) -> Any:
    return x


def _transposed(cotangents: Sequence[Any], *given: Any, call: Any, **_: object) -> list[Any]:
    """What the transposed function gives for each argument; nothing for those that are known."""
    moved = [place for place, each in enumerate(given) if isinstance(each, _RULES.UndefinedPrimal)]

    def of_moved(*values: Any) -> Any:
        every = {**dict(enumerate(given)), **dict(zip(moved, values, strict=True))}
        return _PROGRAMS.jaxpr_as_fun(call)(*every.values())

    transpose = _JAX.linear_transpose(of_moved, *(given[place].aval for place in moved))
    parts: Sequence[Any] = transpose([_RULES.instantiate_zeros(each) for each in cotangents])
    found = dict(zip(moved, parts, strict=True))
    return [found.get(place) for place in range(len(given))]
