"""A model of which some sections are columns: its declarations are made when somebody asks for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

from opjax.records import record
from opjax.source import Span
from opjax.syntax.columns import Columns
from opjax.syntax.declarations import ModelSyntax
from opjax.syntax.nodes import Form

Part = Sequence[Any]
"""Declarations that follow each other: a list, or `Columns`."""
Section = Literal["parameters", "states", "dynamics"]
"""The sections that may be very long."""
_OF: Mapping[Section, Callable[[ModelSyntax], Part]] = {
    "parameters": lambda model: model.parameters,
    "states": lambda model: model.states,
    "dynamics": lambda model: model.dynamics,
}


@record(eq=False)
class Parts:
    """The sections of a model that are not made yet.

    Arguments:
        bare: the model without them.
        sections: their parts, by the field of `ModelSyntax`.
    """

    bare: ModelSyntax
    sections: Mapping[str, Sequence[Part]]

    def complete(self, span: Span) -> ModelSyntax:
        """The whole model."""
        made = {name: tuple(chain.from_iterable(parts)) for name, parts in self.sections.items()}
        return dataclasses.replace(self.bare, span=span, **made)

    def __reduce__(self) -> tuple[type[object], tuple[()]]:
        """A pickled model has all its sections."""
        return object, ()


def model_in_parts(model: ModelSyntax, sections: Mapping[str, Sequence[Part]]) -> ModelSyntax:
    """A model with sections in parts: where one has columns, all of these are made when one is asked for."""
    if not any(isinstance(part, Columns) for parts in sections.values() for part in parts):
        return dataclasses.replace(model, **{name: tuple(chain.from_iterable(s)) for name, s in sections.items()})
    late = dataclasses.replace(model)
    for name in sections:
        object.__delattr__(late, name)  # `Late` gives it a value
    object.__setattr__(late, "form", Form(Parts(model, sections), ()))
    return late


def parts_of(model: ModelSyntax, section: Section) -> Sequence[Part]:
    """The declarations of a section in parts; `section` is the field of `ModelSyntax`."""
    pattern = model.form.pattern if model.form else None
    if isinstance(pattern, Parts):
        return pattern.sections.get(section, ())
    return (_OF[section](model),)


def columns_in(parts: Iterable[Part]) -> list[Columns]:
    """Those parts that are columns."""
    return [part for part in parts if isinstance(part, Columns)]
