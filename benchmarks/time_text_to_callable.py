"""How long does it take from the text of a model to a function that can be called?

NumPy: parsing, checking, compiling and the first call. JAX: the same up to the jitted function's first result, split
into opjax's part and the part that JAX needs for the hand-written code too (tracing and XLA). Aims: SIR under 20 ms,
the 16-age SEIR under 50 ms, without JAX's part. Each time is for a model that was not seen before in the process; a
cold process pays for what is imported at first use once more (the last table: "text to callable" includes it).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import by_hand
import harness
import opjax

AIMS = {"SIR": "20", "SEIR, 16 ages": "50"}
COLD = """
import time
start = time.perf_counter()
import numpy, opjax
ready = time.perf_counter()
rhs = opjax.compile_rhs({text!r}, xp=numpy)
print(ready - start, time.perf_counter() - ready)
"""
_serial = iter(range(10**9))


def unseen(text: str) -> str:
    """The same model under a name that no cache has seen."""
    head, colon, rest = text.partition("model ")
    name, _, body = rest.partition(":")
    return f"{head}{colon}{name}{next(_serial)}:{body}"


def to_numpy(case: by_hand.Case, text: str) -> Any:
    """Text to the first derivative with NumPy."""
    rhs = opjax.compile_rhs(unseen(text), xp=np)
    return rhs.eval_fn(0.0, case.y0, **{name: case.parameters[name] for name in rhs.param_names})


def to_rhs(text: str) -> Any:
    """Text to the compiled function for JAX, not yet traced."""
    return opjax.compile_rhs(unseen(text), xp=jnp)


def by_mapping(rhs: Any) -> by_hand.RightHandSide:
    """The compiled function with its parameters in one mapping."""
    return lambda t, y, parameters: rhs.eval_fn(t, y, **parameters)


def first_jitted(f: Any, y: Any, parameters: by_hand.Parameters) -> Any:
    """Trace, compile and run once."""
    return jax.jit(lambda y, p: f(jnp.zeros((), y.dtype), y, p))(y, parameters).block_until_ready()


def row(case: by_hand.Case, repeats: int) -> list[str]:
    """One line of the first table, each cell the median of single runs taken in turns."""
    text = case.file.read_text(encoding="utf-8")
    y, parameters = jnp.asarray(case.y0), jax.tree.map(jnp.asarray, dict(case.parameters))
    to_numpy(case, text)
    columns: list[list[float]] = [[], [], [], []]
    for _ in range(repeats):
        columns[0].append(harness.once(lambda: to_numpy(case, text)))
        columns[1].append(harness.once(lambda: to_rhs(text)))
        rhs = to_rhs(text)
        wanted = {name: parameters[name] for name in rhs.param_names}
        emitted = by_mapping(rhs)
        columns[2].append(harness.once(lambda f=emitted, p=wanted: first_jitted(f, y, p)))
        columns[3].append(harness.once(lambda: first_jitted(case.jax, y, parameters)))
    return [case.name, AIMS.get(case.name, ""), *(harness.milliseconds(statistics.median(c)) for c in columns)]


def cold_row(case: by_hand.Case, repeats: int) -> list[str]:
    """One line of the second table: a fresh process."""
    code = COLD.format(text=case.file.read_text(encoding="utf-8"))
    runs = []
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        runs.append([float(word) for word in done.stdout.split()])
    return [case.name, *(harness.milliseconds(statistics.median(column)) for column in zip(*runs, strict=True))]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    repeats = 3 if page.quick else 21
    columns = [
        "model",
        "aim",
        "to the first NumPy call",
        "to the JAX function",
        "its trace + XLA",
        "by hand: trace + XLA",
    ]
    with jax.enable_x64(True):
        page.table("Milliseconds in a warm process", columns, [row(c, repeats) for c in by_hand.CASES])
    cold = [cold_row(c, 1 if page.quick else 7) for c in by_hand.CASES[:2]]
    page.table("Milliseconds in a fresh process", ["model", "imports", "text to callable"], cold)
    page.finish()


if __name__ == "__main__":
    main()
