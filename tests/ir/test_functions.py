"""The function table against mpmath with 50 digits: values, edges, derivatives, domains, examples."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mpmath as mp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ir.function_text import EXACT, REFERENCE, evaluate
from opjax.ir.functions import CONSTANTS, FUNCTIONS, Function, lookup, user_function_names

INF, NAN = math.inf, math.nan
REAL = [f for f in FUNCTIONS.values() if f.result != "boolean" and set(f.argument_kinds) == {"real"}]
MOST_UNITS = 4.0


@pytest.fixture(autouse=True)
def fifty_digits() -> Iterator[None]:
    with mp.workdps(50):
        yield


def by_name(functions: list[Function]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions, ids=lambda f: f.name)


# --- where to look

NEAR = (0.0, 1.0, -1.0, 0.5, 0.25, 0.75, 2.0, 1.25, 2.5, 12.0, 1.4616321449683623, math.pi)


def numbers(draw: random.Random, count: int) -> list[float]:
    """Numbers of every size and sign, and numbers around those where something happens."""
    found: list[float] = []
    for _ in range(count):
        found.append(draw.uniform(-1.0, 1.0))
        found.append(draw.uniform(-30.0, 30.0))
        found.append(draw.choice((-1.0, 1.0)) * 10.0 ** draw.uniform(-300.0, 300.0))
        found.append(draw.choice(NEAR) + draw.choice((-1.0, 1.0)) * 10.0 ** draw.uniform(-18.0, -1.0))
    return found


def points(function: Function, count: int, moderate: bool = False) -> list[tuple[float, ...]]:
    """Places at which to evaluate a function; the order of polygamma is a small whole number."""
    draw = random.Random(function.name)
    columns = [[x for x in numbers(draw, count) if not moderate or 1e-3 < abs(x) < 20.0] for _ in function.arguments]
    if function.name == "polygamma":
        columns[0] = [float(draw.randint(1, 6)) for _ in columns[1]]
    for column in columns:
        draw.shuffle(column)
    return list(zip(*columns, strict=False))


def exact(function: Function, point: tuple[float, ...]) -> mp.mpf | None:
    """The value by mpmath; None where there is no real one."""
    if function.name == "polygamma" and point[1] <= 0:
        return None  # not defined there by us
    try:
        value = EXACT[function.name](*map(mp.mpf, point))
    except (ValueError, ZeroDivisionError):  # a pole
        return None
    return value if mp.im(value) == 0 and mp.isfinite(value) else None


def unit(function: Function, point: tuple[float, ...], value: float) -> float:
    """The unit in the last place that errors are counted in.

    lgamma and digamma cross zero at numbers that are not floating-point numbers, below zero as the difference of two
    terms (reflection): there the unit is that of the terms, and at least that of 1.
    """
    if function.name == "lgamma" and point[0] < 0:
        return math.ulp(max(1.0, abs(value), abs(math.lgamma(-point[0]))))
    if function.name == "digamma":
        reflected = abs(math.pi / math.tan(math.pi * point[0])) if -1e15 < point[0] < 0 else 0.0
        return math.ulp(max(1.0, abs(value), reflected))
    return math.ulp(value)


# --- values


@by_name(REAL)
def test_the_reference_is_exact_to_four_units_in_the_last_place(function: Function) -> None:
    checked = 0
    for point in points(function, 60):
        truth = exact(function, point)
        if truth is None or abs(truth) > mp.mpf(2) ** 1023:
            continue
        value = function.reference(*point)
        error = abs(mp.mpf(value) - truth) / unit(function, point, float(truth))
        assert error <= MOST_UNITS, (point, value, mp.nstr(truth, 20), float(error))
        checked += 1
    assert checked >= 30


@by_name(REAL)
def test_the_reference_is_nan_where_there_is_no_real_value(function: Function) -> None:
    for point in points(function, 40):
        x = point[-1]
        if function.name == "polygamma":
            assert math.isnan(function.reference(*point)) == (x <= 0)
        elif exact(function, point) is None and function.name not in ("lgamma", "digamma", "divide", "mod"):
            assert math.isnan(function.reference(*point)), point


EDGES = [
    ("exp", (-INF,), 0.0),
    ("exp", (1000.0,), INF),
    ("exp", (-1000.0,), 0.0),
    ("expm1", (INF,), INF),
    ("expm1", (-INF,), -1.0),
    ("log", (0.0,), -INF),
    ("log", (-0.0,), -INF),
    ("log", (-1.0,), NAN),
    ("log", (5e-324,), math.log(5e-324)),
    ("log2", (0.0,), -INF),
    ("log10", (-0.0,), -INF),
    ("log10", (INF,), INF),
    ("log1p", (-1.0,), -INF),
    ("log1p", (-1.5,), NAN),
    ("sqrt", (-0.0,), -0.0),
    ("sqrt", (-1.0,), NAN),
    ("sqrt", (INF,), INF),
    ("cbrt", (-INF,), -INF),
    ("sin", (INF,), NAN),
    ("cos", (-INF,), NAN),
    ("tan", (INF,), NAN),
    ("asin", (1.5,), NAN),
    ("acos", (-1.5,), NAN),
    ("atan", (INF,), math.pi / 2),
    ("atan2", (0.0, 0.0), 0.0),
    ("atan2", (0.0, -1.0), math.pi),
    ("atan2", (-0.0, -1.0), -math.pi),
    ("sinh", (1000.0,), INF),
    ("sinh", (-1000.0,), -INF),
    ("cosh", (-1000.0,), INF),
    ("tanh", (-INF,), -1.0),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", (0.0, 2.0), 0.0),
    ("pow", (0.0, -1.0), INF),
    ("pow", (-0.0, -1.0), -INF),
    ("pow", (-0.0, -2.0), INF),
    ("pow", (-0.0, 3.0), -0.0),
    ("pow", (-8.0, 1 / 3), NAN),
    ("pow", (-8.0, 3.0), -512.0),
    ("pow", (-2.0, 1e5), INF),
    ("pow", (-2.0, 1e5 + 1), -INF),
    ("pow", (NAN, 0.0), 1.0),
    ("pow", (1.0, NAN), 1.0),
    ("pow", (-1.0, INF), 1.0),
    ("pow", (0.5, INF), 0.0),
    ("pow", (INF, -1.0), 0.0),
    ("hypot", (INF, NAN), INF),
    ("hypot", (1e200, 1e200), math.sqrt(2) * 1e200),
    ("abs", (-0.0,), 0.0),
    ("abs", (-INF,), INF),
    ("sign", (0.0,), 0.0),
    ("sign", (-0.0,), 0.0),
    ("sign", (NAN,), NAN),
    ("sign", (-INF,), -1.0),
    ("minimum", (1.0, NAN), NAN),
    ("minimum", (NAN, 1.0), NAN),
    ("minimum", (3.0, 1.0, 2.0), 1.0),
    ("maximum", (1.0, 2.0, NAN), NAN),
    ("maximum", (-INF, -5.0), -5.0),
    ("clip", (5.0, 0.0, 1.0), 1.0),
    ("clip", (-5.0, 0.0, 1.0), 0.0),
    ("clip", (5.0, 2.0, 1.0), 1.0),
    ("clip", (NAN, 0.0, 1.0), NAN),
    ("clip", (0.5, NAN, 1.0), NAN),
    ("where", (True, 1.0, NAN), 1.0),
    ("where", (False, 1.0, NAN), NAN),
    ("step", (0.0,), 1.0),
    ("step", (-0.0,), 1.0),
    ("step", (-5e-324,), 0.0),
    ("step", (NAN,), 0.0),
    ("floor", (-0.5,), -1.0),
    ("floor", (INF,), INF),
    ("ceil", (-0.5,), -0.0),
    ("ceil", (NAN,), NAN),
    ("mod", (-1.0, 24.0), 23.0),
    ("mod", (1.0, -24.0), -23.0),
    ("mod", (1.0, 0.0), NAN),
    ("mod", (INF, 2.0), NAN),
    ("mod", (5.0, INF), 5.0),
    ("mod", (-5.0, INF), INF),
    ("mod", (-1e-20, 1.0), 1.0),
    ("sigmoid", (INF,), 1.0),
    ("sigmoid", (-INF,), 0.0),
    ("sigmoid", (-1000.0,), 0.0),
    ("softplus", (1000.0,), 1000.0),
    ("softplus", (-1000.0,), 0.0),
    ("softplus", (INF,), INF),
    ("softplus", (-INF,), 0.0),
    ("logit", (0.0,), -INF),
    ("logit", (-0.0,), -INF),
    ("logit", (1.0,), INF),
    ("logit", (-0.5,), NAN),
    ("logit", (1.5,), NAN),
    ("logit", (INF,), NAN),
    ("erf", (INF,), 1.0),
    ("erfc", (-INF,), 2.0),
    ("erfc", (30.0,), 0.0),
    ("lgamma", (0.0,), INF),
    ("lgamma", (-3.0,), INF),
    ("lgamma", (-INF,), INF),
    ("lgamma", (1.0,), 0.0),
    ("lgamma", (2.0,), 0.0),
    ("digamma", (0.0,), NAN),
    ("digamma", (-2.0,), NAN),
    ("digamma", (INF,), INF),
    ("digamma", (-INF,), NAN),
    ("polygamma", (1.0, INF), 0.0),
    ("polygamma", (1.0, 0.0), NAN),
    ("polygamma", (0.0, 1.0), NAN),
    ("polygamma", (1.5, 1.0), NAN),
    ("polygamma", (1e9, 1.0), NAN),
    ("polygamma", (2.0, 5e-324), -INF),
    ("divide", (1.0, 0.0), INF),
    ("divide", (1.0, -0.0), -INF),
    ("divide", (-1.0, 0.0), -INF),
    ("divide", (0.0, 0.0), NAN),
    ("divide", (NAN, 0.0), NAN),
    ("divide", (1e308, 1e-308), INF),
    ("add", (INF, -INF), NAN),
    ("multiply", (0.0, INF), NAN),
    ("multiply", (2.0, 3.0, 4.0), 24.0),
    ("negate", (0.0,), -0.0),
    ("less", (NAN, 1.0), False),
    ("equal", (NAN, NAN), False),
    ("equal", (0.0, -0.0), True),
    ("not_equal", (NAN, NAN), True),
    ("logical_and", (True, True, False), False),
    ("logical_or", (False, False, True), True),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), EDGES)
def test_edges_follow_ieee_754(name: str, arguments: tuple[float, ...], expected: float) -> None:
    value = FUNCTIONS[name].reference(*arguments)
    assert type(value) is type(expected)
    if isinstance(expected, bool) or math.isnan(expected):
        assert value == expected or math.isnan(value)
    else:
        assert value == pytest.approx(expected, rel=1e-15, abs=0.0)
        assert math.copysign(1.0, value) == math.copysign(1.0, expected)


@by_name(list(FUNCTIONS.values()))
@settings(max_examples=50)
@given(data=st.data())
def test_the_reference_never_raises(function: Function, data: st.DataObject) -> None:
    kinds = {"real": st.floats(), "boolean": st.booleans(), "any": st.floats()}
    arguments = [data.draw(kinds[kind]) for kind in function.argument_kinds]
    value = function.reference(*arguments)
    assert isinstance(value, bool if function.result == "boolean" else float)


# --- derivatives

NOT_DIFFERENTIATED = [("polygamma", "order"), ("stop_gradient", "x")]  # a literal, and constant by definition


@by_name([f for f in FUNCTIONS.values() if f.result != "boolean"])
def test_derivatives_are_those_of_mpmath(function: Function) -> None:
    for index, text in enumerate(function.derivatives):
        if function.argument_kinds[index] == "boolean":
            assert text == ""
        elif (function.name, function.arguments[index]) not in NOT_DIFFERENTIATED:
            _check_derivative(function, index, text)


def _check_derivative(function: Function, index: int, text: str) -> None:
    checked = 0
    for point in points(function, 12, moderate=True):
        given_ = (point[0] > 0, *point[1:]) if function.name == "where" else point
        values = dict(zip(function.arguments, (mp.mpf(x) if x is not True else x for x in given_), strict=True))
        if function.domain and not evaluate(function.domain, values, EXACT):
            continue
        if function.name == "pow" and values["base"] < 0:
            continue  # real for whole exponents only
        turns = values["x"] / values.get("divisor", 1) if function.name in ("floor", "ceil", "mod") else mp.mpf(0.5)
        if abs(turns - mp.nint(turns)) < 1e-6:
            continue  # too close to a jump

        def along(x: mp.mpf, place: tuple[mp.mpf, ...] = tuple(values.values())) -> mp.mpf:
            return EXACT[function.name](*(x if i == index else v for i, v in enumerate(place)))

        slope = mp.diff(along, mp.mpf(given_[index]))
        written = evaluate(text or "0", values, EXACT)
        assert abs(written - slope) <= 1e-18 * (1 + abs(slope)), (point, written, slope)
        checked += 1
    assert checked >= 5, checked


@pytest.mark.parametrize(
    ("name", "point", "slopes"),
    [
        ("abs", (0.0,), (0.0,)),
        ("sqrt", (0.0,), (INF,)),
        ("cbrt", (0.0,), (INF,)),
        ("asin", (1.0,), (INF,)),
        ("acos", (-1.0,), (-INF,)),
        ("log", (0.0,), (INF,)),
        ("hypot", (0.0, 0.0), (0.0, 0.0)),
        ("atan2", (0.0, 0.0), (NAN, NAN)),
        ("minimum", (1.0, 1.0), (1.0, 0.0)),
        ("maximum", (1.0, 1.0), (1.0, 0.0)),
        ("clip", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
        ("clip", (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
        ("clip", (5.0, 2.0, 1.0), (0.0, 0.0, 1.0)),
        ("clip", (0.0, 2.0, 1.0), (0.0, 0.0, 1.0)),
        ("pow", (0.0, 0.0), (0.0, 0.0)),
        ("pow", (0.0, 0.5), (INF, 0.0)),
        ("pow", (0.0, 1.0), (1.0, 0.0)),
        ("pow", (0.0, 1.5), (0.0, 0.0)),
        ("pow", (0.0, 2.0), (0.0, 0.0)),
        ("pow", (0.0, -1.0), (-INF, -INF)),
        ("pow", (-2.0, 3.0), (12.0, -8.0 * math.log(2.0))),
        ("sigmoid", (1000.0,), (0.0,)),
        ("softplus", (-1000.0,), (0.0,)),
        ("tanh", (1000.0,), (0.0,)),
        ("mod", (-1.0, 24.0), (1.0, 1.0)),
    ],
)
def test_slopes_at_edges_are_the_documented_ones(
    name: str, point: tuple[float, ...], slopes: tuple[float, ...]
) -> None:
    function = FUNCTIONS[name]
    values = dict(zip(function.arguments, point, strict=True))
    written = [evaluate(text, values, REFERENCE) for text in function.derivatives]
    assert written == pytest.approx(list(slopes), rel=1e-15, nan_ok=True)


# --- domains

SPECIAL_POINTS = (-20.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 20.0)


def grid(function: Function, values: tuple[float, ...]) -> Iterator[tuple[float, ...]]:
    count = len(function.arguments)
    draw = random.Random(function.name)
    if count == 1:
        yield from ((x,) for x in values)
    elif count == 2:
        yield from ((x, y) for x in values for y in values)
    else:
        yield from (tuple(draw.choice(values) for _ in range(count)) for _ in range(200))


def finite(function: Function, point: tuple[float, ...]) -> bool:
    values = dict(zip(function.arguments, point, strict=True))
    slopes = [evaluate(text, values, REFERENCE) for text in function.derivatives if text]
    return all(map(math.isfinite, (function.reference(*point), *slopes)))


@by_name([f for f in REAL if f.name != "polygamma"])
def test_value_and_derivatives_are_finite_exactly_in_the_domain(function: Function) -> None:
    for point in grid(function, SPECIAL_POINTS):
        values = dict(zip(function.arguments, point, strict=True))
        inside = evaluate(function.domain or "1 == 1", values, REFERENCE)
        assert finite(function, point) == inside, point


@by_name(REAL)
def test_total_functions_are_finite_for_all_finite_numbers(function: Function) -> None:
    sizes = (0.0, 5e-324, 1e-300, 1e-10, 0.5, 1.0, 2.0, 700.0, 1000.0, 1e100)
    everywhere = all(finite(function, p) for p in grid(function, (*sizes, *(-x for x in sizes))))
    # the poles of tan lie between two floating-point numbers
    assert everywhere == (function.total or function.name == "tan")
    assert not (function.total and function.domain)


# --- the table


@by_name(list(FUNCTIONS.values()))
def test_examples_have_their_values(function: Function) -> None:
    text, value = function.example
    found = evaluate(text, {}, {name: lookup(name).reference for name in user_function_names()} | REFERENCE)
    assert type(found) is type(value)
    assert found == pytest.approx(value, rel=4e-16, abs=0.0)
    if not function.operator:
        assert function.name in text


@by_name(list(FUNCTIONS.values()))
def test_records_are_whole(function: Function) -> None:
    assert FUNCTIONS[function.name] is function
    assert len(function.arguments) == len(function.argument_kinds) == len(function.derivatives)
    assert (function.result == "same") == ("any" in function.argument_kinds)
    assert function.doc.endswith((".", "..."))
    assert "\n" not in function.doc
    assert not function.variadic or len(function.arguments) == 2
    typeset = function.typeset(*("abc"[: len(function.arguments)]))
    assert typeset.count("{") == typeset.count("}")
    assert all(letter in typeset for letter in "abc"[: len(function.arguments)])


def test_variadic_functions_typeset_all_arguments() -> None:
    assert FUNCTIONS["add"].typeset("a", "b", "c") == "a + b + c"
    assert FUNCTIONS["maximum"].typeset("a", "b", "c") == r"\max\left(a, b, c\right)"
    assert FUNCTIONS["divide"].typeset("a", "b") == r"\frac{a}{b}"
    assert FUNCTIONS["hypot"].typeset("a", "b") == r"\sqrt{a^2 + b^2}"


def test_names_and_synonyms_are_unique_and_found() -> None:
    names = [name for f in FUNCTIONS.values() for name in (f.name, *f.synonyms)]
    assert len(names) == len(set(names))
    assert set(user_function_names()) == {
        n for f in FUNCTIONS.values() if not f.operator for n in (f.name, *f.synonyms)
    }
    assert list(user_function_names()) == sorted(user_function_names())
    assert not set(names) & set(CONSTANTS)
    for name, function in {"max": "maximum", "arctan2": "atan2", "power": "pow", "exp": "exp"}.items():
        assert lookup(name) is FUNCTIONS[function]
    for name in ("add", "less", "polygamma", "ln", "", "__class__"):
        assert lookup(name) is None


def test_every_function_has_an_independent_reference() -> None:
    assert set(EXACT) == set(FUNCTIONS)


def test_importing_the_table_imports_no_framework() -> None:
    code = "import sys; import opjax.ir.functions; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    source = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {code}"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    assert "opjax" in loaded
    assert not {"numpy", "jax", "scipy", "torch", "array_api_compat"} & set(loaded)
