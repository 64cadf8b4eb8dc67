"""Every specification of op_system's own README, read from the installed package."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from typing import Any

import pytest
from ruamel.yaml import YAML

from differential.harness import compare, compare_specs


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
