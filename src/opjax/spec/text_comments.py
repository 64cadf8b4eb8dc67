"""Comments on their way to what they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

from opjax.syntax.declarations import BLANK_LINE


@dataclass(slots=True)
class PendingComments:
    """Comments and blank lines that were read and do not belong to anything yet, with their indentation."""

    waiting: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def add(self, depth: int, text: str) -> None:
        """Keep one comment, or `BLANK_LINE`."""
        self.waiting.append((depth, text))

    def take(self, *, is_first: bool = True) -> tuple[str, ...]:
        """All of them; without blank lines at the beginning, for what comes first below a header."""
        texts = [text for _, text in self.waiting]
        self.waiting.clear()
        return tuple(_without_leading_blanks(texts) if is_first else texts)

    def take_deeper(self, depth: int) -> tuple[str, ...]:
        """Those at the beginning that are indented by more than `depth`, without blank lines before them.

        A blank line counts as indented like what follows it, so there is none at the end.
        """
        count = 0
        while count < len(self.waiting) and self.waiting[count][0] > depth:
            count += 1
        texts = [text for _, text in self.waiting[:count]]
        del self.waiting[:count]
        return tuple(_without_leading_blanks(texts))


def _without_leading_blanks(texts: list[str]) -> list[str]:
    first = 0
    while first < len(texts) and texts[first] == BLANK_LINE:
        first += 1
    return texts[first:]
