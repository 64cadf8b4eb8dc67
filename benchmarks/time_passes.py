"""What does each pass gain, and how far from code by hand is a model that needs it?

Each model is compiled with all passes, and with all but one. 64-bit numbers; all values are first checked to be those
of the code by hand. In the first table, below 1x opjax is the quicker one; in the second, above 1x the pass pays. The
gradient is that of the sum of the squares by the states; steps are those of Runge and Kutta in a loop. Jaxpr equations
are those of the right-hand side under `jax.make_jaxpr`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import harness
import time_models
from count_jaxpr_equations import equations
from opjax import stages
from opjax.compile.compiled import CompiledRhs
from opjax.compile.options import DEFAULT
from opjax.errors import Report
from opjax.ir.program import Program, Watch
from opjax.passes import PASSES, run_passes
from pass_models import CASES, Case

Derivative = Callable[[Any, Any], Any]
"""Of a state and parameters."""


@dataclass(frozen=True, slots=True)
class Without:
    """Runs all passes but one; all, where that has no name."""

    name: str = ""

    def __call__(
        self, program: Program, differentiable: bool, watch: Watch | None = None, vectors: bool = True
    ) -> Program:
        """The program after the passes."""
        rows = tuple(row for row in PASSES if row.name != self.name)
        return run_passes(program, differentiable, watch, vectors, rows)


def compiled(case: Case, missing: str = "") -> CompiledRhs:
    """A model with all passes but one."""
    (syntax,) = stages.read_string(case.text, "ojx", Report())
    checked = stages.check(syntax, Report())
    return CompiledRhs(checked.system, stages.WrittenModel(checked), DEFAULT, Without(missing))


def functions(case: Case, by_hand: Callable[..., Any]) -> dict[str, Derivative]:
    """The right-hand sides: by hand, with all passes, and without each that the model needs."""
    found: dict[str, Derivative] = {"hand": lambda y, p: by_hand(0.0, y, p)}
    for missing in ("", *case.passes):
        found[missing or "opjax"] = partial(compiled(case, missing), 0.0)
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured of one model: times with NumPy, JAX, its gradient and steps, and equations, by who wrote it."""

    numpy: dict[str, harness.Timing]
    jax: dict[str, harness.Timing]
    gradient: dict[str, harness.Timing]
    steps: dict[str, harness.Timing]
    equations: dict[str, int]


def measured(case: Case, turns: int) -> Found:
    """Check the values, and measure."""
    y, p = case.drawn()
    calls = functions(case, case.numpy)
    for call in calls.values():
        np.testing.assert_allclose(call(y, p), calls["hand"](y, p), rtol=1e-9, atol=1e-9)
    state, parameters = jnp.asarray(y), jax.tree.map(jnp.asarray, p)
    traced = functions(case, case.jax)
    jitted = {name: jax.jit(call) for name, call in traced.items()}
    for call in jitted.values():
        np.testing.assert_allclose(np.asarray(call(state, parameters)), calls["hand"](y, p), rtol=1e-9, atol=1e-9)
    counts = {name: equations(jax.make_jaxpr(call)(state, parameters).jaxpr) for name, call in traced.items()}
    numpy_calls: dict[str, harness.Candidate] = {name: partial(call, y, p) for name, call in calls.items()}
    gradients = {name: jax.jit(jax.grad(partial(squares, call))) for name, call in traced.items()}
    steps = {name: jax.jit(time_models.steps(call)) for name, call in traced.items()}
    found = [harness.in_turns(awaited(some, state, parameters), turns) for some in (jitted, gradients, steps)]
    return Found(harness.in_turns(numpy_calls, turns), *found, counts)


def squares(call: Derivative, y: Any, p: Any) -> Any:
    """The sum of the squares."""
    return jnp.sum(call(y, p) ** 2)


def awaited(calls: dict[str, Derivative], y: Any, p: Any) -> dict[str, harness.Candidate]:
    """Calls that wait for their results."""
    return {name: lambda call=call: call(y, p).block_until_ready() for name, call in calls.items()}


def times(timing: dict[str, harness.Timing], one: str, other: str) -> list[str]:
    """Both times, and the ratio."""
    return [
        *(harness.microseconds(timing[name].median) for name in (one, other)),
        harness.ratio(timing[one].over(timing[other])),
    ]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    whole: list[list[str]] = []
    rows: list[tuple[str, list[str]]] = []
    with jax.enable_x64(True):
        for case in CASES:
            found = measured(case, page.turns)
            counts = found.equations
            both = [*times(found.numpy, "opjax", "hand"), *times(found.jax, "opjax", "hand")]
            whole.append([case.name, *both, str(counts["opjax"]), str(counts["hand"])])
            for name in case.passes:
                some = (found.numpy, found.jax, found.gradient, found.steps)
                without = [each[name].over(each["opjax"]) for each in some]
                cells = [*map(harness.ratio, without), str(counts[name]), str(counts["opjax"])]
                rows.append((name, [f"{name}: {case.name}", *cells]))
    order = [row.name for row in PASSES]
    rows.sort(key=lambda row: order.index(row[0]))
    columns = [
        "model",
        "NumPy, us",
        "by hand, us",
        "ratio",
        "JAX, us",
        "by hand, us",
        "ratio",
        "jaxpr equations",
        "by hand",
    ]
    page.table("All passes, against code by hand", columns, whole)
    kinds = ("NumPy", "JAX", "JAX, gradient", "JAX, steps")
    columns = ["pass and model", *(f"{kind}: without / with" for kind in kinds), "jaxpr equations without", "with"]
    page.table("Without one pass", columns, [cells for _, cells in rows])
    page.finish()


if __name__ == "__main__":
    main()
