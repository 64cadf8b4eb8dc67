"""Files of operators and pipelines, for commands that look at them without running them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.errors.diagnostic import Diagnostic
from opjax.ir.functions.table import lookup
from opjax.pipelines.calls import Missing
from opjax.pipelines.define import define, parts_of
from opjax.pipelines.definitions import AxisText, Definition, OperatorText, PipelineText
from opjax.pipelines.definitions_writer import print_definitions, write_json_definitions, write_yaml_definitions
from opjax.pipelines.operator import Operator
from opjax.source import Source, Span
from opjax.spec.files import Format
from opjax.syntax.declarations import ModelSyntax
from opjax.syntax.nodes import Call, Reference, walk


@dataclass(frozen=True)
class Definitions:
    """What a file defines beside its models.

    Arguments:
        rows: the definitions.
        models: the models of the same file.
        operators: what the definitions make; operators from elsewhere have stand-ins.
        elsewhere: the operators that a program has to give.
    """

    rows: tuple[Definition, ...]
    models: tuple[ModelSyntax, ...]
    operators: dict[str, Operator]
    elsewhere: tuple[str, ...]

    def summary(self) -> str:
        """How much there is, in a few words."""
        kinds = [type(row) for row in self.rows]
        names = ((AxisText, "axis", "axes"), (OperatorText, "operator", "operators"))
        names = (*names, (PipelineText, "pipeline", "pipelines"))
        counts = ((kinds.count(kind), one, several) for kind, one, several in names)
        words = ", ".join(f"{n} {one if n == 1 else several}" for n, one, several in counts if n)
        return f"{words} (from elsewhere: {', '.join(self.elsewhere)})" if self.elsewhere else words

    def written(self, form: Format) -> str:
        """The definitions in a spelling."""
        if form == "ojx":
            return print_definitions(self.rows)
        return write_yaml_definitions(self.rows) if form == "yaml" else write_json_definitions(self.rows)

    def described(self) -> str:
        """The definitions for people: the text of each, and what pipelines are made of."""
        blocks: list[str] = []
        for row in self.rows:
            lines = row.line() if isinstance(row, OperatorText) else row.text()
            inside = self.operators[row.name].describe() if isinstance(row, PipelineText) else ""
            blocks.append("\n".join([lines, *(f"    {line}" for line in inside.splitlines())]))
        return "\n\n".join(blocks) + "\n"


def read_file_of_definitions(source: Source, form: Format) -> Definitions:
    """The definitions of a text, checked as far as they can be without the operators from elsewhere.

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    rows, models = parts_of(source, form, report)
    report.check()
    elsewhere = _elsewhere(rows, models)
    operators: dict[str, Operator] = {name: Missing(name) for name in elsewhere}
    return Definitions(tuple(rows), tuple(models), define(source, operators, format=form), tuple(elsewhere))


def problems_of_definitions(source: Source, form: Format) -> tuple[list[Diagnostic], str]:
    """The problems of a text, and its summary if it has none."""
    try:
        return [], read_file_of_definitions(source, form).summary()
    except OpjaxError as error:
        return list(error.diagnostics), ""


def chosen(definitions: Definitions, name: str, place: Span) -> Definitions:
    """One definition alone.

    Raises:
        OpjaxError: E0653 if there is no such one.
    """
    rows = tuple(row for row in definitions.rows if row.name == name)
    if not rows:
        report = Report()
        names = [row.name for row in definitions.rows] + [model.name for model in definitions.models]
        report.add(
            catalogue.UNKNOWN_STEP, place, name=name, hint=did_you_mean(name, names, f"it has {', '.join(names)}")
        )
        raise OpjaxError(report.errors)
    return Definitions(rows, (), definitions.operators, ())


def _elsewhere(rows: list[Definition], models: list[ModelSyntax]) -> list[str]:
    """The names that pipelines call, that nothing here defines, and that look like nothing here."""
    known = [row.name for row in rows] + [model.name for model in models]
    found = dict.fromkeys(name for row in rows if isinstance(row, PipelineText) for name in _called(row))
    return [name for name in found if name not in known and lookup(name) is None and not did_you_mean(name, known)]


def _called(row: PipelineText) -> Iterator[str]:
    for _, value in row.steps:
        if row.inputs is None and isinstance(value, Reference):
            yield value.name
        yield from (part.name for part in walk(value) if isinstance(part, Call))
