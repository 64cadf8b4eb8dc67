"""Texts of operators and pipelines -> operators, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from opjax import stages
from opjax.errors import OpjaxError, Report, catalogue
from opjax.ir.functions.table import CONSTANTS, lookup
from opjax.pipelines.calls import Missing, Scope, chained, node_of, taken_by
from opjax.pipelines.definitions import (
    AxisText,
    Definition,
    OperatorText,
    PipelineText,
    read_definitions,
    refuse_definition,
)
from opjax.pipelines.definitions_yaml import read_yaml_parts
from opjax.pipelines.graph import Graph
from opjax.pipelines.node import Input, Node
from opjax.pipelines.operator import Operator
from opjax.pipelines.sequential import Sequential
from opjax.pipelines.text import TextOperator, check_meaning
from opjax.source import Source, Span
from opjax.spec.files import Format, format_of, read_source, source_from_text
from opjax.spec.text_blocks import blocks_of, masked
from opjax.syntax.declarations import ModelSyntax
from opjax.traverse import run

Values = Mapping[str, Mapping[str, Any]]
_DEEPEST = 25


def define(
    text: str | Source,
    operators: Mapping[str, Operator] | None = None,
    values: Values | None = None,
    *,
    format: Format = "ojx",
) -> dict[str, Operator]:
    """The operators and pipelines of a text, by name.

    ``pipeline NAME = a | b | clip(0, 1)`` is a chain; a function of the language gets the value as its first argument.
    ``pipeline NAME(x, y) = expression`` is a graph, and so is ``pipeline NAME(x, y) -> u, v:`` with a line
    ``name = expression`` per value. A model of the text stands in pipelines by its name:
    ``SIR(beta = b, at = [0, 10, 20], output = I)`` is its solution at these times.

    Arguments:
        text: the definitions; each may use the names above it, and models anywhere.
        operators: operators that were made elsewhere, by the names that the text uses.
        values: values of the parameters of the text's operators and models, by operator and name.
        format: "ojx" for text, "yaml" or "json" for the same as a mapping (`axes`, `operators`, `pipelines`).

    Returns:
        The operators and pipelines that the text defines.

    Raises:
        OpjaxError: all problems of the text: E0652 for a definition of the wrong form, E0653 for an unknown operator,
            and the errors of expressions and models.
        ValueError: for values of an operator that the text does not define, and a name that is defined twice.

    Example:
        >>> from opjax.pipelines import define
        >>> found = define('''
        ... operator ndvi(nir, red; eps = 1e-6) = (nir - red)/(nir + red + eps)
        ... pipeline shade(nir, red) = 1 - ndvi(nir, red)^2
        ... ''')
        >>> round(float(found["shade"](0.6, 0.2)), 4)
        0.75
    """
    source = source_from_text(text) if isinstance(text, str) else text
    report = Report()
    rows, models = parts_of(source, format, report)
    report.check()
    definer = _Definer(rows, models, operators or {}, values or {})
    for model in models:
        definer.tried(definer.model, model)
    for row in rows:
        definer.tried(definer.row, row)
    definer.report.check()
    return definer.found


def define_file(
    path: str | os.PathLike[str],
    operators: Mapping[str, Operator] | None = None,
    values: Values | None = None,
) -> dict[str, Operator]:
    """The operators and pipelines of a file; its suffix (.ojx, .yaml, .json) says the format. See `define`."""
    return define(read_source(path), operators, values, format=format_of(path))


def parts_of(source: Source, form: Format, report: Report) -> tuple[list[Definition], list[ModelSyntax]]:
    """The definitions and the models of a text in any format.

    Arguments:
        source: the text.
        form: its format.
        report: takes all problems.
    """
    if form != "ojx":
        return read_yaml_parts(source, form, report)
    rows: list[Definition] = []
    try:
        rows = read_definitions(source)
    except OpjaxError as error:
        report.diagnostics.extend(error.diagnostics)
    blocks = list(blocks_of(source))
    others = [block for block in blocks if block.kind != "model"]
    models = stages.read(masked(source, others), form, report) if len(others) < len(blocks) else []
    if not any(block.statements for block in blocks):
        report.add(catalogue.EMPTY_SOURCE, Span(source, 0, 0), hint="begin with 'operator NAME(x) = ...'")
    return rows, models


class _Definer:
    """Makes one definition after the other, and goes on behind one that is wrong."""

    def __init__(
        self, rows: list[Definition], models: list[ModelSyntax], operators: Mapping[str, Operator], values: Values
    ) -> None:
        names = [row.name for row in rows if not isinstance(row, AxisText)]
        self.scope = Scope(dict(operators), {model.name: model for model in reversed(models)}, values, names)
        self.report = Report()
        self.found: dict[str, Operator] = {}
        self.depth: dict[str, int] = {}
        for name, operator in operators.items():
            if not isinstance(cast("object", operator), Operator):
                raise TypeError(f"operators['{name}'] is no operator: {operator!r}; wrap a function in Lambda")
            if name in names or lookup(name) is not None:
                what = "defined in the text too" if name in names else "a function of the language"
                raise ValueError(f"operators has '{name}', which is {what}: give it another name")
        known = [*names, *self.scope.models]
        for name in values:
            if name not in known:
                raise ValueError(f"values has '{name}', and the text defines {', '.join(known) or 'nothing'}")

    def tried(self, make: Any, row: Any) -> None:
        """Make it; what is wrong with it goes to the report."""
        try:
            make(row)
        except OpjaxError as error:
            self.report.diagnostics.extend(error.diagnostics)
            self.scope.models.pop(row.name, None)
            self.scope.known.setdefault(row.name, Missing(row.name, wrong=True))

    def model(self, model: ModelSyntax) -> None:
        """Check a model, also one that no pipeline uses."""
        if self.scope.models.get(model.name, model) is not model:
            header = model.span.text.partition("\n")[0]
            span = Span(model.span.source, model.span.start, model.span.start + len(header))
            refuse_definition(span, f"'{model.name}' is defined a second time")
        stages.check(model, Report())

    def row(self, row: Definition) -> None:
        """Make an operator or a pipeline."""
        if isinstance(row, AxisText):
            return
        span = row.head.span if isinstance(row, OperatorText) else row.span
        self.scope.later.remove(row.name)
        if row.name in self.found or row.name in self.scope.models:
            refuse_definition(span, f"'{row.name}' is defined a second time")
        if lookup(row.name) is not None or row.name in CONSTANTS:
            refuse_definition(span, f"'{row.name}' has a meaning in expressions already: choose another name")
        self.scope.begin(row.name)
        self.found[row.name] = self._made(row)
        self.scope.known[row.name] = self.found[row.name]
        self.depth[row.name] = 1 + max((self.depth.get(name, 0) for name in self.scope.used), default=0)
        if self.depth[row.name] > _DEEPEST:
            self.depth[row.name] = 0
            refuse_definition(span, f"'{row.name}' holds pipelines inside each other more than {_DEEPEST} deep")

    def _made(self, row: OperatorText | PipelineText) -> Operator:
        if isinstance(row, OperatorText):
            check_meaning(row)
            return TextOperator(row.text(), self.scope.values.get(row.name))
        if row.name in self.scope.values:
            raise ValueError(f"values has '{row.name}', a pipeline: give the values of its operators by their names")
        if row.inputs is None:
            steps = [chained(step, self.scope) for _, step in row.steps]
            for (_, written), step in zip(row.steps[1:], steps[1:], strict=True):
                taken = taken_by(step)
                if taken is not None and len(taken[0]) != 1:
                    names = ", ".join(taken[0]) or "nothing"
                    refuse_definition(written.span, f"a part of a chain gets one value, and this one takes {names}")
            return Sequential(steps)
        return self._graph(row, row.inputs)

    def _graph(self, row: PipelineText, names: tuple[str, ...]) -> Operator:
        for what, given in (("input", names), ("output", row.outputs or ())):
            for name in given:
                if given.count(name) > 1:
                    refuse_definition(row.span, f"the {what} '{name}' stands twice")
        inputs = {name: Input(name) for name in names}
        nodes: dict[str, Node] = dict(inputs)
        for name, value in row.steps:
            if name in nodes:
                refuse_definition(value.span, f"'{name}' stands for a value already")
            nodes[name] = run(node_of(value, nodes, self.scope))
        if row.outputs is None:
            return Graph.build(inputs, nodes[""])
        for name in row.outputs:
            if name not in nodes:
                refuse_definition(row.span, f"the output '{name}' has no line")
        return Graph.build(inputs, {name: nodes[name] for name in row.outputs})
