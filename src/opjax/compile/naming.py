"""Names in generated code: readable, made from the model's own names, and never anything else.

Whatever a person wrote, what comes out is an ASCII identifier that is no keyword and collides with nothing.
"""

from __future__ import annotations

import keyword
import re

LONGEST = 40
TAKEN = ("xp", "t", "y", "p", "extras", "rhs", "np", "jnp", "True", "False", "None")
_USED = "args call defaults dict fits float globals hasattr kind len map memo other otherwise pick quiet self shape"
OUTSIDE = (*_USED.split(), "tuple", "type", "types", "usual", "zip")
"""What functions around the statements of a model refer to: see `opjax.compile.quick`."""


class Namer:
    """Hands out each local name once."""

    def __init__(self) -> None:
        self._used: set[str] = {*TAKEN, *keyword.kwlist, *keyword.softkwlist}
        self._next: dict[str, int] = {}

    def reserve(self, name: str) -> None:
        """Keep a name of the function's surroundings out of use."""
        self._used.add(name)

    def name(self, hint: str) -> str:
        """A fresh identifier that reads like the hint."""
        usual = hint.isascii() and hint.isidentifier()  # as most names are
        base = (hint if usual else re.sub(r"[^A-Za-z0-9_]", "_", hint))[:LONGEST].strip("_") or "v"
        if base[0].isdigit():
            base = f"v{base}"
        if base not in self._used:
            self._used.add(base)
            return base
        number = self._next.get(base, 2)
        while f"{base}_{number}" in self._used:
            number += 1
        self._next[base] = number + 1
        self._used.add(f"{base}_{number}")
        return f"{base}_{number}"
