"""What holds the project around the code together: packaging, dependencies, pages, examples, the two commands."""

from __future__ import annotations

import csv
import os
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import opjax
from opjax.passes import PASSES

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def package(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return match.group()


def test_every_dependency_has_its_reason_and_every_reason_its_dependency() -> None:
    wanted = {package(r) for rows in (PROJECT["dependencies"], *EXTRAS.values()) for r in rows} - {"opjax"}
    explained = re.findall(r"^\| ([a-z][\w.-]*) \|(.*?)\|", read("docs/dependencies.md"), flags=re.MULTILINE)
    reasons = {name: reason.strip() for name, reason in explained if name != "package"}
    assert set(reasons) == wanted
    assert [name for name, reason in reasons.items() if len(reason) < 15] == []


def test_dependencies_have_lower_bounds_and_no_upper_ones() -> None:
    apart = ("opjax", "op-system")  # ourselves, and the oracle: of one release, whose answers are known
    rows = [r for group in (PROJECT["dependencies"], *EXTRAS.values()) for r in group if package(r) not in apart]
    assert [r for r in rows if not re.fullmatch(r"[\w.-]+(\[\w+\])?>=[\d.]+(,!=[\d.]+)*", r)] == []


def test_all_is_every_extra_for_users() -> None:
    assert EXTRAS["all"] == ["opjax[jax,infer,plot]"]
    assert set(EXTRAS) == {"jax", "infer", "plot", "all", "dev", "docs"}


def test_the_version_has_its_entry_in_the_changelog() -> None:
    assert f"\n## {opjax.__version__} " in read("CHANGELOG.md")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    commands = re.findall(r"^make \w+$", read(".ci/run"), flags=re.MULTILINE)
    assert commands[0] == "make test"
    for command in ("make demo", "make test"):
        assert command in read("README.md")


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "docs", "format", "clean"])
def test_the_makefile_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", read("Makefile"), flags=re.MULTILINE)


def test_the_demo_names_files_that_exist() -> None:
    named = re.findall(r"^DEMO_(?:MODEL|DATA) := (\S+)$", read("Makefile"), flags=re.MULTILINE)
    assert len(named) == 2
    assert all((ROOT / path).is_file() for path in named)


def test_the_page_on_the_design_tells_of_every_pass_in_order() -> None:
    section = read("docs/how-it-works.md").partition("\n## Passes\n")[2].partition("\n## ")[0]
    assert re.findall(r"\*\*([a-z]+)\*\*", section) == [row.name for row in PASSES]


def test_pages_that_are_made_by_the_build_are_not_in_the_repository() -> None:
    ignored = read(".gitignore").split()
    assert {".venv/", "out/", "docs/_build/", "docs/errors/", "docs/reference/"} <= set(ignored)


def test_the_wheel_holds_what_is_not_python(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    source = ROOT / "src"
    beside_code = {f for f in source.rglob("*") if f.is_file() and f.suffix not in {".py", ".pyc"}}
    wanted = {f.relative_to(source).as_posix() for f in beside_code}
    assert {"opjax/py.typed", "opjax/syntax/grammar.lark"} <= wanted
    assert wanted <= held
    entry_points = next(name for name in held if name.endswith("entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        assert "opjax = opjax.cli:main" in archive.read(entry_points).decode()


# --- the data of the examples


def columns(path: str) -> dict[str, list[float]]:
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def test_the_lynx_and_hare_data_are_the_published_ones() -> None:
    data = columns("examples/lynx_hare.csv")
    assert list(data) == ["time", "hare_pelts", "lynx_pelts"]
    assert data["time"] == list(range(1900, 1921))
    assert (data["hare_pelts"][0], data["lynx_pelts"][0]) == (30, 4)
    assert (data["hare_pelts"][-1], data["lynx_pelts"][-1]) == (24.7, 8.6)
    assert sum(data["hare_pelts"]) == pytest.approx(715.7)
    assert sum(data["lynx_pelts"]) == pytest.approx(423.5)


def test_the_sir_data_are_what_the_script_makes() -> None:
    make_data = script("examples/make_data.py")
    data = columns("examples/sir.csv")
    assert data["cases"] == list(make_data["sir_cases"]())
    assert data["time"] == [7.0 * week for week in range(1, make_data["WEEKS"] + 1)]


@pytest.mark.parametrize("file", ["seir_age.ojx", "seir_age.yaml"])
def test_the_contacts_of_the_model_are_what_the_script_makes(file: str) -> None:
    make_data = script("examples/make_data.py")
    rows = re.findall(r"^ +-? ?\[((?:\d+\.\d\d, ){15}\d+\.\d\d)\]", read(f"examples/{file}"), flags=re.MULTILINE)
    written = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    np.testing.assert_array_equal(written, make_data["contact_matrix"]())


def test_the_synthetic_contacts_are_reciprocal() -> None:
    make_data = script("examples/make_data.py")
    meetings = make_data["POPULATION"][:, None] * make_data["contact_matrix"]()
    np.testing.assert_allclose(meetings, meetings.T, rtol=0.05)


def script(path: str) -> dict[str, Any]:
    """The names that a script defines."""
    return runpy.run_path(str(ROOT / path))


# --- the documentation


def models_in(path: str) -> list[str]:
    return re.findall(r"^```ojx\n(model .*?)^```", read(path), flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "docs/language.md", "docs/quickstart.md"])
def test_the_models_on_the_page_compile(path: str) -> None:
    for text in models_in(path):
        opjax.compile_rhs(opjax.loads(text))


def test_models_are_found_on_pages() -> None:
    assert len(models_in("docs/language.md")) >= 6


# --- the benchmarks


QUICK_BENCHMARKS = [
    "time_warm_call",
    "count_jaxpr_equations",
    "time_text_to_callable",
    "time_import",
    "memory_of_parsing",
    "time_pipeline",
    "compare_with_op_system",
    "time_models",
    "time_networks",
    "time_stencils",
    "time_short_axes",
    "time_passes",
    "time_first_call",
    "time_flat_equations",
    "against_unrolled",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK_BENCHMARKS)
def test_the_benchmark_runs(name: str) -> None:
    """Quickly, and with the checks that both sides compute the same; its numbers are of no interest here."""
    command = [sys.executable, f"benchmarks/{name}.py", "--quick"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=280)
    title, *_ = done.stdout.splitlines()
    assert title.startswith("# ")
    assert title.endswith("?")
    assert "Measured on " in done.stdout


def test_every_benchmark_is_a_question_that_has_its_test() -> None:
    models = {"by_hand", "text_models", "pass_models", "pass_by_hand", "short_models"}
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*_*.py")} - models
    assert scripts == {*QUICK_BENCHMARKS, "time_posterior"}  # which takes minutes
