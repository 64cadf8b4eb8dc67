"""Shapes and dtypes with names, derived from an operator by tracing it without data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from opjax.pipelines.untyped import eqx, jax, jax_export, jnp, tree_map

if TYPE_CHECKING:
    from opjax.pipelines.operator import Operator

Size = Any
"""An integer; None for any size; in derived signatures also a symbolic expression of JAX."""


@dataclass(frozen=True)
class Signature:
    """The named axes and the dtype of an array.

    Arguments:
        dims: name and size of each axis; None for a size that is not known yet.
        dtype: the dtype, by its name or as NumPy and JAX have it.

    Raises:
        TypeError: for what is no axis, no size, or no dtype.
        ValueError: if a name stands twice or is no name, and for a negative size.

    Example:
        >>> from opjax.pipelines import Signature
        >>> str(Signature((("time", 12), ("y", None))))
        '(time=12, y=?) float32'
    """

    dims: tuple[tuple[str, Size], ...]
    dtype: str = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "dims", tuple(map(_dim, self.dims)))
        object.__setattr__(self, "dtype", jnp.dtype(self.dtype).name)
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the axis '{name}' stands twice")
            if not name.isidentifier():
                raise ValueError(f"'{name}' is no name of an axis: letters, digits and underscores")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(name for name, _ in self.dims)

    @property
    def shape(self) -> tuple[Size, ...]:
        """The sizes of the axes."""
        return tuple(size for _, size in self.dims)

    def __str__(self) -> str:
        sizes = ", ".join(f"{name}={'?' if size is None else size}" for name, size in self.dims)
        return f"({sizes}) {self.dtype}"

    def drop_dims(self, *names: str) -> Signature:
        """The signature without some axes.

        Raises:
            KeyError: for an axis that is not there.
        """
        for name in names:
            if name not in self.names:
                raise KeyError(name)
        return Signature(tuple(dim for dim in self.dims if dim[0] not in names), self.dtype)

    def replace_dims(self, sizes: Mapping[str, Size]) -> Signature:
        """The signature with other sizes for some axes.

        Raises:
            KeyError: for an axis that is not there.
        """
        for name in sizes:
            if name not in self.names:
                raise KeyError(name)
        return Signature(tuple((name, sizes.get(name, size)) for name, size in self.dims), self.dtype)


def _dim(row: Any) -> tuple[str, Size]:
    """An axis: its name, and its size if that is known."""
    match row:
        case (str() as name, size):
            if isinstance(size, bool | float | str):
                raise TypeError(f"the size of the axis '{name}' is a whole number or None, not {size!r}")
            if isinstance(size, int) and size < 0:
                raise ValueError(f"the size of the axis '{name}' is {size}; it is 0 or more")
            return name, size
        case _:
            raise TypeError(f"an axis is a pair of name and size, such as ('band', 3), not {row!r}")


_TAKEN = ("_", "floordiv", "max", "min", "mod")
"""Words that JAX reads as something else than a symbol."""


def _symbols(signatures: tuple[Signature, ...]) -> dict[str, str]:
    """The symbols that stand for the unknown sizes of axes: their names, where JAX takes these; no two are the same."""
    names = list(dict.fromkeys(name for s in signatures for name, size in s.dims if size is None))
    found = {name: name for name in names if name not in _TAKEN}
    for name in names:
        if name in _TAKEN:
            others = (f"{name}_size", *(f"{name}_size_{k}" for k in range(len(names))))
            found[name] = next(one for one in others if one not in found.values())
    return found


def structs(signatures: tuple[Signature, ...]) -> list[Any]:
    """Shapes and dtypes as JAX writes them; unknown sizes are symbols, equal names the same symbol."""
    # all in one call: symbols of two calls do not compare
    words = _symbols(signatures)
    sizes = jax_export.symbolic_shape(",".join(words.values())) if words else ()
    symbols = dict(zip(words, sizes, strict=True))
    return [
        jax.ShapeDtypeStruct([symbols[name] if size is None else size for name, size in s.dims], jnp.dtype(s.dtype))
        for s in signatures
    ]


def output_signature(operator: Operator, signatures: tuple[Signature, ...]) -> Any:
    """See `Operator.compute_output_signature`."""
    found = eqx.filter_eval_shape(operator, *structs(signatures))
    return tree_map(lambda leaf: signature_of(leaf, signatures), found)


def signature_of(struct: Any, inputs: tuple[Signature, ...]) -> Any:
    """The signature of a result: names of an input of the same shape, else of unknown sizes that are still there."""
    if not isinstance(struct, jax.ShapeDtypeStruct):
        return struct
    shape = tuple(struct.shape)
    dtype = jnp.dtype(struct.dtype).name
    symbols = _symbols(inputs)
    for s in inputs:
        if len(s.dims) == len(shape) and all(
            _same(dim, size, symbols) for dim, size in zip(s.dims, shape, strict=True)
        ):
            return Signature(tuple(zip(s.names, shape, strict=True)), dtype)
    free = {symbol: name for name, symbol in symbols.items()}
    names: list[str] = []
    for i, size in enumerate(shape):
        name = free.get(str(size), "")
        if not name or name in names:
            new = (f"d{i}", *(f"d{i}_{k}" for k in range(len(free))))
            name = next(one for one in new if one not in free.values())
        names.append(name)
    return Signature(tuple(zip(names, shape, strict=True)), dtype)


def _same(dim: tuple[str, Size], size: Size, symbols: Mapping[str, str]) -> bool:
    name, wanted = dim
    return str(size) == symbols[name] if wanted is None else str(size) == str(wanted)


def shown(value: Any) -> str:
    """A signature, or tuples and mappings of them, on one line."""
    if isinstance(value, Signature):
        return str(value)
    if isinstance(value, dict):
        rows = cast("dict[str, Any]", value)
        return "{" + ", ".join(f"{name}: {shown(part)}" for name, part in rows.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(shown, cast("list[Any]", value))) + ")"
    return repr(value)
