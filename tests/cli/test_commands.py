"""The commands that read, check, print and convert, inside this process."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest

import opjax
from cli.running import done, failed, opjax_
from opjax.cli.failures import printable
from opjax.errors.explain import codes
from opjax.show import FORMS

SIR = """# a comment of the file
model SIR:
    params:
        beta = 0.3   # a comment behind
        gamma = 0.1
    states:
        S = 99
        I = 1
        R = 0
    dynamics:
        infection: S -> I @ beta*I/100
        recovery: I -> R @ gamma
    observe:
        cases ~ Poisson(rate=incidence(infection))
"""
TWO = "model One:\n  states: x\n  dynamics:\n    x' = -x\n\nmodel Two:\n  states: y\n  dynamics:\n    y' = -y\n"
BROKEN = "model Broken:\n  params:\n    beta = 0.3\n  states: x, y\n  dynamics:\n    x' = -betta*x\n    y' = gama\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a few models, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    files = {"sir.ojx": SIR, "two.ojx": TWO, "broken.ojx": BROKEN, "empty.ojx": ""}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


# --- check


def test_check_says_what_was_found() -> None:
    found = done("check", "sir.ojx", "two.ojx")
    assert found.splitlines() == [
        "sir.ojx: SIR, 3 states, 2 parameters, 2 transitions, 1 observation",
        "two.ojx: One, 1 state",
        "two.ojx: Two, 1 state",
    ]


def test_check_reports_all_problems_of_all_files() -> None:
    result = opjax_("check", "broken.ojx", "nothing.ojx", "sir.ojx", "empty.ojx")
    assert result.exit_code == 1
    assert result.stdout == "sir.ojx: SIR, 3 states, 2 parameters, 2 transitions, 1 observation\n"
    assert "broken.ojx:6:11: error E0301: 'betta' is not declared\n" in result.stderr
    assert "    hint: did you mean 'beta'?\n" in result.stderr
    assert "broken.ojx:7:10: error E0301: 'gama' is not declared\n" in result.stderr
    assert "error E0001: there is no file 'nothing.ojx'\n" in result.stderr
    assert "empty.ojx:1:1: error E0005" in result.stderr


def test_check_reports_problems_of_every_model_of_a_file(folder: Path) -> None:
    both = "model A:\n  states: x\n  dynamics:\n    x' = q\n\nmodel B:\n  states: y\n  dynamics:\n    y' = r\n"
    (folder / "both.ojx").write_text(both)
    said = failed("check", "both.ojx")
    assert "both.ojx:4:10: error E0301: 'q'" in said
    assert "both.ojx:9:10: error E0301: 'r'" in said


@pytest.mark.parametrize("form", ["  - {module: op_system, spec: MODEL}", "  decay: {module: op_system, spec: MODEL}"])
def test_check_reads_configurations_of_flepimop2(form: str, folder: Path) -> None:
    model = "{name: decay, state: [S], equations: {S: '-k*S'}}"
    (folder / "config.yml").write_text("system:\n" + form.replace("MODEL", model) + "\n")
    assert done("check", "config.yml", "sir.ojx").splitlines()[0] == "config.yml: decay, 1 state, 1 parameter"
    (folder / "config.yml").write_text("system:\n" + form.replace("MODEL", model.replace("k*S", "k*foo(S)")) + "\n")
    assert "config.yml:2:" in failed("check", "config.yml")


def test_check_writes_json_for_editors() -> None:
    result = opjax_("check", "broken.ojx", "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    first, second = json.loads(result.stdout)
    assert (first["file"], first["line"], first["column"], first["end_column"]) == ("broken.ojx", 6, 11, 16)
    assert (first["code"], first["severity"], first["hint"]) == ("E0301", "error", "did you mean 'beta'?")
    assert second["line"] == 7
    assert json.loads(done("check", "sir.ojx", "--json")) == []


def test_lints_are_shown_and_do_not_fail(folder: Path) -> None:
    (folder / "lint.ojx").write_text(SIR.replace("beta*I/100", "beta*S*I/100"))
    result = opjax_("check", "lint.ojx")
    assert result.exit_code == 0
    assert "lint.ojx:11:29: warning W0401: " in result.stderr
    assert result.stdout.startswith("lint.ojx: SIR, ")
    shown = opjax_("show", "lint.ojx")
    assert shown.exit_code == 0
    assert "warning W0401: " in shown.stderr


def test_a_delayed_model_is_simulated(folder: Path, x64: None) -> None:
    (folder / "delay.ojx").write_text(
        "model D:\n  params: tau = 1\n  states: y = 1\n  dynamics:\n    y' = -y(t - tau)\n"
    )
    lines = done("simulate", "delay.ojx", "--times", "0,0.5,1").splitlines()
    assert lines[0] == "time,y"
    assert [round(float(line.split(",")[1]), 4) for line in lines[1:]] == [1, 0.5, 0]
    assert "E0823" in failed("simulate", "delay.ojx", "--times", "0,1", "--set", "tau=-1")


def test_check_says_what_cannot_be_run_yet(folder: Path) -> None:
    (folder / "later.ojx").write_text("model Later:\n  states:\n    N = 1\n  dynamics:\n    N' = -N*noise(w)\n")
    assert done("check", "later.ojx") == "later.ojx: Later, 1 state (cannot be run yet: the noise 'w')\n"


def test_hostile_names_cannot_command_the_terminal(folder: Path) -> None:
    (folder / "bell.ojx").write_text("model M:\n  states: x\n  dynamics:\n    x' = \x1b[31mred\n")
    assert "\x1b" not in failed("check", "bell.ojx")
    assert printable("a\x1b[1m\nb\u202e") == "a\N{REPLACEMENT CHARACTER}[1m\nb\N{REPLACEMENT CHARACTER}"


# --- show


def test_show_is_the_summary_unless_a_form_is_named() -> None:
    assert done("show", "sir.ojx").startswith("SIR\n  states\n    S         = 99\n")
    assert done("show", "sir.ojx", "--as", "latex") == opjax.load("sir.ojx").show("latex")
    assert done("show", "two.ojx", "--name", "Two", "--as", "ojx").startswith("model Two:\n")


def test_show_refuses_what_it_does_not_know() -> None:
    assert "there is no form 'latec'\n    hint: did you mean 'latex'?" in failed("show", "sir.ojx", "--as", "latec")
    assert "error E0006" in failed("show", "two.ojx")
    assert "error E0007" in failed("show", "two.ojx", "--name", "Tow")


def test_labels_of_an_axis_from_data(folder: Path) -> None:
    text = "model M:\n  axes:\n    id = data\n  states: x[id]\n  dynamics:\n    x[id]' = -x[id]\n"
    (folder / "ids.ojx").write_text(text)
    assert 'd(x["b"])/dt = -x["b"]' in done("show", "ids.ojx", "--as", "expanded", "--labels", "id=a,b")
    assert "error E0803" in failed("show", "ids.ojx", "--as", "expanded")
    assert "--labels takes NAME=VALUE, not 'id'" in failed("show", "ids.ojx", "--labels", "id")


# --- fmt


def test_fmt_changes_the_file_in_place_and_keeps_comments(folder: Path) -> None:
    file = folder / "sir.ojx"
    file.chmod(0o640)
    result = opjax_("fmt", "sir.ojx")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "sir.ojx: changed\n")
    text = file.read_text()
    assert text.startswith("# a comment of the file\nmodel SIR:\n  params:\n")
    assert "  # a comment behind\n" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert done("fmt", "sir.ojx") == ""
    assert file.read_text() == text
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_fmt_check_changes_nothing() -> None:
    assert failed("fmt", "--check", "sir.ojx") == "sir.ojx: would be changed\n"
    assert Path("sir.ojx").read_text() == SIR
    opjax_("fmt", "sir.ojx")
    assert done("fmt", "--check", "sir.ojx") == ""


def test_fmt_stdout_prints_and_changes_nothing() -> None:
    text = done("fmt", "--stdout", "sir.ojx")
    assert text.startswith("# a comment of the file\nmodel SIR:\n  params:\n")
    assert Path("sir.ojx").read_text() == SIR


def test_fmt_goes_on_after_a_file_with_problems(folder: Path) -> None:
    (folder / "bad.ojx").write_text("model M:\n  states: (\n")
    result = opjax_("fmt", "bad.ojx", "sir.ojx")
    assert result.exit_code == 1
    assert "bad.ojx:2:11: error E01" in result.stderr
    assert "sir.ojx: changed" in result.stderr


def test_fmt_mends_line_ends_and_byte_order_marks(folder: Path) -> None:
    opjax_("fmt", "sir.ojx")
    plain = (folder / "sir.ojx").read_bytes()
    (folder / "sir.ojx").write_bytes(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))
    assert opjax_("fmt", "sir.ojx").stderr == "sir.ojx: changed\n"
    assert (folder / "sir.ojx").read_bytes() == plain


YAML = """# a model
opjax: 1
name:   Decay   # its name
state: ["x"]

# how fast
constants: {k: 0.1}
transitions:
  # out of x
- from: x
  to: null
  rate: "k"  # "per day # not hour"
initial: {x: "1"}
"""


def test_fmt_puts_yaml_into_the_canonical_layout_with_its_comments(folder: Path) -> None:
    (folder / "own.yaml").write_text(YAML)
    before = opjax.load(folder / "own.yaml").content_hash
    assert opjax_("fmt", "own.yaml").stderr == "own.yaml: changed\n"
    after = (folder / "own.yaml").read_text()
    assert opjax.load(folder / "own.yaml").content_hash == before
    for comment in ("# a model", "# its name", "# how fast", "# out of x", '# "per day # not hour"'):
        assert after.count(comment) == 1
    assert done("fmt", "--check", "own.yaml") == ""


def test_fmt_of_json(folder: Path) -> None:
    (folder / "own.json").write_text('{"opjax": 1, "name": "M", "state": ["x"], "equations": {"x": "1"}}')
    opjax_("fmt", "own.json")
    assert (folder / "own.json").read_text().startswith('{\n  "opjax": 1,\n  "name": "M"')
    assert done("fmt", "--check", "own.json") == ""


def test_fmt_loses_no_comment(folder: Path) -> None:
    text = YAML.replace("constants: {k: 0.1}", "constants: {k:  # tenths\n  0.1}")
    (folder / "own.yaml").write_text(text)
    assert failed("fmt", "own.yaml") == (
        "opjax: 'own.yaml': the comment on line 7 would be lost: move it above an entry, or behind the end of one\n"
    )
    assert (folder / "own.yaml").read_text() == text


def test_fmt_refuses_a_specification_of_op_system_with_a_sentence(folder: Path) -> None:
    (folder / "theirs.yaml").write_text("state: [x]\nequations: {x: -k*x}\n")
    assert failed("fmt", "theirs.yaml") == (
        "opjax: 'theirs.yaml': only models that say 'opjax: 1' are formatted; "
        "'opjax convert theirs.yaml --to yaml' writes it in opjax's own form\n"
    )


def test_fmt_follows_links(folder: Path) -> None:
    (folder / "link.ojx").symlink_to(folder / "sir.ojx")
    opjax_("fmt", "link.ojx")
    assert (folder / "link.ojx").is_symlink()
    assert (folder / "sir.ojx").read_text() != SIR


# --- convert, explain, schema


@pytest.mark.parametrize("form", ["ojx", "yaml", "json"])
def test_convert_keeps_the_model(form: str) -> None:
    result = opjax_("convert", "sir.ojx", "--to", form, "--output", f"out.{form}")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote out.{form}\n")
    assert opjax.load(f"out.{form}") == opjax.load("sir.ojx")
    assert done("convert", "sir.ojx", "--to", form) == Path(f"out.{form}").read_text()
    back = done("convert", f"out.{form}", "--to", "ojx")
    assert opjax.loads(back) == opjax.load("sir.ojx")


def test_convert_writes_several_models() -> None:
    Path("two.yaml").write_text(done("convert", "two.ojx", "--to", "yaml"))
    assert opjax.load("two.yaml", name="Two") == opjax.load("two.ojx", name="Two")
    assert "choose one with --name" in failed("convert", "two.ojx", "--to", "json")
    assert '"name": "One"' in done("convert", "two.ojx", "--to", "json", "--name", "One")


def test_convert_refuses_what_it_cannot_do() -> None:
    assert "error E0003" in failed("convert", "sir.ojx", "--to", "xml")
    assert "error E0301" in failed("convert", "broken.ojx", "--to", "yaml")
    assert "'no/out.yaml' cannot be written: no such file or directory" in failed(
        "convert", "sir.ojx", "--to", "yaml", "-o", "no/out.yaml"
    )


def test_explain_prints_the_page() -> None:
    assert done("explain", "e0301").startswith("# E0301: ")
    assert [line[:5] for line in done("explain").splitlines()] == list(codes())
    assert "there is no error code 'E9999'" in failed("explain", "E9999")


def test_the_schema_accepts_a_model() -> None:
    schema = json.loads(done("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(done("convert", "sir.ojx", "--to", "json")), schema)


# --- failures


def test_usage_errors_end_with_two() -> None:
    result = opjax_("chekc", "sir.ojx")
    assert result.exit_code == 2
    assert "check" in result.stderr
    assert opjax_("convert", "sir.ojx").exit_code == 2


def test_the_version() -> None:
    assert done("--version") == f"opjax {opjax.__version__}\n"


@pytest.mark.parametrize("shows", [False, True])
def test_a_bug_asks_for_a_report(shows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(checked: object) -> str:
        raise ZeroDivisionError("inside")

    monkeypatch.setitem(FORMS, "ojx", fails)
    monkeypatch.setitem(os.environ, "OPJAX_TRACEBACK", "1" if shows else "0")
    result = opjax_("show", "sir.ojx", "--as", "ojx")
    assert result.exit_code == 1
    assert "opjax: ZeroDivisionError: inside\nthis is a bug in opjax, please report it\n" in result.stderr
    assert ("Traceback" in result.stderr) is shows


def test_an_interrupt_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(checked: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setitem(FORMS, "ojx", interrupted)
    result = opjax_("show", "sir.ojx", "--as", "ojx")
    assert (result.exit_code, result.stderr) == (130, "opjax: stopped\n")
