"""Documents -> operators: every name is looked up among what is allowed, at every depth; no name is ever imported."""

from __future__ import annotations

import base64
import binascii
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, cast

import numpy as np

from opjax.errors import OpjaxError, Report, catalogue
from opjax.errors.diagnostic import Diagnostic
from opjax.pipelines.encode import TAG, mesh_of
from opjax.pipelines.operator import Operator, constructor_names
from opjax.pipelines.registry import FUNCTIONS, MODULES, OPERATORS, name_of, target_of
from opjax.pipelines.untyped import jax, jnp
from opjax.source import Span
from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode, describe
from opjax.traverse import Walk, run

_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
} | {"bfloat16": np.dtype(jnp.bfloat16)}
_NUMBERS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
_LONGEST_AXIS = 2**40


class UntrustedTargetError(OpjaxError):
    """A file names something that it may not name.

    Arguments:
        diagnostics: the problem with its place.
        target: the name.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], target: str = "") -> None:
        super().__init__(diagnostics)
        self.target = target

    def __reduce__(self) -> Any:
        return type(self), (self.diagnostics, self.target)


class Trust:
    """What a file may name.

    Arguments:
        allow: classes or their targets; None for all operators that are defined and all modules that are registered.
        functions: functions or their names; None for those that are registered.
    """

    def __init__(self, allow: Iterable[Any] | None = None, functions: Iterable[Any] | None = None) -> None:
        if isinstance(allow, str) or isinstance(functions, str):
            raise TypeError("allow and functions are collections of names, not one text")
        names = None if allow is None else {kind if isinstance(kind, str) else _class_name(kind) for kind in allow}
        known = {**MODULES, **OPERATORS}
        self.classes = known if names is None else {name: kind for name, kind in known.items() if name in names}
        if functions is None:
            self.functions: Mapping[str, Callable[..., Any]] = FUNCTIONS
        else:
            self.functions = {}
            for given in functions:
                name = given if isinstance(given, str) else name_of(given)
                if isinstance(given, str) and name not in FUNCTIONS:
                    raise ValueError(f"no function is registered as '{name}': give the function itself")
                self.functions[name] = FUNCTIONS[name] if isinstance(given, str) else given


def _class_name(kind: type[Any]) -> str:
    return next((name for name, known in MODULES.items() if known is kind), target_of(kind))


def decode(node: Node, trust: Trust) -> Any:
    """The value of a document.

    Raises:
        UntrustedTargetError: for a name that is not allowed (E0650).
        OpjaxError: for what has no meaning (E0651).
    """
    return run(_Decoder(trust).value(node))


def wrong(node: Node, where: str, sentence: str) -> NoReturn:
    """Refuse a value of a file."""
    _wrong_at(node.place or node.span if isinstance(node, ScalarNode) else node.span, where, sentence)


def _wrong_at(span: Span, where: str, sentence: str) -> NoReturn:
    report = Report()
    report.add(catalogue.WRONG_PIPELINE_VALUE, span, where=where, problem=sentence)
    raise OpjaxError(report.errors)


class _Decoder:
    """Walks over a document.

    What an anchor of YAML names is one operator wherever it stands, as one object of Python is: with arrays it is
    refused at a second place of a pipeline, because its copies would be learned apart.
    """

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.made: dict[int, Any] = {}  # the document keeps its nodes alive

    def value(self, node: Node) -> Walk[Any]:
        match node:
            case ScalarNode():
                return node.value
            case SequenceNode():
                items: list[Any] = []
                for part in node.items:
                    items.append((yield self.value(part)))
                return items
            case MappingNode():
                return (yield self.mapping(node))

    def mapping(self, node: MappingNode) -> Walk[Any]:
        tags = [entry.key.text for entry in node.entries if entry.key.text in _TAGS]
        if len(tags) > 1:
            wrong(node, "this", f"it is {' and '.join(tags)} at once")
        unknown = [entry.key for entry in node.entries if not tags and TAG.match(entry.key.text)]
        if unknown:
            wrong(unknown[0], "this", f"'{unknown[0].text}' has no meaning; known are {', '.join(sorted(_TAGS))}")
        if not tags:
            named: dict[str, Any] = {}
            for entry in node.entries:
                named[entry.key.text] = yield self.value(entry.value)
            return named
        tag, inner = tags[0], node.get(tags[0])
        assert inner is not None
        if tag in _LEAVES:
            return _LEAVES[tag](node, inner)
        match tag:
            case "_target_" | "_module_":
                if id(node) not in self.made:
                    build = self.operator if tag == "_target_" else self.module
                    self.made[id(node)] = yield build(node, inner)
                return self.made[id(node)]
            case "_fn_":
                return self.function(inner)
            case "_tuple_":
                return tuple((yield self.value(_list(inner, tag))))
            case _:
                return (yield self.pairs(_list(inner, tag)))

    def pairs(self, node: SequenceNode) -> Walk[dict[Any, Any]]:
        found: dict[Any, Any] = {}
        for pair in node.items:
            parts = _list(pair, "a row of _dict_", 2).items
            key = yield self.value(parts[0])
            try:
                found[key] = yield self.value(parts[1])
            except TypeError:
                wrong(parts[0], "a key", "it cannot be a key")
        return found

    def named(self, node: Node, what: str, known: Mapping[str, Any]) -> Any:
        """What a name stands for, if it is allowed."""
        name = _text(node, what)
        if name not in known:
            report = Report()
            report.add(catalogue.UNTRUSTED_TARGET, node.span, what=what, name=name)
            raise UntrustedTargetError(report.errors, name)
        return known[name]

    def function(self, node: Node) -> Any:
        return self.named(node, "function", self.trust.functions)

    def operator(self, node: MappingNode, target: Node) -> Walk[Any]:
        kind = self.named(target, "operator", self.trust.classes)
        if not issubclass(kind, Operator):
            wrong(target, target.span.text, "it is no operator: modules stand under _module_")
        fields: dict[str, Any] = {}
        for entry in node.entries:
            name = entry.key.text
            if name == "_target_":
                continue
            if name not in constructor_names(kind):
                wrong(entry.key, kind.__name__, f"it has no argument '{name}'; it has {_names(kind)}")
            fields[name] = yield self.value(entry.value)
        try:
            return kind(**fields)
        except OpjaxError:
            raise
        except Exception as error:  # whatever a constructor says of such arguments is said of the file
            wrong(node, kind.__name__, f"{error}" if isinstance(error, TypeError | ValueError) else repr(error))

    def module(self, node: MappingNode, target: Node) -> Walk[Any]:
        kind = self.named(target, "module", self.trust.classes)
        if issubclass(kind, Operator):
            wrong(target, target.span.text, "it is an operator: operators stand under _target_")
        fields = node.get("fields")
        wanted = set(kind.__dataclass_fields__)
        if not isinstance(fields, MappingNode) or {entry.key.text for entry in fields.entries} != wanted:
            wrong(node, target.span.text, f"'fields' must be a mapping of {', '.join(sorted(wanted))}")
        if inspect.isabstract(kind):
            wrong(target, target.span.text, "it is abstract")
        module: Any = object.__new__(kind)
        for entry in fields.entries:
            object.__setattr__(module, entry.key.text, (yield self.value(entry.value)))
        return module


def _names(kind: type[Operator]) -> str:
    return ", ".join(constructor_names(kind)) or "none"


def _text(node: Node, where: str) -> str:
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return node.value
    wrong(node, where, f"a text is expected, not {describe(node)}")


def _list(node: Node, where: str, length: int | None = None) -> SequenceNode:
    if not isinstance(node, SequenceNode):
        wrong(node, where, f"a list is expected, not {describe(node)}")
    if length is not None and len(node.items) != length:
        wrong(node, where, f"a list of {length} is expected, not of {len(node.items)}")
    return node


def _only(node: MappingNode, *keys: str) -> None:
    for entry in node.entries:
        if entry.key.text not in keys:
            wrong(entry.key, keys[0], f"there is no '{entry.key.text}' in it")


def _number(node: MappingNode, inner: Node) -> float:
    _only(node, "_number_")
    text = _text(inner, "_number_")
    if text not in _NUMBERS:
        wrong(inner, "_number_", f"it is one of {', '.join(_NUMBERS)}")
    return _NUMBERS[text]


def _complex(node: MappingNode, inner: Node) -> complex:
    _only(node, "_complex_")
    real, imaginary = (_text(part, "_complex_") for part in _list(inner, "_complex_", 2).items)
    try:
        return complex(float(real), float(imaginary))
    except ValueError:
        wrong(inner, "_complex_", "it is two numbers as texts")


def _dtype(node: MappingNode, inner: Node) -> np.dtype[Any]:
    _only(node, "_dtype_")
    return _known_dtype(inner)


def _known_dtype(node: Node) -> np.dtype[Any]:
    name = _text(node, "dtype")
    if name not in _DTYPES:
        wrong(node, "dtype", f"it is one of {', '.join(_DTYPES)}")
    return _DTYPES[name]


def _slice(node: MappingNode, inner: Node) -> slice:
    _only(node, "_slice_")
    parts = [_plain(part) for part in _list(inner, "_slice_", 3).items]
    if not all(part is None or type(part) is int for part in parts):
        wrong(inner, "_slice_", "it is three integers or nulls")
    return slice(*parts)


def _ellipsis(node: MappingNode, inner: Node) -> Any:
    _only(node, "_ellipsis_")
    return ...


def _plain(node: Node) -> Any:
    """Nested lists of scalars."""
    return run(_Decoder(Trust((), ())).value(node))


def _array(node: MappingNode, inner: Node) -> Any:
    _only(node, "_array_", "dtype", "shape", "library")
    kind = node.get("dtype")
    dtype = _known_dtype(kind if kind is not None else wrong(node, "_array_", "'dtype' is missing"))
    array = _from_bytes(node, inner, dtype) if isinstance(inner, ScalarNode) and isinstance(inner.value, str) else None
    if array is None:
        array = _from_numbers(inner, dtype)
    library = node.get("library")
    match "jax" if library is None else _text(library, "library"):
        case "jax":
            found = jnp.asarray(array)
            if found.dtype != dtype:
                wrong(node, "_array_", f"an array of {dtype.name} needs jax.config.update('jax_enable_x64', True)")
            return found
        case "numpy":
            return array
        case "scalar" if array.shape == ():
            return array[()]
        case _:
            wrong(node, "library", "it is jax, numpy or scalar")


def _from_bytes(node: MappingNode, inner: Node, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    given = node.get("shape")
    shape = _plain(_list(given if given is not None else wrong(node, "_array_", "'shape' is missing"), "shape"))
    if not all(type(size) is int and 0 <= size <= _LONGEST_AXIS for size in shape):
        wrong(node, "shape", "it is a list of sizes")
    try:
        raw = base64.b64decode(_text(inner, "_array_"), validate=True)
        read: np.ndarray[Any, Any] = np.frombuffer(raw, dtype=dtype.newbyteorder("<"))
        return read.astype(dtype).reshape(shape)
    except (ValueError, binascii.Error):
        wrong(inner, "_array_", "the bytes do not fill the shape")


def _from_numbers(inner: Node, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    rows = _plain(inner)
    try:
        array = np.asarray(rows)
        fits = array.dtype.kind in "biuf" and (array.dtype.kind == "b") == (dtype.kind == "b")
        if fits and (dtype.kind == "f" or array.dtype.kind in "biu"):
            found = array.astype(dtype)
            if dtype.kind == "f" or bool((found == array).all()):
                return found
    except (ValueError, OverflowError):
        pass
    wrong(inner, "_array_", f"these are no numbers of {dtype.name} in rows of equal length")


def _key(node: MappingNode, inner: Node) -> Any:
    _only(node, "_key_", "data")
    data = node.get("data")
    if not isinstance(data, MappingNode) or data.get("_array_") is None:
        wrong(node, "_key_", "'data' must be an array")
    try:
        return jax.random.wrap_key_data(_plain(data), impl=_text(inner, "_key_"))
    except (TypeError, ValueError) as error:
        wrong(node, "_key_", str(error).splitlines()[0])


def _mesh(node: MappingNode, inner: Node) -> Any:
    _only(node, "_mesh_")
    sizes = _plain(inner)
    if not isinstance(sizes, dict) or not sizes or not all(type(n) is int and n > 0 for n in _numbers_in(sizes)):
        wrong(inner, "_mesh_", "it is a mapping of axes with their sizes")
    wanted, there = math.prod(_numbers_in(sizes)), jax.device_count()
    if wanted > there:
        wrong(inner, "_mesh_", f"it wants {wanted} devices, and this process has {there}")
    return mesh_of(cast("dict[str, int]", sizes))


def _numbers_in(sizes: Any) -> list[Any]:
    return list(sizes.values())


_LEAVES: dict[str, Callable[[MappingNode, Node], Any]] = {
    "_array_": _array,
    "_complex_": _complex,
    "_dtype_": _dtype,
    "_ellipsis_": _ellipsis,
    "_key_": _key,
    "_mesh_": _mesh,
    "_number_": _number,
    "_slice_": _slice,
}
_TAGS = frozenset((*_LEAVES, "_target_", "_module_", "_fn_", "_tuple_", "_dict_"))


def one_document(roots: list[Node], report: Report, place: Span) -> Node:
    """The only document of a file.

    Raises:
        OpjaxError: for what the reader found, and for none or several documents.
    """
    report.check()
    if len(roots) != 1:
        _wrong_at(place, "the text", f"it holds {len(roots)} pipelines")
    return roots[0]
