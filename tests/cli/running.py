"""The commands in this process."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from opjax.cli import app as commands


def opjax_(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments))


def done(*arguments: str) -> str:
    """What a command prints that works."""
    result = opjax_(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def failed(*arguments: str) -> str:
    """What a command says that does not."""
    result = opjax_(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "bug" not in result.stderr
    return result.stderr
