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
    program: Annotated[
        bool, typer.Option("--program", help="As --as program: what the passes did, what a call costs, the operations.")
    ] = False,
    name: Name = None,
    labels: Labels = None,
) -> None:
    """Show a model: what it holds, its equations as text or LaTeX, a diagram, or the code made from it."""
    typer.echo(load(file, name, labels).show("program" if program else form), nl=False)
