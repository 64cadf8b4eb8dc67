"""Equal models are compiled once, by opjax, by `jax.jit`, and by JAX in another process; each keeps its own places."""

from __future__ import annotations

import gc
import linecache
import os
import pickle
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.backends.registry import backend_for
from opjax.compile.cache import CacheInfo, Store
from opjax.compile.kernel import Kernel

ROOT = Path(__file__).parents[2]
TEXT = """
model Decay:
  axes:
    age = [young, old]
  params:
    k = 0.5
  states: x[age]
  dynamics:
    x[age] -> 0 @ {rate}
"""
YAML = """
name: Decay
axes: [{name: age, coords: [young, old]}]
parameters: {k: {value: 0.5}}
state: ["x[age]"]
transitions: [{from: "x[age]", to: null, rate: k}]
"""


@pytest.fixture(autouse=True)
def _empty() -> None:
    opjax.clear_cache()


def decay(rate: str = "k") -> opjax.CompiledRhs:
    return opjax.compile_rhs(TEXT.format(rate=rate))


def kernel(rhs: opjax.CompiledRhs, xp: object = np) -> Kernel:
    return rhs._quantities.kernel(backend_for(xp))


# --- in memory


def test_equal_models_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []
    monkeypatch.setattr("opjax.passes.run_passes", lambda program, *_: runs.append(program) or program)
    first, second = decay(), decay()
    assert kernel(first) is kernel(second)
    assert len(runs) == 1
    assert opjax.cache_info()[:3] == (1, 1, 1)
    assert kernel(decay("2*k")) is not kernel(first)
    assert len(runs) == 2


def test_the_spelling_does_not_matter() -> None:
    model = opjax.loads(TEXT.format(rate="k"))
    other = opjax.loads(model.show("yaml"), "yaml")
    commented = opjax.loads("# a comment\n\n" + TEXT.format(rate="(k)"))
    assert kernel(model.compile_rhs()) is kernel(other.compile_rhs()) is kernel(commented.compile_rhs())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@ k", "@ k^2"),
        ("young, old", "young, old, dead"),
        ("-> 0 @ k", "=> 0 @ k"),
        ("    k = 0.5", "    k[age]"),
        ("x[age]\n", "x[age], y\n"),
    ],
)
def test_models_that_differ_do_not_share(old: str, new: str) -> None:
    text = TEXT.format(rate="k").replace(old, new)
    if ", y" in new:
        text += "    y' = 0\n"
    if "k[age]" in new:
        text = text.replace("@ k", "@ k[age]")
    kernel(opjax.compile_rhs(text))
    kernel(decay())
    assert opjax.cache_info().hits == 0


def test_the_library_and_the_options_matter() -> None:
    rhs = decay()
    assert kernel(rhs) is kernel(opjax.compile_rhs(TEXT.format(rate="k"), xp=np))
    kernel(rhs, jnp)
    assert opjax.cache_info().misses == 2
    assert decay() != opjax.compile_rhs(TEXT.format(rate="k"), extra_parameters="ignore")


def test_a_default_is_not_part_of_what_is_shared() -> None:
    slow, quick = decay(), opjax.compile_rhs(TEXT.format(rate="k").replace("0.5", "5"))
    np.testing.assert_array_equal(slow.eval_fn(0.0, np.ones(2)), [-0.5, -0.5])
    np.testing.assert_array_equal(quick.eval_fn(0.0, np.ones(2)), [-5.0, -5.0])
    assert slow != quick
    assert slow.eval_fn != quick.eval_fn


def test_the_lines_of_generated_code_are_kept_as_long_as_the_code() -> None:
    def own() -> set[str]:
        return {name for name in linecache.cache if name.startswith("<opjax Decay ")}

    gc.collect()
    before, rhs = own(), decay("3.25*k")
    rhs(0.0, np.ones(2))
    rhs(0.0, np.ones(2, np.float32))
    names = own() - before
    assert len(names) == 2  # with Python's numbers, and with arrays
    assert all("3.25" in "".join(linecache.getlines(name)) for name in names)
    del rhs
    opjax.clear_cache()
    gc.collect()
    assert names.isdisjoint(linecache.cache)


def test_problems_keep_their_own_places(tmp_path: Path) -> None:
    """A value of the past is refused at the first call: at the line of the file that this model was read from."""
    text = "model M:\n  states: x\n  dynamics:\n    x' = -delay(x, 2)\n"
    places = []
    for name, blank in (("first.ojx", ""), ("second.ojx", "\n\n\n")):
        (tmp_path / name).write_text(blank + text)
        try:
            opjax.compile_rhs(tmp_path / name).eval_fn(0.0, np.ones(1))
        except opjax.OpjaxError as error:
            (problem,) = error.diagnostics
            places.append(problem.render().splitlines()[0].partition(" error")[0].rpartition("/")[2])
    assert places == ["first.ojx:4:20:", "second.ojx:7:20:"]


def test_many_threads_compile_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[object] = []
    monkeypatch.setattr("opjax.passes.run_passes", lambda program, *_: runs.append(program) or program)
    models, found, start = [decay() for _ in range(8)], [], threading.Barrier(8)

    def compile_one(rhs: opjax.CompiledRhs) -> None:
        start.wait()
        found.append(kernel(rhs))

    threads = [threading.Thread(target=compile_one, args=(rhs,)) for rhs in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == len(runs) == 1


def test_the_store_is_bounded() -> None:
    made: list[int] = []
    store: Store[Kernel] = Store(most=3, most_nodes=100)
    one = kernel(decay())

    def get(key: int, nodes: int = 1) -> None:
        store.get(key, nodes, lambda: made.append(key) or one)

    for key in (1, 2, 3, 1, 4, 1):  # 2 was not asked for longest
        get(key)
    assert made == [1, 2, 3, 4]
    get(2)
    assert made == [1, 2, 3, 4, 2]
    get(9, 1000)  # larger than all that may be kept: it is kept alone, as the latest
    assert store.info() == CacheInfo(hits=2, misses=6, kernels=1, nodes=1000)
    get(9, 1000)
    assert made[-1] == 9
    assert len(made) == 6


def test_a_failure_is_not_kept() -> None:
    store: Store[Kernel] = Store()
    one = kernel(decay())

    def fail() -> Kernel:
        raise MemoryError

    with pytest.raises(MemoryError):
        store.get("key", 1, fail)
    assert store.get("key", 1, lambda: one) is one


# --- by jax.jit


def test_jit_knows_an_equal_model_again(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[object] = []
    first, second, other = decay("3*k"), opjax.loads(TEXT.format(rate="3*k")).compile_rhs(), decay("6*k")
    for rhs in (first, second, other):
        monkeypatch.setattr(rhs, "_flat", lambda t, y, p, flat=rhs._flat: traced.append(y) or flat(t, y, p))
    y = jnp.ones(2)
    want = [jax.jit(rhs.eval_fn)(0.0, y) for rhs in (first, first, second)]
    assert len(traced) == 1
    np.testing.assert_array_equal(want[0], want[2])
    np.testing.assert_allclose(jax.jit(other.eval_fn)(0.0, y), 2 * want[0])
    assert len(traced) == 2


def test_calls_are_shared_by_equal_models() -> None:
    first, second = decay(), decay()
    assert first.eval_fn is second.eval_fn
    assert first.pytree_eval_fn is second.pytree_eval_fn
    assert first.eval_fn is not decay("2*k").eval_fn
    assert first.eval_fn is not opjax.compile_rhs(TEXT.format(rate="k"), extra_parameters="ignore").eval_fn
    copied = pickle.loads(pickle.dumps(first.eval_fn))
    np.testing.assert_array_equal(copied(0.0, np.ones(2), k=2.0), [-2.0, -2.0])


def test_models_that_nobody_holds_are_forgotten() -> None:
    first = decay()
    gone = weakref.ref(first)
    assert first.eval_fn(0.0, np.ones(2)).shape == (2,)
    del first
    gc.collect()
    assert gone() is None
    assert decay().eval_fn(0.0, np.ones(2)).shape == (2,)


# --- in other processes

PROGRAMS = """
import random, sys
import opjax
draw = random.Random(7)
n = 40
rows = "".join(f"    x{i} + x{draw.randint(0, n - 1)} -> x{(i + 1) % n} @ k{i % 3}\\n" for i in range(n))
net = "model Net:\\n  params:\\n    k0\\n    k1\\n    k2\\n  states: " + ", ".join(f"x{i}" for i in range(n))
net += "\\n  dynamics:\\n" + rows
for spec in (net, *sys.argv[1:]):
    rhs = opjax.compile_rhs(spec)
    print(rhs.content_hash, rhs.source, rhs.explain())
"""
TRACE = """
import sys
import jax, jax.numpy as jnp
import opjax
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event))
jax.config.update("jax_compilation_cache_dir", sys.argv[1])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
rhs = opjax.compile_rhs(sys.argv[2])
parameters = {name: jnp.ones(shape) for name, shape in rhs.param_shapes.items()}
lowered = jax.jit(rhs.eval_fn).lower(0.0, jnp.ones(rhs.layout.size), **parameters)
print(lowered.as_text())
hits.clear()
lowered.compile()
print("HITS", hits.count("/jax/compilation_cache/cache_hits"), hits.count("/jax/compilation_cache/cache_misses"))
"""


def process(program: str, *arguments: str, seed: int) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_process_writes_the_same_program() -> None:
    first, second = (process(PROGRAMS, "examples/seir_age.ojx", "examples/fisher_kpp.ojx", seed=s) for s in (1, 77))
    assert first == second
    assert "def rhs" in first


@pytest.mark.slow
def test_another_process_finds_what_jax_has_compiled(tmp_path: Path) -> None:
    """Byte-identical programs: the second process compiles nothing."""
    runs = [process(TRACE, str(tmp_path), "examples/seir_age.ojx", seed=seed) for seed in (3, 4)]
    programs = [run.rpartition("HITS")[0] for run in runs]
    assert programs[0] == programs[1]
    assert [run.split()[-2:] for run in runs] == [["0", "1"], ["1", "0"]]
