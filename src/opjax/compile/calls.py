"""The ways to call a compiled model as functions that are equal where the models are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Call:
    """A way to call a compiled model.

    Two of equal models are equal: who keeps results by function, as `jax.jit` does, knows the second again and compiles
    nothing. (A bound method is equal to none of another object, nor even kept for its own.)

    Arguments:
        owner: the compiled model.
        name: the name of this property of it.
        run: computes the derivative from the time, the states and the parameters by name.
    """

    __slots__ = ("__weakref__", "_name", "_owner", "_run")

    def __init__(self, owner: object, name: str, run: Callable[[object, Any, Mapping[str, object]], Any]) -> None:
        self._owner, self._name, self._run = owner, name, run

    def __call__(self, t: object, y: Any, **parameters: object) -> Any:
        """The derivative at a time and a state, with the parameters by name."""
        return self._run(t, y, parameters)

    @property
    def __name__(self) -> str:
        """The name of the property."""
        return self._name

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Call) and self._name == other._name and self._owner == other._owner)

    def __hash__(self) -> int:
        return hash((self._name, self._owner))

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, (self._owner, self._name)

    def __repr__(self) -> str:
        return f"<{self._name} of {self._owner!r}>"
