"""What a key of the model's mapping is: its form, its reader, its writer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opjax.spec.document import Node
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.shapes import Shape
from opjax.syntax.declarations import BLANK_LINE, NO_COMMENTS, Comments, Declaration, ModelSyntax

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
"""The characters that YAML does not take as they are."""


@dataclass(frozen=True, slots=True)
class Commented:
    """A written value with the comments of what it says."""

    value: Plain
    comments: Comments


Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"] | Commented
"""A written value: what YAML, JSON and Python mappings have in common, and comments."""


@dataclass(frozen=True, slots=True)
class Section:
    """One key.

    Arguments:
        key: the key.
        doc: one line about it, for editors.
        shape: what its value looks like.
        read: adds what the value says to the draft; gets values of the right type only.
        write: the value that says the same of a model; None where the key is not needed.
        field: the field of `ModelSyntax` that it fills, to which the comments above the key belong.
    """

    key: str
    doc: str
    shape: Shape
    read: Callable[[Node, Draft], None]
    write: Callable[[ModelSyntax], Plain]
    field: str = ""


def nothing(model: ModelSyntax) -> Plain:
    """The writer of keys that have another, preferred spelling."""
    return None


def named(pairs: Iterable[tuple[str, Plain]]) -> Plain:
    """Names with values: a mapping, or a list of mappings with one name each where a name stands twice."""
    rows = list(pairs)
    if not rows:
        return None
    if len({name for name, _ in rows}) == len(rows):
        return dict(rows)
    return listed(rows)


def listed(rows: Iterable[tuple[str, Plain]]) -> list[Plain]:
    """Names with values as a list of mappings with one name each; comments belong to the items."""
    items: list[Plain] = []
    for name, value in rows:
        is_commented = isinstance(value, Commented)
        items.append(Commented({name: value.value}, value.comments) if is_commented else {name: value})
    return items


def commented(declaration: Declaration, value: Plain) -> Plain:
    """A value with the comments of the declaration that it says."""
    comments = cleaned(declaration.comments)
    return value if comments == NO_COMMENTS else Commented(value, comments)


def cleaned(comments: Comments) -> Comments:
    """Comments as YAML can hold them: without control characters, without blank lines that have no comment below."""
    before = [text if text == BLANK_LINE else UNPRINTABLE.sub(" ", text) for text in comments.before]
    while before[:2] == [BLANK_LINE, BLANK_LINE] or before == [BLANK_LINE]:
        before.pop(0)
    return Comments(tuple(before), UNPRINTABLE.sub(" ", comments.behind).strip())


def record(main: tuple[str, Plain], **others: Plain) -> Plain:
    """A mapping without the keys that say nothing; only the value of the main key where there is no other."""
    name, value = main
    rest = {key: other for key, other in others.items() if other is not None and other != ""}
    return {name: value, **rest} if rest else value
