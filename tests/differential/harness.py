"""One specification, two compilers: op_system 0.9 as the oracle, and opjax, at random states and parameters.

    compare(spec)                       everything that both can do, in every form
    compare(spec, given={"K": array})   with parameters of your own
    ours, theirs = both(spec)           the two right-hand sides, for a comparison of your own

A specification is a mapping as op_system takes it. `compare` looks at names, order and shapes of the states and the
parameters, then at values: flat and by name, NumPy and JAX, float64 (relative difference at most 1e-12) and float32.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import opjax

pytest.importorskip("op_system.specs", reason="op_system 0.9 is not installed: it is in the extra 'dev'")
import op_system

Spec = Mapping[str, Any]
Arrays = dict[str, Any]
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}
"""The largest difference between the two, relative to the largest derivative of the same template."""


@dataclass(frozen=True)
class Sample:
    """A point at which the two are compared.

    Arguments:
        time: the time.
        states: each template's array by name.
        parameters: by name; numbers and arrays.
    """

    time: float
    states: Arrays
    parameters: Arrays


def both(spec: Spec, **options: Any) -> tuple[opjax.CompiledRhs, op_system.CompiledRhs]:
    """The right-hand sides of opjax and of op_system.

    Arguments:
        spec: the specification.
        options: for `opjax.compile_rhs`.
    """
    return opjax.compile_rhs(spec, **options), op_system.compile_spec(dict(spec))


def template_shapes(theirs: op_system.CompiledRhs) -> dict[str, tuple[int, ...]]:
    """The shape of each state; the oracle does not say it of some models without axes, nor of chains of equations."""
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in (theirs.template_shapes or {}).items():
        cell = theirs.state_names[sum(map(math.prod, found.values()))]
        found[name if shape else cell] = shape  # a state of one cell: opjax calls it by its whole name everywhere
    known = sum(map(math.prod, found.values()))
    return found | dict.fromkeys(theirs.state_names[known:], ())


def _has_trees(theirs: op_system.CompiledRhs) -> bool:
    """Whether the oracle can be called by name."""
    shapes = theirs.template_shapes or {}
    return theirs.pytree_eval_fn is not None and sum(map(math.prod, shapes.values())) == len(theirs.state_names)


def axis_sizes(theirs: op_system.CompiledRhs) -> dict[str, int]:
    """The number of points of each axis, that of time included."""
    return {axis["name"]: axis["size"] for axis in theirs.meta["axes"]}


def parameter_shapes(theirs: op_system.CompiledRhs) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter that the oracle takes, in its order."""
    sizes = axis_sizes(theirs)
    shaped = {
        name: tuple(sizes[axis] for axis in axes)
        for name, axes in theirs.meta["shaped_params"]
        if not name.startswith("__op_system")
    }
    return dict.fromkeys(theirs.param_names, ()) | shaped


def samples(theirs: op_system.CompiledRhs, given: Mapping[str, Any], count: int, seed: int) -> Iterator[Sample]:
    """Random points: positive states and parameters, so that no logarithm or root is outside its domain."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        states = {name: rng.uniform(0.5, 3.0, shape) for name, shape in template_shapes(theirs).items()}
        drawn = {
            name: given[name] if name in given else rng.uniform(0.2, 1.5, shape)
            for name, shape in parameter_shapes(theirs).items()
        }
        yield Sample(float(rng.uniform(0.0, 20.0)), states, drawn)


def flat(states: Arrays) -> Any:
    """The flat vector of states by name."""
    return np.concatenate([np.ravel(array) for array in states.values()])


@functools.cache
def _sizes(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape) for shape in shapes)


def unflat(y: Any, shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The states by name of a flat vector."""
    ends = np.cumsum(_sizes(tuple(shapes.values())))
    parts = np.split(np.asarray(y), ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def assert_close(found: Arrays, expected: Arrays, precision: Any) -> None:
    """Equal values, to the precision, relative to the largest of each template.

    The models have terms of the size of 1 and more, which may cancel: in single precision that is the least scale.
    """
    least = 1.0 if precision == np.float32 else 0.0
    assert list(found) == list(expected)
    for name, theirs in expected.items():
        wanted, value = np.asarray(theirs, np.float64), np.asarray(found[name], np.float64)
        scale = float(np.max(np.abs(wanted), initial=least))
        tolerance = TOLERANCE[precision]
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def assert_same_shape_of_model(ours: opjax.CompiledRhs, theirs: op_system.CompiledRhs) -> None:
    """The states in the same order and shapes, and the same parameters (opjax: those that the derivative needs)."""
    assert dict(ours.template_shapes) == template_shapes(theirs)
    assert list(ours.template_shapes) == list(template_shapes(theirs))
    if hasattr(ours, "cell_names"):
        assert ours.state_names == theirs.state_names
    shapes = parameter_shapes(theirs)
    assert set(ours.param_names) <= set(shapes)
    assert {name: shapes[name] for name in ours.param_names} == dict(ours.param_shapes)


def compare(
    spec: Spec,
    *,
    given: Mapping[str, Any] | None = None,
    count: int = 2,
    seed: int = 0,
    jax_too: bool = True,
    **options: Any,
) -> opjax.CompiledRhs:
    """Compare the two compilers on one specification.

    Arguments:
        spec: the specification.
        given: values of parameters that must not be random.
        count: at how many points.
        seed: of the points.
        jax_too: whether JAX compiles it as well, which takes a while.
        options: for `opjax.compile_rhs`.

    Returns:
        opjax's right-hand side, for further questions.
    """
    ours, theirs = both(spec, **options)
    assert_same_shape_of_model(ours, theirs)
    for sample in samples(theirs, given or {}, count, seed):
        expected = theirs.eval_fn(sample.time, flat(sample.states), **sample.parameters)
        assert_agree(ours, sample, unflat(expected, template_shapes(theirs)), jax_too)
    if _has_trees(theirs):
        compare_trees(ours, theirs, next(samples(theirs, given or {}, 1, seed + 1)))
    return ours


def compare_trees(ours: opjax.CompiledRhs, theirs: op_system.CompiledRhs, sample: Sample) -> None:
    """The evaluators by name, against each other."""
    keys = list(theirs.template_shapes)
    given = dict(zip(keys, sample.states.values(), strict=True))
    returned = theirs.pytree_eval_fn(sample.time, given, **sample.parameters)
    expected = {name: returned[key] for name, key in zip(sample.states, keys, strict=True)}
    found = ours.pytree_eval_fn(sample.time, sample.states, **_taken(ours, sample.parameters))
    assert_close(found, expected, np.float64)


def _taken(ours: opjax.CompiledRhs, parameters: Arrays) -> Arrays:
    """Of op_system's parameters those that opjax's derivative needs."""
    return {name: parameters[name] for name in ours.param_names}


def assert_agree(ours: opjax.CompiledRhs, sample: Sample, expected: Arrays, jax_too: bool = True) -> None:
    """Every form of opjax's evaluator has the expected values, in the namespace, shape and data type of the state."""
    for precision in (np.float64, np.float32):
        states = {name: array.astype(precision) for name, array in sample.states.items()}
        cast = {name: np.asarray(value, precision) for name, value in _taken(ours, sample.parameters).items()}
        dydt = ours.eval_fn(sample.time, flat(states), **cast)
        _assert_array(dydt, np.ndarray, precision)
        assert_close(unflat(dydt, ours.template_shapes), expected, precision)
        tree = ours.pytree_eval_fn(sample.time, states, **cast)
        for array in tree.values():
            _assert_array(array, np.ndarray | np.generic, precision)  # a state without axes is a number
        assert_close(tree, expected, precision)
        if jax_too:
            _assert_jax_agrees(ours, sample.time, (flat(states), cast), expected)


def _assert_jax_agrees(ours: opjax.CompiledRhs, time: float, point: tuple[Any, Arrays], expected: Arrays) -> None:
    import jax
    import jax.numpy as jnp

    y, parameters = point
    with jax.enable_x64(y.dtype == np.float64):
        found = jax.jit(ours.eval_fn)(time, jnp.asarray(y), **parameters)
        _assert_array(found, jax.Array, y.dtype)
        assert_close(unflat(found, ours.template_shapes), expected, y.dtype.type)


def _assert_array(array: Any, kind: Any, precision: Any) -> None:
    assert isinstance(array, kind)
    assert array.dtype == precision


def compare_specs(spec: Spec, meant: Spec) -> tuple[str, ...]:
    """Compare opjax on one specification with op_system on another that means the same.

    Returns:
        The names of the states.
    """
    ours, theirs = opjax.compile_rhs(spec), op_system.compile_spec(dict(meant))
    assert_same_shape_of_model(ours, theirs)
    sample = next(samples(theirs, {}, 1, 0))
    expected = theirs.eval_fn(sample.time, flat(sample.states), **sample.parameters)
    assert_agree(ours, sample, unflat(expected, ours.template_shapes))
    return tuple(ours.template_shapes)
