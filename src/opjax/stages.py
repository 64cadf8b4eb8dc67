"""The stages in their order, on one screen. Open this first.

    text, YAML, mapping --read--> ModelSyntax --lower--> System --passes--> Program --emit--> CompiledRhs

`spec` knows text and names, `passes` know expressions, `compile` knows arrays; none of the three knows another, and
they meet only here.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from opjax.compile.options import DEFAULT, Chosen, Options
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.ir.program import Program, Watch
from opjax.ir.system import System
from opjax.records import many_records
from opjax.source import DEFAULT_LIMITS, NOWHERE, Limits, Source, Span
from opjax.spec.files import format_of, format_of_text, path_hint, read_source, source_from_text
from opjax.spec.lower import lower
from opjax.spec.other_priors import with_priors
from opjax.spec.text_blocks import holds_definitions, without_definitions
from opjax.spec.text_printer import content_hash, print_model
from opjax.spec.text_reader import read_text
from opjax.syntax.declarations import ModelSyntax, TransitionDeclaration
from opjax.syntax.expression_printer import print_expression

if TYPE_CHECKING:  # who reads and checks a model waits for no compiler
    from opjax.compile.compiled import CompiledRhs
    from opjax.compile.quantities import Quantities, Wanted

Format = Literal["ojx", "yaml", "json"]
Labels = Mapping[str, tuple[str, ...]]
NO_LABELS: Labels = {}
_DEFINED = re.compile(r"^[ \t{]*[\"']?(?:operators?|pipelines?)\b", re.MULTILINE)
ONLY_DEFINITIONS = "operators and pipelines are read by opjax.pipelines.define_file"
SUFFIXES = (".ojx", ".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Checked:
    """A model that has been read and given its meaning.

    Arguments:
        syntax: what was written.
        system: what it means.
        report: the lints.
        labels: the labels of axes that take them from data, as far as they are known.
    """

    syntax: ModelSyntax
    system: System
    report: Report
    labels: Labels = field(default_factory=dict[str, tuple[str, ...]])


@many_records()
def read(source: Source, form: Format, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Stage one: the models that a source holds."""
    if form == "ojx":
        models = without_definitions(source, limits)
        return read_text(models, report, limits) if models is source or models.text.strip() else []
    from opjax.spec.yaml_reader import read_json, read_yaml  # half of the time of `import opjax`, if it stood above

    return (read_yaml if form == "yaml" else read_json)(source, report, limits)


def holds_operators(source: Source, form: Format) -> bool:
    """Whether a source defines operators and pipelines, as `opjax.pipelines` reads them."""
    if form == "ojx":
        return holds_definitions(source)
    from opjax.spec.yaml_reader import defines_operators

    return _DEFINED.search(source.text) is not None and defines_operators(source, form)


@many_records()
def read_objects(mapping: Mapping[str, object], report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Stage one for Python objects in the form of the YAML spelling."""
    from opjax.spec.yaml_reader import read_mapping

    model = read_mapping(mapping, report, limits)
    return [] if model is None else [model]


def read_file(path: str | os.PathLike[str], report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Stage one for a file; its suffix says the format."""
    return read(read_source(path, limits), format_of(path), report, limits)


def read_string(text: str, form: Format, report: Report, limits: Limits = DEFAULT_LIMITS) -> list[ModelSyntax]:
    """Stage one for a text."""
    return read(source_from_text(text, limits=limits), form, report, limits)


def choose(models: list[ModelSyntax], name: str | None, report: Report, source: Source) -> ModelSyntax:
    """The one model wanted of those that were read.

    Raises:
        OpjaxError: all problems so far, or that there is not exactly one such model.
    """
    report.check()
    found = [m for m in models if name is None or m.name == name]
    if len(found) == 1:
        return found[0]
    span = (found or models)[0].span if models else Span(source, 0, 0)
    names = [m.name for m in models]
    if not models:
        hint = ONLY_DEFINITIONS if _DEFINED.search(source.text) else path_hint(source.text)
        report.add(catalogue.EMPTY_SOURCE, span, hint=hint)
    elif not found:
        report.add(catalogue.NO_SUCH_MODEL, span, name=str(name), hint=did_you_mean(str(name), names))
    else:
        twice = len(set(names)) < len(names)
        hint = "give each a name of its own" if twice else ""
        report.add(catalogue.SEVERAL_MODELS, span, hint=hint, names=", ".join(names), first=names[0])
    raise OpjaxError(report.errors)


def replace_priors(syntax: ModelSyntax, priors: Mapping[str, object]) -> ModelSyntax:
    """A model with other priors, see `opjax.spec.other_priors`; it is not checked yet.

    Raises:
        OpjaxError: all problems at once.
    """
    report = Report()
    found = with_priors(syntax, priors, report)
    report.check()
    return found


@many_records()
def check(syntax: ModelSyntax, report: Report, limits: Limits = DEFAULT_LIMITS, labels: Labels = NO_LABELS) -> Checked:
    """Stage two: the meaning of a model.

    Raises:
        OpjaxError: all problems at once.
    """
    system = lower(syntax, report, limits, labels)
    report.check()
    return Checked(syntax, system, report, labels)


def optimise(program: Program, differentiable: bool, watch: Watch | None = None, vectors: bool = True) -> Program:
    """Stage three: the passes; who watches is told what each does. Scalars may become vectors, or not."""
    from opjax.passes import run_passes

    return run_passes(program, differentiable, watch, vectors)


@many_records()
def compile_checked(checked: Checked, options: Options = DEFAULT) -> CompiledRhs:
    """Stage four: the right-hand side as a function.

    Raises:
        OpjaxError: E0701 for what cannot be run yet, E0803 for an axis without labels.
    """
    from opjax.compile.compiled import CompiledRhs

    refuse_not_yet(checked.system)
    return CompiledRhs(checked.system, WrittenModel(checked), options, optimise)


@dataclass(frozen=True)
class WrittenModel:
    """The text that a compiled model comes from; printed and hashed when it is first asked for."""

    checked: Checked

    def text(self) -> str:
        """The text of the model."""
        return print_model(self.checked.syntax)

    def content_hash(self) -> str:
        """The hash of the text without comments."""
        return self._hash

    @functools.cached_property
    def _hash(self) -> str:
        return content_hash(self.checked.syntax)

    def rates(self) -> Mapping[str, str]:
        """The rate of each transition as text, by the name of the transition."""
        return {
            row.name or f"flow_{place}": print_expression(row.rate)
            for place, row in enumerate(self.checked.syntax.dynamics, start=1)
            if isinstance(row, TransitionDeclaration)
        }

    @property
    def labels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The labels of axes that take them from data."""
        return tuple(sorted(self.checked.labels.items()))

    @property
    def restore(self) -> Callable[..., CompiledRhs]:
        """Compiles the same model again."""
        return restore_rhs


def restore_rhs(text: str, labels: tuple[tuple[str, tuple[str, ...]], ...], chosen: Chosen) -> CompiledRhs:
    """Compile a model again from what its pickle holds."""
    report = Report()
    (syntax,) = read_string(text, "ojx", report)
    xp = importlib.import_module(chosen.namespace) if chosen.namespace else None
    return compile_checked(check(syntax, report, labels=dict(labels)), chosen.options(xp))


def compile_quantities(system: System, wanted: Mapping[str, Wanted]) -> Quantities:
    """Stage four for other values of a model: initial values, observations, derived quantities.

    Values of the past become extras by name, which whoever solves the model answers.
    """
    from opjax.compile.history import answered
    from opjax.compile.quantities import Quantities

    return answered(Quantities(system, wanted, optimise))


def format_named(name: str | None, text: str) -> Format:
    """The format of that name; None: the one that the text looks like.

    Raises:
        OpjaxError: E0003 for any other.
    """
    if name is None:
        return format_of_text(text)
    formats: tuple[Format, ...] = ("ojx", "yaml", "json")
    for known in formats:
        if name == known:
            return known
    report = Report()
    report.add(catalogue.UNKNOWN_FORMAT, NOWHERE, suffix=name, hint="the formats are ojx, yaml and json")
    raise OpjaxError(report.errors)


def want_data_axis(system: System, name: str) -> None:
    """Refuse labels for an axis that does not take them from data.

    Raises:
        OpjaxError: E0806.
    """
    axis = system.axes.get(name)
    if axis is None or axis.kind != "data":
        open_axes = [a.name for a in system.axes.values() if a.kind == "data"]
        report = Report()
        hint = did_you_mean(name, open_axes, f"such axes are {', '.join(open_axes) or 'none'}")
        report.add(catalogue.UNKNOWN_VALUE, NOWHERE, kind="axis that takes its labels from data", name=name, hint=hint)
        report.check()


def refuse_not_yet(system: System) -> None:
    """Refuse a model that uses what cannot be run yet, each part by name and place.

    Raises:
        OpjaxError: E0701.
    """
    report = Report()
    for part in system.not_yet:
        report.add(catalogue.NOT_AT_RUN_TIME, part.span, what=part.what, name=part.name)
    report.check()
