"""How long does one warm call take, against the best code that a person wrote?

Three uses: a direct call with NumPy, a call of the jitted function with JAX, and one of 200 explicit steps inside a
jitted `lax.fori_loop`, where only the work of the right-hand side itself is left. With NumPy the parameters are bound,
as solvers call a derivative: `rhs.bind(parameters)` over code by hand in which they are variables of the function
around it. Beside that stand the two other ways to call it, each over code by hand that is called so too: one mapping,
`rhs(t, y, parameters)`, and `eval_fn`, which takes them by keyword. In CPython an object is called some 50 to 100 ns
more slowly than a function, which shows in models of a few equations. 64-bit numbers. All are first checked to give the
same derivative. Below 1x opjax is the quicker one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import by_hand
import harness
import opjax

STEPS = 200
SIDES = ("opjax", "hand")
WAYS = ("bound", "one mapping", "by keyword")


def numpy_pairs(case: by_hand.Case) -> dict[str, tuple[harness.Candidate, harness.Candidate]]:
    """The direct calls with NumPy, ours and by hand, of each way to give the parameters."""
    rhs = opjax.compile_rhs(case.file, xp=np)
    wanted = {name: case.parameters[name] for name in rhs.param_names}
    y, parameters = case.y0, case.parameters
    bound, hand, by_keyword = rhs.bind(wanted), case.bound, case.by_keyword
    pairs: dict[str, tuple[harness.Candidate, harness.Candidate]] = {
        "bound": (lambda: bound(0.0, y), lambda: hand(0.0, y)),
        "one mapping": (lambda: rhs(0.0, y, wanted), lambda: case.numpy(0.0, y, parameters)),
    }
    if by_keyword is not None:
        pairs["by keyword"] = (lambda: rhs.eval_fn(0.0, y, **wanted), lambda: by_keyword(0.0, y, **parameters))
    want = case.numpy(0.0, y, parameters)
    for ours, theirs in pairs.values():
        np.testing.assert_array_equal(theirs(), want)
        np.testing.assert_allclose(ours(), want, rtol=1e-9, atol=1e-9)
    return pairs


def numpy_row(case: by_hand.Case, turns: int) -> list[str]:
    """One line of the table for NumPy."""
    pairs = numpy_pairs(case)
    sides = {f"{who}, {way}": call for way, pair in pairs.items() for who, call in zip(SIDES, pair, strict=True)}
    timing = harness.in_turns(sides, turns)
    cells = [harness.microseconds(timing[f"{who}, bound"].median) for who in SIDES]
    ratios = {way: harness.ratio(timing[f"opjax, {way}"].over(timing[f"hand, {way}"])) for way in pairs}
    return [case.name, *cells, *(ratios.get(way, "-") for way in WAYS)]


def jax_functions(case: by_hand.Case) -> dict[str, Callable[..., Any]]:
    """The two right-hand sides ``f(t, y, parameters)`` with JAX."""
    rhs = opjax.compile_rhs(case.file, xp=jnp)
    names = tuple(rhs.param_names)

    def compiled(t: Any, y: Any, parameters: by_hand.Parameters) -> Any:
        return rhs.eval_fn(t, y, **{name: parameters[name] for name in names})

    return {"opjax": compiled, "hand": case.jax}


def jax_pair(case: by_hand.Case, steps: int) -> dict[str, harness.Candidate]:
    """The two jitted functions: one call (`steps` = 0), or that many explicit steps."""

    def candidate(f: Callable[..., Any]) -> harness.Candidate:
        def walk(y: Any, parameters: by_hand.Parameters) -> Any:
            step = jnp.asarray(case.step, y.dtype)
            return jax.lax.fori_loop(0, steps, lambda i, y: y + step * f(step * i, y, parameters), y)

        run = jax.jit(walk if steps else lambda y, parameters: f(jnp.zeros((), y.dtype), y, parameters))
        y, parameters = jnp.asarray(case.y0), jax.tree.map(jnp.asarray, dict(case.parameters))
        answers.append(np.asarray(run(y, parameters)))
        return lambda: run(y, parameters).block_until_ready()

    answers: list[np.ndarray] = []
    pair = {name: candidate(f) for name, f in jax_functions(case).items()}
    assert np.isfinite(answers[0]).all(), case.name
    np.testing.assert_allclose(*answers, rtol=1e-8, atol=1e-8)
    return pair


def row(case: by_hand.Case, pair: dict[str, harness.Candidate], turns: int, calls: int = 1) -> list[str]:
    """One line of a table."""
    timing = harness.in_turns(pair, turns)
    columns = [harness.microseconds(timing[name].median / calls) for name in SIDES]
    return [case.name, *columns, harness.ratio(timing["opjax"].over(timing["hand"]))]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "opjax, us", "by hand, us", "opjax / hand"]
    with jax.enable_x64(True):
        heads = [*columns[:3], *(f"{way}, opjax / hand" for way in WAYS)]
        page.table("NumPy, one call", heads, [numpy_row(c, page.turns) for c in by_hand.CASES])
        page.table("JAX, one jitted call", columns, [row(c, jax_pair(c, 0), page.turns) for c in by_hand.CASES])
        inside = [row(c, jax_pair(c, STEPS), page.turns, STEPS) for c in by_hand.CASES]
        page.table(f"JAX, one of {STEPS} steps inside a loop", columns, inside)
    page.finish()


if __name__ == "__main__":
    main()
