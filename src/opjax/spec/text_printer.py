"""From the syntax of a model to its text: one canonical layout, with every comment kept.

Reading what is printed gives an equal model, and printing that gives the same text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.files import source_from_text
from opjax.spec.registry import SECTIONS, SectionRow
from opjax.spec.text_layout import WIDTH, aligned, broken
from opjax.spec.text_reader import read_text
from opjax.syntax.declarations import (
    BLANK_LINE,
    NO_COMMENTS,
    Comments,
    Declaration,
    IndependentAxis,
    ModelSyntax,
    SectionComments,
    StateDeclaration,
)
from opjax.syntax.expression_printer import quoted
from opjax.syntax.names import is_name
from opjax.syntax.printer import print_declaration

_STEP = "  "
_LINE_END = re.compile("\r\n|\r|\n")
_NOT_PRINTED = re.compile("[\0\f\ud800-\udfff]")


def print_model(model: ModelSyntax, *, canonical: bool = False) -> str:
    """The text of a model.

    Arguments:
        model: the model, from any spelling.
        canonical: leave out what has no meaning (comments, descriptions, columns, the spelling of numbers).

    Returns:
        The text, with a line end behind the last line.

    Example:
        >>> print(print_model(ModelSyntax("SI", states=(StateDeclaration("S"), StateDeclaration("I")))), end="")
        model SI:
          states: S, I
    """
    lines = _canonical_lines(model) if canonical else _model_lines(model)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def print_models(models: Iterable[ModelSyntax]) -> str:
    """The text of several models, with a blank line between them."""
    return "\n".join(print_model(model) for model in models)


def content_hash(model: ModelSyntax) -> str:
    """The SHA-256 of what a model means: equal for every spelling, layout, comment and description of it.

    Arguments:
        model: the model.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> content_hash(ModelSyntax("SI", doc="a note")) == content_hash(ModelSyntax("SI"))
        True
    """
    return hashlib.sha256(print_model(model, canonical=True).encode("utf-8")).hexdigest()


def format_text(text: str | Source, limits: Limits = DEFAULT_LIMITS) -> str:
    """Put a text into the canonical layout.

    Arguments:
        text: the models, as a string or as a source.
        limits: bound the work.

    Returns:
        The same models with the same comments; formatting it once more changes nothing.

    Raises:
        OpjaxError: all problems of the text.

    Example:
        >>> print(format_text("model Decay:\\n      dynamics:\\n         N'   =  -N # slow\\n"), end="")
        model Decay:
          dynamics:
            N' = -N  # slow
    """
    source = text if isinstance(text, Source) else source_from_text(text, limits=limits)
    report = Report()
    models = read_text(source, report, limits)
    report.check()
    return print_models(models)


def _canonical_lines(model: ModelSyntax) -> Iterator[str]:
    yield _header(model)
    for row in SECTIONS:
        declarations = row.of(model)
        if declarations:
            yield f"{_STEP}{row.name}:"
        for declaration in declarations:
            yield f"{_STEP}{_STEP}{print_declaration(declaration, canonical=True)}"


def _model_lines(model: ModelSyntax) -> Iterator[str]:
    yield from _comment_lines(model.comments.before, "")
    yield _with_comment(_header(model), model.comments.behind)
    if model.doc:
        yield from (_STEP + quoted(line) for line in _LINE_END.split(_NOT_PRINTED.sub(" ", model.doc)))
    around = _by_section(model)
    is_first = not model.doc
    for row in SECTIONS:
        if row.of(model):
            if not is_first:
                yield ""
            yield from _section_lines(row, row.of(model), around.get(row.field, SectionComments(row.field)))
            is_first = False
    if model.end_comments:
        yield ""
        yield from _comment_lines(model.end_comments, _STEP)


def _header(model: ModelSyntax) -> str:
    if is_name(model.name):
        return f"model {model.name}:"
    return f"model {quoted(_LINE_END.sub(' ', _NOT_PRINTED.sub(' ', model.name)))}:"


def _by_section(model: ModelSyntax) -> dict[str, SectionComments]:
    """The comments of each section; those of a repeated or missing one are not lost."""
    found: dict[str, SectionComments] = {}
    for one in model.section_comments:
        first = found.get(one.field, SectionComments(one.field))
        comments = Comments(first.comments.before + one.comments.before, first.comments.behind or one.comments.behind)
        found[one.field] = SectionComments(one.field, comments, first.end + one.end)
    return found


def _section_lines(row: SectionRow, declarations: tuple[Declaration, ...], around: SectionComments) -> Iterator[str]:
    line = _one_line(row, declarations)
    first = declarations[0].comments
    before = around.comments.before + (first.before if line else ())
    yield from _comment_lines(before, _STEP)
    if line:
        yield _with_comment(line, " ".join(text for text in (first.behind, around.comments.behind) if text))
    else:
        yield _with_comment(f"{_STEP}{row.name}:", around.comments.behind)
        yield from _block_lines(row, declarations)
    yield from _comment_lines(around.end, _STEP + _STEP)


def _one_line(row: SectionRow, declarations: tuple[Declaration, ...]) -> str:
    """A section in the line of its header, or "" where it needs a block: the time, or a list of bare names."""
    if row.field != "time":
        bare = (isinstance(d, StateDeclaration | IndependentAxis) and _is_bare(d) for d in declarations)
        if row.parse_list is None or not all(bare):
            return ""
    line = f"{_STEP}{row.name}: " + ", ".join(print_declaration(d) for d in declarations)
    return line if len(line) <= WIDTH or row.field == "time" else ""


def _is_bare(found: StateDeclaration | IndependentAxis) -> bool:
    has_more = bool(found.doc)
    if isinstance(found, StateDeclaration):
        has_more = has_more or bool(found.unit or found.initial is not None or found.flags or found.measure_axes)
    return not has_more and found.comments == NO_COMMENTS


def _block_lines(row: SectionRow, declarations: tuple[Declaration, ...]) -> Iterator[str]:
    indent = _STEP + _STEP
    is_first = True
    for group in _groups(declarations):
        yield from _comment_lines(group[0].comments.before, indent, is_first=is_first)
        lines = [print_declaration(declaration) for declaration in group]
        if row.in_columns:
            lines = aligned(lines, WIDTH - len(indent))
        for declaration, line in zip(group, lines, strict=True):
            yield _with_comment(indent + broken(line, indent), declaration.comments.behind)
        is_first = False


def _groups(declarations: tuple[Declaration, ...]) -> Iterator[list[Declaration]]:
    """Declarations that stand in a row, without a comment or a blank line in between."""
    group: list[Declaration] = []
    for declaration in declarations:
        if group and declaration.comments.before:
            yield group
            group = []
        group.append(declaration)
    yield group


def _comment_lines(texts: tuple[str, ...], indent: str, *, is_first: bool = True) -> Iterator[str]:
    """Comments on lines of their own; a blank line only behind something."""
    for text in texts:
        if text != BLANK_LINE:
            yield from (f"{indent}# {line}".rstrip() for line in _LINE_END.split(_NOT_PRINTED.sub(" ", text)))
        elif not is_first:
            yield ""
        is_first = False


def _with_comment(line: str, comment: str) -> str:
    shown = _LINE_END.sub(" ", _NOT_PRINTED.sub(" ", comment))
    return f"{line}  # {shown}".rstrip() if shown else line
