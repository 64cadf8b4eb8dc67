"""The keys of the model's mapping, one row each; the order is that of writing, and of reading.

This is the one place to touch for a new key, next to the module with its form, its reader and its writer.
"""

from __future__ import annotations

from opjax.spec.sections import (
    aliases,
    axes,
    carried,
    chain,
    constraints,
    dynamics,
    events,
    gauges,
    heading,
    independent,
    initial,
    inputs,
    kernels,
    observables,
    observations,
    operators,
    parameters,
    state,
)
from opjax.spec.sections.section import Section
from opjax.spec.sections.shapes import Record

SECTIONS: tuple[Section, ...] = (
    *heading.SECTIONS,
    *axes.SECTIONS,
    *independent.SECTIONS,
    state.STATE,
    *chain.SECTIONS,
    state.METADATA,
    *carried.SECTIONS,
    *parameters.SECTIONS,
    *kernels.SECTIONS,
    *inputs.SECTIONS,
    *aliases.SECTIONS,
    *dynamics.SECTIONS,
    *operators.SECTIONS,
    *constraints.SECTIONS,
    *initial.SECTIONS,
    *events.SECTIONS,
    observations.BOUNDARY,
    observations.OBSERVATIONS,
    aliases.DERIVED,
    *observables.SECTIONS,
    gauges.SECTION,
    observations.REQUIREMENTS,
)
MODEL = Record("a mapping", {section.key: section.shape for section in SECTIONS}, ("state",))
"""The form of a whole model."""
