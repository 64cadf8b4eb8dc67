"""Models that are alive, so that an equal one is found again: what is kept by function then serves both.

`jax.jit` and the like remember what they compiled by the function that they were given. A bound method made anew at
every access, or of another object, is unknown to them; one that is kept, and shared by equal models, is not.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any, TypeVar

Model = TypeVar("Model")
_living: weakref.WeakKeyDictionary[Any, weakref.ref[Any]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def first_equal(model: Model) -> Model:
    """The first model that is alive and equal to this one; itself where there is none.

    Models are compared by their text only where their names and states are the same.
    """
    with _lock:
        known = _living.get(model)
        found: Model | None = None if known is None else known()
        if found is None:
            _living[model] = weakref.ref(model)
        return model if found is None else found
