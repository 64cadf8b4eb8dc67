"""Models of every form, as syntax trees: names are unique, but otherwise they need not make sense."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from opjax.syntax.declarations import (
    FLAGS,
    Action,
    AliasDeclaration,
    At,
    AxisDeclaration,
    BoundaryDeclaration,
    Bounds,
    DerivativeDeclaration,
    DistributionCall,
    Doses,
    EventDeclaration,
    Every,
    FunctionDeclaration,
    InitialDeclaration,
    InputDeclaration,
    ModelSyntax,
    ObservationDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    StateDeclaration,
    Term,
    TimeDeclaration,
    TransitionDeclaration,
    When,
)
from opjax.syntax.names import WORDS
from opjax.syntax.nodes import (
    Argument,
    Array,
    Binder,
    Call,
    Compare,
    Conditional,
    Expression,
    Index,
    Logical,
    Negate,
    Not,
    Number,
    Power,
    Product,
    Reduction,
    Reference,
    Remainder,
    Sum,
    Text,
    Truth,
)

AXES = ("age", "region", "x")
LABELS = st.sampled_from(["65+", "0-4", "a b", "NO", "no", "1e3", "true", "x: y", "#1", "é", "'", "C:\\n"])
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}\Z").filter(lambda n: n not in WORDS and n not in AXES)
UNITS = st.sampled_from(["", "1/day", "mg/L", "mm^2/day", "copies per mL", "mg / L", '"', "-", "person", "NO", "1"])
DOCS = st.one_of(st.just(""), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), st.just("a\nb: c # d"))
EDGES = st.sampled_from([None, "stay", "absorb", "periodic"])


def numbers(unit: bool = True) -> st.SearchStrategy[Number]:
    whole = st.integers(0, 10**6).map(lambda n: Number(float(n), True, str(n)))
    real = st.floats(0, allow_infinity=False, allow_nan=False).map(lambda x: Number(x, False, repr(x)))
    measured = st.integers(0, 99).map(lambda n: Number(float(n), True, str(n), "mg/L"))
    return st.one_of(whole, real, measured) if unit else st.one_of(whole, real)


def indices() -> st.SearchStrategy[Index]:
    axis = st.sampled_from(AXES)
    return st.one_of(
        axis.map(Index),
        st.sampled_from(["b", "c"]).map(Index),
        st.builds(Index, axis, offset=st.integers(-3, 3)),
        st.builds(lambda a, label: Index(axis=a, label=label), axis, LABELS),
        LABELS.map(lambda label: Index(label=label)),
    )


def references(names: st.SearchStrategy[str] = NAMES) -> st.SearchStrategy[Reference]:
    return st.builds(Reference, names, st.lists(indices(), max_size=2).map(tuple))


def _signs(parts: list[Expression]) -> st.SearchStrategy[tuple[bool, ...]]:
    rest = st.lists(st.booleans(), min_size=len(parts) - 1, max_size=len(parts) - 1)
    return rest.map(lambda signs: (False, *signs))


def _compound(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3)
    arguments = st.builds(Argument, inner, st.one_of(st.none(), NAMES))
    binders = st.lists(st.builds(Binder, NAMES, st.sampled_from(AXES)), min_size=1, max_size=2).map(tuple)
    kinds = st.sampled_from(["sum", "prod", "min", "max", "mean", "integral"])
    operators = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        several.flatmap(lambda parts: st.builds(Sum, st.just(tuple(parts)), _signs(parts))),
        several.flatmap(lambda parts: st.builds(Product, st.just(tuple(parts)), _signs(parts))),
        st.builds(Remainder, inner, inner),
        st.builds(Power, inner, inner),
        st.builds(Negate, inner),
        st.builds(Not, inner),
        st.builds(lambda a, b, o: Compare((a, b), (o,)), inner, inner, operators),
        st.builds(Logical, st.sampled_from(["and", "or"]), several.map(tuple)),
        st.builds(lambda c, v, o: Conditional((c,), (v,), o), inner, inner, inner),
        st.builds(Call, NAMES, st.lists(arguments, max_size=2).map(tuple)),
        st.builds(Reduction, kinds, inner, binders, st.one_of(st.none(), inner)),
    )


def expressions() -> st.SearchStrategy[Expression]:
    leaves: Any = st.one_of(
        numbers(), references(), st.booleans().map(Truth), LABELS.map(Text), st.just(Reference("inf"))
    )
    return st.recursive(leaves, _compound, max_leaves=5)


def arrays() -> st.SearchStrategy[Array]:
    row = st.lists(numbers(unit=False), min_size=1, max_size=3).map(lambda items: Array(tuple(items)))
    return st.one_of(row, st.lists(row, min_size=1, max_size=2).map(lambda items: Array(tuple(items))))


def distributions() -> st.SearchStrategy[DistributionCall]:
    arguments = st.builds(Argument, expressions(), st.one_of(st.none(), NAMES))
    return st.builds(DistributionCall, NAMES, st.lists(arguments, max_size=2).map(tuple))


def flags() -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(FLAGS), unique=True, max_size=3).map(tuple)


def _axes_of() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(AXES), max_size=2).map(tuple)


@st.composite
def axis_declarations(draw: Any, name: str) -> AxisDeclaration:
    kind = draw(st.sampled_from(["labels", "ordered", "grid", "points", "data"]))
    values: Any = ()
    grid: Any = ()
    if kind in ("labels", "ordered"):
        values = tuple(draw(st.lists(LABELS, unique=True, max_size=3)))
    if kind == "points":
        values = tuple(draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3)))
    if kind == "grid":
        grid = tuple(draw(expressions()) for _ in range(3))
    spacing = draw(st.sampled_from(["linear", "log"])) if kind == "grid" else "linear"
    return AxisDeclaration(name, kind, values, grid, spacing, draw(UNITS), doc=draw(DOCS))


@st.composite
def _parameters(draw: Any, name: str) -> ParameterDeclaration:
    whole = st.sampled_from([Number(0.0, True, "0"), Number(1.0, True, "1"), Reference("inf")])
    side = st.one_of(expressions(), whole)
    bounds = st.builds(Bounds, side, side, st.booleans(), st.booleans())
    return ParameterDeclaration(
        name,
        draw(_axes_of()),
        draw(UNITS),
        draw(st.one_of(st.none(), expressions(), arrays())),
        draw(st.one_of(st.none(), distributions())),
        draw(st.one_of(st.none(), bounds)),
        draw(flags()),
        doc=draw(DOCS),
    )


def _dynamics(states: list[str]) -> st.SearchStrategy[Any]:
    target = references(st.sampled_from(states))
    side = st.lists(st.builds(Term, target, st.integers(1, 3)), max_size=2).map(tuple)
    transition = st.builds(
        TransitionDeclaration, side, side, expressions(), st.booleans(), st.one_of(st.just(""), NAMES), EDGES, doc=DOCS
    )
    return st.one_of(transition, st.builds(DerivativeDeclaration, target, expressions(), EDGES, doc=DOCS))


def _triggers() -> st.SearchStrategy[Any]:
    maybe = st.one_of(st.none(), expressions())
    return st.one_of(
        st.builds(At, expressions()),
        st.builds(Every, expressions(), maybe, maybe),
        st.builds(When, expressions(), st.sampled_from(["", "rising", "falling"])),
        st.builds(Doses, NAMES),
    )


def _actions(states: list[str]) -> st.SearchStrategy[Action]:
    change = st.builds(
        Action, st.sampled_from(["=", "+=", "-=", "*="]), references(st.sampled_from(states)), expressions()
    )
    return st.one_of(change, st.just(Action("stop")))


def _few(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def _named(draw: Any, names: list[str], make: Any) -> tuple[Any, ...]:
    return tuple(draw(make(names.pop())) for _ in range(draw(st.integers(0, 3))))


@st.composite
def models(draw: Any) -> ModelSyntax:
    """Any model."""
    names = draw(st.lists(NAMES, unique=True, min_size=24, max_size=24))
    states = [names.pop() for _ in range(draw(st.integers(1, 3)))]
    function = st.builds(FunctionDeclaration, st.just(""), st.lists(NAMES, unique=True, max_size=2).map(tuple), expressions())

    def alias(name: str) -> st.SearchStrategy[Any]:
        return st.builds(AliasDeclaration, st.just(name), expressions(), _axes_of(), UNITS, EDGES, doc=DOCS)

    def alias_or_function(name: str) -> st.SearchStrategy[Any]:
        return st.one_of(alias(name), function.map(lambda f: FunctionDeclaration(name, f.parameters, f.value)))

    def state(name: str) -> StateDeclaration:
        initial = draw(st.one_of(st.none(), expressions()))
        return StateDeclaration(name, draw(_axes_of()), draw(UNITS), initial, draw(flags()), doc=draw(DOCS))

    def table(name: str) -> st.SearchStrategy[InputDeclaration]:
        kinds = st.sampled_from(["linear", "previous", "cubic"])
        return st.builds(InputDeclaration, st.just(name), kinds, _axes_of(), UNITS, doc=DOCS)

    def event(name: str) -> st.SearchStrategy[EventDeclaration]:
        return st.builds(EventDeclaration, st.just(name), _triggers(), _few(_actions(states)), doc=DOCS)

    def observation(name: str) -> st.SearchStrategy[ObservationDeclaration]:
        every = st.one_of(st.none(), expressions())
        return st.builds(ObservationDeclaration, st.just(name), distributions(), _axes_of(), every, doc=DOCS)

    target = references(st.sampled_from(states))
    call = st.builds(Argument, expressions(), st.one_of(st.none(), NAMES))
    boundary = st.builds(
        BoundaryDeclaration, NAMES, st.sampled_from(AXES), st.sampled_from(["lo", "hi"]), NAMES, _few(call, 2), doc=DOCS
    )
    axes = draw(st.sampled_from([(), AXES, ("time", *AXES)]))
    return ModelSyntax(
        name=draw(st.one_of(NAMES, DOCS)),
        time=draw(st.one_of(st.none(), st.builds(TimeDeclaration, UNITS, st.sampled_from(["", "2020-01-01"]), doc=DOCS))),
        axes=tuple(draw(axis_declarations(name)) for name in axes),
        parameters=_named(draw, names, _parameters),
        inputs=_named(draw, names, table),
        states=tuple(state(name) for name in states),
        aliases=_named(draw, names, alias_or_function),
        dynamics=draw(_few(_dynamics(states))),
        initial=draw(_few(st.builds(InitialDeclaration, target, expressions(), doc=DOCS), 2)),
        events=_named(draw, names, event),
        boundaries=draw(_few(boundary, 2)),
        observations=_named(draw, names, observation),
        derived=_named(draw, names, alias),
        requirements=draw(_few(st.builds(RequirementDeclaration, expressions(), doc=DOCS), 2)),
        doc=draw(DOCS),
    )
