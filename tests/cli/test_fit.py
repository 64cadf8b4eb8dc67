"""`opjax fit`: one small fit as a process of its own, failures in this process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import xarray
from typer.testing import CliRunner

from cli.test_processes import opjax_
from opjax.cli import app as commands

MODEL = """
model Decay:
  params:
    k = 0.5 ~ LogNormal(log(0.5), 0.3)
    sigma = 0.1 ~ HalfNormal(0.3)
  states:
    x = 2
  dynamics:
    x -> 0 @ k
  observe:
    y ~ LogNormal(loc=log(x), scale=sigma)
"""
DATA = "time,y\n0,2.1\n1,1.2\n2,0.75\n3,0.42\n4,0.28\n"
QUICK = ("--warmup", "100", "--samples", "50", "--chains", "2", "--no-progress")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "decay.ojx").write_text(MODEL)
    (tmp_path / "data.csv").write_text(DATA)
    return tmp_path


@pytest.mark.slow
def test_a_fit_says_what_it_does_and_writes_table_file_and_figure(folder: Path) -> None:
    files = ("--output", "out.nc", "--figure", "out.png")
    run = opjax_(folder, "fit", "decay.ojx", "--data", "data.csv", *QUICK, *files)
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines() == [
        "model: Decay, 1 state, 2 parameters, 1 transition, 1 observation",
        "data:  data.csv, 5 rows of time, y",
        "NUTS:  2 chains of 100 warm-up steps and 50 draws, seed 0",
        "start: the initial values hold at 0, where the data begin; --t0 TIME sets another time",
        "wrote out.nc",
        "wrote out.png",
    ]
    assert re.search(r"^ +mean +sd +5 % +95 % +ESS +R-hat$", run.stdout, flags=re.MULTILINE)
    (mean,) = re.findall(r"^k +(\S+)", run.stdout, flags=re.MULTILINE)
    with xarray.open_datatree(folder / "out.nc", engine="h5netcdf") as tree:
        draws = tree["posterior"]["k"]
        assert draws.sizes == {"chain": 2, "draw": 50}
        assert draws.dtype == "float64"
        assert float(mean) == pytest.approx(float(draws.mean()), rel=1e-2)
        assert 0.3 < float(draws.mean()) < 0.7
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "nothing.csv"], "'nothing.csv' cannot be read: no such file or directory"),
        (["--data", "data.csv", "--output", "out.csv"], "'out.csv' cannot be written: its name must end with .nc"),
        (["--data", "data.csv", "--output", "no/out.nc"], "'no/out.nc' cannot be written: there is no folder 'no'"),
        (["--data", "data.csv", "--figure", "out.doc"], "must end with .png or .pdf or .svg"),
        (["--data", "words.csv"], "words.csv:3:3: error E0903"),
        (["--data", "other.csv"], "error E0903"),
        (["--data", "data.csv", "--name", "Growth"], "error E0007"),
    ],
)
def test_failures_are_sentences(arguments: list[str], sentence: str, folder: Path, x64: None) -> None:
    (folder / "words.csv").write_text("time,y\n1,2\n2,two\n")
    (folder / "other.csv").write_text("time,z\n1,2\n")
    result = CliRunner().invoke(commands.app, ["fit", "decay.ojx", *arguments, *QUICK])
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert "bug" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_model_without_observations_is_refused(folder: Path, x64: None) -> None:
    (folder / "plain.ojx").write_text(MODEL.partition("  observe:")[0])
    result = CliRunner().invoke(commands.app, ["fit", "plain.ojx", "--data", "data.csv"])
    assert result.exit_code == 1
    assert "error E0905" in result.stderr
