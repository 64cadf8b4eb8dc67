"""The same definitions as YAML and JSON: expressions are texts, with their places in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opjax.errors import OpjaxError, Report, Stop, catalogue
from opjax.pipelines.definitions import OperatorText, PipelineText
from opjax.source import DEFAULT_LIMITS, Source, Span
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.document_json import json_documents
from opjax.spec.document_yaml import yaml_documents
from opjax.syntax.declarations import Flag, ParameterDeclaration
from opjax.syntax.nodes import Expression
from opjax.syntax.parser import parse_declared, parse_expression
from opjax.syntax.statements import Declared

Definition = OperatorText | PipelineText

_SECTIONS = ("operators", "pipelines")
_OPERATOR = ("inputs", "parameters", "fixed", "value")
_PIPELINE = ("inputs", "values", "outputs", "value")


def read_yaml_definitions(source: Source, form: str) -> list[Definition]:
    """The definitions of a YAML or JSON text, operators first.

    Arguments:
        source: the text.
        form: "yaml" or "json".

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    roots = (yaml_documents if form == "yaml" else json_documents)(source, report, DEFAULT_LIMITS)
    reader = _Reader(report)
    found: list[Definition] = []
    for root in roots:
        sections = reader.keys(root, "a file of operators", _SECTIONS)
        for entry in reader.entries(sections.get("operators"), "'operators'"):
            found += reader.tried(reader.operator, entry)
        for entry in reader.entries(sections.get("pipelines"), "'pipelines'"):
            found += reader.tried(reader.pipeline, entry)
    report.check()
    if not roots:
        report.add(catalogue.EMPTY_SOURCE, Span(source, 0, 0), hint="begin with 'operators:'")
        raise OpjaxError(report.errors)
    return found


class _Reader:
    """Reads nodes; each problem goes to the report."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def tried(self, read: Callable[[Entry], Definition], entry: Entry) -> list[Definition]:
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
        return OperatorText(head, self.names(keys.get("inputs")), parameters, value, entry.key.span)

    def parameters(
        self, keys: Mapping[str, Node], key: str, flags: tuple[Flag, ...]
    ) -> tuple[ParameterDeclaration, ...]:
        found: list[ParameterDeclaration] = []
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
        name, span = parse_declared(entry.key.span, self.report).name, entry.key.span
        if not isinstance(entry.value, MappingNode):
            steps = tuple(("", self.expression(part)) for part in self.items(entry.value))
            return PipelineText(name, None, None, steps, span)
        keys = self.keys(entry.value, f"'{name}'", _PIPELINE)
        inputs = tuple(given.name for given in self.names(keys.get("inputs")))
        if "value" in keys:
            return PipelineText(name, inputs, None, (("", self.expression(keys["value"])),), span)
        rows = self.entries(keys.get("values"), "'values'")
        values = tuple((row.key.text, self.expression(row.value)) for row in rows)
        outputs = tuple(given.name for given in self.names(keys.get("outputs")))
        return PipelineText(name, inputs, outputs, values, span)
