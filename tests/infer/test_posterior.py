"""What a posterior holds, says, saves and draws."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import xarray as xr
from numpyro.infer.util import log_density
from scipy.signal import lfilter

import opjax
from infer.models import GROUPS
from opjax.infer import Posterior
from opjax.infer.diagnostics import bulk_ess, r_hat
from opjax.infer.figures import Panel, begins_at_zero, columns_for
from opjax.infer.posterior import Counts
from opjax.infer.summary import Row, Summary, shown

TIMES = np.array([1.0, 2.0, 5.0])
RATE, SHARE = np.array([0.5, 0.8]), 0.4
MODEL = GROUPS + "  derive:\n    total = sum(I[r, a] for r in region, a in age)\n    half[age] = log(2)/rate[age]\n"


def data() -> dict[str, Any]:
    flowed = 1000 * (np.exp(-np.outer(TIMES - 1, RATE)) - np.exp(-np.outer(TIMES, RATE)))
    cases = np.round(SHARE * np.stack([flowed, flowed], axis=1))
    cases[1, 0, 1] = np.nan
    positive = np.round(100 * (1 - np.exp(-np.outer(TIMES, RATE))).mean(axis=1))
    return {"time": TIMES, "cases": cases, "positive": np.stack([positive, positive], axis=1)}


@pytest.fixture(scope="module")
def posterior() -> Iterator[Posterior]:
    with jax.enable_x64(True):
        yield opjax.loads(MODEL).fit(data(), num_warmup=200, num_samples=150, num_chains=2, progress_bar=False)


def test_the_tree_has_the_groups_and_dimensions(posterior: Posterior) -> None:
    assert list(posterior.tree.children) == [
        "posterior",
        "posterior_predictive",
        "log_likelihood",
        "sample_stats",
        "observed_data",
    ]
    dims = {name: variable.dims for name, variable in posterior.draws.data_vars.items()}
    assert dims == {
        "rate": ("chain", "draw", "age"),
        "share": ("chain", "draw"),
        "total": ("chain", "draw", "time"),
        "half": ("chain", "draw", "age"),
    }
    predicted = posterior.tree["posterior_predictive"].to_dataset()
    # the solve also stops at 4, where what is counted at 5 begins
    assert predicted["cases"].dims == ("chain", "draw", "cases_time", "region", "age")
    assert predicted["cases_time"].values.tolist() == TIMES.tolist()
    assert posterior.draws["time"].values.tolist() == [1.0, 2.0, 4.0, 5.0]
    assert posterior.draws["age"].values.tolist() == ["0-4", "5+"]
    assert posterior.draws["time"].attrs == {"units": "week", "origin": "2020-03-01"}
    assert posterior["rate"].sizes == {"chain": 2, "draw": 150, "age": 2}


def test_observed_data_have_holes_where_nothing_was_observed(posterior: Posterior) -> None:
    observed = posterior.tree["observed_data"].to_dataset()
    np.testing.assert_array_equal(observed["cases"].values, data()["cases"])
    density = posterior.tree["log_likelihood"].to_dataset()["cases"]
    assert np.isnan(density.values[:, :, 1, 0, 1]).all()
    assert int(np.isnan(density.values).sum()) == 2 * 150


def test_derived_quantities_follow_from_the_draws(posterior: Posterior) -> None:
    np.testing.assert_allclose(posterior["half"], np.log(2) / posterior["rate"], rtol=1e-12)
    flown = 1 - np.exp(-posterior["rate"].values[:, :, None, :] * posterior["time"].values[:, None])
    np.testing.assert_allclose(posterior["total"], 2000 * flown.sum(axis=-1), rtol=1e-4)


def test_the_log_likelihood_and_the_density_belong_to_the_draws(posterior: Posterior) -> None:
    """lp is the density of the unconstrained numbers: prior, likelihood, and the Jacobian of the transforms."""
    with jax.enable_x64(True):
        rate, share = (posterior[name].values[0, 7] for name in ("rate", "share"))

        def densities(point: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            total, trace = log_density(posterior.model, (), {}, point)
            sites = {name: trace[name] for name in ("cases", "positive")}
            return total, {name: site["fn"].log_prob(site["value"]).sum() for name, site in sites.items()}

        total, found = jax.jit(densities)({"rate": rate, "share": share})  # one program is compiled in less time
        kept = posterior.tree["log_likelihood"].to_dataset()
        for name in ("cases", "positive"):
            wanted = np.nansum(kept[name].values[0, 7])
            assert float(found[name]) == pytest.approx(wanted, rel=1e-9)
        jacobian = np.log(rate).sum() + np.log(share * (1 - share))
        lp = posterior.tree["sample_stats"].to_dataset()["lp"].values[0, 7]
        assert lp == pytest.approx(float(total) + jacobian, rel=1e-9)


def test_it_is_saved_and_opened_again(posterior: Posterior, tmp_path: Path) -> None:
    path = tmp_path / "posterior.nc"
    posterior.save(path)
    with xr.open_datatree(path, engine="h5netcdf") as opened:
        xr.testing.assert_identical(opened.load(), posterior.tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ 0.23 announces ArviZ 1.0 when it is imported
        arviz = pytest.importorskip("arviz")
        again = arviz.from_netcdf(path)
    np.testing.assert_array_equal(again["posterior"]["share"].values, posterior["share"].values)


def test_predictions_at_other_times(posterior: Posterior) -> None:
    with jax.enable_x64(True):
        found = posterior.predictive([2.0, 3.0], draws=40)
    assert found.sizes["draw"] == 40
    assert found["S"].dims == ("chain", "draw", "time", "region", "age")
    assert found["cases"].dims[2:] == ("cases_time", "region", "age")
    wanted = 1000 * np.exp(-np.outer([2.0, 3.0], RATE))
    np.testing.assert_allclose(found["S"].mean(dim=("chain", "draw", "region")), wanted, rtol=0.15)
    with pytest.raises(opjax.OpjaxError, match="E0901"):
        posterior.predictive([-1.0, 3.0])


def test_the_summary_has_a_row_for_each_number(posterior: Posterior) -> None:
    summary = posterior.summary()
    assert [row.name for row in summary.rows] == ["rate[0-4]", "rate[5+]", "share", "half[0-4]", "half[5+]"]
    row, draws = summary["rate[5+]"], posterior["rate"].values[..., 1]
    assert (row.mean, row.sd) == (pytest.approx(draws.mean()), pytest.approx(draws.std(ddof=1)))
    assert (row.low, row.high) == tuple(np.quantile(draws, [0.05, 0.95]))
    lines = str(summary).splitlines()
    assert lines[0].split() == ["mean", "sd", "5", "%", "95", "%", "ESS", "R-hat"]
    assert lines[1].startswith("rate[0-4]  ")
    assert "<td>rate[0-4]</td>" in posterior._repr_html_()
    assert "Posterior of Groups: 2 chains of 150 draws" in repr(posterior)
    with pytest.raises(KeyError):
        summary["nothing"]


def test_the_summary_prints_through_rich(posterior: Posterior) -> None:
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    console.print(posterior.summary())
    assert "rate[0-4]" in console.export_text()


def test_ess_and_r_hat_are_those_of_arviz() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = pytest.importorskip("arviz")
        generator = np.random.default_rng(0)
        slow = np.cumsum(generator.normal(size=(4, 500)), axis=1)
        noise = np.random.default_rng(1).normal(size=(2, 150))
        drawn = lfilter([1.0], [1.0, -0.4], noise, axis=1)  # each draw remembers the one before, as those of a chain do
        for draws in (
            drawn,
            generator.normal(size=(4, 501)),
            generator.standard_cauchy((4, 500)),
            slow,
        ):
            assert bulk_ess(draws) == pytest.approx(float(arviz.ess(draws, method="bulk")), rel=0.02)
            assert r_hat(draws) == pytest.approx(float(arviz.rhat(draws)), rel=2e-3)


def test_statistics_of_too_little_are_missing() -> None:
    for draws in (np.zeros((2, 100)), np.arange(6.0).reshape(2, 3), np.full((2, 10), np.nan)):
        assert np.isnan(bulk_ess(draws))
        assert np.isnan(r_hat(draws))
    assert "-" in str(Summary((Row("a", 1.0, 0.0, 1.0, 1.0, np.nan, np.nan),)))


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [
        (0.54693, 0.0631, "0.5469"),
        (34.04, 2.92, "34.04"),
        (1.2e6, 4e4, "1200000"),
        (3e-12, 1e-12, "3.000e-12"),
        (2.0, 0.0, "2"),
    ],
)
def test_numbers_have_the_digits_that_their_spread_allows(value: float, sd: float, text: str) -> None:
    assert shown(value, sd) == text


def test_sentences_say_what_to_worry_about() -> None:
    assert Counts(points=65, proposals=1000, cut_short=12).sentences() == []
    found = Counts(points=65, unsolved_points=5, proposals=1000, cut_short=12, divergences=3).sentences()
    assert found[0] == "The solve failed at 5 of 65 points drawn from the priors."
    assert found[1].startswith("12 of 1000 proposals (1.2 %) were refused")
    assert "3 of them after the warm-up" in found[1]


def test_the_figure_has_a_panel_for_each_cell(posterior: Posterior, tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    with jax.enable_x64(True):
        figure = posterior.figure(path)
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_visible()]
    assert titles == [
        "cases[north, 0-4]",
        "cases[north, 5+]",
        "cases[south, 0-4]",
        "cases[south, 5+]",
        "positive[north]",
        "positive[south]",
    ]
    points = next(line for line in figure.axes[1].lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_ydata(), data()["cases"][:, 0, 1])
    assert path.read_bytes().startswith(b"\x89PNG")
    assert figure.axes[5].get_xlabel() == "time (weeks since 2020-03-01)"
    fifty = figure.legends[0].get_patches()[1]
    assert fifty.get_alpha() == pytest.approx(1 - (1 - 0.18) * (1 - 0.34))


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (3, 1), (4, 2), (5, 3), (6, 3), (7, 4), (9, 3), (16, 4)])
def test_no_panel_stands_alone(count: int, columns: int) -> None:
    assert columns_for(count) == columns
    assert count <= 3 or count % columns != 1 or count == 9


@pytest.mark.parametrize(("lowest", "begins"), [(0.0, True), (1.0, True), (29.0, False), (-1.0, False)])
def test_what_is_far_above_zero_is_not_drawn_from_there(lowest: float, begins: bool) -> None:
    times = np.arange(3.0)
    draws = np.linspace(lowest, 32.0, 30).reshape(10, 3)
    assert begins_at_zero(Panel("temperature", times, draws[5], times, draws, "#0072B2")) is begins
