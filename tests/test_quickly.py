"""Where XLA is in a hurry, and where it is as everybody has it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import quickly

TESTS = Path(__file__).parent


def options() -> dict[str, Any]:
    """What XLA is told about a program, beside its usual options."""
    compiler = importlib.import_module("jax._src.compiler")  # where JAX has moved it, all tests are slow: fail
    return dict(compiler.get_compile_options(1, 1).env_option_overrides)


def test_programs_are_compiled_in_a_hurry_inside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPJAX_TEST_XLA", raising=False)
    assert options() == {}
    with quickly.compiled(TESTS / "infer" / "test_fit.py"):
        assert options() == quickly.known_options()
    assert options() == {}
    with quickly.compiled(TESTS / "infer" / "test_lynx_hare.py"):
        assert options() == {}
    monkeypatch.setenv("OPJAX_TEST_XLA", "usual")
    with quickly.compiled(TESTS / "infer" / "test_fit.py"):
        assert options() == {}


def test_what_was_compiled_in_a_hurry_is_compiled_again_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPJAX_TEST_XLA", raising=False)
    seen: list[dict[str, Any]] = []
    compiler = importlib.import_module("jax._src.compiler")
    usual = compiler.get_compile_options

    def noted(*arguments: Any, **more: Any) -> Any:
        seen.append(more["env_options_overrides"])
        return usual(*arguments, **more)

    monkeypatch.setattr(compiler, "get_compile_options", noted)
    function, at = jax.jit(lambda x: x * 3 + 1), jnp.ones(7)
    seen.clear()
    for path in ("solve/test_choose.py", "solve/test_tables.py", "backends/test_values.py", "compile/test_cubic.py"):
        with quickly.compiled(TESTS / path):
            assert np.asarray(function(at))[0] == 4
    assert seen == [quickly.known_options(), {}]


def test_some_options_are_known_and_an_unknown_one_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quickly.OPTIONS, "xla_no_such_option", True)
    known = quickly.known_options.__wrapped__()
    assert known
    assert known.items() <= quickly.OPTIONS.items()
    assert "xla_no_such_option" not in known


def test_every_folder_in_a_hurry_is_one() -> None:
    folders = {path.name for path in TESTS.rglob("*") if path.is_dir() and any(path.glob("test_*.py"))}
    assert folders >= quickly.HURRIED
    assert all(list(TESTS.glob(f"*/{name}")) for name in quickly.LONG)
