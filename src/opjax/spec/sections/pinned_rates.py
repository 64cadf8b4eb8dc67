"""op_system's rates out of one cell: in ``{from: "S[age=young]", rate: "k[age]"}`` the rate is ``k[age="young"]``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from opjax.spec.sections.rebuild import with_children
from opjax.syntax.declarations import Term
from opjax.syntax.nodes import Expression, Index, Reduction, Reference, children, walk
from opjax.traverse import Walk, run

Labels = Mapping[str, str | float]


def at_source(rate: Expression, source: tuple[Term, ...], target: tuple[Term, ...]) -> Expression:
    """A rate, read where its source is: an axis that the source gives a label, and no side runs over, has this label.

    Arguments:
        rate: as it was written.
        source, target: the sides of the transition.
    """
    indices = [index for term in (*source, *target) for index in term.target.indices]
    running = {index.name for index in indices if index.name is not None}
    labels: dict[str, str | float] = {}
    for term in source:
        for index in term.target.indices:
            if index.axis is not None and index.label is not None and index.axis not in running:
                labels[index.axis] = index.label
    if not labels:
        return rate
    names = {index.name for node in walk(rate) if isinstance(node, Reference) for index in node.indices}
    return rate if names.isdisjoint(labels) else run(_walk(rate, labels))


def _walk(node: Expression, labels: Labels) -> Walk[Expression]:
    if isinstance(node, Reduction):
        bound = {binder.name for binder in node.binders}
        labels = {axis: label for axis, label in labels.items() if axis not in bound}
    below: list[Expression] = []
    for child in children(node):
        below.append((yield _walk(child, labels)))
    node = with_children(node, tuple(below))
    if not isinstance(node, Reference) or not node.indices:
        return node
    return dataclasses.replace(node, indices=tuple(_index(index, labels) for index in node.indices))


def _index(index: Index, labels: Labels) -> Index:
    label = labels.get(index.name or "")
    if label is None or index.axis is not None or index.offset:
        return index
    return Index(axis=index.name, label=label, span=index.span)
