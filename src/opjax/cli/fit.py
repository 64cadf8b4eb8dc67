"""``opjax fit``: sample the posterior of a model, given data."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from opjax.cli.failures import Failure, say, writing
from opjax.cli.options import File, Name, load
from opjax.cli.runtime import prepare_jax
from opjax.source import DEFAULT_LIMITS

Data = Annotated[
    Path, typer.Option("--data", metavar="CSV", help="A column of times, and one per observation.", show_default=False)
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A .nc file for xarray and ArviZ.")]
Figure = Annotated[Path | None, typer.Option("--figure", help="A figure of data and model: .png, .pdf or .svg.")]
Warmup = Annotated[int, typer.Option("--warmup", min=1, help="Steps of each chain that adapt the sampler.")]
Samples = Annotated[int, typer.Option("--samples", min=1, help="Draws of each chain.")]
Chains = Annotated[int, typer.Option("--chains", min=1, help="Independent chains.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same draws.")]
Progress = Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far the chains are.")]


def fit(
    file: File,
    data: Data,
    output: Output = None,
    figure: Figure = None,
    warmup: Warmup = 1000,
    samples: Samples = 1000,
    chains: Chains = 4,
    seed: Seed = 0,
    progress: Progress = True,
    name: Name = None,
) -> None:
    """Fit a model to data: NUTS, a table of the posterior, a file and a figure."""
    model = load(file, name)
    columns = read_columns(data)
    say(f"model: {model.name} ({file})")
    say(f"data:  {rows_of(columns)} rows of {', '.join(columns)} ({data})")
    for path in (output, figure):
        want_folder(path)
    prepare_jax(devices=min(chains, os.cpu_count() or 1))
    say(f"NUTS:  {chains} chains of {warmup} warm-up steps and {samples} draws, seed {seed}")
    posterior = model.fit(
        columns, num_warmup=warmup, num_samples=samples, num_chains=chains, seed=seed, progress_bar=progress
    )
    show_table(posterior.summary())
    if output is not None:
        with writing(output):
            posterior.save(output)
        say(f"wrote {output}")
    if figure is not None:
        with writing(figure):
            posterior.figure(figure)
        say(f"wrote {figure}")


def read_columns(path: Path) -> Mapping[str, Any]:
    """The columns of a CSV file by name; numbers as arrays, an empty cell is missing (nan).

    Raises:
        Failure: if there is no such file, or a cell is no number.
    """
    import numpy

    try:
        if path.stat().st_size > DEFAULT_LIMITS.bytes:
            raise Failure(f"'{path}' is larger than {DEFAULT_LIMITS.bytes} bytes")
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
    except OSError as error:
        raise Failure(f"'{path}' cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Failure(f"'{path}' is not a CSV file: {error}") from error
    names = [name.strip() for name in header]
    if not rows or len(set(names)) < len(names) or not all(names):
        raise Failure(f"'{path}' needs a header with a name for each column, each name once, and rows below it")
    for place, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise Failure(f"'{path}', row {place}: {len(row)} cells, and the header has {len(names)}")
    return {
        name: numpy.array([number(row[column], path, place, name) for place, row in enumerate(rows, start=2)])
        for column, name in enumerate(names)
    }


def number(cell: str, path: Path, row: int, column: str) -> float:
    """The number in a cell.

    Raises:
        Failure: if there is none.
    """
    text = cell.strip()
    try:
        return float(text) if text.upper() not in ("", "NA") else float("nan")
    except ValueError:
        raise Failure(f"'{path}', row {row}, column '{column}': '{text[:40]}' is not a number") from None


def rows_of(columns: Mapping[str, Any]) -> int:
    """The number of rows."""
    return len(next(iter(columns.values())))


def want_folder(path: Path | None) -> None:
    """Refuse a file in a folder that does not exist, before minutes of sampling.

    Raises:
        Failure: if the folder does not exist.
    """
    if path is not None and not path.resolve().parent.is_dir():
        raise Failure(f"'{path}' cannot be written: there is no folder '{path.parent}'")


def show_table(summary: Any) -> None:
    """Print the summary of a posterior."""
    typer.echo(str(summary))
