"""``opjax simulate``: solve a model and write the solution."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from opjax.cli.failures import FIGURES, Failure, say, want_file, writing
from opjax.cli.figures import states_figure
from opjax.cli.options import Begin, File, Labels, MaxSteps, Name, Solver, Tolerance, load, pairs
from opjax.cli.runtime import prepare_jax

MOST_TIMES = 10_000_000
Times = Annotated[
    str, typer.Option("--times", metavar="START:STOP:STEP", help="When to save; or a list: 0,1,5.", show_default=False)
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter: a number or a list such as [1, 2]; repeatable."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A .csv or .nc file; else CSV is printed.")]
Figure = Annotated[Path | None, typer.Option("--figure", help="A figure of the states: .png, .pdf or .svg.")]


def simulate(
    file: File,
    times: Times,
    set_values: Set = None,
    solver: Solver = "auto",
    rtol: Tolerance = None,
    max_steps: MaxSteps = None,
    t0: Begin = None,
    output: Output = None,
    figure: Figure = None,
    name: Name = None,
    labels: Labels = None,
) -> None:
    """Solve a model with its default parameters, or with others."""
    model = load(file, name, labels)
    wanted = parse_times(times)
    values = {key: parse_value(key, text) for key, text in pairs(set_values or [], "--set").items()}
    want_file(output, (".csv", ".nc"))
    want_file(figure, FIGURES)
    prepare_jax()
    settings = {"rtol": rtol, "max_steps": max_steps, "t0": t0}
    given = {key: value for key, value in settings.items() if value is not None}
    solution = model.simulate(values, ts=wanted, solver=solver, **given)
    if output is not None:
        _write(solution.dataset, output)
    elif figure is None:
        typer.echo(table(solution.dataset), nl=False)
    if figure is not None:
        draw(solution.dataset[list(model.states)], figure)
        say(f"wrote {figure}")
    if not solution.succeeded:  # a warning has said where it stopped
        raise typer.Exit(1)


def parse_times(text: str) -> list[float]:
    """The times of ``start:stop:step`` (the stop included) or of a list with commas.

    Raises:
        Failure: if they cannot be read, or are too many.

    Example:
        >>> parse_times("0:1:0.25")
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    try:
        if ":" not in text:
            return [float(part) for part in text.split(",")]
        start, stop, step = (float(part) for part in text.split(":"))
    except ValueError:
        raise Failure(f"--times takes START:STOP:STEP or a list such as 0,1,5, not '{text}'") from None
    if not (math.isfinite(start) and math.isfinite(stop) and step > 0 and stop >= start):
        raise Failure(f"--times {text} has no times: START is not above STOP, and STEP is above 0")
    steps = (stop - start) / step
    if not steps < MOST_TIMES:
        raise Failure(f"--times {text} asks for more than {MOST_TIMES} times")
    count = math.floor(steps + 1e-9)  # 0:1:0.1 ends at 1, although ten times 0.1 is not quite that
    return [start + place * step for place in range(count + 1)]


def parse_value(name: str, text: str) -> Any:
    """A number, or a list of numbers (also nested) as an array.

    Raises:
        Failure: for anything else.
    """
    import numpy

    try:
        value = json.loads(text) if text.startswith("[") else float(text)
        return value if isinstance(value, float) else numpy.asarray(value, dtype=float)
    except (ValueError, TypeError, RecursionError):
        raise Failure(f"--set {name} takes a number or a list such as [1, 2], not '{text[:40]}'") from None


def table(dataset: Any) -> str:
    """A solution as CSV: the time, then a column for each cell of each variable.

    Arguments:
        dataset: an xarray dataset whose variables have the dimension ``time`` and those of their axes.
    """
    columns: dict[str, Any] = {"time": dataset["time"].values, **dict(_cells(dataset))}
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return lines.getvalue()


def _cells(dataset: Any) -> Iterator[tuple[str, Any]]:
    """Each cell of each variable that changes in time: its name and its values."""
    for name, variable in dataset.data_vars.items():
        if "time" not in variable.dims:
            continue
        values = variable.transpose("time", ...)
        labels = [[_label(point) for point in variable[axis].values.tolist()] for axis in values.dims[1:]]
        flat = values.values.reshape(values.shape[0], -1)
        for place, cell in enumerate(itertools.product(*labels)):
            yield f"{name}[{','.join(cell)}]" if cell else str(name), flat[:, place]


def _label(point: object) -> str:
    return f"{point:g}" if isinstance(point, float) else str(point)


def draw(states: Any, figure: Path) -> None:
    """A figure of a solution: a panel for each state, a line for each of its cells.

    Arguments:
        states: an xarray dataset.
        figure: where to write it.
    """
    with writing(figure):
        states_figure(states).savefig(figure, dpi=150)


def _write(dataset: Any, output: Path) -> None:
    with writing(output):
        if output.suffix == ".nc":
            dataset.to_netcdf(output, engine="h5netcdf")
        else:
            output.write_text(table(dataset), encoding="utf-8", newline="")
    say(f"wrote {output}")
