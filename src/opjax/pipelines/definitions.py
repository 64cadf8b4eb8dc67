"""Operators and pipelines as text: ``operator NAME(inputs; parameters) = expression``, ``pipeline NAME = a | b``.

An axis may be declared with its labels, ``axis band = [red, nir]``. Every part is read by the parser of models, with
its place in the whole text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from opjax.errors import OpjaxError, Report, Stop, catalogue
from opjax.source import Source, Span
from opjax.spec.text_blocks import Block, blocks_of
from opjax.syntax.declarations import AxisDeclaration, ParameterDeclaration
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.nodes import Expression
from opjax.syntax.parser import parse_axis, parse_declared, parse_expression, parse_parameter
from opjax.syntax.printer import print_declaration, print_declared
from opjax.syntax.statements import Declared

_OPENING = "([{"
_CLOSING = ")]}"
_HIDING = {'"': '"', "#": "\n"}
"""What begins a text or a comment, and what ends it."""


@dataclass(frozen=True)
class AxisText:
    """``axis band = [red, nir]``: an axis whose size, labels or coordinates are known.

    Arguments:
        axis: the axis.
        span: all of it.
    """

    axis: AxisDeclaration
    span: Span

    @property
    def name(self) -> str:
        """The name of the axis."""
        return self.axis.name

    def text(self) -> str:
        """The text, in its canonical form."""
        return f"axis {print_declaration(self.axis)}"


@dataclass(frozen=True)
class OperatorText:
    """``operator score[band](x[band]; target[band], eps = 1e-6 fixed) = ...``.

    Arguments:
        head: the name, with the axes of the result.
        inputs: what comes in at every call.
        parameters: what the operator holds: arrays that are learned, or, with the flag ``fixed``, numbers of its text.
        value: the result.
        span: all of it.
        axes: those of its axes that are declared; the sizes of others are those of the values.
    """

    head: Declared
    inputs: tuple[Declared, ...]
    parameters: tuple[ParameterDeclaration, ...]
    value: Expression
    span: Span
    axes: tuple[AxisText, ...] = ()

    @property
    def name(self) -> str:
        """The name of the operator."""
        return self.head.name

    @property
    def axis_names(self) -> tuple[str, ...]:
        """The axes behind its names, each once."""
        rows = (self.head, *self.inputs, *self.parameters)
        return tuple(dict.fromkeys(axis for row in rows for axis in row.axes))

    def with_axes(self, known: Sequence[AxisText]) -> OperatorText:
        """The operator with those of the declared axes that it has."""
        names = self.axis_names
        return replace(self, axes=tuple(axis for axis in known if axis.name in names))

    def line(self) -> str:
        """The text without its axes, in its canonical form."""
        inputs = ", ".join(print_declared(given.name, given.axes) for given in self.inputs)
        parameters = ", ".join(print_declaration(parameter) for parameter in self.parameters)
        inside = f"{inputs}; {parameters}" if parameters else inputs
        return f"operator {print_declared(self.name, self.head.axes)}({inside}) = {print_expression(self.value)}"

    def text(self) -> str:
        """The text, in its canonical form."""
        return "\n".join([*(axis.text() for axis in self.axes), self.line()])


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


Definition = AxisText | OperatorText | PipelineText


def read_definitions(source: Source) -> list[Definition]:
    """The definitions of a text, in order; models between them are left out.

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    found: list[Definition] = []
    for block in blocks_of(source):
        if block.kind != "model" and block.statements:
            with contextlib.suppress(Stop):
                found.append(read_definition(source, block, report))
    report.check()
    return with_axes(found)


def with_axes(rows: Sequence[Definition]) -> list[Definition]:
    """Definitions whose operators have the axes that are declared among them; each axis once."""
    axes: dict[str, AxisText] = {}
    for row in rows:
        if isinstance(row, AxisText) and axes.setdefault(row.name, row).axis != row.axis:
            refuse_definition(row.span, f"the axis '{row.name}' is declared a second time, and not as the first")
    found = [row.with_axes(list(axes.values())) if isinstance(row, OperatorText) else row for row in rows]
    return [row for row in found if not isinstance(row, AxisText) or axes[row.name] is row]


def read_definition(source: Source, block: Block, report: Report) -> Definition:
    """The definition of a block."""
    first, *body = block.statements
    span = Span(source, first.start, first.end)
    for line in block.statements:
        if line.too_much:
            raise _wrong(report, span, "it has too many signs, or brackets inside each other")
    word = span.text.split(maxsplit=1)[0] if block.kind == "definition" else ""
    inside = _stripped(Span(source, span.start + len(word), span.end))
    spans = [Span(source, line.start, line.end) for line in body]
    if spans and word in ("operator", "axis"):
        raise _wrong(report, spans[0], "it ends on its line; put brackets round a long expression")
    match word:
        case "axis":
            return AxisText(parse_axis(inside, report), span)
        case "operator":
            return _operator(inside, report)
        case "pipeline":
            return _pipeline(inside, spans, report)
        case _:
            raise _wrong(report, span, "it begins with 'operator', 'pipeline', 'axis' or 'model'")


def _wrong(report: Report, span: Span, problem: str) -> Stop:
    return report.stop(catalogue.OPERATOR_FORM, span, problem=problem)


def refuse_definition(span: Span, problem: str) -> NoReturn:
    """Refuse a definition whose form is right."""
    report = Report()
    report.add(catalogue.WRONG_DEFINITION, span, problem=problem)
    raise OpjaxError(report.errors)


def _operator(span: Span, report: Report) -> OperatorText:
    head, arguments, rest = _call(span, report)
    if not rest.text.startswith("="):
        raise _wrong(report, rest, "'=' and an expression follow the inputs")
    before, *behind = _split(arguments, ";")
    if len(behind) > 1:
        raise _wrong(report, behind[1], "there is one ';', between inputs and parameters")
    declared = parse_declared(head, report)
    inputs = tuple(parse_declared(part, report) for part in _listed(before))
    parameters = tuple(parse_parameter(part, report) for rest in behind for part in _listed(rest))
    value = parse_expression(_stripped(Span(rest.source, rest.start + 1, rest.end)), report)
    return checked_operator(OperatorText(declared, inputs, parameters, value, span), report)


def checked_operator(row: OperatorText, report: Report) -> OperatorText:
    """Refuse what a parameter of a model may have and one of an operator may not."""
    for parameter in row.parameters:
        flags = [flag for flag in parameter.flags if flag != "fixed"]
        what = (
            "a prior"
            if parameter.prior
            else "bounds"
            if parameter.bounds
            else f"the flag '{flags[0]}'"
            if flags
            else ""
        )
        if what:
            raise report.stop(catalogue.OPERATOR_PARAMETER, parameter.span, name=parameter.name, what=what)
    return row


def _pipeline(span: Span, body: list[Span], report: Report) -> PipelineText:
    if "(" not in span.text.partition("=")[0]:
        name, *chain = _split(span, "=")
        if not chain or body:
            raise _wrong(report, span, "a chain is one line, NAME = a | b, or goes on inside brackets")
        steps = [("", parse_expression(part, report)) for part in _split(_unbracketed(_joined(chain)), "|")]
        return PipelineText(plain_name(name, report), None, None, tuple(steps), name)
    head, arguments, rest = _call(span, report)
    inputs = tuple(plain_name(part, report) for part in _listed(arguments))
    name = plain_name(head, report)
    if rest.text.startswith("=") and not body:
        value = parse_expression(_stripped(Span(rest.source, rest.start + 1, rest.end)), report)
        return PipelineText(name, inputs, None, (("", value),), head)
    if not (rest.text.startswith("->") and rest.text.endswith(":") and body):
        raise _wrong(report, rest, "'= expression' follows, or '-> outputs:' and a line 'name = expression' per value")
    if not _stripped(Span(rest.source, rest.start + 2, rest.end - 1)).text:
        raise _wrong(report, rest, "the names of the outputs stand between '->' and ':'")
    outputs = tuple(
        plain_name(part, report) for part in _listed(_stripped(Span(rest.source, rest.start + 2, rest.end - 1)))
    )
    return PipelineText(name, inputs, outputs, tuple(_values(body, report)), head)


def plain_name(span: Span, report: Report) -> str:
    """A name of a pipeline: the values of pipelines have no axes of their own."""
    found = parse_declared(span, report)
    if found.axes:
        raise _wrong(report, span, f"axes are written at operators; in a pipeline write '{found.name}' alone")
    return found.name


def _values(body: list[Span], report: Report) -> Iterator[tuple[str, Expression]]:
    for line in body:
        name, *rest = _split(line, "=")
        if not rest:
            raise _wrong(report, line, "a line of a pipeline is 'name = expression'")
        yield plain_name(name, report), parse_expression(_joined(rest), report)


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
    depth, closing = 0, ""
    for place, character in enumerate(span.text, start=span.start):
        if closing:
            closing = "" if character == closing else closing
        elif character in _HIDING:
            closing = _HIDING[character]
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


def _listed(span: Span) -> list[Span]:
    """The parts between commas; one more comma may stand behind the last."""
    parts = _split(span, ",")
    return parts if parts[-1].text else parts[:-1]


def _unbracketed(span: Span) -> Span:
    """A chain that stands in brackets, so that it can go on over lines."""
    inside = _stripped(Span(span.source, span.start + 1, max(span.start + 1, span.end - 1)))
    whole = [character for _, character in _outer(span)] == ["(", ")"]
    return inside if whole and len(_split(inside, "|")) > 1 else span


def _stripped(span: Span) -> Span:
    """A span without the space around its text."""
    text = span.text
    start = span.start + len(text) - len(text.lstrip())
    return Span(span.source, start, max(start, span.start + len(text.rstrip())))
