"""`parameters`, `constants` and `priors`: three places that each say a part of the same declarations.

The parameters stand in the order of their first mention: `parameters` comes first, then `constants`, then `priors`.
"""

from __future__ import annotations

import dataclasses

from opjax.spec.document import Entry, MappingNode, Node, repeated_key, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Section
from opjax.spec.sections.shapes import (
    ARRAY_OR_EXPRESSION,
    BOUNDS,
    DISTRIBUTION,
    EXPRESSION,
    TEXT,
    TRUTH,
    Either,
    Keyed,
    Record,
    Scalar,
)
from opjax.spec.sections.values import (
    FLAG_LIST,
    array_or_expression,
    bounds,
    declared,
    distribution,
    expression,
    flags_of,
    is_true,
    text_of,
    unit_of,
)
from opjax.spec.sections.written_parameters import write_constants, write_parameters, write_priors
from opjax.syntax.declarations import Bounds, Flag, ParameterDeclaration
from opjax.syntax.nodes import Number, Reference

_NAMED_SUPPORTS = ("real", "positive", "unit_interval")
_BOUNDED = Record(
    "a mapping with 'kind'",
    {"kind": Scalar("bounded", (), ("bounded", *_NAMED_SUPPORTS)), "lower": EXPRESSION, "upper": EXPRESSION},
    required=("kind",),
)
_SUPPORT = Either(
    "real, positive, unit_interval or a mapping with 'kind', 'lower' and 'upper'",
    (Scalar("support", (), _NAMED_SUPPORTS), _BOUNDED),
)
_PARAMETER = Record(
    "a mapping, such as {default: 0.5}",
    {
        "support": _SUPPORT,
        "units": TEXT,
        "description": TEXT,
        "fixed": TRUTH,
        "data": TRUTH,
        "default": ARRAY_OR_EXPRESSION,
        "prior": DISTRIBUTION,
        "in": BOUNDS,
        "flags": FLAG_LIST,
    },
    empty=True,
)
_PRIOR = Record("a mapping with 'dist'", {"dist": DISTRIBUTION, "in": BOUNDS, "description": TEXT}, ("dist",))
_PRIOR_OR_TEXT = Either("a distribution, such as Normal(0, 1), or a mapping with 'dist'", (DISTRIBUTION, _PRIOR))


def _mentioned(entry: Entry, draft: Draft) -> ParameterDeclaration:
    """The parameter that a key names, as far as it is known; its axes may stand at any of its mentions."""
    name, axes = declared(entry.key, draft)
    known = draft.parameters.get(name)
    if known is None:
        draft.valued.add(name)
        comments = comments_of(draft, entry.key, entry.value)
        return ParameterDeclaration(name, axes, span=entry.key.span, comments=comments)
    if axes and known.axes and axes != known.axes:
        wrong_value(draft.report, entry.key, f"'{name}'", f"{name}[{', '.join(known.axes)}], as above")
    return known if known.axes else dataclasses.replace(known, axes=axes)


def _read_parameters(node: Node, draft: Draft) -> None:
    draft.each(node, "parameters", lambda entry, path: _read_parameter(entry, path, draft))


def _read_parameter(entry: Entry, path: str, draft: Draft) -> None:
    known = _mentioned(entry, draft)
    if known.name in draft.parameters:
        repeated_key(draft.report, entry.key)
    draft.valued.discard(known.name)
    draft.parameters[known.name] = known  # its place, also where the rest has problems
    fields = draft.fields(entry.value, _PARAMETER, path)
    default, prior = fields.get("default"), fields.get("prior")
    draft.parameters[known.name] = dataclasses.replace(
        known,
        unit=unit_of(fields.get("units"), draft),
        default=None if default is None else array_or_expression(default, f"{path}.default", draft),
        prior=None if prior is None else distribution(prior, f"{path}.prior", draft),
        bounds=_bounds(fields, draft, path),
        flags=_flags(fields, draft, path),
        doc=text_of(fields.get("description")),
    )


def _flags(fields: dict[str, Node], draft: Draft, path: str) -> tuple[Flag, ...]:
    singles: list[Flag] = []
    if is_true(fields.get("data")):
        singles.append("data")
    if is_true(fields.get("fixed")):
        singles.append("fixed")
    return (*singles, *flags_of(fields.get("flags"), f"{path}.flags", draft))


def _bounds(fields: dict[str, Node], draft: Draft, path: str) -> Bounds | None:
    """The bounds of a parameter: `in`, or else what op_system calls its support."""
    if "in" in fields:
        return bounds(fields["in"], f"{path}.in", draft)
    if "support" not in fields:
        return None
    support = fields["support"]
    parts = draft.fields(support, _BOUNDED, f"{path}.support") if isinstance(support, MappingNode) else {}
    kind = text_of(parts.get("kind", support))
    if kind == "bounded":
        return _between(parts, support, draft, f"{path}.support")
    infinity, zero = Reference("inf", span=support.span), Number(0.0, True, "0", span=support.span)
    if kind == "positive":
        return Bounds(zero, infinity, low_closed=False, high_closed=False, span=support.span)
    one = Number(1.0, True, "1", span=support.span)
    return Bounds(zero, one, span=support.span) if kind == "unit_interval" else None


def _between(parts: dict[str, Node], support: Node, draft: Draft, path: str) -> Bounds:
    for key in ("lower", "upper"):
        if key not in parts:
            raise draft.missing(support, path, key)
    low, high = (expression(parts[key], f"{path}.{key}", draft) for key in ("lower", "upper"))
    return Bounds(low, high, span=support.span)


def _read_constants(node: Node, draft: Draft) -> None:
    draft.each(node, "constants", lambda entry, path: _read_constant(entry, path, draft))


def _read_constant(entry: Entry, path: str, draft: Draft) -> None:
    known = _mentioned(entry, draft)
    draft.parameters[known.name] = known
    if known.default is not None:
        repeated_key(draft.report, entry.key)
    value = array_or_expression(entry.value, path, draft)
    draft.parameters[known.name] = dataclasses.replace(known, default=value)


def _read_priors(node: Node, draft: Draft) -> None:
    draft.each(node, "priors", lambda entry, path: _read_prior(entry, path, draft))


def _read_prior(entry: Entry, path: str, draft: Draft) -> None:
    known = _mentioned(entry, draft)
    draft.parameters[known.name] = known
    if known.prior is not None:
        repeated_key(draft.report, entry.key)
    draft.must_fit(entry.value, _PRIOR_OR_TEXT, path)
    fields = draft.fields(entry.value, _PRIOR, path) if isinstance(entry.value, MappingNode) else {}
    draft.parameters[known.name] = dataclasses.replace(
        known,
        prior=distribution(fields.get("dist", entry.value), path, draft),
        bounds=bounds(fields["in"], f"{path}.in", draft) if "in" in fields else known.bounds,
        doc=text_of(fields.get("description")) or known.doc,
    )


SECTIONS = (
    Section(
        "parameters",
        "units, supports and more, by parameter; this order is the order of the parameters",
        Keyed("parameters with mappings", _PARAMETER),
        _read_parameters,
        write_parameters,
        "parameters",
    ),
    Section(
        "constants",
        "values of parameters",
        Keyed("parameters with values", ARRAY_OR_EXPRESSION),
        _read_constants,
        write_constants,
        "parameters",
    ),
    Section(
        "priors",
        "prior distributions of parameters",
        Keyed("parameters with distributions", _PRIOR_OR_TEXT),
        _read_priors,
        write_priors,
        "parameters",
    ),
)
