"""Headers of the text spelling: which line begins a model or a section, well written or nearly so."""

from __future__ import annotations

import functools
import re

from opjax.errors import did_you_mean
from opjax.errors.suggest import nearest
from opjax.records import record
from opjax.spec.registry import BY_WORD, ELSEWHERE, SECTIONS, SectionRow
from opjax.spec.text_lines import Line

_WORD = re.compile(r"([^\W\d]\w*+)([ \t]*+)(:?)[ \t]*+")
_MODEL = re.compile(r"""model\b[ \t]*+("[^"\n]*+(?:""[^"\n]*+)*"(?!")|[^\s:"]++)?[ \t]*+(:?)[ \t]*+""", re.IGNORECASE)
_OTHER_WORDS = re.compile(r'[^\W\d]|"')


@record()
class ModelHeader:
    """``model NAME:``, or something close to it.

    Arguments:
        word_end: offset behind the word ``model``.
        name: the name as it is written, with its quotes where it has any; may be empty.
        has_colon: whether the colon is there.
        rest: offset of what follows; the end of the line where nothing does.
    """

    word_end: int
    name: str
    has_colon: bool
    rest: int


@record()
class SectionHeader:
    """``NAME:``, or something close to it.

    Arguments:
        word: the name as it is written.
        has_colon: whether the colon is there.
        rest: offset of what follows; the end of the line where nothing does.
        row: the section, or None if there is none of this name.
    """

    word: str
    has_colon: bool
    rest: int
    row: SectionRow | None

    @property
    def meant(self) -> SectionRow | None:
        """The section, or the one that was probably meant."""
        return self.row or _meant(self.word)

    def is_bare(self, line: Line) -> bool:
        """Whether this can be nothing but a header: the name of a section, a colon, and the line ends."""
        return self.row is not None and self.has_colon and self.rest == line.end

    def begins_section(self, line: Line, *, inside: bool) -> bool:
        """Whether to take the line as a header where headers stand.

        Arguments:
            line: the line.
            inside: whether a section stands above; then ``NAME: text`` may also be a statement that is not indented.
        """
        return self.rest == line.end or not inside or self.meant is not None


def model_header(text: str, line: Line, *, strict: bool) -> ModelHeader | None:
    """Read a line as the header of a model.

    Arguments:
        text: the whole text.
        line: the line in it.
        strict: whether only the exact form counts; inside a section, ``model fixed`` is a parameter.
    """
    found = _MODEL.match(text, line.start, line.end)
    if found is None:
        return None
    header = ModelHeader(line.start + len("model"), found.group(1) or "", bool(found.group(2)), found.end())
    is_exact = text.startswith("model", line.start) and header.name and header.has_colon and header.rest == line.end
    return None if strict and not is_exact else header


def section_header(text: str, line: Line) -> SectionHeader | None:
    """Read a line as the header of a section; None where it cannot be one."""
    found = _WORD.match(text, line.start, line.end)
    if found is None:
        return None
    word, space, colon = found.groups()
    rest = found.end()
    row = BY_WORD.get(word)
    if not colon:
        begins = row is not None and (rest == line.end or (space and _OTHER_WORDS.match(text, rest)))
        return SectionHeader(word, False, rest, row) if begins else None
    return SectionHeader(word, True, rest, row)


def hint_for(word: str) -> str:
    """What to write instead of an unknown section."""
    row = ELSEWHERE.get(word.lower())
    if row is not None:
        return f"write '{row.name}:'"
    names = [row.name for row in SECTIONS]
    return did_you_mean(word, names, "the sections are " + ", ".join(names))


@functools.lru_cache(maxsize=1024)
def _meant(word: str) -> SectionRow | None:
    row = ELSEWHERE.get(word.lower())
    close = nearest(word, BY_WORD, most=1)
    return row or (BY_WORD[close[0]] if close else None)
