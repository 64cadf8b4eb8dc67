"""The text of a generated function: what it begins with, the statements of an emitter, and what it returns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from opjax.backends.base import Backend
from opjax.compile.copies import copied
from opjax.compile.emit import Emitter
from opjax.compile.layout import elements
from opjax.compile.naming import OUTSIDE
from opjax.compile.numbers import Numbers, refuses_lists
from opjax.compile.opened import Opened, apart_from
from opjax.compile.placing import Placing
from opjax.compile.released import made_before, released
from opjax.compile.settled import MANY
from opjax.compile.targets import Target
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.compile.unpacking import Form, Inputs, unpack, unpack_for_numpy
from opjax.compile.vectors import Stored, sliced
from opjax.compile.widened import Widened
from opjax.ir.nodes import Along, AnyNode, AtPosition, Constant, View
from opjax.ir.program import Program
from opjax.ir.types import Dim, declared_dims
from opjax.records import many_records, record


@record()
class Output:
    """A wanted value: its name, and the axes and shape it comes in."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Inlined:
    """Statements over numbers, to stand in other functions too.

    Arguments:
        states: the variables of the states.
        parameters: those of the parameters.
        statements: what is computed.
        refuses: whether they raise an error where states are lists and not numbers.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    statements: tuple[str, ...]
    refuses: bool


@dataclass(frozen=True, slots=True)
class Code:
    """The text of a function, the statements before it, and what its free names stand for."""

    settled: tuple[str, ...]
    given: str
    """The function that computes what depends on parameters alone; empty where there is nothing."""
    function: str
    helpers: Mapping[str, str]
    tables: Mapping[Table, str]
    uses_time: bool
    sizes: tuple[int, ...]
    """The lengths of what is packed."""
    inlined: Inlined | None = None
    opened: Opened | None = None
    """The statements, where they may stand in another function too."""
    parameters: tuple[str, ...] = ()
    """The variables of the parameters, where the statements stand in another function."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(f"{line}\n" for line in self.settled) + self.given + self.function


@dataclass(frozen=True, slots=True)
class Asked:
    """What a function computes, from what, and for which namespace."""

    program: Program
    outputs: tuple[Output, ...]
    inputs: Inputs
    backend: Backend


@many_records(looks=False)
def write(asked: Asked, form: Form) -> Code:
    """The text of the function in one form."""
    asked = _as_one(asked) if form in ("flat", "written") else replace(asked, program=asked.program.apart)
    match form:
        case "written":
            return _written(asked)
        case "numbers":
            return _of_numbers(asked)
        case _:
            return _returned(asked, form)


def _as_one(asked: Asked) -> Asked:
    """What is asked as one output, where all outputs are the elements of one vector."""
    if not asked.program.elements:
        return asked
    (axis,) = [dim.axis for dim in asked.program.roots[""].dims]
    return replace(asked, outputs=(Output("", (axis,), (len(asked.outputs),)),))


def _returned(asked: Asked, form: Form) -> Code:
    """The text of the function that returns what it computes."""
    backend = asked.backend
    kind = Widened if backend.widens else Emitter
    stored = _stored(asked.inputs, form)
    emitter = kind(asked.program, backend.direct_name, backend.takes_numbers, stored, _apart(asked))
    _reserve(emitter, asked, "pack", "given")
    roots = asked.program.roots
    runs = list(_runs(asked, form))
    emitter.skipped.update(_elements(asked.program, runs))
    emitter.emit()
    results: list[tuple[str, int]] = []
    for outputs in runs:
        first = outputs[0]
        if len(outputs) > 1:
            size = len(outputs) * math.prod(first.shape)
            results.append((_part(emitter, roots[first.name], first, len(outputs)), size))
        else:
            text = _result(emitter, roots[first.name], emitter.operand(roots[first.name]), first, form)
            results.append((text, math.prod(first.shape)))
    texts, sizes = [text for text, _ in results], tuple(size for _, size in results)
    prologue = unpack(asked.inputs, emitter, form, backend.splits)
    return _code(emitter, prologue, [*emitter.lines, _epilogue(texts, form)], sizes)


def _written(asked: Asked) -> Code:
    """The text of the function that writes what it computes into a vector."""
    size = sum(math.prod(output.shape) for output in asked.outputs)
    emitter = Placing(asked.program, asked.backend.direct_name, True, _stored(asked.inputs, "flat"), _apart(asked))
    few = range(min(MANY, len(asked.inputs.parameters)))
    taken = [f"{word}_{place}" for word in ("given", "known", "name", "shape") for place in few]
    _reserve(emitter, asked, "out", "real", "number", "given", *OUTSIDE, *taken)
    places: list[tuple[Output, int, Target]] = []
    start = 0
    runs = list(_runs(asked, "flat"))
    emitter.skipped.update(_elements(asked.program, runs))
    for outputs in runs:
        first, root = outputs[0], asked.program.roots[outputs[0].name]
        whole = _whole(asked.program, root, len(outputs))
        dims, shape = declared_dims(first.axes), first.shape
        if len(outputs) > 1:
            assert isinstance(root, View)
            dims, shape = (_picked(root), *dims), (len(outputs), *shape)
        target = Target(start, math.prod(shape), dims, shape, size)
        emitter.targets.add(whole or root, target)
        places.append((first, len(outputs), target))
        start += target.size
    emitter.emit()
    for first, count, target in places:
        root = asked.program.roots[first.name]
        whole = _whole(asked.program, root, count) or root
        if emitter.targets.has(whole, target):
            continue
        there = target.text if target.text.endswith("]") else f"{target.text}[...]"
        if count > 1:
            emitter.lines.append(f"{there} = {_part(emitter, root, first, count)}")
        else:
            value = emitter.aligned(emitter.operand(root), target.dims)
            emitter.lines.append(copied(emitter, there, value, asked.program.axes))
    make = [] if emitter.result else [f"out = {emitter.helper('empty')}({size}, real)"]
    end = f"return {emitter.result or 'out'}"
    prologue, lines = (
        unpack_for_numpy(asked.inputs, emitter),
        list(released([*make, *made_before(emitter.lines, emitter.made), end], emitter.long)),
    )
    names = _variables(emitter, "parameter", asked.inputs.parameters)
    if emitter.apart:
        return replace(_code(emitter, prologue, lines, (size,)), parameters=names)
    opened = Opened.of(prologue, emitter.given, lines)
    code = _code(emitter, [], opened.all, (size,))
    return replace(code, opened=opened.or_none(), parameters=names)


FEW_ITEMS = 3
"""Numbers that are written one by one, and not all at once."""


def _of_numbers(asked: Asked) -> Code:
    """The text of the function of a few numbers; what Python refuses to compute is computed ``otherwise``."""
    emitter = Numbers(asked.program, lambda function: None, True, _stored(asked.inputs, "flat"))
    taken = [f"{word}_{place}" for word in ("name", "known") for place in range(len(asked.inputs.parameters))]
    _reserve(emitter, asked, "out", "real", "store", *OUTSIDE, *taken)
    emitter.name_arrays(asked.inputs.shapes)
    emitter.emit()
    wanted = [name for output in asked.outputs for name in elements(output.name, output.shape)]
    results = [emitter.operand(asked.program.roots[name]).text for name in wanted]
    size = len(results)
    slots = [name for slot in asked.inputs.states for name in elements(slot.name, slot.shape)]
    states = _variables(emitter, "state", slots)
    arrays, names = emitter.arrays, asked.inputs.parameters
    numbers = _variables(emitter, "parameter", names)
    parameters = tuple([arrays.get(name, number) for name, number in zip(names, numbers, strict=True)])
    elements_taken = emitter.take_elements(asked.inputs.shapes)
    statements = [*elements_taken, *emitter.lines, f"out = {emitter.helper('empty')}({size})"]
    if size <= FEW_ITEMS:
        statements += [f"out[{place}] = {text}" for place, text in enumerate(results)]
    else:
        statements += [f"store(out, 0, {', '.join(results)})"]
    statements += ["return out"]
    lines = [f"{', '.join(states)}, = y.tolist()", *([f"{', '.join(parameters)}, = p"] if parameters else [])]
    lines += ["try:", *(f"    {line}" for line in statements)]
    lines += ["except (ArithmeticError, ValueError):", "    return otherwise(t, y, p)"]
    code = _code(emitter, [], lines, (size,))
    return replace(code, inlined=Inlined(states, parameters, tuple(statements), refuses_lists(asked.program)))


def _variables(emitter: Emitter, role: str, names: Iterable[str]) -> tuple[str, ...]:
    """The variables of leaves."""
    known = {symbol.name: variable for variable, symbol in emitter.leaves.items() if symbol.role == role}
    return tuple([known.get(name, "_") for name in names])


def _whole(program: Program, root: AnyNode, count: int) -> AnyNode | None:
    """The array that some outputs are all parts of, from the first to the last."""
    part = _part_of(root)
    if part is None or part[1] != 0 or count < 2 or not isinstance(root, View):
        return None
    dim = _picked(root)
    return root.operand if program.axes[dim.axis].size == count else None


def _picked(root: View) -> Dim:
    """The dim of which a position is read."""
    (dim,) = (d for d, s in zip(root.operand.dims, root.selections, strict=True) if isinstance(s, AtPosition))
    return dim


def _reserve(emitter: Emitter, asked: Asked, *names: str) -> None:
    """Keep names of the function's surroundings out of use."""
    for name in (*names, *(("x",) if asked.inputs.extras else ())):
        emitter.namer.reserve(name)


def _code(emitter: Emitter, prologue: list[str], lines: list[str], sizes: tuple[int, ...]) -> Code:
    used = {symbol.role for symbol in emitter.leaves.values()}
    given = ""
    if emitter.given and emitter.apart:
        body, prologue = apart_from(emitter.given, prologue, lines)
        given = _function("given(p)", body)
    text = _function("rhs(t, y, p, extras=())", [*prologue, *lines])
    settled = (*emitter.settled, "") if emitter.settled else ()
    opened = Opened((), tuple(prologue), tuple(lines)).or_none()
    return Code(settled, given, text, emitter.helpers, emitter.tables, "time" in used, sizes, opened=opened)


def _function(head: str, lines: Iterable[str]) -> str:
    return f"def {head}:\n" + "".join(f"    {line}\n" for line in lines)


def _apart(asked: Asked) -> bool:
    """Whether there may be defaults for all parameters, and so many that what is computed from them is kept."""
    return len(asked.inputs.parameters) >= MANY and asked.backend.places_constants


def _elements(program: Program, runs: Iterable[list[Output]]) -> Iterator[int]:
    """The outputs of long runs, which nothing reads one by one."""
    for outputs in runs:
        if len(outputs) > 1:
            yield from {program.roots[output.name].number for output in outputs} - program.operands


def _stored(inputs: Inputs, form: Form) -> Stored:
    flat = form == "flat"
    states = {s.name: s.start if flat else place for place, s in enumerate(inputs.states) if not s.shape}
    parameters = dict(zip(inputs.parameters, range(len(inputs.parameters)), strict=True))
    blocks = {s.name: (s.start, s.start + s.size) for s in inputs.states if s.shape}
    return Stored(states, parameters, blocks, flat, sum(slot.size for slot in inputs.states))


def _runs(asked: Asked, form: Form) -> Iterator[list[Output]]:
    """The outputs; in the flat form, neighbouring parts of one array stay together."""
    run: list[Output] = []
    after: tuple[int, int] | None = None
    for output in asked.outputs:
        part = None if form == "tree" else _part_of(asked.program.roots[output.name])
        if run and (part is None or part != after):
            yield from _kept(asked.program, run)
            run = []
        run.append(output)
        after = None if part is None else (part[0], part[1] + 1)
    if run:
        yield from _kept(asked.program, run)


def _kept(program: Program, run: list[Output]) -> Iterator[list[Output]]:
    """A run of numbers; and one of arrays if they are all of the array that they are parts of."""
    whole = not run[0].shape or _whole(program, program.roots[run[0].name], len(run)) is not None
    yield from [run] if whole else [[output] for output in run]


def _part_of(node: AnyNode) -> tuple[int, int] | None:
    """The array that a value is read from, and the position of its only dim that the value does not have."""
    if not isinstance(node, View):
        return None
    if len(node.selections) == 1:
        (only,) = node.selections
        return (node.operand.number, only.position) if isinstance(only, AtPosition) else None
    picked = [s.position for s in node.selections if isinstance(s, AtPosition)]
    others = [(d, s) for d, s in zip(node.operand.dims, node.selections, strict=True) if isinstance(s, Along)]
    same = len(picked) == 1 and all(selection == Along(dim) for dim, selection in others)
    return (node.operand.number, picked[0]) if same else None


def _part(emitter: Emitter, first: AnyNode, output: Output, count: int) -> str:
    """Neighbouring elements of a vector, or an array with its parts in order."""
    program = emitter.program
    assert isinstance(first, View)
    if output.shape:
        return emitter.aligned(emitter.operand(first.operand), (_picked(first), *declared_dims(output.axes))).text
    assert isinstance(first.selections[0], AtPosition)
    start, vector = first.selections[0].position, emitter.operand(first.operand)
    size = program.axes[first.operand.dims[0].axis].size or 0
    text = vector.within(TIGHTEST)
    return sliced(text, range(start, start + count), size) or text


def _result(emitter: Emitter, node: AnyNode, value: Value, output: Output, form: Form) -> str:
    """The text of an output in its own order of axes and with its full shape."""
    if form == "flat" and not value.order:
        return value.text  # packing repeats a scalar
    text = value.text
    if isinstance(node, Constant):
        text = emitter.table(Table("number", number=float(node.value)), f"number_{text}")
    wanted = declared_dims(output.axes)
    aligned = emitter.aligned(Value(text, value.order, value.binding), wanted).text
    whole = all(dim in value.order for dim in wanted)
    return aligned if whole else f"xp.broadcast_to({aligned}, {output.shape})"


def _epilogue(results: list[str], form: Form) -> str:
    inside = ", ".join(results) + ("," if len(results) == 1 else "")
    return f"return pack(({inside}))" if form == "flat" else f"return ({inside})"
