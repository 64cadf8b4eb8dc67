"""Operators and pipelines as text: ``operator NAME(inputs; parameters) = expression``, ``pipeline NAME = a | b``.

Every part is read by the parser of models, with its place in the whole text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from opjax.errors import OpjaxError, Report, Stop, catalogue
from opjax.source import DEFAULT_LIMITS, Source, Span
from opjax.spec.text_lines import Line, lines_of
from opjax.syntax.declarations import ParameterDeclaration
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.nodes import Expression
from opjax.syntax.parser import parse_declared, parse_expression, parse_parameter
from opjax.syntax.printer import print_declaration, print_declared
from opjax.syntax.statements import Declared

_OPENING = "([{"
_CLOSING = ")]}"


@dataclass(frozen=True)
class OperatorText:
    """``operator score[band](x[band]; target[band], eps = 1e-6 fixed) = ...``.

    Arguments:
        head: the name, with the axes of the result.
        inputs: what comes in at every call.
        parameters: what the operator holds: arrays that are learned, or, with the flag ``fixed``, numbers of its text.
        value: the result.
        span: all of it.
    """

    head: Declared
    inputs: tuple[Declared, ...]
    parameters: tuple[ParameterDeclaration, ...]
    value: Expression
    span: Span

    def text(self) -> str:
        """The text, in its canonical form."""
        inputs = ", ".join(print_declared(given.name, given.axes) for given in self.inputs)
        parameters = ", ".join(print_declaration(parameter) for parameter in self.parameters)
        inside = f"{inputs}; {parameters}" if parameters else inputs
        return f"operator {print_declared(self.head.name, self.head.axes)}({inside}) = {print_expression(self.value)}"


@dataclass(frozen=True)
class PipelineText:
    """``pipeline NAME = a | b``, or ``pipeline NAME(x, y) -> u, v:`` with a line ``name = expression`` per value.

    Arguments:
        name: the name.
        inputs: the names of the inputs; None for a chain.
        outputs: the names of the outputs; None for one value without a name.
        steps: the parts of a chain, or the values by name (without a name: the only value).
        span: the name.
    """

    name: str
    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None
    steps: tuple[tuple[str, Expression], ...]
    span: Span

    def text(self) -> str:
        """The text, in its canonical form."""
        if self.inputs is None:
            return f"pipeline {self.name} = {' | '.join(print_expression(step) for _, step in self.steps)}"
        head = f"pipeline {self.name}({', '.join(self.inputs)})"
        if self.outputs is None:
            return f"{head} = {print_expression(self.steps[0][1])}"
        lines = [f"  {name} = {print_expression(value)}" for name, value in self.steps]
        return "\n".join([f"{head} -> {', '.join(self.outputs)}:", *lines])


def read_definitions(source: Source) -> list[OperatorText | PipelineText]:
    """The definitions of a text, in order.

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    found: list[OperatorText | PipelineText] = []
    lines = [line for line in lines_of(source.text, DEFAULT_LIMITS) if not line.is_comment]
    while lines:
        first = lines.pop(0)
        body: list[Line] = []
        while lines and lines[0].depth > first.depth:
            body.append(lines.pop(0))
        try:
            found.append(_definition(source, first, body, report))
        except Stop:
            continue
    report.check()
    return found


def _definition(source: Source, first: Line, body: list[Line], report: Report) -> OperatorText | PipelineText:
    span = Span(source, first.start, first.end)
    word, _, rest = span.text.partition(" ")
    inside = _stripped(Span(source, span.end - len(rest), span.end))
    spans = [Span(source, line.start, line.end) for line in body]
    if word == "operator" and not body:
        return _operator(inside, report)
    if word == "pipeline":
        return _pipeline(inside, spans, report)
    if body and word == "operator":
        raise _wrong(report, spans[0], "it ends on its line; put brackets round a long expression")
    raise _wrong(report, span, "it begins with 'operator' or 'pipeline'")


def _wrong(report: Report, span: Span, problem: str) -> Stop:
    return report.stop(catalogue.OPERATOR_FORM, span, problem=problem)


def refuse_definition(span: Span, problem: str) -> NoReturn:
    """Refuse a definition whose form is right."""
    report = Report()
    _wrong(report, span, problem)
    raise OpjaxError(report.errors)


def _operator(span: Span, report: Report) -> OperatorText:
    head, arguments, rest = _call(span, report)
    if not rest.text.startswith("="):
        raise _wrong(report, rest, "'=' and an expression follow the inputs")
    before, *behind = _split(arguments, ";")
    if len(behind) > 1:
        raise _wrong(report, behind[1], "there is one ';', between inputs and parameters")
    declared = parse_declared(head, report)
    inputs = tuple(parse_declared(part, report) for part in _split(before, ",") if part.text)
    parts = [part for rest in behind for part in _split(rest, ",") if part.text]
    parameters = tuple(parse_parameter(part, report) for part in parts)
    value = parse_expression(_stripped(Span(rest.source, rest.start + 1, rest.end)), report)
    return OperatorText(declared, inputs, parameters, value, span)


def _pipeline(span: Span, body: list[Span], report: Report) -> PipelineText:
    if "(" not in span.text.partition("=")[0]:
        name, *chain = _split(span, "=")
        if not chain or body:
            raise _wrong(report, span, "a chain is one line, NAME = a | b")
        steps = [("", parse_expression(part, report)) for part in _split(_joined(chain), "|")]
        return PipelineText(parse_declared(name, report).name, None, None, tuple(steps), name)
    head, arguments, rest = _call(span, report)
    inputs = tuple(parse_declared(part, report).name for part in _split(arguments, ",") if part.text)
    name = parse_declared(head, report).name
    if rest.text.startswith("=") and not body:
        value = parse_expression(_stripped(Span(rest.source, rest.start + 1, rest.end)), report)
        return PipelineText(name, inputs, None, (("", value),), head)
    if not (rest.text.startswith("->") and rest.text.endswith(":") and body):
        raise _wrong(report, rest, "'= expression' follows, or '-> outputs:' and a line 'name = expression' per value")
    between = _stripped(Span(rest.source, rest.start + 2, rest.end - 1))
    outputs = tuple(parse_declared(part, report).name for part in _split(between, ","))
    return PipelineText(name, inputs, outputs, tuple(_values(body, report)), head)


def _values(body: list[Span], report: Report) -> Iterator[tuple[str, Expression]]:
    for line in body:
        name, *rest = _split(line, "=")
        if not rest:
            raise _wrong(report, line, "a line of a pipeline is 'name = expression'")
        yield parse_declared(name, report).name, parse_expression(_joined(rest), report)


def _joined(parts: list[Span]) -> Span:
    return Span(parts[0].source, parts[0].start, parts[-1].end)


def _call(span: Span, report: Report) -> tuple[Span, Span, Span]:
    """``NAME(arguments) rest``: the three parts."""
    opening = next((place for place, character in _outer(span) if character == "("), -1)
    closing = next((place for place, character in _outer(span) if place > opening and character == ")"), -1)
    if opening < 0 or closing < 0:
        raise _wrong(report, span, "it is written NAME(inputs; parameters) = expression")
    source = span.source
    parts = ((span.start, opening), (opening + 1, closing), (closing + 1, span.end))
    head, arguments, rest = (_stripped(Span(source, start, end)) for start, end in parts)
    return head, arguments, rest


def _outer(span: Span) -> Iterator[tuple[int, str]]:
    """The characters outside of brackets and quotes, outer brackets included, with their places."""
    depth, quote = 0, ""
    for place, character in enumerate(span.text, start=span.start):
        if quote:
            quote = "" if character == quote else quote
        elif character == '"':
            quote = character
        else:
            depth -= character in _CLOSING
            if depth == 0:
                yield place, character
            depth += character in _OPENING


def _split(span: Span, separator: str) -> list[Span]:
    """The parts between separators outside of brackets; ``==``, ``<=`` and their like are no ``=``."""
    places = [place for place, character in _outer(span) if character == separator]
    if separator == "=":
        places = places[:1]
    starts, ends = [span.start, *(place + 1 for place in places)], [*places, span.end]
    return [_stripped(Span(span.source, start, end)) for start, end in zip(starts, ends, strict=True)]


def _stripped(span: Span) -> Span:
    """A span without the space around its text."""
    text = span.text
    start = span.start + len(text) - len(text.lstrip())
    return Span(span.source, start, max(start, span.start + len(text.rstrip())))
