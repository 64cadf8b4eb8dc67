"""What the reactions of a model conserve: integer combinations of the states that change by sources and sinks alone.

With n the net effect of a reaction on the totals of the states, a law is a vector c with c.n = 0 for every reaction
that has both reactants and products. Then d(c.y)/dt is the sum of c.n times the propensity over the open reactions.
The laws are a basis of these vectors, found by elimination in rational numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from opjax.compile.described import Described
from opjax.compile.metadata import AxisMeta, StateMeta
from opjax.compile.reactions import Change, CompiledReaction, ReactionGap
from opjax.ir.nodes import Along

ASSUMPTIONS = (
    "Nothing but the reactions changes the states: no events, no clipping, no projection by a solver.",
    "Every cell of a state counts alike; states that are added have compatible units.",
    "A law is about the sum of numbers, not about the mass of a density or the error of an integrator.",
)
Row = dict[str, Fraction]


@dataclass(frozen=True, slots=True)
class ReactionBalanceSource:
    """An open reaction in a law: `coefficient` times its whole propensity (less than zero for a sink)."""

    reaction_name: str
    coefficient: int
    target_state: str


@dataclass(frozen=True, slots=True)
class ReactionBalanceLaw:
    """``d(coefficients @ y)/dt`` is what the sources say; 0 where there are none."""

    name: str
    coefficients: tuple[int, ...]
    reaction_names: tuple[str, ...]
    sources: tuple[ReactionBalanceSource, ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    origin: str = "compiled_stoichiometry"


@dataclass(frozen=True, slots=True)
class BalanceCoverageGap:
    """Why there are no laws."""

    origin: str
    reason: str
    name: str | None = None
    reaction_gap: ReactionGap | None = None


@dataclass(frozen=True, slots=True)
class ReactionBalanceReport:
    """What the reactions of a model conserve.

    Arguments:
        state_names: the elements of the flat vector, in whose order the coefficients stand.
        laws: the conserved combinations; none where there is a gap.
        coverage_gaps: dynamics that the reactions do not say.
        state_meta, axis_meta: what the model says about states and axes.
        assumptions: what a law takes for granted.
        scope: ``scalar_unit_transfers`` or ``integer_stoichiometry``.
    """

    state_names: tuple[str, ...]
    laws: tuple[ReactionBalanceLaw, ...]
    coverage_gaps: tuple[BalanceCoverageGap, ...]
    state_meta: tuple[tuple[str, StateMeta], ...]
    axis_meta: tuple[tuple[str, AxisMeta], ...]
    assumptions: tuple[str, ...] = ASSUMPTIONS
    scope: str = "integer_stoichiometry"


def reaction_balances(compiled: Described) -> ReactionBalanceReport:
    """What the reactions of a compiled model conserve.

    Arguments:
        compiled: a compiled right-hand side.

    Returns:
        One law for each independent combination of states; none where equations change the states as well.

    Example:
        >>> import opjax
        >>> rhs = opjax.compile_rhs('''
        ... model Dimer:
        ...   params:
        ...     k
        ...   states: A, B
        ...   dynamics:
        ...     2 A -> B @ k
        ... ''')
        >>> [law.coefficients for law in reaction_balances(rhs).laws]
        [(1, 2)]
    """
    gaps = tuple(_gaps(compiled))
    shapes = compiled.template_shapes
    is_plain = not any(shapes.values()) and all(r.is_unit_transfer for r in compiled.reactions)
    return ReactionBalanceReport(
        compiled.state_names,
        () if gaps else tuple(_laws(compiled)),
        gaps,
        tuple(compiled.state_meta.items()),
        tuple(compiled.axis_meta.items()),
        scope="scalar_unit_transfers" if is_plain else "integer_stoichiometry",
    )


def _gaps(compiled: Described) -> Iterable[BalanceCoverageGap]:
    for gap in compiled.reaction_gaps:
        if gap.reason != "not_a_unit_transfer":  # `changes` says those
            yield BalanceCoverageGap(gap.origin, gap.reason, gap.name, gap)
    for place, reaction in enumerate(compiled.reactions):
        if reaction.changes and any(_leaves(change) for change in reaction.changes):
            yield BalanceCoverageGap(f"reactions[{place}]", "leaves_over_an_edge", reaction.name)


def _leaves(change: Change) -> bool:
    """Whether a shifted target may lie beyond the end of its axis, where nothing arrives."""
    return any(isinstance(s, Along) and s.offset and s.edge == "absorb" for s in change.selections)


def _laws(compiled: Described) -> Iterable[ReactionBalanceLaw]:
    states = tuple(compiled.template_shapes)
    names = tuple(reaction.name for reaction in compiled.reactions)
    known = _Elimination(states)
    for reaction in compiled.reactions:
        if not _is_open(reaction):
            known.require(_net(reaction))
    for place, weights in enumerate(known.solutions()):
        coefficients: list[int] = []
        for state, shape in compiled.template_shapes.items():
            coefficients.extend([weights.get(state, 0)] * math.prod(shape))
        sources = tuple(_sources(compiled.reactions, weights))
        yield ReactionBalanceLaw(f"component:{place}", tuple(coefficients), names, sources)


def _is_open(reaction: CompiledReaction) -> bool:
    """Whether a reaction only makes, or only takes away."""
    return reaction.from_base is None or reaction.to_base is None


def _net(reaction: CompiledReaction) -> dict[str, int]:
    """The net effect of one firing on the total of each state."""
    net: dict[str, int] = {}
    for change in reaction.changes:
        net[change.state_base] = net.get(change.state_base, 0) + change.count
    return net


def _sources(reactions: tuple[CompiledReaction, ...], weights: Mapping[str, int]) -> Iterable[ReactionBalanceSource]:
    for reaction in reactions:
        total = sum(weights.get(state, 0) * count for state, count in _net(reaction).items())
        if total:
            yield ReactionBalanceSource(reaction.name, total, reaction.to_base or reaction.from_base or "")


@dataclass(slots=True)
class _Elimination:
    """Solves homogeneous equations: every state is free, or a combination of free ones.

    Arguments:
        states: the unknowns, in order.
        bound: the bound ones by name, as combinations of free ones.
        mentions: for each free one the bound ones that contain it.
    """

    states: tuple[str, ...]
    bound: dict[str, Row] = field(default_factory=dict[str, Row])
    mentions: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def require(self, equation: Mapping[str, int]) -> None:
        """One more equation: the sum of the coefficients times the unknowns is 0."""
        row: Row = {}
        for state, count in equation.items():
            for free, weight in self.bound.get(state, {state: Fraction(1)}).items():
                row[free] = row.get(free, Fraction(0)) + count * weight
        row = {free: weight for free, weight in row.items() if weight}
        if row:
            self._bind(min(_alone(row) or row, key=lambda free: len(self.mentions.get(free, ()))), row)

    def _bind(self, chosen: str, row: Row) -> None:
        """Say one unknown by the others, and put that in wherever it stands; the one that stands nearly nowhere."""
        factor = -row.pop(chosen)
        said = {free: weight / factor for free, weight in row.items()}
        for name in (*self.mentions.pop(chosen, ()), chosen):
            own = self.bound.setdefault(name, {chosen: Fraction(1)})
            times = own.pop(chosen)
            for free, weight in said.items():
                own[free] = own.get(free, Fraction(0)) + times * weight
                self.mentions.setdefault(free, set()).add(name)
            for free in [free for free, weight in own.items() if not weight]:
                del own[free]
                self.mentions[free].discard(name)

    def solutions(self) -> list[dict[str, int]]:
        """A basis of the solutions in whole numbers, in the order of the states."""
        order = {state: place for place, state in enumerate(self.states)}
        found: list[dict[str, int]] = []
        for free in self.states:
            if free not in self.bound:
                weights = {free: Fraction(1)} | {n: self.bound[n][free] for n in self.mentions.get(free, ())}
                found.append(_whole({name: weights[name] for name in sorted(weights, key=order.__getitem__)}))
        return sorted(found, key=lambda weights: order[next(iter(weights))])


def _alone(row: Row) -> list[str]:
    """The unknowns that are alone on their side of an equation, so that the others say them without a minus."""
    sides = [[free for free, weight in row.items() if (weight > 0) is positive] for positive in (True, False)]
    return [side[0] for side in sides if len(side) == 1]


def _whole(weights: Row) -> dict[str, int]:
    """The same direction in whole numbers without a common factor, the first more than 0."""
    scale = math.lcm(*(weight.denominator for weight in weights.values()))
    numbers = [int(weight * scale) for weight in weights.values()]
    divisor = math.gcd(*numbers) * (1 if numbers[0] > 0 else -1)
    return {name: number // divisor for name, number in zip(weights, numbers, strict=True)}
