"""Models as mappings can hold them: parameters, inputs and states have names of their own."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from opjax.syntax.declarations import ModelSyntax
from strategies.expressions import texts
from strategies.models import commented_models


def _unique(rows: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple({row.name: row for row in rows}.values())


@st.composite
def _models(draw: st.DrawFn) -> ModelSyntax:
    model = draw(commented_models())
    return dataclasses.replace(
        model,
        parameters=_unique(model.parameters),
        inputs=_unique(model.inputs),
        states=_unique(model.states),
        doc=draw(st.one_of(texts, st.just("a\n b: c # d\r\n"))),
    )


models = _models()
"""Models that can be written, and mostly mean nothing."""
