"""The compiled right-hand side: what users call, jit, differentiate and hand to a solver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from opjax.backends.base import Array, ArrayFunction, Backend, DType
from opjax.backends.registry import backend_of
from opjax.compile.arguments import array_of, moment_of, plain, refuse, want_numbers, widest
from opjax.compile.described import Described
from opjax.compile.differentiate import Jacobian
from opjax.compile.history import Moment
from opjax.compile.kernel import Form, Kernel
from opjax.compile.leafless import register_without_leaves
from opjax.compile.living import first_equal
from opjax.compile.options import Options
from opjax.compile.origins import Origin
from opjax.compile.quantities import NOTHING, Optimise
from opjax.compile.quick import Called, Usual, bound, by_keyword, fixed, hasten
from opjax.compile.settled import MANY, SEVERAL
from opjax.errors import catalogue, did_you_mean
from opjax.ir.system import System

if TYPE_CHECKING:
    from jaxtyping import Num

    from opjax.compile.coordinates import StateCoordinateView

    Vector = Num[Array, " states"]
    Shaped = Num[Array, "..."]


BY_NAME = "a mapping of the parameters by name"


@dataclass(frozen=True, slots=True)
class _Ready:
    """A bound function and what its arguments need: for one type of array and one data type."""

    kind: type[Any]
    given: DType
    backend: Backend
    dtype: DType
    number: Callable[[Any], Array] | None
    form: Form
    function: ArrayFunction
    uses_time: bool
    casts: bool
    branches: bool
    settled: Sequence[Array] | None


class CompiledRhs(Called, Described):
    """The time derivative of a model's states.

    Three ways to call it, all of which keep the data type of the state and never look at a value, so that they can be
    traced, mapped and differentiated:

        rhs.eval_fn(t, y, beta=0.3)              flat vector in, flat vector out
        rhs.pytree_eval_fn(t, {"S": ...}, ...)   arrays by state name in and out
        rhs(t, y, args)                          a diffrax vector field; y flat or by name, args the parameters by name

    It is immutable, equal and hashed by content, a pytree without leaves, and pickles as its source text.

    What it says about itself is in `Described`.
    """

    def __init__(self, system: System, origin: Origin, options: Options, optimise: Optimise) -> None:
        Called.__init__(self, self._by_mapping)
        Described.__init__(self, system, origin, options, optimise)
        self._names = tuple(system.states)
        self._shape = (self._layout.size,)
        self._arguments = self._quantities.arguments
        self._ready: dict[tuple[type, DType], _Ready] = {}
        self._latest: _Ready | None = None
        self._usual: Usual | None = None
        self._keywords = by_keyword(self)
        register_without_leaves(type(self))

    # --- calls

    @cached_property
    def eval_fn(self) -> Callable[..., Vector]:
        """The derivative as a flat vector: ``eval_fn(t, y, **parameters)``; the same for equal models.

        Arguments:
            t: the time.
            y: the states as one vector, shape (states,), in the order of `state_names`.
            parameters: the parameters by name; those with a default may be left out.

        Returns:
            A vector of the shape, data type and namespace of `y`.

        Raises:
            OpjaxError: E0804 for a wrong shape, E0805 for a missing parameter, E0806 for an unknown one.
        """
        if (first := self._first) is not self:
            return first.eval_fn
        return self._eval_fn_by_place if "y" in self._arguments.names else self._keywords

    @cached_property
    def pytree_eval_fn(self) -> Callable[..., dict[str, Shaped]]:
        """The derivative by state name: ``pytree_eval_fn(t, y, **parameters)``; the same for equal models.

        Arguments:
            t: the time.
            y: each state's array by name, with the shape of its axes.
            parameters: the parameters by name.

        Returns:
            The derivatives by state name, in declared order.
        """
        if (first := self._first) is not self:
            return first.pytree_eval_fn
        return self._pytree_eval_fn_by_place if "y" in self._arguments.names else self._pytree_eval_fn

    def _pytree_eval_fn(self, /, t: object, y: Mapping[str, Shaped], **parameters: object) -> dict[str, Shaped]:
        return self._tree(t, y, parameters)

    # Where a parameter is called y: JAX takes the names of its inputs for one, be they given by name or by place.
    def _eval_fn_by_place(self, _time: object, _states: Any, /, **parameters: object) -> Any:
        return self.__call__(_time, _states, parameters)

    def _pytree_eval_fn_by_place(self, _time: object, _states: Any, /, **parameters: object) -> dict[str, Shaped]:
        return self._tree(_time, _states, parameters)

    @property
    def _first(self) -> CompiledRhs:
        """The first equal model alive, whose calls this one shares; where a call is refused at a place, itself."""
        return self if self._history is not None else first_equal(self)

    @property
    def block_pytree_eval_fn(self) -> Callable[..., dict[str, Shaped]] | None:
        """`pytree_eval_fn` of one block, where the model falls apart along an axis; None where it does not.

        States and parameters come without the first axis of `factorize_axes`: their slices at one of its positions.
        With `jax.vmap` over `block_axes` it computes all blocks at once.
        """
        return None if self._block is None else self._block.pytree_eval_fn

    def jacobian(self, t: object, y: Vector, args: Mapping[str, object] | None = None) -> Num[Array, "states states"]:
        """The derivatives of the right-hand side by the states, as a dense matrix, by JAX's forward mode.

        Arguments:
            t: the time.
            y: the states as one vector. A JAX array (or a tracer) is differentiated where it is, so that this can be
                traced itself; a NumPy array goes through JAX in its own precision, compiled once, and a NumPy array
                comes back. Other namespaces are refused.
            args: the parameters by name.

        Returns:
            At [i, j] the derivative of element i of `eval_fn` by state j.

        Raises:
            OpjaxError: E0906 without JAX, E0804 for a wrong shape, E0807 for arrays of another namespace.
        """
        return self._derivatives(t, y, args or NOTHING)

    @cached_property
    def _derivatives(self) -> Jacobian:
        free = replace(self._options, xp=None)
        return Jacobian(CompiledRhs(self._system, self._origin, free, self._quantities.optimise))

    def coordinate_view(self) -> StateCoordinateView:
        """The model with the logarithms of the states that are declared with ``log`` as coordinates."""
        from opjax.compile.coordinates import StateCoordinateView  # it knows this class

        return StateCoordinateView(self)

    def bind(self, params: Mapping[str, object]) -> Callable[[object, Any], Any]:
        """The derivative with the parameters given once.

        Arguments:
            params: the parameters by name.

        Returns:
            A function of the time and the states (flat, or by name), as SciPy's solvers take it.

        Example:
            >>> import numpy as np, opjax
            >>> rhs = opjax.compile_rhs("model M:\n  params: k\n  states: x\n  dynamics:\n    x -> 0 @ k\n")
            >>> rhs.bind({"k": 0.5})(0.0, np.array([4.0]))
            array([-2.])
        """
        return bound(self, lambda: self._usual, _as_dict(params))

    def _by_mapping(self, t: object, y: Any, args: Mapping[str, object] | None = None) -> Any:
        usual = self._usual
        given = cast("dict[str, object]", args) if type(args) is dict else _as_dict(args)
        if isinstance(y, Mapping):
            return self._tree(t, cast("Mapping[str, Array]", y), given)
        if usual is not None and len(given) < len(usual.names) and (given or len(usual.names) < SEVERAL):
            complete = {**self._arguments.constants, **given}
            if len(complete) == len(usual.names):  # the rest are defaults
                return self.__call__(t, y, complete)
        return self._flat(t, y, given)

    def _unusual(self, t: object, y: Any, other: Mapping[str, object], values: tuple[object, ...]) -> Any:
        """A call by keyword of which something is not as usual; a value that was not given is None."""
        found = zip(self._arguments.names, values, strict=True)
        return self._by_mapping(t, y, {**{name: value for name, value in found if value is not None}, **other})

    def _flat(self, t: object, y: Array, parameters: Mapping[str, object]) -> Array:
        ready = self._latest
        if ready is None or type(y) is not ready.kind or y.dtype is not ready.given:
            kind = cast("tuple[type, DType]", (type(y), getattr(y, "dtype", None)))
            ready = self._latest = self._ready.get(kind) or self._make_ready(y)
        if y.shape != self._shape:
            raise refuse(catalogue.WRONG_SHAPE, name="y", found=tuple(y.shape), expected=self._shape)
        backend, dtype = ready.backend, ready.dtype
        p = None if parameters else ready.settled
        if p is None and ready.number is not None:
            p = self._arguments.everyday(parameters, ready.number, dtype, y)
            if p is not None and ready.form == "written" and ready.number is float and len(p) >= MANY:
                p = self._arguments.kept(p, backend, dtype)
        if p is None:
            p = self._arguments.prepare(parameters, backend, dtype, y)
            p = plain(p) if ready.form == "numbers" else p
        if ready.uses_time:
            t = moment_of(t, backend, dtype, y)
        if ready.casts:
            y = backend.asarray(y, dtype, y)
        if not ready.branches:
            return ready.function(t, y, p)
        with backend.errstate():
            return ready.function(t, y, p)

    def _make_ready(self, y: Array) -> _Ready:
        """What a call with this type of array needs, looked up once."""
        backend = self._backend(y)
        dtype, kernel = backend.dtype_of(y), self._quantities.kernel(backend)
        if not hasattr(y, "shape"):
            expected = f"an array of shape {self._shape}"
            raise refuse(catalogue.WRONG_ARRAY, name="y", found=type(y).__name__, expected=expected)
        form = kernel.form_for(y, dtype)
        ready = _Ready(
            cast("type[Any]", type(y)),
            getattr(y, "dtype", None),
            backend,
            dtype,
            float if form != "flat" and dtype == backend.xp.float64 else backend.scalar_type(dtype),
            form,
            kernel.bind(form, dtype),
            uses_time=kernel.code(form).uses_time,
            casts=not backend.is_array(y) or y.dtype != dtype,
            branches=kernel.branches and form != "numbers",
            settled=self._arguments.defaults_for(form, backend, dtype),
        )
        if form != "flat" and ready.number is float and not ready.casts:
            self._hasten(kernel, ready)
        self._ready[(type(y), getattr(y, "dtype", None))] = ready
        return ready

    def _hasten(self, kernel: Kernel, ready: _Ready) -> None:
        """Replace the calls by functions that have been written for arguments like these, if they are no long list."""
        arguments = self._arguments
        shapes = [shape for shape in arguments.in_order if shape is not None]
        if len(shapes) != len(arguments.names):
            return
        usual = self._usual = Usual(
            kernel,
            ready.kind,
            ready.dtype,
            self._shape,
            arguments.names,
            tuple(shapes),
            arguments.pick,
            ready.uses_time,
            arguments.constants,
        )
        if len(shapes) < MANY or ready.form == "numbers":
            self.__call__ = usual.function("mapping", self._by_mapping)
            hasten(self._keywords, usual.function("keywords", self._unusual))
        elif ready.settled is not None:
            like = ready.backend.xp.empty(self._shape, ready.dtype)
            self.__call__ = fixed(kernel, like, ready.settled, "mapping", self._by_mapping) or self._by_mapping
            hasten(self._keywords, fixed(kernel, like, ready.settled, "keywords", self))

    def _tree(self, t: object, y: Mapping[str, Array], parameters: Mapping[str, object]) -> dict[str, Array]:
        backend, dtype, states = self._states(y)
        kernel, first = self._quantities.kernel(backend), y[self._names[0]]
        p = self._quantities.arguments.prepare(parameters, backend, dtype, first)
        t = self._time(t, kernel, backend, dtype, first)
        with backend.errstate():
            results = backend.own(kernel.bind("tree", dtype)(t, states, p), (*states, *parameters.values()))
        return dict(zip(self._names, results, strict=True))

    def _states(self, y: Mapping[str, Array]) -> tuple[Backend, DType, list[Array]]:
        """The states in order, and how to compute with them."""
        if not isinstance(cast("object", y), Mapping) or y.keys() != self._system.states.keys():
            raise self._wrong_states(y)
        first = y[self._names[0]]
        backend = self._backend(first)
        dtype = widest(backend, first, y)
        states: list[Array] = []
        for slot in self._layout.slots:
            array = array_of(slot.name, y[slot.name], backend, (dtype, first), "a number or an array")
            found = tuple(getattr(array, "shape", ()))
            if found != slot.shape:
                raise refuse(catalogue.WRONG_SHAPE, name=slot.name, found=found, expected=slot.shape)
            states.append(array)
        return backend, dtype, states

    # --- values of the past

    @property
    def history_eval_fn(self) -> Callable[..., dict[str, Shaped]] | None:
        """`pytree_eval_fn` of a model that asks for its past, with `history_provider`; None for any other model.

        It is called as ``(t, y, *, history_provider, **parameters)``. The provider has a method `query`, which is
        called once for each signal: see `opjax.compile.history.HistoryProvider`.
        """
        return None if self._history is None else self._with_answers

    @property
    def body_eval_fn(self) -> Callable[..., dict[int, Shaped]] | None:
        """The signals whose past is wanted, by number: ``(t, y, **parameters)``; None where there are none."""
        return None if self._history is None else self._bodies

    @property
    def block_history_eval_fn(self) -> Callable[..., dict[str, Shaped]] | None:
        """`history_eval_fn` of one block, see `block_pytree_eval_fn`; the provider knows the past of that block."""
        return None if self._block is None else self._block.history_eval_fn

    @property
    def block_body_eval_fn(self) -> Callable[..., dict[int, Shaped]] | None:
        """`body_eval_fn` of one block."""
        return None if self._block is None else self._block.body_eval_fn

    def _with_answers(
        self, t: object, _states: Mapping[str, Array], /, *, history_provider: object = None, **parameters: object
    ) -> dict[str, Array]:
        assert self._history is not None
        return self._history.derivatives(self._moment(t, _states, parameters), history_provider)

    def _bodies(self, t: object, _states: Mapping[str, Array], /, **parameters: object) -> dict[int, Array]:
        assert self._history is not None
        return self._history.bodies(self._moment(t, _states, parameters))

    def _moment(self, t: object, y: Mapping[str, Array], parameters: Mapping[str, object]) -> Moment:
        backend, dtype, states = self._states(y)
        return Moment(t, states, parameters, backend, dtype)

    def _backend(self, y: Array) -> Backend:
        if self._pinned is not None:
            return self._pinned
        if not hasattr(y, "dtype"):
            expected = "an array of NumPy, JAX or another Array API namespace"
            raise refuse(catalogue.WRONG_ARRAY, name="y", found=type(y).__name__, expected=expected)
        want_numbers("y", y)
        return backend_of(y)

    def _time(self, t: object, kernel: Kernel, backend: Backend, dtype: DType, like: Array) -> object:
        return moment_of(t, backend, dtype, like) if kernel.code("flat").uses_time else t

    def _wrong_states(self, y: Mapping[str, Array]) -> Exception:
        if not isinstance(cast("object", y), Mapping):
            return refuse(catalogue.WRONG_ARRAY, name="y", found=type(y).__name__, expected="arrays by state name")
        missing = [name for name in self._names if name not in y]
        if missing:
            hint = "give all states: " + ", ".join(self._names)
            return refuse(catalogue.MISSING_VALUE, kind="state", name=missing[0], hint=hint)
        unknown = next(name for name in y if name not in self._system.states)
        hint = did_you_mean(str(unknown), self._names, "its states are listed in state_names")
        return refuse(catalogue.UNKNOWN_VALUE, kind="state", name=str(unknown), hint=hint)

    def flatten(self, y: Mapping[str, Shaped]) -> Vector:
        """The flat vector of states given by name, an array each; E0805, E0806 or E0807 where they are not that."""
        if not isinstance(cast("object", y), Mapping) or y.keys() != self._system.states.keys():
            raise self._wrong_states(y)
        first = y[self._names[0]]
        backend = self._backend(first)
        sizes = [slot.size for slot in self._layout.slots]
        return backend.pack([y[name] for name in self._names], sizes, backend.dtype_of(first))

    def unflatten(self, y: Num[Array, "*times states"]) -> dict[str, Shaped]:
        """The states by name of a flat vector; leading dimensions (such as time) are kept."""
        xp = self._backend(y).xp
        lead = tuple(y.shape[:-1])
        return {
            slot.name: xp.reshape(y[..., slot.start : slot.start + slot.size], lead + slot.shape)
            for slot in self._layout.slots
        }


def _as_dict(args: object) -> dict[str, object]:
    """The parameters by name; a mapping that makes up values for missing names does so no more.

    Raises:
        OpjaxError: E0807 for what is no mapping.
    """
    if args is not None and not isinstance(args, Mapping):
        raise refuse(catalogue.WRONG_ARRAY, name="args", found=type(args).__name__, expected=BY_NAME)
    return dict(cast("Mapping[str, object]", args)) if args else {}
