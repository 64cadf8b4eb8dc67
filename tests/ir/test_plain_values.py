"""Numbers of parameters and states that are a name and a number, as they are before anybody asks for one."""

from __future__ import annotations

import numpy as np

import opjax
from opjax.ir.nodes import Constant
from opjax.ir.system import plain_values

COUNT = 60


def text(extra: str = "") -> str:
    parameters = "".join(f"    k{i} = 0.{i + 10}\n" for i in range(COUNT))
    states = "".join(f"    x{i} = {i}\n" for i in range(COUNT))
    rows = "".join(f"    x{i} -> x{(7 * i + 1) % COUNT} @ k{i}\n" for i in range(COUNT))
    return f"model M:\n  params:\n{parameters}{extra}  states:\n{states}  dynamics:\n{rows}"


def test_numbers_of_plain_declarations_are_there_before_their_records() -> None:
    system = opjax.loads(text("    total : person = 3*k1\n    free\n")).system
    found = plain_values(system.parameters)
    assert "total" not in found
    for name, parameter in system.parameters.items():
        assert found.get(name, parameter.default) is parameter.default
    numbers = {name: node.value for name, node in found.items() if isinstance(node, Constant)}
    assert numbers.items() <= {f"k{i}": float(f"0.{i + 10}") for i in range(COUNT)}.items()
    assert plain_values(dict(system.parameters)) == {}


def test_a_model_in_columns_compiles_to_the_same_as_one_in_rows() -> None:
    columns, rows = opjax.compile_rhs(text()), opjax.compile_rhs(text().replace(" = ", " = 0 + "))
    y = np.linspace(0.5, 1.5, COUNT)
    np.testing.assert_array_equal(columns.eval_fn(0.0, y), rows.eval_fn(0.0, y))
    assert columns.param_shapes == rows.param_shapes
    assert columns.template_shapes == rows.template_shapes
    assert columns.cell_names == rows.cell_names
