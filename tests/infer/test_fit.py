"""Fits against posteriors known by quadrature; what a fit survives, and what it says when it cannot begin."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
import xarray as xr
from scipy import stats

import opjax
from compilations import compilations
from infer.models import DECAY
from infer.test_model import EXPLODES, TIMES
from opjax.errors import OpjaxError, OpjaxWarning
from opjax.infer import Posterior
from opjax.infer.sampler import Nuts

AT = np.arange(0.0, 6.0)
Y = np.array([1.08, 0.71, 0.35, 0.25, 0.19, 0.02])
DATA = {"time": AT, "y": Y}
QUIET = {"progress_bar": False, "num_chains": 2}


class Known(NamedTuple):
    """Values of a parameter by quadrature, and how likely each is."""

    values: np.ndarray
    weights: np.ndarray

    def mean(self, power: int = 1, around: float = 0.0) -> float:
        """The mean of a power of the distance from some value."""
        return float((self.weights * (self.values - around) ** power).sum())

    def below(self, value: float) -> float:
        """The probability of less."""
        return float(self.weights[self.values < value].sum())


def by_quadrature(y: np.ndarray, at: np.ndarray) -> dict[str, Known]:
    """The posterior of k and sigma, on a grid of their logarithms; x = exp(-k*t) in closed form."""
    log_k, log_sigma = np.meshgrid(np.linspace(-3, 1.5, 600), np.linspace(-5, 1, 600), indexing="ij")
    k, sigma = np.exp(log_k), np.exp(log_sigma)
    density = stats.norm(np.log(0.5), 0.5).logpdf(log_k) + stats.halfnorm(scale=0.5).logpdf(sigma) + log_sigma
    density += sum(stats.norm(np.exp(-k * t), sigma).logpdf(seen) for t, seen in zip(at, y, strict=True))
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    return {"k": Known(k, weight), "sigma": Known(sigma, weight)}


def check_against_quadrature(posterior: Posterior, y: np.ndarray = Y, at: np.ndarray = AT) -> None:
    """Means, standard deviations and the ends of intervals differ by four standard errors of each at most.

    The tails are long (a kurtosis of 15 to 75), so that the standard deviation of draws is known less well than the
    interval is.
    """
    summary = posterior.summary()
    for name, known in by_quadrature(y, at).items():
        row, mean = summary[name], known.mean()
        variance, kurtosis = known.mean(2, mean), known.mean(4, mean) / known.mean(2, mean) ** 2
        assert row.ess > 200
        assert abs(row.mean - mean) < 4 * np.sqrt(variance / row.ess), name
        assert abs(row.sd / np.sqrt(variance) - 1) < 4 * np.sqrt((kurtosis - 1) / (4 * row.ess)), name
        for end, probability in ((row.low, 0.05), (row.high, 0.95)):
            error = np.sqrt(0.05 * 0.95 / row.ess)
            assert abs(known.below(end) - probability) < 4 * error, name


@pytest.fixture(scope="module")
def double() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


LONG = {"num_warmup": 400, "num_samples": 600, "num_chains": 2}
FIRST: dict[str, Any] = {"seed": 3, "chain_method": "parallel", "progress_bar": False}


@pytest.fixture(scope="module")
def silent(double: None) -> tuple[Posterior, str]:
    """A fit by threads, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        found = opjax.loads(DECAY).fit(DATA, **FIRST, **LONG)
    return found, printed.getvalue()


@pytest.fixture(scope="module")
def posterior(silent: tuple[Posterior, str]) -> Posterior:
    return silent[0]


def test_the_posterior_is_that_of_quadrature(posterior: Posterior) -> None:
    check_against_quadrature(posterior)
    assert posterior.divergences == 0
    assert posterior.counts.unsolved_draws == 0


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("options", [{"gradient": "reverse"}, {"chain_method": "vectorized"}, {"dense_mass": True}])
def test_every_way_of_sampling_finds_the_posterior(options: dict[str, Any]) -> None:
    found = opjax.loads(DECAY).fit(DATA, seed=4, progress_bar=False, **LONG, **options)
    check_against_quadrature(found)


def fit_again(y: np.ndarray = Y, at: np.ndarray = AT, **options: Any) -> Posterior:
    """The fit of `silent` once more, with other numbers."""
    return opjax.loads("# again\n" + DECAY).fit({"time": at, "y": y}, **{**FIRST, **options}, **LONG)


def identical(one: Posterior, other: Posterior) -> None:
    """The same bits, in all groups."""
    for group in one.tree.children:
        xr.testing.assert_identical(one.tree[group].to_dataset(), other.tree[group].to_dataset())


def test_a_second_fit_compiles_nothing(posterior: Posterior) -> None:
    posterior.predictive(draws=10)
    with compilations() as compiled:
        again, seeded, other, later = fit_again(), fit_again(seed=5), fit_again(y=Y**0.5), fit_again(at=AT * 2)
        predicted = other.predictive(draws=10)
    assert not compiled
    identical(posterior, again)
    assert not np.array_equal(seeded["k"], posterior["k"])
    check_against_quadrature(seeded)
    check_against_quadrature(other, y=Y**0.5)
    k, sigma = (later[name].values[..., None] for name in ("k", "sigma"))
    density = later.tree["log_likelihood"].to_dataset()["y"]
    np.testing.assert_allclose(density, stats.norm(np.exp(-2 * k * AT), sigma).logpdf(Y), rtol=1e-3, atol=1e-3)
    assert abs(float(k.mean()) - by_quadrature(Y, 2 * AT)["k"].mean()) < 0.02
    assert float(predicted["y"].sel(time=3).mean()) == pytest.approx(Y[3] ** 0.5, abs=0.1)


def test_draws_depend_neither_on_threads_nor_on_progress_nor_on_programs_of_another_fit(
    silent: tuple[Posterior, str], capsys: pytest.CaptureFixture[str]
) -> None:
    shared = fit_again(y=Y**0.5)
    opjax.clear_cache()
    with compilations() as compiled:
        own = fit_again(y=Y**0.5, chain_method="sequential")
    assert compiled
    identical(shared, own)
    shown = opjax.loads(DECAY).fit(DATA, seed=3, chain_method="sequential", progress_bar=True, **LONG)
    assert "100 %" in capsys.readouterr().out
    assert silent[1] == ""
    xr.testing.assert_identical(shown.draws, silent[0].draws)
    xr.testing.assert_identical(
        shown.tree["posterior_predictive"].to_dataset(), silent[0].tree["posterior_predictive"].to_dataset()
    )


@pytest.fixture
def samplers(monkeypatch: pytest.MonkeyPatch) -> list[Nuts]:
    """On two processors: the samplers that are made ready, which takes longest of all."""
    made: list[Nuts] = []
    lowered = Nuts.lowered

    def noted(self: Nuts) -> tuple[Any, Any]:
        made.append(self)
        return lowered(self)

    monkeypatch.setattr(Nuts, "lowered", noted)
    monkeypatch.setattr(importlib.import_module("opjax.infer.fit"), "cores", lambda: 2)
    return made


@pytest.mark.usefixtures("x64")
def test_solves_that_fail_are_survived_and_counted(samplers: list[Nuts]) -> None:
    """Half of the prior explodes before the last observation, and the posterior touches that half."""
    y = np.array([1.0, 1.6, 20.0])
    model = opjax.loads(EXPLODES)
    data = {"time": TIMES, "y": y}
    found = model.fit(data, num_warmup=100, num_samples=100, max_steps=100, fixed={"sigma": 0.5}, **QUIET)
    assert len(samplers) == 1
    assert found.counts.unsolved_points > 10
    assert found.counts.cut_short > 0
    assert found.counts.unsolved_draws == 0
    assert np.isfinite(found["a"]).all()
    assert float(found["a"].max()) < 0.5
    text = str(found.summary())
    assert f"The solve failed at {found.counts.unsolved_points} of {found.counts.points} points" in text
    assert "proposals" in text


TANK = """
model Tank:
  params:
    c = 1 ~ LogNormal(loc=0, scale=0.5)
    sigma = 0.1 ~ HalfNormal(0.2)
  states:
    h = 4
  dynamics:
    h' = -(c*sqrt(h) if h > 0 else 0)
  observe:
    level ~ Normal(loc=h, scale=sigma)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_a_tank_that_runs_empty_has_a_gradient() -> None:
    """h = (2 - c*t/2)^2 until it is empty; naive code has a nan derivative from there on, and NUTS goes astray."""
    times = np.arange(0.0, 6.0, 0.25)
    exact = np.maximum(2 - 1.2 * times / 2, 0) ** 2
    level = exact + 0.1 * np.random.default_rng(1).normal(size=times.size)
    found = opjax.loads(TANK).fit({"time": times, "level": level}, num_warmup=400, num_samples=400, **QUIET)
    row = found.summary()["c"]
    assert found.divergences == 0
    assert row.r_hat < 1.02
    assert abs(row.mean - 1.2) < 3 * row.sd
    assert row.sd < 0.05


# --- beginning


IMPOSSIBLE = {
    "domain": (DECAY.replace("loc=x", "loc=log(-x)"), "the argument 'loc' of 'y' is not a number that it may be"),
    "requirement": (DECAY + "  require:\n    k < 0\n", "a condition of the section 'require' does not hold"),
    "solve": (EXPLODES.replace("HalfNormal(1)", "LogNormal(loc=9, scale=0.1)"), "the solve fails: "),
    "density": (DECAY.replace("sigma = 0.1 ~ HalfNormal(0.5)", "sigma = 1e-200"), "the density of 'y' is zero"),
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_fit_that_cannot_begin_says_where_and_why(name: str, samplers: list[Nuts]) -> None:
    source, sentence = IMPOSSIBLE[name]
    with pytest.raises(OpjaxError, match="E0907") as caught:
        opjax.loads(source).fit(DATA, num_warmup=5, num_samples=5, max_steps=100, **QUIET)
    assert sentence in str(caught.value)
    assert " of 64)" in str(caught.value)
    assert not samplers


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_a_stiff_model_is_solved_implicitly_without_being_told(samplers: list[Nuts]) -> None:
    examples = Path(__file__).parents[2] / "examples"
    text = (examples / "robertson.ojx").read_text(encoding="utf-8")
    text = text.replace("= 0.04", "= 0.04 ~ LogNormal(loc=log(0.04), scale=0.5)")
    text += "\n  observe:\n    a ~ Normal(loc=A, scale=0.02)\n"
    data = {"time": [0.4, 4.0, 40.0, 400.0], "a": [0.98517, 0.90552, 0.71583, 0.45052]}
    found = opjax.loads(text).fit(data, t0=0.0, num_warmup=50, num_samples=50, **QUIET)
    assert found.tree.attrs["solver"] == "kvaerno5"
    assert len(samplers) == 1
    row = found.summary()["k1"]
    assert abs(row.mean - 0.04) < 3 * row.sd


def code_of(**options: Any) -> tuple[str, str]:
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(DECAY).fit(DATA, **options)
    return caught.value.diagnostics[0].code, caught.value.diagnostics[0].hint


@pytest.mark.usefixtures("x64")
def test_unknown_options_are_refused() -> None:
    assert code_of(num_sample=5) == ("E0806", "did you mean 'num_samples' or 'num_warmup'?")
    assert code_of(chain_method="threads")[0] == "E0806"
    assert code_of(gradient="backward")[0] == "E0806"
    assert code_of(solver="tsit")[0] == "E0902"
    assert code_of(fixed={"k": 1.0, "sigma": 0.1})[0] == "E0932"


@pytest.mark.usefixtures("x32")
def test_single_precision_is_warned_of() -> None:
    with pytest.warns(OpjaxWarning, match="jax_enable_x64"), pytest.raises(OpjaxError, match="E0903"):
        opjax.loads(DECAY).fit({"time": AT})


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("name", "value"), [("num_samples", 0), ("num_chains", 0), ("num_warmup", -1)])
def test_numbers_of_draws_are_checked(name: str, value: int) -> None:
    assert code_of(**{name: value})[0] == "E0807"
