"""The face of opjax: what users hold. It delegates, and decides nothing."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from opjax import stages
from opjax.compile.options import Choices
from opjax.errors import OpjaxWarning, Report
from opjax.errors.extras import missing_extra
from opjax.ir.system import System
from opjax.records import many_records
from opjax.source import DEFAULT_LIMITS, Limits
from opjax.spec.files import format_of, read_source, source_from_text
from opjax.syntax.declarations import ModelSyntax

if TYPE_CHECKING:
    from opjax.compile.compiled import CompiledRhs
    from opjax.infer.posterior import Posterior
    from opjax.solve.simulate import Simulation


class Model:
    """A dynamical model, read and checked.

    Make one with `load`, `loads` or `from_dict`. It is immutable; two models are equal when they say the same, whatever
    spelling they came from.

    Example:
        >>> import opjax
        >>> model = opjax.loads('''
        ... model Decay:
        ...   params:
        ...     k = 0.5
        ...   states:
        ...     x = 1
        ...   dynamics:
        ...     x -> 0 @ k
        ... ''')
        >>> model.states
        ('x',)
    """

    def __init__(self, checked: stages.Checked) -> None:
        self._checked = checked

    # --- what it is

    @property
    def name(self) -> str:
        """The model's name."""
        return self._checked.syntax.name

    @property
    def syntax(self) -> ModelSyntax:
        """The model as it was written."""
        return self._checked.syntax

    @property
    def system(self) -> System:
        """The typed model."""
        return self._checked.system

    @property
    def states(self) -> tuple[str, ...]:
        """The names of the states, in declared order."""
        return tuple(self.system.states)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in declared order."""
        return tuple(self.system.parameters)

    # --- op_system's normalized form

    @property
    def kind(self) -> str:
        """``transitions`` where there are some, else ``expr``."""
        return "transitions" if self.system.flows else "expr"

    @property
    def state_names(self) -> tuple[str, ...]:
        """The name of every cell as an identifier, in the order of the flat vector: ``S``, ``I__age_young``."""
        from opjax.compile.layout import build_layout
        from opjax.compile.metadata import published_names

        return published_names(build_layout(self.system), self.system.axes)

    @property
    def param_names(self) -> tuple[str, ...]:
        """The names of all parameters, in declared order; the same as `parameters`."""
        return self.parameters

    @property
    def equations(self) -> Mapping[str, str]:
        """The derivative of each state as text, by its declared name."""
        from opjax.show import normalized

        return normalized.equations(self.system)

    @property
    def aliases(self) -> Mapping[str, str]:
        """What each alias stands for, as text, by its declared name."""
        from opjax.show import normalized

        return normalized.aliases(self.system)

    @property
    def meta(self) -> Mapping[str, object]:
        """What engines read of the model; the same as `CompiledRhs.meta`."""
        return self.compile_rhs().meta

    @property
    def content_hash(self) -> str:
        """The SHA-256 of the canonical text, in hexadecimal digits; the same for all three spellings."""
        return stages.content_hash(self.syntax)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[object, ...]:
        return self.content_hash, tuple(sorted(self._checked.labels.items()))

    def __repr__(self) -> str:
        from opjax import show

        return show.summary(self.system)

    def _repr_html_(self) -> str:
        from opjax import show

        return show.summary_html(self.system)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (stages.print_model(self.syntax), dict(self._checked.labels))

    # --- what it becomes

    def with_axes(self, **labels: Sequence[object]) -> Model:
        """The model with labels for axes that take them from data.

        Arguments:
            labels: for each such axis its labels, in order.

        Raises:
            OpjaxError: E0806 if there is no such axis, E0313 for repeated labels.
        """
        known = dict(self._checked.labels)
        for name, given in labels.items():
            stages.want_data_axis(self.system, name)
            known[name] = tuple(str(label) for label in given)
        return Model(stages.check(self.syntax, Report(), DEFAULT_LIMITS, known))

    def with_priors(self, priors: Mapping[str, str | None]) -> Model:
        """The model with other priors; `fit` and `numpyro_model` take them as ``priors=``.

        Arguments:
            priors: by the name of the parameter the text of its prior: ``"Normal(loc=1, scale=0.1)"``, with bounds as
                in a model (``... in (0, 2)``) or without: then those of the model hold. None takes a prior away.

        Raises:
            OpjaxError: E0806 if there is no such parameter, and what is wrong with a prior, with its place.

        Example:
            >>> import opjax
            >>> text = "model M:\\n  params:\\n    k ~ HalfNormal(1)\\n  states: x\\n  dynamics:\\n    x -> 0 @ k"
            >>> model = opjax.loads(text)
            >>> print(model.with_priors({"k": "Gamma(concentration=2, rate=8)"}).show("ojx").splitlines()[2])
                k ~ Gamma(concentration=2, rate=8)
        """
        syntax = stages.replace_priors(self.syntax, priors)
        return Model(stages.check(syntax, Report(), DEFAULT_LIMITS, self._checked.labels))

    def compile_rhs(self, xp: object = None, **choices: Unpack[Choices]) -> CompiledRhs:
        """The time derivative of the states as a function; arguments as for `opjax.compile_rhs`."""
        return stages.compile_checked(self._checked, stages.Options.given(xp, choices))

    def simulate(
        self,
        params: Mapping[str, Any] | None = None,
        ts: Any = None,
        y0: Any = None,
        solver: Any = "auto",
        **settings: Any,
    ) -> Simulation:
        """Solve the model.

        Arguments:
            params: the parameters by name; those with a default may be left out.
            ts: the times to save at, increasing. Reductions over time in `derive`, such as ``max(I for s in time)``,
                run over these; ``integral(I for s in time)`` is the trapezoid rule between them, so give as many as it
                needs, or make the integral a state (``A' = I``).
            y0: initial values by state name (or a flat vector), instead of the model's own.
            solver: "auto", a name such as "tsit5", "kvaerno5" or "stiff", or a diffrax solver.
            settings: ``t0``, ``rtol``, ``atol``, ``max_steps``, ...; see `opjax.solve.Settings`.

        Returns:
            The solution by name, with named axes (an xarray dataset), and how the solve ended.

        Raises:
            OpjaxError: E0805, E0806, E0804 for values that lack, are unknown or do not fit, E0901 for the times.

        Example:
            >>> import opjax
            >>> model = opjax.loads("model M:\\n  states:\\n    x = 1\\n  dynamics:\\n    x' = -x")
            >>> model.simulate(ts=[0.0, 1.0], rtol=1e-4)["x"].round(2).values.tolist()
            [1.0, 0.37...]
        """
        try:
            from opjax.solve import simulate
        except ImportError as missing:
            raise missing_extra(missing, "jax") from missing
        return simulate(self._checked, params or {}, ts, initial=y0, solver=solver, **settings)

    def numpyro_model(self, data: Any = None, **settings: Any) -> Any:
        """An ordinary NumPyro model: priors, solve, likelihood.

        Arguments:
            data: as for `fit`; None for a model that draws data.
            settings: those of `opjax.infer.numpyro_model`, and ``priors`` as `with_priors` takes them.
        """
        model = self._told(settings)
        try:
            from opjax.infer import numpyro_model
        except ImportError as missing:
            raise missing_extra(missing, "infer") from missing
        return numpyro_model(model._checked, data, **settings)

    def fit(self, data: Any, **settings: Any) -> Posterior:
        """Sample the posterior with NUTS.

        Arguments:
            data: a table with a column for each observation: a path of a CSV file, a pandas or xarray table, a mapping.
            settings: those of `opjax.infer.fit`, such as ``num_samples``, and ``priors`` as `with_priors` takes them.

        Returns:
            The draws by name, with their diagnostics.

        Raises:
            OpjaxError: what the data or the settings lack.
        """
        model = self._told(settings)
        try:
            from opjax.infer import fit
        except ImportError as missing:
            raise missing_extra(missing, "infer") from missing
        return fit(model._checked, data, **settings)

    def _told(self, settings: dict[str, Any]) -> Model:
        """The model with the priors among the settings, which are taken out; without any it is itself."""
        priors = settings.pop("priors", None)
        return self if priors is None else self.with_priors(priors)

    def show(self, form: str = "ojx") -> str:
        """The model as text.

        Arguments:
            form: "ojx", "yaml", "expanded", "program", "latex" or "diagram".

        Raises:
            OpjaxError: E0806 for any other form.
        """
        from opjax import show

        return show.show(self._checked, form)


def load(path: str | os.PathLike[str], *, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Model:
    """The model of a file, read and checked.

    Arguments:
        path: a file with the suffix .ojx, .yaml, .yml or .json.
        name: which model, where the file holds several.
        limits: bounds on what the file may ask for.

    Raises:
        OpjaxError: all problems of the file at once, each with its place.
    """
    report = Report()
    source = read_source(path, limits)
    models = stages.read(source, format_of(path), report, limits)
    return _checked(stages.choose(models, name, report, source), report, limits)


def loads(text: str, format: str | None = None, *, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Model:
    """The model of a text, read and checked.

    Arguments:
        text: the model.
        format: "ojx", "yaml" or "json"; None: what the text looks like.
        name: which model, where the text holds several.
        limits: bounds on what the text may ask for.

    Raises:
        OpjaxError: all problems of the text at once, each with its place.
    """
    report = Report()
    source = source_from_text(text, limits=limits)
    models = stages.read(source, stages.format_named(format, source.text), report, limits)
    return _checked(stages.choose(models, name, report, source), report, limits)


def from_dict(mapping: Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> Model:
    """The model of a Python mapping, which has the form of the YAML spelling.

    Arguments:
        mapping: keys as in YAML, op_system's among them.
        limits: bounds on what the mapping may ask for.

    Raises:
        OpjaxError: all problems at once, each with its place in the mapping.

    Example:
        >>> import opjax
        >>> opjax.from_dict({"state": ["x"], "equations": {"x": "-k*x"}}).parameters
        ('k',)
    """
    report = Report()
    models = stages.read_objects(mapping, report, limits)
    source = source_from_text("", name="<mapping>", limits=limits)
    return _checked(stages.choose(models, None, report, source), report, limits)


@many_records()
def compile_rhs(
    spec: Model | Mapping[str, object] | str | os.PathLike[str],
    xp: object = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    **choices: Unpack[Choices],
) -> CompiledRhs:
    """Compile the right-hand side of a model.

    Arguments:
        spec: a model, a mapping, the path of a file, or the text of a model in any spelling.
        xp: the array namespace that calls are pinned to: `numpy`, `jax.numpy`, or any Array API namespace. None: the
            namespace of the arrays given in each call.
        limits: bounds on what the model may ask for.
        choices: ``extra_parameters``: what becomes of parameters in a call that the model does not have: "refuse" or
            "ignore". ``operators``: whether the derivative contains the operators along axes ("run"), or leaves them
            to an engine that reads them in `operators` ("describe"). ``detect_gauges``: find the scalings that leave
            the model as it is (``rhs.gauges``). ``gauge_fix``: parameters with values that such scalings bring them
            to (``rhs.gauge_fix``).

    Returns:
        A function of time, state and parameters in three forms; see `CompiledRhs`.

    Raises:
        OpjaxError: all problems at once.

    Example:
        >>> import numpy as np, opjax
        >>> rhs = opjax.compile_rhs('''
        ... model SIR:
        ...   params:
        ...     beta
        ...     gamma
        ...   states: S, I, R
        ...   let:
        ...     N = S + I + R
        ...   dynamics:
        ...     S -> I @ beta*I/N
        ...     I -> R @ gamma
        ... ''')
        >>> rhs.eval_fn(0.0, np.array([9.0, 1.0, 0.0]), beta=0.5, gamma=0.1)
        array([-0.45,  0.35,  0.1 ])
    """
    return as_model(spec, limits).compile_rhs(xp, **choices)


def as_model(spec: Model | Mapping[str, object] | str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Model:
    """The model that a specification means, in whatever form it is given."""
    if isinstance(spec, Model):
        return spec
    if not isinstance(spec, str | os.PathLike):
        return from_dict(spec, limits=limits)
    if isinstance(spec, str) and ("\n" in spec or (":" in spec and not spec.lower().endswith(stages.SUFFIXES))):
        return loads(spec, limits=limits)
    return load(spec, limits=limits)


def _checked(syntax: ModelSyntax, report: Report, limits: Limits, labels: stages.Labels = stages.NO_LABELS) -> Model:
    checked = stages.check(syntax, report, limits, labels)
    for lint in report.warnings:
        warnings.warn(OpjaxWarning(lint.render()), stacklevel=3)
    return Model(checked)


def _restore(text: str, labels: dict[str, tuple[str, ...]]) -> Model:
    report = Report()
    source = source_from_text(text)
    (syntax,) = stages.read(source, "ojx", report)
    return _checked(syntax, report, DEFAULT_LIMITS, labels)
