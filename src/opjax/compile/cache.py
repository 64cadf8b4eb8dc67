"""Kernels that were made before: two programs that say the same are compiled once, whatever text they came from.

The key is the program as it is lowered, not its text: nodes, axes, names and shapes, and no places in a file. So one
in two spellings, or read twice from two files, has one kernel, and each of its compiled models still reports problems
at its own lines. The store holds the latest `MOST_KERNELS` kernels, and less where they are large.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from opjax.compile.kernel import Inputs, Kernel, Output
from opjax.compile.text import bits
from opjax.ir.program import Program

MOST_KERNELS = 256
MOST_NODES = 2_000_000
MOST_HASHED = 1_000
"""Nodes that tell large programs apart at first."""
Made = TypeVar("Made")


class CacheInfo(NamedTuple):
    """How often a kernel was found, and made; how many are held, and how many nodes their programs have together."""

    hits: int
    misses: int
    kernels: int
    nodes: int


@dataclass(slots=True)
class _Entry(Generic[Made]):
    nodes: int
    made: Made | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class Store(Generic[Made]):
    """What was made, by what it is; safe to use from several threads, of which one makes a thing and the others wait.

    Arguments:
        most: how many things are held.
        most_nodes: how many nodes their programs may have together.
    """

    most: int = MOST_KERNELS
    most_nodes: int = MOST_NODES
    entries: OrderedDict[Hashable, _Entry[Made]] = field(default_factory=OrderedDict[Hashable, "_Entry[Made]"])
    lock: threading.Lock = field(default_factory=threading.Lock)
    hits: int = 0
    misses: int = 0

    def get(self, key: Hashable, nodes: int, make: Callable[[], Made]) -> Made:
        """What belongs to a key; it is made at most once while it is held.

        Arguments:
            key: what it computes.
            nodes: how large its program is.
            make: makes it.
        """
        with self.lock:
            entry = self.entries.setdefault(key, _Entry(nodes))
            self.entries.move_to_end(key)
            self.shrink()
        with entry.lock:
            known = entry.made is not None
            made = entry.made = make() if entry.made is None else entry.made
        with self.lock:
            self.hits, self.misses = self.hits + known, self.misses + (not known)
        return made

    def shrink(self) -> None:
        """Drop what was not asked for longest; the latest stays, whatever its size."""
        total = sum(entry.nodes for entry in self.entries.values())
        while len(self.entries) > 1 and (len(self.entries) > self.most or total > self.most_nodes):
            _, dropped = self.entries.popitem(last=False)
            total -= dropped.nodes

    def info(self) -> CacheInfo:
        """How the store is used."""
        with self.lock:
            total = sum(entry.nodes for entry in self.entries.values())
            return CacheInfo(self.hits, self.misses, len(self.entries), total)

    def clear(self) -> None:
        """Forget all of it."""
        with self.lock:
            self.entries.clear()
            self.hits = self.misses = 0


class _Key:
    """A key that may be long: it is hashed once, by a part of it.

    Arguments:
        parts: all of it, by which equal keys are told from others.
        part: what is hashed.
    """

    def __init__(self, parts: tuple[Hashable, ...], part: Hashable) -> None:
        self._parts = parts
        self._hash = hash(part)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._hash == other._hash and self._parts == other._parts


KERNELS: Store[Kernel] = Store()
FORGET: list[Callable[[], None]] = [KERNELS.clear]
"""What `clear_cache` calls: other rooms add how they forget what they keep of models."""


def clear_cache() -> None:
    """Forget the compiled programs that opjax keeps for models that are compiled again.

    Compiled models that exist go on working. The programs of solves and fits are forgotten too; what else JAX has
    compiled is in JAX's own cache (`jax.clear_caches`).

    Example:
        >>> import opjax
        >>> opjax.clear_cache()
        >>> opjax.cache_info().kernels
        0
    """
    for forget in FORGET:
        forget()


def cache_info() -> CacheInfo:
    """How often a compiled program was found again (`hits`) or made (`misses`), and how many are kept."""
    return KERNELS.info()


def program_key(program: Program, inputs: Inputs, outputs: tuple[Output, ...]) -> Hashable:
    """What a kernel computes, without the places where it was written: equal for programs that say the same."""
    top = max((root.number for root in program.roots.values()), default=-1)
    axes = tuple((a.name, a.kind, a.size, bits(a.coordinates), a.measure) for a in program.axes.values())
    roots = tuple((name, root.number) for name, root in program.roots.items())
    named = program.names.items()
    names = tuple(named if max(program.names, default=-1) <= top else (row for row in named if row[0] <= top))
    keys = program.graph.keys(top + 1)
    return _Key((keys, roots, axes, names, inputs, outputs), (keys[:: 1 + len(keys) // MOST_HASHED], top, axes))
