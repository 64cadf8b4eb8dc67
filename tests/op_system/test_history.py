"""Rates that ask for their past, answered by providers written here; op_system 0.9 as the oracle of the contract."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax import OpjaxError

PLACES = [{"name": "loc", "coords": ["a", "b"]}]
README = {
    "kind": "expr",
    "axes": PLACES,
    "state": ["x[loc]"],
    "equations": {"x[loc]": "convolve_history(inflow[loc], kernel=gamma, window=14)"},
}
TRANSITIONS = {
    "kind": "transitions",
    "axes": PLACES,
    "state": ["S[loc]", "I[loc]"],
    "aliases": {"N[loc]": "S[loc] + I[loc]"},
    "transitions": [
        {
            "name": "infection",
            "from": "S[loc]",
            "to": "I[loc]",
            "rate": "k*convolve_history(q*I[loc]/N[loc], kernel=erlang, window=3, kernel_params=shape,"
            " interpolation=cubic, history_axis=time)",
        }
    ],
}


class Recorder:
    """Answers with the body times a number that the call determines, and keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Any, dict[str, Any]]] = []

    def query(self, signal_id: int, body: Any, **options: Any) -> Any:
        self.calls.append((signal_id, body, options))
        return body * (3.0 + signal_id)


def text(lines: str, states: str = "I[loc]") -> str:
    head = "model M:\n  axes:\n    loc = [a, b]\n  params:\n    k\n    w\n    p[loc]\n"
    return f"{head}  states:\n    {states}\n  dynamics:\n    {lines}\n"


def code_of(call: Any) -> str:
    with pytest.raises(OpjaxError) as caught:
        call()
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize("spec", [README, TRANSITIONS])
def test_queries_and_values_are_those_of_op_system(spec: Mapping[str, Any]) -> None:
    op_system = pytest.importorskip("op_system")
    theirs, ours = op_system.compile_spec(spec), opjax.compile_spec(spec)
    random = np.random.default_rng(1)
    state = {name: random.uniform(1, 2, 2) for name in ours.template_shapes}
    values: dict[str, Any] = {"inflow": random.uniform(size=2)} if spec is README else {"k": 0.3, "q": 0.7}
    asked, expected = Recorder(), Recorder()
    found = ours.history_eval_fn(0.0, state, history_provider=asked, **values)
    wanted = theirs.history_eval_fn(0.0, state, history_provider=expected, **values)
    for name in state:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12)
    ((number, body, options),) = asked.calls
    assert (number, options) == (expected.calls[0][0], expected.calls[0][2])
    np.testing.assert_allclose(body, expected.calls[0][1], rtol=1e-12)
    bodies, wanted_bodies = ours.body_eval_fn(0.0, state, **values), theirs.body_eval_fn(0.0, state, **values)
    assert bodies.keys() == wanted_bodies.keys()
    np.testing.assert_allclose(bodies[0], wanted_bodies[0], rtol=1e-12)
    record, row = ours.history_requirements[0], theirs.history_requirements[0]
    assert row.keys() == record.keys() - {"axes"}
    for key in ("signal_id", "kind", "required_options", "missing_required_options", "unknown_options"):
        assert record[key] == row[key]
    assert set(record["options"]) == set(row["options"])


def test_the_words_of_a_call_are_no_parameters() -> None:
    assert opjax.compile_spec(README).param_names == ("inflow",)
    assert set(opjax.compile_spec(TRANSITIONS).param_names) == {"k", "q"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_against_a_history_that_is_known(dtype: str, x64: None) -> None:
    """x(s) = exp(-a s) in the past: delay, lag and the integral over the window have closed forms."""
    rate = np.array([0.5, 0.25])

    class Exponential:
        def query(self, signal_id: int, body: Any, **options: Any) -> Any:
            if "kernel" in options:
                window = options["window"]
                return body * (np.exp(rate * window) - 1) / (rate * window)
            return body * np.exp(rate * options.get("tau", options.get("lag")))

    right = 'k*convolve_history(I[loc], kernel="flat", window=4) - delay(I[loc], tau=2*w) + history(I[loc], lag=1)'
    rhs = opjax.compile_rhs(text(f"I[loc]' = {right}"))
    state = {"I": np.array([2.0, 3.0], dtype)}
    found = rhs.history_eval_fn(0.0, state, history_provider=Exponential(), k=2.0, w=1.5)["I"]
    a, x = rate, np.array([2.0, 3.0])
    expected = 2 * x * (np.exp(4 * a) - 1) / (4 * a) - x * np.exp(3 * a) + x * np.exp(a)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jax_under_jit(dtype: str, x64: None) -> None:
    rhs = opjax.compile_spec(TRANSITIONS)
    recorder = Recorder()

    @jax.jit
    def derivative(t: Any, y: Any, args: Any) -> Any:
        return rhs.history_eval_fn(t, y, history_provider=recorder, **args)

    state = {"S": np.array([9.0, 8.0], dtype), "I": np.array([1.0, 2.0], dtype)}
    found = derivative(0.0, jax.tree.map(jnp.asarray, state), {"k": 0.3, "q": 0.7})
    flow = 0.3 * 3.0 * 0.7 * state["I"] / (state["S"] + state["I"]) * state["S"]
    assert found["S"].dtype == dtype
    np.testing.assert_allclose(found["I"], flow, rtol=1e-12 if dtype == "float64" else 1e-5)
    np.testing.assert_allclose(found["S"], -flow, rtol=1e-12 if dtype == "float64" else 1e-5)
    (call,) = recorder.calls
    assert isinstance(call[1], jax.core.Tracer)
    assert call[1].dtype == dtype


def test_each_different_signal_has_a_number_and_is_asked_for_once() -> None:
    lines = (
        "I[loc]' = delay(k*I[loc], tau=1) + delay(k*I[loc], tau=2) + delay(k*I[loc], tau=1)^2"
        " + sum(delay(k*I[j], tau=3) for j in loc)"
    )
    rhs = opjax.compile_rhs(text(lines))
    assert [r["options"] for r in rhs.history_requirements] == [{"tau": "1"}, {"tau": "2"}, {"tau": "3"}]
    assert [r["axes"] for r in rhs.history_requirements] == [("loc",)] * 3
    recorder = Recorder()
    state = np.array([2.0, 5.0])
    found = rhs.history_eval_fn(0.0, {"I": state}, history_provider=recorder, k=0.5)["I"]
    assert [(number, options) for number, _, options in recorder.calls] == [(n, {"tau": n + 1}) for n in range(3)]
    first = 1.5 * state
    np.testing.assert_allclose(found, first + 2.0 * state + first**2 + 2.5 * state.sum(), rtol=1e-12)


def test_shapes_of_bodies_and_options() -> None:
    lines = (
        "x[age, loc]' = delay(x[age, loc]*p[loc], tau=w, interpolation=linear)"
        ' + convolve_history(sum(x[age, j] for j in loc), kernel="g", window=-1.5)'
        " + delay(t, tau=k) + convolve_history(sum(m[i, j]*x[i, loc] for i in age, j in age if i == j), kernel=g,"
        " window=1e1, kernel_params=p[loc])"
    )
    model = text(lines, "x[age, loc]").replace("p[loc]\n", "p[loc]\n    m[age, age]\n", 1)
    model = model.replace("loc = [a, b]", "loc = [a, b]\n    age = [y, m, o]")
    rhs = opjax.compile_rhs(model)
    recorder, random = Recorder(), np.random.default_rng(2)
    x, p, m = random.uniform(size=(3, 2)), random.uniform(size=2), random.uniform(size=(3, 3))
    found = rhs.history_eval_fn(2.0, {"x": x}, history_provider=recorder, k=1.0, w=4.0, p=p, m=m)["x"]
    bodies = [x * p, x.sum(axis=1), np.array(2.0), np.diag(m) @ x]
    assert [np.shape(body) for _, body, _ in recorder.calls] == [(3, 2), (3,), (), (2,)]
    for (number, body, _), expected in zip(recorder.calls, bodies, strict=True):
        np.testing.assert_allclose(body, expected, rtol=1e-12)
        np.testing.assert_allclose(rhs.body_eval_fn(2.0, {"x": x}, k=1, w=4, p=p, m=m)[number], expected, rtol=1e-12)
    assert recorder.calls[0][2] == {"tau": 4.0, "interpolation": "linear"}
    assert recorder.calls[1][2] == {"kernel": "g", "window": -1.5}
    assert recorder.calls[3][2]["window"] == 10.0
    np.testing.assert_allclose(recorder.calls[3][2]["kernel_params"], p)
    expected = 3 * bodies[0] + 4 * bodies[1][:, None] + 5 * bodies[2] + 6 * bodies[3]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_answers_are_of_the_shape_of_the_body_or_one_number() -> None:
    rhs = opjax.compile_rhs(text("I[loc]' = delay(I[loc], tau=1)"))

    class Fixed:
        def __init__(self, answer: Any) -> None:
            self.answer = answer

        def query(self, signal_id: int, body: Any, **options: Any) -> Any:
            return self.answer

    def found(answer: Any) -> Any:
        return rhs.history_eval_fn(0.0, {"I": np.ones(2)}, history_provider=Fixed(answer))["I"]

    assert found(2.5).tolist() == [2.5, 2.5]
    assert code_of(lambda: found(np.ones(3))) == "E0804"
    assert code_of(lambda: found("word")) == "E0807"


def test_nobody_to_ask_is_refused_with_a_sentence(x64: None) -> None:
    model = opjax.loads(text("S[loc] -> I[loc] @ k*delay(I[loc], tau=w)", "S[loc] = 1\n    I[loc] = 1"))
    rhs = model.compile_rhs()
    state, values = {"S": np.ones(2), "I": np.ones(2)}, {"k": 1.0, "w": 2.0}
    calls = [
        lambda: rhs.eval_fn(0.0, np.ones(4), **values),
        lambda: rhs.pytree_eval_fn(0.0, state, **values),
        lambda: rhs.jacobian(0.0, np.ones(4), values),
        lambda: rhs.reactions[0].propensity_fn(0.0, state, **values),
        lambda: rhs.history_eval_fn(0.0, state, **values),
        lambda: rhs.history_eval_fn(0.0, state, history_provider=object(), **values),
    ]
    assert [code_of(call) for call in calls] == ["E0584"] * len(calls)
    assert code_of(lambda: rhs.history_eval_fn(0.0, state, history_provider=Recorder(), k=1.0)) == "E0805"
    assert code_of(lambda: rhs.history_eval_fn(0.0, state, history_provider=Recorder(), kk=1.0, **values)) == "E0806"
    assert code_of(lambda: rhs.body_eval_fn(0.0, {"S": np.ones(2)}, **values)) == "E0805"


BLOCKS = {
    **README,
    "axes": [*PLACES, {"name": "age", "coords": ["young", "old", "oldest"]}],
    "state": ["x[age,loc]"],
    "equations": {
        "x[age,loc]": "k*convolve_history(q*x[age,loc], kernel=gamma, window=14, kernel_params=q) - x[age,loc]"
    },
    "factorize_axes": ["loc"],
}


def test_blocks_are_those_of_op_system_and_slices_of_the_whole() -> None:
    op_system = pytest.importorskip("op_system")
    theirs, ours = op_system.compile_spec(BLOCKS), opjax.compile_spec(BLOCKS)
    random = np.random.default_rng(3)
    state, given = random.uniform(1, 2, (3, 2)), {"k": 0.7, "q": 1.3}
    whole = ours.history_eval_fn(0.0, {"x": state}, history_provider=Recorder(), **given)["x"]
    for place in range(2):
        asked, expected = Recorder(), Recorder()
        block = {"x": state[:, place]}
        found = ours.block_history_eval_fn(0.0, block, history_provider=asked, **given)["x"]
        wanted = theirs.block_history_eval_fn(0.0, block, history_provider=expected, **given)["x"]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        np.testing.assert_allclose(found, whole[:, place], rtol=1e-12)
        ((number, body, options),), ((their_number, their_body, their_options),) = asked.calls, expected.calls
        assert (number, options) == (their_number, their_options)
        np.testing.assert_allclose(body, their_body, rtol=1e-12)
        bodies = ours.block_body_eval_fn(0.0, block, **given)
        np.testing.assert_allclose(bodies[0], theirs.block_body_eval_fn(0.0, block, **given)[0], rtol=1e-12)


def test_blocks_of_a_delay_by_position_and_none_of_one_that_mixes() -> None:
    lines = "I[loc]' = k*delay(I[loc], tau=p[loc]) - w*I(t - p[loc])"
    model = text(lines).replace("  dynamics:", "  independent: loc\n  dynamics:").replace("- w*I(", "- w*I[loc](")
    rhs = opjax.compile_rhs(model)
    recorder, values = Recorder(), {"k": 2.0, "w": 1.0, "p": 4.0}
    found = rhs.block_history_eval_fn(0.0, {"I": np.array(5.0)}, history_provider=recorder, **values)["I"]
    assert [(body.shape, float(options["tau"])) for _, body, options in recorder.calls] == [((), 4.0)]
    np.testing.assert_allclose(found, 3.0 * 5.0)
    assert opjax.compile_rhs(text(lines.replace("I(t", "I[loc](t"))).block_history_eval_fn is None
    mixing = model.replace("delay(I[loc], tau=p[loc])", "delay(sum(I[j] for j in loc), tau=w)")
    assert code_of(lambda: opjax.compile_rhs(mixing)) == "E0530"


@pytest.mark.parametrize(
    "call",
    [
        "delay(I[loc])",
        "delay(I[loc], 2)",
        "delay(tau=2)",
        "delay(I[loc], tau=2, tau=3)",
        "delay(I[loc], lag=2)",
        "delay[loc](I[loc], tau=2)",
        "delay(sum(I[j] for j in loc), tau=p[loc])",
        "history(delay(I[loc], tau=2), lag=1)",
        "history(I[loc], lag=history(I[loc], lag=1))",
        'convolve_history(I[loc], kernel="g")',
        "convolve_history(I[loc], kernel=2, window=1)",
        "convolve_history(I[loc], kernel=p[loc], window=1)",
    ],
)
def test_calls_in_another_form_are_refused(call: str) -> None:
    assert code_of(lambda: opjax.loads(text(f"I[loc]' = {call}"))) == "E0583"


def test_the_past_stands_in_rates_only_and_delay_may_be_a_name() -> None:
    assert code_of(lambda: opjax.loads(text("I[loc]' = k", "I[loc] = delay(p[loc], tau=1)"))) == "E0407"
    rhs = opjax.compile_rhs("model M:\n  params:\n    delay\n  states:\n    x\n  dynamics:\n    x' = -delay*x\n")
    assert rhs.history_eval_fn is None
    assert rhs.body_eval_fn is None
    assert rhs.history_requirements == ()
    assert rhs.eval_fn(0.0, np.array([2.0]), delay=3.0).tolist() == [-6.0]


@pytest.mark.parametrize("spec", [README, TRANSITIONS])
def test_text_yaml_and_pickle_are_the_same_model(spec: Mapping[str, Any]) -> None:
    model = opjax.from_dict(spec)
    rhs = opjax.compile_rhs(opjax.loads(model.show("ojx")))
    assert rhs.content_hash == opjax.compile_spec(spec).content_hash
    assert opjax.loads(model.show("yaml"), "yaml").content_hash == model.content_hash
    copy = pickle.loads(pickle.dumps(rhs))
    assert copy.history_requirements == rhs.history_requirements
    assert r"\int_{0}" in model.show("latex")


def test_bare_words_in_text() -> None:
    bare = opjax.compile_rhs(text("I[loc]' = convolve_history(I[loc], kernel=gamma, window=3)"))
    quoted = opjax.compile_rhs(text('I[loc]\' = convolve_history(I[loc], kernel="gamma", window=3)'))
    assert bare.history_requirements == quoted.history_requirements
    assert bare.param_names == ()
