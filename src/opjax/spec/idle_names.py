"""A bound name that a reduction does not use: it repeats one value, and another index was probably meant.

``sum(I[age] for b in age)`` is ``I[age]`` times the number of ages. A number alone is counted on purpose, as in
``sum(1 for b in age if b != age)``.
"""

from __future__ import annotations

from opjax.errors import Report, catalogue
from opjax.syntax.nodes import Number, Reduction, Reference, walk


def warn_of_idle_names(reduction: Reduction, report: Report) -> None:
    """Warn where a reduction runs over a name that is neither in its body nor in its filter.

    Arguments:
        reduction: as it was written, over axes.
        report: gets the warnings.
    """
    if isinstance(reduction.body, Number):
        return
    wholes = [reduction.body] if reduction.condition is None else [reduction.body, reduction.condition]
    references = [part for whole in wholes for part in walk(whole) if isinstance(part, Reference)]
    used = {index.name for part in references for index in part.indices} | {part.name for part in references}
    for binder in reduction.binders:
        if binder.name not in used:
            found = {"name": binder.name, "kind": reduction.kind, "axis": binder.axis}
            report.add(catalogue.IDLE_NAME, binder.span, **found)
