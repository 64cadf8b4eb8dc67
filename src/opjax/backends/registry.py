"""Which backend is whose: by the name of the namespace, and imported when it is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from opjax.backends.base import Array, Backend, Namespace
from opjax.errors import OpjaxError, Report, catalogue
from opjax.source import NOWHERE

ENTRY_POINTS = "opjax.backends"
_DIFFERENTIABLE = frozenset({"torch"})


def _numpy() -> Backend:
    from opjax.backends.numpy import BACKEND

    return BACKEND


def _jax() -> Backend:
    from opjax.backends.jax import BACKEND

    return BACKEND


def _compatibility() -> Namespace:
    import array_api_compat

    return array_api_compat


_OWN: Mapping[str, Callable[[], Backend]] = MappingProxyType({"numpy": _numpy, "jax": _jax})


def backend_for(xp: Namespace) -> Backend:
    """The backend of an array namespace.

    Arguments:
        xp: `numpy`, `jax.numpy`, `torch`, or any namespace of the Array API standard.

    Returns:
        The same object for the same namespace.

    Raises:
        OpjaxError: E0801 if this is not an array namespace.

    Example:
        >>> import numpy
        >>> backend_for(numpy).name
        'numpy'
    """
    if not _is_namespace(xp):
        raise _not_a_namespace(xp)
    return _found(_package(xp), xp)


def backend_of(value: Array) -> Backend:
    """The backend of an array; numbers and sequences of numbers are taken as NumPy's.

    Arguments:
        value: an array, also a traced one.

    Raises:
        OpjaxError: E0801 if this is neither an array nor a number.

    Example:
        >>> backend_of(1.5).name
        'numpy'
    """
    kind = cast(type[object], type(value))
    found = _BY_TYPE.get(kind)
    if found is None:
        found = _BY_TYPE[kind] = _backend_of_unseen(value)
    return found


_BY_TYPE: dict[type[object], Backend] = {}


def _backend_of_unseen(value: Array) -> Backend:
    if isinstance(value, (float, int, list, tuple)):
        return _numpy()
    if not _compatibility().is_array_api_obj(value):
        raise _not_a_namespace(value)
    return backend_for(_compatibility().array_namespace(value))


def _is_namespace(xp: object) -> bool:
    return all(hasattr(xp, name) for name in ("asarray", "exp", "where", "float64"))


def _package(xp: Namespace) -> str:
    """The top-level package: ``numpy`` for `numpy` and for ``array_api_compat.numpy``."""
    name = str(getattr(xp, "__name__", type(xp).__name__))
    parts = [part for part in name.split(".") if part != "array_api_compat"]
    return parts[0] if parts else name


@functools.cache
def _found(package: str, xp: Namespace) -> Backend:
    """Our own file, else the entry point of this name, else the backend of the standard."""
    own = _OWN.get(package)
    if own is not None:
        return own()
    from importlib import metadata  # with the parts of a mail reader that it needs

    for entry in metadata.entry_points(group=ENTRY_POINTS, name=package):
        return cast(Callable[[Namespace], Backend], entry.load())(xp)
    return _of_the_standard(package, xp)


def _of_the_standard(package: str, xp: Namespace) -> Backend:
    """The backend of the namespace, or of its wrapper that follows the standard (``array_api_compat.torch``)."""
    from opjax.backends.array_api import ArrayApiBackend

    wrapped = _compatibility().array_namespace(xp.asarray(0.0))
    if wrapped is not xp:
        return backend_for(wrapped)
    return ArrayApiBackend(xp, package, differentiable=package in _DIFFERENTIABLE)


def _not_a_namespace(value: object) -> OpjaxError:
    report = Report()
    name = str(getattr(value, "__name__", type(value).__name__))
    report.add(catalogue.UNKNOWN_NAMESPACE, NOWHERE, name=name)
    return OpjaxError(report.errors)
