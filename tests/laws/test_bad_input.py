"""Bad input gets a sentence with a place; nothing crashes from inside."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opjax

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ojx"))
YAML_EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in EXAMPLES]
YAML_TEXTS = [path.read_text(encoding="utf-8") for path in YAML_EXAMPLES]

# A model with a name in every position where one can be looked up; @ marks the positions.
POSITIONS = """
model Positions:
  axes:
    age = [young, old]
    x = grid(0, 1 + @number@, 5)
  params:
    a = 1
    b[@axis@] = a + @default@
    c ~ Normal(@prior@, 1)
    d ~ HalfNormal(2) in (0, @bound@)
    e[age]
  states:
    S[age] = @initial@
    I[age]
    u[x]
  let:
    f(z) = z*@inside_function@
    n[age] = S[age] + @alias@
    m = sum(e[@index@] for k in age)
    o = sum(e[k] for k in @binder@)
  dynamics:
    infection: S[age] -> I[age] @ a*f(a)*@rate@
    I[age] -> @product@ @ a
    @reactant@ -> I[age] @ a
    d(u[x])/dt = @derivative@ + @function@(a)
  init:
    I[age] = @init@
  observe:
    y[age] ~ Normal(loc=@observed@*S[age], scale=1)
    z ~ @distribution@(a)
    w ~ Normal(incidence(@transition@), 1)
  derive:
    g = @derived@
  require:
    a > @required@
"""
GOOD = {
    "number": "0",
    "default": "1",
    "prior": "a",
    "bound": "9",
    "axis": "age",
    "initial": "a",
    "inside_function": "a",
    "alias": "a",
    "index": "k",
    "binder": "age",
    "rate": "a",
    "product": "0",
    "reactant": "0",
    "derivative": "a",
    "function": "exp",
    "init": "a",
    "observed": "a",
    "distribution": "HalfNormal",
    "transition": "infection[young]",
    "derived": "a",
    "required": "0",
}


def filled(**replaced: str) -> str:
    text = POSITIONS
    for name, value in (GOOD | replaced).items():
        text = text.replace(f"@{name}@", value)
    return text


def test_the_model_with_all_positions_is_right() -> None:
    with pytest.raises(opjax.OpjaxError) as raised:
        opjax.loads(filled(transition="infection[young]"))
    assert [d.code for d in raised.value.diagnostics] == ["E0308"]  # a label wants its axis: infection[age="young"]
    opjax.loads(filled(transition='infection[age="young"]'))


@pytest.mark.parametrize("position", [p for p in GOOD if p != "transition"])
def test_an_unknown_name_is_found_in_every_position(position: str) -> None:
    text = filled(transition='infection[age="young"]', **{position: "unknown_thing"})
    with pytest.raises(opjax.OpjaxError) as raised:
        opjax.loads(text)
    lines = {d.span.line for d in raised.value.diagnostics}
    marked = POSITIONS.splitlines().index(next(r for r in POSITIONS.splitlines() if f"@{position}@" in r)) + 1
    assert marked in lines, raised.value
    assert any("unknown_thing" in d.message for d in raised.value.diagnostics)
    assert len(raised.value.diagnostics) <= 2  # one mistake is not reported all over the file


def test_all_problems_are_reported_at_once() -> None:
    wrong = {
        name: f"unknown_{name}" for name in ("prior", "rate", "derivative", "init", "observed", "derived", "alias")
    }
    with pytest.raises(opjax.OpjaxError) as raised:
        opjax.loads(filled(transition='infection[age="young"]', **wrong))
    message = str(raised.value)
    assert all(name in message for name in wrong.values())
    places = [d.span.start for d in raised.value.diagnostics]
    assert places == sorted(places)


def attempt(text: str, form: str) -> None:
    """Read and compile; only our own error may come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", opjax.OpjaxWarning)
        try:
            opjax.loads(text, form).compile_rhs()
        except opjax.OpjaxError as error:
            problems = error.diagnostics
        else:
            return
    assert problems
    assert all(problem.message and problem.render() for problem in problems)


PIECES = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "=",
    "->",
    "@",
    "~",
    '"',
    "'",
    "#",
    "\t",
    "\n",
    "  ",
    ",",
    "'",
    "-",
    "*",
    "/",
]
PIECES += [
    "^",
    "1e999",
    "0",
    "if",
    "else",
    "for",
    "in",
    "sum(",
    "edge stay",
    "age",
    "S",
    "t",
    "@ @",
    "\x00",
    "\u00e9",
    "%",
]


@st.composite
def mutated(draw: st.DrawFn, texts: list[str]) -> str:
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from(["", *PIECES])) + text[stop:]
    return text


@settings(max_examples=400)
@given(mutated(TEXTS))
def test_a_damaged_text_never_crashes(text: str) -> None:
    attempt(text, "ojx")


@pytest.mark.skipif(not YAML_TEXTS, reason="no examples in YAML")
@settings(max_examples=150)
@given(mutated(YAML_TEXTS or [""]))
def test_a_damaged_yaml_never_crashes(text: str) -> None:
    attempt(text, "yaml")


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_arbitrary_text_never_crashes(text: str) -> None:
    attempt(text, "ojx")
    attempt(f"model M:\n  states: S\n  dynamics:\n    S' = {text}\n", "ojx")


HEAD = "model M:\n  params:\n    k = 2\n  states:\n    x\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tower of powers", HEAD + "  dynamics:\n    x' = x*9**9**9\n"),
        ("a sum of many terms", HEAD + "  dynamics:\n    x' = " + " + ".join(["k*x"] * 20_000) + "\n"),
        ("deep brackets", HEAD + "  dynamics:\n    x' = " + "(" * 50_000 + "x" + ")" * 50_000 + "\n"),
        ("many minuses", HEAD + "  dynamics:\n    x' = " + "-" * 50_000 + "x\n"),
        ("a chain of aliases", HEAD + "  let:\n" + "".join(f"    a{i} = a{i + 1} + k\n" for i in range(3000))
         + "    a3000 = x\n  dynamics:\n    x' = a0\n"),
        ("doubling aliases", HEAD + "  let:\n    a0 = x/1e9\n"
         + "".join(f"    a{i + 1} = a{i} + a{i}\n" for i in range(60)) + "  dynamics:\n    x' = a60\n"),
        ("doubling functions", HEAD + "  let:\n    f0(z) = z/1e9\n" + "".join(
            f"    f{i + 1}(z) = f{i}(z) + f{i}(z)\n" for i in range(60)) + "  dynamics:\n    x' = f60(x)\n"),
        ("functions in a circle", HEAD + "  let:\n    f(z) = g(z)\n    g(z) = f(z)\n  dynamics:\n    x' = f(x)\n"),
        ("an axis without end", HEAD + "  axes:\n    a = grid(0, 1, 1e12)\n  dynamics:\n    x' = sum(1 for i in a)\n"),
        ("a megabyte of name", HEAD + "  dynamics:\n    x' = " + "k" * 1_000_000 + "\n"),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)  # fmt: skip
@pytest.mark.timeout(120)  # a hang is the enemy here, not milliseconds
def test_hostile_text_ends(name: str, text: str) -> None:
    assert name
    attempt(text, "ojx")
