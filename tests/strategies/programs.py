"""Random typed programs: a few leaves over three axes, then operations that are valid by construction."""

from __future__ import annotations

from hypothesis import strategies as st

from opjax.ir.nodes import Along, AnyNode, AtPosition, Graph
from opjax.ir.program import Program
from opjax.ir.types import Axis, Dim

AXES = {
    "a": Axis("a", "ordered", labels=("p", "q", "r")),
    "b": Axis("b", "labels", labels=("u", "v")),
    "x": Axis("x", "grid", coordinates=(0.0, 0.5, 1.5, 2.0)),
}
STATES = {"S": ("a",), "T": ("b", "a"), "u": ("x",), "n": ()}
PARAMETERS = {"k": (), "w": ("b",), "M": ("a", "a"), "K": ("x", "b")}
SMOOTH = ("sin", "cos", "sigmoid", "abs", "tanh")
UNARY = ("sin", "cos", "sigmoid", "abs", "negate", "softplus", "step", "floor")
BINARY = ("add", "multiply", "minimum", "maximum", "hypot")
COMPARE = ("less", "greater_equal", "equal", "not_equal")


def leaves(graph: Graph) -> list[AnyNode]:
    """All leaves that programs are made of."""
    return [
        *(graph.symbol("state", name, axes) for name, axes in STATES.items()),
        *(graph.symbol("parameter", name, axes) for name, axes in PARAMETERS.items()),
        graph.symbol("time", "t"),
        graph.symbol("size", "a"),
        graph.symbol("coordinate", "x", ("x",)),
        graph.symbol("position", "a", ("a",)),
        graph.symbol("quadrature", "x", ("x",)),
        graph.constant(0.75),
        graph.constant(-2.0),
    ]


def _views(draw: st.DrawFn, graph: Graph, node: AnyNode) -> AnyNode:
    selections: list[Along | AtPosition] = []
    for dim in node.dims:
        size = AXES[dim.axis].size
        assert size is not None
        choice = draw(st.sampled_from(("same", "prime", "shift", "pick")))
        edge = draw(st.sampled_from(("stay", "absorb", "periodic")))
        if choice == "pick":
            selections.append(AtPosition(draw(st.integers(0, size - 1))))
        elif choice == "shift":
            selections.append(Along(dim, draw(st.integers(-size - 1, size + 1)), edge))
        else:
            selections.append(Along(Dim(dim.axis, 1 - min(dim.primes, 1)) if choice == "prime" else dim))
    return graph.view(node, selections)


def _step(draw: st.DrawFn, graph: Graph, real: list[AnyNode]) -> AnyNode | None:
    pick = st.sampled_from(real)
    kind = draw(
        st.sampled_from(("unary", "binary", "power", "where", "reduce", "view", "place", "product sum", "table"))
    )
    node = draw(pick)
    match kind:
        case "unary":
            return graph.apply(draw(st.sampled_from(UNARY)), (node,))
        case "binary":
            others = draw(st.lists(pick, min_size=1, max_size=3))
            function = draw(st.sampled_from(BINARY))
            return graph.apply(function, (node, *others) if function != "hypot" else (node, others[0]))
        case "power":
            return graph.integer_power(graph.apply("sin", (node,)), draw(st.integers(0, 5)))
        case "where":
            test = graph.apply(draw(st.sampled_from(COMPARE)), (node, draw(pick)))
            if draw(st.booleans()):
                test = graph.apply("logical_not", (test,))
            return graph.apply("where", (test, draw(pick), draw(pick)))
        case "reduce" if node.dims:
            over = draw(st.lists(st.sampled_from(node.dims), min_size=1, unique=True))
            reduction = draw(st.sampled_from(("sum", "prod", "min", "max")))
            return graph.reduce(reduction, graph.apply("sin", (node,)), tuple(over))
        case "product sum":
            factors = (node, *draw(st.lists(pick, min_size=1, max_size=3)))
            product = graph.apply("multiply", factors)
            if product.dims:
                over = draw(st.lists(st.sampled_from(product.dims), min_size=1, unique=True))
                return graph.reduce("sum", product, tuple(over))
        case "view" if node.dims:
            return _views(draw, graph, node)
        case "table":
            along = [dim for dim in node.dims if dim.axis == "x"]
            at = draw(pick)
            if along and along[0] not in at.dims:
                return graph.interpolate(node, along[0], at, draw(st.sampled_from(("linear", "previous", "cubic"))))
        case "place":
            free = [Dim(axis) for axis in AXES if Dim(axis) not in node.dims]
            if free:
                dim = draw(st.sampled_from(free))
                return graph.place(node, dim, draw(st.integers(0, len(AXES[dim.axis].names) - 1)))
        case _:
            pass
    return None


@st.composite
def programs(draw: st.DrawFn, roots: int = 1) -> Program:
    """A program with one root, or up to so many that share what they are made of; values stay of moderate size."""
    graph = Graph()
    real = leaves(graph)
    for _ in range(draw(st.integers(1, 12))):
        node = _step(draw, graph, real)
        if node is not None and len(node.dims) <= 3:
            bounded = graph.apply("sin", (node,)) if draw(st.booleans()) else node
            real.append(bounded)
    found: dict[str, AnyNode] = {}
    for place in range(1 if roots == 1 else draw(st.integers(1, roots))):
        root = draw(st.sampled_from(real[-4:]))
        if len(root.dims) > 0 and draw(st.booleans()) and roots > 1:
            function, other = draw(st.sampled_from(("add", "multiply", "negate", "tanh"))), draw(st.sampled_from(real))
            root = graph.apply(function, (root, other) if function in ("add", "multiply") else (root,))
        over = tuple(d for d in root.dims if d.primes)  # outputs come over declared axes
        found[f"value {place}" if place else "value"] = graph.reduce("sum", root, over)
    return Program(graph, found, AXES, {})
