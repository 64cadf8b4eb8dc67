"""``opjax explain``: what the code of a problem means."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Such as E0301; without it, all codes are listed.")
    ] = None,
) -> None:
    """Explain the code of a problem, with a model that has it and the same model without it."""
    from opjax.errors.explain import codes, page

    if code is None:
        for known, sentence in codes().items():
            typer.echo(f"{known}  {sentence}")
        return
    text = page(code)
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
