"""Arguments that cannot be right are refused when an operator is made, and names in lists are those of texts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.pipelines import (
    Check,
    Checkpoint,
    Fanout,
    Graph,
    Identity,
    Input,
    Lambda,
    ScanSequential,
    ScanStack,
    Sequential,
    ShapeTrace,
    ShardOver,
    Signature,
    Simulate,
    Sink,
    Switch,
    Tap,
    TextOperator,
    VMapOver,
    define,
    dumps_yaml,
    freeze,
    loads_yaml,
)
from pipelines.fixtures import X, total

MODEL = """
model Decay:
  params:
    k = 0.5
  states:
    x = 1
  dynamics:
    x -> 0 @ k
"""


def mesh() -> Any:
    return jax.make_mesh((1,), ("b",), axis_types=(jax.sharding.AxisType.Auto,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: VMapOver(jnp.sin), "operator is no operator: .*Lambda makes one of a function"),
        (lambda: VMapOver(Identity(), in_axes="a"), "in_axes is a whole number, None, or a tuple of these"),
        (lambda: VMapOver(Identity(), in_axes=(0, 1.5)), "in_axes is a whole number"),
        (lambda: VMapOver(Identity(), batch_size=2.5), "batch_size is a whole number, not 2.5"),
        (lambda: VMapOver(Identity(), batch_size=True), "batch_size is a whole number, not True"),
        (lambda: ScanSequential(jnp.sin, 2), "operator is no operator"),
        (lambda: ScanSequential(Identity(), 2.5), "n_steps is a whole number"),
        (lambda: ScanStack.of(Identity(), 3), r"operators\[1\] is no operator: 3$"),
        (lambda: Checkpoint(jnp.sin), "operator is no operator"),
        (lambda: ShardOver(jnp.sin, mesh(), "b"), "operator is no operator"),
        (lambda: ShardOver(Identity(), 3, "b"), "mesh is a mesh of devices"),
        (lambda: Switch(total, [Identity()]), "cases is a mapping"),
        (lambda: Switch(total, {0: Identity()}, jnp.sin), "default is no operator"),
        (lambda: Fanout(Identity()), "operators is a mapping or a tuple of operators, not Identity"),
        (lambda: Sequential(5), "operators is a list of operators, not 5"),
        (lambda: Sequential("ab"), "operators is a list of operators, not 'ab'"),
        (lambda: Tap(3), "fn is a function, not 3"),
        (lambda: Sink(3), "write is a function"),
        (lambda: Check(3, "words"), "predicate is a function"),
        (lambda: ShapeTrace("here", 3), "printer is a function"),
        (lambda: freeze(3), "operator is a function"),
        (lambda: Graph.build([Input("x")], {}), "inputs is a mapping"),
        (lambda: Graph.build({}, [Input("x")]), "outputs is a mapping"),
        (lambda: Simulate(3, [0.0, 1.0]), "the text of a model is expected"),
        (lambda: Simulate(MODEL, [0.0, 1.0])(0.5), "parameters are given by name"),
        (lambda: Signature("ab"), "an axis is a pair"),
        (lambda: Signature((("a", 1.5),)), "a whole number or None, not 1.5"),
        (lambda: Signature((("a", 1),), "flot"), "flot"),
    ],
)
def test_the_wrong_type_is_refused_at_once(make: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: VMapOver(Identity(), batch_size=0), "batch_size is 0; it is 1 or more"),
        (lambda: ScanSequential(Identity(), -1), "n_steps is -1; it is 0 or more"),
        (lambda: Graph.build({"x": Input("x")}, {}), "a graph without outputs"),
        (lambda: Signature((("a", -1),)), "the size of the axis 'a' is -1"),
        (lambda: Simulate("sir.ojx", [0.0, 1.0]), "E0005"),
        (lambda: Simulate(MODEL + MODEL.replace("Decay", "Other"), [0.0, 1.0]), "E0006"),
    ],
)
def test_the_wrong_value_is_refused_at_once(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_arrays_and_numbers_stand_on_either_side_of_a_node() -> None:
    x = Input("x")
    wanted = {"product": np.ones(3) * x, "power": 2**x, "matrix": np.ones((2, 3)) @ (x * np.arange(3.0))}
    found = Graph.build({"x": x}, wanted)(2.0)
    assert found["product"].tolist() == [2.0, 2.0, 2.0]
    assert found["power"] == 4.0
    assert found["matrix"].tolist() == [6.0, 6.0]


@pytest.mark.parametrize("name", ["mod", "max", "min", "floordiv", "_", "d1", "band"])
def test_an_axis_may_have_any_name(name: str) -> None:
    given = Signature(((name, None), ("c", 3)))
    (rows, columns) = Lambda(lambda x: jnp.concatenate([x, x[:, :2]], 1)).compute_output_signature(given).dims
    assert rows[0] == name
    assert columns == ("d1" if name != "d1" else "d1_0", 5)
    twice = Lambda(lambda x: jnp.outer(x[:, 0], x[:, 0])).compute_output_signature(given)
    assert len(set(twice.names)) == 2


@pytest.mark.parametrize("names", [("max", "max_size"), ("max_size", "max"), ("_", "__size"), ("min", "min_size")])
def test_no_two_axes_share_a_symbol(names: tuple[str, str]) -> None:
    first, second = (Signature(((name, None), ("c", 3))) for name in names)
    found = Lambda(lambda x, y: (jnp.concatenate([x, y]), x, y)).compute_output_signature(first, second)
    assert [part.names[0] for part in found[1:]] == list(names)
    assert found[0].names[0] not in names
    with pytest.raises(TypeError, match="incompatible shapes"):
        Lambda(jnp.add).compute_output_signature(first, second)


def test_a_signature_takes_dtypes_as_arrays_have_them() -> None:
    assert Signature((("a", 1),), jnp.float32) == Signature((("a", 1),), "float32")


TEXT = """
axis band = [red, nir]
operator bright(x[band]; share = 0.5) = share*sum(x[i] for i in band)
operator square(x) = x^2
pipeline chain = bright | square
pipeline graph(x) -> y:
  y = square(bright(x))
"""


def test_lists_have_the_names_of_texts() -> None:
    found = define(TEXT)
    described = found["graph"].describe()
    assert "v1 = [0] bright(x)" in described
    assert "[0] bright(text='operator bright(x[band]; share = 0.5) = share*sum(x[i] for i in band)'" in described
    assert [row.split()[1] for row in found["chain"].summary(Signature((("band", 2),))).splitlines()[1:]] == [
        "bright",
        "square",
    ]


def test_texts_stand_in_yaml_line_by_line() -> None:
    text = dumps_yaml(define(TEXT)["bright"])
    assert "text: |-\n  axis band = [red, nir]\n  operator bright" in text
    assert loads_yaml(text)(jnp.ones(2)) == 1.0
    written = dumps_yaml(Simulate(MODEL, [0.0, 1.0]))
    assert "model: |\n  model Decay:\n    params:\n" in written
    assert loads_yaml(written) == Simulate(MODEL, [0.0, 1.0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operator f(x) = noise(x)", "E0656: an operator knows no noise"),
        ("operator f(x) = x + y", "make it an input or a parameter"),
        ("operator f(x[band]) = 2*x[band]", "write the axis behind the operator's name"),
        ('operator f(x[band]) = x["red"]', "its labels are declared above the operator"),
        ("operator f(x, y) = x\npipeline p(a) -> b:\n  b = f(x = a, x = 2*a, y = a)", "'f' is given 'x' twice"),
        (MODEL + "pipeline p(k) -> y:\n  y = Decay(k = k, at = [0, 1], at = [0, 2], output = x)", "'at' twice"),
        (MODEL + "pipeline p(k) -> y:\n  y = Decay(rate = k, at = [0, 1], output = x)", "it takes k"),
    ],
)
def test_definitions_say_what_to_write(text: str, words: str) -> None:
    with pytest.raises(opjax.OpjaxError, match=words):
        define(text)


def test_operators_hold_after_the_checks() -> None:
    batches = VMapOver(TextOperator("operator half(x) = x/2"), in_axes=(0,), batch_size=2)
    assert batches(X).tolist() == (X / 2).tolist()
    assert ScanSequential(Identity(), 3)(1.0) == 1.0


def test_states_by_name_are_a_mapping() -> None:
    rhs: Any = opjax.compile_rhs(MODEL)
    with pytest.raises(opjax.OpjaxError, match=r"E0807.*arrays by state name"):
        rhs.flatten(np.ones(1))


def test_lists_have_the_names_of_functions() -> None:
    chain = Lambda(jnp.tanh) | Lambda(lambda x: x + 1) | Lambda(jnp.sum, name="all")
    rows = chain.summary(Signature((("band", 2),))).splitlines()[1:]
    assert [row.split()[1] for row in rows] == ["tanh", "Lambda", "all"]
    x = Input("x")
    assert "v2 = [1] add(x, v1)" in Graph.build({"x": x}, x + 1).describe()
