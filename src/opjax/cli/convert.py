"""``opjax convert`` and ``opjax schema``: the spellings of models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from opjax.cli.failures import Failure, say, writing
from opjax.cli.options import File, Name
from opjax.errors import Report


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
    from opjax.spec.files import read_source
    from opjax.spec.mapping_writer import write_json, write_yaml
    from opjax.spec.text_printer import print_models

    form = stages.format_named(to, "")
    report = Report()
    models = stages.read_file(file, report)
    report.check()
    if name is not None or not models:
        models = [stages.choose(models, name, report, read_source(file))]
    for model in models:
        stages.check(model, Report())
    match form:
        case "ojx":
            return print_models(models)
        case "yaml":
            return "---\n".join(write_yaml(model) for model in models)
        case "json":
            if len(models) > 1:
                raise Failure(f"a JSON file holds one model, and '{file}' holds {len(models)}: choose one with --name")
            return write_json(models[0])


def schema() -> None:
    """Print the JSON Schema of the YAML and JSON spellings, for editors."""
    from opjax.spec.schema import schema as schema_of_models

    typer.echo(json.dumps(schema_of_models(), indent=2))
