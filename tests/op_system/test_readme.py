"""Every specification of op_system's own README, read from the installed package."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

import opjax
from differential.harness import both, compare, compare_specs


def readme_specs() -> dict[str, Any]:
    """The specifications of the README by the heading above them and their number under it."""
    text = distribution("op-system").read_text("METADATA") or ""
    found: dict[str, Any] = {}
    heading = ""
    for match in re.finditer(r"^#+ (?P<heading>[^\n]*)$|^```yaml\n(?P<block>.*?)^```", text, re.MULTILINE | re.DOTALL):
        heading = match["heading"] or heading
        block = YAML(typ="safe", pure=True).load(match["block"]) if match["block"] else None
        if isinstance(block, dict) and "spec" in block:
            found[f"{heading} {len(found) + 1}"] = block["spec"]
    return found


SPECS = readme_specs()
NOT_COMPILED = {
    "Templated states with `apply_along` 5",
    "Routing transitions with `axis:alias` 6",
    "Continuous axis + kernel 10",
}
"""What op_system 0.9 itself refuses: an older spelling of reducers, and an axis of time that is not declared."""


def test_the_readme_has_the_specifications_that_are_known() -> None:
    assert len(SPECS) == 10


@pytest.mark.parametrize("title", [title for title in SPECS if title not in NOT_COMPILED])
def test_readme(title: str) -> None:
    compare(SPECS[title])


def test_the_older_spelling_of_reducers() -> None:
    """op_system refuses its own example, for its spelling and for the name lambda; opjax reads it as it was meant."""
    older = SPECS["Templated states with `apply_along` 5"]
    text = json.dumps(older).replace("vax=j, I[age,vax=j]", "I[age,vax:j], vax=j").replace("lambda", "foi")
    sample = compare_specs(older, json.loads(text))
    assert sample == ("S", "I", "R")


def test_the_example_of_routing_with_its_axis_of_time() -> None:
    spec = SPECS["Routing transitions with `axis:alias` 6"]
    time = {"name": "time", "type": "continuous", "coords": [0.0, 7.0, 21.0]}
    ours, theirs = both({**spec, "axes": [*spec["axes"], time]})
    rng = np.random.default_rng(0)
    y, values = rng.uniform(1.0, 2.0, 8), {name: rng.uniform(size=shape) for name, shape in ours.param_shapes.items()}
    for moment in (-1.0, 3.0, 7.0, 20.0, 30.0):
        found = ours.eval_fn(moment, y, **values)
        np.testing.assert_allclose(found, theirs.eval_fn(moment, y, **values), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Routing transitions with `axis:alias` 6", "there is no axis 'time'"),
        ("Continuous axis + kernel 10", "between two axes: give it two"),
    ],
)
def test_what_op_system_refuses_of_its_own_is_refused_with_a_reason(title: str, reason: str) -> None:
    with pytest.raises(opjax.OpjaxError, match=reason):
        opjax.compile_rhs(SPECS[title])
