"""The keys about the whole model: version, name, description, time, kind."""

from __future__ import annotations

import math

from opjax.errors import Report
from opjax.spec.document import Node, ScalarNode, wrong_value
from opjax.spec.inference import infer_parameters
from opjax.spec.sections.completion import named_states
from opjax.spec.sections.draft import Draft
from opjax.spec.sections.section import Plain, Section, commented
from opjax.spec.sections.shapes import TEXT, TRUTH, Either, Record, Scalar
from opjax.spec.sections.values import one_line, text_of, unit_of
from opjax.spec.sections.written import written_unit
from opjax.syntax.declarations import DerivativeDeclaration, ModelSyntax, TimeDeclaration, TransitionDeclaration

_VERSION = 1
_START = Scalar("a number", ("integer", "number"))
_TIME = Record("a mapping", {"unit": TEXT, "start": _START, "origin": TEXT, "description": TEXT}, empty=True)
_TIME_OR_UNIT = Either("a unit or a mapping", (TEXT, _TIME))
_KINDS = ("expr", "transitions")


def _read_version(node: Node, draft: Draft) -> None:
    if isinstance(node, ScalarNode) and node.value != _VERSION:
        wrong_value(draft.report, node, "'opjax'", f"the version {_VERSION}")
    draft.own_form = True


def _read_name(node: Node, draft: Draft) -> None:
    draft.name = text_of(node)


def _read_description(node: Node, draft: Draft) -> None:
    draft.doc = text_of(node)


def _read_time(node: Node, draft: Draft) -> None:
    if isinstance(node, ScalarNode):
        draft.time = TimeDeclaration(unit_of(node, draft), span=node.span)
        return
    fields = draft.fields(node, _TIME, "time")
    origin = fields.get("origin")
    if isinstance(origin, ScalarNode) and not one_line(origin, "time.origin", draft):
        origin = None
    draft.time = TimeDeclaration(
        unit_of(fields.get("unit"), draft),
        text_of(origin),
        _start_of(fields.get("start"), draft),
        doc=text_of(fields.get("description")),
        span=node.span,
    )


def _start_of(node: Node | None, draft: Draft) -> float | None:
    """The time of the initial values; None where it is left open, or wrong."""
    if node is None:
        return None
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool | str | None) or not math.isfinite(value):
        wrong_value(draft.report, node, "'time.start'", "a number")
        return None
    return float(value) + 0.0  # -0.0 is 0


def _write_time(model: ModelSyntax) -> Plain:
    if model.time is None:
        return None
    time = model.time
    parts = {"unit": written_unit(time.unit), "start": time.start, "origin": time.origin, "description": time.doc}
    return commented(time, {key: value for key, value in parts.items() if value not in ("", None)})


def _read_kind(node: Node, draft: Draft) -> None:
    kind = text_of(node).lower()
    if kind not in _KINDS:
        wrong_value(draft.report, node, "'kind'", "'expr' or 'transitions'")
    draft.kind = (kind, node)


def check_kind(draft: Draft) -> None:
    """`kind: expr` leaves transitions out in op_system; here that is an error, because it is one in meaning."""
    kind, node = draft.kind or ("", None)
    has_transitions = any(isinstance(statement, TransitionDeclaration) for statement in draft.dynamics)
    if kind == "expr" and node is not None and has_transitions:
        wrong_value(draft.report, node, "'kind'", "'transitions', because the model has some")


def _write_kind(model: ModelSyntax) -> Plain:
    """The kind; none where `transitions` would make a state constant that the model says nothing about."""
    if any(isinstance(statement, TransitionDeclaration) for statement in model.dynamics):
        complete = {state.name for state in model.states} <= named_states(model.dynamics)
        return "transitions" if complete else None
    return "expr" if any(isinstance(statement, DerivativeDeclaration) for statement in model.dynamics) else None


def _read_infers(node: Node, draft: Draft) -> None:
    draft.infers = isinstance(node, ScalarNode) and node.value is True


def _write_infers(model: ModelSyntax) -> Plain:
    """A model with names that are not declared stays one."""
    return False if infer_parameters(model, Report()) is not model else None


SECTIONS = (
    Section("opjax", "version of this form: 1", Scalar("the version 1", ("integer",)), _read_version, lambda model: 1),
    Section("name", "name of the model", TEXT, _read_name, lambda model: model.name),
    Section("description", "what the model is", TEXT, _read_description, lambda model: model.doc or None),
    Section("time", "unit, start and origin of time", _TIME_OR_UNIT, _read_time, _write_time, "time"),
    Section("kind", "expr (equations) or transitions", TEXT, _read_kind, _write_kind, "dynamics"),
    Section("infer_parameters", "false: every parameter must be declared", TRUTH, _read_infers, _write_infers),
)
