"""Operators for people: as an indented list, and as a table of what goes in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opjax.pipelines.basic import Lambda
from opjax.pipelines.graph import Graph
from opjax.pipelines.operator import Operator
from opjax.pipelines.registry import name_of
from opjax.pipelines.sequential import Sequential
from opjax.pipelines.signature import shown, signature_of, structs
from opjax.pipelines.text import TextOperator
from opjax.pipelines.untyped import eqx, jax, tree_map

if TYPE_CHECKING:
    from opjax.pipelines.signature import Signature


_LONGEST = 90


def describe(operator: Operator) -> str:
    """See `Operator.describe`."""
    lines: list[str] = []
    stack: list[tuple[int, str, Operator]] = [(0, "", operator)]
    while stack:
        depth, place, inner = stack.pop()
        parts = inner.parts()
        lines.append("  " * depth + (f"{place} " if place else "") + headline(inner))
        if isinstance(inner, Graph):
            lines += ["  " * (depth + 1) + line for line in plan_lines(inner)]
        stack += [(depth + 1, name, part) for name, part in reversed(parts)]
    return "\n".join(lines)


def label(operator: Operator) -> str:
    """The name of an operator in lists: of its class, or the one in its text; a function's is that of the function."""
    match operator:
        case TextOperator():
            return operator.definition.head.name
        case Lambda():
            name = operator.name or str(getattr(operator.fn, "__name__", ""))
            return name if operator.name or name.isidentifier() else "Lambda"
        case _:
            return type(operator).__name__


def headline(operator: Operator) -> str:
    """The name of an operator with its settings and the shapes of its arrays."""
    inner = {id(part) for _, part in operator.parts()}
    rows: list[str] = []
    try:
        config = operator.get_config()
    except AttributeError:
        config = {name: value for name, value in vars(operator).items() if not name.startswith("_")}
    if isinstance(operator, TextOperator):
        config["text"] = operator.text.splitlines()[-1]  # those before declare axes
    for name, value in config.items():
        if value is None or (isinstance(value, str | dict) and not value) or _holds_only(value, inner):
            continue
        if isinstance(operator, Graph) and name != "inputs":
            continue
        rows.append(f"{name}={_short(value)}")
    kind = type(operator).__name__ if isinstance(operator, Lambda) else label(operator)  # its function stands inside
    return f"{kind}({', '.join(rows)})" if rows else kind


def _holds_only(value: Any, inner: set[int]) -> bool:
    """Whether a setting is made of operators that have lines of their own."""

    def is_part(leaf: Any) -> bool:
        return id(leaf) in inner

    leaves = jax.tree.leaves(value, is_leaf=is_part)
    return bool(leaves) and all(map(is_part, leaves))


def _short(value: Any) -> str:
    if eqx.is_array(value):
        return str(jax.typeof(value))
    if callable(value) and not isinstance(value, eqx.Module):
        return name_of(value).rpartition(":")[2]
    text = eqx.tree_pformat(value, width=10_000)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def plan_lines(graph: Graph) -> list[str]:
    """The calls of a graph, one per line."""
    names: list[str] = list(graph.inputs)
    lines: list[str] = []
    for step in graph.plan:
        args, kwargs = jax.tree.unflatten(step.structure, [_Name(names[number]) for number in step.numbers])
        given = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
        names.append(f"v{len(names)}")
        lines.append(f"{names[-1]} = [{step.slot}] {label(graph.operators[step.slot])}({', '.join(given)})")
    outputs = (("result", graph.outputs),) if isinstance(graph.outputs, int) else graph.outputs
    return [*lines, *(f"{name} <- {names[number]}" for name, number in outputs)]


class _Name:
    """A name without quotes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


def steps_of(operator: Operator) -> list[tuple[str, Operator]]:
    """The steps of a pipeline with their labels; another operator is one step."""
    steps = operator.operators if isinstance(operator, Sequential) else (operator,)
    return [(f"[{i}] {label(step)}", step) for i, step in enumerate(steps)]


def summary(operator: Operator, signatures: tuple[Signature, ...]) -> str:
    """See `Operator.summary`."""
    rows = [("step", "in", "out")]
    if isinstance(operator, Graph):
        rows += _graph_rows(operator, signatures)
    else:
        incoming: tuple[Any, ...] = tuple(structs(signatures))
        for label, step in steps_of(operator):
            result = eqx.filter_eval_shape(step, *incoming)
            rows.append((label, ", ".join(_shown(s, signatures) for s in incoming), _shown(result, signatures)))
            incoming = (result,)
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(r, widths, strict=True)).rstrip() for r in rows)


def _graph_rows(graph: Graph, signatures: tuple[Signature, ...]) -> list[tuple[str, str, str]]:
    values: list[Any] = list(structs(signatures))
    rows: list[tuple[str, str, str]] = []
    for step in graph.plan:
        args, kwargs = jax.tree.unflatten(step.structure, [values[number] for number in step.numbers])
        operator = graph.operators[step.slot]
        values.append(eqx.filter_eval_shape(operator, *args, **kwargs))
        given = ", ".join(_shown(value, signatures) for value in (*args, *kwargs.values()))
        rows.append((f"v{len(values) - 1} = [{step.slot}] {label(operator)}", given, _shown(values[-1], signatures)))
    return rows


def _shown(value: Any, signatures: tuple[Signature, ...]) -> str:
    return shown(tree_map(lambda leaf: signature_of(leaf, signatures), value))
