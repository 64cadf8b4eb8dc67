"""How fast are large reaction networks compiled and called?

Networks as a person writes them, a line for each reaction and each parameter, beside the best code by hand: gathers,
vector operations and one segment sum over arrays that somebody had to make first. Both give the same derivative,
which is checked. "Text to rhs" is from the text to the `CompiledRhs`; "first" what its first call takes, with JAX the
passes, tracing and XLA; warm calls are timed in turns in several fresh processes, of whose figures and ratios the
medians stand here. 64-bit numbers. Aims: 20,000 species under 5 s up to the first result, linear growth, warm calls
at most 1.05 times those by hand.
"""

from __future__ import annotations

import functools
import gc
import resource
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import harness
import networks
import opjax
from count_jaxpr_equations import equations
from time_models import numpy_peak

STATES = 1_000
SMALL = 1_000
"""Species up to which so many states are no hundreds of megabytes."""
COLUMNS = (
    "model",
    "text to rhs, ms",
    "first, ms",
    "first, hand, ms",
    "warm, us",
    "warm, hand, us",
    "warm / hand",
)


def figures(network: networks.Network, xp: Any, turns: int, hand_first: bool = False) -> dict[str, float]:
    """What is measured of a network: seconds, and a ratio."""
    made: dict[str, Any] = {}
    on_jax = xp is jnp
    y = jnp.asarray(network.y) if on_jax else network.y

    def compiled() -> None:
        made["rhs"] = opjax.compile_rhs(network.text, xp=xp)

    def ready(function: Any) -> Any:
        called: Any = jax.jit(function) if on_jax else function
        return (lambda: called(y).block_until_ready()) if on_jax else lambda: called(y)

    gc.collect()  # what the models before have left is not looked through in the time of this one
    read = harness.once(compiled)
    emitted, by_hand = _emitted(made), network.jax if on_jax else network.numpy
    calls = harness.ordered({"opjax": ready(emitted), "hand": ready(by_hand)}, hand_first)
    first = {
        name: harness.once(lambda call=call, name=name: made.update({name: call()})) for name, call in calls.items()
    }
    np.testing.assert_allclose(made["opjax"], made["hand"], rtol=1e-10, atol=1e-10)
    timing = harness.in_turns(calls, turns)
    found = {"text": read, "ratio": timing["opjax"].over(timing["hand"])}
    found |= {f"first, {name}": seconds for name, seconds in first.items()}
    found |= {f"warm, {name}": timing[name].median for name in calls}
    traced = {"opjax": emitted, "hand": by_hand} if on_jax else {}
    return found | {f"equations, {name}": equations(jax.make_jaxpr(f)(y).jaxpr) for name, f in traced.items()}


def figures_apart(place: int, on_jax: bool, quick: bool, hand_first: bool) -> dict[str, float]:
    """The same for one of the models, in a process of its own."""
    xp = jnp if on_jax else np
    with jax.enable_x64(True):
        figures(networks.mass_action(60), xp, 1)  # what the first model of a process pays for
        return figures(models(quick)[place], xp, 2 if quick else harness.FEW_TURNS, hand_first)


def models(quick: bool) -> list[networks.Network]:
    """The networks."""
    sizes = (100, 500) if quick else (100, 1_000, 5_000, 20_000)
    return [*(networks.mass_action(size) for size in sizes), networks.genes(60 if quick else 500)]


def row(name: str, found: Mapping[str, float]) -> list[str]:
    """One line of a table."""
    cells = [harness.milliseconds(found[key]) for key in ("text", "first, opjax", "first, hand")]
    cells += [harness.microseconds(found[f"warm, {side}"]) for side in ("opjax", "hand")]
    counted = [f"equations, {side}" for side in ("opjax", "hand")]
    return [name, *cells, harness.ratio(found["ratio"]), *(f"{found[key]:.0f}" for key in counted if key in found)]


def transformed(network: networks.Network, turns: int) -> list[str]:
    """One line of the table of transformations: gradient, many states, memory."""
    rhs, y = opjax.compile_rhs(network.text, xp=jnp), jnp.asarray(network.y)
    many = jnp.stack([y * (1 + i / STATES) for i in range(STATES)])
    functions: dict[str, networks.Derivative] = {"opjax": lambda y: rhs.eval_fn(0.0, y), "hand": network.jax}
    cells: list[str] = []
    few = turns if y.size <= SMALL else min(turns, harness.FEW_TURNS)
    for change, given, times in ((_gradient, y, turns), (jax.vmap, many, few)):
        calls = {name: jax.jit(change(f)) for name, f in functions.items()}
        np.testing.assert_allclose(calls["opjax"](given), calls["hand"](given), rtol=1e-9, atol=1e-9)
        timing = harness.in_turns(
            {name: lambda f=f, given=given: f(given).block_until_ready() for name, f in calls.items()}, times
        )
        cells += [harness.microseconds(timing[name].median) for name in calls]
        cells.append(harness.ratio(timing["opjax"].over(timing["hand"])))
    for f in functions.values():
        memory = jax.jit(f).lower(y).compile().memory_analysis()
        cells.append(f"{memory.temp_size_in_bytes / 1024:,.0f}" if memory is not None else "-")
    bound = opjax.compile_rhs(network.text).bind({})
    peaks = [numpy_peak(lambda: bound(0.0, network.y)), numpy_peak(lambda: network.numpy(network.y))]
    return [network.name, *cells, *(f"{peak / 1024:,.0f}" for peak in peaks)]


def _gradient(f: networks.Derivative) -> networks.Derivative:
    return jax.grad(lambda y: jnp.sum(f(y) ** 2))


def _emitted(made: dict[str, Any]) -> networks.Derivative:
    return lambda y: made["rhs"].eval_fn(0.0, y)


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    found = models(page.quick)
    with jax.enable_x64(True):
        jax.block_until_ready(jnp.ones(3) + 1)
        for title, more in (("NumPy", ()), ("JAX", ("jaxpr equations", "by hand"))):
            apart = functools.partial(harness.in_processes, figures_apart, processes=page.processes)
            rows = [row(model.name, apart(place, bool(more), page.quick)) for place, model in enumerate(found)]
            page.table(title, [*COLUMNS, *more], rows)
        heads = [f"{what}, {who}" for what in ("gradient", "mapped") for who in ("us", "hand, us", "ratio")]
        heads += [f"{what}, KiB" for what in ("XLA", "XLA, hand", "NumPy", "NumPy, hand")]
        title = f"JAX: gradient, {STATES:,} states at once, memory of one call"
        page.table(title, ["model", *heads], [transformed(model, page.turns) for model in found])
    page.note(f"Peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB.")
    page.finish()


if __name__ == "__main__":
    main()
