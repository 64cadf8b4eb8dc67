"""``opjax show``: a model in some form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opjax.cli.failures import Failure
from opjax.cli.options import File, Labels, Name, load
from opjax.source import Span


def show(
    file: File,
    form: Annotated[
        str, typer.Option("--as", help="ojx, yaml, expanded, program, source, latex, diagram, or summary.")
    ] = "summary",
    program: Annotated[
        bool, typer.Option("--program", help="As --as program: what the passes did, what a call costs, the operations.")
    ] = False,
    name: Name = None,
    labels: Labels = None,
) -> None:
    """Show a model: what it holds, its equations as text or LaTeX, a diagram, or the code made from it."""
    form = "program" if program else form
    text = shown_definitions(file, name, form)
    typer.echo(load(file, name, labels).show(form) if text is None else text, nl=False)


def shown_definitions(file: Path, name: str | None, form: str) -> str | None:
    """Operators and pipelines as text; None where a model is meant.

    Raises:
        Failure: for a form that models alone have.
    """
    from opjax import stages
    from opjax.spec.files import format_of, read_source

    source, written = read_source(file), format_of(file)
    if not stages.holds_operators(source, written):
        return None
    from opjax.pipelines.files import chosen, read_file_of_definitions

    found = read_file_of_definitions(source, written)
    models = [model.name for model in found.models]
    if name in models:
        return None
    if form not in ("summary", "ojx", "yaml"):
        way_out = f": choose a model with --name {models[0]}" if models else ""
        raise Failure(f"operators and pipelines have the forms summary, ojx and yaml, not '{form}'{way_out}")
    wanted = found if name is None else chosen(found, name, Span(source, 0, 0))
    text = wanted.described() if form == "summary" else wanted.written("ojx" if form == "ojx" else "yaml")
    return "\n".join([*(load(file, model).show(form) for model in models if name is None), text])
