"""A continuous distribution restricted to an interval, exact far out in the tails too."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, final

from opjax.infer.untyped import Array, constraints, dist, jax, jnp, special

Tail = Callable[[Any, Array], Array]
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
TAILS: Mapping[type, tuple[Tail, Tail]] = {
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


def _log_mass(base: Any, low: Array | None, high: Array | None) -> Array:
    """The logarithm of the probability between two bounds, from the smaller tail, so that nothing cancels."""
    below, above = TAILS[type(base)]
    if low is None:
        assert high is not None
        return below(base, high)
    if high is None:
        return above(base, low)
    upper = above(base, low) < below(base, high)
    more = jnp.where(upper, above(base, low), below(base, high))
    less = jnp.where(upper, above(base, high), below(base, low))
    return more + _log1mexp(less - more)


@final
class Truncated(dist.Distribution):
    """A distribution restricted to [low, high] and divided by the probability of that interval.

    Arguments:
        base: a continuous distribution of one of the classes in `TAILS`.
        low: the lower bound, not below the support of `base`; None for none.
        high: the upper bound, not above it; None for none. At least one of the two is given.

    Example:
        >>> half = Truncated(dist.Normal(0.0, 1.0), 0.0, None)
        >>> print(f"{half.log_prob(0.0):.4f}")
        -0.2258
    """

    pytree_data_fields = ("base", "low", "high")
    base: Any
    low: Array | None
    high: Array | None

    def __init__(self, base: Any, low: Array | None, high: Array | None) -> None:
        bounds = [jnp.asarray(bound, float) for bound in (low, high) if bound is not None]
        shape = jnp.broadcast_shapes(base.batch_shape, *(bound.shape for bound in bounds))
        self.base = base
        self.low = None if low is None else jnp.asarray(low, float)
        self.high = None if high is None else jnp.asarray(high, float)
        super().__init__(batch_shape=shape)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """The interval, so that the transform from the real line is the right one."""
        low, high = self._ends()
        if high is None:
            return constraints.greater_than(low)
        return constraints.less_than(high) if low is None else constraints.interval(low, high)

    def _ends(self) -> tuple[Array | None, Array | None]:
        """The ends of the interval, where it ends: at a bound, or where the support of the base does."""
        low = getattr(self.base.support, "lower_bound", None) if self.low is None else self.low
        high = getattr(self.base.support, "upper_bound", None) if self.high is None else self.high
        low = None if low is None else jnp.broadcast_to(jnp.asarray(low, float), self.batch_shape)
        return low, None if high is None else jnp.broadcast_to(jnp.asarray(high, float), self.batch_shape)

    def log_prob(self, value: Array, intermediates: list[Any] | None = None) -> Array:
        """The logarithm of the density; minus infinity outside the interval.

        Arguments:
            value: shape [..., *batch_shape].
            intermediates: not used.

        Returns:
            Shape of `value`.
        """
        x = jnp.asarray(value)
        inside = jnp.asarray(True)
        if self.low is not None:
            inside = inside & (x >= self.low)
        if self.high is not None:
            inside = inside & (x <= self.high)
        density = jnp.asarray(self.base.log_prob(x)) - _log_mass(self.base, self.low, self.high)
        return jnp.where(inside, density, -jnp.inf)

    def cdf(self, value: Array) -> Array:
        """The probability below `value`."""
        x = jnp.asarray(value)
        x = x if self.low is None else jnp.maximum(x, self.low)
        x = x if self.high is None else jnp.minimum(x, self.high)
        mass = _log_mass(self.base, self.low, self.high)
        return jnp.exp(_log_mass(self.base, self.low, x) - mass)

    def icdf(self, q: Array) -> Array:
        """The value below which the probability is `q`, by bisection: no tail is too far out for it."""
        p = jnp.broadcast_to(jnp.asarray(q, float), jnp.broadcast_shapes(jnp.shape(q), self.batch_shape))
        low, high = self._ends()
        at = _coordinate(low, high)
        widest = math.log(float(jnp.finfo(p.dtype).max)) - 2
        rank, wanted = self._rank(p)

        def halve(_: Array, between: tuple[Array, Array]) -> tuple[Array, Array]:
            left, right = between
            middle = (left + right) / 2
            # without a lower end the coordinate is the distance from the upper one: it runs the other way
            under = (rank(at(middle)) < wanted) == (low is not None)
            return jnp.where(under, middle, left), jnp.where(under, right, middle)

        ends = (0.0, 1.0) if low is not None and high is not None else (-widest, widest)
        start = (jnp.full_like(p, ends[0]), jnp.full_like(p, ends[1]))
        left, right = jax.lax.fori_loop(0, 2 * jnp.finfo(p.dtype).nmant, halve, start)
        return at((left + right) / 2)

    def _rank(self, p: Array) -> tuple[Callable[[Array], Array], Array]:
        """A function that increases with the value, accurate in the smaller tail, and what it is at probability `p`."""
        below, above = (functools.partial(tail, self.base) for tail in TAILS[type(self.base)])
        less, more = jnp.log(p), jnp.log1p(-p)
        if self.low is None:
            return below, less + below(self.high)
        if self.high is None:
            return lambda x: -above(x), -(more + above(self.low))
        upper = above(self.low) < below(self.high)
        from_above = jnp.logaddexp(more + above(self.low), less + above(self.high))
        from_below = jnp.logaddexp(more + below(self.low), less + below(self.high))
        return lambda x: jnp.where(upper, -above(x), below(x)), jnp.where(upper, -from_above, from_below)

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        """Random numbers.

        Arguments:
            key: a key of `jax.random`.
            sample_shape: leading dimensions.

        Returns:
            Shape [*sample_shape, *batch_shape].
        """
        assert key is not None
        return self.icdf(jax.random.uniform(key, sample_shape + self.batch_shape))


def _coordinate(low: Array | None, high: Array | None) -> Callable[[Array], Array]:
    """Values from a coordinate: the fraction of a finite interval, or the logarithm of the distance from its end."""
    if low is None:
        assert high is not None
        return lambda place: high - jnp.exp(place)
    if high is None:
        return lambda place: low + jnp.exp(place)
    return lambda place: low + place * (high - low)
