"""The array namespaces that the backend tests run on, and how arrays get in and out of them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from opjax.backends import Backend, backend_for

NAMES = ("numpy", "jax", "torch", "array_api_strict")
EVERYWHERE = pytest.mark.parametrize("namespace", NAMES)


@contextlib.contextmanager
def using(name: str) -> Iterator[Backend]:
    """The backend of a namespace: JAX with 64-bit numbers, array-api-strict held to the standard of 2023."""
    with contextlib.ExitStack() as stack:
        xp = stack.enter_context(_namespace(name))
        backend = backend_for(xp)
        stack.enter_context(backend.errstate())
        yield backend


@contextlib.contextmanager
def _namespace(name: str) -> Iterator[Any]:
    if name == "numpy":
        yield np
    elif name == "jax":
        jax = pytest.importorskip("jax", reason="JAX is an optional extra")
        with jax.enable_x64(True):
            yield jax.numpy
    elif name == "torch":
        yield pytest.importorskip("torch", reason="no CPU build of PyTorch is installed")
    else:
        strict = pytest.importorskip("array_api_strict", reason="array-api-strict is a test dependency")
        with strict.ArrayAPIStrictFlags(api_version="2023.12"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it computes with NumPy, which warns of infinities
            yield strict


def dtype(backend: Backend, name: str) -> Any:
    """The data type of a namespace: ``float32`` or ``float64``."""
    return {"float32": backend.xp.float32, "float64": backend.xp.float64}[name]


def array(backend: Backend, values: Any, kind: str = "float64") -> Any:
    """An array of the namespace."""
    return backend.asarray(np.asarray(values, dtype=kind), dtype(backend, kind))


def numpy(value: Any) -> np.ndarray:
    """An array of any namespace as one of NumPy, in its own data type."""
    detached = value.detach() if hasattr(value, "detach") else value
    return np.asarray(detached)


def equations(program: Any) -> list[Any]:
    """The equations of a traced program, those of nested programs in their place."""
    found: list[Any] = []
    for equation in program.eqns:
        parameters = [getattr(p, "jaxpr", p) for p in equation.params.values()]
        nested = [p for p in parameters if hasattr(p, "eqns")]
        found.extend(e for p in nested for e in equations(p))
        if not nested:
            found.append(equation)
    return found
