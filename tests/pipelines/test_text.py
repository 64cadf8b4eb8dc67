"""Operators and pipelines as text, against the same functions by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax import OpjaxError
from opjax.pipelines import (
    Graph,
    Sequential,
    Signature,
    TextOperator,
    VMapOver,
    define,
    define_file,
    dumps,
    dumps_yaml,
    loads,
    loads_yaml,
)
from opjax.pipelines.definitions import read_definitions
from opjax.pipelines.definitions_yaml import read_yaml_definitions
from opjax.source import Source
from pipelines.fixtures import Gain

NDVI = "operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)"
SCORE = (
    "operator score(x[band]; target[band], cov[band, band]) = sum(x[i]*cov[i, j]*target[j] for i in band, j in band)"
)
SCALED = "operator scaled[band](x[band]; gain[band], order = 2 fixed) = gain[band]*x[band]^order"


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_an_operator_is_its_expression() -> None:
    ndvi = TextOperator(NDVI)
    same(ndvi(0.6, 0.2), 0.4 / (0.8 + 1e-6))
    nir, red = jnp.linspace(0.1, 1.0, 6).reshape(2, 3), jnp.array([0.1, 0.2, 0.3])
    same(ndvi(nir, red=red), (nir - red) / (nir + red + 1e-6))
    same(ndvi(nir, red, eps=1.0), (nir - red) / (nir + red + 1.0))
    assert ndvi(jnp.float16(0.5), jnp.float16(0.25)).dtype == jnp.float16
    same(ndvi(3, 1), 0.5)


def test_parameters_are_learned_unless_they_are_fixed() -> None:
    ndvi = TextOperator(NDVI)
    assert set(ndvi.values) == {"eps"}
    gradient = eqx.filter_grad(lambda o: o(0.6, 0.2))(ndvi)
    same(gradient.values["eps"], -0.4 / 0.8**2)
    scaled = TextOperator(SCALED, {"gain": [1.0, 2.0]})
    assert set(scaled.values) == {"gain"}
    same(scaled(jnp.array([3.0, 4.0])), [9.0, 32.0])
    assert "fixed" in scaled.text


def test_named_axes_contract_and_batch() -> None:
    random = np.random.default_rng(0)
    target, cov, x = random.normal(size=3), random.normal(size=(3, 3)), random.normal(size=(5, 3))
    score = TextOperator(SCORE, {"target": target, "cov": cov})
    same(score(x), x @ cov @ target)
    same(VMapOver(score)(jnp.asarray(x)), x @ cov @ target)
    same(eqx.filter_jit(score)(x[0]), x[0] @ cov @ target)
    assert score.compute_output_signature(Signature((("n", 5), ("band", 3)))).shape == (5,)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: TextOperator(SCORE, {"target": jnp.ones(3), "cov": jnp.ones((3, 3))})(jnp.ones(4)), ValueError, "4"),
        (lambda: TextOperator(SCALED, {"gain": jnp.ones(3)})(jnp.ones(())), ValueError, "axes"),
        (lambda: TextOperator(SCALED)(jnp.ones(3)), OpjaxError, "gain"),
        (lambda: TextOperator(NDVI)(1.0), TypeError, "red"),
        (lambda: TextOperator(NDVI)(1.0, 2.0, 3.0), TypeError, "2 inputs"),
        (lambda: TextOperator(NDVI, {"red": 1.0}), ValueError, "'red'"),
        (lambda: TextOperator(NDVI)(1.0, 2.0, typo=1.0), OpjaxError, "typo"),
    ],
)
def test_wrong_calls(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("text", [NDVI, SCORE, SCALED, NDVI.replace(" ", "  ")])
def test_the_text_is_canonical_and_reads_back(text: str) -> None:
    operator = TextOperator(text)
    assert TextOperator(operator.text).text == operator.text
    assert eqx.tree_equal(loads(dumps(operator)), operator)
    assert eqx.tree_equal(loads_yaml(dumps_yaml(operator)), operator)
    assert operator.text in dumps(operator)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operator f(x): x", "E0652"),
        ("operator f = 3", "E0652"),
        ("operator f(x; a = 1; b = 2) = x", "one ';'"),
        ("operator f(x) = x +", "E01"),
        ("operator g(x) = x\noperator   f(x) = y", "2:19: error E0301"),
        ("operator f(x[band]) = x", "E03"),
        ("operator f(x[band]) = x[bund]", "E03"),
        ("operator f(x) = f(x)", "E0"),
        ("operator f(x; a = x) = a", "must be a number"),
        ("function f(x) = x", "begins with"),
        ("operator f(x) = x\n  y = 3", "ends on its line"),
        ("pipeline f = g | h", "E0653"),
        ("pipeline f = 3", "part of a chain"),
        ("pipeline f(x): x", "follows"),
        ("pipeline f(x) -> y:\n  z = x", "no line"),
        ("pipeline f(x) -> y:\n  x = x", "already"),
        ("pipeline f(x) -> y:\n  y", "name = expression"),
        ("operator f(x) = x\noperator f(x) = x", "second time"),
        ("pipeline f(x) = sinn(x)", "1:17: error E0653"),
        ("pipeline f(x) = 1 + y", "1:21: error E0658"),
        ("pipeline f(x) = 1 + x[a+1]", "parts by one name"),
        ("pipeline f = clop(0, 1)", "1:14: error E0653"),
        ("operator f(x) = (x", "E01"),
        ("operator f(x) = " + "(" * 100_000, "E0"),
        ("operator f(x" * 1000, "E0"),
    ],
)
def test_errors_have_codes_and_places(text: str, words: str) -> None:
    with pytest.raises(OpjaxError) as caught:
        define(text)
    assert words in str(caught.value)
    assert "<text>:" in str(caught.value)


def test_all_problems_of_the_form_are_reported_at_once() -> None:
    with pytest.raises(OpjaxError) as caught:
        define("operator f(x): x\noperator g(x) = x +\n")
    assert len(caught.value.diagnostics) == 2


# --- pipelines


def test_a_chain_of_text() -> None:
    found = define(
        """
        operator shift(x; by = 0.5) = x + by  # a comment
        pipeline retrieval = calibrate | shift | clip(0, 1)
        """,
        operators={"calibrate": Gain(2.0)},
        values={"shift": {"by": 0.1}},
    )
    pipe = found["retrieval"]
    assert isinstance(pipe, Sequential)
    x = jnp.array([-1.0, 0.2, 3.0])
    same(pipe(x), jnp.clip(2 * x + 0.1, 0, 1))
    assert eqx.tree_equal(loads(dumps(pipe)), pipe)


def test_a_graph_of_text_uses_values_twice() -> None:
    found = define(
        f"""
        {NDVI}
        pipeline index(nir, red) -> index, near:
          near = calibrate(nir)
          far = calibrate(red)
          index = 1 - ndvi(near, red=far)^2 + 0.5*(near if near > far else far)
        pipeline one(x) = 2*ndvi(x, 3)
        """,
        operators={"calibrate": Gain(1.5)},
    )
    graph = found["index"]
    assert isinstance(graph, Graph)
    nir, red = jnp.array([0.8, 0.5]), jnp.array([0.1, 0.6])
    a, b = 1.5 * nir, 1.5 * red
    out = graph(nir, red)
    same(out["index"], 1 - ((a - b) / (a + b + 1e-6)) ** 2 + 0.5 * np.maximum(a, b))
    same(out["near"], a)
    assert eqx.tree_equal(loads_yaml(dumps_yaml(graph)), graph)
    gains = [leaf for leaf in graph.operators if isinstance(leaf, Gain)]
    assert len(gains) == 1
    same(found["one"](jnp.ones(2)), [2 * -2 / 4] * 2)
    same(jax.jit(found["one"])(1.0), -1.0)


def test_names_that_a_pipeline_makes_up_do_not_meet_those_of_its_author() -> None:
    found = define("operator double(x) = 2*x\npipeline f(called_1, x) = called_1 + double(x)*pi")
    same(found["f"](1.0, 2.0), 1 + 4 * np.pi)


def test_a_pipeline_without_inputs_is_a_constant() -> None:
    same(define("pipeline c() = 1 + 2")["c"](), 3.0)


def test_an_operator_with_other_arguments_stands_in_a_chain() -> None:
    found = define(f"{NDVI}\npipeline against = ndvi(0.2)")
    same(found["against"](0.6), 0.5)


# --- the same as YAML

TEXT = """
operator ndvi(nir, red; eps = 1e-6, order = 2 fixed) = (nir - red)^order/(nir + red + eps)
operator scaled[band](x[band]; gain[band]) = gain[band]*x[band]
pipeline half = ndvi(0.2) | clip(0, 1)
pipeline one(x) = 2*ndvi(x, 3)
pipeline both(nir, red) -> index, near:
  near = scaled(nir)
  index = ndvi(near, red)
"""
YAML = """
operators:
  ndvi:
    inputs: [nir, red]
    parameters: {eps: 1e-6}
    fixed: {order: 2}
    value: (nir - red)^order/(nir + red + eps)
  scaled[band]:
    inputs: "x[band]"
    parameters:
      gain[band]:
    value: gain[band]*x[band]
pipelines:
  half: [ndvi(0.2), "clip(0, 1)"]
  one: {inputs: [x], value: "2*ndvi(x, 3)"}
  both:
    inputs: [nir, red]
    values:
      near: scaled(nir)
      index: ndvi(near, red)
    outputs: [index, near]
"""


def test_the_yaml_form_says_the_same(tmp_path: Path) -> None:
    values = {"scaled": {"gain": [1.0, 2.0]}}
    wanted = define(TEXT, values=values)
    (tmp_path / "a.ojx").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(YAML, encoding="utf-8")
    for found in (
        define(YAML, values=values, format="yaml"),
        define_file(tmp_path / "a.ojx", values=values),
        define_file(tmp_path / "a.yaml", values=values),
    ):
        assert {name: dumps(operator) for name, operator in found.items()} == {
            name: dumps(operator) for name, operator in wanted.items()
        }


def test_definitions_print_as_text_that_reads_back() -> None:
    rows = read_definitions(Source("<text>", TEXT))
    printed = "\n".join(row.text() for row in rows)
    assert [row.text() for row in read_definitions(Source("<text>", printed))] == [row.text() for row in rows]
    from_yaml = read_yaml_definitions(Source("<yaml>", YAML), "yaml")
    assert "\n".join(row.text() for row in from_yaml) == printed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operators: {f: {inputs: [x], value: x +}}", "E01"),
        ("operators: {f: {inputs: [x], values: x}}", "no key 'values'"),
        ("operators: {f: {inputs: [x]}}", "lacks the key 'value'"),
        ("operators: [f]", "a mapping"),
        ("models: {}", "no key 'models'"),
        ("pipelines: {f: [g, h]}", "E0653"),
        ("pipelines: {f: [[g]]}", "a text"),
        ("", "E0005"),
        ("operators: {f: {inputs: [x], value: y}}", "<text>:1:37: error E0301"),
    ],
)
def test_errors_of_yaml_have_codes_and_places(text: str, words: str) -> None:
    with pytest.raises(OpjaxError) as caught:
        define(text, format="yaml")
    assert words in str(caught.value)
