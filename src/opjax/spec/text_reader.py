"""From the text spelling to the syntax of models: every section is read statement by statement."""

from __future__ import annotations

import dataclasses
import re

from opjax.errors import Report, Stop
from opjax.errors.catalogue import MISPLACED
from opjax.source import DEFAULT_LIMITS, Limits, Source, Span
from opjax.spec.registry import SectionRow
from opjax.spec.text_document import split_text
from opjax.spec.text_parts import ModelText, SectionText, Statement
from opjax.syntax.declarations import (
    NO_COMMENTS,
    Comments,
    Declaration,
    FunctionDeclaration,
    ModelSyntax,
    SectionComments,
    TimeDeclaration,
)
from opjax.syntax.parser import parse_known
from opjax.syntax.slips import too_large, unexpected_text

_LIST = re.compile(r'"[^"\n]*+"?|#[^\n]*+|[(\[{]|[)\]}]|,')


def read_text(source: Source, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Read the models of a text.

    Arguments:
        source: the text, as `read_source` or `source_from_text` gives it.
        report: takes all problems; the caller asks it to raise them.
        limits: `declarations`, `tokens` and `nesting` are checked.

    Returns:
        The models, in order. Where the report has problems they hold what could be read.

    Example:
        >>> report = Report()
        >>> [model] = read_text(Source("<text>", "model Decay:\\n  states: N\\n  dynamics:\\n    N' = -N\\n"), report)
        >>> report.check()
        >>> [state.name for state in model.states]
        ['N']
    """
    return [_Reader(report, limits).model(model) for model in split_text(source, report, limits)]


@dataclasses.dataclass(slots=True)
class _Reader:
    """Reads one model."""

    report: Report
    limits: Limits
    count: int = 0
    found: dict[str, list[Declaration]] = dataclasses.field(default_factory=dict[str, list[Declaration]])
    around: list[SectionComments] = dataclasses.field(default_factory=list[SectionComments])

    def model(self, text: ModelText) -> ModelSyntax:
        for section in text.sections:
            if section.row is not None and self.count <= self.limits.declarations:
                self._section(section, section.row)
        span = dataclasses.replace(text.header, end=max(text.end_offset, text.header.end))
        times = [time for time in self.found.pop("time", []) if isinstance(time, TimeDeclaration)]
        model = ModelSyntax(
            unquoted(text.name),
            times[0] if times else None,
            doc="\n".join(unquoted(line.text) for line in text.doc),
            span=span,
            comments=text.comments,
            section_comments=tuple(self.around),
            end_comments=text.end,
        )
        return dataclasses.replace(model, **{field: tuple(items) for field, items in self.found.items()})

    def _section(self, section: SectionText, row: SectionRow) -> None:
        behind = section.comments.behind
        known = parse_known(row.kind) if row.kind and self.limits is DEFAULT_LIMITS else None
        found = self.found.setdefault(row.field, [])
        for statement in section.statements:
            span = statement.span
            if known and statement.comments is NO_COMMENTS and self.count < self.limits.declarations:
                again = known(span.source, span.start, span.end)
                if again is not None:
                    found.append(again)
                    self.count += 1
                    continue
            try:
                read = self._statement(statement, row)
            except Stop:
                continue
            comments = statement.comments
            if section.on_header and row.parse_list is not None:  # 'states: S, I  # about both'
                behind, comments = comments.behind or behind, Comments(comments.before)
            found.extend(_with_comments(read, comments))
            self._count(len(read), span)
        comments = Comments(section.comments.before, behind)
        if comments != NO_COMMENTS or section.end:
            self.around.append(SectionComments(row.field, comments, section.end))

    def _statement(self, statement: Statement, row: SectionRow) -> tuple[Declaration, ...]:
        span = statement.span
        if row.field == "time" and self.found["time"]:
            raise unexpected_text(span, "the time of a model is one line").stop(self.report)
        if row.parse_list is not None and _is_list(span):
            return tuple(row.parse_list(span, self.report, self.limits))
        read = row.parse(span, self.report, self.limits)
        if row.field == "derived" and isinstance(read, FunctionDeclaration):
            raise self.report.stop(MISPLACED, span, hint="define it in 'let'", what="a function", where="'derive'")
        return (read,)

    def _count(self, more: int, span: Span) -> None:
        most = self.limits.declarations
        if self.count <= most < self.count + more:
            too_large(span, "the number of declarations", self.count + more, "declarations", most).stop(self.report)
        self.count += more


def unquoted(text: str) -> str:
    """A text without its quotes; a doubled quote inside is one. Text without quotes is given back."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _is_list(span: Span) -> bool:
    """Whether a comma stands outside all brackets."""
    if span.source.text.find(",", span.start, span.end) < 0:
        return False
    depth = 0
    for found in _LIST.finditer(span.source.text, span.start, span.end):
        match found.group()[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
            case "," if depth == 0:
                return True
            case _:
                pass
    return False


def _with_comments(read: tuple[Declaration, ...], comments: Comments) -> tuple[Declaration, ...]:
    """What one statement declares, with the comments above it at the first and the one behind it at the last."""
    if comments is NO_COMMENTS or comments == NO_COMMENTS:
        return read
    if len(read) == 1:
        return (dataclasses.replace(read[0], comments=comments),)
    first = dataclasses.replace(read[0], comments=Comments(comments.before))
    last = dataclasses.replace(read[-1], comments=Comments(behind=comments.behind))
    return (first, *read[1:-1], last)
