"""Data as a table: CSV files and data frames, with the place of every cell for errors."""

from __future__ import annotations

import csv
import io
import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from opjax.errors import Report
from opjax.infer.problems import bad_data
from opjax.source import NOWHERE, Source, Span

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "."})
"""Texts that mean: nothing was observed here."""


@dataclass(slots=True)
class Table:
    """Columns of equal length.

    Arguments:
        columns: the cells of each column by its name; text, numbers or None.
        source: the file, or None.
        lines: the line of each row in the file.
        starts: the place of the first character of each line, once somebody has asked for a place.
    """

    columns: dict[str, list[Any]]
    source: Source | None = None
    lines: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])

    @property
    def length(self) -> int:
        """The number of rows."""
        return max((len(cells) for cells in self.columns.values()), default=0)

    def place(self, row: int, column: str | None = None) -> Span:
        """Where a row or a cell stands."""
        if self.source is None or row >= len(self.lines):
            return NOWHERE
        if not self.starts:
            lengths = (len(line) for line in self.source.text.splitlines(keepends=True))
            self.starts = [0, *itertools.accumulate(lengths)]
        start, text = self.starts[self.lines[row] - 1], self.source.line_text(self.lines[row])
        if column is None or '"' in text:
            return Span(self.source, start, start + len(text))
        cells = text.split(",")
        before = cells[: list(self.columns).index(column)]
        first = start + sum(len(cell) + 1 for cell in before)
        return Span(self.source, first, first + len(cells[len(before)]))

    def row_name(self, row: int) -> str:
        """What a row is called: its line in a file, else its number from 1."""
        return f"row {self.lines[row]}" if self.lines else f"row {row + 1}"

    def numbers(self, column: str, report: Report) -> np.ndarray:
        """The cells of a column as numbers, nan where they are missing; what is no number is reported."""
        return np.array([self._number(column, row, cell, report) for row, cell in enumerate(self.columns[column])])

    def _number(self, column: str, row: int, cell: Any, report: Report) -> float:
        if is_missing(cell):
            return float("nan")
        try:
            if isinstance(cell, str) and "_" in cell:
                raise ValueError("Python's grouping of digits")
            return float(cell)
        except (TypeError, ValueError):
            problem = f"hold '{cell}' in {self.row_name(row)} of the column '{column}', which is not a number"
            bad_data(report, problem, self.place(row, column), "leave the cell empty where nothing was observed")
            return float("nan")


def is_missing(cell: Any) -> bool:
    """Whether a cell says that nothing was observed."""
    return cell is None or cell is np.ma.masked or str(cell).strip().lower() in MISSING


def read_csv(path: str | os.PathLike[str], report: Report) -> Table:
    """Read a CSV file with a header; empty lines are left out.

    Arguments:
        path: the file, in UTF-8.
        report: gets its problems.

    Raises:
        OSError, UnicodeDecodeError: if it cannot be read.
    """
    with open(path, encoding="utf-8-sig", newline=None) as file:
        text = file.read()
    source = Source(os.fspath(path), text)
    reader = csv.reader(io.StringIO(text))
    rows = [(reader.line_num, cells) for cells in reader if cells]
    if not rows:
        bad_data(report, "are an empty file", Span(source, 0, 0), "the first line names the columns")
        return Table({}, source)
    header = [name.strip() for name in rows[0][1]]
    separator = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
    if separator:
        mark = "a tab" if separator == "\t" else f"'{separator}'"
        hint = "separate the cells with ',', and write numbers with a point"
        bad_data(report, f"have {mark} between their cells", Span(source, 0, 0), hint)
        return Table({}, source)
    _want_different(header, report, Span(source, 0, 0))
    table = Table({name: [] for name in header}, source)
    for line, cells in rows[1:]:
        table.lines.append(line)
        if len(cells) != len(header):
            problem = f"have {len(cells)} cells in row {line}, and the header names {len(header)}"
            bad_data(report, problem, table.place(len(table.lines) - 1))
        for name, cell in zip(header, cells + [""] * (len(header) - len(cells)), strict=False):
            table.columns[name].append(cell.strip())
    return table


def from_frame(frame: Any, report: Report) -> Table:
    """The columns of a data frame, and its index if that is named ``time``.

    Raises:
        OpjaxError: E0903 for several columns of one name.
    """
    indexed = frame.index.name == "time"
    _want_different([*(["time"] if indexed else []), *map(str, frame.columns)], report)
    report.check()
    columns: dict[str, list[Any]] = {"time": list(frame.index)} if indexed else {}
    columns.update({str(name): list(frame[name]) for name in frame.columns})
    return Table(columns)


def _want_different(names: list[str], report: Report, span: Span = NOWHERE) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        bad_data(report, f"have the column '{repeated[0]}' twice", span, "rename one of the two")
