"""How commands fail: one sentence, or the problems of a model with their places; never a traceback from inside."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ParamSpec

import typer

from opjax.errors import Diagnostic, OpjaxError, OpjaxWarning

TRACEBACK = "OPJAX_TRACEBACK"
INTERRUPTED = 130
FIGURES = (".png", ".pdf", ".svg")
Arguments = ParamSpec("Arguments")
_HEAD = re.compile(r"(?P<place>.*?)(?P<code>(error|warning) [EW]\d{4}:)(?P<sentence> .*)", re.DOTALL)


class Failure(Exception):
    """A command cannot do what it was asked; the text is a sentence for people."""


def guarded(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A command whose failures are sentences on the standard error stream, with exit code 1."""

    @functools.wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always", OpjaxWarning)
            warnings.showwarning = _show_warning
            try:
                command(*arguments, **options)
            except (typer.Exit, BrokenPipeError):
                raise
            except KeyboardInterrupt:
                say("opjax: stopped")
                raise typer.Exit(INTERRUPTED) from None
            except Exception as error:
                _show(error)
                raise typer.Exit(1) from None

    return run


@contextlib.contextmanager
def writing(path: Path) -> Generator[None]:
    """Around the writing of a file: what the system refuses becomes a sentence.

    Raises:
        Failure: if the file cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise Failure(f"'{path}' cannot be written: {(error.strerror or str(error)).lower()}") from error


def want_file(path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that cannot be written, before minutes of work.

    Arguments:
        path: the file, or None.
        suffixes: the kinds of file that can be written.

    Raises:
        Failure: if it is of another kind, or its folder does not exist.
    """
    if path is None:
        return
    if path.suffix not in suffixes:
        raise Failure(f"'{path}' cannot be written: its name must end with {' or '.join(suffixes)}")
    if not path.resolve().parent.is_dir():
        raise Failure(f"'{path}' cannot be written: there is no folder '{path.parent}'")


def say(text: str) -> None:
    """A line for people, beside the results of a command."""
    typer.echo(printable(text), err=True)


def printable(text: str) -> str:
    """A text without characters that could command a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def show_problems(problems: tuple[Diagnostic, ...] | list[Diagnostic]) -> None:
    """The problems of a model, in colours where a person looks on."""
    for problem in problems:
        _show_rendered(problem.render())


def _show_rendered(text: str) -> None:
    text = printable(text)
    if not sys.stderr.isatty():
        typer.echo(text, err=True)
        return
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(_coloured(text))


def _coloured(text: str) -> Any:
    from rich.text import Text

    first, *others = text.split("\n")
    shown = Text()
    head = _HEAD.fullmatch(first)
    if head is None:
        return Text(text)
    colour = "bold yellow" if head["code"].startswith("warning") else "bold red"
    shown.append(head["place"], "bold").append(head["code"], colour).append(head["sentence"])
    for line in others:
        style = "cyan" if line.lstrip().startswith("hint: ") else colour if line.strip(" |^") == "" else ""
        shown.append("\n").append(line, style)
    return shown


def _show_warning(message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Lints look like errors; warnings of other packages say where they come from."""
    if issubclass(category, OpjaxWarning):
        _show_rendered(str(message))
    else:
        say(f"{category.__name__}: {message}")


def _show(error: Exception) -> None:
    match error:
        case OpjaxError():
            show_problems(error.diagnostics)
        case Failure():
            say(f"opjax: {error}")
        case _:
            _show_bug(error)


def _show_bug(bug: Exception) -> None:
    say(f"opjax: {type(bug).__name__}: {bug}")
    say("this is a bug in opjax, please report it")
    if os.environ.get(TRACEBACK) == "1":
        typer.echo("".join(traceback.format_exception(bug)), err=True)
    else:
        say(f"with {TRACEBACK}=1 in the environment, the same command shows where")
