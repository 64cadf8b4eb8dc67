"""The sections of a model in the text spelling: one row each, in the order in which they are printed.

This is the one place to touch for a new section, next to its field of `ModelSyntax` and its parser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opjax.errors import Report
from opjax.source import Limits, Span
from opjax.syntax import parser
from opjax.syntax.declarations import Declaration, ModelSyntax


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section.

    Arguments:
        name: the word in the text.
        field: the field of `ModelSyntax` that it fills.
        of: what a model has in this section.
        parse: reads one statement.
        parse_list: reads a statement with commas between declarations, where that is allowed.
        also: other spellings that are read, and printed as `name`.
        kind: the kind of its statements, where there may be very many of few forms.
        in_columns: whether its statements are printed in columns.
        elsewhere: words for it in other tools: not read, but understood well enough for a hint.
    """

    name: str
    field: str
    of: Callable[[ModelSyntax], tuple[Declaration, ...]]
    parse: Callable[[Span, Report, Limits], Declaration]
    parse_list: Callable[[Span, Report, Limits], tuple[Declaration, ...]] | None = None
    also: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    kind: parser.StatementKind | None = None
    in_columns: bool = False


SECTIONS: tuple[SectionRow, ...] = (
    SectionRow(
        name="time",
        field="time",
        of=lambda model: () if model.time is None else (model.time,),
        parse=parser.parse_time,
        elsewhere=("times", "clock"),
    ),
    SectionRow(
        name="axes",
        field="axes",
        of=lambda model: model.axes,
        parse=parser.parse_axis,
        in_columns=True,
        also=("axis",),
        elsewhere=("dimensions", "dims", "coords", "strata", "index"),
    ),
    SectionRow(
        name="independent",
        field="independent",
        of=lambda model: model.independent,
        parse=parser.parse_independent,
        parse_list=parser.parse_independent_list,
        elsewhere=("blocks", "factorize_axes", "separable"),
    ),
    SectionRow(
        name="params",
        field="parameters",
        of=lambda model: model.parameters,
        parse=parser.parse_parameter,
        kind="parameter",
        in_columns=True,
        also=("param",),
        elsewhere=("parameters", "parameter", "priors", "constants"),
    ),
    SectionRow(
        name="inputs",
        field="inputs",
        of=lambda model: model.inputs,
        parse=parser.parse_input,
        in_columns=True,
        also=("input",),
        elsewhere=("forcings", "covariates", "interpolate"),
    ),
    SectionRow(
        name="states",
        field="states",
        of=lambda model: model.states,
        parse=parser.parse_state,
        kind="state",
        parse_list=parser.parse_state_list,
        in_columns=True,
        also=("state",),
        elsewhere=("species", "compartments", "variables"),
    ),
    SectionRow(
        name="let",
        field="aliases",
        of=lambda model: model.aliases,
        parse=parser.parse_alias,
        in_columns=True,
        elsewhere=("functions", "aliases", "definitions", "expressions", "rules"),
    ),
    SectionRow(
        name="dynamics",
        field="dynamics",
        of=lambda model: model.dynamics,
        parse=parser.parse_dynamics,
        kind="dynamics",
        elsewhere=("equations", "ode", "odes", "reactions", "transitions", "flows"),
    ),
    SectionRow(
        name="operators",
        field="operators",
        of=lambda model: model.operators,
        parse=parser.parse_operator,
        also=("operator",),
        elsewhere=("spatial_operators",),
    ),
    SectionRow(
        name="absent",
        field="absences",
        of=lambda model: model.absences,
        parse=parser.parse_absence,
        elsewhere=("constraints", "mask", "masks"),
    ),
    SectionRow(
        name="init",
        field="initial",
        of=lambda model: model.initial,
        parse=parser.parse_initial,
        in_columns=True,
        elsewhere=("initial", "initials", "initial_state", "initial_values"),
    ),
    SectionRow(
        name="events",
        field="events",
        of=lambda model: model.events,
        parse=parser.parse_event,
        also=("event",),
        elsewhere=("doses", "interventions"),
    ),
    SectionRow(
        name="boundary",
        field="boundaries",
        of=lambda model: model.boundaries,
        parse=parser.parse_boundary,
        also=("boundaries",),
        elsewhere=("boundary_conditions",),
    ),
    SectionRow(
        name="observe",
        field="observations",
        of=lambda model: model.observations,
        parse=parser.parse_observation,
        elsewhere=("observables", "observation", "observations", "likelihood", "data"),
    ),
    SectionRow(
        name="derive",
        field="derived",
        of=lambda model: model.derived,
        parse=parser.parse_alias,
        in_columns=True,
        elsewhere=("derived", "outputs", "output", "generated"),
    ),
    SectionRow(
        name="gauges",
        field="gauges",
        of=lambda model: model.gauges,
        parse=parser.parse_gauge,
        also=("gauge",),
        elsewhere=("symmetries", "scalings"),
    ),
    SectionRow(
        name="require",
        field="requirements",
        of=lambda model: model.requirements,
        parse=parser.parse_requirement,
        also=("requires",),
        elsewhere=("requirements", "assert"),
    ),
    SectionRow(
        name="kept",
        field="kept",
        of=lambda model: model.kept,
        parse=parser.parse_kept,
        elsewhere=("meta", "sources", "couplings"),
    ),
)
BY_WORD: dict[str, SectionRow] = {word: row for row in SECTIONS for word in (row.name, *row.also)}
"""Every word that begins a section."""
ELSEWHERE: dict[str, SectionRow] = {word: row for row in SECTIONS for word in row.elsewhere}
"""What other tools call them."""
