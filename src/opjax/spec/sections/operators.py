"""`operators`: advection, diffusion, jumps and kernels along an axis, as op_system writes them.

``{kind: advection, axis: imm, velocity: w, bc: reflecting, apply_to: [S]}`` is the statement
``advection of S along imm with velocity = w, boundary = reflecting`` of the text spelling. What the mapping cannot say
in its order of keys is written as that statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from opjax.spec.document import MappingNode, Node, SequenceNode
from opjax.spec.sections.comments import comments_of
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.rewriting import rewritten
from opjax.spec.sections.section import Plain, Section, commented
from opjax.spec.sections.shapes import EXPRESSION, NAME, TEXT, Either, Keyed, Listed, Record, Scalar, Shape
from opjax.spec.sections.values import declared, expression, scalar, simple_name, text_of
from opjax.spec.sections.written import written_expression
from opjax.syntax.declarations import ModelSyntax, OperatorDeclaration
from opjax.syntax.names import WORDS, is_name
from opjax.syntax.nodes import Argument, Expression, Index, Product, Reference, Text
from opjax.syntax.parser import parse_operator
from opjax.syntax.printer import print_declaration

DIRECTIONS = ("increasing", "decreasing", "up", "down", "both")
BOUNDARIES = ("absorbing", "reflecting", "periodic", "neumann", "dirichlet")
LIMITERS = ("minmod", "superbee", "van_leer")
FORMS = ("generator", "stochastic", "matrix")

_SETTINGS: Mapping[str, Shape] = {
    "velocity": EXPRESSION,
    "direction": Scalar("one of " + ", ".join(DIRECTIONS), (), DIRECTIONS),
    "coefficient": EXPRESSION,
    "rate": EXPRESSION,
    "limiter": Scalar("one of " + ", ".join(LIMITERS), (), LIMITERS),
    "bc": Scalar("one of " + ", ".join(BOUNDARIES), (), BOUNDARIES),
}
_SETTING_OF_KEY = {key: "boundary" if key == "bc" else key for key in _SETTINGS}
_KEY_OF_SETTING = {setting: key for key, setting in _SETTING_OF_KEY.items()}
_WORDS = {"direction": DIRECTIONS, "limiter": LIMITERS, "boundary": BOUNDARIES, "form": FORMS}
_AXES = Listed("a list of axes", NAME)
_TRANSFER = Record(
    "a mapping with 'axis', 'source', 'target' and 'rate'",
    {
        "axis": NAME,
        "source": TEXT,
        "target": TEXT,
        "rate": Either("an expression, or a list of factors", (EXPRESSION, Listed("a list of factors", EXPRESSION))),
    },
    required=("axis", "source", "target", "rate"),
)
_KERNEL = Record(
    "a mapping with 'form' and 'params'",
    {
        "form": Scalar("one of " + ", ".join(FORMS), (), FORMS),
        "params": Keyed("names with parameters", TEXT),
        "param_axes": Keyed("parameters with their axes", _AXES),
        "transfer": _TRANSFER,
    },
    required=("form", "params"),
)
_OPERATOR = Record(
    "a mapping with 'kind' and 'axis'",
    {
        "name": NAME,
        "kind": NAME,
        "axis": NAME,
        "apply_to": Listed("a list of states", TEXT),
        **_SETTINGS,
        "kernel": _KERNEL,
        "description": TEXT,
        "statement": TEXT,
    },
)
_OPERATOR_OR_TEXT = Either("a mapping with 'kind' and 'axis', or a statement", (TEXT, _OPERATOR))


def _read_operators(node: Node, draft: Draft) -> None:
    draft.every(node, "operators", lambda item, path: _read_operator(item, path, draft))


def _read_operator(node: Node, path: str, draft: Draft) -> None:
    draft.must_fit(node, _OPERATOR_OR_TEXT, path)
    fields = draft.fields(node, _OPERATOR, path) if isinstance(node, MappingNode) else {}
    is_text = "statement" in fields or not isinstance(node, MappingNode)
    found = _statement(fields.get("statement", node), draft) if is_text else _mapping(node, fields, path, draft)
    doc = text_of(fields.get("description")) or found.doc
    comments = comments_of(draft, node, node)
    draft.operators.append(dataclasses.replace(found, doc=doc, span=node.span, comments=comments))


def _statement(node: Node, draft: Draft) -> OperatorDeclaration:
    found = parse_operator(node.span, draft.report, draft.limits)
    settings = tuple(dataclasses.replace(one, value=rewritten(one.value, draft)) for one in found.settings)
    return dataclasses.replace(found, settings=settings)


def _mapping(node: Node, fields: dict[str, Node], path: str, draft: Draft) -> OperatorDeclaration:
    for key in ("kind", "axis"):
        if key not in fields:
            raise draft.missing(node, path, key)
    states: list[str] = []
    if "apply_to" in fields:

        def take(item: Node, below: str) -> None:
            states.append(declared(scalar(item, TEXT, below, draft), draft)[0])

        draft.every(fields["apply_to"], f"{path}.apply_to", take)
    settings: list[Argument] = []
    for key, value in fields.items():
        if key in _SETTING_OF_KEY:
            settings.append(_setting(_SETTING_OF_KEY[key], expression(value, f"{path}.{key}", draft)))
        elif key == "kernel":
            settings.extend(_kernel(value, f"{path}.kernel", fields, draft))
    axis = simple_name(fields["axis"], f"{path}.axis", draft)
    kind = simple_name(fields["kind"], f"{path}.kind", draft)
    name = declared(scalar(fields["name"], NAME, f"{path}.name", draft), draft)[0] if "name" in fields else ""
    return OperatorDeclaration(kind, axis, tuple(dict.fromkeys(states)), tuple(settings), name)


def _setting(name: str, value: Expression) -> Argument:
    return Argument(value, name, span=value.span)


def _kernel(node: Node, path: str, above: dict[str, Node], draft: Draft) -> Iterator[Argument]:
    """The settings that a kernel stands for: its form, its matrix, and what is moved to another axis."""
    fields = draft.fields(node, _KERNEL, path)
    if "form" not in fields or "params" not in fields:
        return
    params = {entry.key.text: entry.value for entry in draft.entries(fields["params"], f"{path}.params")}
    if "matrix" not in params:
        raise draft.missing(fields["params"], f"{path}.params", "matrix")
    axes = _axes_of(fields.get("param_axes"), f"{path}.param_axes", draft)
    if text_of(fields["form"]) != "matrix" or text_of(above.get("kind")) != "jump_integral":
        yield _setting("form", expression(fields["form"], f"{path}.form", draft))
    yield _setting("matrix", _over(params["matrix"], f"{path}.params.matrix", axes, draft))
    if "transfer" in fields:
        yield from _transfer(fields["transfer"], f"{path}.transfer", axes, draft)


def _axes_of(node: Node | None, path: str, draft: Draft) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in draft.entries(node, path) if node is not None else ():
        draft.must_fit(entry.value, _AXES, path)
        items = entry.value.items if isinstance(entry.value, SequenceNode) else ()
        found[entry.key.text] = tuple(text_of(item) for item in items)
    return found


def _over(node: Node, path: str, axes: Mapping[str, tuple[str, ...]], draft: Draft) -> Expression:
    """A parameter with the axes that `param_axes` gives it; one over time becomes an input.

    A matrix over the axis of the operator alone stands without its axes.
    """
    found = expression(node, path, draft)
    if not isinstance(found, Reference) or found.indices or found.name not in axes:
        return found
    own = axes[found.name]
    if path.endswith(".matrix") and len(own) == 2 and own[0] == own[1]:
        return found
    indices = tuple(Index(axis, span=found.span) for axis in own)
    return rewritten(Reference(found.name, indices, span=found.span), draft)


def _transfer(node: Node, path: str, axes: Mapping[str, tuple[str, ...]], draft: Draft) -> Iterator[Argument]:
    fields = draft.fields(node, _TRANSFER, path)
    rate = fields["rate"]
    items = rate.items if isinstance(rate, SequenceNode) else (rate,)
    factors = [_over(item, f"{path}.rate", axes, draft) for item in items]
    yield _setting("across", Reference(simple_name(fields["axis"], f"{path}.axis", draft), span=fields["axis"].span))
    for side in ("source", "target"):
        yield _setting(side, Text(text_of(fields[side]), span=fields[side].span))
    if len(factors) > 1:
        yield _setting("rate", Product(tuple(factors), (False,) * len(factors), span=rate.span))
    else:
        yield from (_setting("rate", factor) for factor in factors)


# --- writing


def _write_operators(model: ModelSyntax) -> Plain:
    return [commented(row, _written(row)) for row in model.operators] or None


def _written(row: OperatorDeclaration) -> Plain:
    settings = _written_settings(row)
    if settings is None or not is_name(row.kind) or len(set(row.states)) < len(row.states):
        statement = print_declaration(dataclasses.replace(row, doc=""))
        return {"statement": statement, "description": row.doc} if row.doc else statement
    written: dict[str, Plain] = {"name": row.name} if row.name else {}
    written |= {"kind": row.kind, "axis": row.axis}
    if row.states:
        written["apply_to"] = list(row.states)
    written |= settings
    if row.doc:
        written["description"] = row.doc
    return written


def _written_settings(row: OperatorDeclaration) -> dict[str, Plain] | None:
    """The settings as keys; None where these cannot say them, or not in this order."""
    written: dict[str, Plain] = {}
    for place, one in enumerate(row.settings):
        key = _KEY_OF_SETTING.get(one.keyword or "")
        if one.keyword in ("form", "matrix"):
            kernel = _written_kernel(row, row.settings[place:])
            return None if kernel is None else {**written, "kernel": kernel}
        if key is None or key in written or not _is_word(one):
            return None
        written[key] = written_expression(one.value)
    return written


def _is_word(setting: Argument) -> bool:
    """Whether a setting that takes certain words has one of them; any value will do for the others."""
    words = _WORDS.get(setting.keyword or "")
    return words is None or (isinstance(setting.value, Reference) and written_expression(setting.value) in words)


def _written_kernel(row: OperatorDeclaration, settings: tuple[Argument, ...]) -> dict[str, Plain] | None:
    """A kernel, if the settings are just it: the form (but for jumps), the matrix, and perhaps what is moved."""
    keywords = [one.keyword for one in settings]
    jumps = row.kind == "jump_integral"
    head = ["matrix"] if jumps else ["form", "matrix"]
    values = {str(one.keyword): one.value for one in settings}
    matrix = values.get("matrix")
    if keywords not in (head, [*head, "across", "source", "target", "rate"]) or not all(map(_is_word, settings)):
        return None
    if not isinstance(matrix, Reference) or matrix.indices or not _is_plain_name(matrix.name):
        return None
    form: Plain = "matrix" if jumps else written_expression(values["form"])
    axes: Plain = {matrix.name: [row.axis, row.axis]}
    written: dict[str, Plain] = {"form": form, "params": {"matrix": matrix.name}, "param_axes": axes}
    if len(keywords) == len(head):
        return written
    across, source, target = (values[key] for key in ("across", "source", "target"))
    if not (isinstance(across, Reference) and not across.indices and _is_plain_name(across.name)):
        return None
    if not (isinstance(source, Text) and isinstance(target, Text)):
        return None
    rate = written_expression(values["rate"])
    return {**written, "transfer": {"axis": across.name, "source": source.value, "target": target.value, "rate": rate}}


def _is_plain_name(name: str) -> bool:
    return is_name(name) and name not in WORDS


SECTIONS = (
    Section(
        "operators",
        "advection, diffusion, jumps and kernels along an axis",
        Listed("a list of operators", _OPERATOR_OR_TEXT),
        _read_operators,
        _write_operators,
        "operators",
    ),
)
