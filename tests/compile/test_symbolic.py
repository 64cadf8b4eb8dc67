"""Values and derivatives of emitted code against sympy, which knows calculus by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from models import compile_text

MODEL = "model M:\n  params:\n    k\n  states:\n    x\n  dynamics:\n    x' = {}\n"

# our text, and the same for sympy
EXPRESSIONS = [
    ("k*x/(1 + x) - x^3 + 2^-x", "k*x/(1 + x) - x**3 + 2**(-x)"),
    ("exp(-k*x)*sin(x)^2 + log(1 + x^2)", "exp(-k*x)*sin(x)**2 + log(1 + x**2)"),
    ("x^k/(3^k + x^k)", "x**k/(3**k + x**k)"),
    ("atan2(x, k) + sqrt(x*k) - cosh(x/3)", "atan2(x, k) + sqrt(x*k) - cosh(x/3)"),
    ("erf(x) + lgamma(x + 2) + x^-2", "erf(x) + loggamma(x + 2) + x**-2"),
    ("-x^2 - -x + (x - (k - x))*(x/k/2)", "-x**2 + x + (x - (k - x))*(x/k/2)"),
    ("log1p(x)*expm1(k) + cbrt(x)", "log(1 + x)*(exp(k) - 1) + x**Rational(1, 3)"),
    ("x^2*k if x > 0 else log(-x)", "x**2*k"),
]


@pytest.mark.parametrize(("text", "symbolic"), EXPRESSIONS)
def test_value_and_derivatives(text: str, symbolic: str) -> None:
    x, k = sympy.symbols("x k", positive=True)
    known = sympy.sympify(symbolic, locals={"x": x, "k": k})
    rhs = compile_text(MODEL.format(text))

    def value(y: jax.Array, p: jax.Array) -> jax.Array:
        return rhs.eval_fn(0.0, y[None], k=p)[0]

    with jax.enable_x64(True):
        for point in ((0.75, 1.25), (2.0, 0.5), (3.5, 2.25)):
            y, p = (jnp.asarray(v) for v in point)
            got = [value(y, p), *jax.grad(value, argnums=(0, 1))(y, p)]
            want = [f.evalf(30, subs={x: point[0], k: point[1]}) for f in (known, known.diff(x), known.diff(k))]
            np.testing.assert_allclose(np.asarray(got), np.asarray(want, dtype=float), rtol=1e-12, atol=1e-13)
