"""Write ``tables.json`` from ``grammar.lark``: ``python -m opjax.syntax.generate`` after every change of the grammar.

lark reads the grammar and builds the LALR(1) tables; it is needed here and nowhere else. A test builds the tables
anew and compares them with the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

from lark import Lark
from lark.grammar import Rule
from lark.lexer import Lexer, LexerState, Token
from lark.parsers.lalr_analysis import Shift

from opjax.syntax.parser import StatementKind
from opjax.syntax.tables import PATH, RuleRecord, TablesRecord

GRAMMAR = Path(__file__).with_name("grammar.lark")
STARTS = get_args(StatementKind)


class _NoLexer(Lexer):
    """The tables do not depend on how text becomes tokens."""

    def __init__(self, configuration: object) -> None: ...

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        yield from ()


def build(grammar: str) -> TablesRecord:
    """The parse tables of a grammar, the same for the same grammar on every machine.

    Raises:
        lark.exceptions.GrammarError: if the grammar is wrong or not LALR(1).
    """
    parser: Any = Lark(grammar, parser="lalr", lexer=_NoLexer, start=list(STARTS), maybe_placeholders=True, strict=True)
    table: Any = parser.parse_interactive("", start=STARTS[0]).parser_state.parse_conf.parse_table
    rules: list[Rule] = sorted(parser.rules, key=repr)
    rule_number = {rule: place for place, rule in enumerate(rules)}
    order = _order([table.start_states[name] for name in STARTS], table.states)
    place = {state: number for number, state in enumerate(order)}
    rows: list[list[tuple[str, tuple[Any, Any]]]] = [sorted(table.states[state].items()) for state in order]
    return TablesRecord(
        literals={t.pattern.value: t.name for t in parser.terminals if t.pattern.type == "str"},
        starts={name: place[table.start_states[name]] for name in STARTS},
        ends={name: place[table.end_states[name]] for name in STARTS},
        rules=[_rule_record(rule) for rule in rules],
        steps=[
            {symbol: place[target] if action is Shift else ~rule_number[target] for symbol, (action, target) in row}
            for row in ([entry for entry in row if entry[0].isupper()] for row in rows)
        ],
        gotos=[{symbol: place[target] for symbol, (_, target) in row if not symbol.isupper()} for row in rows],
    )


def _order(starts: list[int], rows: dict[int, dict[str, tuple[Any, Any]]]) -> list[int]:
    """The states in the order in which they are reached, since lark's own numbers differ from run to run."""
    order = dict.fromkeys(starts)
    waiting = list(order)
    for state in waiting:
        for _, (action, target) in sorted(rows[state].items(), key=lambda entry: entry[0]):
            if action is Shift and target not in order:
                order[target] = None
                waiting.append(target)
    return waiting


def _rule_record(rule: Rule) -> RuleRecord:
    """What becomes of the symbols of a rule, in lark's conventions.

    Literals in quotes are dropped; a rule with a leading underscore is a list that is spliced into the rule above;
    ``?rule`` with one child and no alias is that child; an absent ``[part]`` is None.
    """
    absent = rule.options.empty_indices or (False,) * len(rule.expansion)
    keep: list[tuple[int, bool, int]] = []
    nones = 0
    symbols = iter(enumerate(rule.expansion))
    for missing in absent:
        if missing:
            nones += 1
            continue
        place, symbol = next(symbols)
        if not (symbol.is_term and getattr(symbol, "filter_out", False)):
            keep.append((place, not symbol.is_term and symbol.name.startswith("_"), nones))
            nones = 0
    origin = str(rule.origin.name)
    action = rule.alias or origin
    passes = rule.options.expand1 and rule.alias is None and len(keep) == 1 and not keep[0][1] and not keep[0][2]
    kind = "pass" if passes else "list" if action.startswith("_") else "call"
    return RuleRecord(
        origin=origin,
        length=len(rule.expansion),
        kind=kind,
        action=action if kind == "call" else "",
        keep=keep,
        absent=nones,
    )


def write(record: TablesRecord, path: Path) -> None:
    """Write tables as JSON, a line per row."""
    lines: list[str] = []
    for name, part in record.items():
        if isinstance(part, list):
            rows = (json.dumps(row, separators=(",", ":")) for row in cast("list[object]", part))
            lines.append(f'"{name}": [\n' + ",\n".join(rows) + "\n]")
        else:
            lines.append(f'"{name}": {json.dumps(part)}')
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write(build(GRAMMAR.read_text(encoding="utf-8")), PATH)
