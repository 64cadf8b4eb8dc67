"""Colours for model files: the language `ojx` of code blocks."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text
from sphinx.application import Sphinx

SECTIONS = r"(time|axes|params|inputs|states|let|dynamics|init|events|boundary|observe|derive|require)"
WORDS = r"(if|else|and|or|not|for|in|every|at|when|rising|falling|doses|from|to|origin|edge|extends)"
FLAGS = r"(fixed|free|nonneg|log|counts|density|data|linear|previous|cubic|stay|absorb|periodic|stop|ordered)"


class ModelLexer(RegexLexer):
    """The text form of models."""

    name = "opjax model"
    aliases: ClassVar[list[str]] = ["ojx"]
    filenames: ClassVar[list[str]] = ["*.ojx"]
    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String),
            (r"\s+", Text),
            (r"\bmodel\b", Keyword.Declaration),
            (rf"(?<=  ){SECTIONS}(?=:)", Keyword.Namespace),
            (rf"\b{WORDS}\b", Keyword),
            (r"[^\W\d]\w*(?=\()", Name.Function),
            (rf"\b{FLAGS}\b", Keyword.Type),
            (r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", Number),
            (r"[^\W\d]\w*", Name),
            (r"->|=>|<=|>=|==|!=|\+=|-=|\*=|\*\*|[-+*/^%=~@<>']", Operator),
            (r"[()\[\]{}:,;.]", Punctuation),
            (r".", Text),  # the pages of errors show what is wrong too
        ]
    }


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the language known to Sphinx."""
    app.add_lexer("ojx", ModelLexer)
    return {"parallel_read_safe": True}
