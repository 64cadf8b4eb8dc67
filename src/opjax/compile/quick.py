"""The calls that have to be quick: functions written for one pattern of arguments, which check it and compute.

A model of a few equations computes for less time than two calls of Python functions take. So where the states are
NumPy's double precision, the function that is called is one that looks whether everything is as usual (types, shapes,
names, number of parameters) and computes in the same breath. Whatever is not usual goes the general way, which knows
what to make of it, or what is wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any, Literal, cast

from opjax.backends.base import Array, DType
from opjax.compile.function_text import Inlined
from opjax.compile.kernel import Kernel
from opjax.compile.opened import INDENT
from opjax.compile.settled import MANY, Settled
from opjax.compile.settled import SEVERAL as SETTLED

Style = Literal["mapping", "keywords", "bound"]
"""Parameters in one mapping, by keyword, or given once and for all."""
_MAKES_UP_NONE = "(type(args) is dict or not hasattr(args, '__missing__'))"
"""What is looked at in mappings: values that they make up were not given."""
NO_VALUE = object()
"""Stands for parameters before the first call."""


class _Signature:
    """How instances are called, for `inspect.signature`; their class has its own."""

    def __get__(self, instance: Called | None, owner: type[object]) -> inspect.Signature:
        if instance is None:
            raise AttributeError("__signature__")
        return inspect.signature(instance.general)


class Called:
    """What is called without a look at its type: its instances are.

    Arguments:
        general: takes any arguments.
    """

    __slots__ = ("__call__", "general")
    __call__: Callable[..., Any]
    __signature__ = _Signature()

    def __init__(self, general: Callable[..., Any]) -> None:
        self.__call__ = self.general = general


def by_keyword(rhs: Callable[..., Any]) -> MethodType:
    """The method ``eval_fn(t, y, **parameters)`` of a derivative that takes them as one mapping.

    It is called as quickly as any function of Python's, which an object that has a `__call__` is not.
    """
    function = FunctionType(_in_one_mapping.__code__, {}, "eval_fn")
    vars(function)["__signature__"] = _SIGNATURE
    return MethodType(function, rhs)


def _in_one_mapping(self: Callable[..., Any], /, t: object, y: object, **parameters: object) -> object:
    return self(t, y, parameters)


_SIGNATURE = inspect.signature(_in_one_mapping)


def hasten(method: MethodType, function: FunctionType | None) -> None:
    """Have a method do what a function does, for all who hold it."""
    if function is not None:
        held = cast(FunctionType, method.__func__)
        held.__globals__.update(function.__globals__)
        held.__kwdefaults__ = function.__kwdefaults__
        held.__code__ = function.__code__


@dataclass(frozen=True, slots=True)
class Usual:
    """What usual arguments look like.

    Arguments:
        kernel: computes.
        kind: the type of the states.
        dtype: their data type.
        shape: their shape.
        names: the parameters in order.
        shapes: their shapes.
        pick: takes their values out of a mapping.
        timed: whether the time counts.
        defaults: values of parameters.
    """

    kernel: Kernel
    kind: type[Any]
    dtype: DType
    shape: tuple[int, ...]
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    pick: Callable[[Mapping[str, object]], tuple[object, ...]]
    timed: bool
    defaults: Mapping[str, float]

    def function(self, style: Style, otherwise: Callable[..., Any], given: Sequence[object] = ()) -> Any:
        """The function of one style; None where there is none.

        Arguments:
            style: how it takes parameters.
            otherwise: what takes the same arguments where they are unusual.
            given: the values of a bound one.
        """
        code = self.kernel.code("numbers" if self._small else "written")
        inlined = code.inlined
        reads = inlined.parameters if inlined else code.parameters
        if style == "keywords" and reads != self.names:  # they are not the names of variables
            return None
        if style == "bound" and not all(map(self._fits, given, self.shapes)):
            return None
        if style == "bound" and inlined is None:
            many = len(given) >= MANY and not any(self.shapes)
            values = Settled(cast("Sequence[float]", given), self.kernel.backend, self.dtype) if many else given
            return fixed(self.kernel, self._example, values, style, otherwise)
        form = "numbers" if inlined else "written"
        names: dict[str, object] = {
            "kind": self.kind,
            "shape": self.shape,
            "otherwise": otherwise,
            "quiet": self.kernel.backend.errstate,
            "rhs": self.kernel.bind(form, self.dtype),
            "pick": self.pick,
            "defaults": self.defaults,
            "memo": [(None,) * (code.opened.width if code.opened and not inlined else 0)],
            "types": (float,) * len(self.names),
            **dict.fromkeys(self._known, NO_VALUE),
            **{f"name_{place}": name for place, name in enumerate(self.names)},
            **{f"shape_{place}": shape for place, shape in enumerate(self.shapes)},
        }
        if style == "bound" and inlined:
            names |= dict(zip(inlined.parameters, given, strict=True))
        elif style == "mapping" and self._settles:
            names["usual"] = self.function("bound", otherwise, self.pick(self.defaults))  # it takes these alone as well
        text = self._of_numbers(style, inlined) if inlined else self._of_arrays(style, reads)
        return self.kernel.around(form, text, names, self.dtype)

    def _fits(self, value: Any, shape: tuple[int, ...]) -> bool:
        """Whether a value is a number of Python's, or an array of the right kind and shape."""
        if not shape:
            return type(value) is float
        return type(value) is self.kind and value.dtype is self.dtype and value.shape == shape

    @property
    def _small(self) -> bool:
        return self.kernel.form_for(self._example, self.dtype) == "numbers"

    @property
    def _example(self) -> Array:
        return self.kernel.backend.xp.empty(self.shape, self.dtype)

    def _head(self, style: Style, reads: Sequence[str]) -> tuple[str, str]:
        """How a function of one style begins, and what it returns where arguments are unusual."""
        if style == "bound":
            return "call(self, /, t, y)", "otherwise(t, y)"
        if style == "mapping":
            own = self._whole and not self._settles
            return f"call(t, y, args={'defaults' if own else None})", "otherwise(t, y, args)"
        values = "".join(f"{name}=defaults.get(name_{place}), " for place, name in enumerate(reads))
        given = "".join(f"{name}, " for name in reads)
        return f"call(self, /, t, y, {'*, ' * bool(reads)}{values}**other)", f"otherwise(t, y, other, ({given}))"

    @property
    def _whole(self) -> bool:
        """Whether all parameters have defaults, which are meant by a call without any."""
        return bool(self.names) and len(self.defaults) == len(self.names)

    @property
    def _settles(self) -> bool:
        """Whether there are so many defaults that a call without parameters is one with these bound."""
        return self._whole and self._small and len(self.names) >= SETTLED

    def _guard(self, style: Style) -> list[str]:
        """What is looked at first: the states, the time, and how many parameters there are."""
        count = f"len(args) == {len(self.names)}" if self.names else "not args"
        counted = {"mapping": [count], "keywords": ["not other"], "bound": []}
        return ["type(y) is kind", "y.dtype is real", *["type(t) is float"] * self.timed, *counted[style]]

    def _of_numbers(self, style: Style, inlined: Inlined) -> str:
        """The whole computation, behind a look at what is given."""
        reads = tuple(f"given_{place}" if name == "_" else name for place, name in enumerate(inlined.parameters))
        looks, body = self._guard(style), [f"{', '.join(inlined.states)}, = y.tolist()", *inlined.statements]
        again = style != "bound" and bool(reads) and not any(self.shapes)
        if not again and style != "bound":
            looks += [_MAKES_UP_NONE] * (style == "mapping")
            looks += [self._look(place, self._given(style, place, name), name) for place, name in enumerate(reads)]
        if not inlined.refuses:
            first, *others = body
            body = [first, f"if type({inlined.states[0]}) is float:", *(f"{INDENT}{line}" for line in others)]
        head, rest = self._head(style, reads)
        inside = [*self._seen(style, reads), *body] if again else body
        none = style == "mapping" and self._settles
        lines = ["if args is None:", f"{INDENT}return usual(None, t, y)"] if none else []
        lines += ["try:", f"{INDENT}if {' and '.join(looks)}:", *(f"{INDENT * 2}{line}" for line in inside)]
        lines += ["except (ArithmeticError, ValueError, LookupError, TypeError):", f"{INDENT}pass", f"return {rest}"]
        return (self._fits_text if again else "") + _text(head, lines)

    def _given(self, style: Style, place: int, name: str) -> str:
        """The text of a parameter that is given; one out of a mapping has a name from there on."""
        return f"({name} := args[name_{place}])" if style == "mapping" else name

    @property
    def _known(self) -> list[str]:
        """The variables that hold the parameters of a call before."""
        return [f"known_{place}" for place in range(len(self.names))]

    @property
    def _fits_text(self) -> str:
        """The function that refuses parameters which are no floats, and keeps those that are: they cannot change."""
        lines = ["if tuple(map(type, values)) != types:", f"{INDENT}raise TypeError"]
        return _text(
            "fits(values, known)", [*lines, f"known.update(zip({tuple(self._known)}, values))", "return values"]
        )

    def _seen(self, style: Style, reads: Sequence[str]) -> list[str]:
        """Statements that look at the parameters: what was a float in a call before is one."""
        same = [f"{self._given(style, at, name)} is {self._known[at]}" for at, name in enumerate(reads)]
        values = f"pick(args) if {_MAKES_UP_NONE} else ()" if style == "mapping" else f"({', '.join(reads)},)"
        return [f"if not ({' and '.join(same)}):", f"{INDENT}{', '.join(reads)}, = fits({values}, globals())"]

    def _look(self, place: int, value: str, name: str) -> str:
        """The text that looks at one parameter, which has a name from there on."""
        if not self.shapes[place]:
            return f"type({value}) is float"
        return f"type({value}) is kind and {name}.dtype is real and {name}.shape == shape_{place}"

    def _of_arrays(self, style: Style, reads: Sequence[str]) -> str:
        """A call of what computes, behind a look at what is given."""
        looks = [*self._guard(style), "y.shape == shape", *[_MAKES_UP_NONE] * (style == "mapping")]
        for place, name in enumerate(reads):
            read = f"args[name_{place}]" if style == "mapping" else name
            looks.append(self._look(place, f"(given_{place} := {read})", f"given_{place}"))
        values = "".join(f"given_{place}, " for place in range(len(self.names)))
        opened = self.kernel.code("written").opened
        body = [f"return rhs(t, y, ({values}))"] if opened is None else opened.remembering()
        head, rest = self._head(style, reads)
        lines = ["try:", f"{INDENT}usual = {' and '.join(looks)}"]
        lines += ["except (LookupError, TypeError, ValueError):", f"{INDENT}usual = False"]
        lines += ["if usual:", *(f"{INDENT}{line}" for line in quietly(self.kernel, body))]
        return _text(head, [*lines, f"return {rest}"])


def fixed(kernel: Kernel, like: Array, values: Sequence[object], style: Style, otherwise: Callable[..., Any]) -> Any:
    """The function of one style for calls whose values are known; None where there is none.

    What is made of the values is made once, before. A style that could take others takes none.

    Arguments:
        kernel: computes.
        like: usual states.
        values: those of all parameters.
        style: how it would take others.
        otherwise: what takes the same arguments where they are unusual.
    """
    code = kernel.code("written")
    if code.opened is None:
        return None
    head, look, rest = _FIXED[style]
    looks = ["type(y) is kind", "y.dtype is real", "y.shape == shape", *["type(t) is float"] * code.uses_time, *look]
    lines = [f"if {' and '.join(looks)}:", *(f"{INDENT}{line}" for line in quietly(kernel, code.opened.every_time))]
    text = "".join(f"{line}\n" for line in code.opened.once) + _text(head, [*lines, f"return {rest}"])
    names: dict[str, object] = {"kind": type(like), "shape": like.shape, "p": values, "otherwise": otherwise}
    names["quiet"] = kernel.backend.errstate
    return kernel.around("written", text, names, like.dtype)


def quietly(kernel: Kernel, lines: Sequence[str]) -> list[str]:
    """Statements that do not warn of branches that are not taken."""
    return ["with quiet():", *(f"{INDENT}{line}" for line in lines)] if kernel.branches else list(lines)


_FIXED: Mapping[Style, tuple[str, list[str], str]] = {
    "mapping": (
        "call(t, y, args=None)",
        ["(args is None or type(args) is dict and not args)"],
        "otherwise(t, y, args)",
    ),
    "keywords": ("call(self, /, t, y, **args)", ["not args"], "otherwise(t, y, args)"),
    "bound": ("call(self, /, t, y)", [], "otherwise(t, y)"),
}


def bound(rhs: Callable[..., Any], usual: Callable[[], Usual | None], given: Mapping[str, object]) -> MethodType:
    """A function of the time and the states: a method, which is called more quickly than other objects are.

    Arguments:
        rhs: takes the parameters too.
        usual: says what arguments look like, once it is known.
        given: the parameters by name.
    """
    return _Bound(rhs, usual, given).bound


class _Bound:
    """A derivative and its parameters, which are given once. Its method does something quicker after its first call."""

    def __init__(self, rhs: Callable[..., Any], usual: Callable[[], Usual | None], given: Mapping[str, object]) -> None:
        self.rhs, self.usual, self.given = rhs, usual, given
        function = FunctionType(_at_first.__code__, {}, "bound")
        vars(function)["__signature__"] = _SIGNATURE_BOUND
        self.bound = MethodType(function, self)

    def plain(self, t: object, y: object) -> object:
        """The derivative by the general way."""
        return self.rhs(t, y, self.given)

    def first(self, t: object, y: object) -> object:
        """The first call, after which it is known how this one is called."""
        found = self.plain(t, y)
        known = self.usual()
        if known is not None:
            complete = {**known.defaults, **self.given}
            whole = set(complete) == set(known.names)
            fast = known.function("bound", self.plain, known.pick(complete)) if whole else None
            hasten(self.bound, fast or FunctionType(_plainly.__code__, {}))
        return found

    def __reduce__(self) -> tuple[object, ...]:
        return _owner, (self.rhs, self.given)


def _at_first(self: Any, /, t: object, y: object) -> object:
    return self.first(t, y)


def _plainly(self: Any, /, t: object, y: object) -> object:
    return self.plain(t, y)


_SIGNATURE_BOUND = inspect.signature(_at_first)


def _owner(rhs: Any, given: Mapping[str, object]) -> object:
    return rhs.bind(given).__self__


def _text(head: str, lines: Sequence[str]) -> str:
    return f"def {head}:\n" + "".join(f"{INDENT}{line}\n" for line in lines)
