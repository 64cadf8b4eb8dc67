"""What a file may name: operators by their definition, modules and functions by `register`.

A name is looked up here and nowhere else when a pipeline is loaded: no module is imported because a file says so.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import equinox as eqx

from opjax.pipelines.untyped import jax, jnp

Thing = TypeVar("Thing", bound=Callable[..., Any])

OPERATORS: dict[str, type[Any]] = {}
"""Every class of operators that this process has defined, by its target."""

MODULES: dict[str, type[Any]] = {}
"""Equinox modules that are no operators and may stand inside one."""

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Functions that a file may name."""

UNNAMED = " without a name"

# Pure functions of arrays. What reads or writes files (`jnp.load`) or calls a function that it is given stays out.
_NUMPY = (
    "abs add all any arccos arcsin arctan arctan2 argmax argmin bool_ ceil clip concatenate cos cosh cumprod cumsum "
    "deg2rad divide equal exp expm1 float16 float32 float64 floor greater greater_equal hypot int32 int64 isfinite "
    "isnan less less_equal log log10 log1p log2 logical_and logical_not logical_or matmul max maximum mean median "
    "min minimum mod multiply negative not_equal power prod rad2deg ravel reciprocal remainder round sign sin sinh "
    "sqrt square squeeze stack std subtract sum tan tanh transpose true_divide var where "
)
_ACTIVATIONS = (
    "celu elu gelu glu hard_sigmoid hard_tanh leaky_relu log_sigmoid log_softmax logsumexp relu relu6 selu sigmoid "
    "silu soft_sign softmax softplus "
)


def _known_functions() -> None:
    for place, library, names in (("jax.numpy", jnp, _NUMPY), ("jax.nn", jax.nn, _ACTIVATIONS)):
        for name in names.split():
            FUNCTIONS[f"{place}:{name}"] = vars(library)[name]


def _known_modules() -> None:
    for kind in vars(eqx.nn).values():
        if isinstance(kind, type) and issubclass(kind, eqx.Module):
            MODULES[f"equinox.nn:{kind.__name__}"] = kind
    identity = inspect.signature(cast("Any", eqx.nn.MLP)).parameters["final_activation"].default
    FUNCTIONS["equinox.nn:identity"] = identity
    FUNCTIONS["builtins:print"] = print  # of ShapeTrace


_known_functions()
_known_modules()


def target_of(kind: type[Any]) -> str:
    """The name of a class in files: ``package.module:Outer.Inner``."""
    own = "opjax.pipelines"  # where in it a class stands is no business of files
    module = own if kind.__module__.startswith(f"{own}.") else kind.__module__
    return f"{module}:{kind.__qualname__}"


def add_operator(kind: type[Any]) -> None:
    """Note a class of operators; a later class of the same name takes its place."""
    OPERATORS[target_of(kind)] = kind


def register(thing: Thing, *, name: str = "") -> Thing:
    """Let files name a function, or an Equinox module that is no operator; usable as a decorator.

    Operators need no registration.

    Arguments:
        thing: a function, or a subclass of `equinox.Module`.
        name: the name in files; by default ``package.module:name``.

    Returns:
        The thing itself.

    Raises:
        ValueError: for a lambda or a function inside a function without a name of its own: what it closes over is not
            in its name.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, dumps, loads, register
        >>> half = register(lambda x: 0.5 * x, name="example:half")
        >>> loads(dumps(Lambda(half)))(jnp.ones(2)).tolist()
        [0.5, 0.5]
    """
    given: Any = thing
    if isinstance(given, type) and issubclass(given, eqx.Module):
        MODULES[name or target_of(given)] = given
        return thing
    known = name or name_of(thing)
    if not name and "<" in known:
        raise ValueError(f"'{known}' is defined inside a function: give it a name, register(..., name='my_project:it')")
    FUNCTIONS[known] = thing
    return thing


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function in files: the registered one, else ``module:qualified name``."""
    for name, known in FUNCTIONS.items():
        if known is function:
            return name
    module = getattr(function, "__module__", None)
    qualified = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return f"{module}:{qualified}" if module and qualified else f"{type(function).__name__}{UNNAMED}"


def is_named(function: Callable[..., Any]) -> bool:
    """Whether the name of a function leads back to it: registered, or a function of a module."""
    name = name_of(function)
    return FUNCTIONS.get(name) is function or by_path(name) is function


def by_path(name: str) -> object:
    """What stands under ``module:Outer.inner`` in the modules that are imported already; None if nothing does."""
    module, _, path = name.partition(":")
    found: object = sys.modules.get(module)
    for part in path.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    return found
