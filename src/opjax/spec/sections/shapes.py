"""What a value may look like: one description, from which come the checks of a file and the schema for editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode

Kind = Literal["string", "number", "integer", "boolean", "null"]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or nothing.

    Arguments:
        expected: what it is, for the sentence "... must be {expected}".
        kinds: which of them are taken.
        choices: the texts that are taken, if not all.
    """

    expected: str
    kinds: tuple[Kind, ...] = ("string",)
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of equal things."""

    expected: str
    item: Shape


@dataclass(frozen=True, slots=True)
class Keyed:
    """Names with values; also a list of mappings with one name each, which keeps names that stand twice."""

    expected: str
    value: Shape


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys.

    Arguments:
        expected: what it is.
        fields: the keys with their values.
        required: the keys that must stand there.
        empty: whether nothing may stand in its place.
    """

    expected: str
    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """One of several; at most one of them is a scalar, one a list, one a mapping."""

    expected: str
    options: tuple[Shape, ...]


Shape = Scalar | Listed | Keyed | Record | Either

NAME = Scalar("a name")
TEXT = Scalar("a text", ("string", "number"))
TRUTH = Scalar("true or false", ("boolean",))
EXPRESSION = Scalar("an expression", ("string", "number", "boolean"))
ARRAY_OR_EXPRESSION = Either("an expression or a list of numbers", (EXPRESSION, Listed("a list", Scalar("", ()))))
EDGE = Scalar("stay, absorb or periodic", (), ("stay", "absorb", "periodic"))
BOUNDS = Either(
    'two bounds, such as [0, 1] or "(0, inf)"',
    (Scalar("bounds"), Listed("two bounds", EXPRESSION)),
)
DISTRIBUTION = Scalar("a distribution, such as Normal(0, 1)")


def fits(node: Node, shape: Shape) -> bool:
    """Whether a node is of the right type; what is inside a list or a mapping is not looked at."""
    if isinstance(shape, Scalar):
        return isinstance(node, ScalarNode) and _scalar_fits(node, shape)
    if isinstance(shape, Either):
        return any(map(partial(fits, node), shape.options))
    if isinstance(shape, Record):
        nothing = shape.empty and isinstance(node, ScalarNode) and node.value is None
        return nothing or isinstance(node, MappingNode)
    if isinstance(shape, Listed):
        return isinstance(node, SequenceNode)
    return isinstance(node, MappingNode | SequenceNode)


def _scalar_fits(node: ScalarNode, shape: Scalar) -> bool:
    if isinstance(node.value, str):
        return node.value in shape.choices if shape.choices else "string" in shape.kinds
    kind = kind_of(node)
    return kind in shape.kinds or (kind == "integer" and "number" in shape.kinds)


def choices_of(shape: Shape) -> tuple[str, ...]:
    """The words that a shape takes, if it takes only some."""
    match shape:
        case Scalar():
            return shape.choices
        case Either():
            return next((option.choices for option in shape.options if isinstance(option, Scalar)), ())
        case _:
            return ()


def kind_of(node: ScalarNode) -> Kind:
    """The JSON type of a scalar."""
    match node.value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"


def schema_of(shape: Shape) -> Schema:
    """The JSON Schema of a shape."""
    match shape:
        case Scalar():
            return _scalar_schema(shape)
        case Listed():
            return {"type": "array", "items": schema_of(shape.item)}
        case Keyed():
            value = schema_of(shape.value)
            named: Schema = {"type": "object", "additionalProperties": value}
            single: Schema = {**named, "minProperties": 1, "maxProperties": 1}
            return {"anyOf": [named, {"type": "array", "items": single}]}
        case Record():
            return _record_schema(shape)
        case Either():
            return {"anyOf": [schema_of(option) for option in shape.options]}


def _scalar_schema(shape: Scalar) -> Schema:
    if not shape.kinds and not shape.choices:
        return {}
    kinds = [kind for kind in shape.kinds if not (shape.choices and kind == "string")]
    parts: list[Schema] = [{"enum": list(shape.choices)}] if shape.choices else []
    if kinds:
        parts.append({"type": kinds[0] if len(kinds) == 1 else kinds})
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def _record_schema(shape: Record) -> Schema:
    kinds = ["object", "null"] if shape.empty else "object"
    schema: Schema = {
        "type": kinds,
        "properties": {name: schema_of(value) for name, value in shape.fields.items()},
        "additionalProperties": False,
    }
    if shape.required:
        schema["required"] = list(shape.required)
    return schema
