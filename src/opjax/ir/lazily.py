"""Values by name that are made when somebody asks for them: of a large model, nobody looks at most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

V = TypeVar("V")
R = TypeVar("R")


class Lazily(Mapping[str, V], Generic[V, R]):
    """A mapping in which some values are there, and others are made from what is known of them.

    Arguments:
        make: makes the value of a name.

    Example:
        >>> found = Lazily[int, str](lambda name, text: int(text))
        >>> found.know(["one", "two"], ["1", "2"])
        >>> found.put("three", 3)
        >>> found["two"], list(found), len(found)
        (2, ['one', 'two', 'three'], 3)
    """

    __slots__ = ("_known", "_made", "_make")

    def __init__(self, make: Callable[[str, R], V]) -> None:
        self._make = make
        self._known: dict[str, R | None] = {}
        self._made: dict[str, V] = {}

    def put(self, name: str, value: V) -> None:
        """Take a value as it is."""
        self._known[name] = None
        self._made[name] = value

    def know(self, names: Iterable[str], known: Iterable[R]) -> None:
        """Take what is known of the values of some names, none of which has one yet."""
        self._known.update(zip(names, known, strict=False))

    def known(self, name: str) -> R | None:
        """What is known of the value of a name; None where the value itself was taken, or there is none."""
        return self._known.get(name)

    def known_of(self, names: Iterable[str]) -> list[R | None]:
        """What is known of the values of several names, as by `known`."""
        return [*map(self._known.get, names)]

    def all_known(self) -> Iterable[tuple[str, R | None]]:
        """All names, with what is known of their values."""
        return self._known.items()

    def __getitem__(self, name: str) -> V:
        try:
            return self._made[name]
        except KeyError:
            pass
        known: Any = self._known[name]
        return self._made.setdefault(name, self._make(name, known))

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __reduce__(self) -> tuple[object, ...]:
        return dict, (list(self.items()),)
