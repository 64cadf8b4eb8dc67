"""The forms of statements, and the declarations that they become."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from opjax.errors import Report
from opjax.source import Source, Span
from opjax.syntax import declarations as d
from opjax.syntax import parser
from opjax.syntax.nodes import (
    REDUCTIONS,
    Argument,
    Array,
    Call,
    Compare,
    Index,
    Logical,
    Negate,
    Number,
    Product,
    Reference,
    Sum,
    Text,
)
from opjax.syntax.parser import StatementKind
from opjax.syntax.printer import print_declaration, print_expression
from strategies.expressions import KEYWORDS
from syntax.examples import EXAMPLES
from syntax.reading import parse

a, k, x = Reference("a"), Reference("k"), Reference("x")
zero, one, two, three = (Number(float(n)) for n in range(4))
S, E = Reference("S", (Index(name="age"),)), Reference("E", (Index(name="age"),))
normal = d.DistributionCall("Normal", (Argument(zero), Argument(one, "scale")))

DECLARATIONS: list[tuple[StatementKind, str, Any]] = [
    ("time", "day", d.TimeDeclaration("day")),
    ("time", "day origin 2021-09-01 'calendar'", d.TimeDeclaration("day", "2021-09-01", doc="calendar")),
    ("time", "origin 2021-09-01", d.TimeDeclaration("", "2021-09-01")),
    ("time", "day from 0", d.TimeDeclaration("day", "", 0.0)),
    ("time", "1/h from -0.5 origin 2021-09-01 'd'", d.TimeDeclaration("1/h", "2021-09-01", -0.5, doc="d")),
    ("time", "from 1e3", d.TimeDeclaration("", "", 1000.0)),
    ("time", "from 0 origin 2021-09-01", d.TimeDeclaration("", "2021-09-01", 0.0)),
    ("time", "from from 2", d.TimeDeclaration("from", "", 2.0)),
    ("time", "- from -0", d.TimeDeclaration("-", "", 0.0)),
    ("time", "origin origin 2021-09-01", d.TimeDeclaration("origin", "2021-09-01")),
    ("time", "origin", d.TimeDeclaration("origin")),
    ("axis", "age = [young, old]", d.AxisDeclaration("age", "labels", ("young", "old"))),
    (
        "axis",
        "age = [0-4, 65+, 1.0, 'x y', in,]",
        d.AxisDeclaration("age", "labels", ("0-4", "65+", "1.0", "x y", "in")),
    ),
    (
        "axis",
        'age : year = ordered ["0-4", old] "doc"',
        d.AxisDeclaration("age", "ordered", ("0-4", "old"), unit="year", doc="doc"),
    ),
    ("axis", "x = points [-1, 0.5, 1e3]", d.AxisDeclaration("x", "points", (-1.0, 0.5, 1000.0))),
    ("axis", "x = grid(0, a, 3)", d.AxisDeclaration("x", "grid", grid=(zero, a, three))),
    ("axis", "x = grid(1, 2, 3, log)", d.AxisDeclaration("x", "grid", grid=(one, two, three), spacing="log")),
    ("axis", "x = grid(1, 2, 3, linear)", d.AxisDeclaration("x", "grid", grid=(one, two, three))),
    (
        "axis",
        "x = grid(a[x=1], 2, 3)",
        d.AxisDeclaration("x", "grid", grid=(Reference("a", (Index(label=1.0, axis="x"),)), two, three)),
    ),
    ("axis", "data = data", d.AxisDeclaration("data", "data")),
    ("parameter", "k", d.ParameterDeclaration("k")),
    ("parameter", "k = data", d.ParameterDeclaration("k", flags=("data",))),
    ("parameter", "k = data fixed", d.ParameterDeclaration("k", flags=("data", "fixed"))),
    ("parameter", "k = (data)", d.ParameterDeclaration("k", default=Reference("data"))),
    ("parameter", "k = data*2", d.ParameterDeclaration("k", default=Product((Reference("data"), two), (False, False)))),
    ("parameter", "k = data[x]", d.ParameterDeclaration("k", default=Reference("data", (Index(name="x"),)))),
    ("parameter", "k fixed data", d.ParameterDeclaration("k", flags=("fixed", "data"))),
    (
        "parameter",
        "k = [[1, 2], [3, 0]]",
        d.ParameterDeclaration("k", default=Array((Array((one, two)), Array((three, zero))))),
    ),
    (
        "parameter",
        "k = (1 if x in ['a'] else 2) in [0, 3]",
        d.ParameterDeclaration("k", default=parse("expression", "1 if x == 'a' else 2"), bounds=d.Bounds(zero, three)),
    ),
    (
        "parameter",
        "k in (0, inf]",
        d.ParameterDeclaration("k", bounds=d.Bounds(zero, Reference("inf"), low_closed=False)),
    ),
    (
        "parameter",
        "k in [-inf, 0)",
        d.ParameterDeclaration("k", bounds=d.Bounds(Negate(Reference("inf")), zero, high_closed=False)),
    ),
    ("parameter", 'k : "copies per mL"', d.ParameterDeclaration("k", unit="copies per mL")),
    (
        "parameter",
        "edge[from, to] : every/at^2 = grid ~ log(lo) free",
        d.ParameterDeclaration(
            "edge",
            ("from", "to"),
            "every/at^2",
            Reference("grid"),
            d.DistributionCall("log", (Argument(Reference("lo")),)),
            flags=("free",),
        ),
    ),
    ("state", "S", d.StateDeclaration("S")),
    (
        "state",
        "S[age] : person = 1 counts nonneg",
        d.StateDeclaration("S", ("age",), "person", one, ("counts", "nonneg")),
    ),
    ("state", "S = data", d.StateDeclaration("S", initial=Reference("data"))),
    ("state_list", "S", (d.StateDeclaration("S"),)),
    (
        "state_list",
        "S, I[age], R",
        (d.StateDeclaration("S"), d.StateDeclaration("I", ("age",)), d.StateDeclaration("R")),
    ),
    ("input", "school(t) = previous", d.InputDeclaration("school", "previous")),
    (
        "input",
        "school[age](t) : 1/day = linear 'doc'",
        d.InputDeclaration("school", "linear", ("age",), "1/day", doc="doc"),
    ),
    ("input", "linear(t) = cubic", d.InputDeclaration("linear", "cubic")),
    ("alias", "N = 1", d.AliasDeclaration("N", one)),
    ("alias", "edge = edge edge stay", d.AliasDeclaration("edge", Reference("edge"), edge="stay")),
    (
        "alias",
        "N[age] : person = S[age] edge periodic 'doc'",
        d.AliasDeclaration("N", S, ("age",), "person", "periodic", doc="doc"),
    ),
    ("alias", "f(x, k) = x 'doc'", d.FunctionDeclaration("f", ("x", "k"), x, doc="doc")),
    ("dynamics", "S[age] -> E[age] @ k", d.TransitionDeclaration((d.Term(S),), (d.Term(E),), k)),
    (
        "dynamics",
        "flow: 2 a + x => 3 k @ k edge absorb 'doc'",
        d.TransitionDeclaration((d.Term(a, 2), d.Term(x)), (d.Term(k, 3),), k, False, "flow", "absorb", doc="doc"),
    ),
    ("dynamics", "0 -> a @ k", d.TransitionDeclaration((), (d.Term(a),), k)),
    ("dynamics", "a -> 0 @ k", d.TransitionDeclaration((d.Term(a),), (), k)),
    ("dynamics", "a' = k", d.DerivativeDeclaration(a, k)),
    ("dynamics", "S[age]' = k edge periodic 'doc'", d.DerivativeDeclaration(S, k, "periodic", doc="doc")),
    ("dynamics", "d(S[age])/dt = k", d.DerivativeDeclaration(S, k)),
    ("dynamics", "हिन्दी' = k", d.DerivativeDeclaration(Reference("हिन्दी"), k)),
    ("dynamics", "da/dt = k", d.DerivativeDeclaration(a, k)),
    ("dynamics", "dS[age] / dt = k", d.DerivativeDeclaration(S, k)),
    ("dynamics", "d' = d*dt + t", d.DerivativeDeclaration(Reference("d"), parse("expression", "d*dt + t"))),
    (
        "dynamics",
        "a' = k if S[age] == 'x' else x",
        d.DerivativeDeclaration(a, parse("expression", 'k if S[age] == "x" else x')),
    ),
    (
        "initial",
        "S[age=18-64] = 1 'doc'",
        d.InitialDeclaration(Reference("S", (Index(label="18-64", axis="age"),)), one, doc="doc"),
    ),
    ("event", "e: at 1: a += 2", d.EventDeclaration("e", d.At(one), (d.Action("+=", a, two),))),
    (
        "event",
        "e: every 1 from 2 to 3: a -= 1; x *= 2; k = 3; stop; 'doc'",
        d.EventDeclaration(
            "e",
            d.Every(one, two, three),
            (d.Action("-=", a, one), d.Action("*=", x, two), d.Action("=", k, three), d.Action("stop")),
            doc="doc",
        ),
    ),
    ("event", "e: every 1 to 2: stop", d.EventDeclaration("e", d.Every(one, None, two), (d.Action("stop"),))),
    (
        "event",
        "e: when x < 1 falling: stop",
        d.EventDeclaration("e", d.When(Compare((x, one), ("<",)), "falling"), (d.Action("stop"),)),
    ),
    (
        "event",
        "e: when x in ['p', 'q']: stop",
        d.EventDeclaration(
            "e",
            d.When(Logical("or", (Compare((x, Text("p")), ("==",)), Compare((x, Text("q")), ("==",))))),
            (d.Action("stop"),),
        ),
    ),
    ("event", "e: doses from table: a += 1", d.EventDeclaration("e", d.Doses("table"), (d.Action("+=", a, one),))),
    (
        "event",
        "stop: at at: stop = stop",
        d.EventDeclaration("stop", d.At(Reference("at")), (d.Action("=", Reference("stop"), Reference("stop")),)),
    ),
    ("boundary", "u at x.lo: periodic", d.BoundaryDeclaration("u", "x", "lo", "periodic")),
    (
        "boundary",
        "at at at.hi: robin(a=1) 'doc'",
        d.BoundaryDeclaration("at", "at", "hi", "robin", (Argument(one, "a"),), doc="doc"),
    ),
    ("observation", "y ~ Normal(0, scale=1)", d.ObservationDeclaration("y", normal)),
    (
        "observation",
        "every[age] ~ Normal(0, scale=1) every 1 'doc'",
        d.ObservationDeclaration("every", normal, ("age",), one, doc="doc"),
    ),
    ("requirement", "a < k 'doc'", d.RequirementDeclaration(Compare((a, k), ("<",)), doc="doc")),
    ("distribution", "Normal(0, scale=1)", normal),
    ("bounds", "[0, 1)", d.Bounds(zero, one, high_closed=False)),
    ("bounds", "in (0, 1]", d.Bounds(zero, one, low_closed=False)),
    ("unit", " mm ^ 2 / day ", "mm^2/day"),
    ("unit", "kg**-1*(m*s)^2", "kg^-1*(m*s)^2"),
    ("unit", "-", "-"),
    ("unit", "'copies per mL'", "copies per mL"),
]


@pytest.mark.parametrize(("kind", "text", "declaration"), DECLARATIONS)
def test_the_declaration_of_a_text(kind: StatementKind, text: str, declaration: Any) -> None:
    assert parse(kind, text) == declaration
    if isinstance(declaration, d.Declaration):
        assert parse(kind, print_declaration(declaration)) == declaration


PARTS = [": 1/day", "= 0.25", "~ LogNormal(0, 1)", "in (0, 2)", "fixed", '"doc"']


@pytest.mark.parametrize("shift", range(len(PARTS)))
def test_the_parts_of_a_parameter_stand_in_any_order(shift: int) -> None:
    straight = parse("parameter", "sigma " + " ".join(PARTS))
    for order in (PARTS[shift:] + PARTS[:shift], [*PARTS[shift:], *PARTS[:shift]][::-1]):
        assert parse("parameter", "sigma " + " ".join(order)) == straight


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_the_statements_of_the_example_models_survive_printing(kind: StatementKind, text: str) -> None:
    found = parse(kind, text)
    if isinstance(found, d.Declaration):
        assert parse(kind, print_declaration(found)) == found
        assert parse(kind, text + "  # behind").doc == found.doc


@pytest.mark.parametrize(
    ("kind", "text", "printed"),
    [
        ("parameter", "k[x]:1/day=.5~Beta(1,2)in(0,1]fixed 'a'", 'k[x] : 1/day = .5 ~ Beta(1, 2) in (0, 1] fixed "a"'),
        ("axis", "age=ordered['0-4',old]", 'age = ordered ["0-4", old]'),
        ("axis", "x:mm=points[0,.5]", "x : mm = points [0, 0.5]"),
        ("input", "f(t)=linear", "f(t) = linear"),
        ("dynamics", "n:2 A+B->0@k", "n: 2 A + B -> 0 @ k"),
        ("dynamics", "d(u[x])/dt=1", "u[x]' = 1"),
        ("event", "e:every 1 to 2:a+=1;stop", "e: every 1 to 2: a += 1; stop"),
        ("boundary", "u at x.lo:neumann(0)", "u at x.lo: neumann(0)"),
        ("observation", "y[a]~N(b,c=1)every 7", "y[a] ~ N(b, c=1) every 7"),
        ("alias", "f(x,y)=x", "f(x, y) = x"),
        ("time", "day  origin  2021-09-01", "day origin 2021-09-01"),
        ("time", "day  from  0.50  origin  2021-09-01", "day from 0.5 origin 2021-09-01"),
        ("time", "from -0", "from 0"),
    ],
)
def test_the_printed_form(kind: StatementKind, text: str, printed: str) -> None:
    assert print_declaration(parse(kind, text)) == printed


def test_the_canonical_text_leaves_out_the_description_and_the_spelling_of_numbers() -> None:
    texts = ['k = 1e6 ~ Normal(0., 1) "one"', "k = 1000000 ~ Normal(0, 1.0) 'two'"]
    assert {print_declaration(parse("parameter", text), canonical=True) for text in texts} == {
        "k = 1000000 ~ Normal(0, 1)"
    }


def test_a_description_with_a_line_break_is_printed_in_one_line() -> None:
    assert print_declaration(d.StateDeclaration("S", doc='two\nlines, "quoted"')) == 'S "two lines, ""quoted"""'


@pytest.mark.parametrize("name", [*KEYWORDS, *REDUCTIONS])
def test_keywords_are_ordinary_names_where_they_are_not_needed(name: str) -> None:
    assert print_expression(parse("expression", f"{name} + f({name}, {name}={name}[{name}:{name}])")) == (
        f"{name} + f({name}, {name}={name}[{name}:{name}])"
    )
    statements: list[tuple[StatementKind, str]] = [
        ("parameter", f"{name}[{name}] : {name} = {name}*1 fixed"),
        ("state", f"{name}[{name}] : {name} = {name} counts"),
        ("alias", f"{name} = {name} edge stay"),
        ("alias", f"{name}({name}) = {name}"),
        ("dynamics", f"{name}: 2 {name} -> {name} @ {name} edge stay"),
        ("dynamics", f"{name}' = {name}"),
        ("initial", f"{name} = {name}"),
        ("event", f"{name}: every {name} from {name} to {name}: {name} += {name}; stop"),
        ("event", f"{name}: when {name} rising: {name} = {name}"),
        ("boundary", f"{name} at {name}.lo: {name}({name})"),
        ("observation", f"{name} ~ {name}({name}) every {name}"),
        ("requirement", f"{name} > {name}"),
        ("time", f"{name} origin 2021-01-01"),
        ("axis", f"{name} : {name} = grid({name}, {name}, {name}, log)"),
        ("input", f"{name}(t) : {name} = linear"),
    ]
    for kind, text in statements:
        assert print_declaration(parse(kind, text)) == text


def test_every_kind_has_its_function() -> None:
    texts = dict(reversed([*EXAMPLES, ("unit", "mg/L"), ("declared", "C[age, age]")]))
    for kind in get_args(StatementKind):
        text = texts[kind]
        read = getattr(parser, f"parse_{kind}")
        found, same = read(Span(Source("<test>", text), 0, len(text)), Report()), parse(kind, text)
        assert found[:2] == same[:2] if kind == "declared" else found == same


def test_a_declared_name_has_its_axes_and_its_place() -> None:
    name, axes, span = parse("declared", " C[age, age] ")
    assert (name, axes, span.text) == ("C", ("age", "age"), "C[age, age]")


def test_a_call_may_stand_where_a_reduction_has_no_binders() -> None:
    assert parse("expression", "sum(a)") == Call("sum", (Argument(a),))
    assert parse("expression", "sum(a + x)") == Call("sum", (Argument(Sum((a, x), (False, False))),))
