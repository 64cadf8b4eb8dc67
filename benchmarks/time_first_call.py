"""How long does it take from the text of a model to a compiled function, beside code by hand that XLA compiles too?

With JAX: text to the `CompiledRhs`, then the passes, tracing and XLA; by hand, tracing and XLA alone. The aim allows
1.2 times the time by hand, and 50 ms for each 1,000 equations (states that are declared) for reading them; "lines" are
those of the text. With NumPy: text to the `CompiledRhs`, and the first call, of growing networks, and how much more
each takes than for the smallest. 64-bit numbers, models that no cache has seen, CPU time of this process with all its
threads; medians of runs in turns.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import by_hand
import chemistry
import harness
import networks
import opjax
import text_models

Derivative = Callable[[Any], Any]
PER_EQUATION = 50e-6
TIMES = 1.2


def models(quick: bool) -> Iterator[tuple[str, str, Any, Derivative]]:
    """Names, texts, states, and derivatives by hand, with the parameters that the text has none for."""
    for case in (*by_hand.CASES[2:], *text_models.cases(quick)):
        text = case.text if isinstance(case, text_models.Case) else case.file.read_text(encoding="utf-8")
        yield case.name, text, case.y0, lambda y, f=case.jax, p=dict(case.parameters): f(0.0, y, p)
    for name, text, rates, count in (
        ("HIRES", chemistry.HIRES, chemistry.hires, 8),
        ("POLLU", chemistry.POLLU, chemistry.pollu, 20),
    ):
        yield name, text, np.linspace(0.1, 1.0, count), chemistry.on_jax(rates)
    for count in (20,) if quick else (20, 60, 500):
        genes = networks.genes(count)
        yield genes.name, genes.text, genes.y, genes.jax
    for count in (100,) if quick else (100, 1_000, 5_000, 20_000):
        network = networks.mass_action(count)
        yield network.name, network.text, network.y, network.jax


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process: what else the machine does counts less."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def compiled(f: Derivative, y: Any) -> None:
    """Trace and compile, without a run."""

    def unseen(y: Any) -> Any:  # JAX keeps what it has traced, by function
        return f(y)

    jax.jit(unseen).lower(y).compile()


def row(name: str, text: str, y: Any, hand: Derivative, given: dict[str, Any], repeats: int) -> list[str]:
    """One line of the table for JAX."""
    state, found = jnp.asarray(y), dict[str, list[float]]()
    compiled(hand, state)  # what is imported and made at first use counts for nobody
    equations = len(opjax.compile_rhs(opjax.loads(text, "ojx")).template_shapes)
    for _ in range(repeats):
        opjax.clear_cache()
        made: list[opjax.CompiledRhs] = []
        found.setdefault("rhs", []).append(
            seconds(lambda m=made: m.append(opjax.compile_rhs(opjax.loads(text, "ojx"))))
        )
        wanted = {name: given[name] for name in made[0].param_names if name in given}
        found.setdefault("first", []).append(
            seconds(lambda f=made[0], p=wanted: compiled(lambda y: f(0.0, y, p), state))
        )
        found.setdefault("hand", []).append(seconds(lambda: compiled(hand, state)))
    rhs, first, by = (statistics.median(found[which]) for which in ("rhs", "first", "hand"))
    allowed = TIMES * by + PER_EQUATION * equations
    cells = [harness.milliseconds(value) for value in (rhs, first, rhs + first, by, allowed)]
    return [name, f"{equations:,}", f"{text.count(chr(10)):,}", *cells, harness.ratio((rhs + first) / allowed)]


def growth(sizes: tuple[int, ...], repeats: int) -> list[list[str]]:
    """The lines of the table for NumPy."""
    cases = [networks.mass_action(size) for size in sizes]
    times: dict[str, list[tuple[float, float]]] = {case.name: [] for case in cases}
    for _ in range(repeats):
        for case in cases:
            opjax.clear_cache()
            made: list[opjax.CompiledRhs] = []
            before = seconds(lambda c=case, m=made: m.append(opjax.compile_rhs(opjax.loads(c.text, "ojx"))))
            times[case.name].append((before, seconds(lambda c=case, m=made: m[0](0.0, c.y, {}))))
    rows, base = list[list[str]](), (0.0, 0.0)
    for case, size in zip(cases, sizes, strict=True):
        both = tuple(statistics.median(column) for column in zip(*times[case.name], strict=True))
        base = both if size == sizes[0] else base
        more = [f"{value / first:.1f}x" for value, first in zip(both, base, strict=True)]
        rows.append([case.name, *map(harness.milliseconds, both), f"{size / sizes[0]:.0f}x", *more])
    return rows


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    repeats = 1 if page.quick else 5
    columns = ["model", "equations", "lines", "text to rhs, ms", "first, ms", "together, ms", "by hand, ms"]
    given = {case.name: dict(case.parameters) for case in (*by_hand.CASES, *text_models.cases(page.quick))}
    with jax.enable_x64(True):
        rows = [row(*model, given.get(model[0], {}), repeats) for model in models(page.quick)]
    page.table("JAX", [*columns, "allowed, ms", "together / allowed"], rows)
    sizes = (100, 500) if page.quick else (1_000, 5_000, 20_000)
    page.table(
        "NumPy",
        ["model", "text to rhs, ms", "first, ms", "species", "text to rhs, grown", "first, grown"],
        growth(sizes, repeats),
    )
    page.finish()


if __name__ == "__main__":
    main()
