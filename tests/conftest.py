"""What every test shares: a quiet environment, precision on request, reproducible Hypothesis, no network."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import quickly

# Nothing above imports NumPy or JAX: one thread each, so that workers do not fight over the cores, and no GPU.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests while Python collects no garbage.

    Thousands of tests and all that they import are half a million objects that stay, and the collector would look
    through all of them again and again. They count as old in the end, and from then on it looks more seldom: a tenth of
    the time of the tests went into finding that nearly all of it is in use. Tests of memory call it themselves.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(100_000, 20, 20)
        gc.enable()


# "ci" draws the same examples on every run; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True, scope="module")
def xla(request: pytest.FixtureRequest) -> Iterator[None]:
    """XLA optimizes only where its machine code is what the tests are about."""
    with quickly.compiled(request.path):
        yield


@pytest.fixture
def x64() -> Iterator[None]:
    """JAX with 64-bit numbers inside the test; what it was before, after it."""
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with jax.enable_x64(True):
        yield


@pytest.fixture
def x32() -> Iterator[None]:
    """JAX with 32-bit numbers inside the test; what it was before, after it."""
    jax = pytest.importorskip("jax", reason="JAX is an optional extra")
    with jax.enable_x64(False):
        yield


@pytest.fixture
def torch() -> Any:
    """PyTorch, or a skip with the reason."""
    return pytest.importorskip("torch", reason="no CPU build of PyTorch is installed")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections to other machines fail at once: a test must not depend on them."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if internet and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", refuse)
    yield
    patch.undo()
