"""What a YAML text says next."""

from __future__ import annotations

from typing import Literal, NamedTuple


class YamlEvent(NamedTuple):
    """What a YAML text says next.

    Arguments:
        kind: a scalar, an alias, the begin of a list or mapping, their end, or the begin of a document.
        start: the offset of its first character.
        end: the offset behind its last character.
        anchor: the name of its anchor, or the name that an alias repeats.
        feature: what it uses that models do not, such as a tag; empty for nothing.
        text: the decoded text of a scalar.
        style: the quote of a scalar (or ``|``, ``>``), ``{`` and ``[`` for collections on one line; else empty.
    """

    kind: Literal["scalar", "alias", "list", "mapping", "end", "document"]
    start: int
    end: int
    anchor: str | None = None
    feature: str = ""
    text: str = ""
    style: str = ""
