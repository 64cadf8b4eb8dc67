"""Fluxes: of several differences between neighbours the sum is one difference, between what flows in and out.

``k*(d[x] - d[x-1]) + b*(d[x]^3 - d[x-1]^3)`` is ``f[x] - f[x-1]`` with ``f[x] = k*d[x] + b*d[x]^3``, which neighbours
share: four operations for each point in place of five, and two less for each further difference.

Law: a sum is taken in another order. While nothing overflows, one of n differences differs by at most 2*n + 4 units in
the last place of the sum of the absolute values of what is subtracted.
Benchmark: springs in `benchmarks/time_passes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opjax.ir.nodes import AnyNode, Apply, Graph, View
from opjax.ir.program import Program, copy_node, is_negated, rebuild
from opjax.ir.types import Dim
from opjax.passes.faces import Faces, moved


def fluxes(program: Program) -> Program:
    """The same values with sums of differences between neighbours as one difference."""
    if View not in program.kinds:
        return program
    for dim in moved(program):
        faces = Faces.along(program, dim)
        program = _along(program, dim, faces) if faces.groups else program
    return program


@dataclass(frozen=True, slots=True)
class _Difference:
    """A number, if there is one, times a value minus another, which is read before it.

    Arguments:
        number: what the difference is multiplied with.
        minus: whether the difference has a minus sign.
        one: the value.
        other: what is subtracted of it.
        places: which terms of the sum it is.
    """

    number: AnyNode | None
    minus: bool
    one: AnyNode
    other: AnyNode
    places: tuple[int, ...]

    def of(self, graph: Graph, value: AnyNode) -> AnyNode:
        """The number times a value, with the sign."""
        if self.number is None:
            return graph.apply("negate", (value,)) if self.minus else value
        number = graph.apply("negate", (self.number,)) if self.minus else self.number
        return graph.apply("multiply", (number, value))


def _along(program: Program, dim: Dim, faces: Faces) -> Program:
    """The program with differences between neighbours along one dim as one."""
    uses = program.uses
    found: dict[int, list[_Difference]] = {}
    for node in program.arrays:
        if isinstance(node, Apply) and node.function == "add" and dim in node.dims:
            together = _together(_differences(node, faces, uses), faces)
            if len(together) > 1:
                found[node.number] = together

    def rule(graph: Graph, node: AnyNode, operands: tuple[AnyNode, ...]) -> AnyNode:
        if node.number not in found or operands != node.operands:
            return copy_node(graph, node, operands)
        return _joined(graph, node, found[node.number])

    return rebuild(program, rule, lambda node: node.number in found)


def _differences(node: AnyNode, faces: Faces, uses: Mapping[int, int]) -> list[_Difference]:
    """The terms of a sum that are differences of what faces share."""
    found: list[_Difference] = []
    signs = [_without_sign(term) for term in node.operands]
    left = {inner.number: at for at, (inner, minus) in enumerate(signs) if minus}
    for at, (inner, minus) in enumerate(signs):
        pair = None if minus else next((n for n in left if _is_pair(inner, signs[left[n]][0], faces)), None)
        inside = _product(inner, uses) if uses[inner.number] == 1 else None
        if pair is not None:
            places = at, left.pop(pair)
            number, one, other = None, inner, signs[places[1]][0]
        elif inside is not None:
            places, number, one, other = (at,), *inside
        else:
            continue
        if _is_pair(one, other, faces):
            turned = faces.of[one.number][1] < faces.of[other.number][1]
            pair = (other, one) if turned else (one, other)
            found.append(_Difference(number, minus != turned, *pair, places))
    return found


def _product(node: AnyNode, uses: Mapping[int, int]) -> tuple[AnyNode, AnyNode, AnyNode] | None:
    """A number, and the two values whose difference it is multiplied with."""
    if not isinstance(node, Apply) or node.function != "multiply" or len(node.operands) != 2:
        return None
    number, inner = sorted(node.operands, key=lambda operand: bool(operand.dims))
    if number.dims or not isinstance(inner, Apply) or inner.function != "add" or len(inner.operands) != 2:
        return None
    (one, minus), (other, other_minus) = (_without_sign(term) for term in inner.operands)
    if minus == other_minus or uses[inner.number] > 1:
        return None
    return (number, other, one) if minus else (number, one, other)


def _without_sign(node: AnyNode) -> tuple[AnyNode, bool]:
    minus = is_negated(node)
    return (node.operands[0], True) if minus else (node, False)


def _is_pair(one: AnyNode, other: AnyNode, faces: Faces) -> bool:
    """Whether two values are alike, and computed together."""
    form, other_form = (faces.of.get(node.number, (-1, 0)) for node in (one, other))
    return form[0] == other_form[0] and form[1] != other_form[1] and form[0] in faces.groups


def _together(differences: Sequence[_Difference], faces: Faces) -> list[_Difference]:
    """Those of most that are between the same places."""
    groups: dict[tuple[int, int], list[_Difference]] = {(0, 0): []}
    for one in differences:
        groups.setdefault((faces.of[one.one.number][1], faces.of[one.other.number][1]), []).append(one)
    return max(groups.values(), key=len)


def _joined(graph: Graph, node: AnyNode, differences: Sequence[_Difference]) -> AnyNode:
    """The sum with one difference, where the first of these was."""
    taken = {place for one in differences for place in one.places}
    rest = [operand for at, operand in enumerate(node.operands) if at not in taken]
    first = sum(at not in taken for at in range(min(taken)))

    def flux(values: Sequence[AnyNode]) -> AnyNode:
        pairs = zip(differences, values, strict=True)
        return graph.apply("add", [difference.of(graph, value) for difference, value in pairs])

    one, other = flux([d.one for d in differences]), flux([d.other for d in differences])
    return graph.apply("add", (*rest[:first], one, graph.apply("negate", (other,)), *rest[first:]), node.span)
