"""The examples in the docstrings of what users call run, and there is one for each."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import opjax.pipelines

MODULES = [module.name for module in pkgutil.iter_modules(opjax.pipelines.__path__, "opjax.pipelines.")]
OPERATORS = {
    name: value
    for name, value in vars(opjax.pipelines).items()
    if value.__class__.__name__ != "module" and str(getattr(value, "__module__", "")).startswith("opjax.pipelines.")
}
SAID_ELSEWHERE = {"Node", "Profile", "profile", "param", "static", "define_file"}
"""Examples of `Operator`, `Input`, `define`; measured times; a file."""


@pytest.mark.parametrize("name", [*MODULES, "opjax.model"])
def test_examples_of(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize("name", sorted(OPERATORS.keys() - SAID_ELSEWHERE))
def test_has_an_example(name: str) -> None:
    value = OPERATORS[name]
    is_error = inspect.isclass(value) and issubclass(value, Exception)
    assert is_error or ">>> " in (value.__doc__ or "") or ">>> " in (getattr(value, "build", value).__doc__ or "")
