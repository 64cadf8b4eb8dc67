"""The forms of expressions, and the trees that they become."""

from __future__ import annotations

import pytest

from opjax.syntax.nodes import (
    REDUCTIONS,
    Argument,
    Array,
    Binder,
    Call,
    Compare,
    Conditional,
    Expression,
    Index,
    Logical,
    Negate,
    Not,
    Number,
    Power,
    Product,
    Reduction,
    Reference,
    Remainder,
    Sum,
    Text,
    Truth,
)
from opjax.syntax.printer import print_expression
from syntax.reading import parse

a, b, c, d, x, t, tau = (Reference(name) for name in ("a", "b", "c", "d", "x", "t", "tau"))
one, two = Number(1.0), Number(2.0)

TREES: dict[str, Expression] = {
    "a + b - c": Sum((a, b, c), (False, False, True)),
    "a + (b + c)": Sum((a, Sum((b, c), (False, False))), (False, False)),
    "(a + b) + c": Sum((Sum((a, b), (False, False)), c), (False, False)),
    "-a + b": Sum((Negate(a), b), (False, False)),
    "a - -b": Sum((a, Negate(b)), (False, True)),
    "a * b / c": Product((a, b, c), (False, False, True)),
    "a*b%c": Remainder(Product((a, b), (False, False)), c),
    "a%b*c": Product((Remainder(a, b), c), (False, False)),
    "-x^2": Negate(Power(x, two)),
    "(-x)^2": Power(Negate(x), two),
    "2^-1": Power(two, Negate(one)),
    "a^b^c": Power(a, Power(b, c)),
    "a**b": Power(a, b),
    "- - a": Negate(Negate(a)),
    "+a": a,
    "a < b <= c": Compare((a, b, c), ("<", "<=")),
    "not a == b": Not(Compare((a, b), ("==",))),
    "a and b and c": Logical("and", (a, b, c)),
    "a or b and c": Logical("or", (a, Logical("and", (b, c)))),
    "a if b else c": Conditional((b,), (a,), c),
    "a if b else c if d else x": Conditional((b, d), (a, c), x),
    "a if b else (c if d else x)": Conditional((b,), (a,), Conditional((d,), (c,), x)),
    "true": Truth(True),
    "false": Truth(False),
    "'old'": Text("old"),
    '"65+"': Text("65+"),
    '"say ""no"""': Text('say "no"'),
    '"it\'s"': Text("it's"),
    "50{mg}": Number(50.0, unit="mg"),
    "50 { mg / L }": Number(50.0, unit="mg/L"),
    '50{"odd unit"}': Number(50.0, unit="odd unit"),
    "inf": Reference("inf"),
    "np.pi": Reference("pi"),
    "np.exp(x)": Call("exp", (Argument(x),)),
    "jnp.exp(numpy.log(xp.sqrt(x)))": Call("exp", (Argument(Call("log", (Argument(Call("sqrt", (Argument(x),))),))),)),
    "f()": Call("f"),
    "f(a, b, key=c,)": Call("f", (Argument(a), Argument(b), Argument(c, "key"))),
    "at(a, x=b)": Call("at", (Argument(a), Argument(b, "x"))),
    "N(t - tau)": Call("N", (Argument(Sum((t, tau), (False, True))),)),
    "N[age](t - tau)": Call("N", (Argument(Sum((t, tau), (False, True))),), (Index(name="age"),)),
    "min(a, b)": Call("min", (Argument(a), Argument(b))),
    "max(a)": Call("max", (Argument(a),)),
    "sum": Reference("sum"),
    "sum(a for b in age)": Reduction("sum", a, (Binder("b", "age"),)),
    "sum(x for a in age, b in age if a != b)": Reduction(
        "sum", x, (Binder("a", "age"), Binder("b", "age")), Compare((a, b), ("!=",))
    ),
    "sum(x for a in age for b in age)": Reduction("sum", x, (Binder("a", "age"), Binder("b", "age"))),
    "max(a if b else c for d in s)": Reduction("max", Conditional((b,), (a,), c), (Binder("d", "s"),)),
    "[1, [2, 1],]": Array((one, Array((two, one)))),
    "[]": Array(()),
    "b in ['x', 2]": Logical("or", (Compare((b, Text("x")), ("==",)), Compare((b, two), ("==",)))),
    "b in ['x']": Compare((b, Text("x")), ("==",)),
    "b in []": Truth(False),
    "b not in ['x', 'y']": Logical("and", (Compare((b, Text("x")), ("!=",)), Compare((b, Text("y")), ("!=",)))),
    "b not in []": Truth(True),
    "a and b in ['x']": Logical("and", (a, Compare((b, Text("x")), ("==",)))),
    "a # comment ) ]\n + # more\n b": Sum((a, b), (False, False)),
    " \n a \t": a,
}


@pytest.mark.parametrize(("text", "tree"), TREES.items())
def test_the_tree_of_a_text(text: str, tree: Expression) -> None:
    assert parse("expression", text) == tree
    assert parse("expression", print_expression(tree)) == tree


INDICES: dict[str, Index] = {
    "age": Index(name="age"),
    "age+1": Index(name="age", offset=1),
    "age - 2": Index(name="age", offset=-2),
    "age:b": Index(name="b", axis="age"),
    "age:b+1": Index(name="b", axis="age", offset=1),
    "age=young": Index(label="young", axis="age"),
    "age = 'young'": Index(label="young", axis="age"),
    'age="65+"': Index(label="65+", axis="age"),
    "age=65+": Index(label="65+", axis="age"),
    "age=18-64": Index(label="18-64", axis="age"),
    "age=1_2": Index(label="1_2", axis="age"),
    "age=in": Index(label="in", axis="age"),
    'age="2"': Index(label="2", axis="age"),
    "x=2": Index(label=2.0, axis="x"),
    "x=-0.5": Index(label=-0.5, axis="x"),
    "x=1e-3": Index(label=1e-3, axis="x"),
    '"65+"': Index(label="65+"),
    "0.5": Index(label=0.5),
    "-0.5": Index(label=-0.5),
    "1e3": Index(label=1000.0),
}


@pytest.mark.parametrize(("text", "index"), INDICES.items())
def test_the_position_of_a_text(text: str, index: Index) -> None:
    assert parse("expression", f"S[{text}]") == Reference("S", (index,))
    assert parse("reference", f"S[ {text} , x]") == Reference("S", (index, Index(name="x")))


@pytest.mark.parametrize(
    ("text", "value", "integer"),
    [
        ("2", 2.0, True),
        ("007", 7.0, True),
        ("2.", 2.0, False),
        (".5", 0.5, False),
        ("1e3", 1000.0, False),
        ("1E-3", 0.001, False),
        ("9007199254740993", 9007199254740992.0, True),
        ("1" + "0" * 300, 1e300, True),
        ("0." + "0" * 5000 + "1", 0.0, False),
        ("5e-324", 5e-324, False),
    ],
)
def test_numbers_keep_their_value_and_their_text(text: str, value: float, integer: bool) -> None:
    number = parse("expression", text)
    assert (number.value, number.integer, number.text) == (value, integer, text)
    assert print_expression(number) == text


@pytest.mark.parametrize("texts", [("1e6", "1000000", "1e+06", "1000000.0"), (".5", "0.5", "5e-1"), ("2", "2.0")])
def test_equal_numbers_have_one_canonical_text(texts: tuple[str, ...]) -> None:
    assert len({print_expression(parse("expression", text), canonical=True) for text in texts}) == 1
    assert len({parse("expression", text) for text in texts}) == 1


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_every_reduction_is_read(kind: str) -> None:
    assert parse("expression", f"{kind}(a for b in age)").kind == kind
    assert parse("expression", f"{kind}(a, b)") == Call(kind, (Argument(a), Argument(b)))


@pytest.mark.parametrize(
    "tree",
    [
        Sum((Sum((a, b), (False, True)), c), (False, False)),
        Product((Product((a, b), (False, False)), c), (False, True)),
        Product((a, Remainder(b, c)), (False, False)),
        Remainder(Sum((a, b), (False, False)), Product((a, b), (False, False))),
        Power(Power(a, b), Negate(Negate(c))),
        Power(Negate(a), Sum((a, b), (False, True))),
        Negate(Sum((Negate(a), b), (False, True))),
        Not(Not(Logical("or", (a, Logical("or", (b, c)))))),
        Compare((Compare((a, b), ("<",)), Not(c)), ("==",)),
        Conditional((Conditional((a,), (b,), c),), (Conditional((a,), (b,), c),), Conditional((a,), (b,), c)),
        Reduction("sum", Conditional((a,), (b,), c), (Binder("i", "x"),), Conditional((a,), (b,), c)),
    ],
)
def test_shapes_that_need_brackets(tree: Expression) -> None:
    assert parse("expression", print_expression(tree)) == tree


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Sum((a, Negate(b)), (False, True)), "a - -b"),
        (Negate(Power(a, two)), "-a^2.0"),
        (Product((Negate(a), Negate(b)), (False, False)), "-a*-b"),
        (Product((Remainder(a, b), c), (False, False)), "a%b*c"),
        (Logical("or", (Logical("and", (a, b)), c)), "a and b or c"),
        (Not(Compare((a, b), ("<",))), "not a < b"),
        (Product((Sum((a, b), (False, False)), c), (False, True)), "(a + b)/c"),
        (Call("f", (Argument(Conditional((a,), (b,), c)),)), "f(b if a else c)"),
        (Number(3.0, integer=True), "3"),
        (Number(0.1, unit="mg per L"), '0.1{"mg per L"}'),
    ],
)
def test_there_are_as_few_brackets_as_possible(tree: Expression, text: str) -> None:
    assert print_expression(tree) == text


def test_a_label_with_a_line_break_has_no_spelling() -> None:
    with pytest.raises(ValueError, match="line break"):
        print_expression(Text("a\nb"))
