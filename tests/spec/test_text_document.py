from __future__ import annotations

import textwrap

import pytest

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.registry import BY_WORD, ELSEWHERE, SECTIONS
from opjax.spec.text_document import split_text
from opjax.spec.text_parts import ModelText, SectionText
from opjax.syntax.declarations import BLANK_LINE


def split(text: str, limits: Limits = DEFAULT_LIMITS) -> tuple[list[ModelText], Report]:
    report = Report()
    return split_text(Source("m.ojx", text), report, limits), report


def model(text: str) -> ModelText:
    """The one model of a text without problems."""
    (found,), report = split(text)
    assert not report.diagnostics, [d.render() for d in report.diagnostics]
    return found


def problems(text: str, limits: Limits = DEFAULT_LIMITS) -> list[tuple[int, int, str]]:
    _, report = split(text, limits)
    return [(d.span.line, d.span.column, d.code) for d in report.errors]


def hints(text: str) -> list[str]:
    return [d.hint for d in split(text)[1].errors]


def texts(section: SectionText) -> list[str]:
    return [statement.span.text for statement in section.statements]


SIR = """\
model SIR:
  "one sentence"
  time: day origin 2020-03-01
  params:
    beta = 0.3
    gamma = 0.1
  states: S, I, R
"""


def test_models_sections_and_statements_are_found():
    found = model(SIR)
    assert found.name == "SIR"
    assert [span.text for span in found.doc] == ['"one sentence"']
    assert [section.row.name for section in found.sections if section.row] == ["time", "params", "states"]
    assert [texts(section) for section in found.sections] == [
        ["day origin 2020-03-01"],
        ["beta = 0.3", "gamma = 0.1"],
        ["S, I, R"],
    ]


def test_spans_point_into_the_original_text_also_where_it_is_indented():
    text = textwrap.indent(SIR, "      ")
    section = model(text).sections[1]
    assert texts(section) == ["beta = 0.3", "gamma = 0.1"]
    assert (section.statements[1].span.line, section.statements[1].span.column) == (6, 11)
    assert (section.header.line, section.header.column) == (4, 9)


def test_a_text_may_begin_on_the_line_of_its_quotes():
    text = SIR.replace("\n", "\n        ").rstrip(" ")
    assert [texts(s) for s in model(text).sections] == [texts(s) for s in model(SIR).sections]


def test_tabs_alone_are_an_indentation():
    assert [texts(s) for s in model(SIR.replace("  ", "\t")).sections] == [texts(s) for s in model(SIR).sections]


def test_several_models_in_one_text():
    found, report = split('model A:\n  states: x\nmodel B:\n\n\nmodel "C d":\n  states: y\n')
    assert [m.name for m in found] == ["A", "B", '"C d"']
    assert [len(m.sections) for m in found] == [1, 0, 1]
    assert not report.diagnostics


@pytest.mark.parametrize(
    "statement",
    [
        "x = (1 +\n          2)",
        "x = [\n      1,\n      2\n    ]",
        "x = f(a[b,\n  " + " " * 4 + "c])",
        "x = 50{mg/\n         L}",
    ],
)
def test_brackets_continue_a_statement(statement: str):
    found = model(f"model A:\n  let:\n    {statement}\n    y = 1\n")
    assert texts(found.sections[0]) == [statement, "y = 1"]


def test_half_open_intervals_close_their_bracket():
    assert texts(model("model A:\n  params:\n    a = 1 in (0, 1]\n    b in [0,\n      f(1))\n    c\n").sections[0]) == [
        "a = 1 in (0, 1]",
        "b in [0,\n      f(1))",
        "c",
    ]


def test_strings_hide_brackets_and_comment_signs():
    found = model('model A:\n  params:\n    a "see ""(1 # [" # the end\n    b\n')
    assert texts(found.sections[0]) == ['a "see ""(1 # ["', "b"]
    assert found.sections[0].statements[0].comments.behind == "the end"


def test_an_apostrophe_is_a_derivative_behind_a_name_and_a_quote_elsewhere():
    text = "model A:\n  dynamics:\n    S[a='(#']' = f('it''s [') # S' (\n    I' = 1 # I'\n"
    found = model(text)
    assert texts(found.sections[0]) == ["S[a='(#']' = f('it''s [')", "I' = 1"]
    assert [s.comments.behind for s in found.sections[0].statements] == ["S' (", "I'"]


def test_parameters_may_be_called_like_sections():
    text = "model A:\n  params:\n    time : day = 3\n    states = 1\n    model fixed\n    events\n    model\n"
    assert len(model(text).sections[0].statements) == 5


COMMENTED = """\
# license

# about A
#
model A: # behind A
  # before doc
  "doc" # behind doc

  # before params
  params: # behind params
    # before a

    # still before a
    a = f(1, # in a
          # in a too
          2) # behind a

    b # behind b
    # end of params

    #   drawing
  # before states
  states: S # behind S
    # end of states
  # end of A

# before B
model B:
  let:
    x = 1
# end of file
"""


def test_every_comment_goes_to_what_it_belongs_to():
    (a, b), report = split(COMMENTED)
    params, states = a.sections
    assert not report.diagnostics
    assert a.comments.before == ("license", BLANK_LINE, "about A", "")
    assert a.comments.behind == "behind A"
    assert params.comments.before == ("before doc", "behind doc", BLANK_LINE, "before params")
    assert params.comments.behind == "behind params"
    first, second = (statement.comments for statement in params.statements)
    assert first.before == ("before a", BLANK_LINE, "still before a", "in a", "in a too")
    assert first.behind == "behind a"
    assert second.before == (BLANK_LINE,)
    assert second.behind == "behind b"
    assert params.end == ("end of params", BLANK_LINE, "  drawing")
    assert states.comments.before == ("before states",)
    assert states.statements[0].comments.behind == "behind S"
    assert states.end == ("end of states",)
    assert a.end == ("end of A",)
    assert b.comments.before == ("before B",)
    assert b.sections[0].end == ()
    assert b.end == ("end of file",)


BROKEN = """\
somebody wrote this
model SIR
  "doc"
  time: day
  parameters:
    a = 1
     b = 2
    c = (1 + 2
    d = 3
  states
    S, I
  let:
  N = S + I
  M = N
  species: A, B
  foo:
    x = 1
  dynamics:
    S' = a +
      b
\tI' = 3
  dynamics:
    R' = 1
  init:
junk
    more junk
  events:
    e: at f([1: S = 0
"""


def test_all_problems_of_a_text_are_found_in_one_run():
    assert problems(BROKEN) == [
        (1, 1, "E0101"),  # outside a model
        (2, 1, "E0110"),  # no colon behind the model
        (5, 3, "E0106"),  # parameters
        (7, 1, "E0104"),  # deeper than its neighbours
        (8, 9, "E0108"),  # the bracket
        (10, 3, "E0110"),  # no colon behind states
        (12, 3, "E0109"),  # nothing is indented below let
        (15, 3, "E0106"),  # species
        (16, 3, "E0106"),  # foo
        (20, 1, "E0104"),  # continued without brackets
        (21, 1, "E0105"),  # a tab
        (22, 3, "E0107"),  # dynamics again
        (24, 3, "E0109"),  # nothing below init
        (25, 1, "E0101"),  # outside the model
        (28, 13, "E0108"),  # the inner of two brackets
    ]


def test_what_is_around_the_problems_is_still_split():
    (found,), _ = split(BROKEN)
    assert [(s.row.name if s.row else None, texts(s)) for s in found.sections] == [
        ("time", ["day"]),
        ("params", ["a = 1", "b = 2", "d = 3"]),
        ("states", ["S, I"]),
        ("let", ["N = S + I", "M = N"]),
        ("states", ["A, B"]),
        (None, ["x = 1"]),
        ("dynamics", ["S' = a +\n      b", "I' = 3"]),
        ("dynamics", ["R' = 1"]),
        ("init", []),
        ("events", []),
    ]


BEGIN = "statements stand in sections: begin one, such as 'params:'"
BRACKET = "add ')', or indent the lines up to it by more than the first"
BEHIND = "statements stand behind the colon, or indented below it"
DOC = 'the description of a model is one text in double quotes: "..."'
MODELS = "a file holds models, and each begins with 'model NAME:'"
NAME = "write 'model NAME:'; a name that is no word stands in quotes"


@pytest.mark.parametrize(
    ("text", "expected", "hint"),
    [
        ("", [(1, 1, "E0005")], "begin with 'model NAME:'"),
        ("\n\n  # only a comment\n", [(1, 1, "E0005")], "begin with 'model NAME:'"),
        ("hello\nworld\n", [(1, 1, "E0005")], "begin with 'model NAME:'"),
        ("# x\nparams:\n  a = 1\n", [(2, 1, "E0005")], "begin with 'model NAME:'"),
        ("model A:\n  a = 1\n  b = 2\n", [(2, 3, "E0101")], BEGIN),
        ("model A:\n  parms:\n    a\n", [(2, 3, "E0106")], "did you mean 'params'?"),
        ("model A:\n  let:\n    a = 1\n  let:\n    b = 1\n", [(4, 3, "E0107")], "merge it with the one in line 2"),
        ("model A\n  let:\n    a = 1\n", [(1, 1, "E0110")], "write 'model A:'"),
        ("model A:\n  time day\n", [(2, 3, "E0110")], "write 'time:'"),
        ("model A:\n  let:\n\n", [(2, 3, "E0109")], "indent its lines, or remove it"),
        ("Model A:\n", [(1, 1, "E0101")], "write 'model'"),
        ("model:\n", [(1, 1, "E0101")], NAME),
        ("model 3d:\n", [(1, 7, "E0101")], NAME),
        ("model a-b c:\n", [(1, 7, "E0101")], NAME),
        ("model A b:\n", [(1, 9, "E0101")], NAME),
        ("model a-b:\n", [(1, 7, "E0101")], NAME),
        ("model A: B\n", [(1, 10, "E0101")], "the header 'model NAME:' stands on a line of its own"),
        ('model A:\n  "a" b\n', [(2, 3, "E0101")], DOC),
        ('model A:\n  "a\n', [(2, 3, "E0112")], 'add "'),
        ('model A:\n  "a" "b\n', [(2, 3, "E0112")], 'add "'),
        ("model A:\nlet:\n  a = 1\ninit:\n  b = 1\n", [(2, 1, "E0104")], "indent what belongs to the model"),
        ("model A:\n  let:\n    a = (1\n", [(3, 9, "E0108")], BRACKET),
        ("model A:\n  states: B\n    C\n", [(3, 1, "E0104")], BEHIND),
        ("model A:\n  states: B\n  C\n", [(3, 3, "E0101")], BEGIN),
        ("  model A:\nmodel B:\n", [(2, 1, "E0104")], ""),
        ("model A:\n  let:\n    a = 1\nstates: S\n", [(4, 1, "E0104")], ""),
        ("model A:\n  let:\n    a = 1\nfoo: S\n  bar\n", [(4, 1, "E0101")], MODELS),
        ("model A:\n  let:\n    a = 1\nstates S\n", [(4, 1, "E0101")], MODELS),
        ("model A:\n  let:\n    a = 1\n  time = 3\n", [(4, 1, "E0104")], ""),
        ("model A:\n  let:\n    a = 1\n  b: c = 3\n", [(4, 1, "E0104")], ""),
        ("model A:\n  let:\n    a = 1\n  stats: S\n", [(4, 3, "E0106")], "did you mean 'states'?"),
        ("model A:\n  let:\n      a = 1\n    b = 1\n    c = 1\n      d = 1\n", [(4, 1, "E0104")], ""),
        ("model A:\n   let:\n     a = 1\n  init:\n     b = 1\n", [(4, 1, "E0104")], ""),
        ("model A:\n  params:\n    a\n    states:\n      B\n", [(4, 1, "E0104")], ""),
    ],
)
def test_one_mistake_is_one_problem_with_its_way_out(text: str, expected: list[tuple[int, int, str]], hint: str):
    assert problems(text) == expected
    assert hints(text) == [hint]


def test_both_depths_are_named():
    _, report = split("model A:\n  let:\n    a = 1\n     b = 1\n")
    assert report.errors[0].message == "this line is indented by 5 spaces, its neighbours by 4 spaces"
    _, report = split("model A:\n\tlet:\n\t\ta = 1\n\t\t\tb = 1\n")
    assert report.errors[0].message == "this line is indented by 3 tabs, its neighbours by 2 tabs"
    _, report = split(" model A:\nmodel B:\n")
    assert report.errors[0].message == "this line is indented by no spaces, its neighbours by 1 space"


@pytest.mark.parametrize("word", ELSEWHERE)
def test_words_of_other_tools_name_ours(word: str):
    _, report = split(f"model A:\n  {word}:\n    a = 1\n")
    assert [(d.code, d.hint) for d in report.errors] == [("E0106", f"write '{ELSEWHERE[word].name}:'")]


def test_the_words_that_are_asked_for_most_have_hints():
    assert {word: ELSEWHERE[word].name for word in ELSEWHERE} | {
        "parameters": "params",
        "equations": "dynamics",
        "ode": "dynamics",
        "reactions": "dynamics",
        "initial": "init",
        "observables": "observe",
        "observation": "observe",
        "priors": "params",
        "constants": "params",
        "species": "states",
        "compartments": "states",
        "variables": "states",
        "functions": "let",
        "aliases": "let",
    } == {word: ELSEWHERE[word].name for word in ELSEWHERE}


def test_no_word_means_two_sections():
    words = [word for row in SECTIONS for word in (row.name, *row.also, *row.elsewhere)]
    assert len(words) == len(set(words))
    assert set(BY_WORD) | set(ELSEWHERE) == set(words)


def test_the_number_of_lines_is_limited():
    text = "model A:\n  let:\n" + "    a = 1\n" * 10
    assert problems(text, Limits(declarations=12)) == []
    assert problems(text, Limits(declarations=11)) == [(12, 5, "E0004")]


def test_a_model_that_is_not_indented_at_all_is_one_problem():
    text = "model A:\nlet:\n  a = 1\nfoo:\n  b = 1\nstates S\n"
    assert problems(text) == [(2, 1, "E0104"), (4, 1, "E0106"), (6, 1, "E0110")]


def test_a_comment_in_brackets_may_stand_anywhere():
    found = model("model A:\n  let:\n    a = (1 +\n# one\n  # two\n      2)\n    b = 1\n")
    assert found.sections[0].statements[0].comments.before == ("one", "two")
    assert len(found.sections[0].statements) == 2


def test_a_line_below_a_statement_that_was_given_up_is_still_looked_at():
    assert problems("model A:\n  let:\n    a = (((1\n      + (2\n    b\n", Limits(nesting=2)) == [
        (3, 5, "E0004"),
        (4, 1, "E0104"),
        (4, 9, "E0108"),
    ]


def test_nesting_and_tokens_of_a_line_are_limited():
    text = "model A:\n  let:\n    a = ((((1))))\n    b = 1\n"
    assert problems(text, Limits(nesting=4)) == []
    assert problems(text, Limits(nesting=3)) == [(3, 5, "E0004")]
    assert problems(text, Limits(tokens=8)) == [(3, 5, "E0004")]
