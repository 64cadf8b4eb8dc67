"""Values that an array library would take for numbers with a loss: texts, dates, complex numbers, masked arrays."""

from __future__ import annotations

from types import MappingProxyType

_KINDS = MappingProxyType(
    {
        "U": ("texts", "give numbers"),
        "S": ("texts", "give numbers"),
        "T": ("texts", "give numbers"),
        "M": ("dates", "give numbers, in the model's unit of time"),
        "m": ("durations", "give numbers, in the model's unit of time"),
        "c": ("complex numbers", "take the real part, or give all states as complex numbers too"),
    }
)
_MASKED = ("a masked array", "give the plain array: '.filled(value)' makes one")


def unreal(value: object, dtype: object = None) -> tuple[str, str] | None:
    """What a value is that does not fit into numbers of a data type, and what to write; None where it fits.

    Arguments:
        value: a number or an array of any library, or anything else.
        dtype: the data type that the numbers are to have; None for a real one.

    Example:
        >>> import numpy as np
        >>> unreal(np.array([1 + 2j])), unreal(np.array([1.0]))
        (('an array of complex numbers', "take the real part, or give all states as complex numbers too"), None)
    """
    if isinstance(value, str | bytes):
        return "a text", "give a number"
    if hasattr(value, "mask") and hasattr(value, "filled"):
        return _MASKED
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind not in _KINDS or (kind == "c" and getattr(dtype, "kind", "") == "c"):
        return None
    found, hint = _KINDS[kind]
    return f"an array of {found}", hint
