"""A posterior as a table: one row for each number."""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from opjax.infer.diagnostics import bulk_ess, r_hat

if TYPE_CHECKING:
    import xarray

COLUMNS = ("mean", "sd", "5 %", "95 %", "ESS", "R-hat")
MOST = 200
"""Rows that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """The draws of one number in short.

    Arguments:
        name: such as ``beta`` or ``rho[0-4]``.
        mean, sd: of all draws.
        low, high: the quantiles of 5 % and 95 %.
        ess: the effective number of draws for the bulk of the distribution.
        r_hat: how much the chains differ; near 1 if they do not.
        unit: a label.
    """

    name: str
    mean: float
    sd: float
    low: float
    high: float
    ess: float
    r_hat: float
    unit: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as text; as many digits of mean and quantiles as the sd allows."""
        values = (self.mean, self.sd, self.low, self.high)
        return (*(shown(value, self.sd) for value in values), _whole(self.ess), _two(self.r_hat))


def shown(value: float, sd: float) -> str:
    """A number with digits down to a hundredth of the standard deviation.

    Example:
        >>> shown(0.54693, 0.0631), shown(34.0412, 2.92), shown(1234567.0, 40000.0)
        ('0.5469', '34.04', '1234567')
    """
    if not math.isfinite(value):
        return str(value)
    if not (math.isfinite(sd) and sd > 0):
        return f"{value:.4g}"
    digits = 2 - math.floor(math.log10(sd))
    if digits > 8 or abs(value) >= 1e9:
        return f"{value:.3e}"
    return f"{value:.{max(0, digits)}f}"


def _whole(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "-"


def _two(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"


@dataclass(frozen=True, slots=True)
class Summary:
    """The table of a posterior; prints as text, shows as a table in notebooks.

    Arguments:
        rows: one for each number.
        remarks: sentences to read before the numbers are believed.
    """

    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Row:
        """The row of a name."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        lines = [("", *COLUMNS), *((row.name, *row.cells()) for row in self.rows[:MOST])]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [_line(line, widths) for line in lines]
        if len(self.rows) > MOST:
            text.append(f"... and {len(self.rows) - MOST} more")
        return "\n".join([*text, *(["", *self.remarks] if self.remarks else [])])

    def __repr__(self) -> str:
        return str(self)

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, header_style="bold")
        table.add_column("")
        for column in COLUMNS:
            table.add_column(column, justify="right")
        for row in self.rows[:MOST]:
            table.add_row(Text(row.name), *row.cells())
        more = [f"... and {len(self.rows) - MOST} more"] if len(self.rows) > MOST else []
        return Group(table, *(Text(remark) for remark in (*more, *self.remarks)))

    def _repr_html_(self) -> str:
        return self.as_html()

    def as_html(self) -> str:
        """The table for a notebook."""
        head = "".join(f"<th>{html.escape(column)}</th>" for column in ("", *COLUMNS))
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in (row.name, *row.cells())) + "</tr>"
            for row in self.rows[:MOST]
        )
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{remarks}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]).rstrip()


def rows_of(dataset: xarray.Dataset) -> Iterator[Row]:
    """One row for each number of a dataset whose variables have the dimensions chain and draw; none for time series."""
    for name, variable in dataset.data_vars.items():
        if "time" in variable.dims:
            continue
        axes = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
        draws = np.asarray(variable.transpose("chain", "draw", *axes).values, float)
        labels = [[_label(point) for point in variable[axis].values.tolist()] for axis in axes]
        for cell in itertools.product(*(range(len(own)) for own in labels)):
            shown_labels = ",".join(own[place] for own, place in zip(labels, cell, strict=True))
            full = f"{name}[{shown_labels}]" if cell else str(name)
            yield _row(full, draws[(slice(None), slice(None), *cell)], str(variable.attrs.get("units", "")))


def _label(point: Any) -> str:
    return f"{point:g}" if isinstance(point, float) else str(point)


def _row(name: str, draws: np.ndarray, unit: str) -> Row:
    low, high = (float(q) for q in np.quantile(draws, (0.05, 0.95)))
    sd = float(draws.std(ddof=1)) if draws.size > 1 else float("nan")
    return Row(name, float(draws.mean()), sd, low, high, bulk_ess(draws), r_hat(draws), unit)
