"""What a text is split into: models, sections and statements, none of them read yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from opjax.records import record
from opjax.source import Span
from opjax.spec.registry import SectionRow
from opjax.syntax.declarations import NO_COMMENTS, Comments


@record()
class Statement:
    """One statement of a section: its characters and its comments."""

    span: Span
    comments: Comments = NO_COMMENTS


@dataclass(slots=True)
class SectionText:
    """A section.

    Arguments:
        row: which section it is; None if nobody can tell.
        header: its name.
        depth: the indentation of its header.
        on_header: whether its (first) statement stands on the line of the header.
        statements: in order.
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
    statements: list[Statement] = field(default_factory=list[Statement])
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
