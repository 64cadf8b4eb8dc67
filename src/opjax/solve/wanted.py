"""Numbers among the settings of a solve or a fit, checked before anything is compiled with them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any, cast

from opjax.compile.arguments import refuse
from opjax.errors import OpjaxError, catalogue


def want_whole(name: str, value: object, least: int | None = None) -> None:
    """Refuse what is no whole number, or too small a one.

    Raises:
        OpjaxError: E0807.
    """
    number = float(value) if isinstance(value, numbers.Integral | float) else math.nan
    if not number.is_integer() or (least is not None and number < least):
        raise unfit(name, value, "a whole number" if least is None else f"a whole number from {least} on")


def want_between(name: str, value: object, low: float, high: float, words: str) -> float:
    """The value as a number; what is no finite one, or not between two, is refused: the lower may be taken.

    Raises:
        OpjaxError: E0807.
    """
    try:
        number = math.nan if isinstance(value, str | bytes) else float(cast(Any, value))
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and low <= number < high):
        raise unfit(name, value, words)
    return number


def want_mapping(name: str, value: object, words: str) -> None:
    """Refuse what is no mapping.

    Raises:
        OpjaxError: E0807.
    """
    if not isinstance(value, Mapping):
        raise refuse(catalogue.WRONG_ARRAY, name=name, found=type(value).__name__, expected=words)


def unfit(name: str, value: object, words: str) -> OpjaxError:
    """What is raised for a setting that cannot be."""
    return refuse(catalogue.WRONG_ARRAY, name=name, found=repr(value), expected=words)
