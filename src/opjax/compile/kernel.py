"""A kernel: generated code for some expressions, bound to one namespace and one data type."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from opjax.backends.base import Array, Backend, DType
from opjax.compile.emit import Emitter
from opjax.compile.helpers import helper
from opjax.compile.layout import Slot
from opjax.compile.text import TIGHTEST, Table, Value
from opjax.compile.vectors import Stored, sliced
from opjax.ir.nodes import AnyNode, Apply, AtPosition, Constant, View
from opjax.ir.program import Program
from opjax.ir.types import Axis, declared_dims

Form = Literal["flat", "tree"]
Function = Callable[..., Array]


@dataclass(frozen=True, slots=True)
class Output:
    """A wanted value: its name, and the axes and shape it comes in."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a kernel is called with.

    Arguments:
        states: the states in the order of the flat vector.
        parameters: the parameters in the order of the tuple ``p``.
        extras: further leaves in the order of the tuple ``extras``.
    """

    states: tuple[Slot, ...]
    parameters: tuple[str, ...]
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """The text of a function, the statements before it, and what its free names stand for."""

    settled: tuple[str, ...]
    function: str
    helpers: Mapping[str, str]
    tables: Mapping[Table, str]
    uses_time: bool
    sizes: tuple[int, ...]
    """The lengths of what is packed."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(f"{line}\n" for line in self.settled) + self.function


@dataclass(slots=True)
class Kernel:
    """Generated code, in the flat form (vector in, vector out) and the tree form (tuples in, tuple out)."""

    title: str
    program: Program
    outputs: tuple[Output, ...]
    inputs: Inputs
    backend: Backend
    _codes: dict[Form, Code] = field(default_factory=dict[Form, Code])
    _bound: dict[tuple[Form, DType], Function] = field(default_factory=dict[tuple[Form, DType], Function])

    def code(self, form: Form) -> Code:
        """The text of the function."""
        if form not in self._codes:
            self._codes[form] = _write(self, form)
        return self._codes[form]

    @property
    def branches(self) -> bool:
        """Whether there is a conditional, whose branch not taken may divide by zero without a warning."""
        return any(isinstance(n, Apply) and n.function == "where" for n in self.program.nodes)

    def bind(self, form: Form, dtype: DType) -> Function:
        """The function ``rhs(t, y, p, extras)`` for one data type; tables are cast once."""
        known = self._bound.get((form, dtype))
        if known is None:
            known = self._bound[(form, dtype)] = self._run(form, dtype)
        return known

    def _run(self, form: Form, dtype: DType) -> Function:
        code = self.code(form)
        numbers = not any(o.shape for o in self.outputs) and len(code.sizes) == len(self.outputs)
        pack = self.backend.packer(code.sizes, dtype, numbers)
        names = {**_surroundings(self, code, self.backend, dtype), "pack": pack, **_settled(self, code, dtype)}
        filename = f"<opjax {self.title} {id(self):x} {form}>"
        # The text is ours from the first character to the last: names that people wrote are not in it.
        exec(compile("\n" * len(code.settled) + code.function, filename, "exec"), names)
        linecache.cache[filename] = (len(code.text), None, code.text.splitlines(keepends=True), filename)
        function = names["rhs"]
        assert callable(function)
        return function


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _surroundings(kernel: Kernel, code: Code, backend: Backend, dtype: DType) -> dict[str, object]:
    """What the code refers to by name."""
    names: dict[str, object] = {"xp": backend.xp}
    names.update({name: helper(backend, function, dtype) for function, name in code.helpers.items()})
    names.update({name: _constant(kernel, backend, table, dtype) for table, name in code.tables.items()})
    return names


def _settled(kernel: Kernel, code: Code, dtype: DType) -> dict[str, object]:
    """The values of the statements before the function, computed once."""
    if not code.settled:
        return {}
    backend, calculator = kernel.backend, kernel.backend.calculator
    names = _surroundings(kernel, code, calculator, dtype)
    known = set(names)
    with calculator.errstate():
        exec(compile("\n".join(code.settled), f"<opjax {kernel.title}>", "exec"), names)  # as ours as the function
    found = {name: value for name, value in names.items() if name not in known and name != "__builtins__"}
    return found if calculator is backend else {name: backend.constant_of(value) for name, value in found.items()}


def _constant(kernel: Kernel, backend: Backend, table: Table, dtype: DType) -> Array:
    if table.kind == "positions":
        return backend.positions(table.positions)
    truths = table.kind == "mask" or (table.kind == "numbers" and isinstance(table.numbers[0], bool))
    return backend.constant(table_values(table, kernel.program.axes), backend.xp.bool if truths else dtype)


def table_values(table: Table, axes: Mapping[str, Axis]) -> float | tuple[float | bool, ...]:
    """The numbers of a constant array."""
    if table.kind == "number":
        return table.number
    if table.kind == "numbers":
        return table.numbers
    axis = axes[table.axis]
    size = axis.size or 0
    match table.kind:
        case "coordinate":
            return axis.coordinates
        case "quadrature" | "measure":
            return axis.weights(table.kind)
        case "mask":
            return tuple(place == table.position for place in range(size))
        case _:
            return tuple(float(place) for place in range(size))


def _write(kernel: Kernel, form: Form) -> Code:
    backend = kernel.backend
    scalars = backend.name in ("numpy", "jax")
    emitter = Emitter(kernel.program, backend.direct_name, scalars, _stored(kernel.inputs, form))
    emitter.namer.reserve("pack")
    if kernel.inputs.extras:
        emitter.namer.reserve("x")
    values = emitter.emit()
    roots = kernel.program.roots
    results: list[tuple[str, int]] = []
    for outputs in _runs(kernel, form):
        first = outputs[0]
        if len(outputs) > 1:
            results.append((_part(kernel.program, emitter, roots[first.name], len(outputs)), len(outputs)))
        else:
            text = _result(emitter, roots[first.name], values[first.name], first, form)
            results.append((text, _count(first.shape)))
    used = {symbol.role for symbol in emitter.leaves.values()}
    texts, sizes = [text for text, _ in results], tuple(size for _, size in results)
    lines = [*_prologue(kernel.inputs, emitter, form), *emitter.lines, _epilogue(texts, form)]
    text = "def rhs(t, y, p, extras=()):\n" + "".join(f"    {line}\n" for line in lines)
    settled = (*emitter.settled, "") if emitter.settled else ()
    return Code(settled, text, emitter.helpers, emitter.tables, "time" in used, sizes)


def _stored(inputs: Inputs, form: Form) -> Stored:
    flat = form == "flat"
    states = {s.name: s.start if flat else place for place, s in enumerate(inputs.states) if not s.shape}
    parameters = {name: place for place, name in enumerate(inputs.parameters)}
    return Stored(states, parameters, flat, sum(slot.size for slot in inputs.states))


def _runs(kernel: Kernel, form: Form) -> Iterator[list[Output]]:
    """The outputs; in the flat form, neighbouring elements of one vector stay together."""
    run: list[Output] = []
    after: tuple[int, int] | None = None
    for output in kernel.outputs:
        element = None if output.shape or form == "tree" else _element(kernel.program.roots[output.name])
        if run and (element is None or element != after):
            yield run
            run = []
        run.append(output)
        after = None if element is None else (element[0], element[1] + 1)
    if run:
        yield run


def _element(node: AnyNode) -> tuple[int, int] | None:
    """The vector and the position that a scalar is read from."""
    match node:
        case View(operand=operand, selections=(AtPosition(position=position),)):
            return operand.number, position
        case _:
            return None


def _part(program: Program, emitter: Emitter, first: AnyNode, count: int) -> str:
    """Neighbouring elements of a vector."""
    assert isinstance(first, View)
    assert isinstance(first.selections[0], AtPosition)
    start, vector = first.selections[0].position, emitter.operand(first.operand)
    size = program.axes[first.operand.dims[0].axis].size or 0
    text = vector.within(TIGHTEST)
    return sliced(text, range(start, start + count), size) or text


def _prologue(inputs: Inputs, emitter: Emitter, form: Form) -> list[str]:
    """Give every leaf its variable."""
    slots = {slot.name: (place, slot) for place, slot in enumerate(inputs.states)}
    parameters = {name: place for place, name in enumerate(inputs.parameters)}
    lines: list[str] = []
    for variable, symbol in emitter.leaves.items():
        match symbol.role:
            case "time":
                continue
            case "state":
                place, slot = slots[symbol.name]
                lines.append(f"{variable} = {_flat(slot) if form == 'flat' else f'y[{place}]'}")
            case "parameter":
                lines.append(f"{variable} = p[{parameters[symbol.name]}]")
            case "input":
                lines.append(f"{emitter.points(symbol.axes[0].axis)}, {variable} = p[{parameters[symbol.name]}]")
            case _:
                lines.append(f"{variable} = extras[{inputs.extras.index(symbol.name)}]")
    return lines


def _flat(slot: Slot) -> str:
    if not slot.shape:
        return f"y[{slot.start}]"
    part = f"y[{slot.start}:{slot.start + slot.size}]"
    return part if len(slot.shape) == 1 else f"xp.reshape({part}, {slot.shape})"


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
