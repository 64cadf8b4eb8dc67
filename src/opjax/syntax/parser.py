"""From the text of a statement to its syntax: one function per kind of statement.

Every function takes the place of the text, the report to which a problem goes, and the limits. It returns nodes whose
places are in the same source, or records what is wrong and raises Stop.

    >>> from opjax.errors import Report
    >>> from opjax.source import Source, Span
    >>> text = "beta*S*I/N"
    >>> parse_expression(Span(Source("<example>", text), 0, len(text)), Report())
    Product('beta*S*I/N')
"""

from __future__ import annotations

import functools
from typing import Literal, TypeAlias, cast

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Limits, Span
from opjax.syntax import processes, statements, transformer
from opjax.syntax.columns import LinesOfForms
from opjax.syntax.declarations import (
    AbsenceDeclaration,
    AliasDeclaration,
    AxisDeclaration,
    BoundaryDeclaration,
    Bounds,
    Declaration,
    DerivativeDeclaration,
    DistributionCall,
    EventDeclaration,
    FunctionDeclaration,
    GaugeDeclaration,
    IndependentAxis,
    InitialDeclaration,
    InputDeclaration,
    KeptDeclaration,
    ObservationDeclaration,
    OperatorDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    StateDeclaration,
    TimeDeclaration,
    TransitionDeclaration,
)
from opjax.syntax.hints import Place, hint
from opjax.syntax.kept import kept_text, kept_value
from opjax.syntax.lexer import Lexer, Token, Vocabulary, vocabulary
from opjax.syntax.nodes import Expression, Reference
from opjax.syntax.patterns import Patterns
from opjax.syntax.recipes import Pieces, Recipes, Step
from opjax.syntax.slips import TextError, unexpected_end, unexpected_text
from opjax.syntax.statements import Declared
from opjax.syntax.tables import END, Action, Tables, TokenError, read_record

StatementKind: TypeAlias = Literal[
    "expression",
    "axis",
    "independent",
    "independent_list",
    "parameter",
    "state",
    "state_list",
    "input",
    "alias",
    "dynamics",
    "initial",
    "event",
    "boundary",
    "operator",
    "absence",
    "observation",
    "requirement",
    "gauge",
    "distribution",
    "time",
    "bounds",
    "declared",
    "unit",
    "reference",
]
"""The kinds of statements: the start symbols of the grammar."""

Parsed: TypeAlias = Declaration | tuple[Declaration, ...] | Expression | DistributionCall | Bounds | Declared | str


@functools.cache
def _tables() -> tuple[Tables, Vocabulary, Recipes, Patterns]:
    record = read_record()
    actions = cast("dict[str, Action]", {**vars(transformer), **vars(statements), **vars(processes)})
    words = vocabulary(record["literals"])
    return Tables(record, actions), words, Recipes(words), Patterns(frozenset(words))


def parse_statement(kind: StatementKind, span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> Parsed:
    """Parse a statement whose kind is known at run time only; the functions below say what each kind becomes.

    Arguments:
        kind: the kind of statement.
        span: the text; comments and line ends in it are skipped.
        report: where a problem is recorded.
        limits: how long and how deeply nested the text may be.

    Returns:
        Declarations, expressions and what belongs to them; all nodes with their place in the source of `span`.

    Raises:
        Stop: if the text is wrong; the problem is in the report.
    """
    if limits is not DEFAULT_LIMITS:
        return _parsed(kind, span, report, limits)
    _, _, recipes, patterns = _tables()
    known: Parsed | None = patterns.read(kind, span.source, span.start, span.end)
    if known is not None:
        return known
    pieces = recipes.pieces(kind, span)
    recipe = pieces and recipes.find(kind, pieces)
    again = recipe and pieces and recipe.repeat(span, pieces)
    if pieces is None or again is None:
        return _parsed(kind, span, report, limits, pieces)
    read = _finished(again, Span(span.source, pieces.places[0][0], pieces.places[-2][1]))
    patterns.met(kind, span, pieces, read, lambda sample: _parsed(kind, sample, Report(), limits))
    return read


def lines_of_forms(kind: StatementKind) -> LinesOfForms:
    """What reads lines of which many have a form that was met before."""
    return LinesOfForms(_tables()[-1], kind)


def _parsed(kind: StatementKind, span: Span, report: Report, limits: Limits, pieces: Pieces | None = None) -> Parsed:
    """Parse a statement whose form is new; what it takes is kept where the statement is in pieces."""
    plain = pieces and _plainly(kind, span, pieces, limits)
    if plain is not None:
        return plain
    tables, words, recipes, _ = _tables()
    lexer = Lexer(span, kind, limits, words)
    steps: list[Step] = []
    try:
        found = tables.parse(kind, lambda states: lexer.tokens(tables.steps, states), steps)
    except TextError as error:
        raise error.stop(report) from None
    except TokenError as error:
        raise _explain(cast(Token, error.token), lexer, kind).stop(report) from None
    if pieces:
        recipes.learn(kind, pieces, (*lexer.types, END), steps)
    return _finished(found, lexer.read)


def _plainly(kind: StatementKind, span: Span, pieces: Pieces, limits: Limits) -> Parsed | None:
    """Parse a statement whose pieces say what its tokens are; None if they do not, or there is a problem."""
    tables, _, recipes, _ = _tables()
    types = recipes.types(pieces, limits)
    if types is None:
        return None
    steps: list[Step] = []
    try:
        found = tables.parse(kind, lambda states: pieces.tokens(span.source, types), steps)
    except (TextError, TokenError):
        return None  # the lexer says what is wrong
    recipes.learn(kind, pieces, types, steps)
    return _finished(found, Span(span.source, pieces.places[0][0], pieces.places[-2][1]))


def _finished(found: object, read: Span) -> Parsed:
    """What was parsed; a declaration with the place of the whole statement."""
    if isinstance(found, Declaration):
        object.__setattr__(found, "span", read)  # it is new, and nobody else has seen it
        return found
    return cast(Parsed, transformer.bare(found) if isinstance(found, transformer.Grouped) else found)


def _explain(token: Token, lexer: Lexer, kind: StatementKind) -> TextError:
    """What is wrong at a token that cannot stand where it stands."""
    tables, *_ = _tables()
    place = Place(
        kind=kind,
        before=tuple(lexer.types[-2:]),
        previous=lexer.previous.text if lexer.previous else "",
        terminal=token.type,
        found=token.text,
        after=lexer.rest(),
        expected=tables.expected(kind, lexer.types),
    )
    unclosed = lexer.drain(token)
    if unclosed is not None:
        return unclosed
    if token.type == END:
        return unexpected_end(Span(token.source, lexer.read.end, lexer.read.end), hint(place, tables.literals))
    return unexpected_text(token.span, hint(place, tables.literals))


def parse_expression(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> Expression:
    """``beta*S*I/N``."""
    return cast(Expression, parse_statement("expression", span, report, limits))


def parse_axis(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> AxisDeclaration:
    """``age = [young, old]``."""
    return cast(AxisDeclaration, parse_statement("axis", span, report, limits))


def parse_independent(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> IndependentAxis:
    """``loc "doc"``."""
    return cast(IndependentAxis, parse_statement("independent", span, report, limits))


def parse_independent_list(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> tuple[IndependentAxis, ...]:
    """``loc, age``."""
    return cast("tuple[IndependentAxis, ...]", parse_statement("independent_list", span, report, limits))


def parse_parameter(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> ParameterDeclaration:
    """``beta : 1/day = 0.3 ~ LogNormal(0, 1) in (0, 2) fixed "doc"``."""
    return cast(ParameterDeclaration, parse_statement("parameter", span, report, limits))


def parse_state(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> StateDeclaration:
    """``S[age] : person = 1e6 counts "doc"``."""
    return cast(StateDeclaration, parse_statement("state", span, report, limits))


def parse_state_list(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> tuple[StateDeclaration, ...]:
    """``S, I[age], R``."""
    return cast("tuple[StateDeclaration, ...]", parse_statement("state_list", span, report, limits))


def parse_input(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> InputDeclaration:
    """``school(t) : unit = previous``."""
    return cast(InputDeclaration, parse_statement("input", span, report, limits))


def parse_alias(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> AliasDeclaration | FunctionDeclaration:
    """``N[age] : person = S[age] + I[age]``, ``hill(x, k) = x/(k + x)``."""
    return cast("AliasDeclaration | FunctionDeclaration", parse_statement("alias", span, report, limits))


def parse_dynamics(
    span: Span, report: Report, limits: Limits = DEFAULT_LIMITS
) -> TransitionDeclaration | DerivativeDeclaration:
    """``name: S -> I @ rate``, ``N' = r*N``."""
    return cast("TransitionDeclaration | DerivativeDeclaration", parse_statement("dynamics", span, report, limits))


def parse_initial(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> InitialDeclaration:
    """``S[age] = 1``."""
    return cast(InitialDeclaration, parse_statement("initial", span, report, limits))


def parse_event(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> EventDeclaration:
    """``name: at 60: S *= 0.4; stop``."""
    return cast(EventDeclaration, parse_statement("event", span, report, limits))


def parse_boundary(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> BoundaryDeclaration:
    """``u at x.lo: neumann(0)``."""
    return cast(BoundaryDeclaration, parse_statement("boundary", span, report, limits))


def parse_operator(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> OperatorDeclaration:
    """``waning: advection of S along imm with velocity = w``."""
    return cast(OperatorDeclaration, parse_statement("operator", span, report, limits))


def parse_kept(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> KeptDeclaration:
    """``sources "{...}"``: a name with a text, as `parse_independent` reads them."""
    row = parse_independent(span, report, limits)
    return KeptDeclaration(row.name, doc=kept_text(kept_value(row.doc)), span=row.span)


def parse_absence(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> AbsenceDeclaration:
    """``S, I where age == "child"``."""
    return cast(AbsenceDeclaration, parse_statement("absence", span, report, limits))


def parse_observation(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> ObservationDeclaration:
    """``cases[age] ~ Poisson(x) every 7``."""
    return cast(ObservationDeclaration, parse_statement("observation", span, report, limits))


def parse_requirement(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> RequirementDeclaration:
    """``beta > gamma``."""
    return cast(RequirementDeclaration, parse_statement("requirement", span, report, limits))


def parse_gauge(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> GaugeDeclaration:
    """``capacity: K, x, y^-2``."""
    return cast(GaugeDeclaration, parse_statement("gauge", span, report, limits))


def parse_distribution(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> DistributionCall:
    """``LogNormal(loc=0, scale=1)``."""
    return cast(DistributionCall, parse_statement("distribution", span, report, limits))


def parse_reference(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> Reference:
    """``S[age="65+"]``."""
    return cast(Reference, parse_statement("reference", span, report, limits))


def parse_time(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> TimeDeclaration:
    """``day from 0 origin 2021-09-01``."""
    return cast(TimeDeclaration, parse_statement("time", span, report, limits))


def parse_bounds(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> Bounds:
    """``(0, 1]``, also with ``in`` before it."""
    return cast(Bounds, parse_statement("bounds", span, report, limits))


def parse_unit(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> str:
    """``mg/L``: the unit without spaces; any other text stands in quotes."""
    return cast(str, parse_statement("unit", span, report, limits))


def parse_declared(span: Span, report: Report, limits: Limits = DEFAULT_LIMITS) -> Declared:
    """``C[age, age]``: a name and its axes."""
    return cast(Declared, parse_statement("declared", span, report, limits))
