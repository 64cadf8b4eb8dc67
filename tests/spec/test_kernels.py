"""Kernels: matrices that fall off with a distance, against NumPy and SciPy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import special

import opjax
from opjax.errors import OpjaxError

X = np.array([0.0, 1.0, 3.0, 3.5])
AWAY = np.abs(X[:, None] - X)
FORMULAS: dict[str, tuple[dict[str, float], Any]] = {
    "erfc": ({"scale": 2, "sigma": 0.7}, lambda d, scale, sigma: scale * special.erfc(d / sigma)),
    "gaussian": ({"scale": 2, "sigma": 0.7}, lambda d, scale, sigma: scale * np.exp(-(d**2) / (2 * sigma**2))),
    "exponential": ({"scale": 2, "lambda": 0.7}, lambda d, scale, length: scale * np.exp(-d / length)),
    "gamma": (
        {"scale": 2, "k": 1.5, "theta": 0.8},
        lambda d, scale, k, theta: (
            scale * (np.clip(d, 1e-12, None) / theta) ** (k - 1) * np.exp(-np.clip(d, 1e-12, None) / theta)
        ),
    ),
    "power_law": (
        {"scale": 2, "sigma": 0.7, "p": 1.3},
        lambda d, scale, sigma, p: scale * (1 + d / sigma) ** -p,
    ),
}


def spec_of(kernel: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "kind": "expr",
        "axes": [
            {"name": "x", "type": "continuous", "coords": X.tolist()},
            {"name": "age", "coords": ["a", "b"]},
        ],
        "state": ["u[x]"],
        "equations": {"u[x]": "apply_along(K[x,x:s]*u[x:s], x=s, kernel=sum)"},
        "kernels": [{"name": "K", **kernel}],
        **more,
    }


def matrix(rhs: Any, **parameters: Any) -> np.ndarray:
    return np.stack([rhs.eval_fn(0.0, unit, **parameters) for unit in np.eye(4)], axis=1)


@pytest.mark.parametrize("form", FORMULAS)
def test_the_default_is_the_formula(form: str):
    settings, formula = FORMULAS[form]
    rhs = opjax.compile_rhs(spec_of({"axes": ["x", "x"], "form": form, "params": settings}))
    np.testing.assert_allclose(matrix(rhs), formula(AWAY, *settings.values()), rtol=1e-13)
    np.testing.assert_allclose(matrix(rhs, K=AWAY), AWAY, rtol=0)


@pytest.mark.parametrize("form", FORMULAS)
def test_settings_may_be_parameters_and_are_differentiated(form: str, x64: None):
    import jax

    settings, formula = FORMULAS[form]
    named = {name: f"p_{name}" for name in settings}
    rhs = opjax.compile_rhs(spec_of({"axes": ["x", "x"], "form": form, "params": named}))
    u = np.array([1.0, 2.0, 0.5, 3.0])
    given = {named[name]: float(value) for name, value in settings.items()}
    np.testing.assert_allclose(rhs.eval_fn(0.0, u, **given), formula(AWAY, *settings.values()) @ u, rtol=1e-13)
    slopes = jax.jit(jax.grad(lambda p: rhs.eval_fn(0.0, jax.numpy.asarray(u), **p).sum()))(given)
    for place, name in enumerate(given):
        step, values = 1e-6, list(settings.values())
        up, down = ([v + sign * step * (i == place) for i, v in enumerate(values)] for sign in (1, -1))
        difference = ((formula(AWAY, *up) - formula(AWAY, *down)) @ u).sum() / (2 * step)
        np.testing.assert_allclose(slopes[name], difference, rtol=1e-7, atol=1e-8)


def test_labels_are_as_far_apart_as_their_positions():
    spec = spec_of({"axes": ["x", "age"], "form": "exponential", "params": {"scale": 1, "lambda": 2}})
    spec["equations"] = {"u[x]": "sum_over(K[x,age:a]*(1 + u[x]), age=a)"}
    found = opjax.compile_rhs(spec).eval_fn(0.0, np.zeros(4))
    np.testing.assert_allclose(found, np.exp(-np.abs(X[:, None] - [0, 1]) / 2).sum(axis=1), rtol=1e-13)


def test_a_value_fills_the_matrix_or_is_a_number():
    whole = opjax.compile_rhs(spec_of({"axes": ["x", "x"], "form": "custom_value", "value": 3}))
    np.testing.assert_array_equal(matrix(whole), np.full((4, 4), 3.0))
    number = spec_of({"form": "custom_value", "params": {"value": 0.5}}, equations={"u[x]": "-K*u[x]"})
    np.testing.assert_array_equal(matrix(opjax.compile_rhs(number)), -0.5 * np.eye(4))


def test_every_spelling_says_the_same():
    spec = spec_of({"axes": ["x", "x"], "form": "exponential", "params": {"scale": "a", "lambda": 2}, "kind": "mixing"})
    model = opjax.from_dict(spec)
    text = model.show("ojx")
    assert 'K[x, x] = kernel("exponential", scale=a, lambda=2, kind="mixing")' in text
    for form in ("ojx", "yaml"):
        assert opjax.loads(model.show(form), form).content_hash == model.content_hash


@pytest.mark.parametrize("form", [*FORMULAS, "custom_value"])
def test_they_are_published_as_by_op_system(form: str):
    op_system = pytest.importorskip("op_system", reason="op_system is not installed")
    said: dict[str, Any] = {"value": 3} if form == "custom_value" else {"params": FORMULAS[form][0]}
    spec = spec_of({"axes": ["x", "x"], "form": form, **said})
    spec["equations"] = {"u[x]": "integrate_over(K[x,x:s]*u[x:s], x=s)"}
    assert opjax.compile_rhs(spec).meta["kernels"] == op_system.compile_spec(spec).meta["kernels"]


@pytest.mark.parametrize(
    ("default", "code", "message"),
    [
        ('kernel("gauss", scale=1, sigma=1)', "E0571", "gauss"),
        ("kernel(gaussian, scale=1, sigma=1)", "E0572", "begins with its form"),
        ('kernel("gaussian", scale=1)', "E0572", "lacks the setting 'sigma'"),
        ('kernel("gaussian", scale=1, sigma=1, p=2)', "E0572", "no setting 'p'"),
        ('kernel("gaussian", scale=1, sigma=1, sigma=2)', "E0572", "'sigma' twice"),
    ],
)
def test_what_is_wrong_is_said(default: str, code: str, message: str):
    text = f"""
    model M:
      axes:
        x = points [0, 1]
      params:
        K[x, x] = {default}
      states:
        u[x] = 1
      dynamics:
        u[x]' = sum(K[x, s]*u[s] for s in x)
    """
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(text)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert message in caught.value.diagnostics[0].message


@pytest.mark.parametrize("form", ["gaussian", "exponential", "erfc"])
@pytest.mark.parametrize("width", [0.1, 0.3, 0.45, 0.8, 2.0])
def test_a_kernel_that_the_points_cannot_show_is_told(form: str, width: float) -> None:
    """It is told where the trapezoid rule is off by more than a tenth, against the integral in closed form."""
    shapes = {
        "gaussian": (lambda x: np.exp(-(x**2) / 2), np.sqrt(2 * np.pi), "sigma"),
        "exponential": (lambda x: np.exp(-x), 2.0, "lambda"),
        "erfc": (special.erfc, 2 / np.sqrt(np.pi), "sigma"),
    }
    shape, whole, name = shapes[form]
    x = np.linspace(0, 20, 21)
    spec = {
        "axes": [{"name": "x", "type": "continuous", "coords": x.tolist()}],
        "state": ["u[x]"],
        "kernels": [{"name": "K", "axes": ["x", "x"], "form": form, "params": {"scale": 1, name: width}}],
        "equations": {"u[x]": "integrate_over(K[x, x:s]*u[x:s], x=s)"},
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = opjax.compile_rhs(spec).eval_fn(0.0, np.ones(21))[10]
    np.testing.assert_allclose(found, np.trapezoid(shape(abs(x - 10) / width), x), rtol=1e-12)
    told = [str(one.message) for one in caught if "W0513" in str(one.message)]
    assert bool(told) == (found / (whole * width) > 1.1)
    assert not told or f"{found / (whole * width):.3g} times too large" in told[0]
