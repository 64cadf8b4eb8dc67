"""What diffrax lacks between a solver and a compiled model: an early end for solves that are stuck, and saving without
callbacks to Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opjax.solve.untyped import diffrax, eqx, jax, jnp

Array = Any
SMALLEST_STEP = 10.0
"""In units of the last digit of the time, as in SciPy."""
SMALLEST_PART = 1e-30
"""In units of the whole time, for a start at time zero, which has no last digit."""


class StopsWhenStuck(diffrax.AbstractAdaptiveStepSizeController[Any, Any]):
    """A step size controller that ends the solve when its steps no longer move the time.

    diffrax goes on to the last allowed step, thousands later, when a state is not a number or runs off to infinity; in
    a batch, all other lanes wait for this one.

    Arguments:
        inner: the controller that chooses the steps.
    """

    inner: Any

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

    def init(self, terms: Any, t0: Any, t1: Any, *arguments: Any, **named: Any) -> tuple[Any, Any]:
        """As the inner controller; keeps the smallest step too."""
        first, state = self.inner.init(terms, t0, t1, *arguments, **named)
        return first, (state, (t1 - t0) * SMALLEST_PART)

    def adapt_step_size(
        self, t0: Any, t1: Any, y0: Any, y1_candidate: Any, *arguments: Any
    ) -> tuple[Any, Any, Any, Any, Any, Any]:
        """As the inner controller; ends the solve where the next step is too small, or is not a number."""
        *others, (state, smallest) = arguments
        keep, start, end, jump, state, result = self.inner.adapt_step_size(t0, t1, y0, y1_candidate, *others, state)
        floor = SMALLEST_STEP * jnp.finfo(jnp.result_type(start)).eps * jnp.abs(start) + smallest
        moves = end - start > floor  # false also when the step is not a number
        ended = diffrax.RESULTS.where(moves, result, diffrax.RESULTS.dt_min_reached)
        return keep, start, end, jump, (state, smallest), ended


class SavesAt(diffrax.AbstractAdjoint):
    """An adjoint that saves at these times, and where the solve stopped.

    ``SaveAt(ts=...)`` checks the times inside the compiled program, through a callback to Python. Such programs cannot
    be kept in JAX's compilation cache, and not be one kernel. Our times are checked before (`opjax.solve.inputs`).

    Arguments:
        inner: the adjoint that differentiates the solve.
        times: the times to save at, not decreasing, from the start to the end of the solve.
    """

    inner: Any
    times: Array

    def loop(self, *, saveat: Any, init_state: Any, **named: Any) -> Any:
        """Solve, with room for one row for each time and one for where the solve stopped."""
        del saveat
        rows = self.times.shape[0] + 1

        def room(like: Array) -> Array:
            return jnp.full((rows, *like.shape), jnp.inf, like.dtype)

        saved = (room(self.times[0]), jax.tree.map(room, init_state.y))

        def kept(state: Any) -> tuple[Any, Any]:
            return state.save_state.ts, state.save_state.ys

        init_state = eqx.tree_at(kept, init_state, saved)
        return self.inner.loop(saveat=diffrax.SaveAt(ts=self.times, t1=True), init_state=init_state, **named)
