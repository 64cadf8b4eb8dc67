"""A continuous distribution restricted to an interval, exact far out in the tails too."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias, final

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy import special
from jax.typing import ArrayLike
from numpyro.distributions import constraints

Array: TypeAlias = jax.Array
Tail: TypeAlias = Callable[[Any, Array], Array]
"""The logarithm of the probability on one side of x, of a distribution of one class."""


def _standard(base: Any, x: Array) -> Array:
    return (x - base.loc) / base.scale


def _log1mexp(x: Array) -> Array:
    """log(1 - exp(x)) for x <= 0, without cancellation (Maechler 2012, "Accurately computing log(1 - exp(-|a|))")."""
    near = jnp.where(x > -math.log(2), x, -1.0)
    far = jnp.where(x > -math.log(2), -1.0, x)
    return jnp.where(x > -math.log(2), jnp.log(-jnp.expm1(near)), jnp.log1p(-jnp.exp(far)))


def _student_above(base: Any, x: Array) -> Array:
    z = _standard(base, x)
    half = special.betainc(base.df / 2, 0.5, base.df / (base.df + z * z)) / 2
    return jnp.where(z > 0, jnp.log(half), jnp.log1p(-half))


def _cauchy_above(base: Any, x: Array) -> Array:
    return jnp.log(jnp.arctan2(base.scale, x - base.loc) / math.pi)


def _laplace_above(base: Any, x: Array) -> Array:
    z = jnp.abs(_standard(base, x))
    return jnp.where(x > base.loc, -z - math.log(2), jnp.log1p(-jnp.exp(-z) / 2))


def _mirrored(above: Tail) -> tuple[Tail, Tail]:
    """Both tails of a distribution that is symmetric about `loc`."""
    return (lambda base, x: above(base, 2 * base.loc - x)), above


def _from_above(above: Tail) -> tuple[Tail, Tail]:
    """Both tails where the upper one has a logarithm in closed form."""
    return (lambda base, x: _log1mexp(above(base, x))), above


# The logarithms of the probabilities below and above x. Gamma functions are regularised incomplete ones (DLMF 8.2.4),
# beta likewise (DLMF 8.17.2); Student's tail is DLMF 8.17 with x = df/(df + z^2).
TAILS: dict[type[dist.Distribution], tuple[Tail, Tail]] = {
    dist.Normal: _mirrored(lambda base, x: special.log_ndtr(-_standard(base, x))),
    dist.StudentT: _mirrored(_student_above),
    dist.Cauchy: _mirrored(_cauchy_above),
    dist.Laplace: _mirrored(_laplace_above),
    dist.Logistic: _mirrored(lambda base, x: jax.nn.log_sigmoid(-_standard(base, x))),
    dist.LogNormal: (
        lambda base, x: special.log_ndtr((jnp.log(x) - base.loc) / base.scale),
        lambda base, x: special.log_ndtr(-(jnp.log(x) - base.loc) / base.scale),
    ),
    dist.HalfNormal: _from_above(lambda base, x: special.log_ndtr(-x / base.scale) + math.log(2)),
    dist.HalfCauchy: (
        lambda base, x: jnp.log(jnp.arctan2(x, base.scale) * (2 / math.pi)),
        lambda base, x: jnp.log(jnp.arctan2(base.scale, x) * (2 / math.pi)),
    ),
    dist.Gamma: (
        lambda base, x: jnp.log(special.gammainc(base.concentration, base.rate * x)),
        lambda base, x: jnp.log(special.gammaincc(base.concentration, base.rate * x)),
    ),
    dist.InverseGamma: (
        lambda base, x: jnp.log(special.gammaincc(base.concentration, base.rate / x)),
        lambda base, x: jnp.log(special.gammainc(base.concentration, base.rate / x)),
    ),
    dist.Exponential: _from_above(lambda base, x: -base.rate * x),
    dist.Weibull: _from_above(lambda base, x: -((x / base.scale) ** base.concentration)),
    dist.Beta: (
        lambda base, x: jnp.log(special.betainc(base.concentration1, base.concentration0, x)),
        lambda base, x: jnp.log(special.betainc(base.concentration0, base.concentration1, 1 - x)),
    ),
}


@final
class Truncated(dist.Distribution):
    """A distribution restricted to [low, high] and divided by the probability of that interval.

    Arguments:
        base: a continuous distribution of one of the classes in `TAILS`.
        low: the lower bound, inside the support of `base`; None for none.
        high: the upper bound, likewise; at least one of the two is given.

    Example:
        >>> float(Truncated(dist.Normal(0.0, 1.0), 0.0, None).log_prob(0.0).round(4))
        -0.2258
    """

    arg_constraints = {"low": constraints.dependent, "high": constraints.dependent}
    pytree_data_fields = ("base", "low", "high")

    def __init__(
        self,
        base: dist.Distribution,
        low: ArrayLike | None,
        high: ArrayLike | None,
        *,
        validate_args: bool | None = None,
    ) -> None:
        shape = jnp.broadcast_shapes(base.batch_shape, jnp.shape(0.0 if low is None else low), jnp.shape(0.0 if high is None else high))
        self.base = base.expand(shape) if base.batch_shape != shape else base
        self.low = None if low is None else jnp.broadcast_to(jnp.asarray(low), shape)
        self.high = None if high is None else jnp.broadcast_to(jnp.asarray(high), shape)
        super().__init__(batch_shape=shape, event_shape=(), validate_args=validate_args)
