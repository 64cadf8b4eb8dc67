"""Functions with a say in how they are differentiated and mapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from jax import custom_batching

from opjax.trees.untyped import eqx, jax

if TYPE_CHECKING:
    from jaxtyping import Array, Inexact

_custom_batching: Any = custom_batching
Tree = TypeVar("Tree")


def non_differentiable(x: Tree) -> Tree:
    """The same tree; whoever differentiates through it gets an error instead of a number.

    Arguments:
        x: any pytree. Arrays of floating-point numbers are guarded, other leaves have no derivatives.

    Returns:
        ``x``.

    Raises:
        TypeError: a derivative is taken, forward or reverse. To have it zero instead, stop it *before* it comes here:
            ``non_differentiable(jax.lax.stop_gradient(x))``.

    Example:
        >>> float(non_differentiable(jax.numpy.float32(2.0)))
        2.0
        >>> jax.grad(lambda x: non_differentiable(x) ** 2)(2.0)
        Traceback (most recent call last):
        ...
        TypeError: a derivative is taken through non_differentiable, ...
    """
    guarded, others = eqx.partition(x, eqx.is_inexact_array)
    return eqx.combine(jax.tree.map(_guarded, guarded), others)


@jax.custom_jvp
def _guarded(x: Inexact[Array, "*shape"]) -> Inexact[Array, "*shape"]:
    return x


@_guarded.defjvp
def _refuse(primals: tuple[Inexact[Array, "*shape"]], tangents: object) -> NoReturn:
    kind = jax.typeof(primals[0])
    raise TypeError(
        f"a derivative is taken through non_differentiable, here with respect to {kind.dtype}{list(kind.shape)}. If it "
        "is meant to be zero, write non_differentiable(jax.lax.stop_gradient(x)); stop_gradient behind it is too late"
    )


def sequential_vmap(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that `jax.vmap` calls once per row, in sequence, and that can be differentiated in reverse.

    For functions without a batching rule, such as exported ones and foreign kernels; all others are better served by
    `jax.lax.map`, whose ``batch_size`` bounds the memory and which has all derivatives. Here there is reverse mode of
    any order (`jax.grad`, `jax.vjp`, `jax.jacrev`) and **no forward mode**: `jax.jvp`, `jax.jacfwd` and `jax.hessian`
    raise a `TypeError` of JAX. The backward pass computes the function again.

    Arguments:
        function: from pytrees to a pytree of arrays. It may close over values that are mapped or differentiated.

    Returns:
        The function, which takes the same arguments. Leaves that are no arrays (names, flags, functions) are handed on
        as they are; arrays of integers have no derivatives.

    Example:
        >>> square = sequential_vmap(lambda x: x**2)
        >>> jax.vmap(jax.grad(square))(jax.numpy.arange(3.0)).tolist()
        [0.0, 2.0, 4.0]
    """

    def called(*args: Any, **kwargs: Any) -> Any:
        # A function that closes over arrays becomes a pytree with these arrays as leaves: one argument more.
        converted = eqx.filter_closure_convert(function, *args, **kwargs)
        arrays, others = eqx.partition((converted, args, kwargs), eqx.is_array)

        def of_arrays(arrays: Any) -> Any:
            whole, every_args, every_kwargs = eqx.combine(arrays, others)
            return whole(*every_args, **every_kwargs)

        return _with_reverse(of_arrays)(arrays)

    return called


def _with_reverse(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one tree of arrays, mapped in sequence, with a derivative that is mapped in sequence."""
    mapped = _custom_batching.sequential_vmap(function)
    call = jax.custom_vjp(mapped)

    def forward(arrays: Any) -> tuple[Any, Any]:
        return call(arrays), arrays  # not mapped(arrays): derivatives of derivatives come by here

    def backward(arrays: Any, cotangents: Any) -> tuple[Any]:
        return (_with_reverse(pull_back)((arrays, eqx.filter(cotangents, eqx.is_inexact_array))),)

    def pull_back(both: tuple[Any, Any]) -> Any:
        arrays, cotangents = both
        inexact, exact = eqx.partition(arrays, eqx.is_inexact_array)

        def of_inexact(some: Any) -> Any:
            return eqx.filter(function(eqx.combine(some, exact)), eqx.is_inexact_array)

        _, pull = jax.vjp(of_inexact, inexact)
        (slopes,) = pull(cotangents)
        return slopes

    call.defvjp(forward, backward)
    return call


sequential_vmap_with_vjp = sequential_vmap
