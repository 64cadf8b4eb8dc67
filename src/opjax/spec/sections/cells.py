"""op_system's names of single cells: ``I__age_young`` is ``I[age="young"]``.

A state that is declared for one cell only, ``D[age=young]``, is a state without axes with that name: ``D__age_young``.
No list of cells is ever made: a name is taken apart along the axes of the states that it may begin with.
"""

from __future__ import annotations

import re

from opjax.errors import catalogue, did_you_mean
from opjax.spec.axes import spaced
from opjax.spec.sections.draft import Draft
from opjax.syntax.declarations import AxisDeclaration
from opjax.syntax.nodes import Expression, Index, Negate, Number, Reference

_ODD = re.compile(r"[^A-Za-z0-9_]")
_MOST = 100_000
_MOST_LISTED = 12
Label = str | float


def label_name(label: Label) -> str:
    """A label as it stands in the name of a cell: ``0-4`` is ``0_4``."""
    return _ODD.sub("_", str(label))


def may_be_cell(name: str) -> bool:
    """Whether a name can be that of a cell."""
    return "__" in name[1:]


def resolved(reference: Reference, draft: Draft) -> Reference:
    """A reference with the cell that its name means, or with the state that its cell is.

    Arguments:
        reference: as it was written.
        draft: the axes and states.

    Returns:
        ``I[age="young"]`` for ``I__age_young``, ``D__age_young`` for ``D[age=young]``; else the reference itself.
    """
    name = reference.name
    if reference.indices:
        pinned = draft.pinned.get((name, _labels_of(reference.indices)))
        return reference if pinned is None else Reference(pinned, span=reference.span)
    if not may_be_cell(name) or name in draft.states or name in draft.alias_axes:
        return reference
    for place in _starts("__", name):
        base = name[:place]
        axes = draft.states[base].axes if base in draft.states else draft.alias_axes.get(base, ())
        indices = _indices(axes, name[place:], reference, draft) if axes else None
        if indices is not None:
            return Reference(base, indices, span=reference.span)
    return reference


def pinned_name(reference: Reference) -> str:
    """The name of the only cell of a state: ``D__age_young``, or nothing where an axis has no label."""
    parts = [
        f"{index.axis}_{label_name(index.label)}"
        for index in reference.indices
        if index.label is not None and index.axis is not None
    ]
    return "__".join([reference.name, *parts]) if len(parts) == len(reference.indices) else ""


def check_labels(cell: Reference, draft: Draft) -> None:
    """Report a cell whose axis or label is not declared; an axis of data may have any label."""
    for index in cell.indices:
        axis = draft.axis(index.axis or "")
        if axis is None:
            draft.report.add(catalogue.UNKNOWN_AXIS, index.span, name=str(index.axis))
            continue
        points = points_of(axis)
        if points and index.label is not None and label_name(index.label) not in map(label_name, points):
            shown = [str(point) for point in points]
            labels = ", ".join(f'"{label}"' for label in shown[:_MOST_LISTED]) + ", ..." * (len(shown) > _MOST_LISTED)
            hint = did_you_mean(str(index.label), shown, f"its labels are {labels}")
            said = {"axis": axis.name, "label": str(index.label), "labels": labels}
            draft.report.add(catalogue.UNKNOWN_LABEL, index.span, hint=hint, **said)


def pin(reference: Reference, draft: Draft) -> None:
    """Remember that a cell is a state of its own."""
    draft.pinned[reference.name, _labels_of(reference.indices)] = pinned_name(reference)


def _labels_of(indices: tuple[Index, ...]) -> tuple[tuple[str, str], ...]:
    """Axes with labels; a label may be written behind a colon, as a name."""
    return tuple((index.axis or "", str(index.label if index.label is not None else index.name)) for index in indices)


def _indices(axes: tuple[str, ...], rest: str, cell: Reference, draft: Draft) -> tuple[Index, ...] | None:
    """The labels that the name of a cell, without that of its template, gives to the axes."""
    found: list[Index] = []
    for place, axis in enumerate(axes):
        head = f"__{axis}_"
        if not rest.startswith(head):
            return None
        names = _label_names(axis, draft)
        rest = rest[len(head) :]
        ends = [len(rest)] if place + 1 == len(axes) else _starts(f"__{axes[place + 1]}_", rest)
        end = next((end for end in ends if rest[:end] in names), None)
        if end is None:
            return None
        found.append(Index(axis=axis, label=_only(names[rest[:end]], cell, axis, draft), span=cell.span))
        rest = rest[end:]
    return tuple(found)


def _starts(head: str, text: str) -> list[int]:
    """Where a text has a part, also where two overlap."""
    return [match.start() for match in re.finditer(f"(?={re.escape(head)})", text)]


def _only(labels: tuple[Label, ...], cell: Reference, axis: str, draft: Draft) -> Label:
    """The label that is meant; several may look the same in a name."""
    first, *others = labels
    if others:
        several = " and ".join(f'"{label}"' for label in labels)
        raise draft.report.stop(catalogue.AMBIGUOUS_CELL, cell.span, name=cell.name, axis=axis, labels=several)
    return first


def _label_names(axis: str, draft: Draft) -> dict[str, tuple[Label, ...]]:
    """The labels of an axis by the names that they have in cells."""
    known = draft.label_names.get(axis)
    if known is None:
        known = draft.label_names[axis] = {}
        declared = draft.axis(axis)
        for label in () if declared is None else points_of(declared):
            key = label_name(label)
            known[key] = (*known.get(key, ()), label)
    return known


def points_of(axis: AxisDeclaration) -> tuple[Label, ...]:
    """The labels or points of an axis; those of a grid where its ends are plain numbers."""
    if axis.kind != "grid":
        return axis.values
    numbers = [constant for part in axis.grid if (constant := literal(part)) is not None]
    if len(numbers) != len(axis.grid) or not 1 <= numbers[2] <= _MOST or numbers[0] >= numbers[1]:
        return ()
    return spaced(numbers[0], numbers[1], int(numbers[2]), axis.spacing == "log")


def literal(expression: Expression) -> float | None:
    """The value of a plain number."""
    match expression:
        case Number():
            return expression.value
        case Negate(operand=Number() as number):
            return -number.value
        case _:
            return None
