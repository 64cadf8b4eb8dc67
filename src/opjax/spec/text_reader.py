"""From the text spelling to the syntax of models: every section is read statement by statement."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import cast

from opjax.errors import Report, Stop
from opjax.errors.catalogue import MISPLACED
from opjax.source import DEFAULT_LIMITS, Limits, Source, Span
from opjax.spec.registry import SectionRow
from opjax.spec.text_document import split_text
from opjax.spec.text_parts import Block, ModelText, SectionText, Statement
from opjax.syntax.columns import LinesOfForms
from opjax.syntax.declarations import (
    NO_COMMENTS,
    Comments,
    Declaration,
    FunctionDeclaration,
    ModelSyntax,
    SectionComments,
    TimeDeclaration,
)
from opjax.syntax.parser import lines_of_forms
from opjax.syntax.parts import Part, model_in_parts
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
    found: dict[str, list[Part]] = dataclasses.field(default_factory=dict[str, "list[Part]"])
    """The parts of each section: declarations one by one, or in columns."""
    around: list[SectionComments] = dataclasses.field(default_factory=list[SectionComments])

    def model(self, text: ModelText) -> ModelSyntax:
        for section in text.sections:
            if section.row is not None and self.count <= self.limits.declarations:
                self._section(section, section.row)
        span = dataclasses.replace(text.header, end=max(text.end_offset, text.header.end))
        times = [time for part in self.found.pop("time", []) for time in part if isinstance(time, TimeDeclaration)]
        model = ModelSyntax(
            unquoted(text.name),
            times[0] if times else None,
            doc="\n".join(unquoted(line.text) for line in text.doc),
            span=span,
            comments=text.comments,
            section_comments=tuple(self.around),
            end_comments=text.end,
        )
        return model_in_parts(model, self.found)

    def _section(self, section: SectionText, row: SectionRow) -> None:
        behind = section.comments.behind
        alike = lines_of_forms(row.kind) if row.kind and self.limits is DEFAULT_LIMITS else None
        parts = self.found.setdefault(row.field, [])
        for statement in section.statements:
            if isinstance(statement, Block):
                self._block(statement, row, alike)
                continue
            comments = statement.comments
            if section.on_header and row.parse_list is not None and comments is not NO_COMMENTS:
                # 'states: S, I  # about both'
                behind, comments = comments.behind or behind, Comments(comments.before)
            _last(parts).extend(self._read(Statement(statement.span, comments), row, alike))
        comments = Comments(section.comments.before, behind)
        if comments != NO_COMMENTS or section.end:
            self.around.append(SectionComments(row.field, comments, section.end))

    def _block(self, block: Block, row: SectionRow, alike: LinesOfForms | None) -> None:
        """Read lines below each other: as many as possible at once."""
        parts, position = self.found[row.field], block.start
        room = self.limits.declarations - block.count
        while position < block.end:
            found = alike and self.count <= room and alike.several(block.source, position, block.end, block.indent)
            if found:
                parts.append(found)
                self.count += len(found)
                position = found.end
                continue
            span = block.first_of(position)
            _last(parts).extend(self._read(Statement(span), row, alike))
            position = block.line_end(span.end)

    def _read(self, statement: Statement, row: SectionRow, alike: LinesOfForms | None) -> Sequence[Declaration]:
        """What one statement declares; nothing where it has a problem."""
        span = statement.span
        if alike and statement.comments is NO_COMMENTS and self.count < self.limits.declarations:
            again = alike.one(span.source, span.start, span.end)
            if again is not None:
                self.count += 1
                return (again,)
        try:
            read = self._statement(statement, row)
        except Stop:
            return ()
        self._count(len(read), span)
        return _with_comments(read, statement.comments)

    def _statement(self, statement: Statement, row: SectionRow) -> tuple[Declaration, ...]:
        span = statement.span
        if row.field == "time" and any(self.found["time"]):
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


def _last(parts: list[Part]) -> list[Declaration]:
    """The last part of a section, where it is one that grows; else a new one."""
    last = parts[-1] if parts else None
    if isinstance(last, list):
        return cast("list[Declaration]", last)
    new: list[Declaration] = []
    parts.append(new)
    return new


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
