"""The physical order of a contraction's result: the one that needs no transposition of the larger factor."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.types import Dim, Dims, sorted_dims


def contracted_order(orders: list[Dims], over: Dims, usual: Dims) -> Dims:
    """The order of the dims of a sum of products.

    Arguments:
        orders: the orders of the factors.
        over: the dims that are summed over.
        usual: the order where nothing better is known.

    Returns:
        For a matrix and a larger array ``C[a, k]*x[k, v, r]`` that of the array, with the matrix' other dim in the
        place of the summed one: ``[a, v, r]``.
    """
    if len(orders) != 2 or len(over) != 1:
        return usual
    (matrix, array), (summed,) = sorted(orders, key=len), over
    others = [dim for dim in matrix if dim != summed]
    if len(matrix) != 2 or len(others) != 1 or summed not in array or others[0] in array:
        return usual
    return tuple(others[0] if dim == summed else dim for dim in array)


def subscripts(orders: list[Dims], over: Dims) -> tuple[str, Dims, dict[Dim, str]]:
    """The recipe of a sum of products such as ``ab,b->a``, the order of its result, and the letters of the dims.

    Arguments:
        orders: the orders of the factors.
        over: the dims that are summed over.
    """
    letters = {dim: chr(ord("a") + place) for place, dim in enumerate(dict.fromkeys(itertools.chain(*orders)))}
    order = contracted_order(orders, over, tuple(d for d in common_order(orders) if d not in over))
    inputs = ",".join("".join(letters[d] for d in factor) for factor in orders)
    return f"{inputs}->{''.join(letters[d] for d in order)}", order, letters


def common_order(orders: list[Dims], usual: Collection[Dims] = ()) -> Dims:
    """One physical order for several values.

    Arguments:
        orders: the orders of the values.
        usual: those of states.

    Returns:
        The order of the value with most dims, then what it lacks. Where no value has all dims, or two have them in
        different orders, that of a state which has them: then what is computed needs no transposition beside states.
        Vectors are combined in the order in which matrices are usually stored.
    """
    if not any(orders):  # as for most values of a model of scalars
        return ()
    merged: list[Dim] = []
    for order in sorted(orders, key=len, reverse=True):
        merged.extend(d for d in order if d not in merged)
    found = tuple(merged)
    if len(found) > 1 and {order for order in orders if len(order) == len(found)} != {found}:
        for state in usual:
            if state != found and set(found) <= set(state):
                return tuple(dim for dim in state if dim in found)
    vectors = len(found) > 1 and all(len(order) < 2 for order in orders)
    return sorted_dims(found) if vectors else found


def usual_orders(nodes: Iterable[AnyNode]) -> tuple[Dims, ...]:
    """The orders in which states with several axes are stored."""
    states = (node.axes for node in nodes if type(node) is Symbol and node.role == "state" and len(node.axes) > 1)
    return tuple(dict.fromkeys(states))
