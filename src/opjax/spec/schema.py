"""The JSON Schema of the YAML spelling, for editors and other programs."""

from __future__ import annotations

from opjax.spec.sections import MODEL, SECTIONS
from opjax.spec.sections.shapes import Schema, schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Schema:
    """The schema of a model's mapping, made from the table of keys.

    Returns:
        A JSON Schema (draft 2020-12). Keys that are known and cannot be run yet are not in it.

    Example:
        >>> schema()["properties"]["kind"]["description"]
        'expr (equations) or transitions'
    """
    model = schema_of(MODEL)
    described = {section.key: section.doc for section in SECTIONS}
    for key, value in model["properties"].items():
        value["description"] = described[key]
    return {"$schema": DIALECT, "title": "opjax model", **model}
