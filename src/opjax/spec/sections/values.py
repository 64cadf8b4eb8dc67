"""From nodes to the parts of declarations: names, expressions, distributions, bounds, comments."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import get_args

from opjax.errors import Report, Stop
from opjax.source import DEFAULT_LIMITS, Limits, Span
from opjax.spec.document import Node, ScalarNode, SequenceNode, wrong_value
from opjax.spec.sections.cells import pinned_name, resolved
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.rewriting import rewritten
from opjax.spec.sections.shapes import (
    ARRAY_OR_EXPRESSION,
    BOUNDS,
    DISTRIBUTION,
    EXPRESSION,
    NAME,
    TEXT,
    Listed,
    Scalar,
    Shape,
)
from opjax.spec.yaml_events import syntax_error
from opjax.syntax.declarations import (
    FLAGS,
    Action,
    BoundaryDeclaration,
    Bounds,
    DerivativeDeclaration,
    DistributionCall,
    Edge,
    Flag,
    Term,
    TransitionDeclaration,
)
from opjax.syntax.names import FIRST_OF_NAME, PART_OF_NAME, WORDS
from opjax.syntax.nodes import Array, Expression, Negate, Number, Reference, Truth
from opjax.syntax.parser import (
    parse_bounds,
    parse_declared,
    parse_distribution,
    parse_dynamics,
    parse_expression,
    parse_initial,
    parse_reference,
    parse_unit,
)
from opjax.traverse import Walk, run

FLAG_LIST = Listed("a list of flags", Scalar("one of " + ", ".join(FLAGS), (), FLAGS))
_EDGES: tuple[Edge, ...] = get_args(Edge)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,99}\Z")
_NAME = f"{FIRST_OF_NAME}{PART_OF_NAME}*+"
_COUNTED = re.compile(rf"\s*([0-9]{{1,9}})\s+(?={FIRST_OF_NAME})")
_CHANGE = re.compile(rf"""\s*{_NAME}\s*(?:\[(?:"[^"]*"|'[^']*'|[^\]"'])*\])?\s*(\+=|-=|\*=|=(?!=))""")
_LABEL = re.compile(r""""[^"]*"|'[^']*'""")
_OF_TIME = re.compile(r"\(\s*t\s*\)\s*\Z")
_FACE = re.compile(rf"\s*({_NAME})\s+at\s+({_NAME})\.(lo|hi)\s*\Z")


# --- scalars


def text_of(node: Node | None) -> str:
    """The text of a scalar; empty where there is none."""
    return node.text if isinstance(node, ScalarNode) else ""


def one_line(node: ScalarNode, path: str, draft: Draft) -> bool:
    """Whether a text has no line breaks, which labels and units cannot have; reported if it has."""
    if "\n" not in node.text:
        return True
    wrong_value(draft.report, node, f"'{path}'", "a text on one line")
    return False


def is_true(node: Node | None) -> bool:
    """Whether a node is `true`."""
    return isinstance(node, ScalarNode) and node.value is True


def scalar(node: Node, shape: Shape, path: str, draft: Draft) -> ScalarNode:
    """The node itself, if it is a scalar that fits.

    Raises:
        Stop: if not.
    """
    draft.must_fit(node, shape, path)
    if not isinstance(node, ScalarNode):
        raise Stop
    return node


def simple_name(node: Node, path: str, draft: Draft) -> str:
    """A name without axes, such as that of an axis."""
    name, axes = declared(scalar(node, NAME, path, draft), draft)
    if axes:
        wrong_value(draft.report, node, f"'{path}'", "a name without axes")
    return name


def unit_of(node: Node | None, draft: Draft) -> str:
    """A unit, without spaces if it is made of factors; empty where there is none."""
    if not isinstance(node, ScalarNode) or not one_line(node, "units", draft):
        return ""
    return read_unit(node.span, draft.limits)


def read_unit(span: Span, limits: Limits = DEFAULT_LIMITS) -> str:
    """``mg / L`` is ``mg/L``; any text that is not made of factors is a unit as it stands."""
    if _is_plain(span.text):
        return span.text
    try:
        return parse_unit(span, Report(), limits)
    except Stop:
        return span.text


def edge_of(node: Node | None) -> Edge | None:
    """What happens at the end of an axis."""
    return next((edge for edge in _EDGES if edge == text_of(node)), None)


def flags_of(node: Node | None, path: str, draft: Draft) -> tuple[Flag, ...]:
    """A list of flags."""
    found: list[Flag] = []

    def take(item: Node, below: str) -> None:
        draft.must_fit(item, FLAG_LIST.item, below)
        found.extend(flag for flag in FLAGS if flag == text_of(item))

    if node is not None:
        draft.every(node, path, take)
    return tuple(found)


# --- names


def declared_cell(key: ScalarNode, draft: Draft) -> Reference | None:
    """``D[age=young]``, where that is what is declared: one cell."""
    if "=" not in key.text and ":" not in key.text:
        return None
    found = parse_reference(key.span, draft.report, draft.limits)
    if not pinned_name(found):
        wrong_value(draft.report, key, "what is declared", "given its axes, or a label for each: D[age=young]")
        raise Stop
    return found


def declared(key: ScalarNode, draft: Draft) -> tuple[str, tuple[str, ...]]:
    """The name and the axes of what is declared: ``C[age, age]``."""
    if _is_plain(key.span.text):
        return key.span.text, ()
    name, axes, _ = parse_declared(key.span, draft.report, draft.limits)
    return name, axes


def declared_over_time(key: ScalarNode, draft: Draft) -> tuple[str, tuple[str, ...]]:
    """The name and the axes of an input, with or without the ``(t)`` of the text spelling behind it."""
    span = key.span
    time = _OF_TIME.search(span.text)
    if time is not None:
        span = Span(span.source, span.start, span.start + time.start())
    return declared(ScalarNode(span.text, span), draft)


def reference(node: Node, draft: Draft) -> Reference:
    """A quantity, or a part of it: ``S[age=old]``."""
    return _reference(node.span, draft)


def _reference(span: Span, draft: Draft) -> Reference:
    text = span.text
    found = Reference(text, span=span) if _is_plain(text) else parse_reference(span, draft.report, draft.limits)
    return resolved(found, draft)


def _is_plain(text: str) -> bool:
    """Whether a text is nothing but a name, which needs no parser: most are."""
    return _PLAIN.match(text) is not None and text not in WORDS


def is_whole(target: Reference, axes: tuple[str, ...]) -> bool:
    """Whether a reference is to all of what is declared with these axes."""
    names = tuple(index.name for index in target.indices if index.axis is None and index.offset == 0)
    return len(names) == len(target.indices) and names == axes


def term(node: Node, draft: Draft) -> Term:
    """``2 B[age]``."""
    counted = _COUNTED.match(node.span.text)
    if counted is None:
        return Term(_reference(node.span, draft))
    part = Span(node.span.source, node.span.start + counted.end(), node.span.end)
    return Term(_reference(part, draft), int(counted.group(1)))


def function_head(key: ScalarNode, draft: Draft) -> tuple[str, tuple[str, ...]]:
    """``hill(x, k, n)``: the name of a function and those of its parameters."""
    call = parse_distribution(key.span, draft.report, draft.limits)
    names: list[str] = []
    for argument in call.arguments:
        value = argument.value
        if argument.keyword is not None or not isinstance(value, Reference) or value.indices:
            wrong_value(draft.report, key, "the parameters of a function", "names")
            raise Stop
        names.append(value.name)
    return call.name, tuple(names)


# --- expressions


def expression(node: Node, path: str, draft: Draft) -> Expression:
    """An expression; op_system's reducers and tables over time are rewritten."""
    found = scalar(node, EXPRESSION, path, draft)
    number = None
    if not isinstance(found.value, str):
        number = _number(found, path, draft)
    elif _is_plain(found.text):
        return rewritten(Reference(found.text, span=found.span), draft)
    return number or rewritten(parse_expression(_whole(found, draft), draft.report, draft.limits), draft)


def _whole(node: ScalarNode, draft: Draft) -> Span:
    """The text of a node; not where a comma in ``{...}`` has cut a call in two, which quotes would prevent."""
    span = node.span
    behind = span.source.text[span.end : span.end + 1]
    bare = _LABEL.sub("", span.text) if behind == "," and node.in_file else ""
    if bare.count("(") > bare.count(")"):
        problem = "the comma behind this ends the value, inside a bracket that is open"
        raise syntax_error(draft.report, span, problem, "put the whole value in quotes")
    return span


def _number(node: ScalarNode, path: str, draft: Draft) -> Expression | None:
    """The literal of a number or truth value that YAML, JSON or Python has read already."""
    value = node.value
    if isinstance(value, str) or value is None:
        return None
    if isinstance(value, bool):
        return Truth(value, span=node.span)
    if math.isnan(value):
        wrong_value(draft.report, node, f"'{path}'", "an expression")
        raise Stop
    if math.isinf(value) and any(character.isdigit() for character in node.text):
        wrong_value(draft.report, node, f"'{path}'", "a number that floating point can hold")
        raise Stop
    size: Expression = Reference("inf", span=node.span)
    if math.isfinite(value):
        written = node.text.lstrip("+-") if node.text[-1:].isdigit() else str(abs(value))
        size = Number(float(abs(value)), isinstance(value, int), written, span=node.span)
    return Negate(size, span=node.span) if math.copysign(1, value) < 0 else size


def array_or_expression(node: Node, path: str, draft: Draft) -> Expression:
    """A value; lists of lists of numbers are arrays."""
    draft.must_fit(node, ARRAY_OR_EXPRESSION, path)

    def walk(part: Node, below: str) -> Walk[Expression]:
        if not isinstance(part, SequenceNode):
            return expression(part, below, draft)
        items: list[Expression] = []
        for number, item in enumerate(part.items):
            items.append((yield walk(item, f"{below}[{number}]")))
        return Array(tuple(items), span=part.span)

    return run(walk(node, path))


def distribution(node: Node, path: str, draft: Draft) -> DistributionCall:
    """``LogNormal(loc=0, scale=1)``."""
    span = _whole(scalar(node, DISTRIBUTION, path, draft), draft)
    found = parse_distribution(span, draft.report, draft.limits)
    arguments = tuple(dataclasses.replace(a, value=rewritten(a.value, draft)) for a in found.arguments)
    return dataclasses.replace(found, arguments=arguments)


def bounds(node: Node, path: str, draft: Draft) -> Bounds:
    """``[low, high]``, or as text ``"(low, high]"``, where round brackets leave the bound itself out."""
    draft.must_fit(node, BOUNDS, path)
    if not isinstance(node, SequenceNode):
        return parse_bounds(node.span, draft.report, draft.limits)
    if len(node.items) != 2:
        wrong_value(draft.report, node, f"'{path}'", "two bounds", found=f"a list of {len(node.items)}")
        raise Stop
    low, high = (expression(item, f"{path}[{number}]", draft) for number, item in enumerate(node.items))
    return Bounds(low, high, span=node.span)


# --- statements


def statement(node: Node, path: str, draft: Draft) -> TransitionDeclaration | DerivativeDeclaration:
    """A transition or an equation in the text spelling."""
    found = parse_dynamics(_whole(scalar(node, TEXT, path, draft), draft), draft.report, draft.limits)
    if isinstance(found, TransitionDeclaration):
        sides = (tuple(_with_cell(term, draft) for term in side) for side in (found.reactants, found.products))
        reactants, products = sides
        return dataclasses.replace(found, reactants=reactants, products=products, rate=rewritten(found.rate, draft))
    target = resolved(found.target, draft)
    return dataclasses.replace(found, target=target, value=rewritten(found.value, draft))


def _with_cell(term: Term, draft: Draft) -> Term:
    return dataclasses.replace(term, target=resolved(term.target, draft))


def action(node: Node, path: str, draft: Draft) -> Action:
    """``S += 1``, or ``stop``."""
    span = _whole(scalar(node, TEXT, path, draft), draft)
    if span.text.strip() == "stop":
        return Action("stop")
    change = _CHANGE.match(span.text)
    if change is None:
        whole = parse_initial(span, draft.report, draft.limits)  # says what is wrong
        return Action("=", whole.target, rewritten(whole.value, draft))
    target = _reference(Span(span.source, span.start, span.start + change.start(1)), draft)
    rest = Span(span.source, span.start + change.end(1), span.end)
    value = rewritten(parse_expression(rest, draft.report, draft.limits), draft)
    operators = ("=", "+=", "-=", "*=")
    return Action(next(o for o in operators if o == change.group(1)), target, value)


def boundary(key: ScalarNode, condition: ScalarNode, draft: Draft) -> BoundaryDeclaration:
    """``u at x.lo`` with ``neumann(0)``."""
    face = _FACE.match(key.text)
    if face is None:
        wrong_value(draft.report, key, "a face", "written as 'u at x.lo' or 'u at x.hi'")
        raise Stop
    if "(" in condition.text:
        call = distribution(condition, key.text, draft)
        kind, arguments = call.name, call.arguments
    else:
        kind, arguments = simple_name(condition, key.text, draft), ()
    side = "lo" if face.group(3) == "lo" else "hi"
    return BoundaryDeclaration(face.group(1), face.group(2), side, kind, arguments, span=key.span)
