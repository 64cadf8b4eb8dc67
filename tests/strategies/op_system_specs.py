"""Random specifications in op_system's form that mean something: both kinds, with axes, reducers, routing, chains.

What is drawn compiles in op_system, but for a few patterns that its vectoriser does not know; a test leaves those out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

AXES: dict[str, dict[str, Any]] = {
    "age": {"name": "age", "coords": ["young", "mid", "old"]},
    "vax": {"name": "vax", "type": "categorical", "coords": ["u", "v"]},
    "imm": {"name": "imm", "type": "ordinal", "coords": ["x0", "x1", "x2", "x3"]},
    "x": {"name": "x", "type": "continuous", "coords": [0.0, 0.5, 2.0, 3.0]},
    "z": {"name": "z", "type": "continuous", "domain": {"lb": 1.0, "ub": 8.0}, "size": 4, "spacing": "log"},
}
LABELS: dict[str, list[str]] = {name: axis["coords"] for name, axis in AXES.items() if name in ("age", "vax", "imm")}
FILTERS = {
    "age": ["[young, old]", "[mid]"],
    "vax": ["[v]"],
    "imm": ["[x1, x3]", "[x0, x1]"],
    "x": ["[0.5, 3.0]", "[0.0, 2.0]"],
    "z": [],
}


def named(name: str, axes: tuple[str, ...]) -> str:
    """``S[age, vax]``."""
    return f"{name}[{', '.join(axes)}]" if axes else name


@dataclass
class Writer:
    """Writes expressions over the states of one specification.

    Arguments:
        draw: Hypothesis's.
        states: the axes of each state.
        aliases: the axes of each alias that may be used.
        bound: how many names are bound so far.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    states: dict[str, tuple[str, ...]]
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bound: int = 0

    def expression(self, axes: tuple[str, ...], depth: int = 2) -> str:
        """A sum of products that may have these axes."""
        terms = [self.term(axes, depth) for _ in range(self.draw(st.integers(1, 3)))]
        text = terms[0]
        for term in terms[1:]:
            text += self.draw(st.sampled_from([" + ", " - "])) + term
        return text

    def term(self, axes: tuple[str, ...], depth: int) -> str:
        """A product."""
        factors = [self.factor(axes, depth) for _ in range(self.draw(st.integers(1, 3)))]
        if self.draw(st.booleans()):
            factors.append(self.draw(st.sampled_from(["0.5", "2", "1e-1", "t"])))
        text = "*".join(factors)
        return f"{text}/{self.draw(st.sampled_from(['k9', '(1 + k8)']))}" if self.draw(st.integers(0, 4)) == 0 else text

    def factor(self, axes: tuple[str, ...], depth: int) -> str:
        """A parameter, a state, an alias or a reducer."""
        kinds = ["number", "parameter", "state", "power"]
        kinds += ["reducer", "matrix"] if depth and axes else ["reducer"] if depth else []
        kinds += ["alias"] if self.aliases else []
        match self.draw(st.sampled_from(kinds)):
            case "number":
                return self.draw(st.sampled_from(["k0", "k1"]))
            case "parameter":
                own = self.draw(st.permutations(axes))[: self.draw(st.integers(0, len(axes)))]
                return named("p" + "".join(f"_{axis}" for axis in own), tuple(own))
            case "power":
                return f"({self.factor(axes, 0)})**2"
            case "alias":
                return self.one_of(self.aliases, axes)
            case "reducer":
                return self.reducer(axes, depth)
            case "matrix":
                return self.matrix(axes)
            case _:
                return self.one_of(self.states, axes)

    def one_of(self, known: dict[str, tuple[str, ...]], axes: tuple[str, ...]) -> str:
        """A name whose axes are among these; else a number."""
        fitting = [named(name, own) for name, own in known.items() if set(own) <= set(axes)]
        return self.draw(st.sampled_from(fitting)) if fitting else "k2"

    def name(self) -> str:
        """A name that is bound nowhere else."""
        self.bound += 1
        return f"b{self.bound}"

    def reducer(self, axes: tuple[str, ...], depth: int) -> str:
        """A state summed or integrated over the axes that are not free here."""
        state = self.draw(st.sampled_from(sorted(self.states)))
        own = self.states[state]
        if not own:
            return state
        free = set(self.draw(st.permutations([axis for axis in own if axis in axes]))[: self.draw(st.integers(0, 1))])
        over = [axis for axis in own if axis not in free]
        if not over:
            return named(state, own)
        names = {axis: self.name() for axis in over}
        body = f"{state}[{', '.join(f'{axis}:{names[axis]}' if axis in names else axis for axis in own)}]"
        if self.draw(st.booleans()):
            body += f"*w_{over[0]}[{over[0]}:{names[over[0]]}]"
        return self.reduced(body, names)

    def reduced(self, body: str, names: dict[str, str]) -> str:
        """The body under reducers: one for the axes with labels, one for each continuous axis."""
        discrete = {axis: name for axis, name in names.items() if axis in LABELS}
        for axis, name in names.items():
            if axis not in LABELS:
                word = self.draw(st.sampled_from(["integrate_over", "apply_along"]))
                body = f"{word}({body}, {axis}={name}{self.filtered(axis)})"
        if not discrete:
            return body
        bindings = ", ".join(f"{axis}={name}{self.filtered(axis)}" for axis, name in discrete.items())
        return f"{self.draw(st.sampled_from(['sum_over', 'apply_along']))}({body}, {bindings})"

    def filtered(self, axis: str) -> str:
        """Sometimes a filter."""
        choices = FILTERS[axis]
        return f" in {self.draw(st.sampled_from(choices))}" if choices and self.draw(st.integers(0, 3)) == 0 else ""

    def matrix(self, axes: tuple[str, ...]) -> str:
        """A kernel over one of the axes: ``sum_over(C[age, age:b]*I[age:b, vax], age=b)``."""
        axis = self.draw(st.sampled_from(axes))
        fitting = [name for name, own in self.states.items() if axis in own and set(own) <= set(axes)]
        if not fitting:
            return "k3"
        state, name = self.draw(st.sampled_from(fitting)), self.name()
        body = ", ".join(f"{axis}:{name}" if own == axis else own for own in self.states[state])
        return self.reduced(f"C_{axis}[{axis}, {axis}:{name}]*{state}[{body}]", {axis: name})


axis_lists = st.lists(st.sampled_from(list(AXES)), max_size=2, unique=True).map(tuple)


def _axes(*lists: tuple[str, ...]) -> list[dict[str, Any]]:
    return [dict(AXES[name]) for name in AXES if any(name in found for found in lists)]


@st.composite
def expr_specs(draw: st.DrawFn) -> dict[str, Any]:
    """Specifications of equations."""
    states = {name: draw(axis_lists) for name in ["S", "I", "R_0"][: draw(st.integers(1, 3))]}
    writer = Writer(draw, states)
    aliases: dict[str, str] = {}
    for name in ["foi", "N"][: draw(st.integers(0, 2))]:
        axes = draw(st.sampled_from([(), *dict.fromkeys(states.values())]))
        aliases[named(name, axes)] = writer.expression(axes, 1)
        writer.aliases[name] = axes
    if draw(st.booleans()):
        aliases["total"] = "sum_state()"
        writer.aliases["total"] = ()
    equations = {named(name, axes): writer.expression(axes) for name, axes in states.items()}
    spec: dict[str, Any] = {"kind": "expr", "state": [named(*row) for row in states.items()], "equations": equations}
    # every axis, because parameters and reducers may use more than the states do
    return spec | ({"aliases": aliases} if aliases else {}) | {"axes": _axes(tuple(AXES))}


@st.composite
def transition_specs(draw: st.DrawFn) -> dict[str, Any]:
    """Specifications of transitions: plain, pinned, routed, shifted, dropped axes, inflow, chains."""
    axes = draw(st.lists(st.sampled_from(list(LABELS)), min_size=1, max_size=2, unique=True).map(tuple))
    first = axes[0]
    states = {"S": axes, "I": axes, "D": axes[1:], "F": ()}
    writer = Writer(draw, states)
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        row = _transition(draw, writer, axes)
        rows.append({"name": f"t{number}", **row} if draw(st.booleans()) else row)
    if draw(st.booleans()):
        step = draw(st.sampled_from([1, -1]))
        shift = {"axis": first, "step": step, "boundary": draw(st.sampled_from(["absorb", "stay"]))}
        rows.append({"name": "moved", "coord_shift": shift, "rate": f"r_{first}[{first}]", "apply_to": ["S", "I"]})
    if draw(st.booleans()):
        low, high = LABELS[first][:2]
        rows.append({"coord_shift": {first: f"{low} -> {high}"}, "rate": "k4", "apply_to": ["I"]})
    spec: dict[str, Any] = {"kind": "transitions", "axes": _axes(tuple(AXES)), "transitions": rows}
    if draw(st.booleans()):
        spec["chain"] = [_chain(draw, axes)]
    return spec | {"state": [named(*row) for row in states.items()]}


def _chain(draw: st.DrawFn, axes: tuple[str, ...]) -> dict[str, Any]:
    length = draw(st.integers(2, 4))
    forward: Any = draw(st.sampled_from(["g", 0.25, named("g_" + axes[0], axes[:1])]))
    if draw(st.booleans()):
        forward = [forward] * (length - 1)
    chain = {"name": named("E", axes), "length": length, "forward": forward}
    if draw(st.booleans()):
        chain["entry"] = {"from": named("S", axes), "rate": "k5"}
    if draw(st.booleans()):
        chain["exit"] = {"to": named("I", axes), "rate": 2}
    return chain


def _transition(draw: st.DrawFn, writer: Writer, axes: tuple[str, ...]) -> dict[str, Any]:
    first, rest = axes[0], axes[1:]
    label, other = LABELS[first][:2]
    tail = "".join(f", {axis}" for axis in rest)
    match draw(st.sampled_from(["plain", "inflow", "pinned", "drop", "all", "route", "fan", "births"])):
        case "plain":
            return {"from": named("S", axes), "to": named("I", axes), "rate": writer.expression(axes, 1)}
        case "inflow":
            return {"to": named("S", axes), "rate": writer.expression(axes, 1)}
        case "pinned":
            return {"from": f"S[{first}={label}{tail}]", "to": f"S[{first}={other}{tail}]", "rate": "k6"}
        case "drop":
            return {"from": named("I", axes), "to": named("D", rest), "rate": writer.expression(axes, 0)}
        case "all":
            return {"from": named("I", axes), "to": "F", "rate": f"p_{first}[{first}]"}
        case "route":
            rate = f"k7*G_{first}[{first}:i, {first}:j]"
            return {"from": f"I[{first}:i{tail}]", "to": f"I[{first}:j{tail}]", "rate": rate}
        case "fan":
            return {"from": named("D", rest), "to": f"S[{first}:j{tail}]", "rate": f"k7*f_{first}[{first}:j]"}
        case _:
            rate = f"sum_over(B_{first}[{first}:a]*S[{first}:a{tail}], {first}=a)"
            return {"to": f"S[{first}={label}{tail}]", "rate": rate}


# --- models without axes, where op_system has functions

_UNARY = ["abs", "exp", "expm1", "log1p", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "log", "log2", "log10"]
_BINARY = ["maximum", "minimum", "hypot", "arctan2"]
_flat_atoms = st.sampled_from(
    ["S", "I", "R", "k0", "k1", "t", "0.5", "2", "1e-1", "N", "sum_state()", "sum_prefix('I')"]
)
_comparisons = st.sampled_from(["<", "<=", ">", ">=", "!="])


def _operations(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def infix(sign: str) -> st.SearchStrategy[str]:
        return st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {sign} {pair[1]})")

    test = st.tuples(inner, _comparisons, inner).map(" ".join)
    return st.one_of(
        infix("+"),
        infix("*"),
        infix("-"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]}/(1 + {pair[1]}**2)"),
        st.tuples(st.sampled_from(_UNARY), inner).map(lambda pair: f"np.{pair[0]}(np.clip(S*{pair[1]}, 0.1, 3))"),
        st.tuples(st.sampled_from(_BINARY), inner, inner).map(lambda row: f"np.{row[0]}({row[1]}*I, {row[2]})"),
        st.tuples(test, inner, inner).map(lambda row: f"np.where({row[0]}, {row[1]}, {row[2]})"),
        st.tuples(inner, test, inner).map(lambda row: f"({row[0]} if {row[1]} else {row[2]})"),
        st.tuples(inner, test, test, inner).map(lambda row: f"({row[0]} if {row[1]} and {row[2]} else {row[3]})"),
        st.tuples(inner, inner, inner).map(lambda row: f"(({row[0]} < {row[1]} <= {row[2]})*k0)"),
        inner.map(lambda text: f"(-{text})"),
        inner.map(lambda text: f"({text} % 0.7)"),
    )


flat_expressions = st.recursive(_flat_atoms, _operations, max_leaves=6)


@st.composite
def flat_specs(draw: st.DrawFn) -> dict[str, Any]:
    """Equations without axes; sometimes a chain, of which some stages have an equation."""
    spec: dict[str, Any] = {"state": ["S", "I", "R"], "aliases": {"N": "S + k2*I"}}
    equations = {name: draw(flat_expressions) for name in spec["state"]}
    if draw(st.booleans()):
        chain: dict[str, Any] = {"name": "C", "length": 3, "forward": draw(st.sampled_from(["g", ["g", 0.5]]))}
        if draw(st.booleans()):
            chain["exit"] = {"to": "R", "rate": "h"}
            equations = {name: text for name, text in equations.items() if name != "R" or draw(st.booleans())}
        if draw(st.booleans()):
            equations["C2"] = "S - C2"
        spec["chain"] = [chain]
    return spec | {"equations": equations}


specs = st.one_of(expr_specs(), transition_specs(), flat_specs())
