"""Every way to be wrong: its code, its place, its way out. «...» is the place that the problem must point at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.errors import OpjaxError
from opjax.syntax.parser import StatementKind
from syntax.examples import EXAMPLES
from syntax.reading import parse, problem

Row = tuple[StatementKind, str, str, str]

DERIVATIVE = "write the derivative of a state as S' = ... or d(S)/dt = ..."
SLIPS: list[Row] = [
    # conditions and words
    ("expression", "x if a «=» b else c", "E0101", "write '==' to compare"),
    ("expression", "sum(x for a in age if a «=» b)", "E0101", "write '==' to compare"),
    ("requirement", "a «=» b", "E0101", "write '==' to compare"),
    ("expression", "a «&»& b", "E0103", "write 'and'"),
    ("expression", "a «|»| b", "E0103", "write 'or' between conditions, 'abs(x)' for the absolute value"),
    ("expression", "«!»a", "E0103", "write 'not', or '!=' for unequal"),
    ("expression", "a <«>» b", "E0101", "write '!='"),
    ("expression", "a «=>» b", "E0101", "write '>='"),
    ("expression", "a if b«»", "E0102", "'if' needs its 'else': value if condition else other"),
    ("expression", "(a if b«)»", "E0101", "'if' needs its 'else': value if condition else other"),
    ("expression", "a if b «elif» c", "E0101", "write 'else ... if ... else ...'"),
    ("expression", "a «?» b : c", "E0103", "write 'value if condition else other'"),
    ("parameter", "«for» = 3", "E0101", "'for' is a word of the language and cannot be a name"),
    ("expression", "a + «and»", "E0101", "'and' is a word of the language and cannot be a name"),
    ("parameter", "k = 1 if x «in» [2] else 3", "E0101", "put the condition in brackets: (b in [...])"),
    # numbers and operators
    ("expression", "«2x»", "E0101", "write '2*x' to multiply"),
    ("expression", "2 «x»", "E0101", "an operator is missing: write '2*x' to multiply"),
    ("expression", "(a) «(»b)", "E0101", "an operator is missing: write ')*(' to multiply"),
    ("expression", "f(a «b»)", "E0101", "an operator is missing: write 'a*b' to multiply"),
    ("expression", "«1.2.3»", "E0404", "a number has one point"),
    ("expression", "«1__000»", "E0404", "write '1000'"),
    ("expression", "«0x1F»", "E0404", "write a decimal number"),
    ("expression", "«1e999»*x", "E0404", "write 'inf' for infinity"),
    ("expression", "I[x=«1e999»]", "E0404", "write 'inf' for infinity"),
    ("parameter", "k = 0«,»5", "E0101", "write '0.5' with a point"),
    ("parameter", "k = 1«,»000", "E0101", "write '1.000' with a point, or '1000' for thousands"),
    ("expression", "a /«/» b", "E0101", "a comment begins with '#'; to divide and round down, write 'floor(a/b)'"),
    ("expression", "«if» a > b then c else 0", "E0101", "write 'value if condition else other'"),
    ("parameter", "k = 1«,» j = 2", "E0101", "declarations with values stand on a line each"),
    ("state_list", "S «=» 1, R = 0", "E0101", "declarations with values stand on a line each"),
    ("axis", "a = «3»", "E0101", "an axis has labels or points: age = [young, old], x = grid(0, 1, 11)"),
    ("dynamics", "A «-»-> B @ k", "E0101", "write '->'"),
    ("dynamics", "A «<»-> B @ k", "E0101", "write each direction on a line: A -> B @ k1, then B -> A @ k2"),
    (
        "expression",
        "A «@» b",
        "E0101",
        "'@' stands before a rate; a product of matrices is sum(A[i, b]*x[b] for b in axis)",
    ),
    ("expression", "a +«»", "E0102", "a value is missing behind '+'"),
    ("expression", "f(a, «,» b)", "E0101", "a value is missing behind ','"),
    ("alias", "x =«»  # nothing", "E0102", "a value is missing behind '='"),
    ("expression", "«»", "E0102", "here can stand a value"),
    ("expression", "a < «<» b", "E0101", "here can stand a value"),
    ("expression", "a «{»mg}", "E0101", "braces stand around the unit of a number only: 50{mg}"),
    ("alias", "x «+=» 3", "E0101", "'+=' stands in the actions of events only"),
    ("alias", "x = 1«;» y = 2", "E0101", "write one statement per line; ';' separates the actions of an event only"),
    # brackets and quotes
    ("expression", "«(»a + b", "E0108", "add ')'"),
    ("expression", "f«(»a + b edge stay", "E0108", "add ')'"),
    ("parameter", "k in «[»0, 1", "E0108", "add ']'"),
    ("expression", "2«{»mg", "E0108", "add '}'"),
    ("expression", "a + b«)»", "E0101", "no bracket is open here: remove it"),
    ("expression", "(a + b«]»", "E0101", "the bracket '(' at line 1, column 1 is closed by ')'"),
    ("expression", 'a == «"old»', "E0112", 'add "'),
    ("expression", "a == «'old\"»", "E0112", "add '"),
    (
        "expression",
        "a == «\N{LEFT DOUBLE QUOTATION MARK}»old\N{RIGHT DOUBLE QUOTATION MARK}",
        "E0103",
        'texts stand in plain quotes: "..."',
    ),
    # names and indices
    ("expression", "«math.exp»(x)", "E0101", "write 'exp' without 'math.'"),
    ("expression", "«foo.bar»", "E0101", "names have no points in them"),
    ("expression", "np.linalg«.»norm(x)", "E0101", "names have no points in them"),
    ("expression", "«np.e»", "E0101", "only pi and inf stand behind 'np.' without being called"),
    ("expression", "I[«0»]", "E0101", 'an axis is indexed by its name or a label, never by a count: I[age], I["65+"]'),
    (
        "expression",
        "I[age, «-1»]",
        "E0101",
        'an axis is indexed by its name or a label, never by a count: I[age], I["65+"]',
    ),
    ("expression", "I[«]»", "E0101", "name the axis, as in I[age]"),
    ("expression", "I[«:»]", "E0101", "name the axis, as in I[age]"),
    ("expression", "I[age+«1.5»]", "E0404", "write it without a point and an exponent"),
    ("expression", "I[age-«b»]", "E0101", "here can stand a number"),
    (
        "expression",
        "«total»(x for b in age)",
        "E0101",
        "the reductions are sum, prod, min, max, mean, integral, linear, previous, cubic",
    ),
    ("expression", "«summ»(x for b in age)", "E0101", "did you mean 'sum'?"),
    ("expression", "sum(x for a«)»", "E0101", "here can stand 'in'"),
    (
        "expression",
        "a«'» + 1",
        "E0101",
        "a derivative stands alone on the left of '='; name the right side in 'let' to use it elsewhere",
    ),
    # characters
    ("expression", "a «\N{MINUS SIGN}» b", "E0103", "write '-'"),
    ("expression", "a«\N{MULTIPLICATION SIGN}»b", "E0103", "write '*'"),
    ("expression", "2«\N{MULTIPLICATION SIGN}»b", "E0103", "write '*'"),
    ("expression", "x«\N{SUPERSCRIPT TWO}»", "E0103", "write '^2'"),
    ("expression", "a«\N{NO-BREAK SPACE}»+ b", "E0103", "write a plain space, or remove it"),
    ("expression", "k«\N{MIDDLE DOT}»S", "E0103", "write '*'"),
    ("expression", "x «\N{ELEMENT OF}» [1]", "E0103", "write 'in'"),
    ("expression", "a «\0» b", "E0103", "remove it, or put it in quotes if it belongs to a text"),
    ("expression", "a + «\\»\n b", "E0103", "a statement goes on in the next line inside brackets"),
    ("expression", "«e\N{COMBINING ACUTE ACCENT}»", "E0111", "write it as '\N{LATIN SMALL LETTER E WITH ACUTE}'"),
    ("expression", "«" + "x" * 201 + "»", "E0111", "shorten it"),
    # dynamics
    ("dynamics", "N «=» r*N", "E0101", "an equation gives a derivative: N' = ..."),
    ("dynamics", "deriv(S) «<»- -k*S", "E0101", DERIVATIVE),
    ("dynamics", "diff(S«,» t) = -k*S", "E0101", DERIVATIVE),
    ("dynamics", "D(S) «~» -k*S", "E0101", DERIVATIVE),
    ("dynamics", "S'«(»t) = -k*S", "E0101", DERIVATIVE),
    ("dynamics", "S'«' = -k*S»", "E0112", "write two equations for a second derivative: S' = v, and v' = ..."),
    ("dynamics", "k«,» S + I --> 2 I", "E0101", "write a reaction with its rate behind it: A + B -> C @ rate"),
    ("dynamics", "«->» S @ k", "E0101", "write 0 where nothing reacts: 0 -> A @ rate"),
    ("dynamics", "S -> «@» k", "E0101", "write 0 where nothing is made: A -> 0 @ rate"),
    ("dynamics", "«\N{EMPTY SET}» -> S @ k", "E0103", "write 0 for nothing: 0 -> A @ rate"),
    (
        "dynamics",
        "A «\N{RIGHTWARDS HARPOON OVER LEFTWARDS HARPOON}» B @ k",
        "E0103",
        "write each direction on a line: A -> B @ k1, then B -> A @ k2",
    ),
    ("dynamics", "A -> B«»", "E0102", "a transition needs its rate: A -> B @ rate"),
    ("dynamics", "A -> B «:» k", "E0101", "a transition needs its rate: A -> B @ rate"),
    ("expression", "A «->» B", "E0101", "'->' stands between the two sides of a transition only"),
    ("dynamics", "«2B» -> C @ k", "E0101", "write '2 B' for a count of reactants, '2*B' to multiply"),
    ("dynamics", "«2.5» B -> C @ k", "E0404", "write it without a point and an exponent"),
    ("dynamics", "«0» B -> C @ k", "E0101", "leave out what does not take part; an empty side is a lone 0"),
    ("dynamics", "«0» + B -> C @ k", "E0101", "an empty side is a lone 0; a count stands before its state: 2 A"),
    ("dynamics", "d(u)/«dx» = 1", "E0101", "the derivative of a state is taken over time: d(u)/dt"),
    ("dynamics", "«f»(u)/dt = 1", "E0101", "a derivative is written d(u)/dt = ... or u' = ..."),
    ("dynamics", "«x»/dt = 1", "E0101", "a derivative is written d(u)/dt = ... or u' = ..."),
    ("dynamics", "A -> B @ k edge «fall»", "E0101", "here can stand stay, absorb or periodic"),
    # declarations
    ("parameter", "beta «LogNormal»(0, 1)", "E0101", "a prior stands behind '~': ~ LogNormal(...)"),
    ("parameter", "beta ~ Normal«»", "E0102", "its arguments stand in brackets: Normal(...)"),
    ("parameter", "k :«=» 3", "E0101", "write '=' alone"),
    ("parameter", "k = 3 «=» 4", "E0101", "the value stands here a second time: remove one of the two"),
    ("parameter", "k ~ A(1) «~» B(1)", "E0101", "the prior stands here a second time: remove one of the two"),
    ("parameter", "k : a «:» b", "E0101", "the unit stands here a second time: remove one of the two"),
    ("parameter", "k in [0, 1] «in» [0, 1]", "E0101", "the bounds stands here a second time: remove one of the two"),
    ("parameter", "k fixed «fixed»", "E0101", "'fixed' stands here a second time: remove one of the two"),
    ("state", "S 'a' «'b'»", "E0101", "the text stands here a second time: remove one of the two"),
    ("axis", "age = «foo»", "E0101", "here can stand '[', 'data', 'grid', 'ordered' or 'points'"),
    ("axis", "age = [young «old»]", "E0101", "here can stand ',' or ']'"),
    ("axis", "x = points [«young»]", "E0404", "points are numbers; labels stand in [...]"),
    ("axis", "x = grid(0, 1, 5, «sqrt»)", "E0101", "here can stand linear or log"),
    ("input", "school(«x») = previous", "E0101", "an input is a table over time: school(t) = previous"),
    ("input", "school(t) = «foo»", "E0101", "here can stand linear, previous or cubic"),
    ("time", "day origin «2021-13-45»", "E0101", "there is no such day: a date is year-month-day, 2021-09-01"),
    (
        "time",
        "day «from» origin 2021-01-01",
        "E0101",
        "a number stands behind it, the time of the initial values: from 0",
    ),
    ("time", "day «origin»", "E0101", "a date stands behind it: origin 2021-09-01"),
    ("event", "e: at 5 «x» += 3", "E0101", "a colon stands between the trigger and the actions: at 60: S *= 0.4"),
    ("event", "e: «on» 5: x += 3", "E0101", "here can stand 'at', 'doses', 'every' or 'when'"),
    ("boundary", "u at x.«left»: neumann(0)", "E0101", "here can stand lo or hi"),
    ("state_list", "A «B»", "E0101", "here can stand ',', '[' or the end of the statement"),
    ("declared", "C[«1»]", "E0101", "here can stand a name"),
    ("unit", "mg «per» L", "E0101", "here can stand '*', '/', '^' or the end of the statement"),
]


@pytest.mark.parametrize(("kind", "marked", "code", "hint"), SLIPS)
def test_a_slip_is_met_with_its_place_and_the_way_out(kind: StatementKind, marked: str, code: str, hint: str) -> None:
    start, end = marked.index("«"), marked.index("»") - 1
    found = problem(kind, marked.replace("«", "").replace("»", ""))
    assert (found.code, found.span.start, found.span.end) == (code, start, end)
    assert found.hint == hint
    assert found.severity == "error"


def test_the_sentence_names_what_was_found() -> None:
    assert problem("expression", "a b").message == "'b' is not expected here"
    assert problem("expression", "a $").message == "the character '$' has no meaning here"
    assert problem("expression", "a \N{NO-BREAK SPACE}").message == (
        "the character U+00A0 NO-BREAK SPACE has no meaning here"
    )
    assert problem("expression", "x" * 201).message.endswith("...' has 201 characters, more than 200")


def test_a_problem_in_a_later_line_is_found_there() -> None:
    found = problem("expression", "f(a, # one )\n  b c)")
    assert (found.span.line, found.span.column) == (2, 5)


def test_a_bracket_that_is_never_closed_explains_what_follows_it() -> None:
    found = problem("dynamics", "N' = r*(1 - N/K edge stay")
    assert (found.code, found.span.start) == ("E0108", 7)


def test_what_could_have_stood_counts_before_the_parser_moved_on() -> None:
    """'edge' ends an expression in other statements; here an operator could still have followed."""
    hint = problem("state", "S = 1 edge stay").hint
    assert hint.startswith("here can stand an operator, ")
    assert "a flag (fixed, " in hint


texts = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            [
                "a",
                "b",
                "age",
                "2",
                "0.5",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                "+",
                "-",
                "*",
                "/",
                "%",
                "^",
                "**",
                ",",
                ":",
                ";",
                "=",
                "==",
                "<",
                "->",
                "=>",
                "@",
                "~",
                "'",
                '"',
                ".",
                "+=",
                "if",
                "else",
                "for",
                "in",
                "and",
                "or",
                "not",
                "true",
                "edge",
                "stay",
                "data",
                "from",
                "to",
                "every",
                "at",
                "when",
                "stop",
                "fixed",
                "log",
                "d",
                "dt",
                "grid",
                "#",
                "\n",
                "sum",
                "np",
                ".5",
                "1e3",
                "2x",
                "°",
                "é",
            ]
        ),
        max_size=15,
    ).map(" ".join),
    st.tuples(st.sampled_from([text for _, text in EXAMPLES]), st.integers(0, 80), st.integers(0, 8)).map(
        lambda drawn: drawn[0][: drawn[1]] + drawn[0][drawn[1] + drawn[2] :]
    ),
)


@given(st.sampled_from(sorted({kind for kind, _ in EXAMPLES})), texts)
def test_any_text_is_read_or_has_one_problem_inside_it(kind: StatementKind, text: str) -> None:
    try:
        parse(kind, text)
    except OpjaxError as error:
        (found,) = error.diagnostics
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert found.hint
        assert found.render()
