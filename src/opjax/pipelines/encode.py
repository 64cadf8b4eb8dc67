"""Operators -> texts, numbers, lists and mappings, exactly: dtypes, tuples and functions by name survive.

What JSON has no word for is a mapping with one key that begins with an underscore; `decode` reads the same table.
"""

from __future__ import annotations

import base64
import math
import re
import types
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import equinox as eqx
import numpy as np
from jax.sharding import AxisType, Mesh

from opjax.pipelines.operator import Operator
from opjax.pipelines.registry import MODULES, OPERATORS, UNNAMED, is_named, name_of, target_of
from opjax.pipelines.untyped import jax
from opjax.traverse import Walk, run

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

_READABLE = 64
_READABLE_KINDS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64")
_DEEPEST = 60
TAG = re.compile(r"_\w+_\Z")


class NotSerialisableError(TypeError):
    """Something in a pipeline cannot be written so that it is read back equal; the message names the place."""


def encode_operator(operator: Operator) -> dict[str, Plain]:
    """An operator with everything in it.

    Raises:
        NotSerialisableError: naming what cannot be written, and where it stands.
    """
    return cast("dict[str, Plain]", run(_Encoder().value(operator, type(operator).__name__, 0)))


class _Encoder:
    """Walks over values; `path` says where one stands."""

    def value(self, value: Any, path: str, depth: int) -> Walk[Plain]:
        if depth > _DEEPEST:
            raise NotSerialisableError(f"{path[:60]}... is nested more than {_DEEPEST} deep")
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, Operator):
            return (yield self.operator(value, path, depth))
        if isinstance(value, eqx.Module):
            return (yield self.module(value, path, depth))
        if type(value) in (list, tuple):
            items: list[Plain] = []
            for i, part in enumerate(value):
                items.append((yield self.value(part, f"{path}[{i}]", depth + 1)))
            return items if type(value) is list else {"_tuple_": items}
        if type(value) is dict:
            return (yield self.mapping(cast("dict[Any, Any]", value), path, depth))
        return _leaf(value, path)

    def mapping(self, mapping: dict[Any, Any], path: str, depth: int) -> Walk[Plain]:
        if all(type(key) is str and not TAG.match(key) for key in mapping):
            named: dict[str, Plain] = {}
            for key, part in mapping.items():
                named[key] = yield self.value(part, f"{path}.{key}", depth + 1)
            return named
        rows: list[Plain] = []
        for key, part in mapping.items():
            name = yield self.value(key, f"a key of {path}", depth + 1)
            rows.append([name, (yield self.value(part, f"{path}[{key!r}]", depth + 1))])
        return {"_dict_": rows}

    def operator(self, operator: Operator, path: str, depth: int) -> Walk[Plain]:
        kind, target = type(operator), target_of(type(operator))
        if kind.forbid_in_yaml:
            raise NotSerialisableError(f"{path}: {kind.__name__} does not want to be written to a file")
        if OPERATORS.get(target) is not kind:
            raise NotSerialisableError(f"{path}: {kind.__name__} has been defined anew since this object was made")
        try:
            config = operator.get_config()
        except AttributeError as error:
            raise NotSerialisableError(f"{path}: {error}") from error
        _check_rebuilds(operator, config, path)
        fields: dict[str, Plain] = {"_target_": target}
        for name, part in config.items():
            fields[name] = yield self.value(part, f"{path}.{name}", depth + 1)
        return fields

    def module(self, module: eqx.Module, path: str, depth: int) -> Walk[Plain]:
        names = [name for name, kind in MODULES.items() if kind is type(module)]
        if not names:
            kind = type(module).__name__
            raise NotSerialisableError(f"{path}: {kind} is no operator and not registered: write register({kind})")
        fields: dict[str, Plain] = {}
        for name, part in vars(module).items():
            fields[name] = yield self.value(part, f"{path}.{name}", depth + 1)
        return {"_module_": names[0], "fields": fields}


def _check_rebuilds(operator: Operator, config: dict[str, Any], path: str) -> None:
    """A constructor that changes what it is given would change it once more on every way through a file."""
    again = type(operator)(**config)
    for name, value in vars(operator).items():
        other = vars(again).get(name)
        if other is not value and not _alike(other, value):
            message = f"{path}: made again from its own arguments, {type(operator).__name__} has another '{name}'"
            raise NotSerialisableError(message)


def _alike(a: Any, b: Any) -> bool:
    """Whether two values are the same in every bit: nan is like nan here."""
    if jax.tree.structure(a) != jax.tree.structure(b):
        return False
    return all(x is y or _same_bits(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def _same_bits(x: Any, y: Any) -> bool:
    arrays = (jax.Array, np.ndarray, np.generic)
    if not isinstance(x, arrays) or _is_key(x):
        return bool(eqx.tree_equal(x, y))
    one, other = np.asarray(x), np.asarray(y)
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def _is_key(value: Any) -> bool:
    return isinstance(value, jax.Array) and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key)


def _leaf(value: Any, path: str) -> Plain:
    """A value without parts."""
    if isinstance(value, jax.core.Tracer):
        raise NotSerialisableError(f"{path} is being traced: write the pipeline outside of jit, vmap and grad")
    if type(value) is float:
        return value if math.isfinite(value) else {"_number_": str(value)}
    if isinstance(value, complex):
        return {"_complex_": [str(value.real), str(value.imag)]}
    if _is_key(value):
        implementation = str(jax.random.key_impl(value))
        return {"_key_": implementation, "data": _array(np.asarray(jax.random.key_data(value)), "jax", path)}
    if isinstance(value, jax.Array):
        return _array(np.asarray(value), "jax", path)
    if isinstance(value, np.ndarray):
        return _array(cast("np.ndarray[Any, Any]", value), "numpy", path)
    if isinstance(value, np.generic):
        return _array(np.asarray(cast("Any", value)), "scalar", path)
    if isinstance(value, np.dtype):
        return {"_dtype_": cast("np.dtype[Any]", value).name}
    if isinstance(value, slice):
        return {"_slice_": [_index(part, path) for part in cast("list[Any]", [value.start, value.stop, value.step])]}
    if isinstance(value, types.EllipsisType):
        return {"_ellipsis_": True}
    if isinstance(value, Mesh):
        return _mesh(value, path)
    if callable(value) and not name_of(value).endswith(UNNAMED):
        if is_named(value):
            return {"_fn_": name_of(value)}
        name = name_of(value)
        message = f"{path} is the function '{name}', whose name does not lead back to it: define it in a module, or"
        raise NotSerialisableError(f"{message} register(it, name='...')")
    raise NotSerialisableError(f"{path} is a {type(value).__name__}, which has no form in a file")


def _mesh(mesh: Mesh, path: str) -> Plain:
    """A mesh as the names and sizes of its axes: the devices are those of the process that loads it."""
    sizes = {str(name): int(size) for name, size in mesh.shape.items()}
    if mesh != mesh_of(sizes):
        message = f"{path} is a mesh of devices chosen by hand, which have no form in a file: make it as"
        raise NotSerialisableError(f"{message} jax.make_mesh(sizes, names, axis_types=(jax.sharding.AxisType.Auto,))")
    return {"_mesh_": dict(sizes)}


def mesh_of(sizes: Mapping[str, int]) -> Mesh:
    """The mesh of this process's devices with such axes.

    Raises:
        ValueError: if there are not enough devices.
    """
    return jax.make_mesh(tuple(sizes.values()), tuple(sizes), axis_types=(AxisType.Auto,) * len(sizes))


def _index(part: Any, path: str) -> int | None:
    if part is None or type(part) is int:
        return part
    raise NotSerialisableError(f"{path} is a slice of {type(part).__name__}")


def _array(array: np.ndarray[Any, Any], library: str, path: str) -> Plain:
    """An array: small ones as numbers that a person can read, others as their bytes."""
    if array.dtype.hasobject:
        raise NotSerialisableError(f"{path} is an array of Python objects")
    fields: dict[str, Plain] = {"_array_": _written(array), "dtype": array.dtype.name}
    if isinstance(fields["_array_"], str):
        fields["shape"] = [int(size) for size in array.shape]
    return fields if library == "jax" else {**fields, "library": library}


def _written(array: np.ndarray[Any, Any]) -> Plain:
    if 0 < array.size <= _READABLE and array.dtype.name in _READABLE_KINDS and bool(np.isfinite(array).all()):
        return run(_readable(array))
    return base64.b64encode(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def _readable(array: np.ndarray[Any, Any]) -> Walk[Plain]:
    if array.ndim == 0:
        value = array.item()
        # the shortest digits that lead back to a float32, not those of its double
        return float(str(array[()])) if array.dtype.name == "float32" else value
    rows: list[Plain] = []
    for row in array:
        rows.append((yield _readable(np.asarray(row))))
    return rows
