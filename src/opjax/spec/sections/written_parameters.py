"""The parameters of a model as `parameters`, `constants` and `priors`: values where op_system's users look for them."""

from __future__ import annotations

from dataclasses import dataclass

from opjax.spec.sections.section import Plain, commented, named, record
from opjax.spec.sections.written import (
    written_array,
    written_bounds,
    written_distribution,
    written_name,
    written_unit,
)
from opjax.syntax.declarations import Bounds, DistributionCall, ModelSyntax, ParameterDeclaration
from opjax.syntax.nodes import Expression, Number, Reference


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which parameters are named in `parameters`, and which of the others have a constant."""

    described: frozenset[str]
    constant: frozenset[str]


def _plan(model: ModelSyntax) -> _Plan:
    """Only what needs a description gets one, unless the order of the parameters would be another then."""
    described = [row.name for row in model.parameters if _needs_description(row)]
    others = [row for row in model.parameters if not _needs_description(row)]
    constant = [row.name for row in others if row.default is not None]
    prior = [row.name for row in others if row.default is None]
    if [*described, *constant, *prior] == [row.name for row in model.parameters]:
        return _Plan(frozenset(described), frozenset(constant))
    return _Plan(frozenset(row.name for row in model.parameters), frozenset())


def _needs_description(row: ParameterDeclaration) -> bool:
    has_value = row.default is not None or row.prior is not None
    bounds_alone = row.bounds is not None and row.prior is None
    doc_alone = bool(row.doc) and (row.prior is None or row.default is not None)
    return not has_value or bool(row.unit) or bool(row.flags) or bounds_alone or doc_alone


def write_parameters(model: ModelSyntax) -> Plain:
    """The value of `parameters`."""
    described = _plan(model).described
    rows = [row for row in model.parameters if row.name in described]
    return named((_key(row, in_values=False), commented(row, _described(row))) for row in rows)


def write_constants(model: ModelSyntax) -> Plain:
    """The value of `constants`."""
    plan = _plan(model)
    rows = [(row, row.default) for row in model.parameters if row.default is not None]
    return named((_key(row), _first(row, row.name in plan.constant, written_array(value))) for row, value in rows)


def write_priors(model: ModelSyntax) -> Plain:
    """The value of `priors`."""
    plan = _plan(model)
    return named((_key(row), _prior(row, row.prior, plan)) for row in model.parameters if row.prior is not None)


def _prior(row: ParameterDeclaration, prior: DistributionCall, plan: _Plan) -> Plain:
    is_first = row.name not in plan.described and row.name not in plan.constant
    said = row.bounds is None or (row.name in plan.described and _support(row.bounds))
    limits = None if said or row.bounds is None else written_bounds(row.bounds)
    doc = row.doc if is_first else ""
    return _first(row, is_first, record(("dist", written_distribution(prior)), **{"in": limits, "description": doc}))


def _first(row: ParameterDeclaration, is_first: bool, value: Plain) -> Plain:
    """The comments of a parameter stand at its first mention only."""
    return commented(row, value) if is_first else value


def _key(row: ParameterDeclaration, in_values: bool = True) -> str:
    """The axes stand where the value or prior is; a parameter that has neither shows them in `parameters`."""
    has_value = row.default is not None or row.prior is not None
    return row.name if has_value and not in_values else written_name(row.name, row.axes)


def _described(row: ParameterDeclaration) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    support = "" if row.bounds is None else _support(row.bounds)
    if support:
        found["support"] = support
    elif row.bounds is not None and row.prior is None:
        found["in"] = written_bounds(row.bounds)
    if row.unit:
        found["units"] = written_unit(row.unit)
    match row.flags:
        case ():
            pass
        case ("fixed",):
            found["fixed"] = True
        case ("data",):
            found["data"] = True
        case ("data", "fixed"):
            found.update(data=True, fixed=True)
        case flags:
            found["flags"] = list(flags)
    if row.doc:
        found["description"] = row.doc
    return found


def _support(bounds: Bounds) -> str:
    """op_system's word for bounds, where it has one."""
    if not _is_number(bounds.low, 0.0):
        return ""
    if _is_number(bounds.high, 1.0) and bounds.low_closed and bounds.high_closed:
        return "unit_interval"
    is_infinite = bounds.high == Reference("inf")
    return "positive" if is_infinite and not bounds.low_closed and not bounds.high_closed else ""


def _is_number(expression: Expression, value: float) -> bool:
    return expression == Number(value)
