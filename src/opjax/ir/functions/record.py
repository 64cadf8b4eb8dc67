"""What a function of the model language is: one frozen record that holds all that is known about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ArgumentKind = Literal["real", "boolean", "any"]
ResultKind = Literal["real", "boolean", "same"]
Scalar = float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function or an operator of the model language.

    Arguments:
        name: the name in expressions and in the compiled program.
        reference: the meaning, on single numbers, in double precision. It never raises: what IEEE 754 says holds
            (``log(0)`` is -inf, ``1/0`` is inf, ``log(-1)`` is nan, overflow is inf).
        derivatives: for each argument, the derivative as text of the model language, in the names of the arguments;
            empty where it is zero wherever it exists, and for boolean arguments.
        domain: text of the condition under which value and derivatives exist; empty for everywhere. Overflow of large
            arguments (``exp(1000)``) is not part of it.
        total: whether value and derivatives are finite for all finite arguments, but for the overflow of sums and
            products: where this holds, nothing needs a guard.
        latex: a template for `str.format` with the names of the arguments, or with ``{arguments}`` for all of them,
            separated by commas.
        example: an expression without names, and its value.
        doc: one sentence, with the conventions at the edges.
        arguments: the names of the arguments, which calls may use as keywords.
        argument_kinds: what each argument must be.
        result: what the value is; ``same`` is the common kind of the arguments whose kind is ``any``.
        variadic: whether more arguments like the last may follow; ``f(a, b, c)`` is ``f(f(a, b), c)``, and so
            `derivatives` is written for two.
        synonyms: other names that calls may use.
        infix: how the operator is written, or empty.
        operator: whether expressions reach it by an operator (or not at all), and not by a call.
    """

    name: str
    reference: Callable[..., Scalar]
    derivatives: tuple[str, ...]
    latex: str
    example: tuple[str, Scalar]
    doc: str
    domain: str = ""
    total: bool = True
    arguments: tuple[str, ...] = ("x",)
    argument_kinds: tuple[ArgumentKind, ...] = ("real",)
    result: ResultKind = "real"
    variadic: bool = False
    synonyms: tuple[str, ...] = ()
    infix: str = ""
    operator: bool = False

    def typeset(self, *operands: str) -> str:
        r"""The LaTeX of a call, from the LaTeX of its arguments.

        Arguments:
            operands: the arguments, with brackets around those that need them.

        Returns:
            For instance ``\sqrt{a^2 + b^2}`` for ``hypot`` of ``a`` and ``b``.
        """
        if "{arguments}" in self.latex:
            return self.latex.format(arguments=", ".join(operands))
        if not self.variadic:
            return self.latex.format(**dict(zip(self.arguments, operands, strict=True)))
        left, right = self.arguments
        result = operands[0]
        for operand in operands[1:]:
            result = self.latex.format(**{left: result, right: operand})
        return result
