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
    from opjax.spec.files import format_of, read_source

    report = Report()
    problems: list[Diagnostic] = []
    lines: list[str] = []
    try:
        source, form = read_source(path), format_of(path)
        models = stages.read(source, form, report)
        if stages.holds_operators(source, form):
            from opjax.pipelines.files import problems_of_definitions

            problems, summary = problems_of_definitions(source, form)
            lines += [f"{path}: {summary}"] if summary else []
        report.check()
    except OpjaxError as error:
        return distinct([*error.diagnostics, *problems, *report.warnings]), []
    problems += report.warnings
    for model in models:
        own = Report()
        try:
            lines.append(_line(path, stages.check(model, own).system))
        except OpjaxError as error:
            problems.extend(error.diagnostics)
        problems.extend(own.warnings)
    return distinct(problems), lines


def distinct(problems: list[Diagnostic]) -> list[Diagnostic]:
    """Each problem once: what a pipeline needs is checked with it too."""
    return list({(p.code, p.place, p.message): p for p in problems}.values())


def _line(path: Path, system: System) -> str:
    """What a model holds, and what keeps it from being run."""
    from opjax.show import counts

    parts = [f"{part.what} '{part.name}'" for part in system.not_yet]
    more = ", ..." if len(parts) > MOST_NAMED else ""
    note = f" (cannot be run yet: {', '.join(parts[:MOST_NAMED])}{more})" if parts else ""
    return f"{path}: {system.name}, {counts(system)}{note}"
