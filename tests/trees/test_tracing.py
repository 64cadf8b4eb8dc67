"""What is traced, and functions that refuse to be."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from opjax import trees
from opjax.trees import TracingError, host_only, is_traced

ROWS = jnp.arange(3.0)


def seen_by(transform, value) -> list[bool]:
    """What `is_traced` says of a tree with the value in it, inside a transformation."""
    said: list[bool] = []

    def function(x):
        said.append(is_traced({"deep": [(x, "name", None)]}))
        return x

    transform(function)(value)
    return said


@pytest.mark.parametrize("transform", [jax.jit, jax.grad, jax.vmap], ids=["jit", "grad", "vmap"])
def test_b04_is_traced_looks_into_trees(transform) -> None:
    assert seen_by(transform, ROWS if transform is jax.vmap else 1.0) == [True]


def test_b04_is_traced_is_false_outside() -> None:
    assert seen_by(lambda function: function, jnp.ones(2)) == [False]
    assert not is_traced(({}, None, "text", 1, np.ones(2), print))


class Counted:
    """A host function that says how often it ran."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: object, **kwargs: object) -> object:
        self.calls += 1
        return x


def test_b10_host_only_runs_on_the_host() -> None:
    plain = Counted()
    host = host_only(plain)
    assert host(2.0) == 2.0
    assert host(ROWS) is ROWS
    assert plain.calls == 2


def nested_keyword(host):
    return jax.vmap(lambda x: host(1.0, options={"a": [x]}))(ROWS)


TRACED = {
    "jit": lambda host: jax.jit(host)(1.0),
    "grad": lambda host: jax.grad(host)(1.0),
    "vmap": lambda host: jax.vmap(host)(ROWS),
    "a keyword with a tree": nested_keyword,
    "a module": lambda host: eqx.filter_jit(host)(eqx.nn.Linear(1, 1, key=jax.random.key(0))),
    "concrete inside jit": lambda host: jax.jit(lambda x: x + host(2.0))(1.0),
    "concrete inside scan": lambda host: jax.lax.scan(lambda c, x: (c + host(2.0), x), 0.0, ROWS),
    "concrete inside eval_shape": lambda host: jax.eval_shape(lambda x: x + host(2.0), 1.0),
    "an argument that closes over": lambda host: jax.grad(lambda x: host(lambda: x)())(1.0),
    "a default of an argument": lambda host: jax.vmap(lambda x: host(lambda y=x: y)())(ROWS),
    "an argument that is a partial": lambda host: jax.vmap(lambda x: host(functools.partial(pow, x))(2))(ROWS),
}


@pytest.mark.parametrize("call", TRACED.values(), ids=TRACED)
def test_b10_host_only_refuses(call) -> None:
    plain = Counted()
    with pytest.raises(TracingError, match=r"Counted runs on the host .* jax\.pure_callback"):
        call(host_only(plain))
    assert plain.calls == 0


@pytest.mark.parametrize("transform", [jax.vmap, jax.grad], ids=["vmap", "grad"])
@pytest.mark.parametrize(
    "closing",
    [lambda x: lambda: x * 2, lambda x: lambda y=x: y, lambda x: functools.partial(lambda a: a, x)],
    ids=["closure", "default", "partial"],
)
def test_b10_host_only_sees_what_the_function_itself_holds(transform, closing) -> None:
    with pytest.raises(TracingError, match="runs on the host"):
        transform(lambda x: host_only(closing(x))())(ROWS if transform is jax.vmap else 1.0)


def test_b10_a_closure_that_holds_itself_or_nothing_is_no_trap() -> None:
    def countdown(n: int) -> int:
        return n if n == 0 else checked(n - 1)

    checked = host_only(countdown)
    assert checked(3) == 0

    def later() -> int:
        return not_yet

    assert host_only(lambda: later)() is later
    not_yet = 1
    assert later() == 1


def test_b10_partials_and_methods_have_names() -> None:
    def load(scale: float, x: float) -> float:
        return scale * x

    host = host_only(functools.partial(functools.partial(load, 2.0)))
    assert host(3.0) == 6.0
    with pytest.raises(TracingError, match=r"\.load runs on the host"):
        jax.jit(host)(1.0)
    assert host_only(load).__name__ == "load"


def test_b10_host_only_is_allowed_where_values_are_concrete() -> None:
    host = host_only(Counted())

    def evaluated(x):
        with jax.ensure_compile_time_eval():
            return x + host(1.0)

    assert jax.jit(evaluated)(1.0) == 2.0
    np.testing.assert_array_equal(jax.vmap(lambda x: x + host(1.0))(ROWS), [1.0, 2.0, 3.0])


def test_b10_host_only_runs_in_a_callback_with_large_arrays() -> None:
    host = host_only(lambda x: np.asarray(x) + 1)
    large = jnp.zeros(100_000)
    function = jax.jit(lambda x: jax.pure_callback(host, jax.ShapeDtypeStruct(x.shape, x.dtype), x))
    np.testing.assert_array_equal(function(large), np.ones(100_000))


def test_b10_the_names_of_kups() -> None:
    assert trees.no_jax_tracing is host_only
    assert trees.NotJaxCompatibleError is TracingError
    assert issubclass(TracingError, TypeError)
