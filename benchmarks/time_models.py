"""How fast is one warm call of each model, and what does vmap/grad cost, against hand-written code?

A direct call with NumPy, the parameters bound on both sides, as solvers call it, and beside it with the parameters in
one mapping on both sides (`time_warm_call.md` has more on ways to call); with JAX a jitted call, steps of Runge and
Kutta in a loop, the gradient of the sum of squares by the states, and the call mapped over many states, all jitted; all
but the last in several fresh processes, of whose figures and ratios the medians stand here. 64-bit numbers; all values
are first checked to be those of the code by hand, which is one function for a model: of several ways to write Lorenz-96
the one that is quickest in a call and a loop (`time_stencils.md` shows them). The operations are the equations of the
jaxpr, with those inside of calls; the memory is the most that NumPy holds in one call, and what XLA sets aside for
temporaries. Below 1x opjax is the quicker one.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import harness
import opjax
import text_models
from count_jaxpr_equations import equations
from text_models import Case

Call = Callable[[Any, Any], Any]
"""A function of the state and the parameters."""
STEPS, STEP = 100, 1e-5


def compiled(case: Case) -> opjax.CompiledRhs:
    """The model, compiled from its text."""
    return opjax.compile_rhs(opjax.loads(case.text, "ojx"))


def used(rhs: opjax.CompiledRhs, case: Case) -> dict[str, Any]:
    """The parameters that the derivative takes."""
    return {name: case.parameters[name] for name in rhs.param_names}


def numpy_pair(case: Case) -> dict[str, harness.Candidate]:
    """The two calls with NumPy, the parameters bound."""
    rhs = compiled(case)
    p = used(rhs, case)
    bound = rhs.bind(p)
    np.testing.assert_allclose(bound(0.0, case.y0), case.bound(0.0, case.y0), rtol=1e-9, atol=1e-12)
    return {"opjax": lambda: bound(0.0, case.y0), "hand": lambda: case.bound(0.0, case.y0)}


def mapping_pair(case: Case) -> dict[str, harness.Candidate]:
    """The two calls with NumPy, the parameters in one mapping."""
    rhs = compiled(case)
    p = used(rhs, case)
    np.testing.assert_allclose(rhs(0.0, case.y0, p), case.numpy(0.0, case.y0, p), rtol=1e-9, atol=1e-12)
    return {"opjax": lambda: rhs(0.0, case.y0, p), "hand": lambda: case.numpy(0.0, case.y0, p)}


def jax_calls(case: Case) -> tuple[dict[str, Call], Any, dict[str, Any]]:
    """The two functions with JAX, the state and the parameters."""
    rhs = compiled(case)
    p = {name: jnp.asarray(value) for name, value in used(rhs, case).items()}
    return {"opjax": lambda y, p: rhs(0.0, y, p), "hand": lambda y, p: case.jax(0.0, y, p)}, jnp.asarray(case.y0), p


def mapped(call: Call) -> Call:
    """The function of many states."""
    return jax.vmap(call, in_axes=(0, None))


def gradient(call: Call) -> Call:
    """The gradient of the sum of squares by the states."""
    return jax.grad(lambda y, p: jnp.sum(call(y, p) ** 2))


def steps(call: Call) -> Call:
    """A loop of classical Runge-Kutta steps, too small to leave the values for which a model is meant."""

    def step(y: Any, p: Any) -> Any:
        first = call(y, p)
        second = call(y + STEP / 2 * first, p)
        third = call(y + STEP / 2 * second, p)
        return y + STEP / 6 * (first + 2 * second + 2 * third + call(y + STEP * third, p))

    return lambda y, p: lax.fori_loop(0, STEPS, lambda _, y: step(y, p), y)


CHANGES: dict[str, Callable[[Call], Call]] = {"call": lambda call: call, "steps": steps, "gradient": gradient}


def jitted(calls: dict[str, Call], y: Any, p: dict[str, Any]) -> dict[str, harness.Candidate]:
    """Jitted calls that have been made once, and give the same."""
    functions = {name: jax.jit(call) for name, call in calls.items()}
    answers = [np.asarray(f(y, p)) for f in functions.values()]
    np.testing.assert_allclose(*answers, rtol=1e-8, atol=1e-8 * float(np.max(np.abs(answers[0]))))
    return {name: lambda f=f: f(y, p).block_until_ready() for name, f in functions.items()}


def row(name: str, pair: dict[str, harness.Candidate], turns: int) -> list[str]:
    """One line of a table of times."""
    timing = harness.in_turns(pair, turns)
    cells = [harness.microseconds(timing[which].median) for which in ("opjax", "hand")]
    return [name, *cells, harness.ratio(timing["opjax"].over(timing["hand"]))]


def numpy_peak(call: harness.Candidate) -> int:
    """The most bytes that one warm call holds at once."""
    call()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def figures(place: int, quick: bool, hand_first: bool) -> dict[str, float]:
    """What calls and a gradient of one of the models take, in a process of its own."""
    found: dict[str, float] = {}
    with jax.enable_x64(True):
        case = list(text_models.cases(quick))[place]
        calls, y, p = jax_calls(case)
        calls = harness.ordered(calls, hand_first)
        pairs = {
            title: jitted({k: change(call) for k, call in calls.items()}, y, p) for title, change in CHANGES.items()
        }
        for title, pair in {"bound": numpy_pair(case), "mapping": mapping_pair(case), **pairs}.items():
            timing = harness.in_turns(harness.ordered(pair, hand_first), 2 if quick else harness.FEW_TURNS)
            found |= {f"{title}, {name}": timing[name].median for name in calls}
            found |= {f"{title}, ratio": timing["opjax"].over(timing["hand"])}
    return found


def row_of(name: str, title: str, found: Mapping[str, float]) -> list[str]:
    """One line of a table of medians over processes."""
    cells = [harness.microseconds(found[f"{title}, {which}"]) for which in ("opjax", "hand")]
    return [name, *cells, harness.ratio(found[f"{title}, ratio"])]


def counts(case: Case) -> list[str]:
    """One line of the table of operations and memory."""
    cells: list[str] = []
    calls, y, p = jax_calls(case)
    cells += [str(equations(jax.make_jaxpr(call)(y, p).jaxpr)) for call in calls.values()]
    cells += [f"{numpy_peak(call) / 1024:,.1f}" for call in numpy_pair(case).values()]
    for call in calls.values():
        analysis = jax.jit(call).lower(y, p).compile().memory_analysis()
        cells.append(f"{analysis.temp_size_in_bytes / 1024:,.1f}" if analysis is not None else "-")
    return [case.name, *cells]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "opjax, us", "by hand, us", "opjax / hand"]
    found = list(text_models.cases(page.quick))
    with jax.enable_x64(True):
        measured = {
            case.name: harness.in_processes(figures, place, page.quick, processes=page.processes)
            for place, case in enumerate(found)
        }
        rows = [[*row_of(name, "bound", f), row_of(name, "mapping", f)[-1]] for name, f in measured.items()]
        page.table("NumPy, one call", [*columns, "one mapping, opjax / hand"], rows)
        for title, heading in zip(CHANGES, ("one jitted call", f"{STEPS} steps in a loop", "gradient"), strict=True):
            page.table(f"JAX, {heading}", columns, [row_of(name, title, f) for name, f in measured.items()])
        rows = []
        for case in found:
            calls, y, p = jax_calls(case)
            many = jnp.stack([y * (1 + 0.01 * i / case.mapped) for i in range(case.mapped)])
            pair = jitted({name: mapped(call) for name, call in calls.items()}, many, p)
            rows.append(row(f"{case.name}, {case.mapped:,} states", pair, page.turns))
        page.table("JAX, vmap", columns, rows)
        pairs = ("operations", "NumPy, KiB", "XLA, KiB")
        heads = ["model", *(f"{what}, {who}" for what in pairs for who in ("opjax", "hand"))]
        page.table("Operations and memory", heads, [counts(c) for c in found])
    page.finish()


if __name__ == "__main__":
    main()
