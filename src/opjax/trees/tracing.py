"""Values that JAX traces, and functions that must not meet them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import CellType, FunctionType, MethodType
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
from jax.core import Tracer

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class TracingError(TypeError):
    """A function that runs on the host was called while JAX traced."""


def is_traced(tree: object) -> bool:
    """Whether a JAX transformation traces any leaf of a tree.

    Arguments:
        tree: any pytree; leaves need not be arrays.

    Returns:
        True inside `jax.jit`, `jax.grad`, `jax.vmap` and the like, for what depends on their arguments.

    Example:
        >>> is_traced({"x": 1.0})
        False
        >>> def show(x):
        ...     print(is_traced({"x": x, "name": "rate"}))
        ...     return x
        >>> _ = jax.jit(show)(1.0)
        True
    """
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def host_only(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A function that reads files, draws, or calls other libraries: it refuses to be called while JAX traces.

    Refused are traced values among the arguments, in what the function or an argument that is a function closes over,
    and every call inside `jax.jit`, `jax.lax.scan` and others that stage their work: there the function would run once,
    at trace time, and never again. (Within `jax.ensure_compile_time_eval`, which asks for that, it runs.)

    Arguments:
        function: any callable: a function, a method, a `functools.partial`.

    Returns:
        The same function, checked at every call.

    Raises:
        TracingError: the call is one of those above; a `TypeError`.

    Example:
        >>> @host_only
        ... def load(row):
        ...     return [3.0, 5.0][row]
        >>> load(1)
        5.0
        >>> jax.jit(lambda x: x + load(1))(1.0)
        Traceback (most recent call last):
        ...
        opjax.trees.tracing.TracingError: load runs on the host and was called while JAX traces. Call it outside ...
    """

    @functools.wraps(function)
    def checked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        # One small operation tells whether operations are staged; its value is not waited for, so that this is safe
        # inside jax.pure_callback too.
        if _reaches_tracer((function, args, kwargs)) or is_traced(jnp.add(0, 0)):
            raise TracingError(
                f"{_name(function)} runs on the host and was called while JAX traces. Call it outside of jit, grad, "
                "vmap and scan and pass its result in; or, to run it at run time, hand it to jax.pure_callback for its "
                "value, to jax.debug.callback for its side effect"
            )
        return function(*args, **kwargs)

    return checked


def _reaches_tracer(tree: object) -> bool:
    """Whether a leaf is traced, or what a leaf that is a function holds."""
    waiting, seen = [tree], dict[int, object]()
    while waiting:
        for leaf in jax.tree.leaves(waiting.pop()):
            if isinstance(leaf, Tracer):
                return True
            if id(leaf) not in seen:
                seen[id(leaf)] = leaf
                waiting.extend(_held(leaf))
    return False


def _held(leaf: object) -> Iterator[object]:
    """What a function holds beside its code."""
    match leaf:
        case functools.partial():
            yield from (leaf.func, leaf.args, leaf.keywords)
        case MethodType():
            yield from (leaf.__func__, leaf.__self__)
        case FunctionType():
            yield from (leaf.__defaults__, leaf.__kwdefaults__)
            yield from (cell.cell_contents for cell in leaf.__closure__ or () if _is_filled(cell))
        case _:
            pass


def _is_filled(cell: CellType) -> bool:
    """A cell is empty until its variable is assigned."""
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__qualname__", type(function).__name__))


no_jax_tracing = host_only
NotJaxCompatibleError = TracingError
