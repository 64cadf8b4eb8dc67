"""The parse tables of ``grammar.lark`` and the loop that runs them: LALR(1), with two stacks and no recursion.

The tables are generated ahead of time by ``opjax.syntax.generate``: building them takes a third of a second, reading
them a few milliseconds. The loop calls one function per rule as soon as the rule is complete, so that no tree of the
grammar is ever built.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, TypedDict, cast

from opjax.records import record

END = "$END"
PATH = Path(__file__).with_name("tables.json")
Action: TypeAlias = Callable[..., object]


class Symbol(Protocol):
    """What the loop knows of a token: its terminal in the grammar."""

    type: str


class RuleRecord(TypedDict):
    """One production.

    "pass" hands its only child on, "list" makes a list for the rule above, "call" calls the function `action`. `keep`
    has the children that are wanted: (place, whether it is a list to splice in, how many absent ones come before it).
    """

    origin: str
    length: int
    kind: Literal["pass", "list", "call"]
    action: str
    keep: list[tuple[int, bool, int]]
    absent: int


class TablesRecord(TypedDict):
    """The contents of ``tables.json``. A step is a state to go to, or the complement of the rule that is complete."""

    literals: dict[str, str]
    starts: dict[str, int]
    ends: dict[str, int]
    rules: list[RuleRecord]
    steps: list[dict[str, int]]
    gotos: list[dict[str, int]]


class TokenError(Exception):
    """A token that cannot stand where it stands."""

    def __init__(self, token: Symbol) -> None:
        super().__init__(token.type)
        self.token = token


@record(eq=False)
class Reduction:
    """A rule that is complete, and what becomes of it."""

    origin: str
    length: int
    passes: bool
    action: Action | None
    keep: tuple[tuple[int, bool, int], ...]
    absent: int
    plain: bool

    def value(self, children: list[object]) -> object:
        """The value of the rule from the values of its symbols."""
        if self.plain:
            return self.action(*children) if self.action else children
        kept: list[object] = []
        for place, splice, absent in self.keep:
            if absent:
                kept.extend([None] * absent)
            if not splice:
                kept.append(children[place])
            elif kept:
                kept.extend(cast("list[object]", children[place]))
            else:
                kept = cast("list[object]", children[place])  # grows in place: a long sum takes linear time
        kept.extend([None] * self.absent)
        return kept if self.action is None else self.action(*kept)


def _rule(record: RuleRecord, actions: Mapping[str, Action]) -> Reduction:
    kind, absent = record["kind"], record["absent"]
    keep = tuple((place, splice, nones) for place, splice, nones in record["keep"])
    plain = absent == 0 and keep == tuple((place, False, 0) for place in range(record["length"]))
    action = actions[record["action"]] if kind == "call" else None
    return Reduction(record["origin"], record["length"], kind == "pass", action, keep, absent, plain)


class Tables:
    """The parser of all start symbols.

    Arguments:
        record: the tables.
        actions: the function of each rule by name.
    """

    def __init__(self, record: TablesRecord, actions: Mapping[str, Action]) -> None:
        self.literals = record["literals"]
        self.steps = record["steps"]
        self._starts = record["starts"]
        self._ends = record["ends"]
        self._gotos = record["gotos"]
        self._known: dict[tuple[int, str, str], int] = {}
        self._rules = [_rule(rule, actions) for rule in record["rules"]]

    def parse(self, start: str, read: Callable[[list[int]], Iterable[Symbol]], taken: list[Reduction | None]) -> object:
        """Run the parser over tokens.

        Arguments:
            start: a start symbol.
            taken: gets the steps: a rule that is complete, or None for a token.
            read: given the stack of states (whose last one says what may come next), yields tokens; the last is END.

        Returns:
            The value of the start symbol.

        Raises:
            TokenError: at the first token that cannot stand where it stands.
        """
        steps, rules, end = self.steps, self._rules, self._ends[start]
        states, values = [self._starts[start]], list[object]()
        for token in read(states):
            terminal = token.type
            step = steps[states[-1]].get(terminal)
            while step is not None and step < 0:
                rule = rules[~step]
                first = len(values) - rule.length
                value = rule.value(values[first:])
                taken.append(rule)
                del values[first:], states[first + 1 :]
                values.append(value)
                states.append(self._after(states[-1], rule.origin, terminal))
                if terminal == END and states[-1] == end:
                    return value
                step = steps[states[-1]].get(terminal)
            if step is None:
                raise TokenError(token)
            states.append(step)
            values.append(token)
            taken.append(None)
        raise AssertionError("the last token must be END")

    def _after(self, state: int, origin: str, terminal: str) -> int:
        """The state behind a complete rule, past all rules that only pass its value on.

        An operand goes through every level of precedence without an operator; this takes them in one step.
        """
        key = (state, origin, terminal)
        after = self._known.get(key)
        if after is None:
            after = self._gotos[state][origin]
            step = self.steps[after].get(terminal, 0)
            while step < 0 and self._rules[~step].passes:
                after = self._gotos[state][self._rules[~step].origin]
                step = self.steps[after].get(terminal, 0)
            self._known[key] = after
        return after

    def expected(self, start: str, types: Iterable[str]) -> frozenset[str]:
        """The terminals that may come after some tokens, which must be the beginning of a right text."""
        states = [self._starts[start]]
        for terminal in types:
            self._shift(terminal, states)
        return frozenset(t for t in self.steps[states[-1]] if self._shift(t, states.copy(), self._ends[start]))

    def _shift(self, terminal: str, states: list[int], end: int = -1) -> bool:
        """Take one terminal without making any value; false where it cannot stand."""
        step = self.steps[states[-1]].get(terminal)
        while step is not None and step < 0:
            rule = self._rules[~step]
            if rule.length:
                del states[-rule.length :]
            states.append(self._gotos[states[-1]][rule.origin])
            if terminal == END and states[-1] == end:
                return True
            step = self.steps[states[-1]].get(terminal)
        if step is not None:
            states.append(step)
        return step is not None


def read_record() -> TablesRecord:
    """The tables as they are shipped."""
    return cast(TablesRecord, json.loads(PATH.read_text(encoding="utf-8")))
