"""One object at two places of a pipeline: harmless without arrays, a trap with them."""

from __future__ import annotations

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
    stack: list[Any] = list(reversed(operators))
    while stack:
        value = stack.pop()
        if isinstance(value, eqx.Module):
            if id(value) in seen:
                _check(value)
                continue
            seen.add(id(value))
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
