"""An operator over many inputs at once: on one device, in batches, over several devices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

from jax.sharding import AxisType, Mesh, PartitionSpec

from opjax.pipelines.arguments import check_count, check_operator
from opjax.pipelines.operator import Operator, static
from opjax.pipelines.untyped import closure, eqx, jax, jnp, partition, tree_map
from opjax.pipelines.watch import through, unwatched


class VMapOver(Operator):
    """An operator over an axis of its inputs, as one vectorised computation.

    Arguments:
        operator: what happens to one element.
        in_axes: the axis of each argument, as for `jax.vmap`; None for an argument that all elements share.
        batch_size: how many elements at once (`jax.lax.map`): bounds the memory; 1 is one after another, and a
            remainder is allowed.

    Raises:
        TypeError: if `operator` is no operator, an axis no whole number, or the size of a batch no whole number.
        ValueError: for batches of fewer than one element, and at a call for as many axes as there are no arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, VMapOver
        >>> VMapOver(Lambda(jnp.sum))(jnp.ones((2, 3))).tolist()
        [3.0, 3.0]
    """

    operator: Operator
    in_axes: int | tuple[int | None, ...] | None = static(default=0)
    batch_size: int | None = static(default=None)

    def __check_init__(self) -> None:
        check_operator("operator", self.operator)
        for axis in self.in_axes if isinstance(self.in_axes, tuple) else (self.in_axes,):
            if axis is not None and (not isinstance(cast("object", axis), int) or isinstance(axis, bool)):
                raise TypeError(f"in_axes is a whole number, None, or a tuple of these, not {self.in_axes!r}")
        if self.batch_size is not None:
            check_count("batch_size", self.batch_size, 1)

    def _apply(self, *args: Any) -> Any:
        if self.batch_size is None:
            return through(self._vectorised, closure(self.operator))(*args)
        axes = self.in_axes if isinstance(self.in_axes, tuple) else (self.in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"in_axes has {len(axes)} entries, {len(args)} arguments are given")
        mapped = [_axis_first(arg, axis) for arg, axis in zip(args, axes, strict=True) if axis is not None]

        def one(parts: list[Any]) -> Any:
            rest = iter(parts)
            full = (arg if axis is None else next(rest) for arg, axis in zip(args, axes, strict=True))
            return self.operator(*full)

        return through(self._in_batches, one)(mapped)

    def _vectorised(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        return jax.vmap(fn, in_axes=self.in_axes)

    def _in_batches(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        def run(parts: list[Any]) -> Any:
            return jax.lax.map(fn, parts, batch_size=self.batch_size)

        return run


def _axis_first(arg: Any, axis: int) -> Any:
    return arg if axis == 0 else tree_map(lambda leaf: jnp.moveaxis(leaf, axis, 0), arg)


class ShardOver(Operator):
    """An operator over the first axis of its inputs, spread over the devices of a mesh.

    The result is that of ``VMapOver(operator)``, whatever the number of devices; gradients of the parameters are the
    sums over all shards.

    Arguments:
        operator: what happens to one element.
        mesh: the devices, as `jax.make_mesh(..., axis_types=(jax.sharding.AxisType.Auto,))` makes it.
        axis: the name of the mesh's axis.

    Raises:
        TypeError: if `operator` is no operator, or `mesh` no mesh.
        ValueError: if the mesh has no such axis, if its axes are not automatic, or if the first axis of an input is not
            divisible by the size of the mesh's.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> from opjax.pipelines import Lambda, ShardOver
        >>> mesh = jax.make_mesh((1,), ("row",), axis_types=(jax.sharding.AxisType.Auto,))
        >>> ShardOver(Lambda(jnp.sum), mesh, "row")(jnp.ones((2, 3))).tolist()
        [3.0, 3.0]
    """

    operator: Operator
    mesh: Mesh = static()
    axis: str = static()

    def __check_init__(self) -> None:
        check_operator("operator", self.operator)
        if not isinstance(cast("object", self.mesh), Mesh):
            raise TypeError(f"mesh is a mesh of devices, as jax.make_mesh gives, not {self.mesh!r}")
        if self.axis not in self.mesh.axis_names:
            raise ValueError(f"the mesh has no axis '{self.axis}'; its axes are {', '.join(self.mesh.axis_names)}")
        if any(kind != AxisType.Auto for kind in self.mesh.axis_types):
            raise ValueError(
                "the axes of the mesh must be automatic: "
                "jax.make_mesh((n,), ('name',), axis_types=(jax.sharding.AxisType.Auto,))"
            )

    def _apply(self, *args: Any) -> Any:
        devices = math.prod(size for name, size in self.mesh.shape.items() if name == self.axis)
        for leaf in jax.tree.leaves(args):
            size = jnp.shape(leaf)[0] if jnp.ndim(leaf) else 1
            if jnp.ndim(leaf) == 0 or size % devices:
                raise ValueError(f"the first axis has {size} elements, not divisible by {devices} devices")
        arrays, rest = partition(self.operator)

        def block(weights: Any, *parts: Any) -> Any:
            return jax.vmap(closure(eqx.combine(weights, rest)))(*parts)

        data = PartitionSpec(self.axis)
        specs = (PartitionSpec(), *(data for _ in args))
        with unwatched("ShardOver"):
            return jax.shard_map(block, mesh=self.mesh, in_specs=specs, out_specs=data)(arrays, *args)
