"""How fast is a model beside the same equations written out one by one?

Every route from text to JAX writes a line for each equation; here SymPy's `lambdify` does, with common subexpressions
taken out and all numbers but the states fixed, and so does op_system, where it is installed. Beside them stands the
best code by hand. All are first checked to give the same. "First" is from the equations to the first derivative, for
opjax from the text of the model, of which "text to rhs" is a part; warm calls are timed in turns, with JAX in several
fresh processes, of whose figures and ratios the medians stand here. 64-bit numbers; the memory is the most that NumPy
holds in one call. In a loop of explicit steps only the work of the derivative is left; the gradient is that of the sum
of squares. The operations are the equations of the jaxpr, the memory is what XLA sets aside for temporaries.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy

import chemistry
import harness
import networks
import opjax
import text_models
from count_jaxpr_equations import equations
from time_models import numpy_peak

Derivative = Callable[[Any], Any]
STEPS, STEP = 200, 1e-14  # the rates of POLLU are up to 4e11
STATES = 1_000
SIDES = ("opjax", "unrolled", "op_system", "hand")
WRITTEN = ("opjax", "unrolled", "hand")


@dataclass(frozen=True)
class Case:
    """One model.

    Arguments:
        name: what the table calls it.
        text: as a person writes it.
        equations: what each state's derivative is, written out, in Python's signs.
        y: a state.
        numpy: the derivative by hand, on NumPy arrays.
        jax: the derivative by hand, on JAX arrays.
        parameters: values that the text leaves open.
    """

    name: str
    text: str
    equations: Mapping[str, str]
    y: np.ndarray
    numpy: Derivative
    jax: Derivative
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


def written_out(text: str) -> dict[str, str]:
    """The equations of a model whose text has reactions by mass action, or equations; with the values of parameters."""
    known = dict(re.findall(r"^    (\w+) = ([0-9.e-]+)$", text.partition("states:")[0], re.MULTILINE))
    terms: dict[str, list[str]] = {}
    for row in text.partition("dynamics:")[2].strip().splitlines():
        if " -> " not in row:
            name, _, value = row.strip().partition("' = ")
            terms[name] = [value.replace("^", "**")]
            continue
        before, after, rate = re.split(" -> | @ ", row.partition(": ")[2])
        sides = [[_term(term) for term in side.split(" + ")] for side in (before, after)]
        flow = "*".join([rate, *(name for name, times in sides[0] for _ in range(times))])
        for sign, side in zip("-+", sides, strict=True):
            for name, times in side:
                terms.setdefault(name, []).append(f"{sign} {times}*{flow}")
    return {name: re.sub(r"\w+", lambda m: known.get(m[0], m[0]), " ".join(rows)) for name, rows in terms.items()}


def _term(text: str) -> tuple[str, int]:
    """What reacts, and how many: of ``2 A``."""
    *count, name = text.split()
    return name, int(count[0]) if count else 1


def of_vectors(case: text_models.Case, equations: Mapping[str, str]) -> Case:
    """A model whose text knows axes."""
    given = dict(case.parameters)
    return Case(
        case.name,
        case.text,
        equations,
        case.y0,
        lambda y: case.bound(0.0, y),
        lambda y: case.jax(0.0, y, given),
        given,
    )


def seir_equations(p: Mapping[str, Any]) -> dict[str, str]:
    """Sixteen ages with contacts."""
    found: dict[str, str] = {}
    everyone = [f"(S{i} + E{i} + I{i} + R{i})" for i in range(16)]
    for i in range(16):
        contacts = " + ".join(f"{p['C'][i][j]!r}*I{j}/{everyone[j]}".replace("np.float64", "") for j in range(16))
        infection, onset, recovery = f"{p['beta']}*S{i}*({contacts})", f"{p['sigma']}*E{i}", f"{p['gamma']}*I{i}"
        flows = (f"-{infection}", f"{infection} - {onset}", f"{onset} - {recovery}", recovery)
        found |= {f"{letter}{i}": flow for letter, flow in zip("SEIR", flows, strict=True)}
    return {f"{letter}{i}": found[f"{letter}{i}"] for letter in "SEIR" for i in range(16)}


def cases(quick: bool) -> Iterator[Case]:
    """The models, smaller ones for a quick run."""
    small = {case.name: case for case in text_models.cases(True)}
    sir = small["SIR"]
    beta, gamma = sir.parameters["beta"], sir.parameters["gamma"]
    flow = f"{beta}*S*I/(S + I + R)"
    yield of_vectors(sir, {"S": f"-{flow}", "I": f"{flow} - {gamma}*I", "R": f"{gamma}*I"})
    seir = small["SEIR, 16 ages"]
    if not quick:
        yield of_vectors(seir, seir_equations(seir.parameters))
    lorenz = small["Lorenz-96, 40"]
    near = [(i, (i + 1) % 40, (i - 2) % 40, (i - 1) % 40) for i in range(40)]
    rows = {f"x{i}": f"(x{right} - x{second})*x{left} - x{i} + 8.0" for i, right, second, left in near}
    yield of_vectors(lorenz, rows)
    random = np.random.default_rng(20261122)
    for name, text, derivative, count in (
        ("HIRES", chemistry.HIRES, chemistry.hires, 8),
        ("POLLU", chemistry.POLLU, chemistry.pollu, 20),
    ):
        y = random.uniform(size=count)
        found = written_out(text)
        order = opjax.compile_rhs(text).state_names
        equations = {state: found[state] for state in order}
        yield Case(name, text, equations, y, chemistry.on_numpy(derivative), chemistry.on_jax(derivative))
    sizes = ((20,), (12,)) if quick else ((30, 100), (20, 60, 200))
    for network in (*map(networks.mass_action, sizes[0]), *map(networks.genes, sizes[1])):
        found = written_out(network.text)
        equations = {state: found[state] for state in opjax.compile_rhs(network.text).state_names}
        yield Case(network.name, network.text, equations, network.y, network.numpy, network.jax)


def makers(case: Case, xp: Any, seconds: dict[str, float]) -> dict[str, Callable[[], Derivative]]:
    """What makes each derivative; `seconds` gets the time from the text to the `CompiledRhs`."""

    def ours() -> Derivative:
        made: list[opjax.CompiledRhs] = []
        seconds["text"] = harness.once(lambda: made.append(opjax.compile_rhs(opjax.loads(case.text, "ojx"))))
        (rhs,) = made
        given = {name: case.parameters[name] for name in rhs.param_names if name in case.parameters}
        bound = rhs.bind(given)
        return lambda y: bound(0.0, y)

    def unrolled() -> Derivative:
        symbols = {name: sympy.Symbol(name) for name in case.equations}
        rows = [sympy.sympify(row, locals=symbols) for row in case.equations.values()]
        function = sympy.lambdify([list(symbols.values())], rows, modules="jax" if xp is jnp else "numpy", cse=True)
        return lambda y: jnp.stack(function(list(y))) if xp is jnp else np.array(function(y.tolist()))

    def theirs() -> Derivative:
        mapping = {"kind": "expr", "state": list(case.equations), "equations": dict(case.equations)}
        function = importlib.import_module("op_system").compile_spec(mapping).eval_fn
        start = jnp.zeros(()) if xp is jnp else 0.0
        return lambda y: function(start, y)

    found = {"opjax": ours, "unrolled": unrolled, "hand": lambda: case.jax if xp is jnp else case.numpy}
    return found | ({"op_system": theirs} if importlib.util.find_spec("op_system") else {})


def figures(case: Case, xp: Any, turns: int, hand_first: bool = False) -> dict[str, float]:
    """What is measured of a model: seconds, ratios and bytes."""
    y = jnp.asarray(case.y) if xp is jnp else case.y
    want = case.numpy(case.y)
    text: dict[str, float] = {}
    first: dict[str, float] = {}
    calls: dict[str, harness.Candidate] = {}

    def ready(make: Callable[[], Derivative]) -> harness.Candidate:
        function: Any = jax.jit(make()) if xp is jnp else make()
        found = function(y)
        np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-9 * float(np.max(np.abs(want))))
        return (lambda: function(y).block_until_ready()) if xp is jnp else lambda: function(y)

    for name, make in harness.ordered(makers(case, xp, text), hand_first).items():
        first[name] = harness.once(lambda make=make, name=name: calls.__setitem__(name, ready(make)))
    timing = harness.in_turns(calls, turns)
    found = {**text, **{f"first, {name}": seconds for name, seconds in first.items()}}
    found |= {f"warm, {name}": timing[name].median for name in calls}
    found |= {f"ratio, {name}": timing["opjax"].over(timing[name]) for name in ("unrolled", "hand")}
    return found | ({f"peak, {name}": numpy_peak(calls[name]) for name in ("opjax", "hand")} if xp is np else {})


def figures_with_jax(place: int, quick: bool, hand_first: bool) -> dict[str, float]:
    """The same for one of the models, in a process of its own."""
    models = list(cases(quick))
    with jax.enable_x64(True):
        figures(models[0], jnp, 1)  # what the first model of a process pays for
        return figures(models[place], jnp, 2 if quick else harness.FEW_TURNS, hand_first)


def row(name: str, found: Mapping[str, float]) -> list[str]:
    """One line of a table."""
    cells = [harness.milliseconds(found["text"])]
    for stage, written in (("first", harness.milliseconds), ("warm", harness.microseconds)):
        keys = [f"{stage}, {side}" for side in SIDES]
        cells += [written(found[key]) if key in found else "-" for key in keys]
    cells += [harness.ratio(found[f"ratio, {side}"]) for side in ("unrolled", "hand")]
    peaks = [found[key] for key in ("peak, opjax", "peak, hand") if key in found]
    return [name, *cells, *(f"{peak / 1024:,.1f}" for peak in peaks)]


def steps(f: Derivative) -> Derivative:
    """Explicit steps in a loop."""
    return lambda y: jax.lax.fori_loop(0, STEPS, lambda _, y: y + STEP * f(y), y)


def gradient(f: Derivative) -> Derivative:
    """The gradient of the sum of squares."""
    return jax.grad(lambda y: jnp.sum(f(y) ** 2))


def many(f: Derivative) -> Derivative:
    """The derivatives of many states."""
    factors = jnp.linspace(0.9, 1.1, STATES)[:, None]
    return lambda y: jax.vmap(f)(factors * y)


CHANGES: dict[str, tuple[Callable[[Derivative], Derivative], int]] = {
    f"JAX, one of {STEPS} steps inside a loop": (steps, STEPS),
    "JAX, gradient": (gradient, 1),
    f"JAX, {STATES:,} states at once": (many, 1),
}
"""What is done with a derivative, and how often."""


def changed_row(case: Case, title: str, turns: int) -> list[str]:
    """One line of the table for what is done with a derivative."""
    change, times = CHANGES[title]
    y, calls, values = jnp.asarray(case.y), dict[str, harness.Candidate](), dict[str, Any]()
    found = makers(case, jnp, {})
    for name in WRITTEN:
        function = jax.jit(change(found[name]()))
        values[name] = function(y)
        np.testing.assert_allclose(values[name], values["opjax"], rtol=1e-7, atol=1e-7 * float(np.max(values[name])))
        calls[name] = lambda function=function: function(y).block_until_ready()
    timing = harness.in_turns(calls, turns)
    cells = [harness.microseconds(timing[name].median / times) for name in WRITTEN]
    return [case.name, *cells, *(harness.ratio(timing["opjax"].over(timing[name])) for name in WRITTEN[1:])]


def counted_row(case: Case) -> list[str]:
    """One line of the table of operations and memory."""
    y, found = jnp.asarray(case.y), makers(case, jnp, {})
    functions = [found[name]() for name in WRITTEN]
    compiled = [jax.jit(function).lower(y).compile().memory_analysis() for function in functions]
    counts = [str(equations(jax.make_jaxpr(function)(y).jaxpr)) for function in functions]
    return [case.name, *counts, *(f"{memory.temp_size_in_bytes / 1024:,.1f}" if memory else "-" for memory in compiled)]


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    columns = ["model", "text to rhs, ms", *(f"first, {name}, ms" for name in SIDES)]
    columns += [*(f"warm, {name}, us" for name in SIDES), "opjax / unrolled", "opjax / hand"]
    models = list(cases(page.quick))
    with jax.enable_x64(True):
        figures(models[0], np, 1)  # what the first model of a process pays for
        rows = [row(case.name, figures(case, np, page.turns)) for case in models]
        page.table("NumPy", [*columns, "KiB, opjax", "KiB, hand"], rows)
        rows = [
            row(case.name, harness.in_processes(figures_with_jax, place, page.quick, processes=page.processes))
            for place, case in enumerate(models)
        ]
        page.table("JAX", columns, rows)
        columns = ["model", *(f"{name}, us" for name in WRITTEN), "opjax / unrolled", "opjax / hand"]
        for title in CHANGES:
            page.table(title, columns, [changed_row(case, title, page.turns) for case in models])
        columns = ["model", *(f"{name}, {what}" for what in ("equations", "XLA, KiB") for name in WRITTEN)]
        page.table("JAX, equations of the jaxpr and memory", columns, [counted_row(case) for case in models])
    page.finish()


if __name__ == "__main__":
    main()
