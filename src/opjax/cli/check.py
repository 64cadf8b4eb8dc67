"""``opjax check``: all problems of some files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opjax.cli.failures import show_problems
from opjax.cli.options import Files
from opjax.errors import Diagnostic, OpjaxError, Report

if TYPE_CHECKING:
    from opjax.ir.system import System

MOST_NAMED = 3


def check(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON, for editors.")] = False,
) -> None:
    """Check models: all problems of all files, each with its place and a way out."""
    problems: list[Diagnostic] = []
    for path in files:
        found, lines = checked(path)
        problems.extend(found)
        if not as_json:
            show_problems(found)
            for line in lines:
                typer.echo(line)
    if as_json:
        typer.echo(json.dumps([problem.as_dict() for problem in problems], indent=2))
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


def checked(path: Path) -> tuple[list[Diagnostic], list[str]]:
    """The problems of a file, and a line for each of its models that has none."""
    from opjax import stages

    report = Report()
    try:
        models = stages.read_file(path, report)
        report.check()
    except OpjaxError as error:
        return [*error.diagnostics, *report.warnings], []
    problems = report.warnings
    lines: list[str] = []
    for model in models:
        own = Report()
        try:
            lines.append(_line(path, stages.check(model, own).system))
        except OpjaxError as error:
            problems.extend(error.diagnostics)
        problems.extend(own.warnings)
    return problems, lines


def _line(path: Path, system: System) -> str:
    """What a model holds, and what keeps it from being run."""
    from opjax.show import counts

    parts = [f"{part.what} '{part.name}'" for part in system.not_yet]
    more = ", ..." if len(parts) > MOST_NAMED else ""
    note = f" (cannot be run yet: {', '.join(parts[:MOST_NAMED])}{more})" if parts else ""
    return f"{path}: {system.name}, {counts(system)}{note}"
