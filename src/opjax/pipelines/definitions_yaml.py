"""The same definitions as YAML and JSON: expressions are texts, with their places in the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from opjax.errors import Report, Stop, catalogue
from opjax.pipelines.definitions import (
    AxisText,
    Definition,
    OperatorText,
    PipelineText,
    checked_operator,
    plain_name,
    with_axes,
)
from opjax.source import DEFAULT_LIMITS, Source, Span
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.document_json import json_documents
from opjax.spec.document_yaml import yaml_documents
from opjax.spec.embedded import is_definitions
from opjax.spec.yaml_reader import models_of
from opjax.syntax.declarations import AxisDeclaration, Flag, ModelSyntax, ParameterDeclaration
from opjax.syntax.nodes import Expression
from opjax.syntax.parser import parse_axis, parse_declared, parse_expression, parse_parameter
from opjax.syntax.statements import Declared

_SECTIONS = ("axes", "operators", "pipelines")
_OPERATOR = ("inputs", "parameters", "fixed", "value")
_PIPELINE = ("inputs", "values", "outputs", "value")
_MODEL_KEYS = ("state", "system", "equations", "transitions")


def read_yaml_definitions(source: Source, form: str) -> list[Definition]:
    """The definitions of a YAML or JSON text: axes, then operators, then pipelines; models are left out.

    Arguments:
        source: the text.
        form: "yaml" or "json".

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    found, _ = read_yaml_parts(source, form, report)
    report.check()
    return found


def read_yaml_parts(source: Source, form: str, report: Report) -> tuple[list[Definition], list[ModelSyntax]]:
    """The definitions and the models of a YAML or JSON text.

    Arguments:
        source: the text.
        form: "yaml" or "json".
        report: takes all problems.
    """
    roots = (yaml_documents if form == "yaml" else json_documents)(source, report, DEFAULT_LIMITS)
    reader = _Reader(report)
    axes: list[Definition] = []
    found: list[Definition] = []
    models = [root for root in roots if _is_model(root)]
    for root in roots:
        sections = {} if root in models else reader.keys(root, "a file of operators", _SECTIONS)
        for entry in reader.entries(sections.get("axes"), "'axes'"):
            axes += reader.tried(reader.axis, entry)
        for entry in reader.entries(sections.get("operators"), "'operators'"):
            found += reader.tried(reader.operator, entry)
        for entry in reader.entries(sections.get("pipelines"), "'pipelines'"):
            found += reader.tried(reader.pipeline, entry)
    if not roots and not report.errors:
        report.add(catalogue.EMPTY_SOURCE, Span(source, 0, 0), hint="begin with 'operators:'")
    written = models_of(models, Span(source, 0, 0), report) if models else []
    return (with_axes([*axes, *found]) if not report.errors else []), written


def _is_model(root: Node) -> bool:
    if is_definitions(root) or not isinstance(root, MappingNode):
        return False
    return any(root.get(key) is not None for key in _MODEL_KEYS)


class _Reader:
    """Reads nodes; each problem goes to the report."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def tried(self, read: Callable[[Entry], Definition], entry: Entry) -> Sequence[Definition]:
        """What is read, or nothing where it is wrong."""
        try:
            return [read(entry)]
        except Stop:
            return []

    def entries(self, node: Node | None, where: str) -> tuple[Entry, ...]:
        if node is None:
            return ()
        if isinstance(node, MappingNode):
            return node.entries
        wrong_value(self.report, node, where, "a mapping")
        return ()

    def keys(self, node: Node, where: str, known: tuple[str, ...]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for entry in self.entries(node, where):
            if entry.key.text in known:
                found[entry.key.text] = entry.value
            else:
                hint = f"the keys are {', '.join(known)}"
                self.wrong(entry, f"there is no key '{entry.key.text}' here; {hint}")
        return found

    def wrong(self, entry: Entry, problem: str) -> Stop:
        return self.report.stop(catalogue.PIPELINE_KEY, entry.key.span, problem=problem)

    def operator(self, entry: Entry) -> OperatorText:
        keys = self.keys(entry.value, f"'{entry.key.text}'", _OPERATOR)
        head = parse_declared(entry.key.span, self.report)
        parameters = (*self.parameters(keys, "parameters", ()), *self.parameters(keys, "fixed", ("fixed",)))
        value = self.needed(keys, "value", entry)
        row = OperatorText(head, self.names(keys.get("inputs")), parameters, value, entry.key.span)
        return checked_operator(row, self.report)

    def axis(self, entry: Entry) -> AxisText:
        """An axis: a list of labels, or the text behind ``axis NAME =``."""
        if isinstance(entry.value, SequenceNode):
            labels = tuple(self.scalar(item).text for item in entry.value.items)
            axis = AxisDeclaration(entry.key.text, "labels", labels, span=entry.key.span)
            return AxisText(axis, entry.key.span)
        text = f"{entry.key.text} = {self.scalar(entry.value).text}"
        own = Span(Source(f"{entry.key.span!r}: axis {entry.key.text}", text), 0, len(text))
        axis = parse_axis(own, self.report)
        return AxisText(dataclasses.replace(axis, span=entry.key.span), entry.key.span)

    def parameters(
        self, keys: Mapping[str, Node], key: str, flags: tuple[Flag, ...]
    ) -> tuple[ParameterDeclaration, ...]:
        found: list[ParameterDeclaration] = []
        if isinstance(keys.get(key), SequenceNode):  # as they stand in the text
            return tuple(parse_parameter(self.scalar(part).span, self.report) for part in self.items(keys[key]))
        for entry in self.entries(keys.get(key), f"'{key}'"):
            head = parse_declared(entry.key.span, self.report)
            empty = isinstance(entry.value, ScalarNode) and entry.value.value is None
            default = None if empty else self.expression(entry.value)
            found.append(ParameterDeclaration(head.name, head.axes, default=default, flags=flags, span=entry.key.span))
        return tuple(found)

    def names(self, node: Node | None) -> tuple[Declared, ...]:
        return tuple(parse_declared(self.scalar(part).span, self.report) for part in self.items(node))

    def items(self, node: Node | None) -> tuple[Node, ...]:
        if node is None:
            return ()
        return node.items if isinstance(node, SequenceNode) else (node,)

    def scalar(self, node: Node) -> ScalarNode:
        if isinstance(node, ScalarNode):
            return node
        wrong_value(self.report, node, "this", "a text")
        raise Stop

    def expression(self, node: Node) -> Expression:
        return parse_expression(self.scalar(node).span, self.report)

    def needed(self, keys: Mapping[str, Node], key: str, entry: Entry) -> Expression:
        if key in keys:
            return self.expression(keys[key])
        raise self.wrong(entry, f"'{entry.key.text}' lacks the key '{key}'")

    def pipeline(self, entry: Entry) -> PipelineText:
        name, span = plain_name(entry.key.span, self.report), entry.key.span
        if not isinstance(entry.value, MappingNode):
            steps = tuple(("", self.expression(part)) for part in self.items(entry.value))
            if not steps:
                raise self.wrong(entry, f"'{name}' has no parts")
            return PipelineText(name, None, None, steps, span)
        keys = self.keys(entry.value, f"'{name}'", _PIPELINE)
        inputs = self.plain_names(keys.get("inputs"))
        if "value" in keys:
            if "values" in keys or "outputs" in keys:
                raise self.wrong(entry, f"'{name}' has one 'value', or 'values' with 'outputs', not both")
            return PipelineText(name, inputs, None, (("", self.expression(keys["value"])),), span)
        for key in ("values", "outputs"):
            if key not in keys:
                raise self.wrong(entry, f"'{name}' lacks the key '{'value' if len(keys) < 2 else key}'")
        rows = self.entries(keys["values"], "'values'")
        values = tuple((plain_name(row.key.span, self.report), self.expression(row.value)) for row in rows)
        return PipelineText(name, inputs, self.plain_names(keys["outputs"]), values, span)

    def plain_names(self, node: Node | None) -> tuple[str, ...]:
        return tuple(plain_name(self.scalar(part).span, self.report) for part in self.items(node))
