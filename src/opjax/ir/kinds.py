"""The typing rules: which kind of value a function makes of which kinds, and what it depends on then."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from opjax.ir.functions import FUNCTIONS
from opjax.ir.node_types import NO_ROLES, Node
from opjax.ir.types import Dims, Kind, Role, sorted_dims

MOST_REMEMBERED = 8
"""Arguments of a call whose kind is remembered."""


def result_kind(function: str, kinds: tuple[Kind, ...]) -> Kind:
    """The kind of a function's value.

    Arguments:
        function: its name in the table.
        kinds: the kinds of its arguments.

    Raises:
        TypeError: if the function does not exist or does not take these arguments.
    """
    return _remembered(function, kinds) if len(kinds) <= MOST_REMEMBERED else _result_kind(function, kinds)


def _result_kind(function: str, kinds: tuple[Kind, ...]) -> Kind:
    record = FUNCTIONS.get(function)
    if record is None:
        raise TypeError(f"there is no function {function}")
    wanted = record.argument_kinds
    fits = len(kinds) >= len(wanted) if record.variadic else len(kinds) == len(wanted)
    want(fits, f"{function} takes {len(wanted)} arguments")
    by_place = [wanted[min(place, len(wanted) - 1)] for place in range(len(kinds))]
    for wish, kind in zip(by_place, kinds, strict=True):
        want(wish in ("any", kind), f"{function} takes {wish} values")
    if record.result != "same":
        return record.result
    same: set[Kind] = {kind for wish, kind in zip(by_place, kinds, strict=True) if wish == "any"}
    want(len(same) == 1, f"{function} takes values of one kind")
    return same.pop()


_remembered = functools.lru_cache(maxsize=4096)(_result_kind)


def want(holds: bool, reason: str) -> None:
    """Refuse to make a node that has no meaning: a mistake of the compiler, not of a user.

    Raises:
        TypeError: with the reason.
    """
    if not holds:
        raise TypeError(reason)


def roles_of(nodes: Sequence[Node]) -> frozenset[Role]:
    """What the values of several nodes depend on together."""
    roles = nodes[0].roles if nodes else NO_ROLES
    for node in nodes:
        if node.roles is not roles and not node.roles <= roles:
            roles = _union(roles, node.roles)
    return roles


def dims_of(nodes: Sequence[Node]) -> Dims:
    """The dims of several values together."""
    first = nodes[0].dims if nodes else ()
    for node in nodes:
        if node.dims != first:
            return sorted_dims(*[node.dims for node in nodes])
    return first


@functools.cache  # there are few sets of roles: equal ones are one object, and quick to compare
def _union(some: frozenset[Role], others: frozenset[Role]) -> frozenset[Role]:
    return some | others


@functools.cache
def only(role: Role) -> frozenset[Role]:
    """The set of one role."""
    return frozenset((role,))
