"""Pipelines in files: JSON, YAML, trust, hashes (rows A3, A4, A13, A14, A24, A35)."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from opjax import OpjaxError
from opjax.pipelines import (
    Branch,
    Check,
    Checkpoint,
    Const,
    Fanout,
    Graph,
    Identity,
    Input,
    Item,
    Lambda,
    NotSerialisableError,
    Operator,
    ScanSequential,
    ScanStack,
    Sequential,
    ShapeTrace,
    ShardOver,
    Snapshot,
    Switch,
    UntrustedTargetError,
    VMapOver,
    config_diff,
    config_hash,
    dumps,
    dumps_yaml,
    loads,
    loads_yaml,
    register,
)
from opjax.pipelines.registry import target_of
from pipelines.fixtures import (
    AddOp,
    Gain,
    Growing,
    NotKept,
    Scale,
    Secret,
    WithModel,
    X,
    positive,
    regime,
    total,
)

AUTO, EXPLICIT = jax.sharding.AxisType.Auto, jax.sharding.AxisType.Explicit
FUNCTIONS = [positive, regime, total]


def pipeline() -> Operator:
    return Scale(2.0) | Gain([1.0, 2.0, 3.0]) | Branch(positive, Scale(3.0), Identity())


def diamond() -> Graph:
    x, y = Input("x"), Input("y")
    gain = Gain(jnp.linspace(0.1, 1.0, 3))
    shared = gain(x)
    pair = Lambda(jnp.stack)((shared, gain(y)))
    return Graph.build({"x": x, "y": y}, {"sum": AddOp()(shared, b=y), "pair": pair, "plus": shared + 1.5})


ALL = {
    "chain": pipeline,
    "graph": diamond,
    "nested graph": lambda: diamond() | Fanout({"p": Item("pair"), "s": Item("sum") | Gain(2.0)}),
    "tuple fanout": lambda: Fanout((Scale(1.0), Gain(2.0))),
    "switch": lambda: Switch(regime, {0: Gain(2.0), 5: Gain(3.0)}),
    "texts as keys": lambda: Switch(regime, {"_target_": Gain(2.0), "b": Identity()}, Scale(0.5)),
    "loops": lambda: ScanSequential(Gain(2.0), 3) | ScanStack.of(Gain(1.0), Gain(2.0)) | Checkpoint(Scale(2.0)),
    "spread": lambda: VMapOver(Gain(jnp.ones(3)), in_axes=0, batch_size=2),
    "sharded": lambda: ShardOver(Gain([1.0]), jax.make_mesh((1, 1), ("b", "c"), axis_types=(AUTO, AUTO)), "b"),
    "watched": lambda: Snapshot("a") | ShapeTrace("b") | Check(positive, "no"),
    "constants": lambda: Const({1: (1, None, True, "x"), 2: [float("inf"), -0.0, 1 + 2j, np.float64(0.1)]}),
    "numpy": lambda: Const((np.arange(3), np.float32(0.1), jnp.zeros((0, 2)), jnp.bfloat16(1.5), np.dtype("int8"))),
    "large": lambda: Gain(jax.random.normal(jax.random.key(0), (20, 11))),
    "keys": lambda: Const((jax.random.key(3), jax.random.split(jax.random.key(4), 2), jax.random.PRNGKey(1))),
    "slices": lambda: Item((slice(None, 2), ..., 0)),
    "module": lambda: WithModel(eqx.nn.MLP(3, 2, 4, 1, key=jax.random.key(0))),
    "functions": lambda: Lambda(jnp.tanh) | Lambda(jax.nn.relu, name="relu"),
}


@pytest.mark.parametrize("write_read", [(dumps, loads), (dumps_yaml, loads_yaml)], ids=["json", "yaml"])
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a03_pipelines_survive_files(make: Any, write_read: Any) -> None:
    write, read = write_read
    made = make()
    found = read(
        write(made), functions=[print, *FUNCTIONS, jnp.stack, jnp.add, jnp.tanh, jax.nn.relu, *identities(made)]
    )
    assert jax.tree.structure(found) == jax.tree.structure(made)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(made), strict=True):
        if eqx.is_array_like(b) and not isinstance(b, str):
            assert (
                np.asarray(jax.random.key_data(a) if is_key(b) else a).dtype
                == np.asarray(jax.random.key_data(b) if is_key(b) else b).dtype
            )
            assert type(a) is type(b)
    assert bool(eqx.tree_equal(found, made))
    assert write(found) == write(made)
    assert config_hash(found) == config_hash(made)


def is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def identities(made: Any) -> list[Any]:
    return [made.model.activation, made.model.final_activation] if isinstance(made, WithModel) else []


def test_a03_they_compute_the_same() -> None:
    np.testing.assert_array_equal(loads(dumps(pipeline()), functions=[positive])(X), pipeline()(X))
    found = loads_yaml(dumps_yaml(diamond()), functions=[jnp.stack, jnp.add])(X, X + 1)
    for name, value in diamond()(X, X + 1).items():
        np.testing.assert_array_equal(found[name], value)


def test_a03_state_is_plain_and_from_state_wants_its_class() -> None:
    state = pipeline().state
    assert json.loads(json.dumps(state)) == state
    assert eqx.tree_equal(Sequential.from_state(state, functions=[positive]), pipeline())
    with pytest.raises(TypeError, match="Scale"):
        Gain.from_state(Scale(1.0).state)


def test_a03_doubles_are_not_cut() -> None:
    with jax.enable_x64(True):
        text = dumps(Gain(jnp.asarray([0.1], dtype="float64")))
        assert loads(text).g.dtype == jnp.float64
    with pytest.raises(OpjaxError, match="jax_enable_x64"):
        loads(text)


def test_a03_operators_pickle() -> None:
    assert eqx.tree_equal(pickle.loads(pickle.dumps(pipeline())), pipeline())


# --- A4


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Secret, "does not want"),
        (lambda: Lambda(lambda x: x), "<lambda>"),
        (lambda: Identity() | Lambda(lambda x: x), r"operators\[1\]\.fn"),
        (lambda: NotKept(1), "'b'"),
        (lambda: Growing(1), "has another 'n'"),
        (lambda: Const(object()), "object"),
        (lambda: Const(np.array([None])), "Python objects"),
        (lambda: Item(slice(0.5)), "float"),
        (lambda: Lambda(functools.partial(positive)), "no form"),
        (lambda: Const(jax.make_mesh((1,), ("b",), axis_types=(EXPLICIT,))), "chosen by hand"),
    ],
)
def test_a04_what_cannot_be_read_back_is_not_written(make: Any, words: str) -> None:
    with pytest.raises(NotSerialisableError, match=words):
        dumps(make())


def test_a04_functions_of_modules_are_names() -> None:
    found = loads(dumps(Lambda(positive)), functions=[positive])
    assert eqx.tree_equal(found, Lambda(positive))


def test_a04_registered_functions_need_no_list() -> None:
    half = register(lambda x: 0.5 * x, name="tests:half")
    assert loads(dumps(Lambda(half))).fn is half
    with pytest.raises(ValueError, match="name"):
        register(lambda x: x)


def test_a04_a_traced_operator_is_not_written() -> None:
    with pytest.raises(NotSerialisableError, match="traced"):
        eqx.filter_jit(dumps)(Gain(2.0))


def test_a04_a_module_is_registered_or_refused() -> None:
    class Model(eqx.Module):
        w: Any

        def __call__(self, x: Any) -> Any:
            return self.w * x

    operator = WithModel(Model(jnp.ones(2)))
    with pytest.raises(NotSerialisableError, match=r"register\(Model\)"):
        dumps(operator)
    register(Model)
    assert eqx.tree_equal(loads(dumps(operator)), operator)


def test_a04_a_class_that_is_defined_anew_is_another_class() -> None:
    def define() -> type[Operator]:
        class Local(Operator):
            def _apply(self, x: Any) -> Any:
                return x

        return Local

    first, second = define(), define()
    assert isinstance(loads(dumps(second())), second)
    with pytest.raises(NotSerialisableError, match="anew"):
        dumps(first())


# --- A13


OK = {target_of(kind) for kind in (Sequential, Scale, Gain, Branch, Lambda, Identity)}


def test_a13_only_allowed_classes_at_every_depth() -> None:
    text = dumps_yaml(pipeline())
    assert eqx.tree_equal(loads_yaml(text, OK, [positive]), pipeline())
    for target in OK:
        with pytest.raises(UntrustedTargetError) as caught:
            loads_yaml(text, OK - {target}, [positive])
        assert caught.value.target == target
    assert loads(dumps(Scale(1.0)), allow=[Scale]).k == 1.0


def test_a13_modules_inside_operators_are_allowed_by_name() -> None:
    model = WithModel(eqx.nn.Sequential([eqx.nn.Identity(), eqx.nn.Lambda(jax.nn.relu)]))
    text, functions = dumps(model), [jax.nn.relu]
    everything = {target_of(WithModel), "equinox.nn:Sequential", "equinox.nn:Identity", "equinox.nn:Lambda"}
    assert eqx.tree_equal(loads(text, everything, functions), model)
    for target in everything:
        with pytest.raises(UntrustedTargetError) as caught:
            loads(text, everything - {target}, functions)
        assert caught.value.target == target
    with pytest.raises(UntrustedTargetError, match="function"):
        loads(text, everything, [])


@pytest.mark.parametrize("make", [ALL["switch"], ALL["nested graph"], ALL["loops"], ALL["spread"]])
def test_a13_every_class_inside_is_asked_for(make: Any) -> None:
    text = dumps(make())
    targets = set(re.findall(r'"_target_": "([^"]+)"', text))
    assert len(targets) > 1
    for target in targets:
        with pytest.raises(UntrustedTargetError) as caught:
            loads(text, targets - {target}, [*FUNCTIONS, jnp.stack, jnp.add])
        assert caught.value.target == target


@pytest.mark.parametrize(
    "text",
    [
        '{"_target_": "os:system", "command": "x"}',
        '{"_target_": "subprocess:Popen", "args": "true"}',
        '{"_target_": "builtins:eval", "value": "1"}',
        '{"_target_": "equinox.nn:MLP"}',
        '{"_target_": "opjax.pipelines:Lambda", "fn": {"_fn_": "os:system"}}',
        '{"_target_": "opjax.pipelines:Lambda", "fn": {"_fn_": "builtins:exec"}}',
        '{"_target_": "opjax.pipelines:Lambda", "fn": {"_fn_": "jax.numpy:load"}}',
        '{"_target_": "opjax.pipelines:Const", "value": {"_module_": "antigravity:Fly", "fields": {}}}',
    ],
)
def test_a13_nothing_else_is_named(text: str) -> None:
    with pytest.raises(OpjaxError) as caught:
        loads(text)
    assert "antigravity" not in sys.modules
    assert isinstance(caught.value, UntrustedTargetError) or "equinox" in text
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def elsewhere(code: str) -> str:
    """What a new process prints."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_a13_no_module_is_imported() -> None:
    code = (
        "import sys\nfrom opjax.pipelines import loads\nbefore = set(sys.modules)\n"
        'try:\n    loads(\'{"_target_": "this:Zen"}\')\nexcept ValueError as error:\n    print(error.target)\n'
        "print(sorted(set(sys.modules) - before - set(['zlib'])))"
    )
    source = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    target, loaded = done.stdout.splitlines()
    assert target == "this:Zen"
    assert "'this'" not in loaded


def test_a13_yaml_tags_are_refused() -> None:
    with pytest.raises(OpjaxError, match="not allowed"):
        loads_yaml("!!python/object/apply:os.system ['true']")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"_array_": "AAAA", "dtype": "float32", "shape": [2]}, "do not fill"),
        ({"_array_": "!", "dtype": "float32", "shape": [1]}, "do not fill"),
        ({"_array_": "AAAAAA==", "dtype": "object", "shape": [1]}, "dtype"),
        ({"_array_": "AAAAAA==", "dtype": "float32", "shape": [-1]}, "sizes"),
        ({"_array_": "AAAAAA==", "dtype": "float32"}, "'shape' is missing"),
        ({"_array_": [1.0]}, "'dtype' is missing"),
        ({"_array_": [[1.0], [1.0, 2.0]], "dtype": "float32"}, "equal length"),
        ({"_array_": [1.5], "dtype": "int32"}, "no numbers of int32"),
        ({"_array_": [300], "dtype": "int8"}, "no numbers of int8"),
        ({"_array_": [1.0], "dtype": "float32", "library": "torch"}, "jax, numpy or scalar"),
        ({"_array_": [1.0], "dtype": "float32", "more": 1}, "'more'"),
        ({"_number_": "12"}, "nan"),
        ({"_tuple_": 3}, "a list"),
        ({"_dict_": [[1]]}, "list of 2"),
        ({"_dict_": [[[1], 2]]}, "cannot be a key"),
        ({"_fn_": 3}, "a text"),
        ({"_tuple_": [], "_dict_": []}, "at once"),
        ({"_key_": "no", "data": {"_array_": [1, 2], "dtype": "uint32"}}, "no"),
        ({"_module_": "opjax.pipelines:Identity", "fields": {}}, "_target_"),
        ({"_module_": "equinox.nn:Identity", "fields": {"a": 1}}, "fields"),
        ({"_slice_": [1, 2]}, "list of 3"),
        ({"_mesh_": {"b": 4096}}, "this process has"),
        ({"_mesh_": {"b": -1}}, "axes with their sizes"),
        ({"_mesh_": [1]}, "axes with their sizes"),
        ({"_complex_": ["a", "b"]}, "numbers"),
        ({"_arry_": [1.0]}, "no meaning"),
    ],
)
def test_a13_values_without_meaning(value: Any, words: str) -> None:
    text = json.dumps({"_target_": "opjax.pipelines:Const", "value": value})
    with pytest.raises(OpjaxError, match=words) as caught:
        loads(text)
    assert caught.value.diagnostics[0].code in ("E0651", "E0650")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 pipelines"),
        ("[1, 2]", "_target_"),
        ("_target_: opjax.pipelines:Const\nvalues: 1\n", "no argument 'values'"),
        ("_target_: opjax.pipelines:Const\n", "missing"),
        ("_target_: opjax.pipelines:Fanout\noperators: {}\n", "one or more"),
        ("_target_: opjax.pipelines:Graph\noperators: []\nplan: [{call: 0}]\ninputs: []\noutputs: 0\n", "step 0"),
        ("_target_: opjax.pipelines:Sequential\noperators: [1]\n", r"operators\[0\]"),
        ("_target_: opjax.pipelines:Graph\noperators: []\nplan: []\ninputs: [x]\noutputs: x\n", "Graph"),
        ("{a: 1", "valid YAML"),
    ],
)
def test_a13_errors_of_files_have_a_place(text: str, words: str) -> None:
    with pytest.raises(OpjaxError, match=words):
        loads_yaml(text)


def test_a13_hostile_depth_ends_in_a_sentence() -> None:
    with pytest.raises(OpjaxError, match="nesting"):
        loads("[" * 100_000)
    deep: Operator = Identity()
    for _ in range(100):
        deep = Checkpoint(deep)
    with pytest.raises(NotSerialisableError, match="deep"):
        dumps(deep)


def test_a13_yaml_is_for_people() -> None:
    text = "_target_: pipelines.fixtures:Gain\ng: [1, 2.5]  # two bands\n"
    np.testing.assert_array_equal(loads_yaml(text).g, [1.0, 2.5])
    assert "_array_: [1.0, 2.5]" in dumps_yaml(Gain([1.0, 2.5]))


def test_a13_names_of_functions_are_registered() -> None:
    assert loads(dumps(Lambda(jnp.tanh)), functions=["jax.numpy:tanh"]).fn is jnp.tanh
    with pytest.raises(ValueError, match="no function"):
        loads(dumps(Lambda(jnp.tanh)), functions=["os:system"])
    with pytest.raises(TypeError, match="collections"):
        loads(dumps(Lambda(jnp.tanh)), functions="jax.numpy:tanh")


KEYS = st.one_of(st.text(max_size=8), st.integers(0, 9).map(lambda i: ["_target_", "_tuple_", "_x_", "a"][i % 4]))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.complex_numbers(), st.text(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(value=VALUES)
@settings(max_examples=60)
def test_a13_any_value_survives(value: Any) -> None:
    for write, read in ((dumps, loads), (dumps_yaml, loads_yaml)):
        found = read(write(Item(value))).key
        assert repr(found) == repr(value)


@given(
    array=arrays(
        st.sampled_from(["float32", "int16", "bool", "complex64", "float16", "uint8"]), array_shapes(max_side=5)
    )
)
@settings(max_examples=40)
def test_a13_any_array_survives(array: Any) -> None:
    for made in (array, jnp.asarray(array)):
        found = loads_yaml(dumps_yaml(Const(made))).value
        assert type(found) is type(made)
        assert found.dtype == made.dtype
        assert np.asarray(found).tobytes() == np.asarray(made).tobytes()


# --- A14


def test_a14_the_hash_knows_every_element() -> None:
    values = np.arange(5000, dtype=np.float32)
    changed = values.copy()
    changed[3210] = np.nextafter(changed[3210], np.float32(np.inf))
    first = config_hash(Scale(1.0) | Gain(values))
    assert first == config_hash(Scale(1.0) | Gain(values))
    assert first != config_hash(Scale(1.0) | Gain(changed))
    with pytest.raises(NotSerialisableError):
        config_hash(Lambda(lambda x: x))


def test_a14_the_hash_is_the_same_in_another_process() -> None:
    pipe = "Const({'b': 1.5, 'a': (2, None)}) | Fanout({'x': Identity()})"
    there = elsewhere(f"from opjax.pipelines import *\nprint(config_hash({pipe}))")
    assert there.strip() == config_hash(Const({"b": 1.5, "a": (2, None)}) | Fanout({"x": Identity()}))


def test_a35_differences_of_pipelines() -> None:
    a, b = Scale(1.0) | Gain([1.0, 2.0]), Scale(2.0) | Gain([1.0, 3.0]) | Identity()
    rows = {path: (x, y) for path, x, y in config_diff(a, b)}
    assert set(rows) == {"operators[0].k", "operators[1].g", "operators[2]"}
    assert rows["operators[0].k"] == (1.0, 2.0)
    assert config_diff(a, a) == []


# --- A24


def test_a24_weights_of_a_whole_pipeline() -> None:
    trained = Gain([1.0, 2.0]) | Gain(3.0)
    fresh = Gain([0.0, 0.0]) | Gain(0.0)
    buffer = io.BytesIO()
    eqx.tree_serialise_leaves(buffer, trained)
    buffer.seek(0)
    assert eqx.tree_equal(eqx.tree_deserialise_leaves(buffer, fresh), trained)


def test_a35_a_large_array_that_differs_is_told_in_a_sentence() -> None:
    numbers = np.arange(600, dtype=np.float32).reshape(20, 30)
    other = numbers.copy()
    other[3, 4], other[5, 5] = np.nan, 1.0
    kind = "float32 array of jax, shape (20, 30)"
    (row,) = config_diff(Gain(jnp.asarray(numbers)), Gain(jnp.asarray(other)))
    assert row == ("g", f"{kind}, first different at [3, 4]: 94.0", f"{kind}, first different at [3, 4]: nan")
    (row,) = config_diff(Gain(jnp.asarray(numbers)), Gain(jnp.asarray(numbers[:, :20])))
    digest = hashlib.sha256(numbers.tobytes()).hexdigest()[:12]
    assert row[1] == f"{kind}, SHA-256 {digest}"
    assert row[2].startswith("float32 array of jax, shape (20, 20), SHA-256 ")
    (row,) = config_diff(Const(jnp.asarray(numbers)), Const(numbers))
    assert row[1:] == (f"{kind}, SHA-256 {digest}", f"float32 array of numpy, shape (20, 30), SHA-256 {digest}")
    assert config_diff(Gain(jnp.asarray(numbers)), Gain(2.0))[0][2] == {"_array_": 2.0, "dtype": "float32"}


ANCHORED = """
_target_: opjax.pipelines:Sequential
operators:
  _tuple_:
    - &part {{_target_: "{target}", {fields}}}
    - {{_target_: "opjax.pipelines:Identity"}}
    - *part
"""


def test_an_anchor_is_one_operator() -> None:
    text = ANCHORED.format(target=target_of(Gain), fields="g: {_array_: 2.0, dtype: float32}")
    with pytest.raises(OpjaxError, match="E0651: Sequential: the same Gain stands here twice"):
        loads_yaml(text)
    found = loads_yaml(ANCHORED.format(target=target_of(Scale), fields="k: 2.0"))
    assert isinstance(found, Sequential)
    assert found.operators[0] is found.operators[2]
    assert found(1.0) == 4.0


def test_an_anchor_of_values_repeats_them() -> None:
    text = ANCHORED.replace("*part", '{{_target_: "{target}", g: *value}}').replace("&part ", "")
    found = loads_yaml(text.format(target=target_of(Gain), fields="g: &value {_array_: 2.0, dtype: float32}"))
    assert found(1.0) == 4.0
