"""How many jaxpr equations does a right-hand side trace to, against the best code that a person wrote?

Fewer equations trace and compile sooner. Equations inside calls (`pjit` and the like) are counted, not the calls.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

import by_hand
import harness
from time_warm_call import jax_functions


def equations(jaxpr: Any) -> int:
    """The number of equations, those of inner jaxprs included."""
    count = 0
    for equation in jaxpr.eqns:
        inner = [p for value in equation.params.values() for p in _inner(value)]
        count += sum(equations(p) for p in inner) if inner else 1
    return count


def _inner(value: Any) -> list[Any]:
    values = value if isinstance(value, list | tuple) else [value]
    return [getattr(v, "jaxpr", v) for v in values if hasattr(v, "eqns") or hasattr(v, "jaxpr")]


def count(case: by_hand.Case) -> dict[str, tuple[int, int]]:
    """Equations of the right-hand side and of its gradient, by who wrote it."""
    y, parameters = jnp.asarray(case.y0), jax.tree.map(jnp.asarray, dict(case.parameters))
    t = jnp.zeros((), y.dtype)
    counts = {}
    for name, f in jax_functions(case).items():
        forward = equations(jax.make_jaxpr(f)(t, y, parameters).jaxpr)
        gradient = jax.make_jaxpr(jax.grad(lambda y, p, f=f: f(t, y, p).sum(), argnums=(0, 1)))(y, parameters)
        counts[name] = (forward, equations(gradient.jaxpr))
    return counts


def main() -> None:
    """Count and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    rows = []
    with jax.enable_x64(True):
        for case in by_hand.CASES:
            found = count(case)
            pairs = zip(found["opjax"], found["hand"], strict=True)
            rows.append([case.name, *(cell for a, b in pairs for cell in (str(a), str(b), harness.ratio(a / b)))])
    columns = ["model", "opjax", "by hand", "ratio", "gradient: opjax", "by hand", "ratio"]
    page.table("", columns, rows)
    page.finish()


if __name__ == "__main__":
    main()
