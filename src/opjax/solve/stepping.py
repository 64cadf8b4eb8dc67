"""What diffrax lacks between a solver and a compiled model: an early end for solves that are stuck, and saving without
callbacks to Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

Array = Any
SMALLEST_STEP = 10.0
"""In units of the last digit of the time, as in SciPy."""


class StopsWhenStuck(diffrax.AbstractAdaptiveStepSizeController[Any, Any]):
    """A step size controller that ends the solve when its steps no longer move the time.

    diffrax goes on to the last allowed step, thousands later, when a state is not a number or runs off to infinity; in
    a batch, all other lanes wait for this one.

    Arguments:
        inner: the controller that chooses the steps.
    """

    inner: diffrax.PIDController

    @property
    def rtol(self) -> Any:
        """The relative tolerance, which implicit solvers use too."""
        return self.inner.rtol

    @property
    def atol(self) -> Any:
        """The absolute tolerance, which implicit solvers use too."""
        return self.inner.atol

    @property
    def norm(self) -> Callable[[Any], Any]:
        """The norm of scaled errors."""
        return self.inner.norm

    def wrap(self, direction: Any) -> StopsWhenStuck:
        """As the inner controller."""
        return StopsWhenStuck(self.inner.wrap(direction))

    def init(self, *arguments: Any, **named: Any) -> tuple[Any, Any]:
        """As the inner controller."""
        return self.inner.init(*arguments, **named)

    def adapt_step_size(self, *arguments: Any, **named: Any) -> tuple[Any, Any, Any, Any, Any, diffrax.RESULTS]:
        """As the inner controller, with a result that ends the solve where the next step is too small or not a number."""
        keep, start, end, jump, state, result = self.inner.adapt_step_size(*arguments, **named)
        limits = jnp.finfo(jnp.result_type(start))
        smallest = SMALLEST_STEP * limits.eps * jnp.abs(start) + limits.tiny
        moves = end - start > smallest  # false also when the step is not a number
        ended = diffrax.RESULTS.where(moves, result, diffrax.RESULTS.dt_min_reached)
        return keep, start, end, jump, state, ended


class SavesAt(diffrax.AbstractAdjoint):
    """An adjoint that saves at these times, and where the solve stopped.

    ``SaveAt(ts=...)`` checks the times inside the compiled program, through a callback to Python. Such programs cannot
    be kept in JAX's compilation cache, and not be one kernel. Our times are checked before (`opjax.solve.inputs`).

    Arguments:
        inner: the adjoint that differentiates the solve.
        times: the times to save at, not decreasing, from the start to the end of the solve.
    """

    inner: diffrax.AbstractAdjoint
    times: Array

    def loop(self, *, saveat: Any, init_state: Any, **named: Any) -> Any:
        """Solve, with room for one row for each time and one for where the solve stopped."""
        del saveat
        rows = self.times.shape[0] + 1

        def room(like: Array) -> Array:
            return jnp.full((rows, *like.shape), jnp.inf, like.dtype)

        saved = (room(self.times[0]), jax.tree.map(room, init_state.y))
        init_state = eqx.tree_at(lambda state: (state.save_state.ts, state.save_state.ys), init_state, saved)
        return self.inner.loop(saveat=diffrax.SaveAt(ts=self.times, t1=True), init_state=init_state, **named)
