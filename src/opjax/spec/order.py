"""The order in which named expressions must be defined, and the circles among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opjax.syntax.nodes import Call, Expression, Number, Reference, walk


def names_in(expressions: Iterable[Expression | None]) -> Iterator[str]:
    """The names that expressions mention, as values or as functions."""
    for expression in expressions:
        if expression is not None and not isinstance(expression, Number):  # most defaults are numbers
            for node in walk(expression):
                if isinstance(node, Reference | Call):
                    yield node.name


def order_of_need(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """Sort names so that each comes after what it needs.

    Arguments:
        needs: for each name the names that it mentions; names that are not keys are ignored.

    Returns:
        All names that are in no circle and need none, in order; and each circle as a path that ends where it begins.
    """
    order: list[str] = []
    circles: list[list[str]] = []
    state: dict[str, str] = {}
    for start in needs:
        if start not in state and not needs[start]:
            state[start] = "done"
            order.append(start)
        elif start not in state:
            _visit(start, needs, state, order, circles)
    return order, circles


def _visit(
    start: str, needs: Mapping[str, Sequence[str]], state: dict[str, str], order: list[str], circles: list[list[str]]
) -> None:
    """Depth first from one name, on a list instead of the interpreter's stack.

    A name is "open" while it is on the path, then "done", or "broken" if it is in a circle or needs one.
    """
    path: dict[str, Iterator[str]] = {start: iter(needs[start])}
    broken: set[str] = set()
    while path:
        name = next(reversed(path))
        needed = next(path[name], None)
        if needed is None:
            del path[name]
            state[name] = "broken" if name in broken else "done"
            if name not in broken:
                order.append(name)
            elif path:
                broken.add(next(reversed(path)))
        elif needed in path:
            names = list(path)
            circles.append([*names[names.index(needed) :], needed])
            broken.add(name)
        elif state.get(needed) == "broken":
            broken.add(name)
        elif needed in needs and needed not in state:
            path[needed] = iter(needs[needed])
