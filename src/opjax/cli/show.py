"""``opjax show``: a model in some form."""

from __future__ import annotations

from typing import Annotated

import typer

from opjax.cli.options import File, Labels, Name, load


def show(
    file: File,
    form: Annotated[
        str, typer.Option("--as", help="ojx, yaml, expanded, program, source, latex, diagram, or summary.")
    ] = "summary",
    name: Name = None,
    labels: Labels = None,
) -> None:
    """Show a model: what it holds, its equations as text or LaTeX, a diagram, or the code made from it."""
    typer.echo(load(file, name, labels).show(form), nl=False)
