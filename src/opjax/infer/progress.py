"""How far the chains are: one line for all of them, written by the calling thread."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from opjax.infer.sampler import Report, Sampling


def silent(chain: int, done: int, divergences: int) -> None:
    """Show nothing."""
    del chain, done, divergences


@contextlib.contextmanager
def progress_of(sampling: Sampling, shown: bool) -> Generator[Report]:
    """A function that is told how far each chain is, and shows it while the block runs.

    Arguments:
        sampling: how much there is to do.
        shown: whether to show anything.
    """
    if not shown:
        yield silent
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("warm-up", total=sampling.total * sampling.num_chains, note="")
        done = [0] * sampling.num_chains
        divergences = [0] * sampling.num_chains

        def told(chain: int, finished: int, diverging: int) -> None:
            done[chain], divergences[chain] = finished, diverging
            phase = "sampling" if min(done) >= sampling.num_warmup else "warm-up "
            note = f"{sum(divergences)} divergences" if sum(divergences) else ""
            bar.update(task, completed=sum(done), description=phase, note=note)

        yield told
