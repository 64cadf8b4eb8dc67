"""Values by name that are made when somebody asks for them: of a large model, nobody looks at most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Named:
    """Names that stand together: what is known of their values is in columns, and each has a place there.

    Arguments:
        names: the names, each once.
    """

    __slots__ = ("_places", "names")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._places: dict[str, int] | None = None

    def place(self, name: str) -> int:
        """The place of a name."""
        if self._places is None:
            self._places = dict(zip(self.names, range(len(self.names)), strict=True))
        return self._places[name]


R = TypeVar("R", bound=Named)


class Lazily(Mapping[str, V], Generic[V, R]):
    """A mapping in which some values are there, and others are made from what is known of them.

    Arguments:
        make: makes the value of a name from what is known of it and others.

    Example:
        >>> found = Lazily[int, Named](lambda name, known: known.place(name))
        >>> found.know(Named(["zero", "one"]))
        >>> found.put("three", 3)
        >>> found["one"], list(found), len(found)
        (1, ['zero', 'one', 'three'], 3)
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

    def know(self, known: R) -> None:
        """Take what is known of the values of some names, none of which has one yet."""
        self._known.update(dict.fromkeys(known.names, known))

    def known(self, name: str) -> R | None:
        """What is known of the value of a name; None where the value itself was taken, or there is none."""
        return self._known.get(name)

    def known_of(self, names: Iterable[str]) -> list[R | None]:
        """What is known of the values of several names, as by `known`."""
        return [*map(self._known.get, names)]

    def has_none_of(self, names: Iterable[str]) -> bool:
        """Whether none of some names has a value."""
        return self._known.keys().isdisjoint(names)

    def parts(self) -> Iterator[R | str]:
        """What is known of names, and the names of values that were taken, in their order."""
        rest = iter(self._known.items())
        for name, known in rest:
            if known is None:
                yield name
                continue
            yield known
            deque(islice(rest, len(known.names) - 1), maxlen=0)  # its others stand behind the first

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
