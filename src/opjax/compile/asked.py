"""What a model asks of its past: the calls in the order of their numbers, and the refusal where nobody answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from opjax.compile.refusal import refuse
from opjax.errors import OpjaxError, catalogue
from opjax.ir.evaluate import reachable
from opjax.ir.nodes import AnyNode, Opaque
from opjax.ir.system import HistorySignal, System


class Asked(NamedTuple):
    """A value of the past that some expressions ask for.

    Arguments:
        signal: what it is.
        body: the expression whose past is wanted.
        computed: the options that are computed, by name.
    """

    signal: HistorySignal
    body: AnyNode
    computed: Mapping[str, AnyNode]


def asked_by(roots: Iterable[AnyNode], system: System) -> tuple[Asked, ...]:
    """The values of the past that expressions ask for; their numbers are their places here."""
    if not system.history:
        return ()
    nodes = {node.name: node for node in reachable(roots) if isinstance(node, Opaque) and node.name in system.history}
    return tuple(_asked(signal, nodes[name]) for name, signal in system.history.items() if name in nodes)


def _asked(signal: HistorySignal, node: Opaque) -> Asked:
    open_options = [name for name, value in signal.settled.items() if value is None]
    return Asked(signal, node.parts[0], dict(zip(open_options, node.parts[1:], strict=True)))


def requirements(asked: Iterable[Asked]) -> tuple[Mapping[str, object], ...]:
    """The same under op_system's keys (``signal_id``, ``signal_expr``, ``options``, ...), with their `axes`."""
    return tuple(
        {
            "signal_id": number,
            "scope": signal.scope,
            "kind": signal.kind,
            "signal_expr": signal.text,
            "axes": signal.axes,
            "options": dict(signal.texts),
            "required_options": signal.needed,
            "missing_required_options": (),
            "unknown_options": (),
        }
        for number, (signal, _, _) in enumerate(asked)
    )


def want_no_history(roots: Iterable[AnyNode], system: System) -> None:
    """Refuse expressions that ask for the past.

    Raises:
        OpjaxError: E0584.
    """
    concerned = [root for root in roots if "delay" in root.roles]
    asked = asked_by(concerned, system) if concerned else ()
    if asked:
        raise nobody_answers(asked)


def nobody_answers(asked: tuple[Asked, ...]) -> OpjaxError:
    """The problem of a call that has nobody to ask."""
    signal = asked[0].signal
    return refuse(catalogue.NEEDS_HISTORY, signal.span, what=signal.kind)
