r"""Names, labels and numbers in LaTeX: ``sigma_hare`` is ``\sigma_{\mathrm{hare}}``, ``N0`` is ``N_{0}``."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_SMALL = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi
psi omega"""
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"


def _sign(word: str) -> str:
    size = "SMALL" if word.islower() else "CAPITAL"
    return unicodedata.lookup(f"GREEK {size} LETTER {word.upper().replace('LAMBDA', 'LAMDA')}")


GREEK: Mapping[str, str] = {
    spelling: f"\\{word}" for word in f"{_SMALL} {_LARGE}".split() for spelling in (word, _sign(word))
}
"""The letters that LaTeX has a command for, by name and by sign."""
_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)
_NUMBERED = re.compile(r"([^\W\d]+)(\d+)")


def text(words: str) -> str:
    r"""Words in a formula, with everything escaped that means something to LaTeX.

    Example:
        >>> print(text("65+ & more"))
        \text{65+ \& more}
    """
    printable = "".join(c if c.isprintable() else " " for c in words)
    return rf"\text{{{printable.translate(_ESCAPES)}}}"


def name(word: str, indices: Sequence[str] = ()) -> str:
    r"""A name with its indices.

    Arguments:
        word: a name of the model.
        indices: LaTeX of the indices.

    Returns:
        Greek letters for their names; what follows an underscore, and a number at the end, becomes a subscript.

    Example:
        >>> print(name("beta"), name("k1"), name("sigma_hare"), name("I", ["age"]), name("S_vax", ["age"]))
        \beta k_{1} \sigma_{\mathrm{hare}} I_{age} S_{\mathrm{vax},age}
    """
    parts = [part for part in word.split("_") if part]
    if not parts:
        return text(word)
    base, *below = parts
    numbered = _NUMBERED.fullmatch(base)
    if numbered:
        base, below = numbered[1], [numbered[2], *below]
    subscripts = [*(_upright(part) for part in below), *indices]
    return _letters(base, r"\mathit") + (f"_{{{','.join(subscripts)}}}" if subscripts else "")


def spelled(word: str, indices: Sequence[str] = ()) -> str:
    r"""A name as it is spelled, where `name` would give it the look of another.

    Example:
        >>> print(spelled("N_0", ["age"]))
        \mathit{N\_0}_{age}
    """
    escaped = word.replace("_", r"\_")
    shown = rf"\mathit{{{escaped}}}" if word.isascii() else text(word)
    return shown + (f"_{{{','.join(indices)}}}" if indices else "")


def clashing(words: Iterable[str]) -> frozenset[str]:
    """Names that look like a shorter one, or like the time.

    Example:
        >>> sorted(clashing(["N0", "N_0", "x", "x_", "t_"]))
        ['N_0', 't_', 'x_']
    """
    seen = {"t": "t"}
    for word in sorted(words, key=lambda word: (len(word), word)):
        seen.setdefault(name(word), word)
    kept = set(seen.values())
    return frozenset(word for word in words if word not in kept)


def upright(word: str) -> str:
    r"""A word as an index or the name of an operator.

    Example:
        >>> print(upright("x"), upright("age"), upright("age_group"))
        x \mathrm{age} \mathrm{age\_group}
    """
    return _upright(word)


def _upright(word: str) -> str:
    return word if word.isdigit() else _letters(word, r"\mathrm")


def _letters(word: str, font: str) -> str:
    if word in GREEK:
        return GREEK[word]
    if len(word) == 1 and word.isascii():
        return word
    if not word.isascii():
        return text(word)
    escaped = word.replace("_", r"\_")
    return f"{font}{{{escaped}}}"


def number(value: float) -> str:
    r"""A number; powers of ten where it is long.

    Example:
        >>> print(number(3.0), number(3e7), number(1e-5), number(float("inf")))
        3 3 \times 10^{7} 10^{-5} \infty
    """
    if abs(value) == math.pi:
        return r"\pi" if value > 0 else r"-\pi"
    if value != value:
        return r"\mathrm{nan}"
    if value in (float("inf"), float("-inf")):
        return r"\infty" if value > 0 else r"-\infty"
    shown = repr(value).removesuffix(".0")
    mantissa, _, exponent = shown.partition("e")
    if not exponent and mantissa.endswith("00000"):
        stripped = mantissa.rstrip("0")
        mantissa, exponent = stripped, str(len(mantissa) - len(stripped))
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    return f"{sign}{power}" if digits == "1" else rf"{mantissa} \times {power}"
