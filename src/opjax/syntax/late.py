"""Statements whose parts are made when somebody asks for them.

A network of 20,000 species is 40,000 rows of a few forms. What they become is known from their names (`spec.repeats`),
so that nobody looks at the terms and the rate of nearly all of them; the trees of these would be half of all objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opjax.syntax.nodes import Syntax


class Late(Syntax):
    """A statement that may have been read without its parts; it has a `form`, which can read it once more."""

    __slots__ = ()

    if not TYPE_CHECKING:  # or every misspelt field would be one

        def __getattr__(self, name: str) -> object:
            """A field that has no value yet: all fields get theirs."""
            names = self.__dataclass_fields__
            if name not in names or name == "form":
                raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}", name=name, obj=self)
            whole = self.form.pattern.complete(self.span)
            for other in names.keys() - {"form"}:
                object.__setattr__(self, other, object.__getattribute__(whole, other))
            return object.__getattribute__(self, name)
