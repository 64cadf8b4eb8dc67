"""What a compiled right-hand side says about itself: its names, shapes, reactions, declarations; and its identity."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from opjax.backends.base import Array
from opjax.backends.registry import backend_for
from opjax.compile import metadata
from opjax.compile.asked import requirements, want_no_history
from opjax.compile.blocks import BlockAxisInfo, block_axes, block_system
from opjax.compile.gauge_maps import GaugeFixMap, GaugeInfo
from opjax.compile.gauges import gauged
from opjax.compile.history import History, build_history
from opjax.compile.layout import Layout
from opjax.compile.observables import CompiledObservable, compile_observables
from opjax.compile.operators import OperatorDescriptor, describe_operators, kernel_arrays, kernel_rows, operator_rows
from opjax.compile.options import Chosen, Options
from opjax.compile.origins import Origin, PartOrigin
from opjax.compile.quantities import Optimise, Quantities, Wanted
from opjax.compile.reactions import CompiledReaction, ReactionGap, build_gaps, build_reactions
from opjax.ir.system import System, plain_values

if TYPE_CHECKING:
    from opjax.compile.explanation import Explanation
    from opjax.compile.sparsity import Sparsity


class Described:
    """Everything about a compiled model that is read and not called. New properties go here, their substance elsewhere.

    Arguments:
        system: the typed model.
        origin: the text that the model comes from.
        options: what the caller chose.
        optimise: runs the passes.
    """

    def __init__(self, system: System, origin: Origin, options: Options, optimise: Optimise) -> None:
        self._gauged = gauged(system, optimise, options.detect_gauges, options.gauge_fix)
        system = self._system = self._gauged.system
        known = system.local_rates if system.operators and options.operators == "describe" else system.rates
        plain = plain_values(system.states)
        rates = {name: Wanted(node, () if name in plain else system.states[name].axes) for name, node in known.items()}
        self._origin = origin
        self._options = options
        self._quantities = Quantities(system, rates, optimise, options.extra_parameters == "ignore")
        self._pinned = None if options.xp is None else backend_for(options.xp)
        self._layout = self._quantities.layout

    @property
    def state_names(self) -> tuple[str, ...]:
        """The name of every element of the flat vector as an identifier, as in op_system: ``S``, ``I__age_young``."""
        return metadata.published_names(self._layout, self._system.axes)

    @property
    def cell_names(self) -> tuple[str, ...]:
        """The name of every element of the flat vector as it is written in the model: ``S``, ``I[young]``."""
        return self._layout.cell_names(self._system.axes)

    @property
    def param_names(self) -> tuple[str, ...]:
        """The parameters that the derivative depends on, in declared order."""
        return tuple(name for name in self._quantities.arguments.names if name in self._system.parameters)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The inputs that the derivative depends on: tables over time, given by name as (times, values)."""
        return tuple(name for name in self._quantities.arguments.names if name in self._system.inputs)

    @property
    def param_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each of these parameters."""
        return dict(self._quantities.arguments.shapes)

    @property
    def template_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each state by name."""
        return {slot.name: slot.shape for slot in self._layout.slots}

    @property
    def meta(self) -> Mapping[str, object]:
        """What engines read of the model, under op_system's keys; see `opjax.compile.metadata`."""
        return {
            **metadata.model_meta(self._system, self._layout, self._origin.rates()),
            "operators": operator_rows(self.operators),
            "kernels": kernel_rows(self._system),
        }

    @property
    def param_meta(self) -> Mapping[str, metadata.ParameterMeta]:
        """Support, units, description of each parameter by name, and whether it is fixed."""
        return metadata.parameter_meta(self._system)

    @property
    def state_meta(self) -> Mapping[str, metadata.StateMeta]:
        """Representation, units, description and scale of each state by name."""
        return metadata.state_meta(self._system)

    @property
    def axis_meta(self) -> Mapping[str, metadata.AxisMeta]:
        """Units and description of each axis by name."""
        return metadata.axis_meta(self._system)

    @cached_property
    def reactions(self) -> tuple[CompiledReaction, ...]:
        """The transitions as reactions, in the order of the model; see `opjax.compile.reactions`."""
        return build_reactions(self._system, self._system.independent, self._quantities.optimise, self._options.xp)

    @cached_property
    def observables(self) -> Mapping[str, CompiledObservable]:
        """The derived quantities that depend on one moment only, by name, each as a function of time and state."""
        found = self._quantities
        return compile_observables(self._system, found.optimise, self._pinned, found.ignores_extra)

    def jacobian_sparsity(self) -> Sparsity:
        """The places of the Jacobian that may differ from zero, read off the model; the same for all parameters.

        Returns:
            `rows`, `columns` and `shape`, as a sparse matrix of SciPy has them; `toarray()` is the matrix.

        Raises:
            OpjaxError: E0584 for a model that asks for its past.

        Example:
            >>> import opjax
            >>> text = "model M:\\n  states: x, y\\n  dynamics:\\n    x' = -x\\n    y' = x*y\\n"
            >>> opjax.compile_rhs(text).jacobian_sparsity().toarray().astype(int)
            array([[1, 0],
                   [1, 1]])
        """
        from opjax.compile.sparsity import jacobian_sparsity  # it needs NumPy

        written = self._quantities.written
        want_no_history(written.roots.values(), self._system)
        outputs = {name: wanted.axes for name, wanted in self._quantities.wanted.items()}
        return jacobian_sparsity(written, outputs, self._layout)

    @cached_property
    def operators(self) -> tuple[OperatorDescriptor, ...]:
        """The operators along axes as an engine reads them; see `opjax.compile.operators`."""
        return describe_operators(self._system, self._layout)

    @cached_property
    def mixing_kernels(self) -> Mapping[str, Array]:
        """The parameters that are kernels of numbers (`kernels` in YAML), as NumPy arrays by name."""
        return kernel_arrays(self._quantities)

    @cached_property
    def _history(self) -> History | None:
        """What computes a derivative that asks for its past."""
        return build_history(self._quantities)

    @property
    def history_requirements(self) -> tuple[Mapping[str, object], ...]:
        """The values of the past that the derivative asks for, by number, under op_system's keys."""
        return () if self._history is None else requirements(self._history.asked)

    @property
    def reaction_gaps(self) -> tuple[ReactionGap, ...]:
        """The dynamics that `reactions` does not say."""
        return build_gaps(self._system, self.reactions, self._options.operators == "run")

    @property
    def factorize_axes(self) -> tuple[str, ...]:
        """The axes along which the model falls apart (``independent``, in op_system ``factorize_axes``)."""
        return self._system.independent

    @property
    def block_axes(self) -> tuple[BlockAxisInfo, ...]:
        """The same axes, with their sizes and where they stand in states and parameters."""
        return block_axes(self._system)

    @cached_property
    def _block(self) -> Self | None:
        """The right-hand side of one block along the first of these axes."""
        if not self._system.independent:
            return None
        rates = {name: wanted.node for name, wanted in self._quantities.wanted.items()}
        block = block_system(self._system, self._system.axes[self._system.independent[0]], rates)
        block = dataclasses.replace(block, gauges={})
        origin = PartOrigin(self, self._origin, self._options.marked("block"), block_of)
        return type(self)(block, origin, self._options.without_gauges(), self._quantities.optimise)

    @property
    def block(self) -> Self | None:
        """The right-hand side of one block, where the model falls apart; its states lack the first of these axes."""
        return self._block

    @property
    def block_template_shapes(self) -> Mapping[str, tuple[int, ...]] | None:
        """The shape of each state in one block: without the first of the axes along which the model falls apart."""
        return None if self._block is None else self._block.template_shapes

    @property
    def layout(self) -> Layout:
        """Where each state stands in the flat vector."""
        return self._layout

    @property
    def options(self) -> Options:
        """What the caller chose."""
        return self._options

    @property
    def origin(self) -> Origin:
        """The text that the model comes from."""
        return self._origin

    @property
    def optimise(self) -> Optimise:
        """Runs the passes."""
        return self._quantities.optimise

    @property
    def gauges(self) -> GaugeInfo | None:
        """The scalings that leave the model as it is, where it declares some or `detect_gauges` asked for them."""
        return self._gauged.info

    @property
    def gauge_fix(self) -> GaugeFixMap | None:
        """The way between natural values and those in which `gauge_fix` has fixed some parameters."""
        return self._gauged.fix

    @property
    def system(self) -> System:
        """The typed model."""
        return self._system

    @property
    def source(self) -> str:
        """The generated code of the flat form (for NumPy, unless another namespace is pinned).

        JAX has two functions where lines are read at neighbours, one for one state and one for many that are mapped.
        """
        backend = self._pinned
        if backend is None:
            import numpy

            backend = backend_for(numpy)
        return self._quantities.kernel(backend).text("flat")

    def explain(self, xp: object = None, itemsize: int = 8) -> Explanation:
        """Why this is fast, or what keeps it from being so.

        Arguments:
            xp: the namespace that it is explained for; None for the pinned one, or NumPy.
            itemsize: the bytes of one number: 8, or 4 for single precision.

        Returns:
            The passes that fired, the contractions in order, the groups that re-rolling found, the largest array, and
            the estimated cost of one call; printed, it is a page for people.

        Example:
            >>> import opjax
            >>> rhs = opjax.compile_rhs("model M:\\n  params: k\\n  states: x\\n  dynamics:\\n    x -> 0 @ k\\n")
            >>> rhs.explain().costs.flops
            2
        """
        from opjax.compile.findings import Subject, explain  # nobody waits for it who does not ask

        backend = self._pinned if xp is None else backend_for(xp)
        name, differentiable = ("numpy", False) if backend is None else (backend.name, backend.differentiable)
        program, size = self._quantities.written, self._layout.size
        numbers = backend is None or backend.computes_numbers
        subject = Subject(
            self._system.name, name, differentiable, program, size, size, itemsize, numbers, self._quantities.outputs
        )
        return explain(subject, self._quantities.optimise)

    @property
    def text(self) -> str:
        """The text of the model."""
        return self._origin.text()

    @property
    def content_hash(self) -> str:
        """The SHA-256 of the model's canonical text, in hexadecimal digits."""
        return self._origin.content_hash()

    # --- equality, copies, pictures

    @cached_property
    def _identity(self) -> tuple[object, ...]:
        return self.content_hash, self._origin.labels, self._chosen()

    def _chosen(self) -> Chosen:
        """The options as values that can be compared and pickled."""
        return self._options.chosen(self._pinned.xp.__name__ if self._pinned else "")

    def __reduce__(self) -> tuple[object, ...]:
        return self._origin.restore, (self.text, self._origin.labels, self._chosen())

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Described) and self._identity == other._identity)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._system.name, *self._system.states))  # cheap: the text is not printed

    def __repr__(self) -> str:
        states = ", ".join(f"{name}{list(shape) if shape else ''}" for name, shape in self.template_shapes.items())
        return f"<CompiledRhs of {self._system.name}: states {states}; parameters {', '.join(self.param_names)}>"


def block_of(whole: Described) -> Described | None:
    """The right-hand side of one block of a model."""
    return whole.block
