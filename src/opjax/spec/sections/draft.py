"""The model while its sections are read: what every section's reader gets, and adds to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from opjax.errors import Report, Stop, catalogue, did_you_mean
from opjax.source import DEFAULT_LIMITS, Limits, Span
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, check_size, wrong_value
from opjax.spec.sections.shapes import Record, Shape, choices_of, fits
from opjax.syntax.declarations import (
    AbsenceDeclaration,
    AliasDeclaration,
    AxisDeclaration,
    BoundaryDeclaration,
    DerivativeDeclaration,
    EventDeclaration,
    FunctionDeclaration,
    GaugeDeclaration,
    IndependentAxis,
    InitialDeclaration,
    InputDeclaration,
    Interpolation,
    KeptDeclaration,
    ModelSyntax,
    ObservationDeclaration,
    OperatorDeclaration,
    ParameterDeclaration,
    RequirementDeclaration,
    StateDeclaration,
    TimeDeclaration,
    TransitionDeclaration,
)

_MOST_HINTS = 20
_MOST_LISTED = 40


@dataclass(slots=True)
class TimeTables:
    """How op_system writes tables over time: an axis that stands for time, and names that are indexed by it.

    Arguments:
        axis: the name of the axis.
        is_declared: whether `axes` has it; without it, the name means nothing.
        interpolation: how a table is read between its points.
    """

    axis: str = "time"
    is_declared: bool = False
    interpolation: Interpolation = "linear"


@dataclass(slots=True)
class Draft:
    """The declarations read so far, with the report and the limits.

    Arguments:
        span: the whole document.
        report: receives the problems.
        limits: what is too large.
        kind: the value of `kind`, and where it stands.
        own_form: whether the mapping says that it is opjax's own; op_system's habits are read in others only.
        infers: whether names that are not declared become parameters.
        has_comments: whether the text may have comments; JSON and mappings have none.
        valued: the parameters that are mentioned in `constants` or `priors` first.
        entry_count: how many entries were read.
        hint_count: how many names were suggested; looking for them is slow, so that only the first get one.
        tables: op_system's tables over time.
        pinned: the states that are declared for one cell only, by base name and labels.
        alias_axes: the axes of the aliases that have some.
        label_names: the labels of axes as they stand in names of cells, looked up once.
        constants_told: the names of numbers, such as pi, that a warning was given for.
        stages: the states that chains are made of.
        chained: the flows of op_system's chains, until it is known which of them count.
    """

    span: Span
    report: Report
    limits: Limits = DEFAULT_LIMITS
    own_form: bool = False
    infers: bool = True
    has_comments: bool = False
    entry_count: int = 0
    hint_count: int = 0
    tables: TimeTables = field(default_factory=TimeTables)
    name: str = "Model"
    doc: str = ""
    kind: tuple[str, Node] | None = None
    time: TimeDeclaration | None = None
    axes: list[AxisDeclaration] = field(default_factory=list[AxisDeclaration])
    independent: list[IndependentAxis] = field(default_factory=list[IndependentAxis])
    valued: set[str] = field(default_factory=set[str])
    parameters: dict[str, ParameterDeclaration] = field(default_factory=dict[str, ParameterDeclaration])
    inputs: dict[str, InputDeclaration] = field(default_factory=dict[str, InputDeclaration])
    states: dict[str, StateDeclaration] = field(default_factory=dict[str, StateDeclaration])
    aliases: list[AliasDeclaration | FunctionDeclaration] = field(
        default_factory=list[AliasDeclaration | FunctionDeclaration]
    )
    dynamics: list[TransitionDeclaration | DerivativeDeclaration] = field(
        default_factory=list[TransitionDeclaration | DerivativeDeclaration]
    )
    pinned: dict[tuple[str, tuple[tuple[str, str], ...]], str] = field(
        default_factory=dict[tuple[str, tuple[tuple[str, str], ...]], str]
    )
    alias_axes: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    label_names: dict[str, dict[str, tuple[str | float, ...]]] = field(
        default_factory=dict[str, dict[str, tuple[str | float, ...]]]
    )
    constants_told: set[str] = field(default_factory=set[str])
    stages: set[str] = field(default_factory=set[str])
    chained: list[TransitionDeclaration] = field(default_factory=list[TransitionDeclaration])
    initial: list[InitialDeclaration] = field(default_factory=list[InitialDeclaration])
    events: list[EventDeclaration] = field(default_factory=list[EventDeclaration])
    boundaries: list[BoundaryDeclaration] = field(default_factory=list[BoundaryDeclaration])
    observations: list[ObservationDeclaration] = field(default_factory=list[ObservationDeclaration])
    derived: list[AliasDeclaration] = field(default_factory=list[AliasDeclaration])
    gauges: list[GaugeDeclaration] = field(default_factory=list[GaugeDeclaration])
    requirements: list[RequirementDeclaration] = field(default_factory=list[RequirementDeclaration])
    operators: list[OperatorDeclaration] = field(default_factory=list[OperatorDeclaration])
    absences: list[AbsenceDeclaration] = field(default_factory=list[AbsenceDeclaration])
    kept: list[KeptDeclaration] = field(default_factory=list[KeptDeclaration])

    # --- what was read so far

    def axis(self, name: str) -> AxisDeclaration | None:
        """The axis of a name, if it is declared."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def declares(self, name: str) -> bool:
        """Whether a name was declared so far."""
        known = name in self.states or name in self.parameters or name in self.inputs or self.axis(name) is not None
        return known or any(row.name == name for row in self.aliases)

    def model(self) -> ModelSyntax:
        """The model as far as it was read."""
        return ModelSyntax(
            name=self.name,
            time=self.time,
            axes=tuple(self.axes),
            independent=tuple(self.independent),
            parameters=tuple(self.parameters.values()),
            inputs=tuple(self.inputs.values()),
            states=tuple(self.states.values()),
            aliases=tuple(self.aliases),
            dynamics=tuple(self.dynamics),
            initial=tuple(self.initial),
            events=tuple(self.events),
            boundaries=tuple(self.boundaries),
            observations=tuple(self.observations),
            derived=tuple(self.derived),
            requirements=tuple(self.requirements),
            operators=tuple(self.operators),
            absences=tuple(self.absences),
            gauges=tuple(self.gauges),
            kept=tuple(self.kept),
            doc=self.doc,
            span=self.span,
        )

    # --- looking at nodes

    def fits(self, node: Node, shape: Shape, path: str) -> bool:
        """Whether a node is what a shape wants; reported if not."""
        if fits(node, shape):
            return True
        wrong_value(self.report, node, f"'{path}'", shape.expected, hint=self.choice_hint(node, shape))
        return False

    def choice_hint(self, node: Node, shape: Shape) -> str:
        """The word that was probably meant, where only some words are taken."""
        choices = choices_of(shape)
        self.hint_count += 1
        if not isinstance(node, ScalarNode) or not choices or self.hint_count > _MOST_HINTS:
            return ""
        return did_you_mean(node.text, choices)

    def must_fit(self, node: Node, shape: Shape, path: str) -> None:
        """Stop, with a report, where a node is not what a shape wants."""
        if not self.fits(node, shape, path):
            raise Stop

    def fields(self, node: Node, record: Record, path: str) -> dict[str, Node]:
        """The values of a record by key: those that fit. Unknown keys and values that do not fit are reported.

        Raises:
            Stop: when a required key is missing or wrong.
        """
        self.must_fit(node, record, path)
        found: dict[str, Node] = {}
        for entry in node.entries if isinstance(node, MappingNode) else ():
            name = entry.key.text
            shape = record.fields.get(name)
            if shape is None:
                self.unknown_key(entry.key, tuple(record.fields), f"'{path}'")
            elif fits(entry.value, shape) or self.fits(entry.value, shape, f"{path}.{name}"):  # the second says why
                found[name] = entry.value
        self.require(node, record, found, path)
        return found

    def require(self, node: Node, record: Record, found: dict[str, Node], path: str) -> None:
        """Stop where a required key of a record was not found (or does not fit, which is reported already)."""
        absent = [name for name in record.required if name not in found]
        if not absent:
            return
        written = {entry.key.text for entry in node.entries} if isinstance(node, MappingNode) else set[str]()
        for name in absent:
            if name not in written:
                self.missing(node, path, name)
        raise Stop

    def missing(self, node: Node, path: str, name: str, hint: str = "") -> Stop:
        """Report a key that must stand there, unless its value was; ``raise`` the result to leave the entry."""
        if self.report.errors and isinstance(node, MappingNode) and node.get(name) is not None:
            return Stop()
        where = f"'{path}'" if path else "a model"
        return self.report.stop(catalogue.MISSING_KEY, node.span, where=where, name=name, hint=hint)

    def unknown_key(self, key: ScalarNode, known: tuple[str, ...], where: str) -> None:
        """Report a key that nobody knows."""
        self.hint_count += 1
        listed = "the keys are " + ", ".join(known[:_MOST_LISTED])
        hint = did_you_mean(key.text, known, listed) if self.hint_count <= _MOST_HINTS else listed
        self.report.add(catalogue.UNKNOWN_KEY, key.span, name=key.text, where=where, hint=hint)

    def entries(self, node: Node, path: str) -> Iterator[Entry]:
        """The entries of a mapping, or of a list of mappings with one entry each."""
        if isinstance(node, MappingNode):
            yield from node.entries
        for number, item in enumerate(node.items if isinstance(node, SequenceNode) else ()):
            if isinstance(item, MappingNode) and len(item.entries) == 1:
                yield item.entries[0]
            else:
                wrong_value(self.report, item, f"'{path}[{number}]'", "a name with its value")

    def count(self, node: Node) -> None:
        """Stop the section where there are too many entries; it is reported once."""
        self.entry_count += 1
        if self.entry_count <= self.limits.declarations:
            return
        if self.entry_count > self.limits.declarations + 1:
            raise Stop
        found = ("the number of declarations", self.entry_count)
        check_size(self.report, node.span, found, ("declarations", self.limits.declarations))

    def each(self, node: Node, path: str, read: Callable[[Entry, str], object]) -> None:
        """Read every entry of a mapping; a problem ends the entry that has it."""
        for entry in self.entries(node, path):
            self.count(entry.key)
            try:
                read(entry, f"{path}.{entry.key.text}")
            except Stop:
                continue

    def every(self, node: Node, path: str, read: Callable[[Node, str], object]) -> None:
        """Read every item of a list; a problem ends the item that has it."""
        for number, item in enumerate(node.items if isinstance(node, SequenceNode) else ()):
            self.count(item)
            try:
                read(item, f"{path}[{number}]")
            except Stop:
                continue
