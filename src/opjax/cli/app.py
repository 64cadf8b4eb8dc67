"""All commands; each lives in a module of its own, which imports what it needs when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from opjax.cli.check import check
from opjax.cli.convert import convert, schema
from opjax.cli.explain import explain
from opjax.cli.failures import guarded
from opjax.cli.fit import fit
from opjax.cli.fmt import fmt
from opjax.cli.show import show
from opjax.cli.simulate import simulate

app = typer.Typer(
    name="opjax",
    help="Write a dynamical model once, as text; check it, show it, solve it, and fit it to data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(*commands: Callable[..., None]) -> None:
    for command in commands:
        app.command()(guarded(command))


_add(check, show, fmt, convert, explain, schema, simulate, fit)


def _version(wanted: bool) -> None:
    if wanted:
        import opjax

        typer.echo(f"opjax {opjax.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options before the command."""
