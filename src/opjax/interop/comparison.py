"""Two arrays against each other, on the host."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from opjax.backends.base import Array


class Tolerances(Protocol):
    """How much two arrays may differ."""

    @property
    def rtol(self) -> float:
        """Relative to the reference."""
        ...

    @property
    def atol(self) -> float:
        """In its units."""
        ...


class ArrayComparison(NamedTuple):
    """One state's derivative against the reference.

    Arguments:
        state: its name.
        shape, reference_shape: of the two.
        input_dtype, output_dtype, reference_dtype: of the state, of its derivative, of the reference.
        finite: whether both are finite.
        passed: whether they agree.
        max_abs_error, max_relative_error: the largest differences, or None where they cannot be compared; relative to
            the reference, or to the absolute tolerance where that is larger.
        errors: what is wrong, in sentences.
    """

    state: str
    shape: tuple[int, ...]
    reference_shape: tuple[int, ...]
    input_dtype: str
    output_dtype: str
    reference_dtype: str
    finite: bool
    passed: bool
    max_abs_error: float | None
    max_relative_error: float | None
    errors: tuple[str, ...]


class NumericalCheck(NamedTuple):
    """A number that must be small."""

    name: str
    passed: bool
    max_abs_error: float | None
    errors: tuple[str, ...] = ()
    condition: str | None = None
    rtol: float = 0.0
    atol: float = 0.0
    step: float | None = None


def compare(name: str, given: Array, found: Array, expected: Array, tolerances: Tolerances) -> ArrayComparison:
    """Compare a derivative with the reference.

    Arguments:
        name: the state.
        given: its value.
        found: its derivative.
        expected: the reference.
        tolerances: how much they may differ.
    """
    ours, theirs = np.asarray(found), np.asarray(expected)
    types = (str(np.asarray(given).dtype), str(ours.dtype), str(theirs.dtype))
    shapes = (ours.shape, theirs.shape)
    if ours.shape != theirs.shape:
        problem = f"the shape is {ours.shape}, that of the reference {theirs.shape}"
        return ArrayComparison(name, *shapes, *types, False, False, None, None, (problem,))
    finite = bool(np.all(np.isfinite(ours)) and np.all(np.isfinite(theirs)))
    if not finite:
        problem = "there are values that are not finite"
        return ArrayComparison(name, *shapes, *types, False, False, None, None, (problem,))
    error, size = np.abs(ours.astype(float) - theirs.astype(float)), np.abs(theirs.astype(float))
    passed = bool(np.all(error <= tolerances.atol + tolerances.rtol * size))
    largest = float(np.max(error, initial=0.0))
    least = max(tolerances.atol, float(np.finfo(float).tiny))
    relative = float(np.max(error / np.maximum(size, least), initial=0.0))
    errors = () if passed else (f"the reference differs by up to {largest:g}",)
    return ArrayComparison(name, *shapes, *types, True, passed, largest, relative, errors)


def largest_residual(residual: object) -> float:
    """The largest absolute value; infinite where one is not finite."""
    values = np.abs(np.asarray(residual, dtype=float))
    return float(np.max(values, initial=0.0)) if np.all(np.isfinite(values)) else float("inf")
