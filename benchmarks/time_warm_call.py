"""How long does one warm call take, against the best code that a person wrote?

Three uses: a direct call with NumPy, a call of the jitted function with JAX, and one of 200 explicit steps inside a
jitted `lax.fori_loop`, where only the work of the right-hand side itself is left. With NumPy the parameters are in one
mapping, as the code by hand takes them. Beside that stand `bind`, which takes them once, as for a solver; and
`eval_fn`, which takes them by keyword, over code by hand that does so too, where the call itself counts. 64-bit
numbers. All are first checked to give the same derivative. Below 1x opjax is the quicker one.
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


def numpy_pair(case: by_hand.Case) -> dict[str, harness.Candidate]:
    """The two direct calls with NumPy."""
    rhs = opjax.compile_rhs(case.file, xp=np)
    wanted = {name: case.parameters[name] for name in rhs.param_names}
    y, parameters, bound = case.y0, case.parameters, rhs.bind(wanted)
    want = case.numpy(0.0, y, parameters)
    by_keyword = case.by_keyword
    for found in (rhs(0.0, y, wanted), rhs.eval_fn(0.0, y, **wanted), bound(0.0, y)):
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-9)
    pair: dict[str, harness.Candidate] = {
        "opjax": lambda: rhs(0.0, y, wanted),
        "hand": lambda: case.numpy(0.0, y, parameters),
        "bound": lambda: bound(0.0, y),
    }
    if by_keyword is not None:
        np.testing.assert_array_equal(by_keyword(0.0, y, **parameters), want)
        pair["by keyword"] = lambda: rhs.eval_fn(0.0, y, **wanted)
        pair["hand, by keyword"] = lambda: by_keyword(0.0, y, **parameters)
    return pair


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
    columns = [harness.microseconds(timing[name].median / calls) for name in ("opjax", "hand")]
    ratios = [harness.ratio(timing[name].over(timing["hand"])) for name in ("opjax", "bound") if name in timing]
    if "bound" in timing:
        known = "by keyword" in timing
        ratios.append(harness.ratio(timing["by keyword"].over(timing["hand, by keyword"])) if known else "-")
    return [case.name, *columns, *ratios]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "opjax, us", "by hand, us", "opjax / hand"]
    with jax.enable_x64(True):
        ways = [*columns, "bound / hand", "by keyword / hand by keyword"]
        page.table("NumPy, one call", ways, [row(c, numpy_pair(c), page.turns) for c in by_hand.CASES])
        page.table("JAX, one jitted call", columns, [row(c, jax_pair(c, 0), page.turns) for c in by_hand.CASES])
        inside = [row(c, jax_pair(c, STEPS), page.turns, STEPS) for c in by_hand.CASES]
        page.table(f"JAX, one of {STEPS} steps inside a loop", columns, inside)
    page.finish()


if __name__ == "__main__":
    main()
