"""What does a pipeline of operators cost, against the same functions composed by hand?

Twenty elementwise steps with one learned number each. One warm call: frozen against `jax.jit` of the composed
functions, which has the numbers built in too; and as an argument of `eqx.filter_jit`, whose work at each call is to
take the operators apart. On 8 numbers, where the call itself is all that costs, and on 1,000. Then the operations of
both programs, and 300 equal layers, compiled one after another and as one stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import harness
from opjax.pipelines import Operator, ScanStack, Sequential, freeze, param

STEPS = 20
LAYERS = 300
FEW = 8
SIZE = 1000


class Bend(Operator):
    """A step with one number."""

    a: jax.Array = param()

    def _apply(self, x: Any) -> Any:
        return x * self.a + jnp.sin(x)


def composed(numbers: list[jax.Array]) -> Callable[[Any], Any]:
    """The same steps, by hand."""

    def run(x: Any) -> Any:
        for a in numbers:
            x = x * a + jnp.sin(x)
        return x

    return run


def waiting(f: Callable[..., Any], *args: Any) -> harness.Candidate:
    return lambda: jax.block_until_ready(f(*args))


def calls(page: harness.Page, size: int) -> list[list[str]]:
    """One warm call of each kind."""
    numbers = [jnp.float32(0.5 + 0.01 * i) for i in range(STEPS)]
    pipe = Sequential([Bend(a) for a in numbers])
    x = jnp.linspace(0.0, 1.0, size)
    by_hand, filtered = jax.jit(composed(numbers)), eqx.filter_jit(lambda p, x: p(x))
    frozen = freeze(pipe)
    np.testing.assert_allclose(frozen(x), by_hand(x), rtol=1e-6)
    timing = harness.in_turns(
        {
            "by hand, jax.jit": waiting(by_hand, x),
            "opjax, freeze": waiting(frozen, x),
            "opjax, eqx.filter_jit": waiting(filtered, pipe, x),
        },
        page.turns,
    )
    base = timing["by hand, jax.jit"]
    return [[name, harness.microseconds(t.median), harness.ratio(t.over(base))] for name, t in timing.items()]


def operations(page: harness.Page) -> list[list[str]]:
    """The operations of the two programs."""
    numbers = [jnp.float32(0.5)] * STEPS
    x = jnp.ones(SIZE)
    pipe = Sequential([Bend(a) for a in numbers])
    counts = {"by hand": composed(numbers), "opjax": pipe}
    programs = {name: [e.primitive.name for e in jax.make_jaxpr(f)(x).eqns] for name, f in counts.items()}
    assert programs["opjax"] == programs["by hand"]
    return [[name, str(len(program))] for name, program in programs.items()]


def compiling(page: harness.Page) -> list[list[str]]:
    """Tracing and compiling many equal layers."""
    layers = [Bend(0.5 + 0.001 * i) for i in range(LAYERS // 10 if page.quick else LAYERS)]
    x = jnp.linspace(0.0, 1.0, SIZE)
    chain, stack = Sequential(layers), ScanStack.of(*layers)
    np.testing.assert_allclose(freeze(stack)(x), freeze(chain)(x), rtol=1e-5)

    def compile_it(operator: Operator) -> harness.Candidate:
        arrays, rest = eqx.partition(operator, eqx.is_array)
        return lambda: jax.jit(lambda a, x: eqx.combine(a, rest)(x)).lower(arrays, x).compile()

    seconds = {"one after another": harness.once(compile_it(chain)), "as one stack": harness.once(compile_it(stack))}
    base = seconds["one after another"]
    return [[name, harness.milliseconds(s), harness.ratio(s / base)] for name, s in seconds.items()]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    for size in (FEW, SIZE):
        title = f"One warm call of {STEPS} steps on {size:,} numbers"
        page.table(title, ["", "us", "against by hand"], calls(page, size))
    page.table("Operations in the program", ["", "operations"], operations(page))
    page.table(f"Compiling {LAYERS} equal layers", ["", "ms", "ratio"], compiling(page))
    page.finish()


if __name__ == "__main__":
    main()
