"""What a YAML or JSON text is, beside the model in it: whose form, and which comments it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opjax.errors import Report
from opjax.source import DEFAULT_LIMITS, Source
from opjax.spec.document import MappingNode, Node, ScalarNode, SequenceNode
from opjax.spec.document_json import json_documents
from opjax.spec.document_yaml import yaml_documents
from opjax.spec.embedded import is_definitions

_COMMENT = re.compile(r"(?<![^\s])#[ ]?([^\n]*)")


def is_own_form(source: Source, form: str) -> bool:
    """Whether every model of a YAML or JSON text says ``opjax: 1``: it is written in opjax's own form."""
    roots = (yaml_documents if form == "yaml" else json_documents)(source, Report(), DEFAULT_LIMITS)
    models = [root for root in roots if not is_definitions(root)]
    return all(isinstance(root, MappingNode) and root.get("opjax") is not None for root in models)


def comments_in(source: Source) -> list[tuple[int, str]]:
    """The comments of a YAML text, each with its line, from 1.

    Example:
        >>> comments_in(Source("<text>", "a: '# no'  # yes\\n"))
        [(1, 'yes')]
    """
    taken = sorted(_texts(source, yaml_documents(source, Report(), DEFAULT_LIMITS)))
    found: list[tuple[int, str]] = []
    place = behind = 0
    while (match := _COMMENT.search(source.text, behind)) is not None:
        while place < len(taken) and taken[place][1] <= match.start():
            place += 1
        inside = place < len(taken) and taken[place][0] <= match.start()
        behind = taken[place][1] if inside else match.end()
        if not inside:
            found.append((source.text.count("\n", 0, match.start()) + 1, match.group(1).rstrip()))
    return found


def _texts(source: Source, roots: Iterable[Node]) -> set[tuple[int, int]]:
    """Where the texts and numbers of a document begin and end."""
    found: set[tuple[int, int]] = set()
    waiting, seen = list(roots), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case MappingNode():
                waiting.extend(part for entry in node.entries for part in (entry.key, entry.value))
            case SequenceNode():
                waiting.extend(node.items)
            case ScalarNode():
                span = node.place or node.span
                if span.source is source and span.end > span.start:
                    found.add((span.start, span.end))
    return found
