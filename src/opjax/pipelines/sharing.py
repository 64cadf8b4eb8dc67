"""One object at two places of a pipeline: harmless without arrays, a trap with them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any, cast

import equinox as eqx

from opjax.pipelines.untyped import jax

_HOLDERS = (eqx.Module, tuple, list, dict)


def refuse_shared(operators: tuple[Any, ...]) -> None:
    """Refuse a module with arrays that stands at two places.

    A pytree has two leaves there: after one step of an optimiser the two copies differ, and nobody is told.

    Arguments:
        operators: the parts of one operator.

    Raises:
        ValueError: naming the module, with the ways out.
    """
    seen: set[int] = set()
    for module in _modules(operators):
        if id(module) in seen:
            _check(module)
        seen.add(id(module))


def refuse_shared_with(before: eqx.Module, parts: tuple[Any, ...], after: eqx.Module, more: tuple[Any, ...]) -> None:
    """Refuse the same for more operators behind some that have been looked at: each is looked at once.

    Arguments:
        before: the operator that is made of the first parts.
        parts: these.
        after: the operator that is made of all.
        more: the others.

    Raises:
        ValueError: naming the module, with the ways out.
    """
    owner, seen = _SEEN.pop(id(before), (None, set[int]()))
    if owner is None or owner() is not before:
        seen = {id(module) for module in _modules(parts)}
    own = list(_modules(more))
    for module in own:
        if id(module) in seen:
            _check(module)
    seen.update(map(id, own))
    key = id(after)
    _SEEN[key] = (weakref.ref(after, lambda _: _SEEN.pop(key, None) and None), seen)


_SEEN: dict[int, tuple[weakref.ref[eqx.Module] | None, set[int]]] = {}
"""What stands in a chain that `|` made, until `|` makes a longer one of it."""


def _modules(operators: tuple[Any, ...]) -> Iterator[eqx.Module]:
    """The modules in some operators; what is inside one comes once."""
    inside: set[int] = set()
    stack: list[Any] = list(reversed(operators))
    while stack:
        value = stack.pop()
        if isinstance(value, eqx.Module):
            yield value
            if id(value) not in inside:
                inside.add(id(value))
                stack += [part for part in vars(value).values() if isinstance(part, _HOLDERS)]
        elif isinstance(value, dict):
            stack.extend(cast("dict[Any, Any]", value).values())
        elif isinstance(value, tuple | list):
            stack.extend(cast("list[Any]", value))


def _check(module: eqx.Module) -> None:
    if any(eqx.is_array(leaf) for leaf in jax.tree.leaves(module)):
        name = type(module).__name__
        raise ValueError(
            f"the same {name} stands here twice: its copies would be learned apart. "
            f"Use Graph (one {name}, several calls), ScanSequential, or make a second {name}"
        )
