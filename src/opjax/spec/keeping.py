"""What a model keeps for others."""

from __future__ import annotations

from collections.abc import Mapping

from opjax.errors import Report, catalogue
from opjax.syntax.declarations import KeptDeclaration


def kept_by_name(rows: tuple[KeptDeclaration, ...], report: Report) -> Mapping[str, str]:
    """The values by name, as JSON; a name that stands twice is reported."""
    found: dict[str, KeptDeclaration] = {}
    for row in rows:
        first = found.setdefault(row.name, row)
        if first is not row:
            report.add(catalogue.REPEATED_NAME, row.span, name=row.name, first=repr(first.span))
    return {name: row.doc for name, row in found.items()}
