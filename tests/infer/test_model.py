"""The NumPyro model: sites, densities against SciPy, and what happens where the solve fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pytest
import xarray as xr
from jax.extend import core
from numpyro import handlers
from numpyro.infer import SVI, Predictive, Trace_ELBO
from numpyro.infer.autoguide import AutoNormal
from numpyro.infer.util import log_density
from scipy import stats
from scipy.integrate import solve_ivp

import opjax
from infer.models import DECAY, GROUPS
from opjax.errors import OpjaxError

pytestmark = pytest.mark.usefixtures("x64")
EXAMPLES = Path(__file__).parents[2] / "examples"
TIMES = np.array([0.0, 1.0, 2.0])
Y = np.array([1.05, 0.55, 0.35])
TIGHT = {"rtol": 1e-10, "atol": 1e-12}


def density(model: Any, point: dict[str, Any]) -> float:
    return float(log_density(model, (), {}, {name: jnp.asarray(value) for name, value in point.items()})[0])


def density_as_one(model: Any, point: dict[str, Any]) -> float:
    """The same as one program, which is compiled in less time than the many parts of a large model."""
    return float(jax.jit(lambda point: log_density(model, (), {}, point)[0])(point))


# --- densities


def decay_by_hand(k: float, sigma: float, keep: slice | list[int] = slice(None)) -> float:
    prior = stats.lognorm(0.5, scale=0.5).logpdf(k) + stats.halfnorm(scale=0.5).logpdf(sigma)
    return float(prior + stats.norm(np.exp(-k * TIMES), sigma).logpdf(Y)[keep].sum())


def test_the_density_is_prior_times_likelihood() -> None:
    model = opjax.loads(DECAY).numpyro_model({"time": TIMES, "y": Y}, **TIGHT)
    for k, sigma in ((0.5, 0.1), (1.3, 0.04)):
        assert density(model, {"k": k, "sigma": sigma}) == pytest.approx(decay_by_hand(k, sigma), rel=1e-7)


def test_missing_values_count_for_nothing() -> None:
    holes = np.where(TIMES == 1, np.nan, Y)
    model = opjax.loads(DECAY).numpyro_model({"time": TIMES, "y": holes}, **TIGHT)
    assert density(model, {"k": 0.7, "sigma": 0.1}) == pytest.approx(decay_by_hand(0.7, 0.1, [0, 2]), rel=1e-7)


def test_incidences_counts_and_parameters_that_are_data() -> None:
    """With constant rates the flows are differences of exponentials."""
    times, rate, share = np.array([1.0, 2.0, 5.0]), np.array([0.5, 0.8]), 0.4
    flowed = 1000 * (np.exp(-np.outer(times - 1, rate)) - np.exp(-np.outer(times, rate)))
    positive = (1000 * (1 - np.exp(-np.outer(times, rate)))).sum(axis=1) / 2000
    cases = np.round(share * np.stack([flowed, flowed], axis=1))
    tested = np.array([50.0, 60.0])
    counts = np.round(tested * positive[:, None])
    present = np.ones_like(cases, bool)
    present[1, 0, 1] = False
    wanted = stats.lognorm(0.5, scale=0.5).logpdf(rate).sum() + stats.beta(2, 2).logpdf(share)
    wanted += (stats.poisson(share * flowed[:, None]).logpmf(cases) * present).sum()
    wanted += stats.binom(tested, positive[:, None]).logpmf(counts).sum()
    given = {"time": times, "cases": np.where(present, cases, np.nan), "positive": counts, "tested": tested}
    model = opjax.loads(GROUPS).numpyro_model(given, **TIGHT)
    assert density_as_one(model, {"rate": rate, "share": share}) == pytest.approx(wanted, rel=1e-7)


def test_the_sir_example_against_scipy() -> None:
    point = {"beta": 0.35, "gamma": 0.18, "i0": 3e-4, "rho": 0.2, "k": 12.0}
    times, cases = np.loadtxt(EXAMPLES / "sir.csv", delimiter=",", skiprows=1).T
    beta, gamma, i0, rho, k = point.values()

    def rates(t: float, z: np.ndarray) -> list[float]:
        infection = beta * z[1] / 1e6 * z[0]
        return [-infection, infection - gamma * z[1], infection]

    first = [1e6 * (1 - i0), 1e6 * i0, 0.0]
    solution = solve_ivp(rates, (0, times[-1]), first, method="DOP853", t_eval=times, rtol=1e-12, atol=1e-9)
    mean = rho * np.diff(solution.y[2], prepend=0.0)
    prior = stats.lognorm(0.5, scale=0.4).logpdf(beta) + stats.lognorm(0.3, scale=0.2).logpdf(gamma)
    prior += stats.beta(1, 200).logpdf(i0) + stats.beta(2, 5).logpdf(rho)
    half = stats.halfnorm(scale=10)
    prior += half.logpdf(k) - np.log(half.cdf(1000) - half.cdf(0.01))
    wanted = prior + stats.nbinom(k, k / (k + mean)).logpmf(cases).sum()
    model = opjax.load(EXAMPLES / "sir.ojx").numpyro_model(EXAMPLES / "sir.csv", **TIGHT)
    assert density_as_one(model, point) == pytest.approx(wanted, rel=1e-7)


HIERARCHY = DECAY.replace(
    "sigma = 0.1 ~ HalfNormal(0.5)",
    """top = 3 ~ Normal(loc=low + 1, scale=width) in (low, inf)
    low = 1 ~ Normal(loc=0, scale=1)
    width = 2*low + 3
    sigma = 0.1""",
)


def test_priors_may_depend_on_parameters_that_stand_behind_them() -> None:
    model = opjax.loads(HIERARCHY).numpyro_model({"time": TIMES, "y": Y}, **TIGHT)
    low, top, k = 0.4, 2.1, 0.5
    width = 2 * low + 3
    wanted = decay_by_hand(k, 0.1) - stats.halfnorm(scale=0.5).logpdf(0.1) + stats.norm.logpdf(low)
    wanted += stats.truncnorm(-1 / width, np.inf, low + 1, width).logpdf(top)
    assert density(model, {"k": k, "low": low, "top": top}) == pytest.approx(wanted, rel=1e-7)
    trace = handlers.trace(handlers.seed(model, 0)).get_trace()
    assert trace["width"]["type"] == "deterministic"
    np.testing.assert_allclose(trace["width"]["value"], 2 * trace["low"]["value"] + 3)
    assert trace["top"]["value"] > trace["low"]["value"]


def test_fixed_parameters_are_not_drawn() -> None:
    model = opjax.loads(DECAY).numpyro_model({"time": TIMES, "y": Y}, fixed={"sigma": 0.1}, **TIGHT)
    wanted = decay_by_hand(0.7, 0.1) - stats.halfnorm(scale=0.5).logpdf(0.1)
    assert density(model, {"k": 0.7}) == pytest.approx(wanted, rel=1e-7)
    flagged = opjax.loads(DECAY.replace("HalfNormal(0.5)", "HalfNormal(0.5) fixed"))
    assert density(flagged.numpyro_model({"time": TIMES, "y": Y}, **TIGHT), {"k": 0.7}) == pytest.approx(
        wanted, rel=1e-7
    )


def test_the_initial_values_hold_at_t0() -> None:
    late = opjax.loads(DECAY).numpyro_model({"time": TIMES + 3, "y": Y}, t0=3.0, **TIGHT)
    assert density(late, {"k": 0.7, "sigma": 0.1}) == pytest.approx(decay_by_hand(0.7, 0.1), rel=1e-7)
    by_default = opjax.loads(DECAY).numpyro_model({"time": TIMES + 3, "y": Y}, **TIGHT)
    assert density(by_default, {"k": 0.7, "sigma": 0.1}) == pytest.approx(decay_by_hand(0.7, 0.1), rel=1e-7)


# --- an ordinary NumPyro model


def test_sites_have_the_names_and_shapes_of_the_model() -> None:
    model = opjax.loads(GROUPS).numpyro_model(times=[1.0, 2.0, 3.0])
    trace = handlers.trace(handlers.seed(model, 0)).get_trace()
    shapes = {n: jnp.shape(s["value"]) for n, s in trace.items() if s["type"] == "sample" and "solve" not in n}
    assert shapes == {"rate": (2,), "share": (), "cases": (3, 2, 2), "positive": (3, 2)}
    assert trace["rate"]["fn"].event_shape == (2,)
    assert trace["cases"]["fn"].batch_shape == (3, 2, 2)


def test_prior_and_posterior_predictive_draw_the_observations() -> None:
    source = opjax.loads(DECAY)
    prior = Predictive(source.numpyro_model(times=TIMES), num_samples=200)(jax.random.key(0))
    assert prior["y"].shape == (200, 3)
    given = source.numpyro_model({"time": TIMES, "y": Y})
    sets = {"k": jnp.full(500, 0.5), "sigma": jnp.full(500, 0.01)}
    again = Predictive(given, posterior_samples=sets, infer_discrete=False)(jax.random.key(0), observed=False)["y"]
    np.testing.assert_allclose(again.mean(axis=0), np.exp(-0.5 * TIMES), atol=0.01 * 4 / np.sqrt(500))
    np.testing.assert_allclose(again.std(axis=0), 0.01, rtol=0.15)


def test_it_works_with_variational_inference() -> None:
    model = opjax.loads(DECAY).numpyro_model({"time": TIMES, "y": Y})
    result = SVI(model, AutoNormal(model), numpyro.optim.Adam(0.05), Trace_ELBO()).run(
        jax.random.key(0), 5, progress_bar=False
    )
    assert np.isfinite(result.losses).all()


def test_validation_of_arguments_is_no_problem() -> None:
    model = opjax.loads(GROUPS).numpyro_model(times=[1.0, 2.0, 3.0])
    with numpyro.validation_enabled():
        handlers.seed(model, 0)()


def test_derived_quantities_are_deterministic_sites() -> None:
    source = opjax.loads(DECAY + "  derive:\n    half = log(2)/k\n    left = 1 - x\n")
    trace = handlers.trace(handlers.seed(source.numpyro_model(times=TIMES), 0)).get_trace()
    k = trace["k"]["value"]
    np.testing.assert_allclose(trace["half"]["value"], np.log(2) / k)
    np.testing.assert_allclose(trace["left"]["value"], 1 - np.exp(-k * TIMES), rtol=1e-4, atol=1e-6)


def primitives(jaxpr: core.Jaxpr) -> set[str]:
    """The names of all operations, in inner functions too."""
    found: set[str] = set()
    waiting = [jaxpr]
    while waiting:
        for equation in waiting.pop().eqns:
            found.add(equation.primitive.name)
            for value in equation.params.values():
                for part in value if isinstance(value, (tuple, list)) else (value,):
                    inner = getattr(part, "jaxpr", part)
                    waiting.extend([inner] if isinstance(inner, core.Jaxpr) else [])
    return found


@pytest.mark.parametrize("adjoint", ["forward", "checkpoint"])
def test_nothing_calls_back_to_python(adjoint: str) -> None:
    model = opjax.loads(DECAY).numpyro_model({"time": TIMES, "y": Y}, adjoint=adjoint)
    gradient = jax.value_and_grad(lambda point: log_density(model, (), {}, point)[0])
    names = primitives(jax.make_jaxpr(gradient)({"k": 0.5, "sigma": 0.1}).jaxpr)
    assert "mul" in names
    assert [name for name in names if "callback" in name] == []


# --- where the solve fails

EXPLODES = """
model Explodes:
  params:
    a = 0.1 ~ HalfNormal(1)
    sigma = 0.1 ~ HalfNormal(0.5)
  states:
    x = 1
  dynamics:
    x' = a*x^2
  observe:
    y ~ LogNormal(loc=log(x), scale=sigma)
  derive:
    size = max(x for s in time)
"""


@pytest.mark.parametrize("adjoint", ["forward", "checkpoint"])
@pytest.mark.parametrize("a", [2.0, 1e6])
def test_a_failed_solve_has_density_zero_and_gradient_zero(adjoint: str, a: float) -> None:
    """x = 1/(1 - a*t) reaches infinity at t = 1/a, before the last observation."""
    source = opjax.loads(EXPLODES)
    model = source.numpyro_model({"time": TIMES, "y": Y}, adjoint=adjoint, max_steps=64)
    point = {"a": jnp.asarray(a), "sigma": jnp.asarray(0.1)}

    def total(point: dict[str, jax.Array]) -> jax.Array:
        return log_density(model, (), {}, point)[0]

    value, gradient = jax.jit(jax.value_and_grad(total))(point)
    assert value == -jnp.inf
    # what is left is the gradient of the priors
    np.testing.assert_allclose(gradient["a"], -a, rtol=1e-12)
    np.testing.assert_allclose(gradient["sigma"], -0.1 / 0.25, rtol=1e-12)


def test_failed_solves_can_be_predicted_from_without_errors() -> None:
    model = opjax.loads(EXPLODES).numpyro_model(times=TIMES, max_steps=64)
    with numpyro.validation_enabled():
        drawn = Predictive(model, posterior_samples={"a": jnp.array([0.1, 5.0]), "sigma": jnp.array([0.1, 0.1])})(
            jax.random.key(0)
        )
    assert np.isfinite(drawn["y"]).all()
    np.testing.assert_allclose(drawn["size"][0], 1 / (1 - 0.2), rtol=1e-4)


def test_a_requirement_that_does_not_hold_has_density_zero() -> None:
    source = opjax.loads(DECAY + "  require:\n    k < 1\n    sigma < 1\n")
    model = source.numpyro_model({"time": TIMES, "y": Y})
    assert np.isfinite(density(model, {"k": 0.9, "sigma": 0.1}))
    assert density(model, {"k": 1.1, "sigma": 0.1}) == -np.inf
    gradient = jax.grad(lambda k: log_density(model, (), {}, {"k": k, "sigma": 0.1})[0])(1.1)
    assert np.isfinite(gradient)


# --- problems


def code_of(model: str, data: Any = None, **options: Any) -> str:
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(model).numpyro_model({"time": TIMES, "y": Y} if data is None else data, **options)
    assert len(caught.value.diagnostics) == 1
    return caught.value.diagnostics[0].code


def test_problems_have_their_codes() -> None:
    assert code_of(DECAY.replace("sigma = 0.1 ~ HalfNormal(0.5)", "sigma")) == "E0904"
    assert code_of(DECAY.partition("  observe:")[0]) == "E0905"
    assert code_of(DECAY.replace("sigma = 0.1 ~ HalfNormal(0.5)", "sigma ~ Poisson(3)")) == "E0930"
    bounded = "sigma ~ VonMises(0, 1) in (0, 1)"
    assert code_of(DECAY.replace("sigma = 0.1 ~ HalfNormal(0.5)", bounded)) == "E0931"
    assert code_of(DECAY, t0=0.5) == "E0901"
    assert code_of(DECAY, fixed={"sgma": 1.0}) == "E0806"
    assert code_of(DECAY, solver="tsit6") == "E0902"
    assert code_of(DECAY, rtoll=1e-3) == "E0806"
    with pytest.raises(OpjaxError, match="E0901: the times are missing"):
        opjax.loads(DECAY).numpyro_model()


def test_a_circle_of_a_prior_and_a_default_is_refused() -> None:
    circle = DECAY.replace("sigma = 0.1 ~ HalfNormal(0.5)", "sigma = 1 ~ HalfNormal(twice)\n    twice = 2*sigma")
    assert code_of(circle) == "E0318"
    opjax.loads(circle).numpyro_model({"time": TIMES, "y": Y}, fixed={"sigma": 0.1})


def test_fixed_parameters_may_be_data_arrays() -> None:
    source = opjax.loads(GROUPS)
    tested = xr.DataArray([60.0, 50.0], {"region": ["south", "north"]}, ("region",))
    model = source.numpyro_model(times=[1.0], fixed={"tested": tested})
    np.testing.assert_array_equal(model.fixed["tested"], [50.0, 60.0])
