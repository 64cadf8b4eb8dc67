"""The sections of a model in the text spelling: one row each, in the order in which they are printed.

This is the one place to touch for a new section, next to its field of `ModelSyntax` and its parser.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section.

    Arguments:
        name: the word in the text.
        field: the field of `ModelSyntax` that it fills.
        also: other spellings that are read, and printed as `name`.
        elsewhere: words for it in other tools: not read, but understood well enough for a hint.
    """

    name: str
    field: str
    also: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


SECTIONS: tuple[SectionRow, ...] = (
    SectionRow("time", "time", elsewhere=("times", "clock")),
    SectionRow("axes", "axes", also=("axis",), elsewhere=("dimensions", "dims", "coords", "strata", "index")),
    SectionRow("params", "parameters", also=("param",), elsewhere=("parameters", "priors", "constants", "parameter")),
    SectionRow("inputs", "inputs", also=("input",), elsewhere=("forcings", "covariates", "interpolate")),
    SectionRow("states", "states", also=("state",), elsewhere=("species", "compartments", "variables")),
    SectionRow("let", "aliases", elsewhere=("functions", "aliases", "definitions", "expressions", "rules")),
    SectionRow("dynamics", "dynamics", elsewhere=("equations", "ode", "odes", "reactions", "transitions", "flows")),
    SectionRow("init", "initial", elsewhere=("initial", "initials", "initial_state", "initial_values")),
    SectionRow("events", "events", also=("event",), elsewhere=("doses", "interventions")),
    SectionRow("boundary", "boundaries", also=("boundaries",), elsewhere=("boundary_conditions",)),
    SectionRow("observe", "observations", elsewhere=("observables", "observation", "observations", "data")),
    SectionRow("derive", "derived", elsewhere=("derived", "outputs", "output", "generated")),
    SectionRow("require", "requirements", also=("requires",), elsewhere=("requirements", "constraints", "assert")),
)
BY_WORD: dict[str, SectionRow] = {word: row for row in SECTIONS for word in (row.name, *row.also)}
"""Every word that begins a section."""
ELSEWHERE: dict[str, SectionRow] = {word: row for row in SECTIONS for word in row.elsewhere}
"""What other tools call them."""
