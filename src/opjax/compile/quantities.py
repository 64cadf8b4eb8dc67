"""Values of a model other than its right-hand side: initial values, observations, derived quantities, priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from opjax.backends.base import Array, Backend, DType
from opjax.compile.arguments import Arguments, parameters_among
from opjax.compile.asked import want_no_history
from opjax.compile.cache import KERNELS, program_key
from opjax.compile.kernel import Inputs, Kernel, Output
from opjax.compile.layout import Layout, build_layout, shape_of
from opjax.compile.scalars import program_of_numbers
from opjax.ir.nodes import AnyNode, Symbol
from opjax.ir.program import Optimise, Program
from opjax.ir.system import System, flow_values
from opjax.records import many_records, record

NOTHING: Mapping[str, Array] = {}


@record()
class Wanted:
    """A value to compute: its expression and the axes it comes in."""

    node: AnyNode
    axes: tuple[str, ...] = ()


class Point(NamedTuple):
    """Where values are computed.

    Arguments:
        time: the time.
        states: the states by name (or in order), each with the shape of its axes.
        parameters: the parameters by name.
        extras: incidences and reductions over time, by name.
    """

    time: object = 0.0
    states: Mapping[str, Array] | Sequence[Array] = ()
    parameters: Mapping[str, object] = NOTHING
    extras: Mapping[str, Array] = NOTHING


def node_names(system: System) -> dict[int, str]:
    """What the model calls its nodes, for readable code."""
    names: dict[int, str] = {}
    for alias in system.aliases.values():
        if type(alias.value) is not Symbol:
            names.setdefault(alias.value.number, alias.name)
    for name, value in flow_values(system.flows):
        if type(value) is not Symbol:
            names.setdefault(value.number, name)
    return names


@dataclass(slots=True)
class Quantities:
    """Computes some values of a model, given time, states, parameters and what else they depend on.

    Arguments:
        system: the model.
        wanted: the values by name.
        optimise: runs the passes.
        ignores_extra: whether values of parameters that the model does not have are left aside, not refused.
    """

    system: System
    wanted: Mapping[str, Wanted]
    optimise: Optimise
    ignores_extra: bool = False
    written: Program = field(init=False)
    """What is computed, before the passes."""
    layout: Layout = field(init=False)
    arguments: Arguments = field(init=False)
    extras: tuple[str, ...] = field(init=False)
    outputs: tuple[Output, ...] = field(init=False)
    kernels: dict[str, Kernel] = field(default_factory=dict[str, Kernel])

    def __post_init__(self) -> None:
        roots = {name: wanted.node for name, wanted in self.wanted.items()}
        self.written = Program(self.system.graph, roots, self.system.axes, node_names(self.system))
        self.layout = build_layout(self.system)
        leaves = [n for n in self.written.leaves if isinstance(n, Symbol)]
        names = parameters_among(self.system, leaves)
        self.arguments = Arguments(self.system, names, self.derive, self.ignores_extra)
        self.extras = tuple(dict.fromkeys(n.name for n in leaves if n.role in ("incidence", "over_time", "delay")))
        self.outputs = tuple(
            Output(name, w.axes, shape_of(w.axes, self.system.axes) if w.axes else ())
            for name, w in self.wanted.items()
        )

    @many_records(looks=False)
    def kernel(self, backend: Backend) -> Kernel:
        """The kernel for one namespace."""
        if backend.name not in self.kernels:
            written, name = self.written, self.system.name
            want_no_history(written.roots.values(), self.system)
            inputs = Inputs(self.layout.slots, self.arguments.names, self.extras)

            def make() -> Kernel:
                program = self.optimise(written, backend.differentiable)
                wanted = [(output.name, output.axes) for output in self.outputs]
                find = partial(program_of_numbers, written, program, self.optimise, wanted)
                return Kernel(name, program, self.outputs, inputs, backend, find if backend.computes_numbers else None)

            key = (name, backend, self.optimise, program_key(written, inputs, self.outputs))
            self.kernels[backend.name] = KERNELS.get(key, len(written.graph), make)
        return self.kernels[backend.name]

    def __call__(self, backend: Backend, like: Array, point: Point) -> dict[str, Array]:
        """Compute the values.

        Arguments:
            backend: the namespace to compute in.
            like: an array that gives data type and device.
            point: where to compute them.

        Returns:
            The values by name, each with the shape of its axes.

        Raises:
            OpjaxError: E0805 for a missing parameter, E0804 for a wrong shape, E0806 for an unknown name, E0584 for
                a value of the past.
        """
        dtype = backend.dtype_of(like)
        kernel = self.kernel(backend)
        p = self.arguments.prepare(point.parameters, backend, dtype, like)
        states = point.states
        in_order = (
            tuple(states[s.name] for s in self.layout.slots) if isinstance(states, Mapping) and states else states
        )
        t = backend.asarray(point.time, dtype, like) if kernel.code("tree").uses_time else point.time
        x = tuple(point.extras[name] for name in self.extras)
        results = kernel.bind("tree", dtype)(t, in_order, p, x)
        return dict(zip(self.wanted, results, strict=True))

    def derive(self, name: str, backend: Backend, dtype: DType, given: Mapping[str, object]) -> Array:
        """The value of a parameter whose default is an expression of others."""
        parameter = self.system.parameters[name]
        assert parameter.default is not None
        wanted = {name: Wanted(parameter.default, parameter.axes)}
        own = Quantities(self.system, wanted, self.optimise, self.ignores_extra)
        like = backend.constant(0.0, dtype)
        return own(backend, like, Point(parameters=given))[name]
