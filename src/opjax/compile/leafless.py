"""Compiled models as pytrees without leaves, so that JAX takes them as arguments like any other structure."""

from __future__ import annotations

import sys

_registered: set[type] = set()


def register_without_leaves(kind: type) -> None:
    """Make a class a pytree without leaves, once JAX is there to care.

    Arguments:
        kind: the class; a second time is none.
    """
    if "jax" in sys.modules and kind not in _registered:
        from opjax.backends import jax

        jax.register_without_leaves(kind)
        _registered.add(kind)
