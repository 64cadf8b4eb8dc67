"""Points of a grid are numbers, and a sentence says how to write them."""

from __future__ import annotations

import pytest

import opjax
from opjax.errors import OpjaxError

TEXT = "model M:\n  axes:\n    x = grid(0, 3, 4)\n  states:\n    w[x] = 1\n  dynamics:\n    w[x]' = w[{index}]\n"


@pytest.mark.parametrize("index", ['"1"', 'x="1"'])
def test_a_point_in_quotation_marks(index):
    with pytest.raises(OpjaxError, match=r"E0305[\s\S]*points are 0, 1, 2, 3; write x=1, without quotation marks"):
        opjax.loads(TEXT.format(index=index))


def test_a_place_between_two_points():
    with pytest.raises(OpjaxError, match=r"E0305[\s\S]*its points are 0, 1, 2, 3; between two stands at"):
        opjax.loads(TEXT.format(index="x=1.5"))
