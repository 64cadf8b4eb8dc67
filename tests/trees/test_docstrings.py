"""The examples of the docstrings run, and there is one for every function."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import jax
import pytest

import opjax.trees

MODULES = [module.name for module in pkgutil.iter_modules(opjax.trees.__path__, "opjax.trees.")]
OWN = {
    function.__qualname__: function
    for name, function in vars(opjax.trees).items()
    if inspect.isfunction(function) and function.__module__.startswith("opjax.")
}


@pytest.fixture
def _errors_without_notes() -> Iterator[None]:
    """Before Python 3.11.4 doctest takes a note for the message; JAX adds one where it hides frames."""
    before = jax.config.jax_traceback_filtering
    jax.config.update("jax_traceback_filtering", "off")
    yield
    jax.config.update("jax_traceback_filtering", before)


@pytest.mark.usefixtures("_errors_without_notes")
@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name: str) -> None:
    flags = doctest.ELLIPSIS
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=flags, raise_on_error=False)
    assert failed == 0


def test_every_module_is_read() -> None:
    assert {function.__module__ for function in OWN.values()} <= set(MODULES)


@pytest.mark.parametrize("function", OWN.values(), ids=OWN)
def test_has_an_example(function) -> None:
    assert ">>> " in (function.__doc__ or "")
