"""Whole models, made of random declarations; parameters, inputs and states have names of their own."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from opjax.syntax.declarations import ModelSyntax
from strategies.expressions import declarations, names

docs = st.one_of(st.just(""), st.text(st.characters(exclude_categories=["Cs"]), max_size=12), st.just("a\n b: c # d"))


def _some(kind: str, most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(declarations[kind], max_size=most).map(tuple)


def _unique(kind: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(declarations[kind], max_size=2, unique_by=lambda row: row.name).map(tuple)


models: st.SearchStrategy[ModelSyntax] = st.builds(
    ModelSyntax,
    name=st.one_of(names, docs),
    time=st.one_of(st.none(), declarations["time"]),
    axes=_some("axis"),
    parameters=_unique("parameter"),
    inputs=_unique("input"),
    states=_unique("state"),
    aliases=_some("alias"),
    dynamics=_some("dynamics"),
    initial=_some("initial"),
    events=_some("event"),
    boundaries=_some("boundary"),
    observations=_some("observation"),
    derived=st.lists(declarations["alias"].filter(lambda row: hasattr(row, "axes")), max_size=2).map(tuple),
    requirements=_some("requirement"),
    doc=docs,
)
"""Models that can be written, and mostly mean nothing."""
