"""Random models: every section, with declarations that need not make sense, and comments everywhere."""

from __future__ import annotations

import dataclasses

from hypothesis import strategies as st

from opjax.spec.registry import SECTIONS, SectionRow
from opjax.syntax.declarations import BLANK_LINE, Comments, Declaration, ModelSyntax, SectionComments, StateDeclaration
from strategies.expressions import declarations, names, texts

_KINDS = {
    "axes": "axis",
    "independent": "independent",
    "parameters": "parameter",
    "inputs": "input",
    "states": "state",
    "aliases": "alias",
    "dynamics": "dynamics",
    "initial": "initial",
    "events": "event",
    "boundaries": "boundary",
    "operators": "operator",
    "absences": "absence",
    "observations": "observation",
    "derived": "derived",
    "requirements": "requirement",
    "gauges": "gauge",
    "kept": "kept",
}
_derived = declarations["alias"].filter(lambda declaration: hasattr(declaration, "axes"))
_bare_states = st.lists(st.builds(StateDeclaration, names), max_size=4)
comment_texts = texts.map(str.rstrip)
"""Comments as they are read: without spaces at the end."""


@st.composite
def models(draw: st.DrawFn) -> ModelSyntax:
    """Models without comments: some sections, up to three declarations in each."""
    fields: dict[str, tuple[Declaration, ...]] = {}
    for field in draw(st.sets(st.sampled_from(sorted(_KINDS)), max_size=4)):
        one = _derived if field == "derived" else declarations[_KINDS[field]]
        few = st.lists(one, max_size=3, unique_by=(lambda row: row.name) if field == "kept" else id)
        fields[field] = tuple(draw(few | _bare_states if field == "states" else few))
    name = draw(st.one_of(names, texts))
    doc = "\n".join(draw(st.lists(texts, max_size=3)))
    time = draw(st.none() | declarations["time"])
    return dataclasses.replace(ModelSyntax(name, time, doc=doc), **fields)


def _lines(draw: st.DrawFn, *, blank_first: bool, blank_last: bool) -> tuple[str, ...]:
    """Comments in a row, as they are read: never two blank lines together."""
    lines: list[str] = []
    for text in draw(st.lists(comment_texts, max_size=2)):
        if (lines or blank_first) and draw(st.booleans()):
            lines.append(BLANK_LINE)
        lines.append(text)
    if (lines and blank_last) or (not lines and blank_first):
        lines.extend([BLANK_LINE] * draw(st.integers(0, 1)))
    return tuple(lines)


def _around(draw: st.DrawFn, *, is_first: bool) -> Comments:
    return Comments(_lines(draw, blank_first=not is_first, blank_last=True), draw(comment_texts))


def _with_comments(
    draw: st.DrawFn, row: SectionRow, found: tuple[Declaration, ...]
) -> tuple[tuple[Declaration, ...], SectionComments]:
    end = _lines(draw, blank_first=False, blank_last=False)
    before = Comments(_lines(draw, blank_first=False, blank_last=True))
    if row.field == "time":  # one line: what is above it is above the section
        return (dataclasses.replace(found[0], comments=Comments((), draw(comment_texts))),), SectionComments(
            row.field, before, end
        )
    described = tuple(
        dataclasses.replace(one, comments=_around(draw, is_first=place == 0)) if draw(st.booleans()) else one
        for place, one in enumerate(found)
    )
    return described, SectionComments(row.field, Comments(before.before, draw(comment_texts)), end)


@st.composite
def commented_models(draw: st.DrawFn) -> ModelSyntax:
    """Models with comments at every place that has a name, in the form in which they are read."""
    model = draw(models())
    around: list[SectionComments] = []
    for row in SECTIONS:
        if not row.of(model):
            continue
        found, comments = _with_comments(draw, row, row.of(model))
        model = dataclasses.replace(model, **{row.field: found[0] if row.field == "time" else found})
        if comments != SectionComments(row.field):
            around.append(comments)
    return dataclasses.replace(
        model,
        comments=_around(draw, is_first=True),
        section_comments=tuple(around),
        end_comments=_lines(draw, blank_first=False, blank_last=False),
    )
