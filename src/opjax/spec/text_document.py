"""Splitting: a text becomes models, sections and statements that know their places and keep their comments.

Nothing is read inside a statement yet. Every problem of the layout is reported, and what follows it is still split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from opjax.errors import Report
from opjax.errors.catalogue import (
    EMPTY_SECTION,
    EMPTY_SOURCE,
    MISSING_COLON,
    REPEATED_SECTION,
    UNCLOSED_BRACKET,
    UNKNOWN_SECTION,
)
from opjax.source import Limits, Source, Span
from opjax.spec.files import path_hint
from opjax.spec.text_comments import PendingComments
from opjax.spec.text_headers import ModelHeader, SectionHeader, hint_for, model_header, section_header
from opjax.spec.text_indentation import Indentation
from opjax.spec.text_lines import CLOSING, Line, Lines
from opjax.spec.text_parts import Block, ModelText, SectionText, Statement
from opjax.syntax.declarations import BLANK_LINE, NO_COMMENTS, Comments
from opjax.syntax.names import is_name
from opjax.syntax.slips import too_large, unclosed_text, unexpected_text

_GOES_ON = re.compile(r"[-+*/^%,=~@<>)\]}]|(?:and|or|if|else|for|edge|every|reactants|auto reactants)\b")
_ASKS_FOR_MORE = "+-*/^%,=~@<>"
_TEXT = re.compile(r'"[^"\n]*+(?:""[^"\n]*+)*"(?!")')
_STEP = 2
_NAMED = "write 'model NAME:'; a name that is no word stands in quotes"


def split_text(source: Source, report: Report, limits: Limits) -> list[ModelText]:
    """Split a text.

    Arguments:
        source: the text.
        report: takes every problem of the layout.
        limits: `declarations` bounds the lines, `tokens` and `nesting` bound one line.

    Returns:
        The models, in order; whatever could be made out of a text with problems.

    Example:
        >>> source = Source("<text>", "model SI:\\n  states: S, I\\n")
        >>> [s.span.text for s in split_text(source, Report(), Limits())[0].sections[0].statements]
        ['S, I']
    """
    splitter = _Splitter(source, report, limits)
    lines = Lines(source.text, limits)
    for line in lines:
        if splitter.count >= limits.declarations:
            splitter.too_much(line, "declarations", limits.declarations)
            break
        splitter.take(line)
        splitter.take_alike(line, lines)
    splitter.finish()
    return splitter.models


@dataclass(slots=True)
class _Splitter:
    """Takes one line after the other and knows which model and section it stands in."""

    source: Source
    report: Report
    limits: Limits
    models: list[ModelText] = field(default_factory=list[ModelText])
    section: SectionText | None = None
    pending: PendingComments = field(default_factory=PendingComments)
    indentation: Indentation = field(init=False)
    stray: Span | None = None
    skipping: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        self.indentation = Indentation(self.source, self.report)

    def take(self, line: Line) -> None:
        """Use one line."""
        self.count += 1
        if line.after_blank:
            self.pending.add(line.depth, BLANK_LINE)
        if line.is_comment:
            self.pending.add(line.depth, line.behind)
            return
        self.indentation.see(line)
        self._place(line)
        if self.models:
            self.models[-1].end_offset = line.end

    def take_alike(self, line: Line, lines: Lines) -> None:
        """Use the lines below a statement that are statements as well: nearly all lines of a large model."""
        section = self.section
        if section is None or not section.statements or section.on_header or line.depth != section.statement_depth:
            return
        model, last = self.models[-1], section.statements[-1]
        if isinstance(last, Block) or last.span.start != line.start or self.skipping:
            return
        if line.depth <= max(section.depth, model.body_depth or 0):
            return
        start, end, count = lines.alike(line.indent, self.limits.declarations - self.count)
        if not count:
            return
        above = self.source.text.rfind("\n", start, end)  # what follows may go on with the last line
        if count > 1:
            section.statements.append(Block(self.source, start, above, line.indent, count - 1))
        span = Block(self.source, above, end, line.indent, 1).first_of(above)
        section.statements.append(Statement(span))
        section.lines += count
        self.count += count
        self.indentation.wrong = None
        model.end_offset = span.end

    def finish(self) -> None:
        """The text ends here."""
        self._end_model()
        if self.models:
            self.models[-1].end += self.pending.take()
        if self.stray is not None and self.models:
            self._unexpected(self.stray, "a file holds models, and each begins with 'model NAME:'")
        elif not self.models:
            self._no_model(self.stray or Span(self.source, 0, 0))

    def too_much(self, line: Line, limit: str, most: int) -> None:
        """Report that a limit is exceeded."""
        what = {"declarations": "the number of statements and comments", "nesting": "the nesting of brackets"}
        shown = what.get(limit, "the number of tokens")
        place = Span(self.source, line.start, max(line.end, line.start + 1))
        too_large(place, shown, most + 1, limit, most).stop(self.report)

    # --- where does a line belong?

    def _place(self, line: Line) -> None:
        model = self.models[-1] if self.models else None
        strict = model is not None and line.depth > model.depth
        header = model_header(self.source.text, line, strict=strict)
        if header is not None:
            self._begin_model(line, header)
        elif model is None:
            self._before_models(line)
        else:
            self._place_in_model(line, model)

    def _before_models(self, line: Line) -> None:
        header = section_header(self.source.text, line)
        if header is not None and header.row is not None:  # go on as if 'model NAME:' stood above
            self._no_model(self.stray or self._span(line))
            self.stray = None
            self.models.append(ModelText("", self._span(line), line.depth - 1))
            self._begin_section(line, header)
        else:
            self.stray = self.stray or self._span(line)

    def _place_in_model(self, line: Line, model: ModelText) -> None:
        header = section_header(self.source.text, line)
        if header is not None and self._is_section(line, header, model):
            self._begin_section(line, header)
        elif self.skipping:
            return
        elif not model.sections and line.depth > model.depth and self.source.text[line.start] == '"':
            self._doc(line, model)
        elif line.depth <= model.depth:
            self._skip(line, "a file holds models, and each begins with 'model NAME:'")
        elif self.section is None or (self.section.on_header and line.depth <= self.section.depth):
            self._skip(line, "statements stand in sections: begin one, such as 'params:'")
        else:
            self._statement(line, line.start, self.section)

    def _is_section(self, line: Line, header: SectionHeader, model: ModelText) -> bool:
        if header.is_bare(line):
            return True
        inside = self.section is not None
        where_headers_stand = self.section is None or line.depth <= max(self.section.depth, model.body_depth or 0)
        if line.depth <= model.depth and not (header.row and header.has_colon):
            return False
        return where_headers_stand and header.begins_section(line, inside=inside)

    # --- models

    def _begin_model(self, line: Line, header: ModelHeader) -> None:
        self._end_model()
        if self.models:
            self.indentation.check(line, self.models[0].depth)
        comments = Comments(self.pending.take(), line.behind)
        self.models.append(ModelText(header.name, self._span(line), line.depth, comments=comments))
        self._check_model_header(line, header)
        self._check_brackets(line)

    def _check_model_header(self, line: Line, header: ModelHeader) -> None:
        text = self.source.text
        word = Span(self.source, line.start, header.word_end)
        if word.text != "model":
            self._unexpected(word, "write 'model'")
        elif not header.name:
            place = word if header.rest >= line.end else Span(self.source, header.rest, line.end)
            self._unexpected(place, _NAMED)
        elif not header.name.startswith('"') and not is_name(header.name):
            start = text.index(header.name, header.word_end)
            self._unexpected(Span(self.source, start, start + len(header.name)), _NAMED)
        elif header.rest < line.end:
            hint = "the header 'model NAME:' stands on a line of its own" if header.has_colon else _NAMED
            self._unexpected(Span(self.source, header.rest, line.end), hint)
        elif not header.has_colon:
            self._missing_colon(Span(self.source, line.start, line.end), text[line.start : line.end])

    def _end_model(self) -> None:
        self._end_section()
        self.section = None
        self.skipping = False
        if self.models:
            self.models[-1].end = self.pending.take_deeper(self.models[-1].depth)

    def _doc(self, line: Line, model: ModelText) -> None:
        self._check_body_depth(line, model)
        span = self._span(line)
        if _TEXT.fullmatch(span.text) is None:
            if span.text.count('"') % 2:
                unclosed_text(Span(self.source, span.start, line.end)).stop(self.report)
            else:
                self._unexpected(span, 'the description of a model is one text in double quotes: "..."')
            return
        model.doc.append(span)
        if line.behind:
            self.pending.add(line.depth, line.behind)

    # --- sections

    def _begin_section(self, line: Line, header: SectionHeader) -> None:
        self._end_section()
        self.skipping = False
        model = self.models[-1]
        self._check_body_depth(line, model)
        name = Span(self.source, line.start, line.start + len(header.word))
        self._check_section_header(name, header, model)
        self.section = SectionText(header.meant, name, line.depth)
        self.section.comments = Comments(self.pending.take())
        model.sections.append(self.section)
        if header.rest < line.end:
            self.section.on_header = True
            self.section.statement_depth = line.depth
            self._statement(line, header.rest, self.section)
        else:
            self.section.comments = Comments(self.section.comments.before, line.behind)

    def _check_section_header(self, name: Span, header: SectionHeader, model: ModelText) -> None:
        if header.row is None:
            self.report.add(UNKNOWN_SECTION, name, hint=hint_for(header.word), name=header.word)
        elif not header.has_colon:
            self._missing_colon(name, header.word)
        if header.row is not None:
            first = model.first.setdefault(header.row.name, name)
            if first is not name:
                hint = f"merge it with the one in line {first.line}"
                self.report.add(REPEATED_SECTION, name, hint=hint, name=header.row.name)

    def _check_body_depth(self, line: Line, model: ModelText) -> None:
        if model.body_depth is None:
            if line.depth <= model.depth:  # go on as if the header of the model stood further left
                self.indentation.check(line, model.depth + _STEP, hint="indent what belongs to the model")
                model.depth = line.depth - 1
            model.body_depth = line.depth
        self.indentation.check(line, model.body_depth)

    def _end_section(self) -> None:
        if self.section is None:
            return
        self.section.end = self.pending.take_deeper(self.section.depth)
        if self.section.row is not None and (self.section.is_flat or not self.section.lines):
            self.report.add(EMPTY_SECTION, self.section.header, name=self.section.row.name)

    # --- statements

    def _statement(self, line: Line, start: int, section: SectionText) -> None:
        section.lines += 1
        if section.statement_depth is None:
            section.statement_depth = line.depth
            section.is_flat = line.depth <= section.depth
        if line.depth > section.statement_depth and self._continues(line, section):
            return
        hint = "statements stand behind the colon, or indented below it" if section.on_header else ""
        self.indentation.check(line, section.statement_depth, hint=hint)
        comments = NO_COMMENTS
        if self.pending.waiting or line.inner or line.behind:
            before = () if start > line.start else self.pending.take(is_first=section.lines == 1)
            comments = Comments(before + line.inner, line.behind)
        if self._check_brackets(line):
            section.statements.append(Statement(Span(self.source, start, line.end), comments))

    def _continues(self, line: Line, section: SectionText) -> bool:
        """Whether a line was meant to continue the statement above it; then the two become one."""
        above = section.statements[-1] if section.statements else None
        if above is None or isinstance(above, Block):
            return False
        text = self.source.text
        if text[above.span.end - 1] not in _ASKS_FOR_MORE and not _GOES_ON.match(text, line.start):
            return False
        self.indentation.check(line, section.statement_depth or 0, hint="brackets continue a statement over lines")
        if self._check_brackets(line):
            span = Span(self.source, above.span.start, line.end)
            section.statements[-1] = Statement(span, above.comments)
        return True

    def _check_brackets(self, line: Line) -> bool:
        if line.unclosed >= 0:
            bracket = self.source.text[line.unclosed]
            place = Span(self.source, line.unclosed, line.unclosed + 1)
            closing = CLOSING[bracket]
            hint = f"add '{closing}', or indent the lines up to it by more than the first"
            self.report.add(UNCLOSED_BRACKET, place, hint=hint, bracket=bracket)
        if line.too_much:
            most = self.limits.nesting if line.too_much == "nesting" else self.limits.tokens
            self.too_much(line, line.too_much, most)
        return line.unclosed < 0 and not line.too_much

    # --- problems that several lines above may have

    def _skip(self, line: Line, hint: str) -> None:
        """Report a line that belongs nowhere; it and what follows is left out, up to the next header."""
        self.skipping = True
        self._unexpected(self._span(line), hint)

    def _unexpected(self, span: Span, hint: str) -> None:
        unexpected_text(span, hint).stop(self.report)

    def _missing_colon(self, span: Span, header: str) -> None:
        self.report.add(MISSING_COLON, span, header=header)

    def _no_model(self, span: Span) -> None:
        self.report.add(EMPTY_SOURCE, span, hint=path_hint(span.source.text))

    def _span(self, line: Line) -> Span:
        return Span(self.source, line.start, line.end)
