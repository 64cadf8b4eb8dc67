"""What a text is split into: models, sections and statements, none of them read yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from opjax.records import record
from opjax.source import Source, Span
from opjax.spec.registry import SectionRow
from opjax.syntax.declarations import NO_COMMENTS, Comments


@record()
class Statement:
    """One statement of a section: its characters and its comments."""

    span: Span
    comments: Comments = NO_COMMENTS


@record()
class Block:
    """Lines of which each is one statement without comments.

    Arguments:
        source: the text.
        start: offset of the line end above the first.
        end: offset behind the last.
        indent: what stands before each.
        count: how many there are.
    """

    source: Source
    start: int
    end: int
    indent: str
    count: int

    def first_of(self, start: int) -> Span:
        """The first statement below a line end."""
        first = start + 1 + len(self.indent)
        text = self.source.text[first : self.line_end(first)]
        return Span(self.source, first, first + len(text.rstrip(" \t")))

    def line_end(self, place: int) -> int:
        """The end of the line in which a place lies."""
        end = self.source.text.find("\n", place, self.end)
        return self.end if end < 0 else end

    def spans(self) -> Iterator[Span]:
        """All statements."""
        position = self.start
        while position < self.end:
            span = self.first_of(position)
            yield span
            position = self.line_end(span.end)


@dataclass(slots=True)
class SectionText:
    """A section.

    Arguments:
        row: which section it is; None if nobody can tell.
        header: its name.
        depth: the indentation of its header.
        on_header: whether its (first) statement stands on the line of the header.
        statements: in order; the last is no block.
        comments: before and behind the header.
        end: the comments behind the last statement.
        statement_depth: the indentation of its statements, once there is one.
        lines: how many lines it has, also such as could not be split into statements.
        is_flat: whether its lines are not indented.
    """

    row: SectionRow | None
    header: Span
    depth: int
    on_header: bool = False
    statements: list[Statement | Block] = field(default_factory=list[Statement | Block])
    comments: Comments = NO_COMMENTS
    end: tuple[str, ...] = ()
    statement_depth: int | None = None
    lines: int = 0
    is_flat: bool = False


@dataclass(slots=True)
class ModelText:
    """A model.

    Arguments:
        name: its name as it is written, with quotes where it has any.
        header: its header.
        depth: the indentation of its header.
        end_offset: offset behind its last line.
        doc: the texts below the header, with their quotes.
        sections: in order, also unknown ones.
        comments: before and behind the header.
        end: the comments behind the last section.
        body_depth: the indentation of its sections, once there is one.
        first: where a section of each name stands first.
    """

    name: str
    header: Span
    depth: int
    end_offset: int = 0
    doc: list[Span] = field(default_factory=list[Span])
    sections: list[SectionText] = field(default_factory=list[SectionText])
    comments: Comments = NO_COMMENTS
    end: tuple[str, ...] = ()
    body_depth: int | None = None
    first: dict[str, Span] = field(default_factory=dict[str, Span])
