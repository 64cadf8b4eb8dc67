"""XLA in a hurry, for tests whose subject is not the machine code that XLA writes.

Most of the time of the tests was XLA on a CPU: seconds of optimization for programs that run for milliseconds. Its
plain emitters without optimization write the same operations in a third of the time; last bits may differ, as they do
between processors. Where single functions and compiled programs are tested (tests/backends, tests/ir, tests/compile,
tests/passes, and whatever is not named here), and in processes of their own, XLA is as everybody has it. With
``OPJAX_TEST_XLA=usual`` it is so everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import opjax

HURRIED = {"errors", "infer", "laws", "operators", "pipelines", "solve", "trees"}
LONG = {"test_lynx_hare.py"}  # draws for so long that machine code without optimization takes three times as long
OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""Not all of them are known to every version of XLA."""
_LEFT: list[Path] = []  # the last file in a hurry, while what was compiled for it may still be in a cache


@contextlib.contextmanager
def compiled(path: Path) -> Iterator[None]:
    """XLA as the tests of a file have it; none of them is given a program that was compiled in a hurry elsewhere."""
    if path.parent.name in HURRIED and path.name not in LONG and os.environ.get("OPJAX_TEST_XLA") != "usual":
        _LEFT[:] = [path]
        with hurried():
            yield
        return
    if _LEFT and "jax" in sys.modules:
        opjax.clear_cache()
        sys.modules["jax"].clear_caches()
    _LEFT.clear()
    yield


@functools.cache
def known_options() -> dict[str, Any]:
    """Those of the options that this version of XLA knows; it refuses programs with others."""
    jax, known = importlib.import_module("jax"), dict[str, Any]()
    for name, value in OPTIONS.items():
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            jax.jit(lambda x: x).lower(0.0).compile(compiler_options={name: value})
            known[name] = value
    return known


@contextlib.contextmanager
def hurried() -> Iterator[None]:
    """What JAX compiles inside, in any thread, is compiled with `known_options`; options of a program come first.

    JAX has options for one program, and `XLA_FLAGS` for a whole process, but none for all programs for a while.
    """
    try:
        compiler = importlib.import_module("jax._src.compiler")
        usual = compiler.get_compile_options
    except (ImportError, AttributeError):  # no JAX, or one that does it elsewhere: slower, and right
        yield
        return

    def quicker(*arguments: Any, env_options_overrides: dict[str, Any] | None = None, **more: Any) -> Any:
        own = env_options_overrides or {}
        options = known_options() if own.keys().isdisjoint(OPTIONS) else {}  # it has programs compiled with one itself
        return usual(*arguments, env_options_overrides={**options, **own}, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "get_compile_options", quicker)
        yield
