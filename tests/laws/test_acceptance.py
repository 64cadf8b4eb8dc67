"""The request that started this: an op_system-style callable that is native to JAX. One test for each of its points."""

from __future__ import annotations

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
from numpyro import distributions
from numpyro.infer import MCMC, NUTS, init_to_median
from scipy.integrate import solve_ivp

from laws.matrix import SEIR, SIR
from laws.test_nothing_concretises import equations
from models import compile_text

PARAMETERS = {"beta": 0.4, "gamma": 0.2}
START = np.array([90.0, 9.0, 1.0])


def by_hand(t: float, y: np.ndarray, beta: float = 0.4, gamma: float = 0.2) -> np.ndarray:
    infection, recovery = beta * y[1] / y.sum() * y[0], gamma * y[1]
    return np.array([-infection, infection - recovery, recovery])


def test_numpy_in_numpy_out_as_before() -> None:
    rhs = compile_text(SIR)
    got = rhs.eval_fn(0.0, START, **PARAMETERS)
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, by_hand(0.0, START), rtol=1e-15)
    assert rhs.state_names == ("S", "I", "R")
    assert rhs.param_names == ("beta", "gamma")


def test_runs_under_jit_without_looking_at_a_value() -> None:
    rhs = compile_text(SIR, xp=jnp)
    traced = jax.jit(rhs.eval_fn)
    with jax.enable_x64(True):
        np.testing.assert_allclose(traced(0.0, jnp.asarray(START), **PARAMETERS), by_hand(0.0, START), rtol=1e-14)


@pytest.mark.parametrize("form", ["flat", "by name"])
def test_diffrax_takes_it_and_nothing_calls_back(form: str) -> None:
    rhs = compile_text(SIR)

    def solve(y0: object, p: object, saves: diffrax.SaveAt) -> object:
        controller = diffrax.PIDController(rtol=1e-9, atol=1e-9)
        return diffrax.diffeqsolve(
            diffrax.ODETerm(rhs), diffrax.Tsit5(), 0.0, 40.0, 0.1, y0, args=p, saveat=saves,
            stepsize_controller=controller, throw=False,
        ).ys  # fmt: skip

    with jax.enable_x64(True):
        y0 = jnp.asarray(START) if form == "flat" else rhs.unflatten(jnp.asarray(START))
        saves = diffrax.SaveAt(ts=jnp.linspace(0.0, 40.0, 5))
        found = jax.jit(lambda y0: solve(y0, PARAMETERS, saves))(y0)
        by_name = found if form == "by name" else rhs.unflatten(found)
        known = solve_ivp(by_hand, (0, 40), START, t_eval=np.linspace(0, 40, 5), rtol=1e-11, atol=1e-11).y
        np.testing.assert_allclose(np.stack([by_name[name] for name in ("S", "I", "R")]), known, rtol=1e-6)
        # Where times are given, diffrax itself calls back when they are not in order; so only the end is saved here.
        jaxpr = jax.make_jaxpr(lambda y0, p: solve(y0, p, diffrax.SaveAt(t1=True)))(y0, PARAMETERS)
        assert not [e for e in equations(jaxpr.jaxpr) if "callback" in e.primitive.name]


def test_nuts_traces_through_the_solve() -> None:
    rhs = compile_text(SIR)
    times = jnp.linspace(0.0, 30.0, 7)

    @jax.jit
    def infected(beta: object) -> jax.Array:
        return diffrax.diffeqsolve(
            diffrax.ODETerm(rhs), diffrax.Tsit5(), times[0], times[-1], 0.1, jnp.asarray(START),
            args={"beta": beta, "gamma": 0.2}, saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-6), throw=False,
        ).ys[:, 1]  # fmt: skip

    def model(observed: jax.Array) -> None:
        beta = numpyro.sample("beta", distributions.LogNormal(np.log(0.4), 0.5))
        numpyro.sample("y", distributions.Normal(infected(beta), 1.0), obs=observed)

    with jax.enable_x64(True):
        kernel = NUTS(model, init_strategy=init_to_median)
        mcmc = MCMC(kernel, num_warmup=100, num_samples=100, progress_bar=False)
        mcmc.run(jax.random.key(0), infected(0.5))
        assert abs(float(mcmc.get_samples()["beta"].mean()) - 0.5) < 0.02


def test_shaped_parameters_and_states_by_name() -> None:
    rhs = compile_text(SEIR)
    assert rhs.template_shapes == {"S": (3, 2), "E": (3, 2), "I": (3, 2), "R": (2,)}
    assert rhs.param_shapes["C"] == (3, 3)
    assert rhs.cell_names[:3] == ("S[0-4,town]", "S[0-4,country]", "S[5-17,town]")
