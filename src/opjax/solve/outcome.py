"""How a solve ended, as an enumeration whose texts are the messages."""

from __future__ import annotations

import enum
from typing import Any, Protocol

from opjax.solve.untyped import diffrax, jnp

Array = Any


class HasCode(Protocol):
    """A solution, or a trajectory."""

    @property
    def code(self) -> Array:
        """The code of its outcome."""
        ...


class Outcome(enum.Enum):
    """How a solve ended; the value is the message."""

    SUCCESS = "the solve reached the last time"
    MAX_STEPS = "the most steps allowed were taken"
    STEP_TOO_SMALL = "the steps became too small to go on"
    NOT_FINITE = "a derivative is not a finite number"
    NOT_CONVERGED = "the equations of an implicit step were not solved"
    EVENT = "an event ended the solve"
    OTHER = "the solver failed"

    @property
    def code(self) -> int:
        """The number that stands for it in compiled code; 0 is success."""
        return tuple(Outcome).index(self)

    @classmethod
    def of(cls, solved: HasCode) -> Outcome:
        """The outcome of a solution that is no traced value."""
        return tuple(cls)[int(solved.code)]


_RESULTS = (
    (diffrax.RESULTS.successful, Outcome.SUCCESS),
    (diffrax.RESULTS.max_steps_reached, Outcome.MAX_STEPS),
    (diffrax.RESULTS.dt_min_reached, Outcome.STEP_TOO_SMALL),
    (diffrax.RESULTS.event_occurred, Outcome.EVENT),
    (diffrax.RESULTS.nonlinear_max_steps_reached, Outcome.NOT_CONVERGED),
    (diffrax.RESULTS.nonlinear_divergence, Outcome.NOT_CONVERGED),
    (diffrax.RESULTS.singular, Outcome.NOT_CONVERGED),
)


def outcome_code(result: Any) -> Array:
    """The code of diffrax's result, as an integer that may be traced."""
    code = jnp.asarray(Outcome.OTHER.code, jnp.int32)
    for known, outcome in _RESULTS:
        code = jnp.where(result == known, jnp.asarray(outcome.code, jnp.int32), code)
    return code
