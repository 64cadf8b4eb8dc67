"""Pipelines as JSON and YAML, their hash, and what two of them have not in common."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np

from opjax.errors import Report
from opjax.pipelines.decode import Trust, decode, one_document, wrong
from opjax.pipelines.encode import Plain, encode_operator
from opjax.pipelines.operator import Operator
from opjax.pipelines.untyped import jnp
from opjax.source import DEFAULT_LIMITS, Source, Span
from opjax.spec.document import Node
from opjax.spec.document_json import json_documents
from opjax.spec.document_mapping import mapping_document
from opjax.spec.document_yaml import yaml_documents
from opjax.spec.yaml_layout import yaml_text

Names = Iterable[Any] | None


def dumps(operator: Operator) -> str:
    """An operator as JSON, arrays and nested operators included.

    Raises:
        NotSerialisableError: for what could not be read back equal, such as a lambda.

    Example:
        >>> from opjax.pipelines import Const, dumps
        >>> dumps(Const(2))
        '{"_target_": "opjax.pipelines:Const", "value": 2}'
    """
    return json.dumps(encode_operator(operator), allow_nan=False)


def dumps_yaml(operator: Operator) -> str:
    """An operator as YAML; see `dumps`.

    Example:
        >>> from opjax.pipelines import Const, dumps_yaml
        >>> print(dumps_yaml(Const(2)), end="")
        _target_: opjax.pipelines:Const
        value: 2
    """
    return yaml_text(cast("Any", encode_operator(operator)))


def loads(text: str, allow: Names = None, functions: Names = None) -> Operator:
    """The operator of a JSON text.

    No code of the text runs and nothing is imported: its names are looked up among operators that this process has
    defined, and functions that it has registered.

    Arguments:
        text: what `dumps` wrote.
        allow: the only classes that the text may name, at any depth, as classes or as ``"module:Name"``; None for every
            operator that is defined.
        functions: the only functions that it may name; None for those of `register` and common ones of `jax.numpy`.

    Raises:
        UntrustedTargetError: for any other name (E0650); `target` is the name.
        OpjaxError: for everything else that is wrong with the text, with its place.

    Example:
        >>> from opjax.pipelines import Const, dumps, loads
        >>> loads(dumps(Const(2)))()
        2
    """
    report, source = Report(), Source("<json>", text)
    return _operator(
        json_documents(source, report, DEFAULT_LIMITS), report, Span(source, 0, 0), Trust(allow, functions)
    )


def loads_yaml(text: str, allow: Names = None, functions: Names = None) -> Operator:
    """The operator of a YAML text; see `loads`.

    Example:
        >>> from opjax.pipelines import Const, dumps_yaml, loads_yaml
        >>> loads_yaml(dumps_yaml(Const(2)))()
        2
    """
    report, source = Report(), Source("<yaml>", text)
    return _operator(
        yaml_documents(source, report, DEFAULT_LIMITS), report, Span(source, 0, 0), Trust(allow, functions)
    )


def from_mapping(state: Mapping[str, Any], *, allow: Names = None, functions: Names = None) -> Operator:
    """The operator of a mapping, as `Operator.state` gives it; see `loads`."""
    report = Report()
    root = mapping_document(state, report, DEFAULT_LIMITS)
    roots: list[Node] = [] if root is None else [root]
    return _operator(roots, report, Span(Source("<mapping>", ""), 0, 0), Trust(allow, functions))


def _operator(roots: list[Node], report: Report, place: Span, trust: Trust) -> Operator:
    root = one_document(roots, report, place)
    found = decode(root, trust)
    if not isinstance(found, Operator):
        wrong(root, "a pipeline", "it is a mapping with the key '_target_'")
    return found


def config_hash(operator: Operator) -> str:
    """A name for a pipeline with all its values: the SHA-256 of its canonical JSON.

    It is the same in every process; it changes with one element of one array. Functions count by their names.

    Raises:
        NotSerialisableError: as `dumps`.

    Example:
        >>> from opjax.pipelines import Const, config_hash
        >>> config_hash(Const(2)) == config_hash(Const(2)) != config_hash(Const(3))
        True
    """
    text = json.dumps(encode_operator(operator), allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def config_diff(first: Operator, second: Operator) -> list[tuple[str, Plain, Plain]]:
    """Where two pipelines differ: rows of place, value in the first, value in the second (None: not there).

    Of a large array this is a sentence: its dtype and shape, and the first number that differs.

    Example:
        >>> from opjax.pipelines import Const, Identity, config_diff
        >>> config_diff(Const(1) | Identity(), Const(2) | Identity())
        [('operators[0].value', 1, 2)]
    """
    found: list[tuple[str, Plain, Plain]] = []
    stack: list[tuple[str, Any, Any]] = [("", encode_operator(first), encode_operator(second))]
    while stack:
        path, a, b = stack.pop()
        rows = _aligned(a, b)
        if rows is None:
            found += [(path, *_legible(a, b))] if a != b or type(a) is not type(b) else []
        else:
            stack += [(f"{path}{step}".lstrip("."), x, y) for step, x, y in reversed(rows)]
    return found


def _legible(a: Any, b: Any) -> tuple[Plain, Plain]:
    """Two values that differ; of arrays that are written as bytes what they are, and the first numbers that differ."""
    one, other = _bytes_of(a), _bytes_of(b)
    if one is None and other is None:
        return a, b
    place = None
    if one is not None and other is not None and one.shape == other.shape and one.dtype == other.dtype:
        size = one.dtype.itemsize
        rows = (array.reshape(-1).view(np.uint8).reshape(-1, size) for array in (one, other))
        differs = np.any(np.not_equal(*rows), axis=1)
        place = np.unravel_index(int(np.argmax(differs)), one.shape) if differs.any() else None
    return (a if one is None else _told(a, one, place)), (b if other is None else _told(b, other, place))


def _bytes_of(value: Any) -> np.ndarray[Any, Any] | None:
    """The array that is written as bytes; None for anything else."""
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, Any]", value)
    if not isinstance(fields.get("_array_"), str):
        return None
    read: np.ndarray[Any, Any] = np.frombuffer(base64.b64decode(fields["_array_"]), jnp.dtype(fields["dtype"]))
    return read.reshape(fields["shape"])


def _told(value: Any, array: np.ndarray[Any, Any], place: tuple[Any, ...] | None) -> str:
    """What an array is: its dtype, its library, its shape, and a number of it or a name for all of them."""
    told = f"{array.dtype.name} array of {value.get('library', 'jax')}, shape {array.shape}"
    if place is None:
        return f"{told}, SHA-256 {hashlib.sha256(array.tobytes()).hexdigest()[:12]}"
    return f"{told}, first different at [{', '.join(map(str, place))}]: {array[place]!s}"


def _aligned(a: Any, b: Any) -> list[tuple[str, Any, Any]] | None:
    """The parts of two collections side by side; None where the values are compared as they are."""
    if type(a) is not type(b) or not isinstance(a, dict | list):
        return None
    if isinstance(a, list):
        left, right = cast("list[Any]", a), cast("list[Any]", b)
        rows = itertools.zip_longest(left, right)
        return [(f"[{i}]", x, y) for i, (x, y) in enumerate(rows)]
    one, other = cast("dict[str, Any]", a), cast("dict[str, Any]", b)
    if "_array_" in one or "_array_" in other:
        return None
    if set(one) == set(other) == {"_tuple_"}:
        return [("", one["_tuple_"], other["_tuple_"])]
    return [(f".{key}", one.get(key), other.get(key)) for key in {**one, **other}]
