"""How fast do models of op_system's users compile and run, beside op_system and beside code written by hand?

The same mapping goes to both libraries, which are first checked to give the derivative of the code by hand; NumPy and
JAX, 64-bit numbers. "Callable" is from the mapping to a function, "first" from the mapping to the first derivative:
with JAX that is tracing, XLA and one run. Times of one process in turns; op_system is left out where it is not
installed, or where it needs minutes (``-``).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import harness
import opjax

RANDOM = np.random.default_rng(20260301)
Derivative = Callable[[Any, Any, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Case:
    """One model.

    Arguments:
        name: what the table calls it.
        mapping: the model, as both libraries read it.
        y: the state.
        parameters: the parameters by name.
        hand: the derivative by hand, from the namespace, the state and the parameters.
        theirs: whether op_system compiles it in a time that one wants to wait for: with NumPy, with JAX.
    """

    name: str
    mapping: Mapping[str, Any]
    y: np.ndarray
    parameters: Mapping[str, Any]
    hand: Derivative
    theirs: tuple[bool, bool] = (True, True)


def labels(name: str, prefix: str, count: int, kind: str = "categorical") -> dict[str, Any]:
    """An axis."""
    return {"name": name, "type": kind, "coords": [f"{prefix}{i}" for i in range(count)]}


def flat(count: int) -> Case:
    """Scalar equations of one shape, each with other neighbours and parameters."""
    near, far, rate = (np.arange(count) + 1) % count, (np.arange(count) + 7) % count, np.arange(count) % 20
    equations = {f"x{i}": f"k{i % 20}*x{near[i]} - k{(i + 3) % 20}*x{i}*x{far[i]}/(1 + x{i}**2)" for i in range(count)}

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        k = xp.stack([p[f"k{i}"] for i in range(20)])
        return k[rate] * y[near] - k[(rate + 3) % 20] * y * y[far] / (1 + y * y)

    parameters = {f"k{i}": np.float64(0.1 + i / 40) for i in range(20)}
    mapping = {"kind": "expr", "state": list(equations), "equations": equations}
    return Case(f"{count:,} flat equations", mapping, RANDOM.uniform(size=count), parameters, hand, (True, count < 500))


def stages(count: int) -> Case:
    """A chain of states written out, each of which flows into the next."""
    names = ["S", *(f"E{i}" for i in range(count)), "R"]
    rows = [{"from": a, "to": b, "rate": f"{count}*k"} for a, b in itertools.pairwise(names)]

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        flow, end = count * p["k"] * y[:-1], xp.zeros(1)
        return xp.concatenate([end, flow]) - xp.concatenate([flow, end])

    mapping = {"kind": "transitions", "state": names, "transitions": rows}
    y = RANDOM.uniform(size=count + 2)
    return Case(f"chain of {count:,} stages", mapping, y, {"k": 0.3}, hand, (True, count < 500))


def seir(ages: int, doses: int, places: int) -> Case:
    """SEIR over three axes with contacts between the ages."""
    over = "[age,vax,loc]"
    mapping = {
        "kind": "transitions",
        "axes": [labels("age", "a", ages), labels("vax", "v", doses), labels("loc", "l", places)],
        "state": [f"{name}{over}" for name in "SEIR"],
        "transitions": [
            {"from": f"S{over}", "to": f"E{over}", "rate": "b*sum_over(C[age,age:j]*I[age:j,vax,loc], age=j)"},
            {"from": f"E{over}", "to": f"I{over}", "rate": "s"},
            {"from": f"I{over}", "to": f"R{over}", "rate": "g"},
        ],
    }

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        s, e, i, _ = y.reshape(4, ages, doses * places)
        infected, sick, well = p["b"] * (p["C"] @ i) * s, p["s"] * e, p["g"] * i
        return xp.stack([-infected, infected - sick, sick - well, well]).reshape(-1)

    parameters = {"b": 0.02, "s": 0.2, "g": 0.1, "C": RANDOM.uniform(size=(ages, ages))}
    y = RANDOM.uniform(size=4 * ages * doses * places)
    small = y.size < 100_000
    return Case(f"SEIR, {ages} x {doses} x {places}", mapping, y, parameters, hand, (small, small))


def ageing(classes: int) -> Case:
    """Ageing along an ordered axis, in four states."""
    shift = {"coord_shift": {"axis": "age", "step": 1, "rate": "r", "boundary": "stay"}, "apply_to": list("SEIR")}
    mapping = {
        "kind": "transitions",
        "axes": [labels("age", "a", classes, "ordinal")],
        "state": [f"{name}[age]" for name in "SEIR"],
        "transitions": [shift],
    }

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        end = xp.zeros((4, 1))
        flow = p["r"] * y.reshape(4, classes)[:, :-1]
        return (xp.concatenate([end, flow], axis=1) - xp.concatenate([flow, end], axis=1)).reshape(-1)

    return Case(f"ageing, {classes} classes", mapping, RANDOM.uniform(size=4 * classes), {"r": 0.1}, hand)


def kernel(rows: int, columns: int) -> Case:
    """A product with a kernel on each side."""
    body = "A[a,a:j]*B[r,r:k]*x[a:j,r:k]"
    mapping = {
        "kind": "expr",
        "axes": [labels("a", "a", rows), labels("r", "r", columns)],
        "state": ["x[a,r]"],
        "equations": {"x[a,r]": f"sum_over({body}, a=j, r=k) - x[a,r]"},
    }

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        x = y.reshape(rows, columns)
        return (p["A"] @ x @ p["B"].T - x).reshape(-1)

    parameters = {"A": RANDOM.uniform(size=(rows, rows)), "B": RANDOM.uniform(size=(columns, columns))}
    return Case(f"two kernels, {rows} x {columns}", mapping, RANDOM.uniform(size=rows * columns), parameters, hand)


def contacts(ages: int, places: int) -> Case:
    """A contact matrix, beside two other axes."""
    mapping = {
        "kind": "expr",
        "axes": [labels("a", "a", ages), labels("v", "v", 3), labels("r", "r", places)],
        "state": ["x[a,v,r]"],
        "equations": {"x[a,v,r]": "sum_over(C[a,a:b]*x[a:b,v,r], a=b) - x[a,v,r]"},
    }

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        x = y.reshape(ages, 3 * places)
        return (p["C"] @ x - x).reshape(-1)

    y = RANDOM.uniform(size=ages * 3 * places)
    return Case(f"contacts, {ages} x 3 x {places}", mapping, y, {"C": RANDOM.uniform(size=(ages, ages))}, hand)


def doubling(count: int) -> Case:
    """Aliases that each use the one before twice."""
    aliases = {"a0": "x + 1"} | {f"a{i}": f"a{i - 1} + k*a{i - 1}" for i in range(1, count)}
    mapping = {"kind": "expr", "state": ["x"], "aliases": aliases, "equations": {"x": f"-a{count - 1}"}}

    def hand(xp: Any, y: Any, p: Mapping[str, Any]) -> Any:
        value = y + 1
        for _ in range(1, count):
            value = value + p["k"] * value
        return -value

    return Case(f"{count} doubling aliases", mapping, np.array([0.5]), {"k": 0.1}, hand)


def cases(quick: bool) -> Iterator[Case]:
    """All models; small ones for a quick run."""
    yield flat(200 if quick else 2000)
    yield stages(50)
    if not quick:
        yield stages(2000)
    yield seir(*((4, 2, 5) if quick else (20, 5, 50)))
    if not quick:
        yield seir(100, 50, 50)  # op_system takes half a minute and 1.7 GB
    yield ageing(24 if quick else 240)
    yield kernel(*((6, 5) if quick else (40, 30)))
    yield contacts(*((4, 5) if quick else (16, 50)))
    yield doubling(8 if quick else 14)


def libraries(case: Case, place: int) -> dict[str, Callable[[], Any]]:
    """What makes an ``eval_fn`` out of the mapping, by library."""
    found: dict[str, Callable[[], Any]] = {"opjax": lambda: opjax.compile_spec(case.mapping)}
    if case.theirs[place]:
        with contextlib.suppress(ImportError):
            theirs = importlib.import_module("op_system")
            found["op_system"] = lambda: theirs.compile_spec(case.mapping)
    return found


def candidates(
    case: Case, xp: Any, callable_: dict[str, float], first: dict[str, float]
) -> dict[str, harness.Candidate]:
    """Calls that are ready to be repeated, checked against the code by hand.

    Arguments:
        case: the model.
        xp: NumPy, or JAX's NumPy.
        callable_: gets the seconds from the mapping to a function.
        first: gets the seconds from the mapping to the first derivative.
    """
    on_jax = xp is jnp
    y = jnp.asarray(case.y) if on_jax else case.y
    parameters = {name: jnp.asarray(value) if on_jax else value for name, value in case.parameters.items()}
    want = case.hand(np, case.y, case.parameters)

    def ready(f: Callable[[Any, Any], Any]) -> harness.Candidate:
        f = jax.jit(f) if on_jax else f
        np.testing.assert_allclose(f(y, parameters), want, rtol=1e-9, atol=1e-9)
        return (lambda: f(y, parameters).block_until_ready()) if on_jax else lambda: f(y, parameters)

    made: dict[str, harness.Candidate] = {}
    functions: dict[str, Callable[[Any, Any], Any]] = {}
    makers: dict[str, Callable[[], Callable[[Any, Any], Any]]] = {"hand": lambda: lambda y, p: case.hand(xp, y, p)}
    for name, compiled in libraries(case, int(on_jax)).items():
        makers[name] = lambda compiled=compiled: _by_keyword(compiled().eval_fn, on_jax)
    for name, make in makers.items():
        gc.collect()  # what the models before have left is not looked through in the time of this one
        callable_[name] = harness.once(lambda make=make, name=name: functions.__setitem__(name, make()))
        called = harness.once(lambda name=name: made.__setitem__(name, ready(functions[name])))
        first[name] = callable_[name] + called
    return made


def _by_keyword(function: Callable[..., Any], on_jax: bool) -> Callable[[Any, Any], Any]:
    if on_jax:
        return lambda y, p: function(jnp.zeros(()), y, **p)
    return lambda y, p: function(0.0, y, **p)


def table(page: harness.Page, heading: str, xp: Any) -> None:
    """One table: a model in each line."""
    names = ("opjax", "op_system", "hand")
    columns = ["model", *(f"callable, {n}, ms" for n in names[:2])]
    columns += [*(f"first, {n}, ms" for n in names), *(f"warm, {n}, us" for n in names)]
    rows: list[list[str]] = []
    for case in cases(page.quick):
        callable_, first = dict[str, float](), dict[str, float]()
        timing = harness.in_turns(candidates(case, xp, callable_, first), page.turns)
        cells = [harness.milliseconds(callable_[n]) if n in first else "-" for n in names[:2]]
        cells += [harness.milliseconds(first[n]) if n in first else "-" for n in names]
        cells += [harness.microseconds(timing[n].median) if n in timing else "-" for n in names]
        others = [harness.ratio(timing["opjax"].over(timing[n])) if n in timing else "-" for n in names[1:]]
        rows.append([case.name, *cells, *others])
    page.table(heading, [*columns, "opjax / op_system", "opjax / hand"], rows)


def main() -> None:
    """Measure and write the page."""
    page = harness.Page(__file__, __doc__ or "")
    opjax.compile_spec({"kind": "expr", "state": ["x"], "equations": {"x": "-x"}}).eval_fn(0.0, np.ones(1))
    with jax.enable_x64(True):
        jax.block_until_ready(jnp.ones(3) + 1)
        table(page, "NumPy", np)
        table(page, "JAX", jnp)
    page.finish()


if __name__ == "__main__":
    main()
