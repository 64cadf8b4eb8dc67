from __future__ import annotations

import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opjax.errors import OpjaxError, Report
from opjax.source import DEFAULT_LIMITS, Limits, Source
from opjax.spec.files import read_source
from opjax.spec.registry import SECTIONS
from opjax.spec.text_reader import read_text
from opjax.syntax.declarations import BLANK_LINE, Comments, FunctionDeclaration, ModelSyntax, SectionComments

EXAMPLES = Path(__file__).parents[1] / "models" / "language"


def read(text: str, limits: Limits = DEFAULT_LIMITS) -> tuple[list[ModelSyntax], Report]:
    report = Report()
    return read_text(Source("m.ojx", text), report, limits), report


def model(text: str) -> ModelSyntax:
    """The one model of a text without problems."""
    (found,), report = read(text)
    report.check()
    return found


def problems(text: str, limits: Limits = DEFAULT_LIMITS) -> list[tuple[int, int, str]]:
    return [(d.span.line, d.span.column, d.code) for d in read(text, limits)[1].errors]


def counts(found: ModelSyntax) -> dict[str, int]:
    return {row.name: len(row.of(found)) for row in SECTIONS if row.of(found)}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "alt.ojx",
            {
                "Robertson": {"time": 1, "params": 3, "states": 3, "dynamics": 3, "init": 1},
                "Delayed": {"params": 4, "states": 1, "dynamics": 1},
            },
        ),
        (
            "pk.ojx",
            {
                "PK1_MM": {
                    "time": 1,
                    "axes": 1,
                    "params": 12,
                    "states": 2,
                    "let": 3,
                    "dynamics": 2,
                    "events": 3,
                    "observe": 1,
                    "derive": 1,
                }
            },
        ),
        (
            "rd.ojx",
            {
                "FisherKPP": {
                    "time": 1,
                    "axes": 1,
                    "params": 5,
                    "states": 1,
                    "dynamics": 1,
                    "boundary": 2,
                    "observe": 1,
                    "derive": 2,
                }
            },
        ),
        (
            "seir_age.ojx",
            {
                "SEIR_age": {
                    "time": 1,
                    "axes": 1,
                    "params": 11,
                    "inputs": 1,
                    "states": 4,
                    "let": 3,
                    "dynamics": 5,
                    "events": 1,
                    "observe": 2,
                }
            },
        ),
        (
            "sir.ojx",
            {
                "SIR": {
                    "time": 1,
                    "params": 6,
                    "states": 3,
                    "let": 1,
                    "dynamics": 2,
                    "observe": 1,
                    "derive": 3,
                    "require": 1,
                }
            },
        ),
    ],
)
def test_the_examples_are_read_without_problems(file: str, expected: dict[str, dict[str, int]]):
    report = Report()
    found = read_text(read_source(EXAMPLES / file), report)
    report.check()
    assert {m.name: counts(m) for m in found} == expected


def test_every_section_fills_its_field():
    found = model("""
    model All:
      "first"
      "second, ""quoted\"""
      time: day origin 2020-01-01
      axis:
        age = [young, old]
      param:
        beta : 1/day = 0.3 fixed
      input:
        school(t) = previous
      state: S[age], I[age]
      let:
        N = 1
        twice(x) = 2*x
      dynamics:
        infection: S[age] -> I[age] @ beta
        I[age]' = 0
      init:
        S[age] = 1
      event:
        e: at 3: S[age] = 0
      boundaries:
        u at x.lo: neumann(0)
      observe:
        y ~ Poisson(N)
      derive:
        R0 = beta
      requires: beta > 0
    """)
    assert counts(found) == {
        "time": 1, "axes": 1, "params": 1, "inputs": 1, "states": 2, "let": 2, "dynamics": 2, "init": 1,
        "events": 1, "boundary": 1, "observe": 1, "derive": 1, "require": 1,
    }  # fmt: skip
    assert found.doc == 'first\nsecond, "quoted"'
    assert found.time is not None
    assert (found.time.unit, found.time.origin) == ("day", "2020-01-01")
    assert [state.axes for state in found.states] == [("age",), ("age",)]
    assert isinstance(found.aliases[1], FunctionDeclaration)


def test_states_are_a_list_or_a_block_or_both():
    block = model("model A:\n  states:\n    S\n    I[age]\n    R\n")
    assert block == model("model A:\n  states: S, I[age], R\n")
    assert block == model("model A:\n  states:\n    S, I[age]\n    R\n")
    assert [state.span.text for state in block.states] == ["S", "I[age]", "R"]
    (one,) = model("model A:\n  states: C[age, region] : person = f(1, 2)\n").states
    assert (one.name, one.axes, one.unit) == ("C", ("age", "region"), "person")


def test_a_repeated_order_of_sections_does_not_matter():
    assert model("model A:\n  let:\n    a = 1\n  states: S\n") == model("model A:\n  states: S\n  let:\n    a = 1\n")


def test_a_model_without_sections_is_a_model():
    assert model("model A:\n") == ModelSyntax("A")
    assert model('model "my model, ""final"":":\n') == ModelSyntax('my model, "final":')


def test_places_are_those_of_the_file():
    found = model("\n\n  model A:\n    params:\n      a = 1\n      beta   = f(2,\n        gamma)\n")
    beta = found.parameters[1]
    assert (beta.span.line, beta.span.column) == (6, 7)
    assert beta.span.text == "beta   = f(2,\n        gamma)"
    assert found.span.text == found.span.source.text.strip()


def test_comments_come_with_what_they_belong_to():
    found = model(
        """
# above
model A: # behind
  params: # p
    # one
    a = f(1, # in
          2) # two

    # three
    b
    # end of params
  # over states
  states: S, I # both
  let:
    x = 1 # four
  # end of A
# end of file
"""
    )
    a, b = found.parameters
    assert found.comments == Comments(("above",), "behind")
    assert a.comments == Comments(("one", "in"), "two")
    assert b.comments == Comments((BLANK_LINE, "three"))
    assert found.aliases[0].comments == Comments((), "four")
    assert found.section_comments == (
        SectionComments("parameters", Comments((), "p"), ("end of params",)),
        SectionComments("states", Comments(("over states",), "both")),
    )
    assert found.end_comments == ("end of A", "end of file")


def test_comments_of_a_list_in_a_block_stay_at_its_ends():
    s, i, r = model("model A:\n  states:\n    # first\n    S, I, R # last\n").states
    assert [s.comments, i.comments, r.comments] == [Comments(("first",)), Comments(), Comments((), "last")]


BROKEN = """\
model SIR:
  time: day
    hour
  parms:
    beta == 0.3
    gamma = (0.1 +
    delta : 1/day = 0.2
  states: S, I,, R
  let:
    N = S + I +
    M = S * * I
  dynamics:
    infection: S -> I @ beta*I/N)
     recovery: I -> R
    W' = 2 $ 3
  derive:
    hill(x) = x
    ok = 1
  observe:
    cases ~ Poisson(N) evry 7
  species:
    X
  let:
    "a text"
model Second
  states S
"""


def test_all_problems_of_a_file_are_found_in_one_run():
    assert problems(BROKEN) == [
        (3, 1, "E0104"),  # deeper than its neighbours
        (3, 5, "E0101"),  # two times
        (4, 3, "E0106"),  # parms
        (5, 10, "E0101"),  # ==
        (6, 13, "E0108"),  # the bracket
        (8, 16, "E0101"),  # two commas
        (10, 16, "E0102"),  # nothing behind the plus
        (11, 13, "E0101"),  # two operators
        (13, 33, "E0101"),  # a bracket too many
        (14, 1, "E0104"),  # deeper than its neighbours
        (14, 22, "E0102"),  # no rate
        (15, 12, "E0103"),  # a dollar
        (17, 5, "E0407"),  # a function in derive
        (20, 24, "E0101"),  # evry
        (21, 3, "E0106"),  # species
        (23, 3, "E0107"),  # let again
        (24, 5, "E0101"),  # a text is no alias
        (25, 1, "E0110"),  # no colon
        (26, 3, "E0110"),  # no colon
    ]


def test_what_is_right_in_a_broken_file_is_read():
    first, second = read(BROKEN)[0]
    assert [p.name for p in first.parameters] == ["delta"]
    assert [d.name for d in first.derived] == ["ok"]
    assert [s.name for s in first.states] == ["X"]
    assert [s.name for s in second.states] == ["S"]


def test_the_caller_raises_what_was_found():
    report = Report()
    read_text(Source("m.ojx", BROKEN), report)
    with pytest.raises(OpjaxError) as caught:
        report.check()
    assert len(caught.value.diagnostics) == 19
    assert "m.ojx:11:13: error E0101" in str(caught.value)


def test_the_number_of_declarations_is_limited_also_in_lists():
    text = "model A:\n  states: " + ", ".join(f"S{i}" for i in range(10)) + "\n  let:\n    a = 1\n"
    assert problems(text, Limits(declarations=11)) == []
    assert problems(text, Limits(declarations=10)) == [(4, 5, "E0004")]
    assert problems(text, Limits(declarations=9)) == [(2, 11, "E0004")]


WORDS = (
    "model A",
    "model B:\n",
    "params",
    "states",
    "let",
    "dynamics",
    "\n  params:\n    ",
    "a",
    "1",
    "\n  ",
    "\n    ",
)
pieces = st.sampled_from([*WORDS, *"\n\n\t :=()[]{}\"'#,@~é\u2028", "->"])


@given(st.lists(pieces, max_size=80).map("".join) | st.text(max_size=80))
def test_any_text_gives_models_or_problems_that_can_be_shown(text: str):
    found, report = read(text)
    assert found or report.errors
    for diagnostic in report.errors:
        assert diagnostic.render()
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


HEAD = "model A:\n  params:\n"


def _characters(alphabet: str, size: int) -> str:
    return "".join(random.Random(0).choices(alphabet, k=size))


HOSTILE: dict[str, Callable[[int], str]] = {
    "one word": lambda size: "a" * size,
    "one name": lambda size: HEAD + "    " + "a" * size,
    "one section": lambda size: "model A:\n  " + "a" * size + ":",
    "line ends": lambda size: "\n" * size,
    "spaces": lambda size: " " * size + "a",
    "tabs": lambda size: HEAD + "\t" * size + "a",
    "quotes": lambda size: HEAD + "    a " + '"' * size,
    "apostrophes": lambda size: HEAD + "    a " + "'" * size,
    "open brackets": lambda size: HEAD + "    a = " + "(" * size,
    "closed brackets": lambda size: HEAD + "    a = " + ")" * size,
    "pairs of brackets": lambda size: HEAD + "    a = " + "()" * (size // 2),
    "line ends in a bracket": lambda size: HEAD + "    a = (" + "\n" * size,
    "comments in a bracket": lambda size: HEAD + "    a = (" + "\n#" * (size // 2),
    "comment signs": lambda size: "#" * size,
    "comments": lambda size: "#\n\n" * (size // 3),
    "words": lambda size: "a\n" * (size // 2),
    "deeper and deeper": lambda size: HEAD + "".join(" " * (4 + i % 2000) + "a\n" for i in range(size // 1000)),
    "characters": lambda size: _characters("model A:\n  params # \"()[]{}\n\n\n a=,'é", size // 10),
    "anything": lambda size: _characters("".join(map(chr, range(1, 0xD800))), size // 10),
    "sections": lambda size: "model A:\n" + "  params:\n" * (size // 100),
    "models": lambda size: "model A:\n" * (size // 100),
    "states": lambda size: "model A:\n  states: " + "S," * (size // 10) + "S",
    "continued": lambda size: HEAD + "    a =\n" + "        + 1 # c\n" * (size // 100),
    "unclosed": lambda size: HEAD + "    a = f(1,\n" * (size // 100),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("size", [200_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_hostile_text_is_read_with_few_problems(kind: str, size: int):
    text = HOSTILE[kind](size)
    _, report = read(text)
    assert len(report.diagnostics) <= 100 + size // 40


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_takes_little_memory(kind: str):
    size = 50_000
    text = HOSTILE[kind](size)
    read("model A:\n  let:\n    a = 1\n")  # whatever is kept between calls
    tracemalloc.start()
    try:
        read(text)
        assert tracemalloc.get_traced_memory()[1] < 200 * size
    finally:
        tracemalloc.stop()


def calls(text: str) -> int:
    """How many functions are called to read a text: its work, without a clock."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "line", ["    a = 1 # c\n", "    # c\n\n    a = (\n      1)\n", "    a = (\n", "      a = +\n"]
)
def test_work_is_linear_in_the_number_of_statements(line: str):
    read(HEAD + line * 10)  # whatever is kept between calls
    assert calls(HEAD + line * 4_000) < 12 * calls(HEAD + line * 400)


@pytest.mark.parametrize("space", [" ", "\t"])
def test_work_does_not_depend_on_the_width_of_an_indentation(space: str):
    read(HEAD + "    a")
    assert calls(HEAD + space * 10_000 + "a") < 2 * calls(HEAD + space * 9 + "a")


@pytest.mark.slow
def test_a_hundred_thousand_statements_are_read():
    lines = "".join(f"    name_{i} : 1/day = {i} ~ Normal(0, 1)  # number {i}\n" for i in range(100_000))
    found = model("model Big:\n  params:\n" + lines)
    assert len(found.parameters) == 100_000
    assert found.parameters[-1].comments.behind == "number 99999"
