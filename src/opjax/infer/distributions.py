"""Records of the table of distributions, with the values of their arguments, as distributions of NumPyro."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from opjax.infer.truncated import TAILS, Truncated
from opjax.infer.untyped import Array, dist, jnp
from opjax.ir.distributions import DistributionArgument, DistributionRecord

_VALID: Mapping[str, float] = {"real": 0.0, "positive": 1.0, "unit": 0.5, "count": 1.0, "bounded": 0.0}


def numpyro_class(record: DistributionRecord) -> Any:
    """The class of NumPyro that stands behind a record."""
    members: Mapping[str, Any] = dist.__dict__
    return members[record.numpyro]


def numpyro_distribution(
    record: DistributionRecord, arguments: Mapping[str, Array], low: Array | None = None, high: Array | None = None
) -> Any:
    """A distribution, restricted to an interval where there are bounds.

    The density inside the interval is divided by its probability, and the support is the interval, so that samplers
    work on the right transform of it.

    Arguments:
        record: the distribution's row of the table.
        arguments: values by the names of the model language; what is left out has NumPyro's default, which is the
            table's. Shapes broadcast.
        low: the lower bound, or None for none.
        high: the upper bound, or None for none.

    Returns:
        A distribution of NumPyro whose batch shape is that of the arguments and bounds.

    Example:
        >>> from opjax.ir.distributions import DISTRIBUTIONS
        >>> prior = numpyro_distribution(DISTRIBUTIONS["HalfNormal"], {"scale": 10.0}, low=0.01, high=1000.0)
        >>> print(f"{prior.log_prob(1.0):.3f}")
        -2.533
    """
    given = {record.numpyro_names[name]: jnp.asarray(value) for name, value in arguments.items()}
    if "low" in record.numpyro_names:
        ends = {a.name: given.pop(a.name, a.default) for a in record.arguments if a.name in ("low", "high")}
        low, high = _larger(_finite(ends["low"]), low), _smaller(_finite(ends["high"]), high)
        return dist.Uniform(low, high) if record.name == "Uniform" else _restricted(dist.Normal(**given), low, high)
    base = numpyro_class(record)(**given)
    return _restricted(base, *inside_support(record, low, high))


def inside_support(
    record: DistributionRecord, low: Array | None, high: Array | None
) -> tuple[Array | None, Array | None]:
    """The bounds that say more than the support of the distribution does.

    Arguments:
        record: the distribution's row of the table.
        low: the lower bound; a number where it is known.
        high: the upper bound; a number where it is known.

    Returns:
        The bounds, None where the support ends anyway.
    """
    if record.support in ("positive", "unit"):
        low = _larger(0.0, low)
        low = None if isinstance(low, float) and low <= 0 else low
    if record.support == "unit":
        high = _smaller(1.0, high)
        high = None if isinstance(high, float) and high >= 1 else high
    return low, high


def _finite(bound: Array | None) -> Array | None:
    """The bound, None where it is known to be infinite."""
    return None if isinstance(bound, float) and math.isinf(bound) else bound


def _larger(own: Array | None, given: Array | None) -> Array | None:
    """The larger of two bounds that may be missing; of two numbers a number."""
    if own is None or given is None:
        return given if own is None else own
    numbers = isinstance(own, float) and isinstance(given, float)
    return max(own, given) if numbers else jnp.maximum(own, given)


def _smaller(own: Array | None, given: Array | None) -> Array | None:
    """The smaller of two bounds that may be missing; of two numbers a number."""
    if own is None or given is None:
        return given if own is None else own
    numbers = isinstance(own, float) and isinstance(given, float)
    return min(own, given) if numbers else jnp.minimum(own, given)


def _restricted(base: Any, low: Array | None, high: Array | None) -> Any:
    return base if low is None and high is None else Truncated(base, low, high)


def can_be_bounded(record: DistributionRecord) -> bool:
    """Whether bounds can be put into the density exactly.

    Example:
        >>> from opjax.ir.distributions import DISTRIBUTIONS
        >>> can_be_bounded(DISTRIBUTIONS["Gamma"]), can_be_bounded(DISTRIBUTIONS["VonMises"])
        (True, False)
    """
    return "low" in record.numpyro_names or numpyro_class(record) in TAILS


def valid_value(argument: DistributionArgument) -> float:
    """A value that the argument may have whatever the others are; it stands in for what a failed solve leaves open."""
    default = argument.default
    return default if default is not None and math.isfinite(default) else _VALID[argument.support]
