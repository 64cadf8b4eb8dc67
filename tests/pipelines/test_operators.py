"""Operators: calls, fields, chains, graphs, choices (rows A1, A2, A5 to A11, A15)."""

from __future__ import annotations

import pickle
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax.pipelines import (
    Branch,
    Const,
    Fanout,
    Graph,
    Identity,
    Input,
    Item,
    Lambda,
    Node,
    Operator,
    Sequential,
    Switch,
    dumps,
    loads,
    param,
    sharing,
)
from pipelines.fixtures import AddOp, Affine, Gain, NotKept, Scale, Thresh, Write, X, positive, regime, total


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-6)


# --- A1


def test_a01_a_node_gives_a_node_and_a_value_a_value() -> None:
    assert isinstance(Scale(2.0)(Input("x")), Node)
    same(jax.jit(Scale(2.0))(X), 2 * X)
    same(eqx.filter_jit(lambda operator, x: operator(x))(Gain(2.0), X), 2 * X)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Affine(1.0)(X, b=Input("b")),
        lambda: Affine(1.0)(Input("x"), 3.0),
        lambda: AddOp()(Input("a"), 3.0),
        lambda: Lambda(lambda pair: pair[0])((X, Input("a"))),
        lambda: Lambda(lambda rows: rows["a"][0])({"a": [Input("a")], "b": 1.0}),
    ],
)
def test_a01_nodes_are_found_in_keywords_and_containers(call: Any) -> None:
    assert isinstance(call(), Node)


def test_a01_an_incomplete_class_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="_apply"):
        type("E", (Operator,), {})()


def test_a01_tracers_are_values() -> None:
    same(jax.grad(lambda x: Gain(3.0)(x).sum())(X), [3.0, 3.0, 3.0])


def test_a01_operators_with_arrays_are_functions_for_jax() -> None:
    gain = Gain(2.0)
    same(jax.jit(gain)(X), 2 * X)
    same(jax.checkpoint(gain)(X), 2 * X)
    same(jax.lax.cond(True, gain, Gain(3.0), X), 2 * X)
    same(jax.lax.cond(False, gain, Gain(3.0), X), 3 * X)
    assert gain == gain != Gain(2.0)
    assert Scale(2.0) == Scale(2.0) != Scale(3.0)
    assert hash(Scale(2.0)) == hash(Scale(2.0))
    loss = eqx.filter_grad(lambda o: jax.lax.cond(True, o, o, X).sum() + jax.lax.cond(True, o, o, X).sum())
    same(loss(gain).g, 12.0)


# --- A2


def test_a02_the_configuration_is_the_arguments() -> None:
    assert set(Gain([1.0, 2.0]).get_config()) == {"g"}
    assert Scale(2.0).get_config() == {"k": 2.0}


def test_a02_an_argument_that_is_not_kept_is_an_error() -> None:
    with pytest.raises(AttributeError, match="'b'"):
        NotKept(1).get_config()


def test_a02_star_arguments_are_an_error() -> None:
    class Starred(Operator):
        a: tuple[int, ...] = eqx.field(static=True)

        def __init__(self, *a: int) -> None:
            self.a = a

        def _apply(self, x: Any) -> Any:
            return x

    with pytest.raises(AttributeError, match=r"'\*a'"):
        Starred(1).get_config()


# --- A5


def test_a05_chains_are_flat() -> None:
    a, b, c = Scale(1.0), Scale(2.0), Scale(3.0)
    assert len(a | (b | c)) == len((a | b) | c) == 3
    assert (a | b)[1] is b
    same((a | b | c)(X), 6 * X)


def test_a05_only_operators_are_joined() -> None:
    with pytest.raises(TypeError):
        Scale(1.0) | 5  # type: ignore[operator]


def test_a05_long_chains_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is looked into once, however many stand before it."""
    looks = 0
    modules = sharing._modules

    def counting(operators: Any) -> Any:
        nonlocal looks
        for module in modules(operators):
            looks += 1
            yield module

    monkeypatch.setattr(sharing, "_modules", counting)
    steps = [Gain(1.0 + i) for i in range(200)]
    chain = steps[0] | steps[1]
    for step in steps[2:]:
        chain = chain | step
    assert len(chain) == 200
    assert looks == 200
    with pytest.raises(ValueError, match="twice"):
        chain | steps[7]
    with pytest.raises(ValueError, match="twice"):
        chain | Fanout({"a": steps[7]})
    longer, other = chain | Gain(1.0), chain | Gain(2.0)
    assert len(longer) == len(other) == 201
    with pytest.raises(TypeError, match="terminal"):
        (Scale(1.0) | Write()) | Scale(1.0)
    assert eqx.tree_equal(Sequential(steps), chain)
    eqx.tree_check(chain)


# --- A6


def test_a06_equal_settings_and_new_arrays_do_not_compile_again() -> None:
    traces = 0

    @eqx.filter_jit
    def f(operator: Operator, x: Any) -> Any:
        nonlocal traces
        traces += 1
        return operator(x)

    for _ in range(3):
        f(Scale(2.0) | Scale(3.0), X)
    assert traces == 1
    for value in (1.0, 2.0, np.float32(3.0), jnp.float32(4.0), jnp.asarray(5.0)):
        f(Gain(value), X)
    assert traces == 2


def test_a06_a_learned_number_is_a_float() -> None:
    assert Gain(2).g.dtype == jnp.float32
    assert not Gain(2).g.weak_type
    assert Gain(jnp.arange(3)).g.dtype == jnp.int32
    assert Gain(jax.random.key(0)).g == jax.random.key(0)
    assert Gain(None).g is None


def test_a06_static_fields_are_structure() -> None:
    assert jax.tree.leaves(Scale(2.0)) == []
    assert len(jax.tree.leaves(Gain(2.0))) == 1
    assert jax.tree.structure(Scale(2.0)) != jax.tree.structure(Scale(3.0))


def test_a21_the_cache_is_that_of_jit() -> None:
    f = eqx.filter_jit(eqx.debug.assert_max_traces(lambda operator, x: operator(x), max_traces=1))
    for value in (1.0, 2.0, 3.0):
        same(f(Gain(value), X), value * X)


# --- A7


def test_a07_nodes_are_equal_to_themselves_only() -> None:
    assert isinstance(Input("x"), Node)
    assert Input("x") != Input("x")
    assert Input("x").name == "x"


def test_a07_parents_are_nodes() -> None:
    with pytest.raises(TypeError, match="Const"):
        Node(Identity(), (3.0,))  # type: ignore[arg-type]


def test_a07_literals_and_keywords_are_arguments() -> None:
    x = Input("x")
    graph = Graph.build({"x": x}, {"o": Affine(2.0)(x, b=1.5)})
    same(graph(X)["o"], 2 * X + 1.5)
    assert jax.tree.leaves(graph) == []


def test_a07_nodes_know_arithmetic() -> None:
    x, y = Input("x"), Input("y")
    node = ((2.0 * x - y) / (1.0 + x) + (-y) ** 2) @ (3.0 - x) | Scale(2.0)
    a, b = X, X + 2
    same(Graph.build({"x": x, "y": y}, node)(a, b), (((2 * a - b) / (1 + a) + b**2) @ (3 - a)) * 2)


def test_a07_parts_of_a_node() -> None:
    x = Input("x")
    both = Fanout({"a": Scale(2.0), "b": Scale(3.0)})(x)
    same(Graph.build({"x": x}, both["a"] + both["b"][1:])(X[:2]), 2 * X[:2] + 6)
    same(Item("a")({"a": 1.0}), 1.0)
    with pytest.raises(TypeError, match="node"):
        list(both)


# --- A8


def test_a08_empty_and_sourced_chains() -> None:
    same(Sequential([])(X), X)
    assert Sequential([Const(7.0), Scale(2.0)])() == 14.0
    with pytest.raises(TypeError):
        Sequential([])()


def test_a08_the_first_step_gets_all_arguments() -> None:
    same((AddOp() | Scale(2.0))(X, b=X), 4 * X)


def test_a08_a_step_that_is_no_operator_is_named() -> None:
    with pytest.raises(TypeError, match=r"operators\[1\]"):
        Sequential([Scale(1.0), 5])  # type: ignore[list-item]


@pytest.mark.parametrize("around", [lambda g: [g, g], lambda g: [g, Fanout({"a": g})], lambda g: [Fanout((g, g))]])
def test_a08_one_object_with_arrays_stands_once(around: Any) -> None:
    with pytest.raises(ValueError, match="twice"):
        Sequential(around(Gain(2.0)))


def test_a08_one_array_may_stand_in_two_operators() -> None:
    w = jnp.ones(3)
    same((Gain(w) | Gain(w))(X), X)


def test_a08_one_object_without_arrays_may_stand_twice() -> None:
    step = Scale(2.0)
    same(Sequential([step, step])(X), 4 * X)


def test_a08_slices_are_chains() -> None:
    chain = Scale(1.0) | Scale(2.0) | Scale(3.0)
    assert isinstance(chain[1:], Sequential)
    assert [step.k for step in chain[1:]] == [2.0, 3.0]
    assert isinstance(chain.operators, tuple)


# --- A9


def twice() -> tuple[Gain, Graph]:
    """A gain that is used at two nodes, and a value that is used twice."""
    g, x = Gain(3.0), Input("x")
    y = g(x)
    return g, Graph.build({"x": x}, {"out": AddOp()(y, g(y)), "y": y})


def test_a09_tied_weights_are_one_leaf_and_their_gradients_add_up() -> None:
    g, graph = twice()
    assert len(jax.tree.leaves(eqx.filter(graph, eqx.is_array))) == 1
    gradient = eqx.filter_grad(lambda m: m(jnp.ones(3))["out"].sum())(graph)
    same(gradient.operators[0].g, 3 * (1 + 2 * g.g))


def test_a09_diamond() -> None:
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return x + 1

    x = Input("x")
    shared = Lambda(counted)(x)
    graph = Graph.build({"x": x}, AddOp()(Scale(2.0)(shared), Scale(3.0)(shared)))
    same(graph(X), 5 * (X + 1))
    assert calls == 1


def test_a09_a_graph_lives_inside_a_model() -> None:
    _, graph = twice()
    eqx.tree_check(graph)
    same(eqx.filter_jit(lambda d, x: d["m"](x)["y"])({"m": graph}, X), 3 * X)
    assert eqx.tree_equal(pickle.loads(pickle.dumps(graph)), graph)


def test_a09_an_ensemble_of_graphs() -> None:
    _, graph = twice()
    ensemble = eqx.filter_vmap(lambda v: eqx.tree_at(lambda m: m.operators[0].g, graph, v))(jnp.arange(1.0, 6.0))
    out = eqx.filter_vmap(lambda m, x: m(x)["out"], in_axes=(eqx.if_array(0), None))(ensemble, X)
    same(out, [(v + v * v) * X for v in range(1, 6)])


def test_a09_a_cycle_is_named() -> None:
    first = Scale(1.0)(Input("x"))
    second = Gain(1.0)(first)
    first.parents = (second,)
    with pytest.raises(ValueError, match=r"cycle: .*Gain.*Scale|cycle: .*Scale.*Gain"):
        Graph.build({"x": Input("x")}, second)


def test_a09_inputs_are_declared() -> None:
    with pytest.raises(ValueError, match="'y'"):
        Graph.build({"x": Input("x")}, {"o": Scale(1.0)(Input("y"))})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda g: g(x=1.0), ValueError, "missing inputs: y"),
        (lambda g: g(x=1.0, y=1.0, z=1.0), TypeError, "no input z"),
        (lambda g: g(1.0), TypeError, "2 inputs"),
        (lambda g: g(1.0, y=1.0), TypeError, "all by"),
        (lambda g: g(), ValueError, "missing inputs: x, y"),
    ],
)
def test_a09_wrong_calls(call: Any, error: type[Exception], words: str) -> None:
    x, y = Input("x"), Input("y")
    with pytest.raises(error, match=words):
        call(Graph.build({"x": x, "y": y}, {"o": x + y}))


def test_a09_a_chain_of_3000_nodes() -> None:
    x = Input("x")
    node: Any = x
    step = Lambda(lambda value: value + 1)
    for _ in range(3000):
        node = step(node)
    graph = Graph.build({"x": x}, node)
    assert len(graph.operators) == 1
    assert graph(0) == 3000
    assert len(graph.describe().splitlines()) == 3000 + 3


def test_a09_a_long_chain_survives_a_file() -> None:
    x = Input("x")
    node: Any = x
    for _ in range(1000):
        node = Identity()(node)
    graph = Graph.build({"x": x}, node)
    assert len(graph.operators) == 1000
    assert eqx.tree_equal(loads(dumps(graph)), graph)


def test_a09_an_input_has_one_name() -> None:
    x = Input("x")
    with pytest.raises(ValueError, match="two names"):
        Graph.build({"a": x, "b": x}, x + 1.0)


@pytest.mark.parametrize(
    "plan",
    [[{"call": 0, "args": [1]}], [{"call": 1, "args": [0]}], [{"call": 0, "args": [-1]}], [{"call": 0, "args": ["x"]}]],
)
def test_a09_a_plan_that_looks_ahead_is_refused(plan: Any) -> None:
    with pytest.raises(ValueError, match="step"):
        Graph([Scale(1.0)], plan, ["x"], 1)


# --- A10


def test_a10_results_by_name_and_in_a_tuple() -> None:
    assert list(Fanout({"b": Scale(2.0), "a": Identity()})(X)) == ["b", "a"]
    first, second = Fanout((Scale(2.0), Identity()))(X)
    same(first, 2 * second)


def test_a10_fanouts_are_checked() -> None:
    with pytest.raises(ValueError, match="one or more"):
        Fanout({})
    with pytest.raises(TypeError, match="'a'"):
        Fanout({"a": 1})  # type: ignore[dict-item]


# --- A11


def test_a11_identity_const_lambda() -> None:
    assert Identity()(X) is X
    assert Const(3.0)() == 3.0 == Const(3.0)(X)
    same(eqx.filter_grad(lambda c: (c() * X).sum())(Const(jnp.ones(3))).value, X)
    assert jax.tree.leaves(Const(3.0)) == []
    value = Const({"a": jnp.ones(2), "n": (3, None)})()
    assert value["n"] == (3, None)
    same(value["a"], [1.0, 1.0])


def test_a11_a_module_with_parameters_is_no_function() -> None:
    with pytest.raises(TypeError, match="field"):
        Lambda(Gain(2.0))


# --- A4, the part about chains


def test_a04_nothing_follows_a_terminal_step() -> None:
    with pytest.raises(TypeError, match="terminal"):
        Sequential([Write(), Scale(1.0)])
    with pytest.raises(TypeError, match="terminal"):
        Sequential([Sequential([Scale(1.0), Write()]), Scale(1.0)])
    assert Sequential([Scale(1.0), Write()])(X) is None


# --- A15


def test_a15_branch_under_jit_vmap_and_grad() -> None:
    branch = Branch(positive, Gain(2.0), Gain(3.0))
    same(jax.jit(branch)(X), 2 * X)
    same(jax.jit(branch)(-X), -3 * X)
    same(jax.vmap(branch)(jnp.stack([X, -X])), jnp.stack([2 * X, -3 * X]))
    gradient = eqx.filter_grad(lambda o: o(X).sum())(branch)
    assert (gradient.if_true.g, gradient.if_false.g) == (6.0, 0.0)


def test_a15_gradients_of_the_other_arm_are_finite() -> None:
    branch = Branch(lambda x: x > 0, Lambda(jnp.log), Lambda(lambda x: 0.0 * x))
    assert jnp.isfinite(jax.vmap(jax.grad(branch))(jnp.array([1.0, 0.0, -1.0]))).all()


def test_a15_a_plain_predicate_chooses_while_tracing() -> None:
    branch = Branch(lambda x: x.ndim == 1, Lambda(total))
    assert jax.jit(branch)(X).shape == ()
    assert jax.jit(branch)(jnp.ones((2, 3))).shape == (2, 3)


def test_a15_a_predicate_can_be_learned() -> None:
    class Above(eqx.Module):
        t: Any = param()

        def __call__(self, x: Any) -> Any:
            return x.sum() > self.t

    branch = Branch(Above(100.0), Gain(2.0))
    assert len(jax.tree.leaves(eqx.filter(branch, eqx.is_array))) == 2
    same(eqx.filter_jit(branch)(X), X)


def test_a15_one_truth_value() -> None:
    with pytest.raises(TypeError, match="one truth value"):
        Branch(lambda x: x > 0, Gain(2.0))(X)


def test_a15_an_unmatched_key_goes_to_the_default() -> None:
    switch = Switch(regime, {0: Gain(2.0), 5: Gain(3.0)})
    f = jax.jit(switch)
    assert f(jnp.array([9.0])) == 9.0
    assert f(jnp.array([5.0])) == 15.0
    assert f(jnp.array([0.5])) == 1.0
    assert f(jnp.array([-1.0])) == -1.0


@pytest.mark.parametrize(("dtype", "number", "keys"), [("int8", -1, (255,)), ("uint32", 2**32 - 1, (-1,))])
def test_a15_keys_do_not_wrap_round(dtype: str, number: int, keys: tuple[int, ...]) -> None:
    switch = Switch(lambda k, x: k, dict.fromkeys(keys, Lambda(lambda k, x: x + 1)), Lambda(lambda k, x: x))
    assert switch(jnp.array(number, dtype=dtype), 0.0) == 0.0


def test_a15_keys_of_a_batch_go_each_their_own_way() -> None:
    switch = Switch(
        lambda k, x: k, {0: Lambda(lambda k, x: 2 * x), 5: Lambda(lambda k, x: 3 * x)}, Lambda(lambda k, x: x)
    )
    keys = jnp.array([0, 5, 4, 6, -1])
    same(jax.vmap(switch)(keys, jnp.arange(1.0, 6.0)), [2.0, 6.0, 3.0, 4.0, 5.0])
    same(jax.vmap(jax.grad(switch, argnums=1))(keys, jnp.ones(5)), [2.0, 3.0, 1.0, 1.0, 1.0])


def test_a15_plain_keys_may_be_anything() -> None:
    switch = Switch(lambda x: x.dtype.name, {"float32": Scale(2.0)}, Thresh(0.0))
    same(switch(X), 2 * X)
    same(switch(jnp.arange(3)), [0.0, 1.0, 2.0])


def test_a15_a_traced_key_is_an_integer() -> None:
    with pytest.raises(TypeError, match="integer"):
        Switch(lambda x: x.sum(), {0: Identity()})(X)
    with pytest.raises(TypeError, match="'a'"):
        Switch(regime, {"a": Identity()})(X)
