"""``opjax fmt``: models in the canonical layout."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer

from opjax.cli.failures import Failure, say, show_problems, writing
from opjax.cli.options import Files
from opjax.errors import OpjaxError
from opjax.source import Source


def fmt(
    files: Files,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a file would be changed.")] = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the result instead of changing the file.")] = False,
) -> None:
    """Put models into the canonical layout, in place; comments are kept. YAML and JSON files must say 'opjax: 1'."""
    failed = False
    for path in files:
        try:
            before, after = formatted(path)
        except OpjaxError as error:
            show_problems(error.diagnostics)
            failed = True
            continue
        if stdout:
            typer.echo(after, nl=False)
        elif before != after.encode("utf-8"):
            say(f"{path}: would be changed" if check else f"{path}: changed")
            failed = failed or check
            if not check:
                replace(path, after)
    if failed:
        raise typer.Exit(1)


def formatted(path: Path) -> tuple[bytes, str]:
    """What a file holds, and what it should hold.

    Raises:
        Failure: for a file in op_system's form, and for comments that have no place in the layout.
    """
    from opjax import stages
    from opjax.spec.files import format_of, read_source
    from opjax.spec.text_printer import format_text

    form = format_of(path)
    source = read_source(path)
    if form != "ojx":
        return path.read_bytes(), mapping_formatted(path, source, form)
    if stages.holds_operators(source, form):
        from opjax.pipelines.definitions_writer import format_definitions

        return path.read_bytes(), format_definitions(source)
    after = format_text(source)
    return path.read_bytes(), after


def mapping_formatted(path: Path, source: Source, form: Literal["yaml", "json"]) -> str:
    """A YAML or JSON file in the canonical layout, with all its comments.

    Raises:
        Failure: as `formatted`.
    """
    from opjax.cli.convert import converted
    from opjax.spec.yaml_comments import comments_in, is_own_form

    after = converted(path, form, None)
    if not is_own_form(source, form):
        anew = f"'opjax convert {path} --to {form}' writes it in opjax's own form"
        raise Failure(f"'{path}': only models that say 'opjax: 1' are formatted; {anew}")
    left = Counter(text for _, text in comments_in(Source(source.name, after))) if form == "yaml" else Counter[str]()
    for line, text in comments_in(source) if form == "yaml" else ():
        left[text] -= 1
        if left[text] < 0:
            where = "move it above an entry, or behind the end of one"
            raise Failure(f"'{path}': the comment on line {line} would be lost: {where}")
    return after


def replace(path: Path, text: str) -> None:
    """Write a file anew, at once: whoever reads it finds the old text or the new one."""
    target = path.resolve()
    with writing(path):
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            shutil.copymode(target, name)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
