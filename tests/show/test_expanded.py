"""The expanded form says what the compiled right-hand side computes, cell by cell."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from opjax import OpjaxError
from opjax.ir.functions import FUNCTIONS
from opjax.model import Model, loads
from opjax.show.expanded import MOST_CELLS, MOST_CHARACTERS
from show import models

LINE = re.compile(r"(?:d\((?P<state>.*?)\)/dt|(?P<alias>.*?)) = (?P<value>.*)")
CALLS: dict[str, Callable[..., object]] = {f.name: f.reference for f in FUNCTIONS.values() if not f.operator}
BUILTINS = {"sum": sum, "prod": math.prod, "min": min, "max": max}


class Cells(dict[object, float]):
    """The cells of a quantity by their labels."""


def key(text: str) -> object:
    return eval(text) if text else ()


def values_of(model: Model) -> dict[str, object]:
    """Random values of all states and the given values of all parameters, as Python names."""
    random = np.random.default_rng(7)
    axes = model.system.axes
    names: dict[str, object] = {axis.name: list(axis.names) for axis in axes.values()}
    for state in model.system.states.values():
        labels = [axes[a].names for a in state.axes]
        if labels:
            cells = itertools.product(*labels)
            names[state.name] = Cells({c if len(c) > 1 else c[0]: random.uniform(0.5, 2) for c in cells})
        else:
            names[state.name] = random.uniform(0.5, 2)
    for parameter in model.system.parameters.values():
        if parameter.values is None:
            names[parameter.name] = parameter.default.value if parameter.default else None
        else:
            table = np.array(parameter.values)
            labels = [axes[a].names for a in parameter.axes]
            flat = zip(itertools.product(*labels), table.ravel(), strict=True)
            names[parameter.name] = Cells({c if len(c) > 1 else c[0]: float(v) for c, v in flat})
    return names


def evaluated(model: Model) -> tuple[dict[str, object], dict[str, float]]:
    """The derivative of every cell by Python's own evaluation of the expanded text."""
    names = values_of(model)
    rates: dict[str, float] = {}
    for line in model.show("expanded").splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        value = float(eval(match["value"].replace("^", "**"), {**BUILTINS, **CALLS, **names}))
        if match["state"]:
            rates[match["state"]] = value
            continue
        name, _, inside = match["alias"].removesuffix("]").partition("[")
        if inside:
            cells = names.setdefault(name, Cells())
            assert isinstance(cells, Cells)
            cells[key(inside)] = value
        else:
            names[name] = value
    return names, rates


def flat(cells: object) -> Iterable[float]:
    return cells.values() if isinstance(cells, Cells) else [cells]


@pytest.mark.parametrize("text", [models.SIR, models.AGES, models.GRID, models.REACTIONS])
def test_the_text_computes_what_the_compiled_function_computes(text: str) -> None:
    model = loads(text)
    names, rates = evaluated(model)
    y = np.array([value for state in model.states for value in flat(names[state])])
    wanted = model.compile_rhs(np).eval_fn(0.0, y)
    assert len(rates) == y.size
    np.testing.assert_allclose(list(rates.values()), wanted, rtol=1e-12, atol=1e-12)


def test_small_sums_are_written_out_and_large_ones_are_not() -> None:
    assert 'total["65+"] = I["65+", "north"] + I["65+", "far south"]' in loads(models.AGES).show("expanded")
    assert " for x_1 in x)" in loads(models.GRID).show("expanded")


def test_a_flow_over_the_end_is_gone_and_the_rest_is_plain() -> None:
    text = loads(models.AGES).show("expanded")
    assert (
        'd(I["65+", "north"])/dt = foi["65+"] - k_on^2*I["65+", "north"] + ageing["18-64"]*I["18-64", "north"]\n'
        in text
    )


def test_what_is_left_out_is_counted() -> None:
    text = models.GRID.replace("15)", "1000)")
    lines = loads(text).show("expanded").splitlines()
    shown = [line for line in lines if line.startswith("d(u[")]
    assert len(shown) == MOST_CELLS
    assert "# 700 more cells of u: 300 of 1000 are shown" in lines


def test_a_long_text_is_cut() -> None:
    sums = " + ".join(["a[i]"] * 5_000)
    text = f"model M:\n  axes:\n    i = grid(0, 1, 200)\n  states: a[i]\n  dynamics:\n    a[i]' = {sums}\n"
    shown = loads(text).show("expanded")
    assert "more cells of a" in shown
    assert len(shown) < 3 * MOST_CHARACTERS


def test_axes_from_data_need_their_labels() -> None:
    text = "model M:\n  axes:\n    id = data\n  states: a[id]\n  dynamics:\n    a[id]' = -a[id]\n"
    with pytest.raises(OpjaxError, match="E0803"):
        loads(text).show("expanded")
    assert 'd(a["p1"])/dt = -a["p1"]' in loads(text).with_axes(id=["p1"]).show("expanded")
