"""Models that use every function of the table, and examples: as one kernel and without, the solutions are the same.

The compiler that makes one kernel does not check what it is given, so a function that it cannot take would end the
process; each model here is solved in this one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import digamma, expit

import opjax
from opjax.ir.functions import FUNCTIONS
from opjax.solve import Settings, one_kernel, problem_for, trajectory
from solve.conftest import Read
from solve.kernels import NEEDED

pytestmark = NEEDED
NAMES = [f.name for f in FUNCTIONS.values() if not f.operator and f.result == "real"]
ALONE = "digamma"
"""The function that is no part of a kernel."""
KERNELS = [name for name in NAMES if name != ALONE]
GROUPS = [KERNELS[:18], KERNELS[18:]]
DERIVATIVE_ALONE = "lgamma"
"""The function whose derivative is no part of a kernel: it is the other."""


def call(name: str) -> str:
    """The function at arguments between 0.2 and 0.9 that follow the state; conditions where it wants them."""
    function = FUNCTIONS[name]
    numbers = iter(("0.2 + 0.7*sigmoid(x[a])", "0.3 + 0.1*a_at", "0.9"))
    kinds = function.argument_kinds
    count = len(function.arguments)
    given = [kinds[min(i, len(kinds) - 1)] for i in range(count)]
    return f"{name}({', '.join('x[a] > 0.5' if kind == 'boolean' else next(numbers) for kind in given)})"


def text(names: list[str]) -> str:
    terms = "".join(f"      + 0.1*{call(name)}\n" for name in names).replace("a_at", "a")
    return (
        "model Every:\n  axes:\n    a = points [0.5, 1, 2]\n  params:\n    k = 1\n  states:\n    x[a] = a\n"
        f"  dynamics:\n    d(x[a])/dt = (-k*x[a]\n{terms}    )\n"
    )


def model(names: list[str]) -> opjax.Model:
    return opjax.loads(text(names))


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each function that is made ready, whether it becomes one kernel."""
    made: list[bool] = []
    eligible = one_kernel.eligible

    def noted(jaxpr: Any) -> bool:
        made.append(eligible(jaxpr))
        return made[-1]

    monkeypatch.setattr(one_kernel, "eligible", noted)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_one_kernel_gives_the_same_solution(
    names: list[str], kernels: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = model(names).simulate(ts=np.linspace(0, 1, 4))["x"].values
    assert kernels == [True]
    monkeypatch.setenv(one_kernel.SWITCH, "off")
    wanted = model(names).simulate(ts=np.linspace(0, 1, 7))["x"].values[::2]  # other times: it is traced anew
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_one_kernel_gives_the_same_derivative(
    names: list[str], kernels: list[bool], read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = problem_for(read(text([name for name in names if name != DERIVATIVE_ALONE])))
    settings = Settings(solver="tsit5")

    def last(k: Any, count: int) -> Any:
        return trajectory(problem, {"k": k}, np.linspace(0, 1, count), 0.0, settings).states["x"][-1]

    found = jax.jit(jax.jacrev(last), static_argnums=1)(jnp.asarray(1.0), 4)
    assert kernels == [True, True]  # the solution, and the solution with its derivative
    monkeypatch.setenv(one_kernel.SWITCH, "off")
    wanted = jax.jit(jax.jacrev(last), static_argnums=1)(jnp.asarray(1.0), 7)  # other times: it is traced anew
    assert np.isfinite(wanted).all()
    assert (wanted < -0.1).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("example", ["fisher_kpp", "lynx_hare", "seir_age", "sir"])
def test_the_examples_are_one_kernel(example: str, kernels: list[bool], read: Read) -> None:
    problem = problem_for(read(example))
    jax.eval_shape(lambda: trajectory(problem, {}, np.linspace(0, 1, 3), 0.0, Settings(solver="tsit5")).states)
    assert kernels == [True]


@pytest.mark.slow
def test_what_is_no_part_of_a_kernel_is_solved_without(kernels: list[bool]) -> None:
    run = model([ALONE]).simulate(ts=np.linspace(0, 1, 4))
    assert kernels == [False]

    def by_hand(t: float, x: np.ndarray) -> np.ndarray:
        return -x + 0.1 * digamma(0.2 + 0.7 * expit(x))

    wanted = solve_ivp(by_hand, (0, 1), [0.5, 1, 2], "DOP853", [0, 1 / 3, 2 / 3, 1], rtol=1e-10, atol=1e-12).y.T
    np.testing.assert_allclose(run["x"], wanted, rtol=1e-5)
