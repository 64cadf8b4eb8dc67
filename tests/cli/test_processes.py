"""The command as a person runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import JAX_SETTINGS

ROOT = Path(__file__).parents[2]
MODEL = "model Decay:\n  params:\n    k = 0.5\n  states:\n    x = 2\n  dynamics:\n    x -> 0 @ k\n"
HEAVY = ("jax", "numpyro", "diffrax", "xarray", "matplotlib", "pandas")
COMPILER = ("numpy", "opjax.compile.emit", "opjax.passes", "opjax.show.latex", "opjax.spec.yaml_reader")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    (tmp_path / "decay.ojx").write_text(MODEL)
    (tmp_path / "broken.ojx").write_text(MODEL.replace("@ k", "@ kk"))
    return tmp_path


def opjax_(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, as the entry point of the package starts it."""
    program = "import sys; from opjax.cli import main; sys.argv[0] = 'opjax'; main()"
    return python(folder, program, *arguments, **environment)


def python(folder: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in JAX_SETTINGS}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT / "src"), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_broken_model_ends_with_one(folder: Path) -> None:
    run = opjax_(folder, "check", "broken.ojx")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "broken.ojx:7:14: error E0301: 'kk' is not declared",
        "  7 |     x -> 0 @ kk",
        "    |              ^^",
        "    hint: did you mean 'k'?",
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["check", "decay.ojx"],
        ["fmt", "decay.ojx"],
        ["explain", "E0301"],
        ["show", "decay.ojx"],
        ["show", "decay.ojx", "--as", "latex"],
        ["convert", "decay.ojx", "--to", "yaml"],
        ["schema"],
    ],
)
def test_no_array_framework_is_imported(folder: Path, command: list[str]) -> None:
    program = f"""
import sys
from opjax.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("imported:", *[name for name in {HEAVY} if name in sys.modules])
"""
    run = python(folder, program, *command)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "imported:"


def test_a_check_loads_no_compiler(folder: Path) -> None:
    check = "import opjax.cli.check, pathlib; opjax.cli.check.checked(pathlib.Path('decay.ojx'))"
    run = python(folder, f"{check}\nimport sys; print(*[name for name in {HEAVY + COMPILER} if name in sys.modules])")
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_a_terminal_without_unicode_gets_numbers(folder: Path) -> None:
    (folder / "greek.ojx").write_text(MODEL.replace("k", "κ"), encoding="utf-8")
    run = opjax_(folder, "show", "greek.ojx", "--as", "ojx", PYTHONIOENCODING="latin-1")
    assert run.returncode == 0, run.stderr
    assert "\\u03ba" in run.stdout


def test_colours_are_for_terminals_only(folder: Path) -> None:
    assert "\x1b" not in opjax_(folder, "check", "broken.ojx", FORCE_COLOR="").stderr
    program = """
import os, pty, sys
status = pty.spawn([sys.executable, "-c", "from opjax.cli import main; main()", "check", "broken.ojx"])
sys.exit(os.waitstatus_to_exitcode(status))
"""
    run = python(folder, program, TERM="xterm-256color", NO_COLOR="")
    assert run.returncode == 1
    assert "\x1b[" in run.stdout
    assert "did you mean 'k'?" in run.stdout


def test_a_closed_pipe_is_no_bug(folder: Path) -> None:
    command = f'"{sys.executable}" -c "from opjax.cli import main; main()" explain | head -1'
    run = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert run.stdout.startswith("E0001")
    assert "bug" not in run.stderr


def test_the_module_is_the_command(folder: Path) -> None:
    command = [sys.executable, "-m", "opjax", "check", "broken.ojx"]
    run = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (run.returncode, run.stderr.splitlines()[0][:17]) == (1, "broken.ojx:7:14: ")
