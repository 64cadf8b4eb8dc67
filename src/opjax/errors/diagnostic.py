"""One problem, many problems, and the exception that carries them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from opjax.errors.catalogue import Problem
from opjax.source import NOWHERE, Span

Severity = Literal["error", "warning"]
_WIDEST = 120


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem of a model: a stable code, a place, one sentence and a way out.

    Arguments:
        code: the code, such as ``E0301``; ``opjax explain E0301`` prints its page.
        severity: ``error`` or ``warning``.
        span: the characters that are wrong.
        message: one sentence that says what is wrong.
        hint: what to write instead; may be empty.
    """

    code: str
    severity: Severity
    span: Span
    message: str
    hint: str = ""

    @property
    def place(self) -> str:
        """``file:line:column``."""
        return f"{self.span.source.name}:{self.span.line}:{self.span.column}"

    def render(self) -> str:
        """The problem as text: place, code, sentence, source line with a caret, hint."""
        where = f"{self.place}: " if self.span is not NOWHERE else ""
        lines = [f"{where}{self.severity} {self.code}: {self.message}"]
        excerpt = _excerpt(self.span)
        if excerpt:
            lines.extend(excerpt)
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | int]:
        """The problem for editors and other programs."""
        end_line, end_column = self.span.source.position(self.span.end)
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.span.source.name,
            "line": self.span.line,
            "column": self.span.column,
            "end_line": end_line,
            "end_column": end_column,
            "message": self.message,
            "hint": self.hint,
        }


def _excerpt(span: Span) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line_text(line)
    if not text.strip():
        return []
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    first = max(0, min(column - 1 - _WIDEST // 2, len(text) - _WIDEST))
    shown = text[first : first + _WIDEST].replace("\t", " ")
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    caret = "^" * max(1, min(width, _WIDEST - (column - 1 - first)))
    number = str(line)
    margin = " " * len(number)
    return [f"  {number} | {shown}", f"  {margin} | {' ' * (column - 1 - first)}{caret}"]


class OpjaxError(ValueError):
    """One or more problems of a model.

    Arguments:
        diagnostics: the problems, in the order of the text.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n" + "\n".join(d.render() for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[OpjaxError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)

    def as_json(self) -> str:
        """All problems as a JSON array."""
        return json.dumps([d.as_dict() for d in self.diagnostics], indent=2)


class OpjaxWarning(UserWarning):
    """A lint: the model compiles, but probably says something else than was meant."""


class Stop(Exception):
    """The statement at hand cannot be read further; its problem is in the report already."""


@dataclass(slots=True)
class Report:
    """Collects problems so that all of a file's are shown at once.

    Arguments:
        diagnostics: the problems so far.
        by_keys: whether the model is written as YAML, JSON or a mapping, of which the hints speak then.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    by_keys: bool = False

    def add(self, problem: Problem, span: Span, /, *, hint: str = "", **values: object) -> None:
        """Record a problem and go on.

        Arguments:
            problem: the row of the catalogue.
            span: where it is.
            hint: what to write instead; replaces the catalogue's own hint.
            values: what the catalogue's sentence names in braces.
        """
        message = problem.message.format(**_shortened(values))
        severity: Severity = "warning" if problem.code.startswith("W") else "error"
        way_out = hint or self.usual_hint(problem).format(**_shortened(values))
        self.diagnostics.append(Diagnostic(problem.code, severity, span, message, way_out))

    def usual_hint(self, problem: Problem) -> str:
        """The hint of the catalogue, in the form that the model is written in."""
        return self.spelled(problem.hint, problem.hint_by_keys)

    def spelled(self, in_text: str, by_keys: str) -> str:
        """What is to be written, in the form that the model is written in; the first where there is no other."""
        return by_keys if self.by_keys and by_keys else in_text

    def stop(self, problem: Problem, span: Span, /, *, hint: str = "", **values: object) -> Stop:
        """Record a problem and return the exception that leaves the statement: ``raise report.stop(...)``."""
        self.add(problem, span, hint=hint, **values)
        return Stop()

    @property
    def errors(self) -> list[Diagnostic]:
        """The problems that forbid going on, in the order of the text."""
        return sorted(self._different("error"), key=lambda d: (d.span.source.name, d.span.start))

    @property
    def warnings(self) -> list[Diagnostic]:
        """The lints."""
        return self._different("warning")

    def _different(self, severity: Severity) -> list[Diagnostic]:
        """The problems of one severity; what is used several times is wrong once."""
        found = [d for d in self.diagnostics if d.severity == severity]
        return list({(d.code, d.span.source.name, d.span.start, d.span.end, d.message): d for d in found}.values())

    def check(self) -> None:
        """Raise all errors so far as one exception.

        Raises:
            OpjaxError: if there is any error.
        """
        if self.errors:
            raise OpjaxError(self.errors)


SENTENCES = frozenset(("problem", "labels", "names"))
"""Values that are made by us; everything else may be as long as a hostile person likes."""


def _shortened(values: Mapping[str, object]) -> dict[str, object]:
    """Names that stand in a sentence are cut, so that hostile ones do not flood a terminal."""
    return {key: value if key in SENTENCES else _short(value) for key, value in values.items()}


def _short(value: object) -> object:
    return value[:77] + "..." if isinstance(value, str) and len(value) > 80 else value
