"""op_system's functions by their names, and its command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import opjax
from opjax import OpjaxError
from opjax.interop.op_system import main

SPEC = {
    "kind": "transitions",
    "state": ["S[age]", "I[age]", "R"],
    "axes": [{"name": "age", "coords": ["young", "65+"]}],
    "aliases": {"N": "sum_state()", "foi[age]": "beta[age]*I[age]/N"},
    "transitions": [
        {"name": "infect", "from": "S[age]", "to": "I[age]", "rate": "foi[age]"},
        {"name": "recover", "from": "I[age]", "to": "R", "rate": "g"},
        {"name": "vaccinate", "from": "S[age=young]", "to": "S[age=65+]", "rate": "v"},
    ],
}
DECAY = "state: [S]\nequations: {S: '-k*S'}\n"
SYSTEMS = {
    "bare": DECAY,
    "list": "system:\n  - module: op_system\n    spec: {state: [S], equations: {S: '-k*S'}}\n",
    "mapping": "system:\n  one:\n    module: op_system\n    spec: {state: [S], equations: {S: '-k*S'}}\n",
    "one": "system: {module: op_system, spec: {state: [S], equations: {S: '-k*S'}}}\n",
}


def test_a_normalized_model_has_the_attributes() -> None:
    model = opjax.normalize_rhs(SPEC)
    assert isinstance(model, opjax.Model)
    assert model.state_names == ("S__age_young", "S__age_65_", "I__age_young", "I__age_65_", "R")
    assert set(model.param_names) == {"beta", "g", "v"}
    assert model.kind == "transitions"
    assert model.aliases["foi[age]"] == "beta[age]*I[age]/N"
    assert model.equations["I[age]"] == "foi[age]*S[age] - g*I[age]"
    assert model.meta["shaped_params"] == (("beta", ("age",)),)
    rhs = opjax.compile_rhs(model)
    assert rhs == opjax.compile_spec(SPEC) == opjax.compile_rhs(opjax.normalize_transitions_rhs(SPEC))


def test_each_kind_is_asked_for() -> None:
    equations = {"state": ["x"], "equations": {"x": "-k*x"}}
    assert opjax.normalize_expr_rhs(equations).kind == "expr"
    for function, spec in ((opjax.normalize_expr_rhs, SPEC), (opjax.normalize_transitions_rhs, equations)):
        with pytest.raises(OpjaxError, match="E0810"):
            function(spec)


def test_bound_parameters() -> None:
    rhs = opjax.compile_spec(SPEC)
    given = {"beta": np.array([0.3, 0.2]), "g": 0.1, "v": 0.05}
    y = np.array([9.0, 8.0, 1.0, 2.0, 0.0])
    bound = rhs.bind(given)
    np.testing.assert_array_equal(bound(0.0, y), rhs.eval_fn(0.0, y, **given))
    assert bound(0.0, rhs.unflatten(y)).keys() == {"S", "I", "R"}


def test_extra_parameters() -> None:
    y, given = np.array([4.0]), {"k": 0.5, "other": 1.0}
    spec = {"state": ["x"], "equations": {"x": "-k*x"}}
    with pytest.raises(OpjaxError, match="E0806"):
        opjax.compile_spec(spec).eval_fn(0.0, y, **given)
    told = opjax.compile_spec(spec, extra_parameters="ignore")
    np.testing.assert_array_equal(told.eval_fn(0.0, y, **given), [-2.0])
    assert told != opjax.compile_spec(spec)
    with pytest.raises(OpjaxError, match="E0806"):
        opjax.compile_spec(spec, extra_parameters="warn")


def test_reports_have_op_systems_form() -> None:
    import dataclasses

    op_system = pytest.importorskip("op_system")
    found, expected = opjax.validate_spec(SPEC), op_system.validate_spec(SPEC)
    for field in ("stages", "errors", "cost", "parameters", "shape_groups", "gauges"):
        assert getattr(found, field) == getattr(expected, field), field
    assert found.ok == expected.ok
    fields = {field.name for field in dataclasses.fields(expected)}
    assert fields <= {field.name for field in dataclasses.fields(found)}


def test_reports_of_gauges() -> None:
    op_system = pytest.importorskip("op_system")
    spec = {"state": ["S", "I"], "equations": {"S": "-b*S*I/K", "I": "b*S*I/K - g*I"}}
    found = opjax.validate_spec(spec, detect_gauges=True).gauges
    expected = op_system.validate_spec(spec, detect_gauges=True).gauges
    assert found is not None
    for key in (set(found) & set(expected)) - {"verification"}:
        assert found[key] == expected[key], key
    fixed = opjax.validate_spec(spec, gauge_fix={"K": 1.0})
    assert fixed.ok
    assert "K" not in fixed.parameters


def test_a_wrong_specification_is_reported_and_not_raised() -> None:
    report = opjax.validate_spec({"state": ["S", "I"], "equations": {"S": "-b*bar(S)", "I": "foo(S)"}})
    assert report.stages == {"normalize": "failed", "compile": "skipped", "vectorize": "skipped"}
    assert len(report.errors) == 2
    assert not report.ok
    assert "equations.I:1:1" in report.errors[0]
    assert "equations.S:1:4" in report.errors[1]


@pytest.mark.parametrize("text", SYSTEMS.values(), ids=SYSTEMS)
def test_the_command_reads_bare_models_and_configurations(text: str, tmp_path: Path, capsys) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    assert main([str(file), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out).values()
    assert report["stages"] == {"normalize": "passed", "compile": "passed", "vectorize": "passed"}
    assert report["parameters"] == {"k": []}
    assert opjax.load(file).states == ("S",)


def test_the_command_says_what_is_wrong_in_which_file(tmp_path: Path, capsys) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(SYSTEMS["list"] + "  - {module: op_system, spec: {state: [x], equations: {x: '1'}}}\n")
    bad.write_text("state: [S]\nequations: {S: 'foo(S)'}\n")
    assert main([str(good), str(bad), str(tmp_path / "none.yaml")]) == 1
    out = capsys.readouterr().out
    assert f"OK   {good}[system 0]" in out
    assert f"OK   {good}[system 1]" in out
    assert f"FAIL {bad}: normalize failed, compile skipped" in out
    assert "bad.yaml:2:17" in out
    assert "none.yaml" in out


def test_the_command_as_a_program(tmp_path: Path) -> None:
    file = tmp_path / "decay.yaml"
    file.write_text(DECAY)
    command = [sys.executable, "-m", "opjax.interop.op_system", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.startswith("OK   ")


def test_import_opjax_does_not_load_them() -> None:
    loaded = "print('opjax.interop' in sys.modules)"
    code = f"import sys, opjax; {loaded}; opjax.validate_spec; {loaded}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="no attribute"):
        getattr(opjax, "not" + "hing")
