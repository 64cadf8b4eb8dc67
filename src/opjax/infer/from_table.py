"""Tables as data: a column ``time``, and the axes as columns of cells or as columns of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opjax.compile.clock import NotATime, clock_of
from opjax.errors import Report, did_you_mean
from opjax.infer.cells import Cell, Grid, cell_name, grid_of, plain_column, position_of
from opjax.infer.data import Found, Raw
from opjax.infer.problems import bad_data
from opjax.infer.tables import Table, is_missing
from opjax.ir.system import System

TIME = "time"


def from_table(system: System, table: Table, report: Report) -> Found:
    """The observations in a table; what does not fit is reported."""
    if TIME not in table.columns:
        hint = did_you_mean(TIME, table.columns, "name the column of times 'time'")
        bad_data(report, "have no column 'time'", hint=hint)
        return Found()
    reader = _Reader(system, table, report, {plain_column(name): name for name in table.columns})
    return reader.found()


@dataclass(slots=True)
class _Reader:
    system: System
    table: Table
    report: Report
    plain: dict[str, str]
    """The columns by their names without blanks and quotation marks."""

    def found(self) -> Found:
        times = self.times()
        grids = {o.name: grid_of(self.system, o.name, o.axes) for o in self.system.observations.values()}
        tables = {i.name: grid_of(self.system, i.name, i.axes) for i in self.system.inputs.values()}
        self.refuse_unknown({**grids, **tables})
        found = Found()
        for name, grid in tables.items():
            given = name in self.plain or any(column in self.plain for column in grid.columns())
            raw = self.series(grid, times) if given and times is not None else None
            if raw is not None:
                found.inputs[name] = raw
        for name, grid in grids.items():
            raw = None if times is None else self.series(grid, times)
            if raw is not None:
                found.raw[name] = raw
        return found

    def times(self) -> np.ndarray | None:
        cells = self.table.columns[TIME]
        for row, cell in enumerate(cells):
            if is_missing(cell):
                bad_data(self.report, f"lack the time in {self.table.row_name(row)}", self.table.place(row))
                return None
        try:
            return clock_of(self.system).numbers(cells)
        except NotATime as problem:
            bad_data(self.report, str(problem), hint=problem.hint)
            return None

    def refuse_unknown(self, grids: dict[str, Grid]) -> None:
        """Report the columns that mean nothing to the model."""
        wide = {column for grid in grids.values() if grid.axes for column in grid.columns()}
        long = {axis.name for grid in grids.values() for axis in grid.axes}
        known = {TIME, *grids, *wide, *long}
        for column, written in self.plain.items():
            if column in known:
                continue
            hint = did_you_mean(column, sorted(known), f"the model observes {', '.join(grids)}; remove the column")
            if column in self.system.parameters:
                hint = f"it is a parameter: pass fixed={{'{column}': ...}}"
            bad_data(self.report, f"have a column '{written}' that the model does not observe", hint=hint)

    def series(self, grid: Grid, times: np.ndarray) -> Raw | None:
        cells = {column: cell for column, cell in grid.columns().items() if column in self.plain}
        if not grid.axes and cells:
            return self.one_column(grid, times)
        if grid.name in self.plain and all(axis.name in self.plain for axis in grid.axes):
            return self.long(grid, times)
        if cells:
            return self.wide(grid, times, cells)
        wanted = f"a column '{grid.name}'"
        if grid.axes:
            names = " and ".join(f"'{axis.name}'" for axis in grid.axes)
            wanted = f"one column for each cell, '{next(iter(grid.columns()))}', ..., or '{grid.name}' beside {names}"
        bad_data(self.report, f"have no column for '{grid.name}'", hint=f"add {wanted}")
        return None

    def one_column(self, grid: Grid, times: np.ndarray) -> Raw:
        """An observation without axes; in a long table, only the rows that have it."""
        values = self.table.numbers(self.plain[grid.name], self.report)
        rows = list(range(len(times)))
        if len(set(times.tolist())) < len(times):
            rows = [row for row in rows if not np.isnan(values[row])]
        column = self.plain[grid.name]
        return Raw(
            times[rows],
            values[rows],
            lambda row: self.table.row_name(rows[row]),
            lambda row: self.table.place(rows[row], column),
        )

    def wide(self, grid: Grid, times: np.ndarray, cells: dict[str, Cell]) -> Raw:
        """One column for each cell."""
        lacking = [column for column in grid.columns() if column not in cells]
        if lacking:
            hint = "add it, with empty cells if nothing was observed there"
            bad_data(self.report, f"have no column '{lacking[0]}'", hint=hint)
        values = np.full((len(times), *grid.shape), np.nan)
        for column, cell in cells.items():
            values[(slice(None), *cell)] = self.table.numbers(self.plain[column], self.report)
        return Raw(times, values, self.table.row_name, self.table.place)

    def long(self, grid: Grid, times: np.ndarray) -> Raw:
        """One row for each cell and time."""
        each = np.array(sorted(set(times.tolist())))
        place_of = {time: place for place, time in enumerate(each.tolist())}
        values = np.full((len(each), *grid.shape), np.nan)
        first: dict[tuple[int, ...], int] = {}
        numbers = self.table.numbers(self.plain[grid.name], self.report)
        for row, number in enumerate(numbers.tolist()):
            cell = self.cell(grid, row)
            if cell is None or np.isnan(number):
                continue
            where = (place_of[float(times[row])], *cell)
            if where in first:
                name = cell_name(grid.name, tuple(str(self.table.columns[self.plain[a.name]][row]) for a in grid.axes))
                both = f"{self.table.row_name(first[where])} and {self.table.row_name(row)}"
                bad_data(self.report, f"hold '{name}' at time {times[row]:g} twice, in {both}", self.table.place(row))
            first.setdefault(where, row)
            values[where] = number
        return Raw(each, values, lambda row: f"time {each[row]:g}")

    def cell(self, grid: Grid, row: int) -> Cell | None:
        """The cell that a row of a long table means."""
        cell: list[int] = []
        for axis in grid.axes:
            label = self.table.columns[self.plain[axis.name]][row]
            position = position_of(axis, label)
            if position is None:
                place = self.table.place(row, self.plain[axis.name])
                hint = did_you_mean(str(label), [str(name) for name in axis.names])
                problem = f"hold '{label}' in {self.table.row_name(row)}, which is no label of the axis '{axis.name}'"
                bad_data(self.report, problem, place, hint)
                return None
            cell.append(position)
        return tuple(cell)
