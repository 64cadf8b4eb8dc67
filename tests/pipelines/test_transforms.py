"""Operators under jit, grad, vmap, scan, checkpoint and over devices (rows A12, A16 to A20, A22 to A33)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax.pipelines import (
    Branch,
    Check,
    Checkpoint,
    Fanout,
    Graph,
    Identity,
    Input,
    Lambda,
    Operator,
    ScanSequential,
    ScanStack,
    Sequential,
    ShapeTrace,
    ShardOver,
    Signature,
    Sink,
    Snapshot,
    Switch,
    Tap,
    VMapOver,
    capture,
    export,
    freeze,
    param,
    profile,
    truncated_scan,
)
from pipelines.fixtures import AddOp, Gain, Scale, Thresh, X, positive, total


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-6)


# --- A12


def test_a12_a_symbolic_batch_survives_a_reduction() -> None:
    signature = Signature((("b", None), ("c", 3)), "float32")
    out = (Gain(jnp.ones(3)) | Lambda(total)).compute_output_signature(signature)
    assert str(out.shape[0]) == "b"
    assert out.names == ("b",)


def test_a12_structures_vmaps_and_branches() -> None:
    signature = Signature((("n", 7), ("c", 3)))
    assert VMapOver(Gain(jnp.ones(3))).compute_output_signature(signature).shape == (7, 3)
    out = Fanout({"a": Identity(), "b": Lambda(total)}).compute_output_signature(signature)
    assert out == {"a": signature, "b": Signature((("d0", 7),))}
    assert Branch(positive, Gain(2.0)).compute_output_signature(signature) == signature
    assert AddOp().compute_output_signature(signature, signature.drop_dims("n")) == signature


def test_a12_a_mismatch_is_found_without_data() -> None:
    with pytest.raises((TypeError, ValueError)):
        (Scale(1.0) | Gain(jnp.ones(3))).compute_output_signature(Signature((("b", 2), ("c", 4))))


def test_a12_signatures_are_written_and_changed_by_name() -> None:
    signature = Signature((("time", 12), ("y", None)))
    assert str(signature) == "(time=12, y=?) float32"
    assert signature.drop_dims("time") == Signature((("y", None),))
    assert signature.replace_dims({"y": 3}).shape == (12, 3)
    for change in (lambda: signature.drop_dims("z"), lambda: signature.replace_dims({"z": 1})):
        with pytest.raises(KeyError):
            change()
    with pytest.raises(ValueError, match="twice"):
        Signature((("a", 1), ("a", 2)))
    with pytest.raises(ValueError, match="no name"):
        Signature((("a b", 1),))


def test_a12_summary_and_describe() -> None:
    pipe = Gain(jnp.ones(3)) | Lambda(total) | Fanout({"a": Scale(2.0), "b": Identity()})
    assert pipe.summary(Signature((("b", None), ("c", 3)))).splitlines() == [
        "step        in                  out",
        "[0] Gain    (b=b, c=3) float32  (b=b, c=3) float32",
        "[1] total   (b=b, c=3) float32  (b=b) float32",
        "[2] Fanout  (b=b) float32       {a: (b=b) float32, b: (b=b) float32}",
    ]
    assert pipe.describe().splitlines() == [
        "Sequential",
        "  [0] Gain(g=float32[3])",
        "  [1] Lambda(fn=total)",
        "  [2] Fanout",
        "    a Scale(k=2.0)",
        "    b Identity",
    ]


def test_a12_a_graph_describes_its_calls() -> None:
    x = Input("x")
    y = Gain(2.0)(x)
    graph = Graph.build({"x": x}, {"out": AddOp()(y, b=x)})
    assert graph.describe().splitlines() == [
        "Graph(inputs=['x'])",
        "  v1 = [0] Gain(x)",
        "  v2 = [1] AddOp(v1, b=x)",
        "  out <- v2",
        "  [0] Gain(g=float32[])",
        "  [1] AddOp",
    ]
    assert "v2 = [1] AddOp" in graph.summary(Signature((("c", 3),)))


# --- A16 to A19


def test_a16_shapes_are_printed_once_per_compilation() -> None:
    lines: list[str] = []
    f = eqx.filter_jit(lambda operator, x: operator(x))
    operator = ShapeTrace("x", lines.append)
    f(operator, X)
    f(operator, X)
    assert lines == ["x: float32[3]"]
    f(operator, jnp.ones((2, 3)))
    assert len(lines) == 2
    operator({"a": X, "b": 3})
    assert lines[-1] == "x: {a: float32[3], b: int32[]}"


def test_a17_a_tap_sees_every_call() -> None:
    seen: list[Any] = []
    f = eqx.filter_jit(lambda operator, x: operator(x))
    tap = Tap(seen.append)
    for k in (1.0, 2.0, 3.0):
        f(Scale(2.0) | tap, k * X)
    jax.effects_barrier()
    assert [s[0] for s in seen] == [2.0, 4.0, 6.0]
    seen.clear()
    jax.vmap(tap)(jnp.arange(3.0))
    jax.effects_barrier()
    assert sorted(float(s) for s in seen) == [0.0, 1.0, 2.0]
    seen.clear()
    same(jax.grad(lambda x: (Scale(2.0) | tap)(x).sum())(X), [2.0, 2.0, 2.0])
    jax.effects_barrier()
    assert len(seen) == 1


def test_a17_a_tap_sees_every_step_of_a_loop() -> None:
    seen: list[Any] = []
    step = Scale(2.0) | Tap(seen.append, ordered=True)
    ScanSequential(step, 3)(jnp.ones(()))
    jax.effects_barrier()
    assert [float(s) for s in seen] == [2.0, 4.0, 8.0]
    seen.clear()
    same(jax.grad(Checkpoint(Scale(2.0) | Tap(seen.append)))(1.0), 2.0)
    jax.effects_barrier()
    assert len(seen) == 2  # once more in the backward pass, as the docstring says


def test_a18_where_jax_has_no_sinks_it_says_so() -> None:
    sink = Scale(2.0) | Sink(lambda x: None)
    with pytest.raises(NotImplementedError, match="Effects"):
        jax.grad(lambda x: Checkpoint(sink)(x).sum())(X)
    with pytest.raises(NotImplementedError, match="IO effect"):
        jax.vmap(Branch(positive, sink))(jnp.ones((2, 3)))


def test_a18_a_sink_writes_and_lets_gradients_pass() -> None:
    rows: list[Any] = []
    operator = Scale(2.0) | Sink(rows.append, ordered=True)
    eqx.filter_jit(operator)(X)
    jax.effects_barrier()
    same(rows, [[2.0, 4.0, 6.0]])
    same(jax.grad(lambda x: operator(x).sum())(X), [2.0, 2.0, 2.0])
    rows.clear()
    ScanSequential(operator, 3)(X)
    jax.effects_barrier()
    same([row[0] for row in rows], [2.0, 4.0, 8.0])
    with pytest.raises(ValueError, match="ordered"):
        jax.vmap(operator)(X)


def test_a19_captures_come_out_of_every_transformation() -> None:
    pipe = Snapshot("pre") | Scale(2.0) | Snapshot("post")
    y, captured = jax.jit(capture(pipe))(X)
    same(captured["post"], 2 * X)
    same(captured["pre"], X)
    same(y, 2 * X)
    assert jax.vmap(capture(pipe))(jnp.ones((4, 3)))[1]["post"].shape == (4, 3)

    def loss(x: Any) -> Any:
        value, found = capture(pipe)(x)
        return value.sum(), found

    gradient, found = jax.grad(loss, has_aux=True)(X)
    same(gradient, [2.0, 2.0, 2.0])
    same(found["post"], 2 * X)


def test_a19_captures_pass_through_vmap_over_and_checkpoint() -> None:
    pipe = VMapOver(Checkpoint(Scale(2.0) | Snapshot("inside")))
    value, found = jax.jit(capture(pipe))(jnp.ones((4, 3)))
    assert found["inside"].shape == value.shape == (4, 3)
    batched = capture(VMapOver(Snapshot("inside"), batch_size=3))(jnp.ones((4, 3)))[1]
    assert batched["inside"].shape == (4, 3)


def test_a19_a_name_stands_for_one_value() -> None:
    with pytest.raises(KeyError, match="'a'"):
        capture(Snapshot("a") | Snapshot("a"))(X)
    same((Snapshot("a") | Snapshot("a"))(X), X)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda s: ScanSequential(s, 2), "collect=True"),
        (lambda s: ScanStack.of(s | Gain(1.0), s | Gain(2.0)), "collect=True"),
        (lambda s: Branch(positive, s), "Branch"),
        (lambda s: Switch(lambda x: x.astype(int).sum(), {0: s}), "Switch"),
    ],
)
def test_a19_loops_and_branches_keep_their_values(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        capture(make(Snapshot("a")))(X)
    make(Snapshot("a"))(X)


# --- A20


def test_a20_steps_have_names_in_profiles() -> None:
    pipe = Scale(2.0) | Gain(jnp.ones(3))
    found = profile(pipe, X, n=2)
    assert [row[0] for row in found] == ["[0] Scale", "[1] Gain"]
    assert "all together" in str(found)
    assert "Sequential/Scale" in jax.jit(pipe).lower(X).as_text(debug_info=True)


# --- A22


def test_a22_vmap_over_is_vectorised_and_batches_agree() -> None:
    operator = Gain(jnp.arange(1.0, 4.0))
    xs = jnp.arange(30.0).reshape(10, 3)
    full = VMapOver(operator)(xs)
    same(full, jnp.stack([operator(x) for x in xs]))
    same(VMapOver(operator, batch_size=4)(xs), full)
    same(VMapOver(operator, in_axes=1, batch_size=4)(xs.T), full)
    same(VMapOver(AddOp(), in_axes=(0, None), batch_size=4)(xs, X), xs + X)
    same(VMapOver(AddOp(), in_axes=(0, None))(xs, X), xs + X)
    assert str(jax.make_jaxpr(VMapOver(operator))(xs)).count("mul") == 1
    same(jax.grad(lambda x: VMapOver(operator, batch_size=4)(x).sum())(xs), jnp.tile(operator.g, (10, 1)))
    with pytest.raises(ValueError, match="in_axes"):
        VMapOver(AddOp(), in_axes=(0,), batch_size=2)(xs, xs)


# --- A23

SHARDED = """
import sys
sys.path.insert(0, {tests!r})
import equinox as eqx, jax, jax.numpy as jnp, numpy as np
from jax.sharding import AxisType
from opjax.pipelines import ShardOver, VMapOver, dumps, loads
from pipelines.fixtures import Gain
assert len(jax.devices()) == 4
mesh = jax.make_mesh((4,), ("b",), axis_types=(AxisType.Auto,))
gain = Gain(jnp.arange(1.0, 4.0))
xs = jnp.arange(48.0).reshape(16, 3)
run = eqx.filter_jit(lambda s, x: s(x))
y = run(ShardOver(gain, mesh, "b"), xs)
np.testing.assert_allclose(y, VMapOver(gain)(xs))
assert len(y.sharding.device_set) == 4
gradient = eqx.filter_jit(eqx.filter_grad(lambda s, x: s(x).sum()))(ShardOver(gain, mesh, "b"), xs)
np.testing.assert_allclose(gradient.operator.g, xs.sum(0))
assert eqx.tree_equal(loads(dumps(ShardOver(gain, mesh, "b"))), ShardOver(gain, mesh, "b"))
explicit = jax.make_mesh((4,), ("b",), axis_types=(AxisType.Explicit,))
try:
    ShardOver(gain, explicit, "b")
except ValueError as error:
    assert "axis_types=(jax.sharding.AxisType.Auto,)" in str(error)
else:
    raise AssertionError
try:
    ShardOver(gain, mesh, "b")(jnp.ones((15, 3)))
except ValueError as error:
    assert "divisible" in str(error)
else:
    raise AssertionError
"""


@pytest.mark.slow
def test_a23_shards_agree_with_vmap_and_gradients_add_up() -> None:
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": str(root / "src"),
        "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        "JAX_PLATFORMS": "cpu",
    }
    subprocess.run(
        [sys.executable, "-W", "error", "-c", SHARDED.format(tests=str(root / "tests"))], env=environment, check=True
    )


def test_a23_the_axis_is_one_of_the_mesh() -> None:
    mesh = jax.make_mesh((1,), ("b",), axis_types=(jax.sharding.AxisType.Auto,))
    with pytest.raises(ValueError, match="'c'"):
        ShardOver(Identity(), mesh, "c")
    same(ShardOver(Gain(2.0), mesh, "b")(X), 2 * X)
    with pytest.raises(ValueError, match="ShardOver"):
        capture(ShardOver(Snapshot("a"), mesh, "b"))(X)


# --- A25


def test_a25_scan_equals_the_loop_and_so_do_its_gradients() -> None:
    operator = ScanSequential(Gain(1.5), 4, collect=True)
    y, ys = operator(jnp.ones(3))
    same(y, np.full(3, 1.5**4))
    assert ys.shape == (4, 3)
    by_loop = eqx.filter_grad(lambda g: g(g(g(g(X)))).sum())(Gain(1.5))
    for checkpoint in (False, True):
        scanned = eqx.filter_grad(lambda s: s(X).sum())(ScanSequential(Gain(1.5), 4, checkpoint=checkpoint))
        same(scanned.operator.g, by_loop.g)
    same(ScanSequential(Gain(1.5), 0)(X), X)


def test_a25_the_program_does_not_grow() -> None:
    short, long = (str(jax.make_jaxpr(ScanSequential(Gain(1.5), n))(X)) for n in (200, 400))
    assert len(short) == len(long)


def test_a25_a_step_keeps_its_shape() -> None:
    with pytest.raises(TypeError):
        ScanSequential(Lambda(jnp.sum), 2)(X)
    with pytest.raises(ValueError, match="0 or more"):
        ScanSequential(Identity(), -1)


def test_a25_a_stack_equals_the_chain() -> None:
    steps = [Gain([1.0 + i, 2.0, 0.5]) | Scale(1.5) for i in range(3)]
    stack = ScanStack.of(*steps, collect=True)
    last, collected = stack(X)
    same(last, steps[2](steps[1](steps[0](X))))
    assert collected.shape == (3, 3)
    with pytest.raises(ValueError, match="operator 1"):
        ScanStack.of(Gain(1.0), Gain([1.0, 2.0]))
    with pytest.raises(ValueError, match="operator 1"):
        ScanStack.of(Scale(1.0), Scale(2.0))
    with pytest.raises(ValueError, match="one or more"):
        ScanStack.of()


# --- A26


def residual_bytes(operator: Operator) -> int:
    _, back = jax.vjp(operator, jnp.ones(1000))
    return sum(leaf.nbytes for leaf in jax.tree.leaves(back) if hasattr(leaf, "nbytes"))


def test_a26_a_checkpoint_keeps_its_inputs_only() -> None:
    sines = Lambda(jnp.sin) | Lambda(jnp.sin)
    for _ in range(18):
        sines = sines | Lambda(jnp.sin)
    same(Checkpoint(sines)(X), sines(X))
    same(jax.grad(lambda x: Checkpoint(sines)(x).sum())(X), jax.grad(lambda x: sines(x).sum())(X))
    assert residual_bytes(Checkpoint(sines)) < residual_bytes(sines) / 10


# --- A27 to A31


def test_a27_surgery_changes_one_part() -> None:
    p = Scale(1.0) | Gain(2.0) | Thresh(0.5)
    q = eqx.tree_at(lambda s: s.operators[1], p, Gain(5.0))
    assert q[1].g == 5.0
    assert p[1].g == 2.0


def test_a28_frozen_parts_get_no_gradient() -> None:
    p = Scale(1.0) | Gain(2.0) | Thresh(0.5)
    spec = eqx.tree_at(lambda s: s.operators[1].g, jax.tree.map(lambda _: False, p), True)
    train, frozen = eqx.partition(p, spec)
    gradient = jax.grad(lambda t: eqx.combine(t, frozen)(X).sum())(train)
    assert gradient.operators[2].t is None
    same(gradient.operators[1].g, X.sum())


def test_a29_a_sweep_is_one_compilation() -> None:
    p = Scale(1.0) | Thresh(0.5)
    traces = 0

    @eqx.filter_jit
    def sweep(ts: Any, x: Any) -> Any:
        nonlocal traces
        traces += 1
        return eqx.filter_vmap(lambda t: eqx.tree_at(lambda s: s.operators[1].t, p, t)(x))(ts)

    ts = jnp.linspace(0.0, 3.0, 100)
    found = sweep(ts, X)
    sweep(ts + 1, X)
    assert found.shape == (100, 3)
    assert traces == 1
    same(found[7], eqx.tree_at(lambda s: s.operators[1].t, p, ts[7])(X))


class MatchedFilter(Operator):
    target: jax.Array = param()
    cov_inv: jax.Array = param()
    correction: eqx.nn.MLP

    def _apply(self, x: Any) -> Any:
        whitened = self.cov_inv @ self.target
        return x @ whitened / (self.target @ whitened) + 0.1 * self.correction(x)[0]


@pytest.mark.slow
def test_a30_a_retrieval_is_learned() -> None:
    random = np.random.default_rng(0)
    true = np.sin(np.arange(8.0)).astype(np.float32)
    strength = random.uniform(0.5, 2.0, 256).astype(np.float32)
    scenes = jnp.asarray(strength[:, None] * true + 0.01 * random.normal(size=(256, 8)).astype(np.float32))
    start = true + random.normal(size=8).astype(np.float32)
    operator = MatchedFilter(start, jnp.eye(8), eqx.nn.MLP(8, 1, 8, 1, key=jax.random.key(0)))
    spec = eqx.tree_at(lambda o: o.cov_inv, jax.tree.map(eqx.is_array, operator), False)
    train, frozen = eqx.partition(operator, spec)

    def loss(t: Any) -> Any:
        return jnp.mean((jax.vmap(eqx.combine(t, frozen))(scenes) - strength) ** 2)

    @eqx.filter_jit
    def step(t: Any) -> Any:
        return eqx.apply_updates(t, jax.tree.map(lambda g: -0.05 * g, eqx.filter_grad(loss)(t)))

    first = loss(train)
    for _ in range(500):
        train = step(train)

    def cosine(t: Any) -> float:
        return float(t @ true / np.linalg.norm(t) / np.linalg.norm(true))

    assert loss(train) < first / 10
    assert cosine(np.asarray(train.target)) > cosine(start)
    same(eqx.combine(train, frozen).cov_inv, jnp.eye(8))


def test_a31_transformations_compose() -> None:
    p = Gain(1.1) | ScanSequential(Thresh(0.1), 2) | Checkpoint(Lambda(jnp.tanh)) | Lambda(jnp.sum)
    xs = jnp.linspace(-1.0, 1.0, 6).reshape(2, 3)
    grad = eqx.filter_grad(lambda p, x: p(x))
    found = eqx.filter_jit(lambda p, xs: jax.vmap(lambda x: grad(p, x))(xs))(p, xs)
    for i in range(2):
        alone = grad(p, xs[i])
        jax.tree.map(lambda a, b, i=i: same(a[i], b), eqx.filter(found, eqx.is_array), eqx.filter(alone, eqx.is_array))


PARTS = {
    "gain": lambda i: Gain([1.1, 0.9, 1.0 + 0.1 * i]),
    "threshold": lambda i: Thresh(0.1 * i),
    "scan": lambda i: ScanSequential(Gain(0.9 + 0.1 * i), 2),
    "stack": lambda i: ScanStack.of(Gain(1.1), Gain(0.5 + 0.1 * i)),
    "checkpoint": lambda i: Checkpoint(Lambda(jnp.tanh) | Gain(1.2)),
    "branch": lambda i: Branch(positive, Gain(2.0), Thresh(0.2)),
    "fanout": lambda i: Fanout((Gain(1.5), Lambda(jnp.sin))) | Lambda(sum),
    "vmap": lambda i: VMapOver(Gain(0.7)),
    "snapshot": lambda i: Snapshot(f"s{i}"),
}


@pytest.mark.parametrize("seed", range(2))
def test_a31_transformations_of_any_chain_agree_with_one_example_at_a_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = [PARTS[name](i) for i, name in enumerate(random.permutation(sorted(PARTS))[:4])]
    pipe, rest = eqx.partition(Sequential(steps), eqx.is_array)
    xs = jnp.asarray(random.normal(size=(2, 3)), jnp.float32)

    def loss(p: Any, x: Any) -> Any:
        return eqx.combine(p, rest)(x).sum()

    together = jax.jit(jax.vmap(jax.value_and_grad(loss), in_axes=(None, 0)))(pipe, xs)
    step = 1e-2
    for i, x in enumerate(xs):
        same(together[0][i], loss(pipe, x))
        for leaf, slopes in zip(jax.tree.leaves(pipe), jax.tree.leaves(together[1]), strict=True):
            assert slopes.shape == (2, *leaf.shape)
        direction = jax.tree.map(jnp.ones_like, pipe)
        ahead, behind = (loss(jax.tree.map(lambda a, b, s=s: a + s * b, pipe, direction), x) for s in (step, -step))
        total_slope = sum(float(slopes[i].sum()) for slopes in jax.tree.leaves(together[1]))
        np.testing.assert_allclose(total_slope, (ahead - behind) / (2 * step), rtol=2e-2, atol=2e-3)


# --- A32


def test_a32_frozen_and_exported() -> None:
    pipe = Gain(jnp.arange(1.0, 4.0)) | Scale(2.0)
    frozen = freeze(pipe)
    same(frozen(X), pipe(X))
    same(frozen.lower(jax.ShapeDtypeStruct((3,), jnp.float32)).compile()(X), pipe(X))
    served = export(pipe, Signature((("b", None), ("c", 3))))
    for size in (1, 5):
        same(served.call(jnp.ones((size, 3))), pipe(jnp.ones((size, 3))))


def test_a32_an_exported_pipeline_is_bytes() -> None:
    pytest.importorskip("flatbuffers", reason="jax.export writes with it")
    data = export(Gain([1.0, 2.0, 3.0]), Signature((("b", None), ("c", 3)))).serialize()
    same(jax.export.deserialize(data).call(jnp.ones((2, 3))), [[1.0, 2.0, 3.0]] * 2)


def test_a32_a_pipeline_costs_no_operation() -> None:
    """The operations are those of the functions composed by hand."""
    x, g = Input("x"), Gain(3.0)
    graph = Graph.build({"x": x}, AddOp()(g(x), g(x) * 2.0))
    pipe = Gain(2.0) | VMapOver(Scale(3.0)) | Snapshot("a") | graph

    def operations(f: Any) -> list[str]:
        return [equation.primitive.name for equation in jax.make_jaxpr(f)(X).eqns]

    def by_hand(x: Any) -> Any:
        y = x * jnp.float32(2.0) * 3.0
        return y * jnp.float32(3.0) + y * jnp.float32(3.0) * 2.0

    assert operations(pipe) == operations(by_hand)


# --- A33


def step(c: Any, x: Any) -> tuple[Any, Any]:
    c = jnp.sin(c) + x
    return c, c * c


def test_a33_a_truncated_scan_has_the_values_of_the_whole() -> None:
    xs = jnp.linspace(0.0, 1.0, 6)
    whole = jax.lax.scan(step, 0.3, xs)
    for live in (1, 2, 6, 9):
        jax.tree.map(same, truncated_scan(step, 0.3, xs, live=live), whole)
    jax.tree.map(same, truncated_scan(lambda c, _: (c * 2, c), 1.0, None, live=2, length=5)[0], 32.0)
    with pytest.raises(ValueError, match="at least one"):
        truncated_scan(step, 0.3, xs, live=0)
    with pytest.raises(ValueError, match="length"):
        truncated_scan(step, 0.3, None, live=1)


def test_a33_gradients_reach_back_as_far_as_said() -> None:
    xs = jnp.linspace(0.0, 1.0, 6)

    def gradient(live: int) -> tuple[Any, Any]:
        return jax.grad(lambda c, xs: truncated_scan(step, c, xs, live=live)[0], argnums=(0, 1))(0.3, xs)

    whole = jax.grad(lambda c, xs: jax.lax.scan(step, c, xs)[0], argnums=(0, 1))(0.3, xs)
    jax.tree.map(same, gradient(6), whole)
    initial, inputs = gradient(2)
    assert initial == 0.0
    same(inputs[:4], jnp.zeros(4))
    same(inputs[4:], whole[1][4:])
    closed = jax.grad(lambda a: truncated_scan(lambda c, x: (c * a, c), 1.0, xs, live=1)[0])(2.0)
    same(closed, 32.0)


def test_a33_memory_grows_with_what_is_live() -> None:
    xs = jnp.zeros(400)

    def memory(live: int) -> int:
        def last(c: Any) -> Any:
            return truncated_scan(lambda c, x: (jnp.sin(c) + x, None), c, xs, live=live)[0].sum()

        compiled = jax.jit(jax.grad(last)).lower(jnp.ones(500)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert memory(40) < memory(400) / 5


@pytest.mark.slow
def test_a33_an_operator_is_a_vector_field() -> None:
    diffrax = pytest.importorskip("diffrax")
    gain = Gain([-1.0, -2.0, -3.0])
    term = diffrax.ODETerm(lambda t, y, args: args(y))

    def end(args: Any) -> Any:
        return diffrax.diffeqsolve(term, diffrax.Tsit5(), 0.0, 1.0, 0.1, jnp.ones(3), args=args).ys[-1]

    np.testing.assert_allclose(end(gain), np.exp(gain.g), atol=1e-4)
    gradient = eqx.filter_grad(lambda g: end(g).sum())(gain)
    np.testing.assert_allclose(gradient.g, np.exp(gain.g), atol=1e-3)


# --- A34


class Shift(Operator):
    shift: jax.Array = param()

    def _apply(self, x: Any) -> Any:
        return x + self.shift


@pytest.mark.slow
def test_a34_nuts_samples_the_parameters_of_a_pipeline() -> None:
    numpyro = pytest.importorskip("numpyro")
    inputs = jnp.linspace(-1.0, 1.0, 30)
    noise = 0.1 * jax.random.normal(jax.random.key(0), (30,))
    data = 2.0 * inputs + 0.5 + noise
    pipe = Gain(1.0) | Shift(0.0)

    def model() -> None:
        w, b = (numpyro.sample(name, numpyro.distributions.Normal(0.0, 5.0)) for name in ("w", "b"))
        sampled = eqx.tree_at(lambda p: [p.operators[0].g, p.operators[1].shift], pipe, [w, b])
        numpyro.sample("y", numpyro.distributions.Normal(sampled(inputs), 0.1), obs=data)

    mcmc = numpyro.infer.MCMC(numpyro.infer.NUTS(model), num_warmup=200, num_samples=200, progress_bar=False)
    mcmc.run(jax.random.key(1))
    design = np.stack([inputs, np.ones(30)], axis=1)
    w, b = np.linalg.lstsq(design, np.asarray(data), rcond=None)[0]
    np.testing.assert_allclose(mcmc.get_samples()["w"].mean(), w, atol=0.03)
    np.testing.assert_allclose(mcmc.get_samples()["b"].mean(), b, atol=0.03)


# --- A35


def test_a35_checks_of_shapes_and_of_values() -> None:
    static = Check(lambda x: x.ndim == 1, "one axis is needed")
    same(jax.jit(static)(X), X)
    with pytest.raises(ValueError, match="one axis"):
        jax.jit(static)(jnp.ones((2, 2)))
    finite = Check(jnp.isfinite, "not finite")
    same(eqx.filter_jit(finite)(X), X)
    same(jax.grad(lambda x: finite(x).sum())(X), [1.0, 1.0, 1.0])
    with pytest.raises(RuntimeError, match="not finite"):
        jax.block_until_ready(eqx.filter_jit(jax.vmap(finite))(X / 0))


def test_a35_a_carry_is_an_ordinary_value() -> None:
    counted = Lambda(lambda pair: (pair[0] * 2, pair[1] + 1))
    value, count = ScanSequential(counted | counted, 3)((jnp.ones(()), jnp.zeros((), int)))
    assert (value, count) == (64.0, 6)
