"""``opjax convert`` and ``opjax schema``: the spellings of models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opjax.cli.failures import Failure, say, writing
from opjax.cli.options import File, Name
from opjax.errors import Report

if TYPE_CHECKING:
    from opjax.source import Source
    from opjax.spec.files import Format


def convert(
    file: File,
    to: Annotated[str, typer.Option("--to", help="ojx, yaml or json.", show_default=False)],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write; else it is printed.")] = None,
    name: Name = None,
) -> None:
    """Convert a model between the spellings: text, YAML and JSON; the meaning stays the same."""
    text = converted(file, to, name)
    if output is None:
        typer.echo(text, nl=False)
        return
    with writing(output):
        output.write_text(text, encoding="utf-8", newline="")
    say(f"wrote {output}")


def converted(file: Path, to: str, name: str | None) -> str:
    """The text of a file's models in another spelling; one model, where a name is given."""
    from opjax import stages
    from opjax.spec.files import format_of, read_source
    from opjax.spec.mapping_writer import write_json, write_yaml
    from opjax.spec.text_printer import print_models

    form = stages.format_named(to, "")
    report = Report()
    source, written = read_source(file), format_of(file)
    models = stages.read(source, written, report)
    report.check()
    definitions = "" if name is not None else _definitions(source, written, form)
    if definitions and not models:
        return definitions
    if name is not None or not models:
        models = [stages.choose(models, name, report, source)]
    for model in models:
        stages.check(model, Report())
    match form:
        case "ojx":
            return "\n".join([print_models(models), *([definitions] if definitions else [])])
        case "yaml":
            return "---\n".join([*map(write_yaml, models), *([definitions] if definitions else [])])
        case "json":
            if definitions:
                raise Failure(f"a JSON file holds a model or operators, and '{file}' holds both: write yaml")
            if len(models) > 1:
                raise Failure(f"a JSON file holds one model, and '{file}' holds {len(models)}: choose one with --name")
            return write_json(models[0])


def _definitions(source: Source, written: Format, form: Format) -> str:
    """The operators and pipelines of a file in another spelling."""
    from opjax import stages

    if not stages.holds_operators(source, written):
        return ""
    from opjax.pipelines.files import read_file_of_definitions

    return read_file_of_definitions(source, written).written(form)


def schema() -> None:
    """Print the JSON Schema of the YAML and JSON spellings, for editors."""
    from opjax.spec.schema import schema as schema_of_models

    typer.echo(json.dumps(schema_of_models(), indent=2))
