"""``opjax fit``: sample the posterior of a model, given data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from opjax.cli.failures import FIGURES, Failure, say, want_file, writing
from opjax.cli.options import Begin, File, MaxSteps, Name, Solver, Tolerance, load
from opjax.cli.runtime import prepare_jax

LONGEST_HEADER = 2_000

Data = Annotated[
    Path, typer.Option("--data", metavar="CSV", help="A column of times, and one per observation.", show_default=False)
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="A .nc file for xarray and ArviZ.")]
Figure = Annotated[Path | None, typer.Option("--figure", help="A figure of data and model: .png, .pdf or .svg.")]
Warmup = Annotated[int, typer.Option("--warmup", min=1, help="Steps of each chain that adapt the sampler.")]
Samples = Annotated[int, typer.Option("--samples", min=1, help="Draws of each chain.")]
Chains = Annotated[int, typer.Option("--chains", min=1, help="Independent chains.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same draws.")]
Accept = Annotated[
    float, typer.Option("--target-accept", min=0.01, max=0.999, help="Nearer to 1: smaller steps, fewer divergences.")
]
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
    target_accept: Accept = 0.8,
    solver: Solver = "auto",
    rtol: Tolerance = None,
    max_steps: MaxSteps = None,
    t0: Begin = None,
    progress: Progress = True,
    name: Name = None,
) -> None:
    """Fit a model to data: NUTS, a table of the posterior, a file and a figure."""
    from opjax.show import counts

    model = load(file, name)
    say(f"model: {model.name}, {counts(model.system)}")
    say(f"data:  {described(data)}")
    want_file(output, (".nc",))
    want_file(figure, FIGURES)
    prepare_jax()
    say(f"NUTS:  {chains} chains of {warmup} warm-up steps and {samples} draws, seed {seed}")
    sampling = {"num_warmup": warmup, "num_samples": samples, "num_chains": chains, "seed": seed}
    settings = {"rtol": rtol, "max_steps": max_steps, "t0": t0}
    given = {key: value for key, value in settings.items() if value is not None}
    posterior = model.fit(data, **sampling, **given, target_accept=target_accept, solver=solver, progress_bar=progress)
    if t0 is None and model.system.start is None:
        say(f"start: the initial values hold at {posterior.start:g}, where the data begin; --t0 TIME sets another time")
    show_table(posterior.summary())
    if output is not None:
        with writing(output):
            posterior.save(output)
        say(f"wrote {output}")
    if figure is not None:
        with writing(figure):
            posterior.figure(figure)
        say(f"wrote {figure}")


def described(data: Path) -> str:
    """What a file of data holds, in a few words; it is read in earnest later.

    Raises:
        Failure: if it cannot be read.
    """
    if data.suffix != ".csv":
        return str(data)
    try:
        with data.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header = file.readline(LONGEST_HEADER).strip()
            rows = sum(1 for line in file if line.strip())
    except OSError as error:
        raise Failure(f"'{data}' cannot be read: {(error.strerror or str(error)).lower()}") from error
    return f"{data}, {rows} rows of {', '.join(name.strip() for name in header.split(','))}"


def show_table(summary: Any) -> None:
    """Print the summary of a posterior: as a table where a person looks on, else as plain text."""
    if not sys.stdout.isatty():
        typer.echo(str(summary))
        return
    from rich.console import Console

    Console().print(summary)
