"""The command line: ``opjax check``, ``show``, ``fmt``, ``convert``, ``explain``, ``schema``, ``simulate``, ``fit``."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command that the arguments of the process name; the process ends with its exit code."""
    from opjax.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its number, not a traceback
            stream.reconfigure(errors="backslashreplace")
    app()
