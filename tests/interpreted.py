"""What the interpreter says of a compiled model: the reference for generated code."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

import opjax
from opjax.ir.evaluate import evaluate
from opjax.ir.nodes import Symbol
from opjax.ir.types import declared_dims


def derivative(rhs: opjax.CompiledRhs, y: np.ndarray, p: Mapping[str, object] | None = None) -> np.ndarray:
    """The derivative at a state, cell by cell.

    Arguments:
        rhs: the model.
        y: the flat state.
        p: the parameters by name.
    """
    system, states = rhs.system, rhs.unflatten(y)

    def leaf(symbol: Symbol, cell: tuple[int, ...]) -> float:
        value = states[symbol.name] if symbol.role == "state" else (p or {})[symbol.name]
        return float(np.asarray(value)[cell])

    found: list[float] = []
    for name, cells in zip(system.rates, evaluate(list(system.rates.values()), system.axes, leaf), strict=True):
        dims = declared_dims(system.states[name].axes)
        for cell in itertools.product(*(range(system.axes[dim.axis].size or 0) for dim in dims)):
            found.append(cells.at(dict(zip(dims, cell, strict=True))))
    return np.array(found)
