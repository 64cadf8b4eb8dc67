"""How fast is one warm call with NumPy of a model with short axes, against the best code by hand?

An operation on a short array takes as long as some twenty on Python's numbers, so a person writes the elements of such
a model out, and so does opjax where that is the quicker way; here it is measured as it is, and with arrays alone. The
code by hand has Python's numbers up to ring and groups of five, and arrays in larger models and for a matrix alone.
64-bit numbers; all values are first checked to be those of the code by hand. Below 1x opjax is the quicker one; in the
last column, above 1x it pays that it chooses.
"""

from __future__ import annotations

from functools import partial

import numpy as np

import harness
import opjax
from opjax.backends.numpy import BACKEND
from opjax.compile.compiled import CompiledRhs
from short_models import Case, cases


def compiled(text: str, numbers: bool) -> CompiledRhs:
    """The model, with or without its form in Python's numbers."""
    opjax.clear_cache()
    rhs = opjax.compile_rhs(text)
    kernel = rhs._quantities.kernel(BACKEND)
    kernel.find_scalars = kernel.find_scalars if numbers else None
    return rhs


def row(case: Case, turns: int) -> list[str]:
    """One line of the table."""
    y, p = np.random.default_rng(20261123).uniform(0.5, 1.5, size=case.states), case.parameters
    made = {"opjax": compiled(case.text, True), "arrays": compiled(case.text, False)}
    want = case.hand(1.0, y, p)
    for rhs in made.values():
        np.testing.assert_allclose(rhs(1.0, y, p), want, rtol=1e-12, atol=1e-14)
    calls: dict[str, harness.Candidate] = {name: partial(rhs.__call__, 1.0, y, p) for name, rhs in made.items()}
    timing = harness.in_turns(calls | {"hand": partial(case.hand, 1.0, y, p)}, turns)
    cells = [harness.microseconds(timing[name].median) for name in ("opjax", "arrays", "hand")]
    form = "numbers" if made["opjax"].explain().numbers else "arrays"
    ratios = [harness.ratio(timing[one].over(timing[other])) for one, other in (("opjax", "hand"), ("arrays", "opjax"))]
    return [case.name, form, *cells, *ratios]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "with", "opjax, us", "arrays alone, us", "by hand, us", "opjax / hand", "arrays alone / opjax"]
    page.table("NumPy, one call", columns, [row(case, page.turns) for case in cases()])
    page.finish()


if __name__ == "__main__":
    main()
