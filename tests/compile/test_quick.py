"""Functions written for usual arguments: what is unusual has the value, or the error, that it has in any other call."""

from __future__ import annotations

import collections
import inspect
import itertools
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import opjax
from opjax.backends.numpy import BACKEND

Ways = dict[str, Callable[..., Any]]
SMALL = """
model Small:
  params:
    type
    float = 0.5
    lambda
  states: args, other
  dynamics:
    d(args)/dt = type*args - float*args*other{time}
    d(other)/dt = lambda*other/args
"""
COPIED = """
model Copied:
  params: k
  states: x, z, w
  dynamics:
    d(x)/dt = z + w
    d(z)/dt = x
    d(w)/dt = x if z > w else w
"""
ARRAYS = """
model Arrays:
  axes:
    age = [a, b, c]
  params:
    C[age, age]
    k
  states: x[age]
  dynamics:
    d(x[age])/dt = k*sum(C[age, j]*x[j] for j in age){time}
"""
CORNERS = (0.0, -0.0, 2.5, -1e-308, 1e308, np.inf, -np.inf, np.nan)


def ready(text: str, y: np.ndarray, p: dict[str, Any], time: str = "") -> tuple[opjax.CompiledRhs, Ways]:
    """A model whose calls know what is usual, and all ways to call it."""
    rhs = opjax.compile_rhs(opjax.loads(text.replace("{time}", time), "ojx"))
    first = [rhs(0.0, y, p), rhs.eval_fn(0.0, y, **p)]
    np.testing.assert_array_equal(*first)
    ways: Ways = {
        "mapping": rhs,
        "keywords": lambda t, y, p: rhs.eval_fn(t, y, **p),
        "bound": lambda t, y, p: [(f := rhs.bind(p))(t, y), f(t, y)][1],
    }
    return rhs, ways


SMALL_P = {"type": 0.3, "float": 0.2, "lambda": 0.7}


@pytest.mark.parametrize("way", ["mapping", "keywords", "bound"])
def test_corners_of_numbers(way: str) -> None:
    _, ways = ready(SMALL, np.ones(2), SMALL_P, " + t")
    for x, z, k in itertools.product(CORNERS, repeat=3):
        p = {**SMALL_P, "lambda": k}
        with np.errstate(all="ignore"):
            got = ways[way](0.25, np.array([x, z]), p)
            a, b = np.float64(x), np.float64(z)
            want = [0.3 * a - 0.2 * a * b + 0.25, k * b / a]
        np.testing.assert_allclose(got, want, rtol=1e-15)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want)) if not np.isnan(want).any() else None


@pytest.mark.parametrize("way", ["mapping", "keywords", "bound"])
@pytest.mark.parametrize("time", ["", " + t"])
def test_unusual_values(way: str, time: str) -> None:
    _, ways = ready(SMALL, np.ones(2), SMALL_P, time)
    y = np.array([0.3, 0.7])
    want = ways[way](2.0, y, {"type": 2.0, "float": 1.0, "lambda": 3.0})
    for value in (2, np.float32(2), np.array(2.0), np.int8(2)):
        p = {"type": value, "float": True, "lambda": 3.0}
        np.testing.assert_array_equal(ways[way](2, y, p), want)
    np.testing.assert_array_equal(ways[way](np.float64(2), y.astype(">f8"), {**p, "type": 2.0}), want)
    single = ways[way](2.0, y.astype(np.float32), {**p, "type": 2.0})
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, want, rtol=1e-6)
    assert isinstance(ways[way](2.0, y.view(type("Kind", (np.ndarray,), {})), p), np.ndarray)
    np.testing.assert_array_equal(ways[way](2.0, np.array([1, 2]), p), ways[way](2.0, np.array([1.0, 2.0]), p))
    np.testing.assert_array_equal(ways[way](2.0, np.array([9.0, *y, 9.0])[1:3], p), want)
    np.testing.assert_allclose(ways[way](2.0, jnp.asarray(y), p), want, rtol=1e-6)
    tree = ways[way](2.0, {"args": y[0], "other": y[1]}, p) if way != "keywords" else None
    assert tree is None or [tree["args"], tree["other"]] == list(want)


@pytest.mark.parametrize("way", ["mapping", "keywords", "bound"])
@pytest.mark.parametrize("text", [SMALL, ARRAYS, COPIED])
def test_wrong_arguments_are_refused_as_ever(way: str, text: str) -> None:
    size = 2 if text is SMALL else 3
    p = SMALL_P if text is SMALL else {"C": np.eye(3), "k": 2.0} if text is ARRAYS else {}
    _, ways = ready(text, np.ones(size), p)
    y = np.ones(size)
    shapes = [np.ones(size + 1), np.ones(size - 1), np.ones((size, 1)), np.ones((size, 2)), np.ones((1, size)), y[0]]
    for wrong in [*shapes, np.ones((size, size))]:
        with pytest.raises(opjax.OpjaxError, match="E0804"):
            ways[way](0.0, wrong, p)
    with pytest.raises(opjax.OpjaxError, match="E0806"):
        ways[way](0.0, y, {**p, "unknown": 1.0})
    with pytest.raises(opjax.OpjaxError, match="E0807"):
        ways[way](0.0, [1.0] * size, p)
    for name in p:
        if name != "float":
            with pytest.raises(opjax.OpjaxError, match="E0805"):
                ways[way](0.0, y, {key: value for key, value in p.items() if key != name})
        with pytest.raises(opjax.OpjaxError, match="E0804"):
            ways[way](0.0, y, {**p, name: np.ones((2, 2))})
        with pytest.raises(opjax.OpjaxError, match="E0807"):
            ways[way](0.0, y, {**p, name: "2"})


MANY = """
model Many:
  params:
    known_0
    fits
    values
    globals
    given_4
  states: x, z
  dynamics:
    d(x)/dt = known_0/x + fits*z + values^2
    d(z)/dt = globals*x - given_4/z
"""


def test_parameters_that_change_in_turn_are_told_from_those_of_the_call_before() -> None:
    class Kind(float):
        """Equal to a float, and none."""

    names = ("known_0", "fits", "values", "globals", "given_4")
    rhs, _ = ready(MANY, np.ones(2), dict.fromkeys(names, 1.0))
    y = np.array([0.3, -0.0])
    values = (1.0, 0.0, -0.0, 2.5, 2, np.float64(2.5), np.float32(2.5), Kind(2.5), np.array(2.5), True, np.nan, 2.5)
    with np.errstate(all="ignore"):
        for name, first, second in itertools.product(names, values, values):
            for value in (first, second, first):
                p = {**dict.fromkeys(names, 1.5), name: value}
                k, f, v, g, d = (np.float64(p[name]) for name in names)
                want = [k / y[0] + f * y[1] + v**2, g * y[0] - d / y[1]]
                np.testing.assert_array_equal(rhs(0.0, y, p), want)
    given = dict.fromkeys(names, 1.5)
    rhs(0.0, y + 1, given)
    for name, wrong in itertools.product(names, (None, "1.5", 1.5 + 0j, [1.5])):
        with pytest.raises(opjax.OpjaxError):
            rhs(0.0, y + 1, {**given, name: wrong})
    with pytest.raises(opjax.OpjaxError, match="E0806"):
        rhs(0.0, y + 1, {**dict.fromkeys(names[1:], 1.5), "other": 1.0})


def test_a_default_that_is_left_out_counts() -> None:
    rhs, ways = ready(SMALL, np.ones(2), SMALL_P)
    y = np.array([0.3, 0.7])
    for call in ways.values():
        without = call(0.0, y, {"type": 0.3, "lambda": 0.7})
        np.testing.assert_array_equal(without, call(0.0, y, {**SMALL_P, "float": 0.5}))
    np.testing.assert_array_equal(rhs(0.0, y, args=SMALL_P), rhs.eval_fn(y=y, t=0.0, **SMALL_P))


@pytest.mark.parametrize("count", [1, 4, 30])
def test_calls_without_values_have_those_of_the_model(count: int) -> None:
    names = [f"k{i} = {i + 0.5}" for i in range(count)]
    flows = [f"    x{i}' = k{i}*x{i} - x{(i + 1) % (count + 1)}" for i in range(count)]
    lines = ["model M:", "  params:", *(f"    {name}" for name in names), "  states:"]
    lines += [*(f"    x{i}" for i in range(count + 1)), "  dynamics:", *flows, f"    x{count}' = -x{count}"]
    rhs = opjax.compile_rhs("\n".join(lines) + "\n")
    y = np.linspace(1.0, 2.0, count + 1)
    k = np.append(np.arange(count) + 0.5, 0.0)
    for last in (count - 0.5, 9.0):
        k[count - 1] = last
        want = k * y - np.append(y[1:], y[-1])
        given = {} if last < 9.0 else {f"k{count - 1}": last}
        for _ in range(2):
            for found in (rhs(0.0, y, given), rhs.eval_fn(0.0, y, **given), rhs.bind(given)(0.0, y)):
                np.testing.assert_allclose(found, want, rtol=1e-14)
        np.testing.assert_allclose(rhs(0.0, jnp.asarray(y), given), want, rtol=1e-5)
    np.testing.assert_array_equal(rhs(0.0, y), rhs(0.0, y, None))
    for wrong in ({"z": 1.0}, {"z": 1.0, "k0": 1.0}):
        for call in (lambda wrong=wrong: rhs(0.0, y, wrong), lambda wrong=wrong: rhs.eval_fn(0.0, y, **wrong)):
            with pytest.raises(opjax.OpjaxError, match="E0806"):
                call()


def test_models_without_parameters() -> None:
    rhs, ways = ready(COPIED, np.ones(3), {})
    for y in ([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]):
        want = [y[1] + y[2], y[0], y[0] if y[1] > y[2] else y[2]]
        assert all(call(0.0, np.array(y), {}).tolist() == want for call in ways.values())
        assert rhs(0.0, np.array(y)).tolist() == rhs(0.0, np.array(y), None).tolist() == want


@pytest.mark.parametrize("time", ["", " + t"])
def test_arrays_among_parameters(time: str) -> None:
    matrix = np.arange(9.0).reshape(3, 3)
    _, ways = ready(ARRAYS, np.ones(3), {"C": matrix, "k": 2.0}, time)
    y = np.array([1.0, -2.0, 0.5])
    want = 2.0 * (matrix @ y) + (3.0 if time else 0.0)
    for call, t in itertools.product(ways.values(), (3.0, 3, np.float32(3))):
        for given in (matrix, matrix.astype(int), np.asfortranarray(matrix), matrix.tolist(), matrix.astype(">f8")):
            np.testing.assert_array_equal(call(t, y, {"C": given, "k": 2}), want)
            np.testing.assert_array_equal(call(t, y, {"k": 2.0, "C": given}), want)


def test_what_is_kept_of_numbers_is_that_of_the_same_numbers() -> None:
    rhs, _ = ready(ARRAYS, np.ones(3), {"C": np.eye(3), "k": 2.0})
    y = np.array([1.0, -2.0, 0.5])
    for k in (2.0, 0.0, -0.0, 2.0, float("nan"), float("inf"), 1.0):
        for matrix in (np.eye(3), np.full((3, 3), 0.5)):
            want = k * (matrix @ y)
            for found in (rhs(0.0, y, {"C": matrix, "k": k}), rhs.eval_fn(0.0, y, k=k, C=matrix)):
                np.testing.assert_array_equal(found, want)
                np.testing.assert_array_equal(np.signbit(found), np.signbit(want))
                found[:] = 7.0


COMBINED = """
model Combined:
  axes:
    age = [a, b, c]
  params:
    k
    m
    q
  states: x[age]
  dynamics:
    d(x[age])/dt = (k + m)*x[age] - x[age]^2*exp(k/q) + (k + m)/q
"""


def test_what_parameters_come_to_is_that_of_the_same_parameters() -> None:
    rhs, _ = ready(COMBINED, np.ones(3), {"k": 0.5, "m": 2.0, "q": 4.0})
    opened = rhs._quantities.kernel(BACKEND).code("written").opened
    assert opened is not None
    assert not {"k", "m", "q", "p", "xp"} & set(re.findall(r"\w+", "\n".join(opened.every_time)))
    y = np.array([1.0, -2.0, 0.5])
    for k, m, q in itertools.product((0.5, -0.0, 0.5, 30.0), (2.0, -0.5), (4.0, -1.0)):
        p = {"k": k, "m": m, "q": q}
        want = (k + m) * y - y**2 * np.exp(k / q) + (k + m) / q
        ways = (rhs(0.0, y, p), rhs.eval_fn(0.0, y, **p), rhs.bind(p)(0.0, y), (f := rhs.bind(p))(0.0, y), f(0.0, y))
        for found in ways:
            np.testing.assert_allclose(found, want, rtol=1e-14)
            found[:] = 7.0


def test_calls_trace_and_pickle_once_they_are_quick() -> None:
    rhs, _ = ready(SMALL, np.ones(2), SMALL_P)
    y = np.array([0.3, 0.7])
    with jax.enable_x64(True):
        want = rhs(0.0, y, SMALL_P)
        jitted = jax.jit(rhs.eval_fn)(0.0, jnp.asarray(y), **SMALL_P)
        np.testing.assert_allclose(jitted, want, rtol=1e-14)
        np.testing.assert_allclose(jax.jit(rhs)(0.0, jnp.asarray(y), SMALL_P), want, rtol=1e-14)
        slopes = jax.grad(lambda p: rhs(0.0, jnp.asarray(y), p)[1])({**SMALL_P, "lambda": jnp.asarray(0.7)})
        np.testing.assert_allclose(slopes["lambda"], 0.7 / 0.3, rtol=1e-14)
    for again in (pickle.loads(pickle.dumps(f)) for f in (rhs.eval_fn, rhs.bind(SMALL_P), rhs)):
        found = again(0.0, y, **SMALL_P) if again.__class__ is type(rhs.eval_fn) and again.__name__ != "bound" else None
        found = again(0.0, y, SMALL_P) if isinstance(again, opjax.CompiledRhs) else found
        np.testing.assert_array_equal(again(0.0, y) if found is None else found, want)


def test_results_are_arrays_of_their_own() -> None:
    _, ways = ready(SMALL, np.ones(2), SMALL_P)
    y = np.array([0.3, 0.7])
    for call in ways.values():
        first, second = call(0.0, y, SMALL_P), call(0.0, 2 * y, SMALL_P)
        assert type(first) is np.ndarray
        assert first.flags.owndata
        assert first.flags.writeable
        assert not np.shares_memory(first, second)
        assert first.tolist() != second.tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [2, 60])
def test_numpys_numbers_are_pythons(count: int, dtype: Any) -> None:
    """Parameters in double precision of NumPy give the bits that Python's give, also where they change."""
    states = "".join(f"    x{n} = 1\n" for n in range(count))
    rows = "".join(f"    x{n}' = k{n % 3}*x{(n + 1) % count} - x{n}*k{(n + 1) % 3}\n" for n in range(count))
    head = "model M:\n  params:\n    k0\n    k1\n    k2\n  states:\n"
    rhs = opjax.compile_rhs(f"{head}{states}  dynamics:\n{rows}")
    y = np.linspace(0.5, 1.5, count).astype(dtype)
    for factor in (1.0, 0.3):
        values = {"k0": 0.1 * factor, "k1": 0.7, "k2": 1 / 3}
        expected = rhs(0.0, y, values)
        found = rhs(0.0, y, {name: np.float64(value) for name, value in values.items()})
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(rhs.eval_fn(0.0, y, **{**values, "k1": np.float64(0.7)}), expected)


@pytest.mark.parametrize("text", [COPIED, ARRAYS.replace("{time}", "")])
def test_parameters_that_have_no_names_are_refused(text: str) -> None:
    rhs = opjax.compile_rhs(text)
    right: dict[str, Any] = {"k": 2.0, "C": np.eye(3)} if "C" in rhs.param_names else {}
    for _ in range(2):  # in general, and once it is known what is usual
        for wrong in ([2.0], (2.0,), np.array([2.0, 3.0]), 2.0):
            with pytest.raises(opjax.OpjaxError, match="E0807: 'args' is"):
                rhs(0.0, np.ones(3), wrong)
        rhs(0.0, np.ones(3), right)


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("calls", [0, 3])
def test_values_that_a_mapping_makes_up_are_none(calls: int, width: int) -> None:
    axes = "" if width == 1 else "  axes:\n    i = grid(1, 3, 3)\n"
    cell = "" if width == 1 else "[i]"
    head = f"model M:\n{axes}  params:\n    a{cell}\n    b\n  states: x{cell}\n  dynamics:\n"
    rhs = opjax.compile_rhs(f"{head}    x{cell}' = a{cell}*x{cell} - b\n")
    y, a = np.ones(width), 1.0 if width == 1 else np.ones(3)
    for _ in range(calls):
        np.testing.assert_array_equal(rhs(0.0, y, {"a": a, "b": 1.0}), np.zeros(width))
    given = collections.defaultdict(float, {"a": a, "c": 2.0})
    for _ in range(2):
        with pytest.raises(opjax.OpjaxError, match="E0806"):
            rhs(0.0, y, given)
    usual = collections.OrderedDict({"b": 0.25, "a": a})
    np.testing.assert_array_equal(rhs(0.0, y, usual), np.full(width, 0.75))


def test_a_bound_derivative_that_is_never_quick_goes_on() -> None:
    """Other types of states, and parameters of other shapes than usual, are computed the general way each time."""
    rhs = opjax.compile_rhs("model M:\n  params: k\n  states: x\n  dynamics:\n    x' = k*x\n")
    for k, y in ((np.float32(0.5), np.ones(1)), (0.5, np.ones(1, np.float32)), (0.5, jnp.ones(1))):
        bound = rhs.bind({"k": k})
        for _ in range(3):
            found = bound(0.0, y)
            assert type(found) is type(y)
            assert (found.dtype, found.tolist()) == (y.dtype, [0.5])
    with pytest.raises(opjax.OpjaxError, match="E0805"):
        rhs.bind({})(0.0, np.ones(1))


def test_signatures_stay_as_they_are() -> None:
    rhs = opjax.compile_rhs(ARRAYS.replace("{time}", ""))
    ways = (rhs, rhs.eval_fn, rhs.bind({"k": 2.0, "C": np.eye(3)}))
    before = [list(inspect.signature(way).parameters) for way in ways]
    assert before == [["t", "y", "args"], ["t", "y", "parameters"], ["t", "y"]]
    rhs(0.0, np.ones(3), {"k": 2.0, "C": np.eye(3)})
    ways[2](0.0, np.ones(3))
    assert [list(inspect.signature(way).parameters) for way in ways] == before
    assert "system" in inspect.signature(opjax.CompiledRhs).parameters


def test_names_that_python_spells_in_another_way() -> None:
    """As a keyword, the micro sign becomes the Greek letter before anybody sees it."""
    rhs = opjax.compile_rhs("model M:\n  params: \u00b5\n  states: x\n  dynamics:\n    x' = \u00b5*x\n")
    for _ in range(2):
        for name in ("\u00b5", "\u03bc"):
            np.testing.assert_array_equal(rhs.eval_fn(0.0, np.ones(1), **{name: 2.0}), [2.0])
        with pytest.raises(opjax.OpjaxError, match="E0806"):
            rhs.eval_fn(0.0, np.ones(1), m=2.0)


def nothing_general(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, a call that is not as usual fails."""

    def fail(*arguments: object) -> None:
        raise AssertionError("a usual call went the general way")

    for name in ("_by_mapping", "_unusual", "_flat"):
        monkeypatch.setattr(opjax.CompiledRhs, name, fail)


def model_calls(text: str, y: np.ndarray, p: dict[str, Any], way: str) -> Callable[[], Any]:
    """A call of a model that is called for the first time."""
    rhs = opjax.compile_rhs(opjax.loads(text, "ojx"))
    call = (lambda: rhs(0.0, y, p)) if way == "mapping" else (lambda: rhs.eval_fn(0.0, y, **p))
    return call


@pytest.mark.parametrize("way", ["mapping", "keywords"])
@pytest.mark.parametrize("kind", ["numbers", "arrays", "network"])
def test_usual_calls_go_no_other_way(monkeypatch: pytest.MonkeyPatch, kind: str, way: str) -> None:
    texts = {"numbers": COPIED.replace("z + w", "z + w*k"), "arrays": ARRAYS.replace("{time}", ""), "network": DEFAULTS}
    given: dict[str, Any] = {"numbers": {"k": 0.5}, "arrays": {"k": 0.5, "C": np.eye(3)}, "network": {}}[kind]
    y = np.linspace(0.5, 1.5, 3 if kind != "network" else 80)
    call = model_calls(texts[kind], y, given, way)
    want = call()
    nothing_general(monkeypatch)
    np.testing.assert_array_equal(call(), want)


DEFAULTS = "model D:\n  params:\n" + "".join(f"    k{i} = {i + 1}\n" for i in range(80))
DEFAULTS += "  states: " + ", ".join(f"x{i}" for i in range(80)) + "\n  dynamics:\n"
DEFAULTS += "".join(f"    x{i}' = -k{i}*x{i}*x{(i * 7 + 3) % 80}\n" for i in range(80))


def test_many_parameters_have_values_that_are_given_and_others_that_are_not() -> None:
    """Between calls without any value, which are written for, stand calls with some."""
    rhs = opjax.compile_rhs(opjax.loads(DEFAULTS, "ojx"))
    y, k = np.linspace(0.5, 1.5, 80), np.arange(80) + 1.0
    other = y[(np.arange(80) * 7 + 3) % 80]
    for _ in range(2):
        np.testing.assert_allclose(rhs.eval_fn(0.0, y), -k * y * other, rtol=1e-13)
        np.testing.assert_allclose(rhs(0.0, y), -k * y * other, rtol=1e-13)
        np.testing.assert_allclose(rhs(0.0, y, {"k0": 9.0})[0], -9.0 * y[0] * other[0], rtol=1e-13)
        np.testing.assert_allclose(rhs.eval_fn(0.0, y, k79=0.5)[79], -0.5 * y[79] * other[79], rtol=1e-13)
        np.testing.assert_allclose(rhs(0.0, y.astype(np.float32)), -k * y * other, rtol=1e-5)
        for wrong in ({"k80": 1.0}, {"k0": "1"}, {"k0": [1.0, 2.0]}):
            with pytest.raises(opjax.OpjaxError):
                rhs.eval_fn(0.0, y, **wrong)
        for shape in ((79,), (80, 1), (2, 40)):
            with pytest.raises(opjax.OpjaxError, match="E0804"):
                rhs(0.0, np.ones(shape))


def test_a_first_state_of_a_wrong_shape_is_not_taken_for_usual() -> None:
    rhs = opjax.compile_rhs(opjax.loads(DEFAULTS, "ojx"))
    for _ in range(2):
        with pytest.raises(opjax.OpjaxError, match="E0804"):
            rhs.eval_fn(0.0, np.ones(79))
    assert rhs.eval_fn(0.0, np.ones(80)).shape == (80,)


def test_eval_fn_is_one_method_whatever_it_has_become() -> None:
    rhs = opjax.compile_rhs(opjax.loads(COPIED, "ojx"))
    before, y = rhs.eval_fn, np.array([1.0, 2.0, 3.0])
    want = before(0.0, y, k=0.5)
    assert rhs.eval_fn is before
    assert "tolist" in before.__func__.__code__.co_names  # it computes itself
    np.testing.assert_array_equal(before(t=0.0, y=y, k=0.5), want)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(before))(0.0, y, k=0.5), want)
    with pytest.raises(opjax.OpjaxError, match="E0806"):
        before(0.0, y, k=0.5, self=1.0)


def test_bound_arrays_are_read_where_they_are_and_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rhs, contacts, y = opjax.compile_rhs(ARRAYS.replace("{time}", "")), np.eye(3), np.array([1.0, 2.0, 3.0])
    f = rhs.bind({"k": 0.5, "C": contacts})
    np.testing.assert_array_equal(f(0.0, y), 0.5 * y)
    contacts[0, 1] = 1.0  # the caller's array stays the caller's
    nothing_general(monkeypatch)
    np.testing.assert_array_equal(f(0.0, y), [1.5, 1.0, 1.5])
    monkeypatch.undo()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(f))(0.0, y), [1.5, 1.0, 1.5])
    assert f(0.0, y.astype(np.float32)).dtype == np.float32
    for wrong in (np.ones(4), np.ones((3, 1))):
        with pytest.raises(opjax.OpjaxError, match="E0804"):
            f(0.0, wrong)
    for value in (np.ones((3, 2)), "a", None):
        with pytest.raises(opjax.OpjaxError):
            rhs.bind({"k": 0.5, "C": value})(0.0, y)


def test_names_of_parameters_are_those_of_python() -> None:
    """A name in Python's code and that of a parameter are one object, so that nothing compares their letters."""
    rhs = opjax.compile_rhs("model M:\n  params: some_rate\n  states: x\n  dynamics:\n    x' = some_rate*x\n")
    (name,) = rhs.param_names
    assert name is sys.intern("some" + "_rate")


@pytest.mark.parametrize(
    ("rate", "at", "by_hand"),
    [("1/t", 0.0, lambda t: 1 / t), ("2/(3 - t)", 3.0, lambda t: 2 / (3 - t)), ("t^(-3)", -0.0, lambda t: t**-3.0)],
)
def test_a_division_by_the_time_is_one_of_arrays_in_each_call(
    rate: str, at: float, by_hand: Callable[[np.float64], np.float64]
) -> None:
    text = "model M:\n  axes:\n    x = grid(0, 1, 300)\n  params: k\n  states: u[x]\n  dynamics:\n"
    rhs, y = opjax.compile_rhs(f"{text}    d(u[x])/dt = k*u[x] + {rate}\n"), np.ones(300)
    assert rhs._quantities.kernel(BACKEND).form_for(y, y.dtype) == "written"
    bound = rhs.bind({"k": 1.0})
    for t in (1.0, at, at):
        with np.errstate(all="ignore"):
            for found in (rhs(t, y, {"k": 1.0}), rhs.eval_fn(t, y, k=1.0), bound(t, y)):
                np.testing.assert_array_equal(found, 1.0 + by_hand(np.float64(t)))
