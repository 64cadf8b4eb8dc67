"""What op_system 0.9 accepts and gets wrong: opjax gets it right, or refuses it with a reason.

Every test shows both: the oracle's answer, which is why the specification is here, and opjax's.
"""

from __future__ import annotations

import numpy as np
import pytest

import opjax
from differential.harness import both
from differential.specs import read
from opjax import OpjaxError


def refusal(text: str) -> str:
    """What opjax says of a specification that it refuses."""
    with pytest.raises(OpjaxError) as caught:
        opjax.compile_rhs(read(text))
    return str(caught.value)


def test_the_entry_of_a_chain_of_equations_arrives() -> None:
    ours, theirs = both(
        read("""
        state: [S, R]
        chain: [{name: I, length: 2, entry: {from: S, rate: b}, forward: g, exit: {to: R, rate: g}}]
        equations: {S: -b*S}
        """)
    )
    y, p = np.array([1.0, 2.0, 3.0, 4.0]), {"b": 0.1, "g": 0.2}
    np.testing.assert_allclose(theirs.eval_fn(0.0, y, **p).sum(), -0.1, rtol=1e-12)  # what leaves S is gone
    np.testing.assert_allclose(ours.eval_fn(0.0, y, **p), [-0.1, 0.8, -0.5, -0.2], rtol=1e-12)
