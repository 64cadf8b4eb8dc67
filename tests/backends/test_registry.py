"""Which backend is whose."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.namespaces import EVERYWHERE, using
from opjax.backends import Backend, backend_for, backend_of
from opjax.backends.array_api import ArrayApiBackend
from opjax.errors import OpjaxError

SOURCE = Path(__file__).parents[2] / "src"


@EVERYWHERE
def test_a_namespace_has_one_backend(namespace: str) -> None:
    with using(namespace) as backend:
        assert backend.name == namespace
        assert backend_for(backend.xp) is backend
        assert backend_of(backend.xp.asarray([1.0])) is backend


def test_wrapped_namespaces_are_those_they_wrap(torch: Any) -> None:
    import array_api_compat.numpy
    import array_api_compat.torch

    assert backend_for(array_api_compat.numpy) is backend_for(np)
    assert backend_for(array_api_compat.torch) is backend_for(torch)


def test_traced_values_belong_to_jax() -> None:
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    found: list[Backend] = []

    def f(x: Any) -> Any:
        found.append(backend_of(x))
        return x

    jax.jit(jax.vmap(jax.grad(f)))(jax.numpy.ones(2))
    jax.eval_shape(f, 1.0)
    assert found == [backend_for(jax.numpy)] * 2


def test_numbers_and_sequences_belong_to_numpy() -> None:
    for value in (1, 1.5, True, [1.0, 2.0], (1, 2), np.float32(1.0), np.arange(2)):
        assert backend_of(value) is backend_for(np)


@pytest.mark.parametrize("value", [None, "numpy", 3, np.linalg, types, object()])
def test_what_is_no_namespace_is_named_with_a_way_out(value: Any) -> None:
    with pytest.raises(OpjaxError) as raised:
        backend_for(value)
    (problem,) = raised.value.diagnostics
    assert problem.code == "E0801"
    assert getattr(value, "__name__", type(value).__name__) in problem.message
    assert "jax.numpy" in problem.hint


@pytest.mark.parametrize("value", [None, "1.5", {}, object()])
def test_what_is_no_array_is_refused(value: Any) -> None:
    with pytest.raises(OpjaxError) as raised:
        backend_of(value)
    assert [d.code for d in raised.value.diagnostics] == ["E0801"]


def namespace_of_strict(name: str) -> types.ModuleType:
    """A namespace that nobody knows, with the functions of array-api-strict."""
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is a test dependency")
    module = types.ModuleType(name)
    module.__dict__.update({k: v for k, v in vars(strict).items() if not k.startswith("__")})
    return module


def test_an_entry_point_adds_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Entry:
        def load(self) -> Any:
            return lambda xp: ArrayApiBackend(xp, "elsewhere", differentiable=True)

    def entry_points(*, group: str, name: str) -> list[Entry]:
        asked.append(f"{group}:{name}")
        return [Entry()]

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    backend = backend_for(namespace_of_strict("elsewhere"))
    assert (backend.name, backend.differentiable) == ("elsewhere", True)
    assert asked == ["opjax.backends:elsewhere"]


def test_entry_points_are_not_looked_up_for_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def entry_points(**_: str) -> Any:
        raise AssertionError("looked up")

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    import array_api_compat.numpy

    assert backend_for(array_api_compat.numpy).name == "numpy"


def test_an_unknown_namespace_of_the_standard_is_taken() -> None:
    with using("array_api_strict") as strict:
        assert isinstance(strict, ArrayApiBackend)
        assert strict.differentiable is False


def loaded_after(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{code}\nprint(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.split())


def test_no_framework_is_imported_until_it_is_asked_for() -> None:
    nothing = loaded_after("import opjax.backends")
    assert not {"numpy", "jax", "torch", "scipy"} & nothing
    only_numpy = loaded_after(
        "import numpy\nfrom opjax.backends import backend_for\nbackend_for(numpy).function('exp')"
    )
    assert "opjax.backends.numpy" in only_numpy
    assert not {"jax", "torch", "scipy", "opjax.backends.jax", "opjax.backends.array_api"} & only_numpy
