"""The distributions of priors and observations: one record each, as plain data.

Names and parametrisations are NumPyro's, with a shorter name or two; which class of NumPyro stands behind a record, and
what its arguments are called there, is part of the record. Nothing here imports NumPyro.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["continuous", "discrete"]
Support = Literal["real", "positive", "unit", "count", "bounded"]


@dataclass(frozen=True, slots=True)
class DistributionArgument:
    """An argument of a distribution.

    Arguments:
        name: its name in the model language.
        default: its value where it is not given; None where it must be given. NumPyro has the same default, so an
            argument that is not given is not passed on (an infinite default means: no bound).
        required_keyword: whether it must be given by its name, because packages differ in the parametrisation.
        support: which numbers it may be.
        numpyro_name: its name in NumPyro; empty for the same.
    """

    name: str
    default: float | None = None
    required_keyword: bool = False
    support: Support = "real"
    numpyro_name: str = ""

    def takes(self, value: float) -> bool:
        """Whether it may be this number."""
        match self.support:
            case "positive":
                return value > 0 and math.isfinite(value)
            case "unit":
                return 0 <= value <= 1
            case "count":
                return value >= 0 and value.is_integer()
            case _:
                return not math.isnan(value)

    @property
    def in_words(self) -> str:
        """Which numbers it may be."""
        words = {"positive": "a number above 0", "unit": "a number from 0 to 1", "count": "0, 1, 2, ..."}
        return words.get(self.support, "a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionRecord:
    """A distribution of the model language.

    Arguments:
        name: its name in the model language.
        arguments: its arguments in the order of the call.
        kind: whether it has a density or a mass function.
        support: the numbers it gives: all, those above 0, those between 0 and 1, 0, 1, 2, ..., or those between
            bounds that its arguments say.
        latex: a template for `str.format` with the names of the arguments.
        doc: one sentence with the density or mass function, or with mean and variance.
        numpyro: the name in `numpyro.distributions`.
        truncatable: whether NumPyro has its cumulative distribution function, so that bounds of a prior can be put
            into the density exactly: minus log(cdf(high) - cdf(low)).
        synonyms: other names that models may use.
    """

    name: str
    arguments: tuple[DistributionArgument, ...]
    kind: Kind
    support: Support
    latex: str
    doc: str
    numpyro: str
    truncatable: bool = False
    synonyms: tuple[str, ...] = ()

    @property
    def numpyro_names(self) -> Mapping[str, str]:
        """NumPyro's name of each argument, by its name in the model language."""
        return MappingProxyType({a.name: a.numpyro_name or a.name for a in self.arguments})


def _argument(name: str, default: float | None = None, support: Support = "real") -> DistributionArgument:
    return DistributionArgument(name, default, support=support)


def _named(name: str, support: Support = "positive") -> DistributionArgument:
    return DistributionArgument(name, required_keyword=True, support=support)


_LOC = _argument("loc", 0.0)
_SCALE = _argument("scale", 1.0, "positive")
_TOTAL = DistributionArgument("total", support="count", numpyro_name="total_count")
_PROBS = _argument("probs", support="unit")

_ON_THE_LINE: tuple[DistributionRecord, ...] = (
    DistributionRecord(
        name="Normal",
        arguments=(_LOC, _SCALE),
        kind="continuous",
        support="real",
        latex=r"\mathrm{{Normal}}\left({loc}, {scale}\right)",
        doc="The normal distribution with mean loc and standard deviation scale.",
        numpyro="Normal",
        truncatable=True,
    ),
    DistributionRecord(
        name="StudentT",
        arguments=(_argument("df", support="positive"), _LOC, _SCALE),
        kind="continuous",
        support="real",
        latex=r"\mathrm{{StudentT}}\left({df}, {loc}, {scale}\right)",
        doc="Student's distribution with df degrees of freedom, moved by loc and stretched by scale.",
        numpyro="StudentT",
        truncatable=True,
    ),
    DistributionRecord(
        name="Cauchy",
        arguments=(_LOC, _SCALE),
        kind="continuous",
        support="real",
        latex=r"\mathrm{{Cauchy}}\left({loc}, {scale}\right)",
        doc="The Cauchy distribution with median loc and half width scale at half height.",
        numpyro="Cauchy",
        truncatable=True,
    ),
    DistributionRecord(
        name="Laplace",
        arguments=(_LOC, _SCALE),
        kind="continuous",
        support="real",
        latex=r"\mathrm{{Laplace}}\left({loc}, {scale}\right)",
        doc="The density exp(-abs(x - loc)/scale)/(2*scale).",
        numpyro="Laplace",
        truncatable=True,
    ),
    DistributionRecord(
        name="Logistic",
        arguments=(_LOC, _SCALE),
        kind="continuous",
        support="real",
        latex=r"\mathrm{{Logistic}}\left({loc}, {scale}\right)",
        doc="The distribution function sigmoid((x - loc)/scale).",
        numpyro="Logistic",
        truncatable=True,
    ),
    DistributionRecord(
        name="Uniform",
        arguments=(_argument("low", 0.0), _argument("high", 1.0)),
        kind="continuous",
        support="bounded",
        latex=r"\mathrm{{Uniform}}\left({low}, {high}\right)",
        doc="Constant density between low and high.",
        numpyro="Uniform",
        truncatable=True,
    ),
    DistributionRecord(
        name="TruncatedNormal",
        arguments=(_LOC, _SCALE, _argument("low", -math.inf), _argument("high", math.inf)),
        kind="continuous",
        support="bounded",
        latex=r"\mathrm{{Normal}}\left({loc}, {scale}\right)\left[{low}, {high}\right]",
        doc="The normal distribution of mean loc and standard deviation scale before it is cut to [low, high].",
        numpyro="TruncatedNormal",
        truncatable=True,
    ),
    DistributionRecord(
        name="VonMises",
        arguments=(_argument("loc"), _argument("concentration", support="positive")),
        kind="continuous",
        support="bounded",
        latex=r"\mathrm{{VonMises}}\left({loc}, {concentration}\right)",
        doc="Angles in [-pi, pi] around loc: density proportional to exp(concentration*cos(x - loc)).",
        numpyro="VonMises",
    ),
)

_POSITIVE: tuple[DistributionRecord, ...] = (
    DistributionRecord(
        name="LogNormal",
        arguments=(_LOC, _SCALE),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{LogNormal}}\left({loc}, {scale}\right)",
        doc="exp(z) of a normal z with mean loc and standard deviation scale; the median is exp(loc).",
        numpyro="LogNormal",
        truncatable=True,
    ),
    DistributionRecord(
        name="HalfNormal",
        arguments=(_SCALE,),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{HalfNormal}}\left({scale}\right)",
        doc="The absolute value of a normal number with mean 0 and standard deviation scale.",
        numpyro="HalfNormal",
        truncatable=True,
    ),
    DistributionRecord(
        name="HalfCauchy",
        arguments=(_SCALE,),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{HalfCauchy}}\left({scale}\right)",
        doc="The absolute value of a Cauchy number with median 0; its own median is scale.",
        numpyro="HalfCauchy",
        truncatable=True,
    ),
    DistributionRecord(
        name="Gamma",
        arguments=(_named("concentration"), _named("rate")),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{Gamma}}\left({concentration}, {rate}\right)",
        doc="Mean concentration/rate; density proportional to x^(concentration - 1)*exp(-rate*x).",
        numpyro="Gamma",
        truncatable=True,
    ),
    DistributionRecord(
        name="InverseGamma",
        arguments=(_argument("concentration", support="positive"), _argument("rate", support="positive")),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{InverseGamma}}\left({concentration}, {rate}\right)",
        doc="1/x of a gamma number x; density proportional to x^(-concentration - 1)*exp(-rate/x).",
        numpyro="InverseGamma",
        truncatable=True,
    ),
    DistributionRecord(
        name="Exponential",
        arguments=(_argument("rate", 1.0, "positive"),),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{Exponential}}\left({rate}\right)",
        doc="The density rate*exp(-rate*x), with mean 1/rate.",
        numpyro="Exponential",
        truncatable=True,
    ),
    DistributionRecord(
        name="Weibull",
        arguments=(_named("scale"), _named("concentration")),
        kind="continuous",
        support="positive",
        latex=r"\mathrm{{Weibull}}\left({scale}, {concentration}\right)",
        doc="Survival function exp(-(x/scale)^concentration).",
        numpyro="Weibull",
        truncatable=True,
    ),
    DistributionRecord(
        name="Beta",
        arguments=(_argument("concentration1", support="positive"), _argument("concentration0", support="positive")),
        kind="continuous",
        support="unit",
        latex=r"\mathrm{{Beta}}\left({concentration1}, {concentration0}\right)",
        doc="Mean concentration1/(concentration1 + concentration0), for probabilities and fractions.",
        numpyro="Beta",
        truncatable=True,
    ),
)

_COUNTS: tuple[DistributionRecord, ...] = (
    DistributionRecord(
        name="Poisson",
        arguments=(_argument("rate", support="positive"),),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{Poisson}}\left({rate}\right)",
        doc="Counts with mean and variance rate.",
        numpyro="Poisson",
        truncatable=True,
    ),
    DistributionRecord(
        name="NegBinomial",
        arguments=(_named("mean"), _named("concentration")),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{NegBinomial}}\left({mean}, {concentration}\right)",
        doc="Counts with the given mean and the variance mean + mean^2/concentration.",
        numpyro="NegativeBinomial2",
        truncatable=True,
        synonyms=("NegativeBinomial2",),
    ),
    DistributionRecord(
        name="ZeroInflatedPoisson",
        arguments=(_argument("gate", support="unit"), _argument("rate", support="positive")),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{ZeroInflatedPoisson}}\left({gate}, {rate}\right)",
        doc="0 with probability gate, and a Poisson number of mean rate otherwise.",
        numpyro="ZeroInflatedPoisson",
    ),
    DistributionRecord(
        name="Binomial",
        arguments=(_TOTAL, _PROBS),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{Binomial}}\left({total}, {probs}\right)",
        doc="Successes in total trials of probability probs.",
        numpyro="Binomial",
    ),
    DistributionRecord(
        name="BetaBinomial",
        arguments=(
            _argument("concentration1", support="positive"),
            _argument("concentration0", support="positive"),
            _TOTAL,
        ),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{BetaBinomial}}\left({concentration1}, {concentration0}, {total}\right)",
        doc="Successes in total trials whose probability is one beta number with these concentrations.",
        numpyro="BetaBinomial",
    ),
    DistributionRecord(
        name="Bernoulli",
        arguments=(_PROBS,),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{Bernoulli}}\left({probs}\right)",
        doc="1 with probability probs, 0 otherwise.",
        numpyro="Bernoulli",
    ),
    DistributionRecord(
        name="Geometric",
        arguments=(_PROBS,),
        kind="discrete",
        support="count",
        latex=r"\mathrm{{Geometric}}\left({probs}\right)",
        doc="Failures before the first success, in trials of probability probs.",
        numpyro="Geometric",
    ),
)

DISTRIBUTIONS: Mapping[str, DistributionRecord] = MappingProxyType(
    {record.name: record for record in (*_ON_THE_LINE, *_POSITIVE, *_COUNTS)}
)
"""All distributions by name."""

_BY_ANY_NAME = {name: r for r in DISTRIBUTIONS.values() for name in (r.name, *r.synonyms)}


def lookup(name: str) -> DistributionRecord | None:
    """The distribution of a name or a synonym; None if there is none.

    Example:
        >>> lookup("NegativeBinomial2").name
        'NegBinomial'
    """
    return _BY_ANY_NAME.get(name)


def signature(record: DistributionRecord) -> str:
    """How a distribution is written, for hints and tables.

    Example:
        >>> signature(DISTRIBUTIONS["NegBinomial"])
        'NegBinomial(mean=..., concentration=...)'
        >>> signature(DISTRIBUTIONS["StudentT"])
        'StudentT(df, loc=0, scale=1)'
    """
    return f"{record.name}({', '.join(map(_written, record.arguments))})"


def _written(argument: DistributionArgument) -> str:
    if argument.required_keyword:
        return f"{argument.name}=..."
    return argument.name if argument.default is None else f"{argument.name}={argument.default:g}"
