"""Recursion without the stack: functions that call themselves, for trees of any depth."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")
Walk = Generator["Walk[Any]", Any, Result]
"""A generator that yields the walks of its children, is sent their results, and returns its own."""


def run(walk: Walk[Result]) -> Result:
    """Run a recursive walk on a list instead of the interpreter's stack.

    Write the recursion as a generator and say ``yield`` where it would call itself:

        def depth(node):
            below = []
            for child in node.children:
                below.append((yield depth(child)))
            return 1 + max(below, default=0)

        run(depth(root))

    An exception that a child raises is raised at the parent's ``yield``.
    """
    stack: list[Walk[Any]] = [walk]
    value: Any = None
    error: BaseException | None = None
    while stack:
        try:
            child = stack[-1].throw(error) if error is not None else stack[-1].send(value)
        except StopIteration as done:
            stack.pop()
            value, error = done.value, None
        except Exception as raised:  # handed to the caller's generator, or out of the last one
            stack.pop()
            if not stack:
                raise
            value, error = None, raised
        else:
            stack.append(child)
            value, error = None, None
    return value
