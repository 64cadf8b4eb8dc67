"""`opjax simulate`: the options in this process, the solution in a process of its own."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import opjax
from cli.test_processes import opjax_, python
from opjax.cli import app as commands
from opjax.cli.failures import Failure
from opjax.cli.figures import MOST_LINES, states_figure
from opjax.cli.simulate import parse_times, parse_value, table

DECAY = """
model Decay:
  axes:
    place = [north, south]
  params:
    k = 0.5
    rate[place] = [1, 2]
  states:
    x = 2
    y[place] = 1
  dynamics:
    x -> 0 @ k
    y[place] -> 0 @ rate[place]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    (tmp_path / "decay.ojx").write_text(DECAY)
    (tmp_path / "folder.nc").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0:3:1", [0, 1, 2, 3]),
        ("0:1:0.1", [n * 0.1 for n in range(11)]),
        ("0:1:0.3", [n * 0.3 for n in range(4)]),
        ("5:5:1", [5]),
        ("0, 1.5,4", [0, 1.5, 4]),
        ("-1:1:1", [-1, 0, 1]),
    ],
)
def test_times(text: str, times: list[float]) -> None:
    assert parse_times(text) == times


@pytest.mark.parametrize(
    "text", ["", "a", "0:1", "0:1:0", "0:1:-1", "1:0:1", "0:inf:1", "nan:1:1", "0:1e9:1e-9", "0:1:1:1"]
)
def test_bad_times(text: str) -> None:
    with pytest.raises(Failure, match="--times"):
        parse_times(text)


def test_values() -> None:
    assert parse_value("k", "1e-3") == 1e-3
    np.testing.assert_array_equal(parse_value("k", "[[1, 2], [3, 4.5]]"), [[1, 2], [3, 4.5]])


@pytest.mark.parametrize("text", ["", "a", "[1", "[[1], [2, 3]]", '["a"]', "[" * 100_000, "1 2"])
def test_bad_values(text: str) -> None:
    with pytest.raises(Failure, match="--set k takes a number or a list"):
        parse_value("k", text)


def test_the_table_has_a_column_for_every_cell() -> None:
    dataset = xarray.Dataset(
        {
            "u": (("x", "time"), [[1.0, 2.0], [3.0, 4.0]]),
            "C": (("time", "age", "x"), np.arange(8.0).reshape(2, 2, 2)),
            "constant": 1.0,
        },
        {"time": [0.0, 0.5], "x": [0.25, 1.0], "age": ["0-4", "65+"]},
    )
    header, first, _ = csv.reader(table(dataset).splitlines())
    assert header == ["time", "u[0.25]", "u[1]", "C[0-4,0.25]", "C[0-4,1]", "C[65+,0.25]", "C[65+,1]"]
    assert first == ["0.0", "1.0", "3.0", "0.0", "1.0", "2.0", "3.0"]


def rows(text: str) -> dict[str, list[float]]:
    found = list(csv.DictReader(text.splitlines()))
    return {name: [float(row[name]) for row in found] for name in found[0]}


def test_the_solution_is_printed_in_double_precision(folder: Path) -> None:
    run = opjax_(folder, "simulate", "decay.ojx", "--times", "0:2:0.5", "--set", "k=1", "--set", "rate=[0.5, 3]")
    assert (run.returncode, run.stderr) == (0, "")
    found = rows(run.stdout)
    assert found["time"] == [0, 0.5, 1, 1.5, 2]
    assert found["x"] == pytest.approx([2 * math.exp(-t) for t in found["time"]], rel=1e-5)
    assert found["y[north]"] == pytest.approx([math.exp(-0.5 * t) for t in found["time"]], rel=1e-5)
    assert found["y[south]"] == pytest.approx([math.exp(-3 * t) for t in found["time"]], rel=1e-5)
    assert any(value != float(np.float32(value)) for value in found["x"])


def test_the_solution_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch, x64: None) -> None:
    monkeypatch.chdir(folder)
    command = ["simulate", "decay.ojx", "--times", "0:2:1", "--solver", "dopri5"]
    result = CliRunner().invoke(commands.app, [*command, "-o", "out.csv"])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote out.csv\n")
    assert (folder / "out.csv").read_text() == CliRunner().invoke(commands.app, command).stdout
    assert CliRunner().invoke(commands.app, [*command, "-o", "out.nc"]).exit_code == 0
    with xarray.open_dataset(folder / "out.nc", engine="h5netcdf") as dataset:
        assert dataset["y"].sel(place="south").values == pytest.approx([math.exp(-2 * t) for t in (0, 1, 2)], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--times", "0:1"], "--times takes START:STOP:STEP"),
        (["--times", "0:1:1", "--set", "k"], "--set takes NAME=VALUE, not 'k'"),
        (["--times", "0:1:1", "--set", "k=1", "--set", "k=2"], "--set gives 'k' twice"),
        (["--times", "0:1:1", "--set", "kk=1"], "there is no parameter 'kk'\n    hint: did you mean 'k'?"),
        (["--times", "0:1:1", "--set", "rate=1"], "error E0804: 'rate' has the shape ()"),
        (["--times", "1,0"], "error E0901: the times must increase"),
        (["--times", "0:1:1", "--solver", "tsit6"], "there is no solver 'tsit6'\n    hint: did you mean 'tsit5'?"),
        (["--times", "0:1:1", "-o", "out.xlsx"], "'out.xlsx' cannot be written: its name must end with .csv or .nc"),
        (["--times", "0:1:1", "-o", "no/out.csv"], "'no/out.csv' cannot be written: there is no folder 'no'"),
        (["--times", "0:1:1", "-o", "folder.nc"], "'folder.nc' cannot be written: "),
        (["--times", "0:1:1", "--name", "Growth"], "error E0007"),
    ],
)
def test_failures_are_sentences(
    arguments: list[str], sentence: str, folder: Path, monkeypatch: pytest.MonkeyPatch, x64: None
) -> None:
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(commands.app, ["simulate", "decay.ojx", *arguments])
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert "bug" not in result.stderr


def test_a_figure_is_drawn(folder: Path, monkeypatch: pytest.MonkeyPatch, x64: None) -> None:
    monkeypatch.chdir(folder)
    command = ["simulate", "decay.ojx", "--times", "0:2:1", "--figure", "out.png"]
    result = CliRunner().invoke(commands.app, command)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote out.png\n")
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


FIELD = """
model Field:
  time: day
  axes:
    x = grid(0, 1, 100)
    age = [young, old]
  states:
    u[x, age] = 1
    v[age] : mg = 2
    w = 3
  dynamics:
    u[x, age]' = -u[x, age]
    v[age]' = 0
    w' = 0
"""


def test_a_figure_has_a_panel_for_each_state_and_says_what_it_leaves_out(x64: None) -> None:
    states = opjax.loads(FIELD).simulate(ts=[0.0, 1.0]).dataset
    field, named, single, *_ = states_figure(states).axes
    assert len(field.lines) == MOST_LINES
    assert [text.get_text() for text in field.get_legend().get_texts()] == ["0, young", "1, old"]
    assert field.get_legend().get_title().get_text() == "x, age\n(first and last of 200)"
    assert [text.get_text() for text in named.get_legend().get_texts()] == ["young", "old"]
    assert named.get_title(loc="left") == "v (mg)"
    assert single.get_legend() is None
    assert single.get_xlabel() == "time (day)"


def test_many_states_are_counted(x64: None) -> None:
    names = [f"x{k}" for k in range(20)]
    text = "model Many:\n  states:\n" + "".join(f"    {n} = 1\n" for n in names) + "  dynamics:\n"
    states = opjax.loads(text + "".join(f"    {n}' = -{n}\n" for n in names)).simulate(ts=[0.0, 1.0]).dataset
    figure = states_figure(states)
    assert sum(ax.get_visible() for ax in figure.axes) == 16
    assert figure.get_suptitle() == "Many (16 of 20 states)"


def test_a_solve_that_stops_is_a_failure_with_what_was_reached(
    folder: Path, monkeypatch: pytest.MonkeyPatch, x64: None
) -> None:
    monkeypatch.chdir(folder)
    (folder / "blow.ojx").write_text("model Blow:\n  states:\n    x = 1\n  dynamics:\n    x' = x^2\n")
    result = CliRunner().invoke(commands.app, ["simulate", "blow.ojx", "--times", "0:2:0.5"])
    assert result.exit_code == 1
    assert "at t = 1" in result.stderr
    assert rows(result.stdout)["x"][1] == pytest.approx(2, rel=1e-4)


def test_a_missing_package_is_a_sentence(folder: Path) -> None:
    program = "import sys; sys.modules['diffrax'] = None; from opjax.cli import main; main()"
    run = python(folder, program, "simulate", "decay.ojx", "--times", "0:1:1")
    assert run.returncode == 1
    assert "this needs the package 'diffrax'" in run.stderr
    assert "pip install 'opjax[" in run.stderr
    assert "bug" not in run.stderr
