"""Where compiled models come from: a text, or another compiled model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Origin(Protocol):
    """Where a compiled model comes from: enough to compare it, and to make it again in another process."""

    def text(self) -> str:
        """The text of the model."""
        ...

    def content_hash(self) -> str:
        """The hash of the text without comments."""
        ...

    def rates(self) -> Mapping[str, str]:
        """The rate of each transition as text, by the name of the transition."""
        ...

    @property
    def labels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The labels of axes that take them from data."""
        ...

    @property
    def restore(self) -> Callable[..., object]:
        """A function of a module that compiles text, labels and the name of a namespace again."""
        ...


@dataclass(frozen=True)
class PartOrigin:
    """The origin of what is made of another compiled model: not equal to it, and pickled by way of it.

    Arguments:
        whole: the other model.
        origin: where that comes from.
        mark: tells the two apart.
        again: a function of a module that makes it of the other model.
    """

    whole: object
    origin: Origin
    mark: str
    again: Callable[[Any], object]

    def text(self) -> str:
        """The text of the whole."""
        return self.origin.text()

    def content_hash(self) -> str:
        """Another hash than that of the whole."""
        return f"{self.mark}:{self.origin.content_hash()}"

    def rates(self) -> Mapping[str, str]:
        """As those of the whole."""
        return self.origin.rates()

    @property
    def labels(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """As those of the whole."""
        return self.origin.labels

    @property
    def restore(self) -> Callable[..., object]:
        """Makes it of the whole, which pickles itself."""
        return functools.partial(_restore, self.again, self.whole)


def _restore(again: Callable[[Any], object], whole: object, *state: object) -> object:
    return again(whole)
