"""Looking into a pipeline without changing it: taps, sinks, snapshots, shapes, checks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from jax.experimental import io_callback

from opjax.pipelines.arguments import check_function
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.untyped import eqx, jax, jnp, tree_map


class Tap(Operator):
    """Shows every value to a function on the host, and passes it on.

    Works in jit, vmap (once per element), grad, scan and checkpoint. JAX may move the calls, it makes them for the
    untaken arm of a branch under vmap too, and twice for what a `Checkpoint` computes again.

    Arguments:
        fn: the function; its result is ignored.
        ordered: keep the calls in order; not under vmap.

    Raises:
        TypeError: if `fn` cannot be called.

    Example:
        >>> import jax
        >>> from opjax.pipelines import Tap
        >>> seen = []
        >>> _ = jax.jit(Tap(lambda x: seen.append(float(x))))(2.0)
        >>> jax.effects_barrier()
        >>> seen
        [2.0]
    """

    fn: Callable[[Any], object] = static()
    ordered: bool = static(default=False)

    def __check_init__(self) -> None:
        check_function("fn", self.fn)

    def _apply(self, x: Any) -> Any:
        jax.debug.callback(self._show, x, ordered=self.ordered)
        return x

    def _show(self, x: Any) -> None:
        self.fn(x)


class Sink(Operator):
    """Writes every value away by a function on the host, and passes it on; the write is never optimised away.

    Gradients pass as if it were not there. JAX refuses an ordered one under vmap, and any one that is differentiated
    inside a `Checkpoint` or stands in a `Branch` under vmap: take a `Snapshot` there and write outside.

    Arguments:
        write: the function; its result is ignored.
        ordered: keep the writes in order.

    Raises:
        TypeError: if `write` cannot be called.

    Example:
        >>> import jax
        >>> from opjax.pipelines import Sink
        >>> rows = []
        >>> _ = jax.jit(Sink(lambda x: rows.append(float(x))))(2.0)
        >>> jax.effects_barrier()
        >>> rows
        [2.0]
    """

    write: Callable[[Any], object] = static()
    ordered: bool = static(default=False)

    def __check_init__(self) -> None:
        check_function("write", self.write)

    def _apply(self, x: Any) -> Any:
        io_callback(self._write, None, jax.lax.stop_gradient(x), ordered=self.ordered)
        return x

    def _write(self, x: Any) -> None:
        self.write(x)


class ShapeTrace(Operator):
    """Prints dtypes and shapes while it is traced: once per compiled signature, and at every call that is not compiled.

    Arguments:
        label: stands before the shape.
        printer: takes the line.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import ShapeTrace
        >>> _ = ShapeTrace("spectrum")(jnp.ones((2, 3), "float32"))
        spectrum: float32[2,3]
    """

    label: str = static(default="")
    printer: Callable[[str], object] = static(default=print)

    def __check_init__(self) -> None:
        check_function("printer", self.printer)

    def _apply(self, x: Any) -> Any:
        shown = tree_map(_abstract, x)
        text = shown if isinstance(shown, str) else str(shown).replace("'", "")
        self.printer(f"{self.label}: {text}" if self.label else text)
        return x


def _abstract(leaf: Any) -> str:
    return str(jax.typeof(leaf)).removeprefix("~") if eqx.is_array_like(leaf) else repr(leaf)


class Check(Operator):
    """Stops with a message where a value is not as it must be; works in jit, vmap and grad.

    Arguments:
        predicate: a function of the value. A plain truth value (of a shape, a dtype) is checked while the pipeline is
            traced; an array is checked at run time, all of its elements.
        message: what the error says.

    Raises:
        TypeError: if the predicate cannot be called.
        ValueError: while it is traced, if the predicate is plainly false.
        RuntimeError: at run time (Equinox's `EquinoxRuntimeError`).

    Example:
        >>> from opjax.pipelines import Check
        >>> Check(lambda x: x > 0, "not positive")(2.0)
        2.0
    """

    predicate: Callable[[Any], Any] = static()
    message: str = static()

    def __check_init__(self) -> None:
        check_function("predicate", self.predicate)

    def _apply(self, x: Any) -> Any:
        holds = self.predicate(x)
        if isinstance(holds, jax.Array):
            checked: Any = eqx.error_if(x, ~jnp.all(holds), self.message)
            return checked
        if not np.all(holds):
            raise ValueError(self.message)
        return x


class _Captures(threading.local):
    """The captures that are being collected in this thread; `closed` names what cannot be looked into."""

    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []
        self.closed: list[str] = []


_CAPTURES = _Captures()


class Snapshot(Operator):
    """Keeps a value for `capture` under a name; outside of `capture` it does nothing.

    Arguments:
        key: the name.

    Raises:
        KeyError: if two snapshots of one run have the same name.
        ValueError: inside a loop, a branch or a shard, whose values cannot leave it.

    Example:
        >>> from opjax.pipelines import Snapshot, capture
        >>> capture(Snapshot("here"))(2.0)
        (2.0, {'here': 2.0})
    """

    key: str = static()

    def _apply(self, x: Any) -> Any:
        keep(self.key, x)
        return x


def keep(key: str, value: Any) -> None:
    """Add a value to the captures, if any are collected."""
    if not _CAPTURES.stack:
        return
    if _CAPTURES.closed:
        where = _CAPTURES.closed[-1]
        way_out = "use collect=True" if where.startswith("Scan") else "put the snapshot before or behind it"
        raise ValueError(f"the snapshot '{key}' stands inside {where}, whose values cannot leave it: {way_out}")
    if key in _CAPTURES.stack[-1]:
        raise KeyError(f"two snapshots are called '{key}'")
    _CAPTURES.stack[-1][key] = value


def capture(fn: Callable[..., Any]) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """A function with the values of its snapshots beside its result; pure, so it can be compiled and differentiated.

    Arguments:
        fn: an operator, or a function that calls one.

    Returns:
        The function ``(*args) -> (result, {key: value})``.

    Example:
        >>> from opjax.pipelines import Lambda, Snapshot, capture
        >>> capture(Snapshot("before") | Lambda(abs))(-2.0)
        (2.0, {'before': -2.0})
    """

    def captured(*args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        closed, _CAPTURES.closed = _CAPTURES.closed, []
        found: dict[str, Any] = {}
        _CAPTURES.stack.append(found)
        try:
            return fn(*args, **kwargs), found
        finally:
            _CAPTURES.stack.pop()
            _CAPTURES.closed = closed

    return captured


@contextlib.contextmanager
def unwatched(name: str) -> Generator[None]:
    """Where values cannot leave: a snapshot inside says so."""
    _CAPTURES.closed.append(name)
    try:
        yield
    finally:
        _CAPTURES.closed.pop()


def through(transform: Callable[[Callable[..., Any]], Callable[..., Any]], fn: Callable[..., Any]) -> Any:
    """A transformed function whose snapshots come out with its result: ``transform(fn)`` with captures as outputs.

    Arguments:
        transform: for example `jax.vmap`; what it returns may have several outputs.
        fn: what is transformed.
    """
    if not _CAPTURES.stack or _CAPTURES.closed:
        return transform(fn)

    def run(*args: Any, **kwargs: Any) -> Any:
        value, found = transform(capture(fn))(*args, **kwargs)
        for key, kept in found.items():
            keep(key, kept)
        return value

    return run
