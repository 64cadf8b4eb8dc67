"""The typed model: every name resolved, exactly one expression per quantity, no spelling left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from typing import Any, Literal, TypeAlias, cast

from opjax.ir.lazily import Lazily, Named
from opjax.ir.nodes import AnyNode, Graph, Selection
from opjax.ir.types import Axis
from opjax.records import record
from opjax.source import NOWHERE, Span

Numbers: TypeAlias = "float | tuple[Numbers, ...]"
"""A number, or nested tuples of numbers of one shape."""


EXTENSIVE = ("counts", "cell_mass", "cumulative")
"""Representations of a state whose values add up."""
INTENSIVE = ("density", "concentration")
"""Representations of a state whose values are integrated."""


@record(eq=False)
class Distribution:
    """A distribution of the table with its arguments by the table's argument names (defaults left out)."""

    name: str
    arguments: Mapping[str, AnyNode]
    span: Span = field(default=NOWHERE, repr=False)


@record(eq=False)
class Bounds:
    """An interval that a parameter is confined to; a prior is truncated to it."""

    low: AnyNode
    high: AnyNode
    low_closed: bool = True
    high_closed: bool = True


@record(eq=False)
class Quantity:
    """Base of declared quantities: a name, axes in declared order, a unit label and a sentence for people."""

    name: str
    axes: tuple[str, ...] = ()
    unit: str = ""
    doc: str = ""
    span: Span = field(default=NOWHERE, repr=False)


@record()
class Kernel:
    """What was said of a parameter that falls off with a distance: form, kind, and settings (numbers or texts)."""

    form: str
    kind: str
    settings: Mapping[str, float | str]


@record(eq=False)
class Parameter(Quantity):
    """A parameter.

    Arguments:
        default: its value when none is given (an expression of other parameters), or None.
        values: its default as nested tuples of numbers, where it was written as an array; shape by `axes`.
        prior: its prior, or None.
        bounds: the interval it is confined to, or None.
        flags: ``fixed``, ``data``, ... as written.
        kernel: what was said of it, where its default is a kernel.
    """

    default: AnyNode | None = None
    values: Numbers | None = None
    prior: Distribution | None = None
    bounds: Bounds | None = None
    flags: tuple[str, ...] = ()
    kernel: Kernel | None = None


@record(eq=False)
class Input(Quantity):
    """A function of time given as a table with the data: its points of time, and a value at each of them."""

    interpolation: str = "linear"

    @property
    def time_axis(self) -> str:
        """The axis that the points of the table stand for in the graph; it is none of the model's axes."""
        return time_axis_of(self.name)


def time_axis_of(name: str) -> str:
    """What the axis of an input's points of time is called; no name of a model can be this one."""
    return f"time of {name}"


@record(eq=False)
class State(Quantity):
    """A state; `initial` depends on parameters, coordinates and other initial values only.

    A density or concentration is an amount for each unit of the measures of `measure_axes`.
    """

    initial: AnyNode | None = None
    flags: tuple[str, ...] = ()
    measure_axes: tuple[str, ...] = ()

    @property
    def representation(self) -> str | None:
        """``counts``, ``cell_mass``, ``density``, ``concentration`` or ``cumulative``, where the model says it."""
        return next((flag for flag in self.flags if flag in EXTENSIVE or flag in INTENSIVE), None)


@record(eq=False)
class Alias(Quantity):
    """A named expression (``let`` or ``derive``); the dims of `value` are among those of `axes`."""

    value: AnyNode = field(kw_only=True)


@record(eq=False)
class Participant:
    """A state on one side of a transition, with its stoichiometric count.

    `selections` has one entry for each axis of the state: a dim of the flow (shifted or not), or a fixed position.
    """

    state: str
    count: int
    selections: tuple[Selection, ...] = ()


@record(eq=False)
class Flow(Quantity):
    """A transition: `value` is the whole flow (for ``->`` the rate times the reactants).

    `axes` are the axes that the flow runs over. An unnamed transition is called ``flow_1``, ``flow_2``, ... .
    `stated_reactants` are the molecules that meet in one event, where the model says so: the reactants with the
    catalysts, or ``auto`` where they are to be derived from the rate. The flow does not depend on them.
    """

    value: AnyNode = field(kw_only=True)
    rate: AnyNode = field(kw_only=True)
    mass_action: bool = True
    reactants: tuple[Participant, ...] = ()
    products: tuple[Participant, ...] = ()
    stated_reactants: tuple[Participant, ...] | Literal["auto"] | None = None


class KnownFlows(Named):
    """What is known of flows before they are made.

    Arguments:
        names: their names.
        rows: the statements among which they stand.
        places: their places among these.
        rates, values: their rates and values.
    """

    __slots__ = ("places", "rates", "rows", "values")

    def __init__(
        self,
        names: Sequence[str],
        rows: Sequence[Any],
        places: Sequence[int],
        nodes: tuple[Sequence[AnyNode], Sequence[AnyNode]],
    ) -> None:
        super().__init__(names)
        self.rows, self.places = rows, places
        self.rates, self.values = nodes


class KnownValues(Named):
    """What is known of parameters or states without axes before they are made; their numbers, in the order of names."""

    __slots__ = ("values",)

    def __init__(self, names: Sequence[str], values: Sequence[AnyNode | None]) -> None:
        super().__init__(names)
        self.values = values


def flow_values(flows: Mapping[str, Flow]) -> Iterator[tuple[str, AnyNode]]:
    """The values of flows by name; none is made for that."""
    if not isinstance(flows, Lazily):
        yield from ((name, flow.value) for name, flow in flows.items())
        return
    lazily = cast("Lazily[Flow, KnownFlows]", flows)
    for part in lazily.parts():
        yield from ((part, lazily[part].value),) if isinstance(part, str) else zip(part.names, part.values, strict=True)


def plain_values(declared: Mapping[str, Parameter] | Mapping[str, State]) -> dict[str, AnyNode | None]:
    """The defaults or initial values of those without axes that are not made yet, by name; none is made for that."""
    if not isinstance(declared, Lazily):
        return {}
    found: dict[str, AnyNode | None] = {}
    for part in cast("Lazily[object, KnownValues]", declared).parts():
        if not isinstance(part, str):
            found.update(zip(part.names, part.values, strict=True))
    return found


@record(eq=False)
class Operator:
    """Advection, diffusion, or jumps along an axis, discretised.

    Arguments:
        name: its name, or nothing.
        kind: ``advection``, ``transport``, ``diffusion``, ``jump_integral`` or ``axis_kernel``.
        axis: the axis that it acts along.
        states: the states that it acts on.
        gains: what it adds to the rate of each of them.
        everywhere: whether these are all states with the axis, because none were named.
        settings: what was said of it, by name: numbers, words, and the text of expressions.
        array_axes: the axes of the array parameters in its settings.
        matrix: the parameter (or input) that its matrix is.
        factors: the parameters in the rate at which a flux moves along another axis.
    """

    name: str
    kind: str
    axis: str
    states: tuple[str, ...]
    gains: Mapping[str, AnyNode]
    everywhere: bool = True
    settings: Mapping[str, float | str] = field(default_factory=dict[str, "float | str"])
    array_axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    matrix: str = ""
    factors: tuple[str, ...] = ()
    doc: str = ""
    span: Span = field(default=NOWHERE, repr=False)


@record(eq=False)
class Observation:
    """What is measured and how it scatters: ``name[axes] ~ distribution``.

    `every` is the interval between observations where the model states it; data may bring their own times.
    """

    name: str
    axes: tuple[str, ...]
    distribution: Distribution
    every: float | None = None
    doc: str = ""
    span: Span = field(default=NOWHERE, repr=False)


@record(eq=False)
class TimeReduction:
    """``max(I for s in time)``: `operand` at all saved times, reduced; the leaf ``over_time`` of this name is that."""

    name: str
    reduction: str
    operand: AnyNode


@record(eq=False)
class Gauge:
    """A scaling that is said to leave the model as it is: each name is multiplied by its power of one number."""

    name: str
    states: Mapping[str, Fraction]
    parameters: Mapping[str, Fraction]
    doc: str = ""
    span: Span = field(default=NOWHERE, repr=False)


TIME_AGO = "time ago"
"""The leaf of a kernel's expression that is the time between then and now."""


@record(eq=False)
class HistorySignal:
    """A value of the past that the model asks for, and that a provider answers.

    The opaque node of this name has as its parts the signal, and the options that are computed.

    Arguments:
        name: the name of the node.
        kind: ``convolve_history``, ``delay`` or ``history``.
        scope: where it was first written, in words.
        axes: the axes of the signal and of the answer, in the order of their shapes.
        text: the signal as it is written.
        texts: the options as they are written, by name.
        settled: the options that are known now: words and numbers; None for those that are computed.
        needed: the options that such a call cannot be without.
        kernel: the kernel of ``convolve_history`` where the model has a function of that name, as an expression of the
            leaf ``time ago``.
    """

    name: str
    kind: str
    scope: str
    axes: tuple[str, ...]
    text: str
    texts: Mapping[str, str]
    settled: Mapping[str, str | float | None]
    needed: tuple[str, ...]
    span: Span = field(default=NOWHERE, repr=False)
    kernel: AnyNode | None = None

    @property
    def call(self) -> str:
        """The call as it is written."""
        options = "".join(f", {name}={text}" for name, text in self.texts.items())
        return f"{self.kind}({self.text}{options})"


@record()
class NotYet:
    """A part of the model that is understood and cannot be run yet."""

    what: str
    name: str
    span: Span


@record(eq=False)
class System:
    """A whole model with one meaning.

    Arguments:
        name, doc, time_unit, time_origin: for people.
        start: the time at which the initial values hold; None where the model leaves it open.
        graph: the nodes of all expressions.
        axes, parameters, inputs, states, aliases, flows, observations, derived: by name, in declared order.
        rates: the time derivative of each state, by state name; its dims are among the state's.
        equations: the states that have an equation of their own (``S' = ...``), and where the first was written.
        independent: the axes along which the model falls apart into blocks; that it does is checked.
        requirements: conditions on parameters that must hold (``require``).
        operators: the operators; `rates` contains what they add.
        local_rates: `rates` without the operators, where there are any.
        time_reductions: reductions over the saved times, used by `derived`.
        gauges: scalings that are said to leave the model as it is, by name.
        shown: states with ends that are held at what changes in time, as they are read.
        kept: values for those who read `meta`, as JSON by name.
        not_yet: what keeps the model from being run.
        history: the values of the past that its expressions ask for, by the name of their nodes.
    """

    name: str
    graph: Graph
    axes: Mapping[str, Axis]
    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    states: Mapping[str, State]
    aliases: Mapping[str, Alias]
    flows: Mapping[str, Flow]
    rates: Mapping[str, AnyNode]
    observations: Mapping[str, Observation]
    derived: Mapping[str, Alias]
    equations: Mapping[str, Span] = field(default_factory=dict[str, Span])
    independent: tuple[str, ...] = ()
    requirements: tuple[AnyNode, ...] = ()
    time_reductions: tuple[TimeReduction, ...] = ()
    gauges: Mapping[str, Gauge] = field(default_factory=dict[str, Gauge])
    shown: Mapping[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    not_yet: tuple[NotYet, ...] = ()
    history: Mapping[str, HistorySignal] = field(default_factory=dict[str, HistorySignal])
    operators: tuple[Operator, ...] = ()
    local_rates: Mapping[str, AnyNode] = field(default_factory=dict[str, AnyNode])
    doc: str = ""
    time_unit: str = ""
    time_origin: str = ""
    start: float | None = None
