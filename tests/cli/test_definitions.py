"""The commands on files of operators and pipelines, alone and beside models."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.running import done, failed, opjax_

ALONE = """operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)  # an index
pipeline shade(nir, red) = 1 - ndvi(offset(nir), red)^2
"""
MIXED = """axis band = [red, nir]
operator ndvi(s[band]) = s["nir"] - s["red"]

model Decay:
  params:
    k = 0.5

  states:
    x = 1

  dynamics:
    x -> 0 @ k

pipeline fall(k) = exp(Decay(k=k, at=[0, 1], output=x))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a few files, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"alone.ojx": ALONE, "mixed.ojx": MIXED}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_check_counts_and_names_what_a_program_has_to_give() -> None:
    assert done("check", "alone.ojx") == "alone.ojx: 1 operator, 1 pipeline (from elsewhere: offset)\n"
    assert done("check", "mixed.ojx").splitlines() == [
        "mixed.ojx: 1 axis, 1 operator, 1 pipeline",
        "mixed.ojx: Decay, 1 state, 1 parameter, 1 transition",
    ]


def test_check_reports_each_problem_once(folder: Path) -> None:
    wrong = MIXED.replace("0 @ k", "0 @ kk").replace("exp(Decay", "nvdi(Decay")
    (folder / "wrong.ojx").write_text(wrong, encoding="utf-8")
    said = failed("check", "wrong.ojx")
    assert said.count("E0301") == 1
    assert said.count("E0653") == 1
    assert "did you mean 'ndvi'" in said


def test_show_gives_text_and_structure() -> None:
    shown = done("show", "mixed.ojx")
    assert "Decay\n  states" in shown
    assert 'operator ndvi(s[band]) = s["nir"] - s["red"]' in shown
    assert "[0] Simulate(k=k)" in shown.replace("v1 = ", "")
    assert done("show", "mixed.ojx", "--name", "fall", "--as", "yaml").startswith("pipelines:")
    assert done("show", "mixed.ojx", "--name", "Decay", "--as", "ojx").startswith("model Decay:")
    assert "summary, ojx and yaml" in failed("show", "alone.ojx", "--as", "latex")
    assert "did you mean 'fall'" in failed("show", "mixed.ojx", "--name", "fal")


def test_fmt_keeps_both_and_is_stable(folder: Path) -> None:
    assert done("fmt", "--stdout", "mixed.ojx") == MIXED
    (folder / "untidy.ojx").write_text(ALONE.replace(" = ", "="), encoding="utf-8")
    opjax_("fmt", "untidy.ojx")
    assert (folder / "untidy.ojx").read_text(encoding="utf-8") == ALONE


@pytest.mark.parametrize("name", ["alone", "mixed"])
def test_convert_goes_there_and_back(folder: Path, name: str) -> None:
    (folder / "there.yaml").write_text(done("convert", f"{name}.ojx", "--to", "yaml"), encoding="utf-8")
    assert done("check", "there.yaml").replace("there.yaml", f"{name}.ojx") == done("check", f"{name}.ojx")
    (folder / "back.ojx").write_text(done("convert", "there.yaml", "--to", "ojx"), encoding="utf-8")
    assert done("convert", "back.ojx", "--to", "yaml") == done("convert", f"{name}.ojx", "--to", "yaml")


def test_convert_to_json(folder: Path) -> None:
    (folder / "there.json").write_text(done("convert", "alone.ojx", "--to", "json"), encoding="utf-8")
    assert done("check", "there.json").startswith("there.json: 1 operator, 1 pipeline")
    assert "write yaml" in failed("convert", "mixed.ojx", "--to", "json")
    assert done("convert", "mixed.ojx", "--to", "json", "--name", "Decay").startswith("{")


def test_commands_that_run_models_say_where_operators_are_read() -> None:
    assert "define_file" in failed("simulate", "alone.ojx", "--times", "0:1:2")
