"""Specifications that Hypothesis writes, at random states and parameters."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, reject, settings

import op_system
import opjax
from differential.harness import compare
from strategies.op_system_specs import expr_specs, flat_specs, specs, transition_specs


def agree(spec: dict[str, Any], seed: int, **options: Any) -> None:
    try:
        op_system.compile_spec(spec)
    except op_system.UnsupportedFeatureError:  # a pattern that its vectoriser does not know
        reject()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", opjax.OpjaxWarning)  # a rate may well contain its source
        compare(spec, count=1, seed=seed, **options)


@settings(max_examples=25)
@given(expr_specs())
def test_equations(spec: dict[str, Any]) -> None:
    agree(spec, 1, jax_too=False)


@settings(max_examples=25)
@given(transition_specs())
def test_transitions(spec: dict[str, Any]) -> None:
    agree(spec, 2, jax_too=False)


@settings(max_examples=25)
@given(flat_specs())
def test_without_axes(spec: dict[str, Any]) -> None:
    agree(spec, 5, jax_too=False)


@settings(max_examples=2)
@given(specs)
def test_under_jax(spec: dict[str, Any]) -> None:
    agree(spec, 3)


@pytest.mark.slow
@settings(max_examples=300)
@given(specs)
def test_many(spec: dict[str, Any]) -> None:
    agree(spec, 4, jax_too=False)
