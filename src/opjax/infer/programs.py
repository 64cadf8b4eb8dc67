"""Compiled programs of fits: two fits of equal models, with data of the same shapes, compile nothing twice.

A program is known by the function that it was made of and by the form of its model; the numbers of the model are given
to it. JAX finds it again for arguments of the same shapes, data types and devices, and in the same precision.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable
from typing import Any

from opjax.compile.cache import FORGET, Store
from opjax.infer.model import NumpyroModel
from opjax.infer.numbers import Numbers, form_of, numbers_of, with_numbers
from opjax.infer.untyped import jax, jnp

MOST = 64
"""The functions that are kept; a fit has five, and its predictions have two more."""
PROGRAMS: Store[Shared] = Store(MOST)
Function = Callable[..., Any]


class Shared:
    """A function of a model and of arrays, which `jax.jit` compiles once for all models of one form.

    Without a model it is a function of arrays alone.

    Arguments:
        function: called with the model, and with the arrays.
    """

    def __init__(self, function: Function) -> None:
        models: list[NumpyroModel] = []

        def traced(numbers: Numbers | None, *arrays: Any) -> Any:
            return function(*arrays) if numbers is None else function(with_numbers(models[-1], numbers), *arrays)

        self.models = models  # the one that is traced now, so that problems are reported at its lines
        self.jitted: Any = jax.jit(traced)
        self.lock = threading.Lock()


class Program:
    """A function of arrays, traced for a model and not yet compiled.

    Arguments:
        shared: the function, of all models of the same form.
        model: the model, if it is a function of one.
        arrays: what it is to be called with, or shapes of it.
    """

    def __init__(self, shared: Shared, model: NumpyroModel | None, arrays: tuple[Any, ...]) -> None:
        self._shared = shared
        self._numbers = None if model is None else numbers_of(model)
        with shared.lock:
            try:
                if model is not None:
                    shared.models.append(model)
                self.shapes: Any = shared.jitted.eval_shape(self._numbers, *arrays)
                self._lowered = shared.jitted.lower(self._numbers, *arrays)
            finally:
                shared.models.clear()

    def compile(self) -> Function:
        """The compiled function of arrays; may be called in a thread."""
        with self._shared.lock:
            return functools.partial(self._lowered.compile(), self._numbers)


def program_of(function: Function, model: NumpyroModel | None, *arrays: Any, static: Hashable = None) -> Program:
    """A function of a model and of arrays, to be compiled; what was compiled for a model of the same form is found.

    Arguments:
        function: a function of a module; called with `static` and the model, if there are any, and with the arrays.
        model: the model.
        arrays: what it is to be called with, or shapes of it.
        static: what else it depends on.
    """

    def make() -> Shared:
        return Shared(function if static is None else functools.partial(function, static))

    form = None if model is None else form_of(model)
    key = (function, static, form, jnp.result_type(float), jax.config.jax_default_device)
    try:
        hash(key)
    except TypeError:  # a solver that holds arrays
        return Program(make(), model, arrays)
    return Program(PROGRAMS.get(key, 1, make), model, arrays)


FORGET.append(PROGRAMS.clear)
