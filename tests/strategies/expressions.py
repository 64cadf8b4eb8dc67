"""Random syntax: names, expressions and declarations of every kind, in shapes that the parser itself never makes.

What is drawn is valid by the contract of the nodes (sums have two terms or more, the first is not subtracted, ...),
but says nothing about meaning: names are not declared anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

from hypothesis import strategies as st

from opjax.syntax import declarations as d
from opjax.syntax import nodes as n

# Words that are keywords somewhere must be names everywhere else.
_KEYWORDS = """
at data edge every from to stay absorb periodic grid linear log fixed free rising falling origin points ordered stop
when doses previous cubic lo hi counts density nonneg d dt t lambda class None sum max integral inf pi
auto reactants
"""
KEYWORDS = _KEYWORDS.split()

names = st.sampled_from([*KEYWORDS, "x", "S", "age", "_", "R_0", "k10", "e5", "notes", "β", "Δt", "é", "हिन्दी", "人口"])
axis_lists = st.lists(names, max_size=3).map(tuple)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\f\0"), max_size=8)
units = st.one_of(
    st.sampled_from(["", "day", "1/day", "mm^2/day", "mg/(kg*h)", "-", "in", "copies per mL", "10^6/mL", "kg^-1*m^2"]),
    texts,
)
magnitudes = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
reals = st.floats(allow_infinity=False, allow_nan=False)
edges = st.sampled_from([None, *get_args(d.Edge)])


@st.composite
def numbers(draw: st.DrawFn) -> n.Number:
    """Number literals, with a unit or without, with their text or without."""
    unit = draw(st.one_of(st.just(""), units))
    if draw(st.booleans()):
        whole = draw(st.integers(0, 10**20))
        return n.Number(float(whole), True, draw(st.sampled_from([str(whole), ""])), unit)
    value = draw(magnitudes)
    spellings = [repr(value), f"{value:.17e}", f"0{value!r}", ""]
    return n.Number(value, False, draw(st.sampled_from(spellings)), unit)


@st.composite
def indices(draw: st.DrawFn) -> n.Index:
    """Positions inside ``[...]``."""
    axis = draw(st.one_of(st.none(), names))
    if draw(st.booleans()):
        return n.Index(name=draw(names), axis=axis, offset=draw(st.integers(-3, 3)))
    return n.Index(label=draw(st.one_of(texts, reals)), axis=axis)


index_lists = st.lists(indices(), max_size=3).map(tuple)
references = st.builds(n.Reference, names, index_lists)
atoms = st.one_of(
    numbers(), references, st.builds(n.Reference, names), st.builds(n.Text, texts), st.builds(n.Truth, st.booleans())
)


def _flags(draw: st.DrawFn, count: int) -> tuple[bool, ...]:
    return (False, *(draw(st.booleans()) for _ in range(count - 1)))


_OPERATIONS = ["sum", "product", "remainder", "power", "negate", "not", "compare", "and", "or", "if"]


@st.composite
def _operations(draw: st.DrawFn, below: st.SearchStrategy[n.Expression]) -> n.Expression:
    kind = draw(st.sampled_from(_OPERATIONS))
    some = tuple(draw(st.lists(below, min_size=2, max_size=4)))
    match kind:
        case "sum":
            return n.Sum(some, _flags(draw, len(some)))
        case "product":
            return n.Product(some, _flags(draw, len(some)))
        case "remainder":
            return n.Remainder(some[0], some[1])
        case "power":
            return n.Power(some[0], some[1])
        case "negate":
            return n.Negate(some[0])
        case "not":
            return n.Not(some[0])
        case "compare":
            operators = st.sampled_from(get_args(n.CompareOperator))
            return n.Compare(some, tuple(draw(operators) for _ in some[1:]))
        case "and" | "or":
            return n.Logical("and" if kind == "and" else "or", some)
        case _:
            conditions = tuple(draw(below) for _ in some[1:])
            return n.Conditional(conditions, some[1:], some[0])


def arguments(values: st.SearchStrategy[n.Expression]) -> st.SearchStrategy[tuple[n.Argument, ...]]:
    """Arguments of calls, positional and by keyword, in any order."""
    one = st.builds(n.Argument, values, st.one_of(st.none(), names))
    return st.lists(one, max_size=3).map(tuple)


def _compounds(below: st.SearchStrategy[n.Expression]) -> st.SearchStrategy[n.Expression]:
    over = names.map(lambda name: n.Binder(name, name))
    binders = st.lists(st.one_of(st.builds(n.Binder, names, names), over), min_size=1, max_size=3).map(tuple)
    kinds = st.sampled_from(n.REDUCTIONS)
    nothing = st.none()
    return st.one_of(
        _operations(below),
        st.builds(n.Call, names, arguments(below), index_lists),
        st.builds(n.Reduction, kinds, below, binders, st.one_of(nothing, below)),
        st.builds(n.Reduction, kinds, below, binders, nothing, below),
        st.builds(n.Array, st.lists(below, max_size=3).map(tuple)),
    )


expressions: st.SearchStrategy[n.Expression] = st.recursive(atoms, _compounds, max_leaves=20)
"""Expressions of every kind of node."""

parts = st.recursive(atoms, _compounds, max_leaves=4)
"""Smaller ones, for declarations."""


# --- declarations

distributions = st.builds(d.DistributionCall, names, arguments(parts))
bounds = st.builds(d.Bounds, parts, parts, st.booleans(), st.booleans())
flag_lists = st.lists(st.sampled_from(d.FLAGS), unique=True, max_size=3).map(tuple)
terms = st.lists(st.builds(d.Term, references, st.integers(1, 99)), max_size=3).map(tuple)
stated = st.one_of(st.none(), st.just("auto"), terms)
maybe_names = st.one_of(st.just(""), names)
maybe_parts = st.one_of(st.none(), parts)
maybe_docs = st.one_of(st.just(""), texts)
triggers = st.one_of(
    st.builds(d.At, parts),
    st.builds(d.Every, parts, maybe_parts, maybe_parts),
    st.builds(d.When, parts, st.sampled_from(["", "rising", "falling"])),
    st.builds(d.Doses, names),
)
changes = st.builds(d.Action, st.sampled_from(["=", "+=", "-=", "*="]), references, parts)
actions = st.lists(st.one_of(changes, st.just(d.Action("stop"))), min_size=1, max_size=3).map(tuple)


starts = st.none() | st.one_of(st.integers(-5, 5).map(float), reals).map(lambda start: start + 0.0)
powers = st.lists(st.tuples(names, reals), min_size=1, max_size=3).map(lambda found: tuple(sorted(found)))
measures = st.builds(
    d.MeasureDeclaration, st.sampled_from(get_args(d.MeasureKind)), st.lists(reals, max_size=4).map(tuple), units
)


@st.composite
def axes(draw: st.DrawFn) -> d.AxisDeclaration:
    """Axes of every kind."""
    kind = draw(st.sampled_from(get_args(d.AxisKind)))
    labels = st.lists(texts, max_size=4).map(tuple)
    points = st.lists(reals, max_size=4).map(tuple)
    grids = st.tuples(parts, parts, parts)
    return d.AxisDeclaration(
        draw(names),
        kind,
        draw(labels) if kind in ("labels", "ordered") else draw(points) if kind == "points" else (),
        draw(grids) if kind == "grid" else (),
        draw(st.sampled_from(["linear", "log"])) if kind == "grid" else "linear",
        draw(units),
        draw(st.none() | measures),
        doc=draw(maybe_docs),
    )


def _declared(kind: Callable[..., Any], *fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, *fields, doc=maybe_docs)


_SETTINGS = """
velocity direction coefficient rate limiter boundary form matrix across source target increasing both minmod
reflecting generator stochastic
"""
_SETTING_WORDS = _SETTINGS.split()
_setting_names = st.one_of(names, st.sampled_from(_SETTING_WORDS))
_setting_values = st.one_of(parts, st.sampled_from(_SETTING_WORDS).map(n.Reference), st.builds(n.Text, texts))
settings = st.lists(st.builds(n.Argument, _setting_values, _setting_names), max_size=5).map(tuple)


@st.composite
def kernel_settings(draw: st.DrawFn) -> tuple[n.Argument, ...]:
    """The settings of a kernel in the order in which op_system's mapping says them."""
    form = n.Argument(n.Reference(draw(st.sampled_from(["generator", "stochastic", "matrix"]))), "form")
    found = [*draw(settings), form, n.Argument(draw(references), "matrix")]
    if draw(st.booleans()):
        found += [n.Argument(draw(references), "across"), n.Argument(n.Text(draw(texts)), "source")]
        found += [n.Argument(n.Text(draw(texts)), "target"), n.Argument(draw(parts), "rate")]
    return tuple(found)


declarations: dict[str, st.SearchStrategy[Any]] = {
    "axis": axes(),
    "independent": _declared(d.IndependentAxis, names),
    "parameter": _declared(
        d.ParameterDeclaration,
        names,
        axis_lists,
        units,
        maybe_parts,
        st.one_of(st.none(), distributions),
        st.one_of(st.none(), bounds),
        flag_lists,
    ),
    "input": _declared(d.InputDeclaration, names, st.sampled_from(get_args(d.Interpolation)), axis_lists, units),
    "state": _declared(d.StateDeclaration, names, axis_lists, units, maybe_parts, flag_lists, axis_lists),
    "alias": st.one_of(
        _declared(d.AliasDeclaration, names, parts, axis_lists, units, edges),
        _declared(d.FunctionDeclaration, names, st.lists(names, min_size=1, max_size=3).map(tuple), parts),
    ),
    "dynamics": st.one_of(
        _declared(d.TransitionDeclaration, terms, terms, parts, st.booleans(), maybe_names, edges, stated),
        _declared(d.DerivativeDeclaration, references, parts, edges),
    ),
    "initial": _declared(d.InitialDeclaration, references, parts),
    "event": _declared(d.EventDeclaration, names, triggers, actions),
    "operator": _declared(
        d.OperatorDeclaration,
        st.one_of(names, st.sampled_from(["advection", "jump_integral"])),
        names,
        axis_lists,
        st.one_of(settings, kernel_settings()),
        st.one_of(st.just(""), names),
    ),
    "absence": _declared(d.AbsenceDeclaration, parts, axis_lists),
    "boundary": _declared(d.BoundaryDeclaration, names, names, st.sampled_from(["lo", "hi"]), names, arguments(parts)),
    "observation": _declared(d.ObservationDeclaration, names, distributions, axis_lists, maybe_parts),
    "gauge": _declared(d.GaugeDeclaration, names, powers),
    "kept": st.builds(
        lambda name, value: d.KeptDeclaration(name, doc=json.dumps(value)),
        names,
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4),
    ),
    "requirement": _declared(d.RequirementDeclaration, parts),
    "time": _declared(d.TimeDeclaration, units, st.one_of(st.just(""), st.dates().map(str)), starts),
}
"""Declarations by the kind of statement that they are."""
