"""Models that use every function of the table: solved as one kernel and without, the solutions are the same.

The compiler that makes one kernel does not check what it is given, so a function that it cannot take would end the
process; each model here is solved in this one.
"""

from __future__ import annotations

import numpy as np
import pytest

import opjax
from opjax.ir.functions import FUNCTIONS
from opjax.solve import one_kernel

NAMES = [f.name for f in FUNCTIONS.values() if not f.operator and f.result == "real"]
GROUPS = [NAMES[start : start + 6] for start in range(0, len(NAMES), 6)]


def call(name: str) -> str:
    """The function at arguments between 0.2 and 0.9 that follow the state; conditions where it wants them."""
    function = FUNCTIONS[name]
    numbers = iter(("0.2 + 0.7*sigmoid(x[a])", "0.3 + 0.1*a_at", "0.9"))
    kinds = function.argument_kinds
    count = len(function.arguments)
    given = [kinds[min(i, len(kinds) - 1)] for i in range(count)]
    return f"{name}({', '.join('x[a] > 0.5' if kind == 'boolean' else next(numbers) for kind in given)})"


def model(names: list[str]) -> opjax.Model:
    terms = "".join(f"      + 0.1*{call(name)}\n" for name in names).replace("a_at", "a")
    text = (
        "model Every:\n  axes:\n    a = points [0.5, 1, 2]\n  states:\n    x[a] = a\n"
        f"  dynamics:\n    d(x[a])/dt = (-x[a]\n{terms}    )\n"
    )
    return opjax.loads(text)


@pytest.mark.slow
@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
def test_one_kernel_gives_the_same_solution(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = model(names).simulate(ts=np.linspace(0, 1, 4))["x"].values
    monkeypatch.setenv(one_kernel.SWITCH, "off")
    wanted = model(names).simulate(ts=np.linspace(0, 1, 7))["x"].values[::2]  # other times: it is traced anew
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8)
