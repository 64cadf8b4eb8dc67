"""Near misses: which known name did the writer mean?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 80  # difflib is quadratic in the length of the words
_MOST = 5_000  # and linear in their number


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names closest to a misspelt word, best first (case is forgiven)."""
    candidates = [name for _, name in zip(range(_MOST), known, strict=False) if len(name) <= _LONGEST]
    if len(word) > _LONGEST:
        return []
    folded: dict[str, str] = {}
    for name in candidates:
        folded.setdefault(name.lower(), name)
    close = difflib.get_close_matches(word.lower(), folded, n=most, cutoff=0.6)
    return [folded[name] for name in close]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint such as ``did you mean 'beta'?``, or `otherwise` when nothing is close."""
    close = nearest(word, known)
    if not close:
        return otherwise
    return "did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
