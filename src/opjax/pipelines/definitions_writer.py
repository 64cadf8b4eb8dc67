"""Definitions -> the text of a file, YAML and JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence

from opjax.errors import OpjaxError, Report, Stop
from opjax.pipelines.definitions import AxisText, Definition, OperatorText, PipelineText, read_definition
from opjax.source import Source
from opjax.spec.sections.section import Plain
from opjax.spec.text_blocks import Block, blocks_of, masked
from opjax.spec.text_layout import WIDTH, broken
from opjax.spec.text_lines import Line
from opjax.spec.text_printer import format_text
from opjax.spec.yaml_layout import yaml_text
from opjax.syntax.declarations import ParameterDeclaration
from opjax.syntax.expression_printer import print_expression
from opjax.syntax.printer import print_declaration, print_declared


def print_definitions(rows: Sequence[Definition]) -> str:
    """The text of definitions: each axis once, then what uses it.

    Arguments:
        rows: as `read_definitions` gives them.

    Returns:
        The text, with a line end behind the last line; reading it gives equal definitions.
    """
    return "".join(f"{broken(line, '')}\n" for row in rows for line in _lines(row))


def _lines(row: Definition) -> list[str]:
    """The lines of a definition; a long chain stands in brackets, so that it can be broken."""
    if isinstance(row, OperatorText):
        return [row.line()]
    text = row.text()
    if isinstance(row, PipelineText) and row.inputs is None and len(text) > WIDTH and len(row.steps) > 1:
        head, _, chain = text.partition(" = ")
        text = f"{head} = ({chain})"
    return text.split("\n")


def write_yaml_definitions(rows: Sequence[Definition]) -> str:
    """Definitions as YAML."""
    return yaml_text(_mapping(rows))


def write_json_definitions(rows: Sequence[Definition]) -> str:
    """Definitions as JSON."""
    return json.dumps(_mapping(rows), indent=2, ensure_ascii=False) + "\n"


def _mapping(rows: Sequence[Definition]) -> dict[str, Plain]:
    sections: dict[str, dict[str, Plain]] = {"axes": {}, "operators": {}, "pipelines": {}}
    for row in rows:
        match row:
            case AxisText():
                sections["axes"][row.name] = _axis(row)
            case OperatorText():
                sections["operators"][print_declared(row.name, row.head.axes)] = _operator(row)
            case PipelineText():
                sections["pipelines"][row.name] = _pipeline(row)
    return {key: dict(value) for key, value in sections.items() if value}


def _axis(row: AxisText) -> Plain:
    axis = row.axis
    if axis == dataclasses.replace(axis, kind="labels", unit="", measure=None, doc=""):
        return list(axis.values)
    return row.text().partition(" = ")[2]


def _operator(row: OperatorText) -> Plain:
    fields: dict[str, Plain] = {}
    if row.inputs:
        fields["inputs"] = [print_declared(given.name, given.axes) for given in row.inputs]
    if all(map(_is_plain, row.parameters)):
        for key, fixed in (("parameters", False), ("fixed", True)):
            chosen = [p for p in row.parameters if ("fixed" in p.flags) == fixed]
            if chosen:
                fields[key] = {print_declared(p.name, p.axes): _default(p) for p in chosen}
    else:
        fields["parameters"] = [print_declaration(parameter) for parameter in row.parameters]
    return {**fields, "value": print_expression(row.value)}


def _is_plain(parameter: ParameterDeclaration) -> bool:
    return not (parameter.unit or parameter.doc)


def _default(parameter: ParameterDeclaration) -> Plain:
    return None if parameter.default is None else print_expression(parameter.default)


def _pipeline(row: PipelineText) -> Plain:
    if row.inputs is None:
        return [print_expression(step) for _, step in row.steps]
    inputs: dict[str, Plain] = {"inputs": list(row.inputs)} if row.inputs else {}
    if row.outputs is None:
        return {**inputs, "value": print_expression(row.steps[0][1])}
    values: dict[str, Plain] = {name: print_expression(value) for name, value in row.steps}
    return {**inputs, "values": values, "outputs": list(row.outputs)}


# --- layout


def format_definitions(source: Source) -> str:
    """A text of models and definitions in the canonical layout, with its comments.

    Raises:
        OpjaxError: all problems of the text.
    """
    blocks = list(blocks_of(source))
    report = Report()
    pieces: list[str] = []
    previous = ""
    for block in blocks:
        try:
            text = _block_text(source, block, blocks, report)
        except Stop:
            continue
        except OpjaxError as error:
            report.diagnostics.extend(error.diagnostics)
            continue
        apart = bool(pieces) and (block.kind == "model" or block.lines[0].after_blank or previous != "definition")
        pieces += ["\n", text] if apart else [text]
        previous = block.kind
    report.check()
    return "".join(pieces)


def _block_text(source: Source, block: Block, blocks: list[Block], report: Report) -> str:
    if block.kind == "model":
        return format_text(masked(source, [other for other in blocks if other is not block]))
    return "\n".join(_formatted(source, block, report)) + "\n"


def _formatted(source: Source, block: Block, report: Report) -> Iterator[str]:
    lines = iter(_lines(read_definition(source, block, report)) if block.statements else [])
    inside = False
    for line in block.lines:
        indent = "  " if inside and line.depth > block.depth else ""
        if line.after_blank and line is not block.lines[0]:
            yield ""
        yield from (f"{indent}# {comment}".rstrip() for comment in _above(line))
        if line.is_comment:
            continue
        text = broken(next(lines).strip(), indent)
        yield f"{indent}{text}  # {line.behind}" if line.behind else f"{indent}{text}"
        inside = True


def _above(line: Line) -> tuple[str, ...]:
    return (line.behind,) if line.is_comment else line.inner
