"""Sums over products with a difference among the factors, as several sums over products of less.

``sum(W[i, j]*(x[j] - x[i]) for j)`` over N points has N^2 differences; ``sum(W[i, j]*x[j])`` is a matrix product, and
so is ``sum(W[i, j])``, which stands beside ``x[i]``. A sine or cosine of such a difference becomes a difference of
products by the addition theorem, and a condition that does not depend on states moves to the factors that do not. A
term is opened where nothing is left that has all dims but was not there before; and never beside a factor that depends
on the states of both, such as ``1/distance^3``, since where that is large the difference is to keep all its digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opjax.ir.nodes import Along, AnyNode, Apply, Constant, Graph, IntegerPower, Symbol, View
from opjax.ir.types import Dim, Dims
from opjax.passes.factors import Grouping, Term, term_of

MOST_TERMS = 8
FINITE = frozenset(("add", "multiply", "negate", "sin", "cos", "tanh"))
"""Functions that are finite where their arguments are."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens what is summed.

    Arguments:
        grouping: makes products.
        over: the dims that are summed over.
    """

    grouping: Grouping
    over: Dims

    @property
    def graph(self) -> Graph:
        """Where new nodes go."""
        return self.grouping.graph

    def terms(self, body: AnyNode) -> tuple[list[Term], list[AnyNode]] | None:
        """The products that a sum falls apart into, and the terms that stay as they are; None where all do."""
        opened: list[Term] = []
        left: list[AnyNode] = []
        for node, minus in _summands(body):
            found = self.products(node, minus, node is not body)
            if found is None:
                left.append(self.graph.apply("negate", (node,), node.span) if minus else node)
            else:
                opened += found
        return (opened, left) if opened else None

    def products(self, node: AnyNode, minus: bool, summand: bool) -> list[Term] | None:
        """The products that a term of a sum is made of, if it is worth it."""
        whole = term_of(node, minus)
        waiting, done = [self.conditioned(whole) or whole], list[Term]()
        changed = waiting[0] is not whole
        while waiting:
            term = waiting.pop()
            more = self.opened(term)
            if more is None:
                done.append(term)
            else:
                waiting += more
                changed = True
            if len(done) + len(waiting) > MOST_TERMS:
                return None
        worth = changed or (summand and self.is_broadcast(whole))
        dims = frozenset(node.dims) | frozenset(self.over)
        return done[::-1] if worth and all(self.is_slight(term, dims) for term in done) else None

    def is_broadcast(self, term: Term) -> bool:
        """Whether a term is a product over dims that not all of its factors have."""
        with_dims = {node.dims for node, _ in term.factors if node.dims}
        return len(with_dims) > 1 or not any(set(dims) & set(self.over) for dims in with_dims)

    def is_slight(self, term: Term, dims: frozenset[Dim]) -> bool:
        """Whether no product over all dims depends on states, and the sizes are known of those that are missing."""
        inside = [(node, divides) for node, divides in term.factors if set(node.dims) & set(self.over)]
        wide = [factor for factor in inside if dims <= set(factor[0].dims)]
        varying = [divides for node, divides in wide if "state" in node.roles]
        missing = set(self.over) - {dim for node, _ in inside for dim in node.dims}
        alone = not varying or (len(wide) == 1 and not varying[0])
        return alone and all(self.grouping.axes[dim.axis].size for dim in missing)

    # --- differences

    def opened(self, term: Term) -> list[Term] | None:
        """The products of the first factor that is a sum over fewer dims each; None if there is none."""
        for place, (node, divides) in enumerate(term.factors):
            others = (*term.factors[:place], *term.factors[place + 1 :])
            total = None if divides or len(node.dims) < 2 else self.as_sum(node)
            parts = [] if total is None else _summands(total)
            if not parts or not all(_is_outer(part, node.dims) for part, _ in parts):
                continue
            common = set(node.dims).intersection(*(part.dims for part, _ in parts))
            if any(_joins(other, common) for other, _ in others):
                continue
            found = [term_of(part, minus != term.minus) for part, minus in parts]
            return [Term((*others, *one.factors), one.minus) for one in found]
        return None

    def as_sum(self, node: AnyNode) -> AnyNode | None:
        """A sum, or what a sine or cosine of one is by the addition theorem."""
        if not isinstance(node, Apply) or node.function not in ("add", "sin", "cos"):
            return None
        return node if node.function == "add" else self.by_addition(node)

    def by_addition(self, node: Apply) -> AnyNode | None:
        """``sin(a[j] - b[i])`` as ``sin(a[j])*cos(b[i]) - cos(a[j])*sin(b[i])``."""
        angles = self.angles(node.arguments[0])
        if angles is None:
            return None
        (first, first_minus), (second, second_minus) = angles
        sine, cosine, apply = self.of_angle("sin", first), self.of_angle("cos", first), self.graph.apply
        other_sine, other_cosine = self.of_angle("sin", second), self.of_angle("cos", second)
        if node.function == "sin":
            pairs = ((sine, other_cosine, first_minus), (cosine, other_sine, second_minus))
        else:
            pairs = ((cosine, other_cosine, False), (sine, other_sine, first_minus == second_minus))
        products = [(apply("multiply", (one, other), node.span), minus) for one, other, minus in pairs]
        return apply("add", [apply("negate", (p,), node.span) if minus else p for p, minus in products], node.span)

    def angles(self, total: AnyNode) -> list[tuple[AnyNode, bool]] | None:
        """The two parts of a sum over different dims, each with its sign; numbers go to the second."""
        groups: dict[Dims, list[tuple[AnyNode, bool]]] = {}
        for part, minus in _summands(total):
            groups.setdefault(part.dims, []).append((part, minus))
        numbers = groups.pop((), [])
        if len(groups) != 2 or any(dims == total.dims for dims in groups):
            return None
        first, second = groups.values()
        return [self.joined(first), self.joined([*second, *numbers])]

    def joined(self, parts: Sequence[tuple[AnyNode, bool]]) -> tuple[AnyNode, bool]:
        """Terms as one, with the sign of the first."""
        sign = parts[0][1]
        nodes = [self.graph.apply("negate", (n,), n.span) if minus != sign else n for n, minus in parts]
        return (nodes[0] if len(nodes) == 1 else self.graph.apply("add", nodes, nodes[0].span)), sign

    def of_angle(self, function: str, node: AnyNode) -> AnyNode:
        """A function of an angle; of one under other names of dims it is the same function under other names."""
        renamed: list[View] = []
        while isinstance(node, View) and _is_renaming(node):
            renamed.append(node)
            node = node.operand
        made = self.graph.apply(function, (node,), node.span)
        for view in reversed(renamed):
            made = self.graph.view(made, view.selections, view.span)
        return made

    # --- conditions

    def conditioned(self, term: Term) -> Term | None:
        """``(f*x if c else 0)`` as ``(f if c else 0)*x`` where only x depends on states, and is finite as they are."""
        if len(term.factors) != 1:
            return None
        node, _ = term.factors[0]
        if not isinstance(node, Apply) or node.function != "where" or "state" in node.arguments[0].roles:
            return None
        condition, chosen, other = node.arguments
        if not isinstance(other, Constant) or other.value != 0 or "state" not in chosen.roles:
            return None
        inner = term_of(chosen, term.minus)
        moving = [factor for factor in inner.factors if _moves(*factor, chosen.dims)]
        if any(divides for _, divides in moving) or not all(_is_finite(n) for n, _ in moving):
            return None
        fixed = self.grouping.smallest_first(f for f in inner.factors if not _moves(*f, chosen.dims))
        kept = self.graph.apply("where", (condition, fixed, other), node.span)
        return Term(((kept, False), *moving), inner.minus)


def _summands(body: AnyNode) -> list[tuple[AnyNode, bool]]:
    """The terms of a sum, and whether each is subtracted; nested sums are opened."""
    found: list[tuple[AnyNode, bool]] = []
    waiting = [(body, False)]
    while waiting:
        node, minus = waiting.pop()
        if isinstance(node, Apply) and node.function == "add":
            waiting.extend((argument, minus) for argument in reversed(node.arguments))
        elif isinstance(node, Apply) and node.function == "negate":
            waiting.append((node.arguments[0], not minus))
        else:
            found.append((node, minus))
    return found


def _is_outer(part: AnyNode, dims: Dims) -> bool:
    """Whether all factors of a term have fewer dims than the sum."""
    return all(len(node.dims) < len(dims) for node, _ in term_of(part).factors)


def _joins(node: AnyNode, common: set[Dim]) -> bool:
    """Whether a factor is made of states at both of two places."""
    return "state" in node.roles and not _is_leaf(node) and len(set(node.dims) - common) > 1


def _moves(node: AnyNode, divides: bool, dims: Dims) -> bool:
    """Whether a factor leaves a condition: what depends on states, and parameters over fewer dims."""
    return "state" in node.roles or (not divides and _is_leaf(node) and len(node.dims) < len(dims))


def _is_leaf(node: AnyNode) -> bool:
    """Whether a node is given, under whatever names of its dims."""
    while isinstance(node, View):
        node = node.operand
    return isinstance(node, Symbol | Constant)


def _is_renaming(view: View) -> bool:
    """Whether a view reads all of its operand in place, under other names of dims."""
    whole = len(view.dims) == len(view.operand.dims)
    return whole and all(isinstance(s, Along) and not s.offset for s in view.selections)


def _is_finite(node: AnyNode) -> bool:
    """Whether a value is finite wherever the states are."""
    waiting, seen = [node], set[int]()
    while waiting:
        one = waiting.pop()
        if one.number in seen or "state" not in one.roles:
            continue
        seen.add(one.number)
        if isinstance(one, Apply):
            if one.function not in FINITE:
                return False
        elif not (isinstance(one, Symbol | View) or (isinstance(one, IntegerPower) and one.exponent > 0)):
            return False
        waiting.extend(one.operands)
    return True
