"""The derivative of a model that asks for its past: signals out, answers in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from opjax.backends.base import Array, Backend, DType
from opjax.compile.arguments import moment_of
from opjax.compile.asked import Asked, asked_by, nobody_answers
from opjax.compile.layout import shape_of
from opjax.compile.quantities import Quantities, Wanted
from opjax.compile.refusal import refuse
from opjax.errors import catalogue
from opjax.ir.nodes import AnyNode, Graph, Opaque
from opjax.ir.program import Program, copy_node, rebuild
from opjax.ir.system import System
from opjax.ir.types import declared_dims


class HistoryProvider(Protocol):
    """Knows the past: the engine that integrates the model, or a test."""

    def query(self, signal_id: int, body: Array, **options: object) -> object:
        """The value of the past that a signal stands for.

        Arguments:
            signal_id: the number of the signal, as in `history_requirements`.
            body: the signal now, with the shape of its axes and the data type of the state.
            options: the options of the call, by name: words as text, numbers as they are written, and values, which
                are arrays over those axes of the signal that they have.

        Returns:
            An array of the shape of `body`, or one number.
        """
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the derivative is wanted: the time, the states in order, the parameters by name; and how to compute."""

    time: object
    states: list[Array]
    parameters: Mapping[str, object]
    backend: Backend
    dtype: DType


@dataclass(frozen=True, slots=True)
class History:
    """Computes signals, asks a provider, and computes the derivative with its answers.

    Arguments:
        whole: the derivative as it stands in the model.
        asked: what it asks for.
        signals: computes the signals and the options.
        rates: computes the derivative from the answers.
    """

    whole: Quantities
    asked: tuple[Asked, ...]
    signals: Quantities
    rates: Quantities

    def bodies(self, moment: Moment) -> dict[int, Array]:
        """The signals by number."""
        values = self._values(self.signals, moment, self._prepared(moment), ())
        return {number: values[_body(number)] for number in range(len(self.asked))}

    def derivatives(self, moment: Moment, provider: object) -> dict[str, Array]:
        """The derivatives by state."""
        query = getattr(provider, "query", None)
        if not callable(query):
            raise nobody_answers(self.asked)
        prepared = self._prepared(moment)
        values = self._values(self.signals, moment, prepared, ())
        answers: dict[str, Array] = {}
        for number, (signal, _, computed) in enumerate(self.asked):
            ready = {name: values[_option(number, name)] for name in computed}
            options = {name: ready[name] if value is None else value for name, value in signal.settled.items()}
            answers[signal.name] = self._answer(number, query(number, values[_body(number)], **options), moment)
        return self._values(self.rates, moment, prepared, tuple(answers[name] for name in self.rates.extras))

    def _prepared(self, moment: Moment) -> dict[str, Array]:
        """The parameters by name, checked against the model."""
        arguments, like = self.whole.arguments, moment.states[0]
        values = arguments.prepare(moment.parameters, moment.backend, moment.dtype, like)
        return dict(zip(arguments.names, values, strict=True))

    def _values(
        self, quantities: Quantities, moment: Moment, prepared: Mapping[str, Array], extras: tuple[Array, ...]
    ) -> dict[str, Array]:
        backend, dtype = moment.backend, moment.dtype
        kernel = quantities.kernel(backend)
        parameters = tuple(prepared[name] for name in quantities.arguments.names)
        timed = kernel.code("tree").uses_time
        time = moment_of(moment.time, backend, dtype, moment.states[0]) if timed else moment.time
        with backend.errstate():
            results = kernel.bind("tree", dtype)(time, moment.states, parameters, extras)
        return dict(zip(quantities.wanted, results, strict=True))

    def _answer(self, number: int, given: object, moment: Moment) -> Array:
        """An answer as an array of the shape of its signal."""
        name, shape = f"the answer to signal {number}", shape_of(self.asked[number].signal.axes, self.whole.system.axes)
        try:
            array = moment.backend.asarray(given, moment.dtype, moment.states[0])
        except (TypeError, ValueError) as problem:
            found = type(given).__name__
            raise refuse(catalogue.WRONG_ARRAY, name=name, found=found, expected="a number or an array") from problem
        found = tuple(getattr(array, "shape", ()))
        if found not in (shape, ()):
            raise refuse(catalogue.WRONG_SHAPE, name=name, found=found, expected=shape)
        return array if found == shape else moment.backend.xp.broadcast_to(array, shape)


def build_history(whole: Quantities) -> History | None:
    """What computes a derivative that asks for its past; None for one that does not."""
    asked = asked_by([wanted.node for wanted in whole.wanted.values()], whole.system)
    if not asked:
        return None
    wanted: dict[str, Wanted] = {}
    for number, (signal, body, computed) in enumerate(asked):
        wanted[_body(number)] = Wanted(body, signal.axes)
        for name, node in computed.items():
            own = tuple(dim.axis for dim in declared_dims(signal.axes) if dim in node.dims)
            wanted[_option(number, name)] = Wanted(node, own)
    signals = Quantities(whole.system, wanted, whole.optimise, ignores_extra=True)
    return History(whole, asked, signals, answered(whole, ignores_extra=True))


def answered(whole: Quantities, ignores_extra: bool = False) -> Quantities:
    """The same values from answers: with leaves, which are extras, in place of the values of the past."""
    system = whole.system
    if not any("delay" in wanted.node.roles for wanted in whole.wanted.values()):
        return whole
    program = rebuild(
        Program(system.graph, {name: w.node for name, w in whole.wanted.items()}, system.axes, {}),
        lambda graph, node, parts: _leaf(system, graph, node, parts),
        lambda node: isinstance(node, Opaque) and node.name in system.history,
    )
    wanted = {name: Wanted(program.roots[name], w.axes) for name, w in whole.wanted.items()}
    changed = dataclasses.replace(system, graph=program.graph)
    return Quantities(changed, wanted, whole.optimise, ignores_extra)


def _leaf(system: System, graph: Graph, node: AnyNode, parts: tuple[AnyNode, ...]) -> AnyNode:
    if isinstance(node, Opaque) and node.name in system.history:
        return graph.symbol("delay", node.name, system.history[node.name].axes, node.span)
    return copy_node(graph, node, parts)


def _body(number: int) -> str:
    return f"signal {number}"


def _option(number: int, name: str) -> str:
    return f"{name} of signal {number}"
