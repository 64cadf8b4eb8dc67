"""What the benchmarks share: interleaved timing, medians, and a page with the table and the machine beside it.

Absolute times depend on the machine and on what else it does; ratios of candidates that were timed in turns do much
less. So every comparison here runs its candidates in turns, and the ratio is the median over turns.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
BLOCK_SECONDS = 0.004
PARTS = 5
TURNS = 31
PROCESSES, FEW_TURNS = 7, 7

Candidate = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """Seconds per call of one candidate, turn by turn."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    def over(self, other: Timing) -> float:
        """The median over turns of this candidate's time over the other's."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds, strict=True))


def in_turns(candidates: dict[str, Candidate], turns: int = TURNS) -> dict[str, Timing]:
    """Time candidates in turns: A B C, B C A, C A B, ...

    What else the machine does makes a block of calls longer, never shorter. So in each turn every candidate has a few
    short blocks among those of the others, of which the quickest counts; and over turns the median.

    Arguments:
        candidates: functions without arguments by name; a function of JAX waits for its result.
        turns: how many times each is timed; one timing is the quickest of a few blocks of about 4 ms.

    Returns:
        The timings by name.
    """
    calls = {name: _calls_per_block(candidate) for name, candidate in candidates.items()}
    names = list(candidates)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns):
        quickest = dict.fromkeys(names, float("inf"))
        for part in range(PARTS):
            first = (turn + part) % len(names)
            for name in names[first:] + names[:first]:
                quickest[name] = min(quickest[name], _block(candidates[name], calls[name]) / calls[name])
        for name in names:
            seconds[name].append(quickest[name])
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


def _block(candidate: Candidate, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        candidate()
    return time.perf_counter() - start


def _calls_per_block(candidate: Candidate) -> int:
    candidate()  # the first call compiles
    calls = 1
    while (seconds := _block(candidate, calls)) < BLOCK_SECONDS / 4:
        calls *= 4
    return max(1, round(calls * BLOCK_SECONDS / seconds))


def ordered(candidates: dict[str, Any], hand_first: bool) -> dict[str, Any]:
    """Candidates in their order, or in the opposite one: the first is compiled first."""
    return dict(reversed(candidates.items())) if hand_first else candidates


def once(candidate: Candidate) -> float:
    """Seconds of a single call."""
    return _block(candidate, 1)


def in_processes(measure: Callable[..., Mapping[str, float]], *arguments: Any, processes: int) -> dict[str, float]:
    """Measure in fresh processes, one after the other, and take the median of each figure.

    The same operations of XLA on the same numbers differ by a few in a hundred from process to process, as memory and
    threads happen to lie, and in large networks and short calls by more; turns inside one process do not show that.
    What is compiled first is slower by one or two in a hundred, so each side is first in every other process.

    Arguments:
        measure: a function of a module, which gives figures by name.
        arguments: what it takes; behind them, whether to compile the code by hand first.
        processes: how many.
    """
    found: list[Mapping[str, float]] = []
    for number in range(processes):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            found.append(pool.submit(measure, *arguments, number % 2 == 1).result())
    return {name: statistics.median(figures[name] for figures in found) for name in found[0]}


@dataclass
class Page:
    """The page of one benchmark: its question, tables, and the machine they were measured on.

    Arguments:
        script: the script's ``__file__``; the page is named after it.
        question: the script's docstring; its first line is the title.
    """

    script: str
    question: str
    lines: list[str] = field(default_factory=list)
    quick: bool = False

    def __post_init__(self) -> None:
        """Read the command line: ``--quick`` runs fewer turns and leaves the saved page as it is."""
        title, _, rest = self.question.strip().partition("\n")
        parser = argparse.ArgumentParser(description=title)
        parser.add_argument("--quick", action="store_true", help="few turns; print the table, do not save it")
        self.quick = parser.parse_args().quick
        self.lines += [f"# {title}", "", rest.strip(), ""]

    @property
    def turns(self) -> int:
        """How many turns to time."""
        return 2 if self.quick else TURNS

    @property
    def processes(self) -> int:
        """In how many processes to measure what differs from one to the next."""
        return 1 if self.quick else PROCESSES

    def table(self, heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; the first column is text, the others are numbers."""
        cells = [list(columns), *map(list, rows)]
        width = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        self.lines += [f"## {heading}", ""] if heading else []
        self.lines.append(_row(columns, width))
        self.lines.append("|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(width)) + "|")
        self.lines += [_row(row, width) for row in rows]
        self.lines.append("")

    def note(self, text: str) -> None:
        """Add a paragraph."""
        self.lines += [text, ""]

    def finish(self) -> None:
        """Print the page, and save it unless this was a quick run."""
        text = "\n".join([*self.lines, machine(), ""])
        print(text)
        if not self.quick:
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{Path(self.script).stem}.md").write_text(text, encoding="utf-8")


def _row(cells: Sequence[str], width: Sequence[int]) -> str:
    padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, width, strict=True))]
    return "| " + " | ".join(padded) + " |"


def machine() -> str:
    """One line about the processor and the versions."""
    packages = []
    for package in ("opjax", "numpy", "jax", "diffrax", "numpyro"):
        try:
            packages.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    return (
        f"Measured on {_processor()}, {os.cpu_count()} cores, BLAS threads: {threads}, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(packages)}."
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def microseconds(seconds: float) -> str:
    """Such as ``12.3``."""
    return f"{seconds * 1e6:.3g}" if seconds < 1e-3 else f"{seconds * 1e6:,.0f}"


def milliseconds(seconds: float) -> str:
    """Such as ``12.3``."""
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:,.0f}"


def ratio(value: float) -> str:
    """Such as ``1.05x``."""
    return f"{value:.2f}x"
