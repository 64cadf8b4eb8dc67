"""Files of axes, models, operators and pipelines: what they mean, their three spellings, and their errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax
from opjax import OpjaxError
from opjax.pipelines import (
    Graph,
    Lambda,
    Sequential,
    Signature,
    Simulate,
    TextOperator,
    define,
    define_file,
    dumps,
    export,
    loads,
)
from opjax.pipelines.define import parts_of
from opjax.pipelines.definitions import Definition, read_definitions
from opjax.pipelines.definitions_writer import (
    format_definitions,
    print_definitions,
    write_json_definitions,
    write_yaml_definitions,
)
from opjax.pipelines.definitions_yaml import read_yaml_definitions
from opjax.source import Source
from pipelines.fixtures import Gain

MODEL = """
model SIR:
  params:
    beta = 0.4
    gamma = 0.1
  states:
    S = 999
    I = 1
    R = 0
  let:
    N = S + I + R
  dynamics:
    infection: S -> I @ beta*I/N
    recovery: I -> R @ gamma
"""
MIXED = f"""
operator share(part, whole; seen = 0.3) = seen*part/whole
{MODEL}
# what is seen
pipeline seen(b) -> cases, people:
  run = SIR(beta = b, at = grid(0, 20, 3), output = [I, N])
  cases = share(run[I], run["N"])
  people = run[N]
pipeline last = SIR(at = [0, 10, 20], output = I) | log
"""


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-5)


# --- models and operators in one file


def test_a_model_stands_in_the_pipelines_of_its_file() -> None:
    found = define(MIXED, values={"SIR": {"beta": 0.0, "gamma": 0.2}, "share": {"seen": 0.5}})
    assert list(found) == ["share", "seen", "last"]
    alone = np.exp(-0.2 * np.array([0, 10, 20]))  # nobody is infected, so that the infected decay
    result = found["seen"](0.0)
    np.testing.assert_allclose(result["cases"], 0.5 * alone / 1000, rtol=1e-3)
    same(result["people"], [1000.0] * 3)
    np.testing.assert_allclose(found["last"](), np.log(alone), atol=1e-3)
    assert eqx.tree_equal(loads(dumps(found["seen"])), found["seen"])


def test_one_solution_serves_all_that_ask_for_it() -> None:
    found = define(f"{MODEL}\npipeline p(b) = SIR(beta = b, at = [0, 1], output = I) + SIR(b, at = [0, 1], output = I)")
    assert sum(isinstance(part, Simulate) for part in found["p"].operators) == 1


def test_the_models_of_such_a_file_are_models(tmp_path: Path) -> None:
    (tmp_path / "a.ojx").write_text(MIXED, encoding="utf-8")
    assert opjax.load(tmp_path / "a.ojx") == opjax.loads(MODEL)
    assert set(define_file(tmp_path / "a.ojx")) == {"share", "seen", "last"}
    with pytest.raises(OpjaxError, match="define_file"):
        opjax.loads("operator f(x) = x")


def test_places_are_those_of_the_whole_file() -> None:
    wrong = (
        MIXED.replace("S -> I @ beta*I", "S -> I @ bet*I").replace("run[N]", "runs[N]").replace("seen*part", "sen*part")
    )
    with pytest.raises(OpjaxError) as caught:
        define(wrong)
    rows = [(d.code, d.span.text) for d in caught.value.diagnostics]
    assert rows == [("E0301", "sen"), ("E0301", "bet"), ("E0658", "runs[N]")]
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(wrong)
    (only,) = caught.value.diagnostics
    assert only.span.text == "bet"
    assert "bet*I" in wrong.split("\n")[only.span.line - 1]


def test_models_and_operators_in_yaml(tmp_path: Path) -> None:
    text = """
name: Decay
state: [x]
parameters: {k: {default: 0.5}}
initial_state: {x: 1}
equations: {x: -k*x}
---
operators:
  half: {inputs: [x], value: x/2}
pipelines:
  end: {inputs: [k], value: "half(Decay(k = k, at = [0, 2], output = x))"}
"""
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    as_text = define(
        """
        model Decay:
          params:
            k = 0.5
          states:
            x = 1
          dynamics:
            x' = -k*x
        operator half(x) = x/2
        pipeline end(k) = half(Decay(k = k, at = [0, 2], output = x))
        """
    )
    assert dumps(define_file(tmp_path / "a.yaml")["end"]) == dumps(as_text["end"])
    assert opjax.load(tmp_path / "a.yaml").name == "Decay"


# --- axes


def test_declared_axes_have_labels_and_coordinates() -> None:
    found = define(
        """
        axis band = [red, nir]
        axis x = grid(0, 1, 5)
        operator ndvi(s[band]; k = 2) = k*(s["nir"] - s["red"])/(s["nir"] + s["red"])
        operator area(u[x]) = integral(u[i]*x for i in x)
        """.replace("u[i]*x for i in x", "u[i] for i in x")
    )
    same(found["ndvi"](jnp.array([[1.0, 3.0], [2.0, 2.0]])), [1.0, 0.0])
    same(found["area"](jnp.linspace(0.0, 1.0, 5) ** 2), np.trapezoid(np.linspace(0, 1, 5) ** 2, dx=0.25))
    assert found["ndvi"].text.startswith("axis band = [red, nir]\noperator ndvi(")
    assert eqx.tree_equal(loads(dumps(found["ndvi"])), found["ndvi"])
    with pytest.raises(ValueError, match="2 elements as declared and 3 in 's'"):
        found["ndvi"](jnp.ones(3))


def test_two_axes_of_different_sizes_contract_without_an_outer_product() -> None:
    random = np.random.default_rng(0)
    values = {"m": random.normal(size=(3, 4)), "b": random.normal(size=4)}
    score = TextOperator("operator s(x[band]; m[band, j], b[j]) = sum(x[i]*m[i, k]*b[k] for i in band, k in j)", values)
    x = random.normal(size=(2, 3)).astype(np.float32)
    same(score(x), x @ values["m"].astype(np.float32) @ values["b"].astype(np.float32))
    names = [equation.primitive.name for equation in jax.make_jaxpr(score)(x[0]).eqns]
    assert names == ["dot_general", "dot_general"]


def test_reductions_over_several_inputs_and_axes() -> None:
    random = np.random.default_rng(0)
    x, y, w = random.normal(size=(2, 3)), random.normal(size=4), random.normal(size=(3, 4))
    mixed = TextOperator(
        "operator r(x[a], y[b]; w[a, b], c = 0.5) = max(x[i]*w[i, j] for i in a, j in b if w[i, j] > 0)"
        " + mean(y[j] for j in b) + prod(x[i] for i in a)*c + min(y[j]^2 for j in b)",
        {"w": w},
    )
    largest = np.where(w > 0, x[:, :, None] * w, -np.inf).max((1, 2))
    same(mixed(x, y), largest + y.mean() + x.prod(1) * 0.5 + (y**2).min())
    outer = TextOperator("operator outer[a, b](x[a], y[b]) = x[a]*y[b]")
    same(outer(x, y), x[:, :, None] * y)
    same(outer(x, jnp.ones((2, 4))), np.broadcast_to(x[:, :, None], (2, 3, 4)))
    with pytest.raises(ValueError, match="no elements"):
        outer(x, y[:0])


def test_signatures_of_text_have_symbolic_batches() -> None:
    total = TextOperator("operator s(x[band]; w[band] = [1, 2, 3]) = sum(x[i]*w[i] for i in band)")
    found = total.compute_output_signature(Signature((("n", None), ("band", 3))))
    assert found.names == ("n",)
    served = export(total | Lambda(jnp.tanh), Signature((("n", None), ("band", 3))))
    same(served.call(0.1 * jnp.ones((4, 3))), [np.tanh(0.6)] * 4)
    with pytest.raises(ValueError, match="'band' in 'x' has no number of elements"):
        total.compute_output_signature(Signature((("n", 2), ("band", None))))


def test_values_in_the_text_are_arrays() -> None:
    learned = TextOperator("operator f[k](x; a[k] = [1, 2, 3]) = a[k]*x")
    same(learned(2.0), [2.0, 4.0, 6.0])
    same(eqx.filter_grad(lambda o: o(2.0).sum())(learned).values["a"], [2.0] * 3)
    same(TextOperator(learned.text, {"a": [1.0, 2.0]})(2.0), [2.0, 4.0])
    fixed = TextOperator("operator f[k](x; a[k] = [1, 2, 3] fixed) = a[k]*x")
    assert jax.tree.leaves(fixed) == []
    same(fixed(2.0), [2.0, 4.0, 6.0])
    on_grid = TextOperator("axis x = grid(0, 1, 3)\noperator f[x](u; a[x] = x^2) = a[x]*u")
    same(on_grid(2.0), [0.0, 0.5, 2.0])


def test_guards_and_code_are_those_of_models() -> None:
    guarded = TextOperator("operator g(x) = sqrt(x) if x > 0 else 0")
    same(jax.vmap(jax.grad(guarded))(jnp.array([4.0, 0.0, -1.0])), [0.25, 0.0, 0.0])
    text = TextOperator("operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)")
    x = jnp.ones(3)

    def operations(f: Any) -> list[str]:
        return [equation.primitive.name for equation in jax.make_jaxpr(f)(x, x).eqns]

    eps = text.values["eps"]
    assert operations(text) == operations(lambda nir, red: (nir - red) / (nir + red + eps))


# --- parts of results


def test_results_of_pipelines_have_parts() -> None:
    found = define(
        """
        operator half(x) = x/2
        pipeline both(x) -> small, large:
          small = half(x)
          large = 2*x
        pipeline product(x) -> p:
          r = both(x)
          p = r[small]*r["large"]
        pipeline chain = half | exp | clip(0, half(6))
        """
    )
    same(found["product"](3.0)["p"], 9.0)
    same(found["chain"](jnp.array([0.0, 4.0])), [1.0, 3.0])


def test_values_and_operators_are_named_in_the_text() -> None:
    with pytest.raises(ValueError, match="'g', and the text defines f"):
        define("operator f(x) = x", values={"g": {"a": 1.0}})
    with pytest.raises(ValueError, match="pipeline"):
        define("operator f(x) = x\npipeline g = f", values={"g": {"a": 1.0}})
    with pytest.raises(ValueError, match="defined in the text"):
        define("operator f(x) = x", operators={"f": Gain(1.0)})
    with pytest.raises(ValueError, match="function of the language"):
        define("pipeline p = exp", operators={"exp": Gain(1.0)})
    with pytest.raises(TypeError, match="Lambda"):
        define("pipeline p = f", operators={"f": lambda x: x})  # type: ignore[dict-item]
    same(define("pipeline p(x) = f(x)", operators={"f": Lambda(jnp.square)})["p"](3.0), 9.0)


# --- the spellings

NAMES = ("a", "b", "größe")
FUNCTIONS = {"exp": np.exp, "sin": np.sin, "abs": np.abs}


def expressions(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    leaves = st.sampled_from([*names, "1", "2.5", "-0.5"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda t: f"{t[0]}(0.1*{t[1]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} > 0 else {t[2]})"),
        ),
        max_leaves=5,
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Definitions, and Python functions that mean the same."""
    lines: list[str] = []
    meaning: dict[str, Any] = dict(FUNCTIONS)
    arity: dict[str, int] = {}
    for number in range(draw(st.integers(1, 2))):
        inputs = NAMES[: draw(st.integers(1, 3))]
        body, name = draw(expressions((*inputs, "k"))), f"op{number}"
        lines.append(f"operator {name}({', '.join(inputs)}; k = 1.5) = {body}")
        meaning[name], arity[name] = eval(f"lambda {', '.join(inputs)}: {body}", {**FUNCTIONS, "k": 1.5}), len(inputs)
    inputs = NAMES[: draw(st.integers(1, 2))]
    known = list(inputs)
    rows: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(arity)))
        arguments = ", ".join(draw(st.sampled_from(known)) for _ in range(arity[name]))
        rows.append(f"v{number} = {name}({arguments}) + {draw(expressions(tuple(known)))}")
        known.append(f"v{number}")
    outputs = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
    lines += [f"pipeline p({', '.join(inputs)}) -> {', '.join(outputs)}:", *(f"  {row}" for row in rows)]
    return "\n".join(lines), {"rows": rows, "outputs": outputs, "inputs": inputs, "meaning": meaning}


def texts(rows: list[Definition]) -> list[str]:
    return [row.text() for row in rows]


@given(files())
@settings(max_examples=25)
def test_graphs_survive_all_spellings(drawn: tuple[str, dict[str, Any]]) -> None:
    rows = read_definitions(Source("<text>", drawn[0]))
    assert texts(read_definitions(Source("<text>", print_definitions(rows)))) == texts(rows)
    for write, form in ((write_yaml_definitions, "yaml"), (write_json_definitions, "json")):
        assert texts(read_yaml_definitions(Source("<file>", write(rows)), form)) == texts(rows)
    formatted = format_definitions(Source("<text>", drawn[0]))
    assert texts(read_definitions(Source("<text>", formatted))) == texts(rows)
    assert format_definitions(Source("<text>", formatted)) == formatted


@given(files())
@settings(max_examples=6)
def test_graphs_mean_what_python_means(drawn: tuple[str, dict[str, Any]]) -> None:
    text, wanted = drawn
    with jax.enable_x64(True):
        pipe = define(text)["p"]
        assert isinstance(pipe, Graph)
        values = dict(zip(wanted["inputs"], (0.7, -1.3), strict=False))
        found = pipe(*(np.float64(value) for value in values.values()))
        for row in wanted["rows"]:
            name, _, body = row.partition(" = ")
            values[name] = eval(body, dict(wanted["meaning"]), values)
        for name in wanted["outputs"]:
            np.testing.assert_allclose(found[name], values[name], rtol=1e-12)
        again = define(write_yaml_definitions(read_definitions(Source("<text>", text))), format="yaml")["p"]
        assert dumps(again) == dumps(pipe)


LAID_OUT = """# top
axis band = [red, nir]  # labels
axis x = grid(0, 1, 5)
operator f(u[x]) = integral(u[s] for s in x)
# inner
operator ndvi[band](nir[band], red; eps : m/s = 1e-6 "a doc", order = 2 fixed) = nir[band] - red

model M:
  states: S

  dynamics:
    S' = -S  # decay

# about p
pipeline p = ndvi(2) | exp

pipeline q(a, b) -> c:  # head
  # first
  d = exp(a)  # d

  c = d*b
  # last
"""
UNTIDY = """# top
axis band=[red,  nir]   # labels
axis x = grid( 0,1,5)
operator   f(u[x]) = integral(u[s] for s in x)
operator ndvi[band](nir[band],red; eps:m/s= 1e-6 "a doc", order=2 fixed)=(
  nir[band]  # inner
   - red)
model M:
     states: S
     dynamics:
       S'=-S  # decay
# about p
pipeline p=(ndvi(2)
  | exp)

pipeline q(a,b)->c:   # head
    # first
    d=exp(a)   # d

    c = d * b
    # last
"""


def test_the_layout_keeps_comments() -> None:
    assert format_definitions(Source("<text>", UNTIDY)) == LAID_OUT
    assert format_definitions(Source("<text>", LAID_OUT)) == LAID_OUT


def test_the_layout_of_a_wrong_text_is_refused_with_all_problems() -> None:
    with pytest.raises(OpjaxError) as caught:
        format_definitions(Source("<text>", "operator f(x: x\nmodel M:\n  stats: S\npipeline p(x) -> y\n"))
    assert [d.span.line for d in caught.value.diagnostics] == [1, 3, 4]


def test_all_parts_survive_yaml() -> None:
    report = opjax.errors.Report()
    rows, _ = parts_of(Source("<text>", LAID_OUT), "ojx", report)
    again = read_yaml_definitions(Source("<yaml>", write_yaml_definitions(rows)), "yaml")
    assert sorted(texts(again)) == sorted(texts(rows))


# --- errors

WORDS = ["operator ", "pipeline ", "axis ", "model ", "->", "at = ", "sum(", "for i in "]
PIECES = [*"()[]{}|=;:,.#\"'+-*/^ \n\tabx019é<>", *WORDS]


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(MIXED) - 1), st.integers(0, 8), st.sampled_from(PIECES)), min_size=1, max_size=4
    )
)
@settings(max_examples=40)
def test_any_text_is_read_or_refused(changes: list[tuple[int, int, str]]) -> None:
    text = MIXED
    for place, size, piece in changes:
        text = text[:place] + piece + text[place + size :]
    try:
        define(text)
        rows = read_definitions(Source("<text>", text))
    except OpjaxError:
        return
    formatted = format_definitions(Source("<text>", text))
    assert texts(read_definitions(Source("<text>", formatted))) == texts(rows)
    assert format_definitions(Source("<text>", formatted)) == formatted


WRONG = [
    ("operator f(x) = x*t", "E0656", "t"),
    ("operator f(x; a = 1 ~ Normal(0, 1)) = a*x", "E0655", "a = 1 ~ Normal(0, 1)"),
    ("operator f(x; a = 1 in (0, 2)) = a*x", "E0655", "a = 1 in (0, 2)"),
    ("operator f[k](x; a[k] fixed) = a[k]*x", "E0658", "a[k] fixed"),
    ("operator f[k](x; a[k] = 1) = a[k]*x", "E0658", "a[k] = 1"),
    ("operator f(t) = t", "E0303", "t"),
    ("operator f(x, x) = x", "E0302", "x"),
    ("operator f(x,,y) = x", "E0102", ""),
    ("operator sin(x) = x", "E0658", "sin"),
    ("operator f(f) = f", "E0302", "f"),
    ("axis band = [a]\naxis band = [b]", "E0658", "axis band = [b]"),
    ('axis band = [a]\noperator f(x[band]) = x["b"]', "E0305", '"b"'),
    ("pipeline p(x) = q(x)\npipeline q(x) = p(x)", "E0653", "q(x)"),
    ("pipeline p = p", "E0653", "p"),
    ("pipeline p(x) -> :\n  y = x", "E0652", "-> :"),
    ("pipeline p(x) -> y, y:\n  y = x", "E0658", "p"),
    ("pipeline p(x, x) = x", "E0658", "p"),
    ("pipeline p(x[band]) = x", "E0652", "x[band]"),
    ("operator f(a) = a\npipeline p(x) = f[a](x)", "E0658", "f[a](x)"),
    ("operator f(a, b) = a\npipeline p(x) = f(x)", "E0658", "f(x)"),
    ("operator f(a, b) = a\npipeline p(x) = f(x, x, x)", "E0658", "f(x, x, x)"),
    ("operator f(a, b) = a\npipeline p(x) = f(x, c=x)", "E0658", "f(x, c=x)"),
    ("operator f(a, b) = a\npipeline p(x) = f(x, a=x)", "E0658", "f(x, a=x)"),
    ("operator f(a, b) = a\npipeline p = exp | f", "E0658", "f"),
    ("operator f(a) = a\npipeline p(x) -> z:\n  y = f(x)\n  z = y[I]", "E0658", "y[I]"),
    ("pipeline p = exp | clip(0)", "E0402", "clip(0)"),
    ("pipeline p = exp || exp", "E0102", ""),
    ("pipeline p(x) = " + "-" * 300 + "x", "E0004", "-"),
    (f"{MODEL}pipeline p = SIR", "E0657", "SIR"),
    (f"{MODEL}pipeline p(b) = SIR(bta = b, at = [0, 1])", "E0658", "SIR(bta = b, at = [0, 1])"),
    (f"{MODEL}pipeline p(b) = SIR(at = [1, 0])", "E0657", "SIR(at = [1, 0])"),
    (f"{MODEL}pipeline p(b) = SIR(at = grid(0, 1, 1e9))", "E0657", "SIR(at = grid(0, 1, 1e9))"),
    (f"{MODEL}pipeline p(b) = SIR(at = [0, b])", "E0301", "b"),
    (f"{MODEL}pipeline p(b) = SIR(at = [0, 1], output = J)", "E0657", "SIR(at = [0, 1], output = J)"),
    (f"{MODEL}pipeline p(b) = SIR(at = [0, 1], output = 3)", "E0657", "SIR(at = [0, 1], output = 3)"),
    (f"{MODEL}pipeline SIR(b) = b", "E0658", "SIR"),
    (f"{MODEL}{MODEL}pipeline p(b) = b", "E0658", "model SIR:"),
    ("# nothing", "E0005", ""),
    ("foo bar", "E0652", "foo bar"),
]


@pytest.mark.parametrize(("text", "code", "words"), WRONG, ids=[text[-40:] for text, _, _ in WRONG])
def test_wrong_definitions_are_refused_at_their_place(text: str, code: str, words: str) -> None:
    with pytest.raises(OpjaxError) as caught:
        define(text)
    first = caught.value.diagnostics[0]
    assert first.code == code
    assert first.span.text.startswith(words)
    assert "\n" not in first.span.text


def test_hints_are_those_of_operators() -> None:
    for text, hint in (
        ("operator f(x) = g(x)", "a pipeline calls operators"),
        ("operator f(x) = sum(x for i in band)", "axis band = "),
        ("operator f(x[a]; m[a, b]) = sum(x[i]*m[i, j]*x[j] for i in a, j in b)", "cov[band, band]"),
        ("pipeline p(x) = q(x)\npipeline q(x) = x", "move it up"),
        ("pipeline p = p", "cannot hold itself"),
    ):
        with pytest.raises(OpjaxError) as caught:
            define(text)
        assert hint in str(caught.value)


def test_pipelines_inside_each_other_have_a_limit() -> None:
    deep = ["operator p0(x) = x", *(f"pipeline p{i}(x) = p{i - 1}(x)" for i in range(1, 40))]
    with pytest.raises(OpjaxError, match="more than 25 deep") as caught:
        define("\n".join(deep))
    assert len(caught.value.diagnostics) == 1
    pipe = define("\n".join(deep[:25]))["p24"]
    same(pipe(3.0), 3.0)
    assert eqx.tree_equal(loads(dumps(pipe)), pipe)


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(OpjaxError) as caught:
        define("operator f(x) = y\npipeline p = f | g\npipeline q = p | exp\noperator h(x) = t")
    assert [d.code for d in caught.value.diagnostics] == ["E0301", "E0653", "E0656"]


def test_yaml_has_the_same_parts() -> None:
    found = define(
        """
        axes:
          band: [red, nir]
          x: grid(0, 1, 5)
        operators:
          ndvi: {inputs: ["s[band]"], value: 's["nir"] - s["red"]'}
          scaled: {inputs: [x], parameters: ["k : 1/day = 2", n = 3 fixed], value: k*n*x}
        pipelines:
          chain: [scaled, exp]
        """,
        format="yaml",
    )
    same(found["ndvi"](jnp.array([1.0, 3.0])), 2.0)
    same(found["chain"](0.1), np.exp(0.6))
    assert isinstance(found["chain"], Sequential)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pipelines: {f: []}", "has no parts"),
        ("pipelines: {f: {inputs: [x], values: {y: x}}}", "lacks the key 'outputs'"),
        ("pipelines: {f: {inputs: [x], outputs: [y]}}", "lacks the key 'values'"),
        ("pipelines: {f: {inputs: [x], value: x, outputs: [y]}}", "not both"),
        ("pipelines: {f: {inputs: ['x[a]'], value: x}}", "axes are written at operators"),
        ("axes: {band: 3}\npipelines: {f: [exp]}", "E0101"),
        ("operators: {f: {inputs: [x], parameters: ['a ~ Normal(0, 1)'], value: x}}", "E0655"),
    ],
)
def test_wrong_yaml_is_refused(text: str, words: str) -> None:
    with pytest.raises(OpjaxError, match="E0") as caught:
        define(text, format="yaml")
    assert words in str(caught.value)
