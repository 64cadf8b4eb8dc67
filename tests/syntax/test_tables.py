"""The parse tables: made from the grammar as it is, complete, and without a keyword that takes a name away."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from opjax.syntax import lexer, processes, statements, tables, transformer
from opjax.syntax.generate import GRAMMAR, build
from opjax.syntax.parser import StatementKind
from opjax.syntax.tables import TablesRecord, read_record

RECORD = read_record()


@pytest.fixture(scope="module")
def built() -> TablesRecord:
    """The tables of the grammar; building refuses a grammar that is not LALR(1) without conflicts."""
    return build(GRAMMAR.read_text(encoding="utf-8"))


def plain(record: TablesRecord) -> object:
    return {**record, "rules": [{**rule, "keep": [list(kept) for kept in rule["keep"]]} for rule in record["rules"]]}


def test_the_shipped_tables_are_those_of_the_grammar(built: TablesRecord) -> None:
    assert plain(built) == plain(RECORD), "run: python -m opjax.syntax.generate"


def test_reading_statements_does_not_need_the_generator() -> None:
    code = f"import sys; sys.path[:] = {sys.path!r}; import opjax.syntax.parser; print('lark' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "False"


def test_every_kind_of_statement_has_a_start() -> None:
    assert set(RECORD["starts"]) == set(RECORD["ends"]) == set(get_args(StatementKind))


def test_every_rule_has_its_function_and_every_function_its_rule() -> None:
    modules = (transformer, statements, processes)
    helpers = {"bare", "optional", "between", "finite", "unquoted", "label_value", "checked_number"}
    helpers |= {"whole", "doc_of", "edge_of"}
    functions = {
        name
        for module in modules
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and name[0].islower()
        and name[0] != "_"
    }
    assert {rule["action"] for rule in RECORD["rules"] if rule["kind"] == "call"} == functions - helpers


def test_a_keyword_never_stands_where_a_name_can() -> None:
    """But for three, which are recognised by what comes behind them."""
    words = lexer.vocabulary(RECORD["literals"])
    keywords = {terminal for word, types in words.items() if word.isalpha() for terminal in types}
    keywords -= {RECORD["literals"][word] for word in lexer.WORDS}
    taken = {terminal for row in RECORD["steps"] if "NAME" in row for terminal in row if terminal in keywords}
    assert taken == {"STOP", "ORIGIN", "BEGIN"}


def test_a_word_has_one_meaning_at_a_place() -> None:
    words = lexer.vocabulary(RECORD["literals"])
    for row in RECORD["steps"]:
        for types in words.values():
            assert len([terminal for terminal in types if terminal in row]) <= 1


@pytest.mark.parametrize("count", [1, 2])
def test_a_conflict_in_the_grammar_is_refused(count: int) -> None:
    """The test above rests on this: the generator does not settle a conflict on its own."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    ambiguous = grammar.replace(
        "?atom: reference\n", "?atom: reference\n     | reference expression -> call\n" * count, 1
    )
    assert ambiguous != grammar
    with pytest.raises(Exception, match=r"[Cc]onflict|[Cc]ollision|defined more than once"):
        build(ambiguous)


def test_the_loop_needs_the_end() -> None:
    with pytest.raises(AssertionError, match="END"):
        tables.Tables(RECORD, {**vars(transformer), **vars(statements), **vars(processes)}).parse(
            "unit", lambda _: [], []
        )
