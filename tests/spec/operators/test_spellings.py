"""Operators in text and YAML: the same model, one printed form, and every mistake with its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import opjax
from opjax.errors import OpjaxError, Report
from opjax.source import Source
from opjax.spec.text_reader import read_text
from opjax.spec.yaml_reader import read_mapping, read_yaml
from opjax.syntax.declarations import ModelSyntax

HEAD = """\
name: M
infer_parameters: false
axes:
  - {name: imm, type: continuous, coords: [0, 1, 3]}
  - {name: vax, coords: [u, v]}
state: ["X[imm, vax]", "Y[imm]"]
"""
TEXT = """model M:
 axes:
  imm = points [0, 1, 3]
  vax = [u, v]
 states: X[imm, vax], Y[imm]
 operators:
  """
MATRIX = "params: {matrix: K}, param_axes: {K: [imm, imm]}"
SAME = {
    "{kind: advection, axis: imm, velocity: w}": "advection along imm with velocity = w",
    "{name: waning, kind: transport, axis: imm, velocity: 2*w, direction: decreasing, bc: reflecting, apply_to: [Y]}": (
        "waning: transport of Y along imm with velocity = 2*w, direction = decreasing, boundary = reflecting"
    ),
    "{name: 'wane[imm]', kind: advection, axis: imm, apply_to: ['X[imm, vax]', Y], velocity: 0.5, limiter: minmod}": (
        "wane: advection of X, Y along imm with velocity = 0.5, limiter = minmod"
    ),
    "{kind: diffusion, axis: imm, coefficient: 'D[imm]', bc: neumann, description: d}": (
        'diffusion along imm with coefficient = D[imm], boundary = neumann "d"'
    ),
    "{kind: diffusion, axis: imm, rate: D}": "diffusion along imm with rate = D",
    f"{{kind: jump_integral, axis: imm, rate: r, kernel: {{form: matrix, {MATRIX}}}, direction: up}}": (
        "jump_integral along imm with rate = r, matrix = K, direction = up"
    ),
    f"{{kind: axis_kernel, axis: imm, velocity: v, kernel: {{form: generator, {MATRIX}}}}}": (
        "axis_kernel along imm with velocity = v, form = generator, matrix = K"
    ),
    "{kind: axis_kernel, axis: imm, kernel: {form: stochastic, params: {matrix: K, nu: nu, mu: mu}, "
    "param_axes: {K: [imm, imm], mu: [imm]}, transfer: {axis: vax, source: u, target: v, rate: [nu, mu]}}}": (
        "axis_kernel along imm with form = stochastic, matrix = K, across = vax, "
        'source = "u", target = "v", rate = nu*mu[imm]'
    ),
    '"diffusion of Y along imm with coefficient = D"': "diffusion of Y along imm with coefficient = D",
    "{statement: 'diffusion along imm with coefficient = D', description: d}": (
        'diffusion along imm with coefficient = D "d"'
    ),
}


def yaml_model(text: str) -> ModelSyntax:
    report = Report()
    (model,) = read_yaml(Source("m.yaml", text), report)
    report.check()
    return model


@pytest.mark.parametrize(("written", "text"), SAME.items(), ids=range(len(SAME)))
def test_yaml_and_text_say_the_same(written: str, text: str):
    report = Report()
    (from_text,) = read_text(Source("m.ojx", TEXT + text), report)
    report.check()
    assert yaml_model(f"{HEAD}operators:\n  - {written}\n") == from_text


def test_a_matrix_over_time_is_a_table():
    spec: dict[str, Any] = {
        "axes": [
            {"name": "imm", "coords": ["a", "b"]},
            {"name": "time", "type": "continuous", "coords": [0, 10]},
        ],
        "state": ["X[imm]"],
        "equations": {"X[imm]": "0*X[imm]"},
        "operators": [
            {
                "kind": "axis_kernel",
                "axis": "imm",
                "kernel": {
                    "form": "generator",
                    "params": {"matrix": "G"},
                    "param_axes": {"G": ["time", "imm", "imm"]},
                },
            }
        ],
    }
    report = Report()
    model = read_mapping(spec, report)
    report.check()
    assert model is not None
    assert [(p.name, p.axes) for p in model.parameters] == [("G", ("time", "imm", "imm"))]
    rhs = opjax.compile_rhs(spec)
    start, end, u = np.array([[-1.0, 1], [2, -2]]), np.array([[-3.0, 3], [0, 0]]), np.array([1.0, 2])
    found = rhs.eval_fn(2.5, u, G=np.stack([start, end]))
    np.testing.assert_allclose(found, u @ (0.75 * start + 0.25 * end), rtol=1e-14)
    kernel = rhs.operators[0].kernel
    assert kernel is not None
    assert kernel["params"] == {"matrix": "G"}
    assert kernel["param_axes"] == {"G": ["time", "imm", "imm"]}


REFUSED = {
    "{kind: advection, velocity: w}": ("E0205", "lacks the key 'axis'"),
    "{kind: advection, axis: imm, velocty: w}": ("E0202", "there is no key 'velocty'"),
    "{kind: advection, axis: imm, velocity: w, bc: absorbin}": ("E0204", "one of absorbing, reflecting"),
    "{kind: advection, axis: imm, velocity: w, direction: sideways}": ("E0204", "one of increasing, decreasing"),
    f"{{kind: axis_kernel, axis: imm, kernel: {{form: generater, {MATRIX}}}}}": (
        "E0204",
        "one of generator, stochastic",
    ),
    "{kind: axis_kernel, axis: imm, kernel: {form: generator, params: {G: G}}}": ("E0205", "lacks the key 'matrix'"),
    "'diffusion of Y beside imm'": ("E0101", "is not expected here"),
}


@pytest.mark.parametrize(("written", "expected"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_cannot_be_read_says_why(written: str, expected: tuple[str, str]):
    report = Report()
    read_yaml(Source("m.yaml", f"{HEAD}operators:\n  - {written}\n"), report)
    assert [d.code for d in report.errors] == [expected[0]]
    assert expected[1] in report.errors[0].message


WRONG = {
    "banana along x": ("E0560", "banana"),
    "advection along y with velocity = 1": ("E0304", "there is no axis 'y'"),
    "advection of v along x with velocity = 1": ("E0301", "'v' is not declared"),
    "advection of k along x with velocity = 1": ("E0501", "'k' is a parameter"),
    "advection along x with velocity = u": ("E0306", "'u' has the axes"),
    "advection along x with velocity = 1, direction = up": ("E0564", "must be increasing or decreasing, not up"),
    "axis_kernel along x with form = generator, matrix = k": ("E0568", "no matrix"),
    "axis_kernel along x with form = stochastic, matrix = J, across = g": ("E0563", "lacks the setting 'source'"),
    'axis_kernel along x with form = stochastic, matrix = J, across = h, source = "a", target = "b", rate = 1': (
        "E0304",
        "there is no axis 'h'",
    ),
    'axis_kernel along x with form = stochastic, matrix = J, across = g, source = "a", target = "b", rate = 1': (
        "E0565",
        "needs the axis 'g', which 'u' does not have",
    ),
    "axis_kernel along x with form = stochastic, matrix = J, across = g, source = a, target = b, rate = 1": (
        "E0564",
        "must be a label in quotes",
    ),
}


@pytest.mark.parametrize(("operator", "expected"), WRONG.items(), ids=range(len(WRONG)))
def test_what_means_nothing_says_why(operator: str, expected: tuple[str, str]):
    text = f"""
    model M:
      axes:
        x = [p, q]
        g = [a, b]
      params:
        k = 1
        J[x, x]
      states:
        u[x] = 1
      operators:
        {operator}
    """
    with pytest.raises(OpjaxError) as caught:
        opjax.loads(text)
    found = [d.message for d in caught.value.diagnostics if d.code == expected[0]]
    assert expected[1] in "\n".join(found)
