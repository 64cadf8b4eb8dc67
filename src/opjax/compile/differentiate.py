"""The Jacobian of a right-hand side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opjax.backends.base import Array
from opjax.backends.registry import backend_of
from opjax.compile.arguments import refuse
from opjax.errors import catalogue
from opjax.errors.extras import missing_extra

Field = Callable[[Any, Any, Mapping[str, Any]], Array]


class Jacobian:
    """The dense Jacobian of a vector field over flat vectors of JAX or NumPy.

    Arguments:
        field: a function of time, states and parameters that keeps to the namespace of the states.
    """

    def __init__(self, field: Field) -> None:
        try:
            from opjax.trees import derivatives
        except ImportError as missing:
            raise missing_extra(missing, "jax") from missing
        self._field = field
        self._traced = derivatives.dense_jacobian
        self._compiled = derivatives.NumpyJacobian(field)

    def __call__(self, t: object, y: Array, args: Mapping[str, object]) -> Array:
        """The matrix at a point; see `CompiledRhs.jacobian`."""
        backend = backend_of(y) if hasattr(y, "dtype") else None
        if backend is not None and backend.name == "jax":
            return self._traced(self._field, t, y, args)
        if backend is None or backend.name != "numpy":
            expected = "an array of JAX or of NumPy"
            raise refuse(catalogue.WRONG_ARRAY, name="y", found=type(y).__name__, expected=expected)
        return self._compiled(t, backend.asarray(y, backend.dtype_of(y)), args)
