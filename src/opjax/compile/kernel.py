"""A kernel: generated code for some expressions, bound to one namespace and one data type."""

from __future__ import annotations

import hashlib
import linecache
import re
import struct
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType
from typing import cast

from opjax.backends.base import Array, Backend, DType
from opjax.compile.coalesced import coalesced
from opjax.compile.function_text import Asked, Code, Output, write
from opjax.compile.helpers import helper
from opjax.compile.hushed import may_warn
from opjax.compile.numbers import shapes_of_parameters
from opjax.compile.settled import Settled
from opjax.compile.text import Table
from opjax.compile.unpacking import Form, Inputs
from opjax.ir.program import Program
from opjax.ir.types import Axis

__all__ = ["Code", "Form", "Inputs", "Kernel", "Output", "table_values"]

Function = Callable[..., Array]
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Kernel:
    """Generated code, in the flat form (vector in, vector out) and the tree form (tuples in, tuple out).

    Arguments:
        title: the name of the model.
        program: what is computed.
        outputs: the values that are wanted.
        inputs: what they depend on.
        backend: the namespace.
        find_scalars: finds the program that is computed with Python's numbers, where that is quicker in double
            precision; until it is found.
        alone: whether it is for one state, and never mapped.
    """

    title: str
    program: Program
    outputs: tuple[Output, ...]
    inputs: Inputs
    backend: Backend
    find_scalars: Callable[[], Program | None] | None = None
    alone: bool = False
    _scalars: Program | None = None
    _codes: dict[Form, Code] = field(default_factory=dict[Form, Code])
    _bound: dict[tuple[Form, DType], Function] = field(default_factory=dict[tuple[Form, DType], Function])
    _compiled: dict[str, CodeType] = field(default_factory=dict[str, CodeType])
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)  # one kernel serves all equal models

    @property
    def scalars(self) -> Program | None:
        """The program that is computed with Python's numbers; found when a vector is to be computed with first."""
        with self._lock:
            if self.find_scalars is not None:
                self._scalars = self.find_scalars()
                self.find_scalars = None  # it holds the program before the passes
            return self._scalars

    def code(self, form: Form) -> Code:
        """The text of the function."""
        with self._lock:
            if form not in self._codes:
                program, inputs = self.program, self.inputs
                if form == "numbers":
                    inputs = replace(inputs, shapes=shapes_of_parameters(program))
                    program = self.scalars or program
                asked = Asked(program, self.outputs, inputs, self.backend)
                self._codes[form] = write(coalesced(asked, form), form)
            return self._codes[form]

    @property
    def for_one(self) -> Kernel | None:
        """What computes one state in another way than many, where the program has such a way."""
        alone = self.program.alone if self.backend.maps_by_rules else None
        return alone and Kernel(self.title, alone, self.outputs, self.inputs, self.backend, alone=True)

    def text(self, form: Form) -> str:
        """The text of the function; also of that for one state, where that is another."""
        own, other = self.code(form).text, self.for_one
        if other is None:
            return own
        return f"# one state\n{other.code(form).text}\n# many states that are mapped, and derivatives\n{own}"

    @property
    def branches(self) -> bool:
        """Whether there is a conditional, whose branch not taken may be undefined without a warning."""
        return "where" in self.program.functions and may_warn(self.program.nodes)

    def form_for(self, y: Array, dtype: DType) -> Form:
        """The quickest form that takes such a vector."""
        if not self.backend.writes_to(y):
            return "flat"
        return "numbers" if dtype == self.backend.xp.float64 and self.scalars is not None else "written"

    def quietly(self, function: Function) -> Function:
        """A function of which no branch that is not taken warns."""
        if not self.branches:
            return function

        def quiet(*arguments: object) -> Array:
            with self.backend.errstate():
                return function(*arguments)

        return quiet

    def bind(self, form: Form, dtype: DType) -> Function:
        """The function ``rhs(t, y, p, extras)`` for one data type; tables are cast once."""
        known = self._bound.get((form, dtype))
        if known is None:
            with self._lock:
                known = self._bound.get((form, dtype)) or self._run(form, dtype)
                self._bound[(form, dtype)] = known
        return known

    def _run(self, form: Form, dtype: DType) -> Function:
        code = self.code(form)
        numbers = not any(o.shape for o in self.outputs) and len(code.sizes) == len(self.outputs)
        pack = self.backend.packer(code.sizes, dtype, numbers, self.alone)
        own: dict[str, object] = {"pack": pack}
        if form == "numbers":
            own["otherwise"] = self._otherwise(dtype)
        names = {**self._names(code, dtype), **own}
        digest = hashlib.sha256(code.text.encode()).hexdigest()[:12]  # the same in every process
        filename = f"<opjax {self.title} {form} {digest}>"
        # The text is ours from the first character to the last: names that people wrote are not in it.
        exec(compile("\n" * len(code.settled) + code.given + code.function, filename, "exec"), names)
        if code.given:
            names["given"] = _given(self, code, dtype, names)
        function = names["rhs"]
        assert callable(function)
        _show_lines(filename, code.text, function)
        return self._alone(cast(Function, function), form, dtype)

    def _alone(self, function: Function, form: Form, dtype: DType) -> Function:
        """The function, which computes in another way for one state where the program has one."""
        other = self.for_one
        return function if other is None else self.backend.alone(other.bind(form, dtype), function)

    def _otherwise(self, dtype: DType) -> Function:
        """What computes where Python's numbers raise an error; it is made when that happens first."""
        made: list[Function] = []

        def otherwise(*arguments: object) -> Array:
            if not made:
                made.append(self.quietly(self.bind("written", dtype)))
            return made[0](*arguments)

        return otherwise

    def _names(self, code: Code, dtype: DType) -> dict[str, object]:
        """What the statements of a form refer to."""
        store = struct.Struct(f"{code.sizes[0]}d").pack_into if code.inlined else None  # NumPy takes them one by one
        names = {**_surroundings(self, code, self.backend, dtype), **_settled(self, code, dtype)}
        return {**names, "store": store} if store else names

    def around(self, form: Form, text: str, names: Mapping[str, object], dtype: DType) -> Function:
        """The function ``call`` of a text that stands around the statements of a form.

        Arguments:
            form: whose statements these are.
            text: the function.
            names: what it refers to beside what the statements do.
            dtype: the data type.
        """
        if text not in self._compiled:
            self._compiled[text] = compile(text, f"<opjax {self.title} call>", "exec")  # ours, like the statements
        everything = {**cast(FunctionType, self.bind(form, dtype)).__globals__, **names}
        exec(self._compiled[text], everything)
        return cast(Function, everything["call"])


def _show_lines(filename: str, text: str, function: Function) -> None:
    """Have tracebacks show the lines of a function's text, as long as it lives."""
    lines = linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)

    def forget() -> None:
        if linecache.cache.get(filename) is lines:  # and not those of another with the same text
            del linecache.cache[filename]

    weakref.finalize(function, forget).atexit = False


def _surroundings(kernel: Kernel, code: Code, backend: Backend, dtype: DType, text: str = "") -> dict[str, object]:
    """What the code refers to by name; or a part of it with that text, for which there may be other functions."""
    names: dict[str, object] = {"xp": backend.xp, "real": dtype, "number": backend.scalar_type(dtype)}
    named = set(_WORD.findall(text or code.text))
    names.update({name: helper(backend, function, dtype) for function, name in code.helpers.items() if name in named})
    names.update({name: _constant(kernel, backend, table, dtype) for table, name in code.tables.items()})
    return names


def _settled(kernel: Kernel, code: Code, dtype: DType) -> dict[str, object]:
    """The values of the statements before the function, computed once."""
    if not code.settled:
        return {}
    backend, calculator = kernel.backend, kernel.backend.calculator
    found = _settled_values(kernel, code, _surroundings(kernel, code, calculator, dtype, "\n".join(code.settled)))
    return found if calculator is backend else {name: backend.constant_of(value) for name, value in found.items()}


def _settled_values(kernel: Kernel, code: Code, surroundings: Mapping[str, object]) -> dict[str, object]:
    """The same as NumPy's arrays."""
    names = dict(surroundings)
    with kernel.backend.calculator.errstate():
        exec(compile("\n".join(code.settled), f"<opjax {kernel.title}>", "exec"), names)  # as ours as the function
    return {name: value for name, value in names.items() if name not in surroundings and name != "__builtins__"}


def _given(kernel: Kernel, code: Code, dtype: DType, names: Mapping[str, object]) -> Function:
    """The function of the parameters alone, which computes from the defaults once."""
    backend, calculator = kernel.backend, kernel.backend.calculator
    own = dict(names)
    if calculator is not backend:
        known = _surroundings(kernel, code, calculator, dtype, "\n".join((*code.settled, code.given)))
        own = {**known, **_settled_values(kernel, code, known)}
        exec(compile(code.given, f"<opjax {kernel.title}>", "exec"), own)  # as ours as the function
    every_time, calculated = cast("tuple[Function, Function]", (names["given"], own["given"]))

    def once(p: Settled) -> tuple[Array, ...]:
        with calculator.errstate():
            found = calculated(p if calculator is backend else Settled(p.numbers, calculator, dtype))
        found = tuple(value.copy() if getattr(value, "ndim", 0) else value for value in found)  # without gaps
        return found if calculator is backend else tuple(map(backend.constant_of, found))

    def given(p: object) -> object:
        return p.once(once) if type(p) is Settled else every_time(p)

    return given


def _constant(kernel: Kernel, backend: Backend, table: Table, dtype: DType) -> Array:
    if table.kind == "positions":
        return backend.positions(table.positions)
    if table.kind == "ticks":
        return kernel.program.axes[table.axis].coordinates
    if table.kind == "cell":
        return backend.xp.asarray(backend.constant(table.number, dtype))
    return backend.constant(table_values(table, kernel.program.axes), backend.xp.bool if table.is_of_truths else dtype)


def table_values(table: Table, axes: Mapping[str, Axis]) -> float | tuple[float | bool, ...]:
    """The numbers of a constant array."""
    if table.kind in ("number", "cell"):
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
