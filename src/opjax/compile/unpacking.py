"""What a generated function begins with: each state and parameter that it reads gets its variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from opjax.compile.emit import Emitter
from opjax.compile.in_place import InPlace
from opjax.compile.layout import Slot
from opjax.compile.targets import Target
from opjax.ir.nodes import IntegerPower
from opjax.ir.types import Role

Form = Literal["flat", "tree", "written", "numbers"]
"""Vector in and out; tuples of arrays in and out; and for NumPy, vector in and out by way of a vector that is written
to, or of Python's numbers."""

TIME_ALONE = frozenset[Role](("time",))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a kernel is called with.

    Arguments:
        states: the states in the order of the flat vector.
        parameters: the parameters in the order of the tuple ``p``.
        extras: further leaves in the order of the tuple ``extras``.
        shapes: those in which some parameters are computed with, where they come in others.
    """

    states: tuple[Slot, ...]
    parameters: tuple[str, ...]
    extras: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]], hash=False)


def unpack(inputs: Inputs, emitter: Emitter, form: Form, splits: bool = False) -> list[str]:
    """Give every leaf its variable.

    Arguments:
        inputs: what the function is called with.
        emitter: knows which leaves are read.
        form: in which form the states come.
        splits: whether a vector is best cut into all its parts at once.
    """
    if not emitter.leaves:  # many states and parameters are read all at once
        return []
    slots = {slot.name: (place, slot) for place, slot in enumerate(inputs.states)}
    parameters = dict(zip(inputs.parameters, range(len(inputs.parameters)), strict=True))
    cut = _cut(inputs, emitter) if form == "flat" and splits else []
    lines = [] if not cut else [_split(cut, emitter)]
    parts = {name for name, _ in cut}
    for variable, symbol in emitter.leaves.items():
        match symbol.role:
            case "time":
                continue
            case "state":
                place, slot = slots[symbol.name]
                text = variable if variable in parts else f"y[{place}]" if form == "tree" else _flat(slot)
                shaped = f"xp.reshape({text}, {slot.shape})" if form != "tree" and len(slot.shape) > 1 else text
                lines += [f"{variable} = {shaped}"] if shaped != variable else []
            case "parameter":
                shape, text = inputs.shapes.get(symbol.name), f"p[{parameters[symbol.name]}]"
                lines.append(f"{variable} = {text if shape is None else f'xp.reshape({text}, {shape})'}")
            case "input":
                lines.append(f"{emitter.points(symbol.axes[0].axis)}, {variable} = p[{parameters[symbol.name]}]")
            case _:
                lines.append(f"{variable} = extras[{inputs.extras.index(symbol.name)}]")
    return lines


def unpack_for_numpy(inputs: Inputs, emitter: InPlace) -> list[str]:
    """Give every leaf its variable, where NumPy is sure: parameters may be Python's numbers."""
    slots = {slot.name: slot for slot in inputs.states} if emitter.leaves else {}
    size, lines = sum(slot.size for slot in inputs.states), ["t = number(t)"] * _divides_by_time(emitter)
    for line, (variable, symbol) in zip(
        unpack(inputs, emitter, "flat"), [x for x in emitter.leaves.items() if x[1].role != "time"], strict=True
    ):
        if symbol.role == "state" and slots[symbol.name].shape:
            slot = slots[symbol.name]
            lines.append(f"{variable} = {Target(slot.start, slot.size, (), slot.shape, size).text.replace('out', 'y')}")
        elif symbol.name in inputs.shapes:  # a method takes less time than a function that looks for one
            lines.append(f"{variable} = p[{inputs.parameters.index(symbol.name)}].reshape{inputs.shapes[symbol.name]}")
        elif symbol.role == "parameter" and not symbol.axes:
            value = line.partition(" = ")[2]
            lines += [f"{variable} = number({value})"] if variable in emitter.read else []
            lines += (
                [f"{emitter.cells[variable]} = {emitter.helper('cell')}({value})"] if variable in emitter.cells else []
            )
        else:
            lines.append(line)
    return lines


def _divides_by_time(emitter: InPlace) -> bool:
    """Whether something is divided by what the time alone may make zero: a number of Python's raises an error then."""
    if not any(symbol.role == "time" for symbol in emitter.leaves.values()):
        return False
    divisors = [node.operands[1] for node in emitter.program.applied("divide")]
    divisors += [n.base for n in emitter.program.nodes if isinstance(n, IntegerPower) and n.exponent < 0]
    return any(divisor.roles == TIME_ALONE for divisor in divisors)


def _flat(slot: Slot) -> str:
    return f"y[{slot.start}:{slot.start + slot.size}]" if slot.shape else f"y[{slot.start}]"


def _cut(inputs: Inputs, emitter: Emitter) -> list[tuple[str, int]]:
    """The arrays that are read of the flat vector, each with its length, and what lies between; none for one array."""
    read = {symbol.name: variable for variable, symbol in emitter.leaves.items() if symbol.role == "state"}
    parts: list[tuple[str, int]] = []
    for slot in inputs.states:
        name = read.get(slot.name, "_") if slot.shape else "_"
        if parts and name == parts[-1][0] == "_":
            parts[-1] = ("_", parts[-1][1] + slot.size)
        else:
            parts.append((name, slot.size))
    return parts if sum(name != "_" for name, _ in parts) > 1 else []


def _split(parts: Sequence[tuple[str, int]], emitter: Emitter) -> str:
    """The statement that cuts the flat vector."""
    names, sizes = ", ".join(name for name, _ in parts), ", ".join(str(size) for _, size in parts)
    return f"{names} = {emitter.helper('split')}(y, ({sizes}))"
