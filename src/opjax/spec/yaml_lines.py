"""The events of plain YAML, line by line: names with values and lists of them, as most files of models are.

Much quicker than a parser of all of YAML. Whatever is not of this form (anchors, tags, texts in blocks, escapes,
several documents, anything wrong) makes the whole text one for that parser; what is of this form has the same events
there.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from opjax.spec.yaml_event import YamlEvent

Kind = Literal["list", "mapping"]

_OTHER: Final = re.compile(
    r"[\t\r\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]|^(?:---|\.\.\.|%)", re.MULTILINE
)
"""Characters that only a parser of all of YAML tells apart, and the signs between documents."""
_KEY: Final = r"[A-Za-z_][A-Za-z0-9_]{0,99}+(?:\[[A-Za-z0-9_=,\ ]{0,99}+\])?+"
_WORD: Final = r"""(?:[!"$-9;-~]|:(?=[!-~]))"""
_PLAIN: Final = rf"(?:[A-Za-z0-9_.()+/^$~<=;\\]|-(?=[!-~])){_WORD}*+(?:[ ]++{_WORD}++)*+"
_QUOTED: Final = r"""(?:"[^"\\\n]*+"|'[^'\n]*+')"""
_BARE: Final = r"[A-Za-z0-9_.+*/()^<>=-]"
_SHORT: Final = rf"(?:[A-Za-z0-9_.(]|[-+](?=[A-Za-z0-9_.(])){_BARE}*+(?:[ ]++{_BARE}++)*+"
_END: Final = r"[ ]*+(?:(?<![^ \n])#[^\n]*+)?(?:\n|\Z)"


@functools.cache
def _line() -> re.Pattern[str]:
    """One line, or what stands before a value in brackets; compiled when first needed, to keep imports quick."""
    head = rf"(?P<dashes>[ ]*+(?:-[ ]++)*+)(?:(?P<key>{_KEY}):(?=[ \n]|\Z)[ ]*+)?"
    return re.compile(rf"{head}(?:(?:(?P<plain>{_PLAIN})|(?P<quoted>{_QUOTED}))?{_END}|(?P<flow>(?=[\[{{])))")


@functools.cache
def _more() -> re.Pattern[str]:
    """Another line of a text without quotes."""
    return re.compile(rf"([ ]++)({_WORD}++(?:[ ]++{_WORD}++)*+)[ ]*+(?:\n|\Z)")


@functools.cache
def _end() -> re.Pattern[str]:
    return re.compile(_END)


@functools.cache
def _parts() -> re.Pattern[str]:
    """What stands inside brackets."""
    key = r"[A-Za-z_][A-Za-z0-9_]{0,99}+(?=:[ ])"
    return re.compile(
        rf"(?P<space>[ \n]++)|(?P<key>{key}):|(?P<short>{_SHORT})|(?P<quoted>{_QUOTED})|(?P<sign>[][{{}},])"
    )


def plain_events(text: str) -> list[YamlEvent] | None:
    """The events of a text; None where something in it is not of the plain form."""
    if _OTHER.search(text):
        return None
    reader, line = _Reader(text), _line()
    position, end = 0, len(text)
    while position < end:
        position = reader.more(position)
        found = line.match(text, position)
        if found is None or not reader.take(found):
            return None
        position = reader.behind(found)
        if position < 0:
            return None
    return reader.finish(end)


@dataclass(slots=True)
class _Reader:
    """The events so far.

    Arguments:
        text: the whole text.
        opened: the columns of the collections around the next line, and what they are.
        waiting: whether the value of a key did not stand in its line.
        unfinished: whether the line before ended in a text without quotes, which the next one may go on with.
    """

    text: str
    events: list[YamlEvent] = field(default_factory=lambda: [YamlEvent("document", 0, 0)])
    opened: list[tuple[int, Kind]] = field(default_factory=list[tuple[int, Kind]])
    waiting: bool = False
    unfinished: bool = False

    def more(self, position: int) -> int:
        """Take the lines that go on with the text of the line before; the offset behind them."""
        if not self.unfinished:
            return position
        self.unfinished = False
        last, lines, end = self.events[-1], [self.events[-1].text], -1
        found = _more().match(self.text, position)
        while found is not None and len(found[1]) > self.opened[-1][0]:
            lines.append(found[2])
            position, end = found.end(), found.end(2)
            found = _more().match(self.text, position)
        if end >= 0:
            self.events[-1] = YamlEvent("scalar", last.start, end, text=" ".join(lines))
        return position

    def take(self, line: re.Match[str]) -> bool:
        """Read a line up to a value in brackets; False where it is not of the plain form."""
        begin, key, dashes = line.start(), line["key"], line["dashes"]
        value = line.lastgroup if line.lastgroup in ("plain", "quoted", "flow") else None
        if key is None and value is None:
            return "-" not in dashes  # a blank line, a comment, or a dash with nothing behind it
        fresh = False  # whether what follows stands behind a dash, and so begins something
        column = dashes.find("-")
        while column >= 0:
            if not self.enter(column, "list", begin + column, fresh):
                return False
            column, fresh = dashes.find("-", column + 1), True
        if key is not None:
            start = line.start("key")
            if not self.enter(start - begin, "mapping", start, fresh):
                return False
            self.events.append(YamlEvent("scalar", start, start + len(key), text=key))
        elif not fresh:
            return False  # a text of its own
        self.waiting = value is None
        if value == "plain":
            self.events.append(YamlEvent("scalar", line.start(value), line.end(value), text=line[value]))
            self.unfinished = "#" not in self.text[line.end(value) : line.end()]
        elif value == "quoted":
            self.events.append(_quoted(line.start(value), line[value]))
        return True

    def behind(self, line: re.Match[str]) -> int:
        """The offset behind a line, and behind its value in brackets; -1 where that is not of the plain form."""
        if line.lastgroup != "flow":
            return line.end()
        behind = self.flow(line.end())
        found = _end().match(self.text, behind) if behind >= 0 else None
        return -1 if found is None else found.end()

    def enter(self, column: int, kind: Kind, place: int, fresh: bool) -> bool:
        """Go on with the collection at a column, or begin it; False where none can stand there."""
        opened = self.opened
        if not fresh:
            begins = self.value_begins(column, kind, place)
            while (
                not begins and opened and (opened[-1][0] > column or opened[-1] == (column, "list") != (column, kind))
            ):
                opened.pop()
                self.events.append(YamlEvent("end", place, place))
            if not begins and len(self.events) > 1:
                return bool(opened) and opened[-1] == (column, kind)
        opened.append((column, kind))
        self.events.append(YamlEvent(kind, place, place))
        return True

    def value_begins(self, column: int, kind: Kind, place: int) -> bool:
        """Whether a collection at a column is the value of the key above; else that key has none."""
        if not self.waiting:
            return False
        outer = self.opened[-1][0]
        begins = column > outer or (column == outer and kind == "list")
        if not begins:
            self.events.append(YamlEvent("scalar", place, place))
        self.waiting = False
        return begins

    def flow(self, position: int) -> int:
        """Read ``[a, b]`` or ``{a: b}``; the offset behind it, or -1 where it is not of the plain form."""
        open_signs: list[str] = []
        wanted = "value"  # what comes next: a value, a key, or the sign behind a value
        while wanted != "sign" or open_signs:
            part = _parts().match(self.text, position)
            if part is None:
                return -1
            found, place, position = part.lastgroup, position, part.end()
            if found == "space":
                if "\n" in part[0] and len(part[0].rpartition("\n")[2]) <= self.opened[-1][0]:
                    return -1
            elif found == "sign":
                wanted = self.sign(part[0], place, wanted, open_signs)
                if not wanted:
                    return -1
            elif found == "key" and wanted == "key":
                self.events.append(YamlEvent("scalar", place, position - 1, text=part["key"]))
                wanted = "value"
            elif found != "key" and wanted == "value":
                quoted = found == "quoted"
                self.events.append(
                    _quoted(place, part[0]) if quoted else YamlEvent("scalar", place, position, text=part[0])
                )
                wanted = "sign"
            else:
                return -1
        return position

    def sign(self, sign: str, place: int, wanted: str, open_signs: list[str]) -> str:
        """Read a bracket or comma; what comes next, or nothing where it cannot stand there."""
        inside = open_signs[-1] if open_signs else ""
        if sign in "[{" and wanted == "value":
            open_signs.append(sign)
            self.events.append(YamlEvent("list" if sign == "[" else "mapping", place, place + 1, style=sign))
            return "value" if sign == "[" else "key"
        if sign == "," and wanted == "sign":
            return "value" if inside == "[" else "key"
        empty = self.events[-1].style == inside and self.events[-1].kind in ("list", "mapping")
        if inside + sign in ("[]", "{}") and (wanted == "sign" or empty):
            open_signs.pop()
            self.events.append(YamlEvent("end", place, place + 1))
            return "sign"
        return ""

    def finish(self, end: int) -> list[YamlEvent] | None:
        """All events; None where there are none."""
        if not self.opened:
            return None
        if self.waiting:
            self.events.append(YamlEvent("scalar", end, end))
        self.events.extend(YamlEvent("end", end, end) for _ in self.opened)
        return self.events


def _quoted(start: int, text: str) -> YamlEvent:
    return YamlEvent("scalar", start, start + len(text), text=text[1:-1], style=text[0])
