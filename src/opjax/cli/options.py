"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opjax.cli.failures import Failure

if TYPE_CHECKING:
    from opjax.model import Model

File = Annotated[Path, typer.Argument(metavar="FILE", help="A model: .ojx, .yaml, .yml or .json.", show_default=False)]
Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Models: .ojx, .yaml, .yml or .json.", show_default=False)
]
Name = Annotated[str | None, typer.Option("--name", help="Which model, where the file holds several.")]
Begin = Annotated[
    float | None,
    typer.Option("--t0", metavar="TIME", help="When the initial values hold; else the model says it, or the data."),
]
Solver = Annotated[str, typer.Option("--solver", help="auto, tsit5, dopri8, kvaerno5, stiff, ...")]
Tolerance = Annotated[float | None, typer.Option("--rtol", help="The relative tolerance of each step.")]
MaxSteps = Annotated[int | None, typer.Option("--max-steps", min=1, help="The most steps.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", metavar="AXIS=A,B,...", help="Labels of an axis that takes them from data; repeatable."),
]


def load(path: Path, name: str | None, labels: list[str] | None = None) -> Model:
    """The model of a file."""
    from opjax.model import load as load_model

    model = load_model(path, name=name)
    given = {axis: text.split(",") for axis, text in pairs(labels or [], "--labels").items()}
    return model.with_axes(**given) if given else model


def pairs(texts: list[str], option: str) -> Mapping[str, str]:
    """Texts like ``name=value`` by name.

    Raises:
        Failure: for a text without ``=``, and a name that is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise Failure(f"{option} takes NAME=VALUE, not '{text}'")
        if name.strip() in found:
            raise Failure(f"{option} gives '{name.strip()}' twice")
        found[name.strip()] = value.strip()
    return found
