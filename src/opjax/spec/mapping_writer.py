"""The syntax of a model -> YAML, JSON and Python mappings."""

from __future__ import annotations

import json

from opjax.spec.sections import SECTIONS
from opjax.spec.sections.section import Commented, Plain, cleaned
from opjax.spec.yaml_layout import yaml_text
from opjax.syntax.declarations import NO_COMMENTS, Comments, ModelSyntax
from opjax.traverse import Walk, run


def write_mapping(model: ModelSyntax) -> dict[str, object]:
    """A model as a Python mapping; `read_mapping` gives an equal model back.

    Arguments:
        model: the model, from any spelling.

    Returns:
        Texts, numbers, truth values, None, lists and mappings of these.

    Example:
        >>> write_mapping(ModelSyntax("SI", doc="no states yet"))
        {'opjax': 1, 'name': 'SI', 'description': 'no states yet', 'state': []}
    """
    return {key: run(_bare(value)) for key, value in _rows(model).items()}


def write_yaml(model: ModelSyntax) -> str:
    """A model as YAML text, with the comments of its declarations.

    Arguments:
        model: the model, from any spelling.

    Returns:
        The text; `read_yaml` gives an equal model back.
    """
    return yaml_text(_rows(model), cleaned(model.comments))


def write_json(model: ModelSyntax) -> str:
    """A model as JSON text, without comments.

    Arguments:
        model: the model, from any spelling.

    Returns:
        The text; `read_json` gives an equal model back.
    """
    return json.dumps(write_mapping(model), indent=2, ensure_ascii=False) + "\n"


def _rows(model: ModelSyntax) -> dict[str, Plain]:
    rows: dict[str, Plain] = {}
    around = {one.field: cleaned(one.comments) for one in reversed(model.section_comments)}
    for section in SECTIONS:
        value = section.write(model)
        if value is not None:
            comments = around.pop(section.field, NO_COMMENTS) if section.field else NO_COMMENTS
            rows[section.key] = value if comments == NO_COMMENTS else _below(comments, value)
    return rows


def _below(comments: Comments, value: Plain) -> Commented:
    """A value below the comments of its section; it may have comments of its own."""
    own = value.comments if isinstance(value, Commented) else NO_COMMENTS
    inner = value.value if isinstance(value, Commented) else value
    behind = " ".join(text for text in (comments.behind, own.behind) if text)
    return Commented(inner, Comments((*comments.before, *own.before), behind))


def _bare(value: Plain) -> Walk[object]:
    """A value without comments."""
    match value:
        case Commented():
            return (yield _bare(value.value))
        case list():
            items: list[object] = []
            for item in value:
                items.append((yield _bare(item)))
            return items
        case dict():
            found: dict[str, object] = {}
            for key, item in value.items():
                found[key] = yield _bare(item)
            return found
        case _:
            return value
