"""Values that a model keeps for others, as JSON."""

from __future__ import annotations

import json
from typing import Any


def kept_value(text: str) -> Any:
    """What is kept: the value of a JSON text, or, of any other text, itself.

    Example:
        >>> kept_value('{"a": [1, 2]}'), kept_value("as it is")
        ({'a': [1, 2]}, 'as it is')
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def kept_text(value: object) -> str:
    """The one JSON text of a value."""
    return json.dumps(value)
