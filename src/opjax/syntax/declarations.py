"""The syntax tree of a whole model: its declarations, in the order in which they were written."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, get_args

from opjax.records import record
from opjax.source import NOWHERE, Span
from opjax.syntax.late import Late
from opjax.syntax.nodes import Argument, Expression, Form, Reference, Syntax

Interpolation = Literal["linear", "previous", "cubic"]
Edge = Literal["stay", "absorb", "periodic"]
AxisKind = Literal["labels", "ordered", "grid", "points", "data"]
MeasureKind = Literal["counting", "cell", "quadrature"]
Representation = Literal["counts", "cell_mass", "density", "concentration", "cumulative"]
Flag = Literal[
    "fixed", "free", "nonneg", "log", "counts", "cell_mass", "density", "concentration", "cumulative", "data"
]
FLAGS: tuple[Flag, ...] = get_args(Flag)
REPRESENTATIONS: tuple[Representation, ...] = get_args(Representation)
Automatic = Literal["auto"]


BLANK_LINE = "\n"
"""Stands for a blank line among comments; no comment contains it."""


@record()
class Comments:
    """The comments that belong to a declaration: whole lines before it, and one behind it (texts without ``#``).

    Among the lines before it, `BLANK_LINE` stands for a blank line.
    """

    before: tuple[str, ...] = ()
    behind: str = ""


NO_COMMENTS = Comments()


@record()
class SectionComments:
    """The comments around a section: before and behind its header, and at its end, behind the last declaration.

    Arguments:
        field: the field of `ModelSyntax` that the section fills.
        comments: before and behind the header.
        end: at the end, with `BLANK_LINE` as in `Comments`.
    """

    field: str
    comments: Comments = NO_COMMENTS
    end: tuple[str, ...] = ()


@record(eq=False)
class Declaration(Late):
    """Base of declarations. `span`, `comments` take no part in equality; `doc` does.

    `form` is known of a statement as it was read; a copy with other parts has none. What was read by a pattern has its
    terms and expressions when they are first asked for: most rows of a large model never are.
    """

    doc: str = field(default="", kw_only=True)
    span: Span = field(default=NOWHERE, kw_only=True, compare=False, repr=False)
    comments: Comments = field(default=NO_COMMENTS, kw_only=True, compare=False, repr=False)
    form: Form | None = field(default=None, init=False, compare=False, repr=False)


@record(eq=False)
class TimeDeclaration(Declaration):
    """``time: day from 0 origin 2021-09-01``: the initial values hold at the time 0, which is that day."""

    unit: str = ""
    origin: str = ""
    start: float | None = None


@record(eq=False)
class MeasureDeclaration(Syntax):
    """``measure cell [5, 10] : year``: what each point of an axis weighs; with ``counting``, 1."""

    kind: MeasureKind
    weights: tuple[float, ...] = ()
    unit: str = ""


@record(eq=False)
class AxisDeclaration(Declaration):
    """An axis.

    kind "labels":  ``age = [young, old]``                 values are strings
    kind "ordered": ``age = ordered ["0-4", "65+"]``       values are strings
    kind "grid":    ``x = grid(0, 50, 256)``               grid = (low, high, number of points), both ends included;
                    ``x = grid(1, 100, 50, log)``          spacing "log"
    kind "points":  ``x = points [0, 0.5, 2]``             values are increasing numbers
    kind "data":    ``id = data``                          labels come with the data

    A measure may follow: ``age = [young, old] measure cell [15, 70] : year``.
    """

    name: str
    kind: AxisKind
    values: tuple[str | float, ...] = ()
    grid: tuple[Expression, ...] = ()
    spacing: Literal["linear", "log"] = "linear"
    unit: str = ""
    measure: MeasureDeclaration | None = None


@record(eq=False)
class IndependentAxis(Declaration):
    """``loc`` in the section ``independent``: the model falls apart into one block for each point of this axis."""

    name: str


@record(eq=False)
class DistributionCall(Syntax):
    """``LogNormal(loc=log(0.4), scale=0.5)``."""

    name: str
    arguments: tuple[Argument, ...]
    span: Span = field(default=NOWHERE, kw_only=True, compare=False, repr=False)


@record(eq=False)
class Bounds(Syntax):
    """``in (low, high]``; an infinite side is the reference ``inf`` (negated for minus infinity)."""

    low: Expression
    high: Expression
    low_closed: bool = True
    high_closed: bool = True
    span: Span = field(default=NOWHERE, kw_only=True, compare=False, repr=False)


@record(eq=False)
class ParameterDeclaration(Declaration):
    """``C[age, age] : 1/day = default ~ Prior(...) in [low, high] flags "doc"``.

    `default` is None where there is none; ``= data`` is the flag "data" without a default.
    """

    name: str
    axes: tuple[str, ...] = ()
    unit: str = ""
    default: Expression | None = None
    prior: DistributionCall | None = None
    bounds: Bounds | None = None
    flags: tuple[Flag, ...] = ()


@record(eq=False)
class InputDeclaration(Declaration):
    """``school[age](t) : unit = previous``: a table over time that is bound with the data."""

    name: str
    interpolation: Interpolation
    axes: tuple[str, ...] = ()
    unit: str = ""


@record(eq=False)
class StateDeclaration(Declaration):
    """``rho[x] : 1/m = initial density over [x] "doc"``; ``over`` names the axes that a density is taken over."""

    name: str
    axes: tuple[str, ...] = ()
    unit: str = ""
    initial: Expression | None = None
    flags: tuple[Flag, ...] = ()
    measure_axes: tuple[str, ...] = ()


@record(eq=False)
class AliasDeclaration(Declaration):
    """``N[age] : person = S[age] + I[age] edge stay "doc"``; the same in ``let`` and ``derive``."""

    name: str
    value: Expression
    axes: tuple[str, ...] = ()
    unit: str = ""
    edge: Edge | None = None


@record(eq=False)
class FunctionDeclaration(Declaration):
    """``hill(x, k, n) = x^n / (k^n + x^n)``."""

    name: str
    parameters: tuple[str, ...]
    value: Expression


@record(eq=False)
class Term(Syntax):
    """``2 B[age]`` on one side of a transition."""

    target: Reference
    count: int = 1


Stated = tuple[Term, ...] | Automatic | None
"""What a transition says of the molecules that meet in one event."""


@record(eq=False)
class TransitionDeclaration(Declaration):
    """``name: 2 A + B -> C @ rate edge stay reactants 2 A + B + D``; an empty side is ``0``.

    `mass_action` is true for ``->`` (flow = rate times the reactants) and false for ``=>`` (flow = rate as written).
    `stated_reactants` are the molecules that meet in one event, catalysts included, for stochastic simulation: as
    listed, derived from the rate (``auto reactants``), or None where nothing is said. They do not change the flow.
    """

    reactants: tuple[Term, ...]
    products: tuple[Term, ...]
    rate: Expression
    mass_action: bool = True
    name: str = ""
    edge: Edge | None = None
    stated_reactants: Stated = None


@record(eq=False)
class DerivativeDeclaration(Declaration):
    """``S' = ...`` or ``d(u[x])/dt = ... edge periodic``."""

    target: Reference
    value: Expression
    edge: Edge | None = None


@record(eq=False)
class OperatorDeclaration(Declaration):
    """``name: advection of S, I along x with velocity = w, boundary = periodic``.

    Without `states` it acts on all states that have the axis. `settings` have keywords, each with its expression; a
    word such as ``periodic`` is a reference.
    """

    kind: str
    axis: str
    states: tuple[str, ...] = ()
    settings: tuple[Argument, ...] = ()
    name: str = ""


@record(eq=False)
class AbsenceDeclaration(Declaration):
    """``S, I where age == "child" and dose == "third"``: cells that do not exist.

    Without `states` it is about all states that have the axes of the condition.
    """

    condition: Expression
    states: tuple[str, ...] = ()


@record(eq=False)
class InitialDeclaration(Declaration):
    """``S[age] = ...`` in the section ``init``."""

    target: Reference
    value: Expression


@record(eq=False)
class At(Syntax):
    """``at time``."""

    time: Expression


@record(eq=False)
class Every(Syntax):
    """``every period from start to stop``."""

    period: Expression
    start: Expression | None = None
    stop: Expression | None = None


@record(eq=False)
class When(Syntax):
    """``when condition rising``."""

    condition: Expression
    direction: Literal["", "rising", "falling"] = ""


@record(eq=False)
class Doses(Syntax):
    """``doses from table``."""

    table: str


@record(eq=False)
class Action(Syntax):
    """``target += value``; operator "stop" has neither."""

    operator: Literal["=", "+=", "-=", "*=", "stop"]
    target: Reference | None = None
    value: Expression | None = None


@record(eq=False)
class EventDeclaration(Declaration):
    """``name: trigger: action; action``."""

    name: str
    trigger: At | Every | When | Doses
    actions: tuple[Action, ...]


@record(eq=False)
class BoundaryDeclaration(Declaration):
    """``u at x.lo: neumann(0)``."""

    state: str
    axis: str
    side: Literal["lo", "hi"]
    kind: str
    arguments: tuple[Argument, ...] = ()


@record(eq=False)
class ObservationDeclaration(Declaration):
    """``cases[age] ~ NegBinomial(mean=..., concentration=...) every 7``."""

    name: str
    distribution: DistributionCall
    axes: tuple[str, ...] = ()
    every: Expression | None = None


@record(eq=False)
class RequirementDeclaration(Declaration):
    """``beta > gamma``."""

    condition: Expression


@record(eq=False)
class GaugeDeclaration(Declaration):
    """``capacity: K, x, y^-2``: the model stays as it is when these are multiplied by powers of one positive number.

    `powers` are sorted by name, so that the same gauge is the same whatever the order in which it was written.
    """

    name: str
    powers: tuple[tuple[str, float], ...]


@record(eq=False)
class KeptDeclaration(Declaration):
    """``sources "{...}"``: a value for those who read `meta`, as JSON in `doc`; nothing here depends on it."""

    name: str


@record(eq=False)
class ModelSyntax(Declaration):
    """One model as it was written. ``parse(print(model)) == model``.

    `section_comments` and `end_comments` (those behind the last section) take no part in equality.
    """

    name: str
    time: TimeDeclaration | None = None
    axes: tuple[AxisDeclaration, ...] = ()
    independent: tuple[IndependentAxis, ...] = ()
    parameters: tuple[ParameterDeclaration, ...] = ()
    inputs: tuple[InputDeclaration, ...] = ()
    states: tuple[StateDeclaration, ...] = ()
    aliases: tuple[AliasDeclaration | FunctionDeclaration, ...] = ()
    dynamics: tuple[TransitionDeclaration | DerivativeDeclaration, ...] = ()
    initial: tuple[InitialDeclaration, ...] = ()
    events: tuple[EventDeclaration, ...] = ()
    boundaries: tuple[BoundaryDeclaration, ...] = ()
    observations: tuple[ObservationDeclaration, ...] = ()
    derived: tuple[AliasDeclaration, ...] = ()
    requirements: tuple[RequirementDeclaration, ...] = ()
    operators: tuple[OperatorDeclaration, ...] = ()
    absences: tuple[AbsenceDeclaration, ...] = ()
    gauges: tuple[GaugeDeclaration, ...] = ()
    kept: tuple[KeptDeclaration, ...] = ()
    section_comments: tuple[SectionComments, ...] = field(default=(), kw_only=True, compare=False, repr=False)
    end_comments: tuple[str, ...] = field(default=(), kw_only=True, compare=False, repr=False)
