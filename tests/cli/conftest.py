"""What commands set in the environment before JAX starts stays inside their test."""

from __future__ import annotations

import pytest

JAX_SETTINGS = ("JAX_ENABLE_X64",)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that are set already are left alone by commands, and restored after the test."""
    for name in JAX_SETTINGS:
        monkeypatch.setenv(name, "1")
