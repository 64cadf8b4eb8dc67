"""Statements of a form that comes again and again: one regular expression reads them, one function makes the nodes.

`recipes` repeats the parser's steps over the tokens of a statement; this does without tokens and steps. What a form
becomes is found out once, from a statement of it in which every name and number is one that occurs nowhere else: where
these and their places come out in the tree, those of the next statement go in. What is more than a copy (a number that
becomes a count, a name that is looked at) stays as it is written, and is part of the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, cast

from opjax.errors import Stop
from opjax.records import record
from opjax.source import Source, Span
from opjax.syntax.declarations import Declaration, DerivativeDeclaration, TransitionDeclaration
from opjax.syntax.names import LONGEST_NAME, PART_OF_NAME, PART_OF_NUMBER
from opjax.syntax.nodes import Expression, Form, Number, Syntax, fields_of
from opjax.syntax.pattern import Maker, Pattern, Sample
from opjax.syntax.recipes import LONGEST, Pieces, make_room
from opjax.traverse import Walk, run

OFTEN: Final = 12
"""A form that has been met so often is worth a pattern; where it gets none, it is tried again at twice that, ..."""
MOST_TOKENS: Final = 100
MOST_OF_A_KIND: Final = 24
"""Patterns with the same signs that are tried."""
_UNUSUAL: Final = frozenset("[{.") | {"in"}
"""Signs and words behind which the text itself decides what it is."""
_FIRST: Final = 7_000_001
_SIGNS: Final = str.maketrans(dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t."))
_BEHIND_NAME: Final = f"(?!{PART_OF_NAME})"
_BEHIND_NUMBER: Final = f"(?!{PART_OF_NUMBER})"
_NAME: Final = rf"([A-Za-z_][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}+){_BEHIND_NAME}"
_WHOLE: Final = rf"([0-9]++){_BEHIND_NUMBER}"
_DECIMAL: Final = r"((?:[0-9]++\.[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++)" + _BEHIND_NUMBER
_WORD: Final = re.compile(r"\w+")
_STRING: Final = r"""("[^"\n]*+(?:""[^"\n]*+)*"(?!")|(?<![\w\])])'[^'\n]*+(?:''[^'\n]*+)*'(?!'))"""
"""Behind a name, ' is a derivative."""

Parse = Callable[[Span], object]
_LATE: Final = (TransitionDeclaration, DerivativeDeclaration)
"""Statements whose terms and expressions are made when somebody asks: rows of one form are lowered without them."""


@dataclass(slots=True)
class Patterns:
    """The patterns by kind of statement and signs.

    Arguments:
        words: the words that may be keywords; they are no names here.
    """

    words: frozenset[str]
    known: dict[tuple[str, str], list[Pattern]] = field(default_factory=dict[tuple[str, str], list[Pattern]])
    seen: dict[tuple[str, tuple[str, ...]], int] = field(default_factory=dict[tuple[str, tuple[str, ...]], int])
    latest: dict[str, Pattern] = field(default_factory=dict[str, Pattern])
    """That of the last statement of each kind: the next one is often like it."""

    def read(self, kind: str, source: Source, start: int, end: int) -> Any:
        """The value of a statement of a form with a pattern; None if it has none, or a problem."""
        if end - start > LONGEST:
            return None
        text, latest = source.text, self.latest.get(kind)
        found = latest and latest.expression.fullmatch(text, start, end)
        if latest and found:
            return latest.make(source, found)
        for pattern in self.known.get((kind, text[start:end].translate(_SIGNS)), ()):
            found = pattern.expression.fullmatch(text, start, end)
            if found is not None:
                self.latest[kind] = pattern
                return pattern.make(source, found)
        return None

    def met(self, kind: str, span: Span, pieces: Pieces, value: object, parse: Parse) -> None:
        """Note a statement that was read in another way; a form that is met often gets a pattern."""
        key = (kind, pieces.form)
        make_room(self.seen)
        count = self.seen[key] = self.seen.get(key, 0) + 1
        rounds, rest = divmod(count, OFTEN)
        if rest or rounds & (rounds - 1) or len(pieces.places) > MOST_TOKENS or not _UNUSUAL.isdisjoint(pieces.form):
            return
        pattern = _learned(self.words, span, pieces, value, parse)
        if pattern is not None:
            make_room(self.known)
            others = self.known.setdefault((kind, span.text.translate(_SIGNS)), [])
            others.append(pattern)
            del others[:-MOST_OF_A_KIND]


def _learned(words: frozenset[str], span: Span, pieces: Pieces, value: object, parse: Parse) -> Pattern | None:
    """The pattern of a statement; None if its form has none."""
    tokens = [_Token(sign, span.source.text[a:b]) for sign, (a, b) in zip(pieces.form, pieces.places, strict=True)]
    tokens.pop()  # the end
    kept = {place for place, after in enumerate(tokens[1:]) if after.sign == "("}  # names of functions
    whole = {place for place, token in enumerate(tokens) if token.text.isdigit()}
    while True:
        try:
            pattern = _Sample(tokens, frozenset(kept)).pattern(words, parse)
        except _NoCopyError as found:
            if (found.places or whole) <= kept:
                return None
            kept |= found.places or whole
            continue
        real = Span(span.source, pieces.places[0][0], pieces.places[-2][1])
        others = ([_FIRST - place for place in range(len(tokens))], [0] * len(tokens))
        samples = [Span(Source("<sample>", text := _written(tokens, kept, row)), 0, len(text)) for row in others]
        right = _again(pattern, real) == outline(value)
        return pattern if right and all(_is_read(pattern, sample, parse) for sample in samples) else None


def _is_read(pattern: Pattern, sample: Span, parse: Parse) -> bool:
    """Whether a sample is read alike; one in which names sort in another order, or are the same, tells more copies."""
    try:
        return _again(pattern, sample) == outline(parse(sample))
    except Stop:  # there is a problem, which the pattern does not see
        return False


def _again(pattern: Pattern, span: Span) -> object:
    """The outline of what a pattern makes of a statement."""
    found = pattern.expression.fullmatch(span.source.text, span.start, span.end)
    return found and outline(pattern.make(span.source, found))


def _written(tokens: Sequence[_Token], kept: Container[int], numbers: Sequence[int]) -> str:
    """A statement in which names and numbers are made of other numbers, but for those that are kept."""
    texts = [t.text if place in kept else t.like(numbers[place]) for place, t in enumerate(tokens)]
    return "".join(("" if text == "'" else " ") + text for text in texts)[1:]


class _NoCopyError(Exception):
    """What a statement becomes is more than a copy of its names and numbers: of those at some places, or of any."""

    def __init__(self, places: Iterable[int] = ()) -> None:
        super().__init__()
        self.places = frozenset(places)


@record(eq=False)
class _Token:
    """A token: its part in the form, and its text."""

    sign: str
    text: str

    @property
    def is_name(self) -> bool:
        return self.sign == "a"

    @property
    def is_number(self) -> bool:
        return self.sign == "1"

    @property
    def is_text(self) -> bool:
        return self.sign == '"'

    def like(self, number: int) -> str:
        """Another token of its sort, made of a number."""
        if self.is_name:
            return f"q{number}z"
        if self.is_number:
            return f"{number}{'' if self.text.isdigit() else '.5'}"
        return f'"s{number}s"' if self.is_text else self.text


class _Sample:
    """A statement of a form in which every name and number is its own, and the function that is read off its tree.

    Arguments:
        tokens: those of a real statement.
        kept: the places of tokens that are part of the form as they are written.
    """

    def __init__(self, tokens: list[_Token], kept: frozenset[int]) -> None:
        self.tokens = tokens
        self.free = [place for place, t in enumerate(tokens) if place not in kept and t.sign in ("a", "1", '"')]
        self.texts = [t.text if place in kept else t.like(_FIRST + place) for place, t in enumerate(tokens)]
        spaced = [("" if text == "'" else " ") + text for text in self.texts]
        self.source = Source("<sample>", "".join(spaced))
        ends = [0]
        for text in spaced:
            ends.append(ends[-1] + len(text))
        self.starts = {
            end - len(text): place for place, (text, end) in enumerate(zip(self.texts, ends[1:], strict=True))
        }
        self.ends = {end: place for place, end in enumerate(ends[1:])}
        self.placed: set[int] = set()
        self.lines: list[str] = []
        self.names: dict[str, object] = {"Span": Span, "Form": Form, "inf": inf}

    def pattern(self, keywords: frozenset[str], parse: Parse) -> Pattern:
        """The pattern.

        Raises:
            _NoCopyError: if there is none.
        """
        try:
            value = parse(Span(self.source, 0, len(self.source.text)))
        except Stop as error:  # names and numbers of another kind are wanted here
            raise _NoCopyError from error
        root, form = run(self.node(value)), self.form(value)
        self.names |= {"usual": keywords.isdisjoint, "new": object.__new__}
        lines = [f"{root}.form = {form}"] if form else []
        everything = self.function([*self.lines, *lines, f"return {root}"])
        make = self.function(self.late(value, form)) if isinstance(value, _LATE) else everything
        self.names["pattern"] = pattern = Pattern(self.expression(), make, everything, self.sample(value))
        return pattern

    def sample(self, value: object) -> Sample:
        """What is known of the statement itself."""
        groups = self.groups()
        words = [p for p in self.free if self.tokens[p].is_name]
        numbers = [p for p in self.free if self.tokens[p].is_number]
        texts = [tuple(self.texts[p] for p in places) for places in (words, numbers)]
        return Sample(
            value,
            texts[0],
            texts[1],
            tuple(groups[p] - 1 for p in words),
            tuple(groups[p] - 1 for p in numbers),
            any(self.tokens[p].is_text for p in self.free),
        )

    def groups(self) -> dict[int, int]:
        """The groups of the expression by the places of their tokens."""
        return {place: number for number, place in enumerate(sorted(self.placed.union(self.free)), start=1)}

    def form(self, value: object) -> str:
        """The expression for the form of a statement."""
        if not isinstance(value, Declaration | Expression):
            return ""
        words = "".join(f"t{p}, " for p in self.free if self.tokens[p].is_name)
        numbers = "".join(f"t{p}, " for p in self.free if self.tokens[p].is_number)
        return f"Form(pattern, ({words}), ({numbers}))"

    def expression(self) -> re.Pattern[str]:
        """The regular expression of the form."""
        parts: list[str] = []
        for place, token in enumerate(self.tokens):
            free = place in self.free
            if free and not token.is_text:
                part = _NAME if token.is_name else _WHOLE if token.text.isdigit() else _DECIMAL
            elif free:
                part = _STRING
            else:
                behind = _BEHIND_NAME if token.text[-1].isalnum() or token.text[-1] == "_" else ""
                part = f"({re.escape(token.text)}){behind}" if place in self.placed else re.escape(token.text) + behind
            parts.append(part if token.sign != "'" else r"(?<=[\w\])])" + part)
        blanks = [r"[ \t]*+" if token.sign != "'" else "" for token in self.tokens]
        return re.compile("".join(blank + part for blank, part in zip(blanks, parts, strict=True)) + r"[ \t]*+")

    def function(self, lines: list[str]) -> Maker:
        """The function with these lines; what is taken from the tokens stands before them."""
        groups = {place: str(number) for place, number in self.groups().items()}
        names = [f"t{p}" for p in self.free if self.tokens[p].is_name]
        numbers = [p for p in self.free if self.tokens[p].is_number]
        first: list[str] = []
        if self.free:
            texts = ", ".join(f"t{p}" for p in self.free)
            first.append(f"{texts} = found.group({', '.join(groups[p] for p in self.free)})")
        if names:
            first.append(f"if not usual(({', '.join(names)}, )): return None")
        for place in numbers:
            first += [f"v{place} = float(t{place})", f"if v{place} == inf: return None"]
        said = set(_WORD.findall("\n".join(lines)))
        first += [f"a{p}, b{p} = found.span({n})" for p, n in groups.items() if said & {f"a{p}", f"b{p}"}]
        body = "".join(f"    {line}\n" for line in [*first, *lines])
        exec(f"def make(source, found):\n{body}", self.names)
        return cast(Maker, self.names["make"])

    def late(self, item: Syntax, form: str) -> list[str]:
        """Lines for a statement without what is made of syntax: `Declaration` completes it."""
        lines = [f"n = new({type(item).__name__})", f"n.form = {form}"]
        for row, value in fields_of(item):
            if value == row.default:
                lines.append(f"n.{row.name} = {self.constant(value)}")
            elif not isinstance(value, Syntax | tuple):
                lines.append(f"n.{row.name} = {run(self.node(value))}")
        return [*lines, "return n"]

    # --- from the tree to lines that make another

    def node(self, item: Any) -> Walk[str]:
        """The expression for a part of the tree; those of nodes are names that lines give a value."""
        if isinstance(item, Syntax):
            return (yield self.made(item))
        if isinstance(item, Span):
            return self.place(item)
        if type(item) is tuple:
            parts: list[str] = []
            for part in cast("tuple[object, ...]", item):
                parts.append((yield self.node(part)))
            return f"({''.join(part + ', ' for part in parts)})"
        if isinstance(item, str):
            return self.text(item)
        if item is None or isinstance(item, bool):
            return self.constant(item)
        if isinstance(item, int | float) and not any(abs(item) == self.value(p) for p in self.free):
            return self.constant(item)
        raise _NoCopyError

    def made(self, item: Syntax) -> Walk[str]:
        """A line for a node."""
        number = self.number(item) if isinstance(item, Number) else None
        arguments: list[str] = []
        skipped = False
        for row, value in fields_of(item):
            if value is row.default or (type(value) is type(row.default) and value == row.default):
                skipped = True
                continue
            keyword = f"{row.name}=" if skipped or row.kw_only else ""
            part = number.get(row.name, "") if number else ""
            if not part:
                part = yield self.node(value)
            arguments.append(keyword + part)
        kind, name = type(item), f"n{len(self.lines)}"
        self.names[kind.__name__] = kind
        self.lines.append(f"{name} = {kind.__name__}({', '.join(arguments)})")
        return name

    def number(self, item: Number) -> dict[str, str] | None:
        """How the parts of a number are copied, if it is one of the free ones."""
        first = self.starts.get(item.span.start)
        if first is None or first not in self.free or self.ends.get(item.span.end) != first:
            return None
        if not self.tokens[first].is_number or item.value != self.value(first):
            return None
        return {"value": f"v{first}", "text": f"t{first}"}

    def value(self, place: int) -> float | None:
        """The number that a free token is."""
        return float(self.texts[place]) if self.tokens[place].is_number else None

    def text(self, item: str) -> str:
        """A text that is a name, or that no name is part of."""
        for place in self.free:
            token, own = self.tokens[place], self.texts[place]
            if token.is_name and item == own:
                return f"t{place}"
            if token.is_text and item == own[1:-1]:
                return f"t{place}[1:-1].replace(t{place}[0]*2, t{place}[0])"
        parts = [place for place in self.free if self.texts[place].strip('"') in item]
        if parts:
            raise _NoCopyError(parts)
        return self.constant(item)

    def constant(self, item: object) -> str:
        """A name for a value that is the same in all statements of the form; its text is not in the function's."""
        name = f"c{len(self.names)}"
        self.names[name] = item
        return name

    def place(self, item: Span) -> str:
        """A place from the start of one token to the end of another."""
        first, last = self.starts.get(item.start), self.ends.get(item.end)
        if item.source is not self.source or first is None or last is None:
            raise _NoCopyError
        self.placed |= {first, last}
        return f"Span(source, a{first}, b{last})"


def outline(item: object) -> object:
    """A tree as plain values, with the places of its nodes: equal for trees that nothing tells apart."""
    waiting, found = [item], list[object]()
    while waiting:
        part = waiting.pop()
        found.append(type(part))
        if isinstance(part, tuple):
            parts = cast("tuple[object, ...]", part)
            found.append(len(parts))
            waiting.extend(parts)
        elif isinstance(part, Span):
            waiting.extend((part.start, part.end))
        elif isinstance(part, Syntax):
            waiting.extend(value for _, value in fields_of(part))
        else:
            found.append(part)
    return found
