"""op_system's keys that say nothing new: `state_axes`, `sources`, `couplings`, and `meta`, which may hold others.

op_system keeps `sources` and `couplings` in what it publishes as `meta`, and never reads them. So it is here, also with
other parts of `meta`, and with a warning, so that nobody believes in them: they are ``kept``, as JSON.
`meta: {kernels: ..., operators: ...}` is another place for these two keys.
"""

from __future__ import annotations

import contextlib

from opjax.errors import Stop, catalogue
from opjax.spec.document import Entry, MappingNode, Node, ScalarNode, SequenceNode, repeated_key, wrong_value
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented, nothing
from opjax.spec.sections.shapes import TEXT, Keyed, Listed, Scalar
from opjax.spec.sections.values import reference, simple_name, text_of
from opjax.syntax.declarations import KeptDeclaration, ModelSyntax
from opjax.syntax.kept import kept_text, kept_value
from opjax.traverse import Walk, run

META = "meta"
_MOVED = ("kernels", "operators")
_ONLY_KEPT = ("sources", "couplings")
_ANY = Scalar("", ())


def spread(root: MappingNode, draft: Draft) -> MappingNode:
    """The mapping of a model without what is only kept, and with the keys of `meta` in it.

    Arguments:
        root: the whole mapping.
        draft: gets warnings and problems.
    """
    kept: list[Entry] = []
    for entry in root.entries:
        if entry.key.text in _ONLY_KEPT:
            _kept(entry.key.text, entry, draft)
        elif entry.key.text == META:
            kept.extend(_moved(entry, root, draft))
        else:
            kept.append(entry)
    return MappingNode(tuple(kept), root.span)


def _moved(meta: Entry, root: MappingNode, draft: Draft) -> list[Entry]:
    found: list[Entry] = []
    if not isinstance(meta.value, MappingNode):
        if not _is_empty(meta.value):
            wrong_value(draft.report, meta.value, f"'{META}'", "a mapping")
        return found
    for entry in meta.value.entries:
        name = entry.key.text
        if root.get(name) is not None and name in (*_MOVED, *_ONLY_KEPT):
            repeated_key(draft.report, entry.key)
        elif name not in _MOVED:
            _kept(f"{META}.{name}", entry, draft)
        else:
            found.append(entry)
    return found


def _kept(name: str, entry: Entry, draft: Draft) -> None:
    if not _is_empty(entry.value):
        draft.report.add(catalogue.IGNORED_KEY, entry.key.span, name=name)
    with contextlib.suppress(Stop):
        last = simple_name(entry.key, name, draft)
        text = kept_text(run(_plain(entry.value, draft)))
        draft.kept.append(
            KeptDeclaration(last, doc=text, span=entry.key.span, comments=comments_of(draft, entry.key, entry.value))
        )


def _plain(node: Node, draft: Draft) -> Walk[Plain]:
    """A value as Python has it."""
    draft.count(node)
    match node:
        case MappingNode():
            found: dict[str, Plain] = {}
            for entry in node.entries:
                found[entry.key.text] = yield _plain(entry.value, draft)
            return found
        case SequenceNode():
            items: list[Plain] = []
            for item in node.items:
                items.append((yield _plain(item, draft)))
            return items
        case ScalarNode():
            return node.value


def _write(model: ModelSyntax) -> Plain:
    return {row.name: commented(row, kept_value(row.doc)) for row in model.kept} or None


def _is_empty(node: Node) -> bool:
    match node:
        case MappingNode():
            return not node.entries
        case SequenceNode():
            return not node.items
        case ScalarNode():
            return node.value is None


def _skip(node: Node, draft: Draft) -> None:
    """`spread` has taken it away."""


def _read_axes(node: Node, draft: Draft) -> None:
    """`state_axes` repeats the axes of states; they must be the same."""
    draft.each(node, "state_axes", lambda entry, path: _check_axes(entry, path, draft))


def _check_axes(entry: Entry, path: str, draft: Draft) -> None:
    name = reference(entry.key, draft).name
    state = draft.states.get(name)
    if state is None:
        draft.unknown_key(entry.key, tuple(draft.states), "'state_axes'")
        return
    items = entry.value.items if isinstance(entry.value, SequenceNode) else ()
    if tuple(text_of(item) for item in items) != state.axes:
        expected = f"the axes of the state: [{', '.join(state.axes)}]"
        wrong_value(draft.report, entry.value, f"'{path}'", expected)


SECTIONS = (
    Section(
        "state_axes",
        "the axes of states once more",
        Keyed("states with lists of axes", Listed("a list of axes", TEXT)),
        _read_axes,
        nothing,
    ),
    *(
        Section(key, "kept in what is published as meta; nothing here reads it", _ANY, _skip, nothing)
        for key in _ONLY_KEPT
    ),
    Section(META, "another place for kernels and operators; other keys are kept", _ANY, _skip, _write),
)
