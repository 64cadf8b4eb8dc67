"""`kernels`: op_system's matrices that fall off with a distance.

``{name: K, axes: [x, x], form: gaussian, params: {scale: 1, sigma: sd}}`` declares a parameter with the default
``K[x, x] = kernel("gaussian", scale = 1, sigma = sd)``, which is how it is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from opjax.spec.document import Node, SequenceNode, repeated_key
from opjax.spec.kernels import FORMS
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Section, nothing
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, Keyed, Listed, Record, Scalar
from opjax.spec.sections.values import expression, scalar, simple_name, text_of
from opjax.syntax.declarations import ParameterDeclaration
from opjax.syntax.nodes import Argument, Call, Text

_KERNEL = Record(
    "a mapping with 'name'",
    {
        "name": NAME,
        "axes": Listed("a list of axes", NAME),
        "form": Scalar("one of " + ", ".join(FORMS), (), tuple(FORMS)),
        "params": Keyed("settings with values", EXPRESSION),
        "value": EXPRESSION,
        "kind": TEXT,
        "description": TEXT,
    },
    required=("name",),
)


def _read_kernels(node: Node, draft: Draft) -> None:
    draft.every(node, "kernels", lambda item, path: _read_kernel(item, path, draft))


def _read_kernel(node: Node, path: str, draft: Draft) -> None:
    fields = draft.fields(node, _KERNEL, path)
    name = simple_name(fields["name"], f"{path}.name", draft)
    if "form" not in fields and "value" not in fields:
        raise draft.missing(node, path, "form")
    form = text_of(fields.get("form")) or "custom_value"
    first = Argument(Text(form, span=fields.get("form", node).span), span=node.span)
    arguments = (first, *_settings(fields, path, draft))
    default = Call("kernel", arguments, span=node.span)
    listed = fields.get("axes")
    axes = tuple(text_of(item) for item in listed.items) if isinstance(listed, SequenceNode) else ()
    known = draft.parameters.get(name)
    if known is not None and known.default is not None:
        repeated_key(draft.report, scalar(fields["name"], NAME, f"{path}.name", draft))
    known = known or ParameterDeclaration(name, span=node.span, comments=comments_of(draft, node, node))
    doc = text_of(fields.get("description")) or known.doc
    draft.parameters[name] = dataclasses.replace(known, axes=known.axes or axes, default=default, doc=doc)


def _settings(fields: dict[str, Node], path: str, draft: Draft) -> Iterator[Argument]:
    if "params" in fields:
        for entry in draft.entries(fields["params"], f"{path}.params"):
            value = expression(entry.value, f"{path}.params.{entry.key.text}", draft)
            yield Argument(value, entry.key.text, span=entry.value.span)
    if "value" in fields:
        yield Argument(expression(fields["value"], f"{path}.value", draft), "value", span=fields["value"].span)
    if text_of(fields.get("kind")) not in ("", "analytic"):
        kind = fields["kind"]
        yield Argument(Text(text_of(kind), span=kind.span), "kind", span=kind.span)


SECTIONS = (
    Section(
        "kernels",
        "matrices that fall off with a distance: parameters with a computed default",
        Listed("a list of kernels", _KERNEL),
        _read_kernels,
        nothing,
    ),
)
