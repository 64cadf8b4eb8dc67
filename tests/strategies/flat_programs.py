"""Random programs of many scalar equations of few shapes, as flat models and reaction networks are."""

from __future__ import annotations

from hypothesis import strategies as st

from opjax.ir.nodes import AnyNode, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis

AXES = {"b": Axis("b", "labels", labels=("u", "v"))}
STATES = tuple(f"x{i}" for i in range(12))
PARAMETERS = tuple(f"k{i}" for i in range(6))


def _term(draw: st.DrawFn, graph: Graph, pool: list[AnyNode], form: int) -> AnyNode:
    a, b, c = (draw(st.sampled_from(pool)) for _ in range(3))
    number = graph.constant(draw(st.sampled_from((0.5, 1.5, -2.0))))
    match form:
        case 0:
            return graph.apply("multiply", (a, b))
        case 1:
            return graph.apply("multiply", (number, graph.apply("sin", (a,)), b))
        case 2:
            test = graph.apply("less", (a, b))
            return graph.apply("where", (test, graph.apply("sin", (c,)), number))
        case 3:
            below = graph.apply("add", (graph.constant(2.0), graph.integer_power(graph.apply("sin", (b,)), 2)))
            return graph.apply("divide", (a, below))
        case 4:
            exponent = graph.constant(draw(st.sampled_from((0.5, 1.25, 2.5))))
            return graph.apply("pow", (graph.apply("abs", (a,)), exponent))
        case 5:
            test = graph.apply("less", (a, graph.constant(draw(st.sampled_from((-0.5, 0.0, 0.75))))))
            return graph.apply("where", (test, b, number))
        case _:
            return graph.apply("tanh", (graph.apply("add", _terms(draw, graph, pool)),))


def _terms(draw: st.DrawFn, graph: Graph, pool: list[AnyNode]) -> list[AnyNode]:
    """The terms of a sum inside something else: many or few, and some of them in other sums too."""
    terms: list[AnyNode] = []
    for _ in range(draw(st.integers(2, 7))):
        leaf = draw(st.sampled_from(pool))
        weight = draw(st.sampled_from((None, 0.5, -2.0, 3.0)))
        terms.append(leaf if weight is None else graph.apply("multiply", (graph.constant(weight), leaf)))
    return terms


def _flow(draw: st.DrawFn, graph: Graph, flows: list[AnyNode]) -> AnyNode:
    flow = draw(st.sampled_from(flows))
    return graph.apply("negate", (flow,)) if draw(st.booleans()) else flow


@st.composite
def flat_programs(draw: st.DrawFn) -> Program:
    """A program with one scalar root for each state, and perhaps an array root between them."""
    graph = Graph()
    leaves = [graph.symbol("state", name) for name in STATES]
    leaves += [graph.symbol("parameter", name) for name in PARAMETERS]
    array = graph.symbol("parameter", "w", ("b",))
    leaves += [graph.symbol("time", "t"), graph.reduce("sum", array, array.dims)]
    flows: list[AnyNode] = []
    for _ in range(draw(st.integers(4, 14))):
        pool = [*leaves, *flows[-2:]] if draw(st.booleans()) else leaves
        flows.append(_term(draw, graph, pool, draw(st.integers(0, 7))))
    roots: dict[str, AnyNode] = {}
    for name in STATES:
        terms = [_flow(draw, graph, flows) for _ in range(draw(st.integers(1, 4)))]
        if draw(st.booleans()):
            terms.append(draw(st.sampled_from(leaves)))
        total = graph.apply("add", terms) if len(terms) > 1 else terms[0]
        roots[name] = graph.apply("tanh", (total,)) if draw(st.booleans()) else total
        if name == "x5" and draw(st.booleans()):
            roots["v"] = graph.apply("multiply", (array, total))
    return Program(graph, roots, AXES, {})
