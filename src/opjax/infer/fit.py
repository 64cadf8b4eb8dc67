"""`fit`: a model and data in, a posterior out."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from opjax import stages
from opjax.compile.arguments import refuse
from opjax.errors import OpjaxWarning, catalogue, did_you_mean
from opjax.infer.data import read_data
from opjax.infer.generate import Generated, follow
from opjax.infer.model import Choices, NumpyroModel, model_from
from opjax.infer.posterior import Counts, Posterior
from opjax.infer.potential import Potential, draws, evaluation
from opjax.infer.programs import Program, program_of
from opjax.infer.progress import progress_of
from opjax.infer.sampler import Kept, Nuts, Sampling, cores, run_chains
from opjax.infer.start import TRIED, Candidate, Evaluate, Points, Starts, evaluated, find_starts, is_hard
from opjax.infer.tree import posterior_tree
from opjax.infer.untyped import Array, jax, jnp
from opjax.solve.choose import BUDGET, EXPLICIT, choose_solver
from opjax.solve.settings import Settings, settings_from
from opjax.solve.wanted import want_between, want_mapping, want_whole

FORWARD = 40
"""The most unconstrained numbers for which "auto" takes derivatives forward."""
SINGLE_RTOL = 1e-5
"""The smallest relative tolerance that makes sense in single precision."""
GENERATOR = "rbg"
"""The random numbers of starting points: of JAX's generators the one that compiles fastest."""
BUSY = 2
"""The processors that are busy until there are points to start from. Only where there are more, the sampler is compiled
beside that: it takes longest, and is for nothing where a fit cannot begin or changes its solver."""
METHODS = ("auto", "parallel", "sequential", "vectorized")
GRADIENTS: Mapping[str, str] = {"forward": "forward", "reverse": "checkpoint"}


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chooses of a fit, beside model and data; see `fit`."""

    sampling: Sampling
    settings: Settings
    t0: float | None
    fixed: Mapping[str, Any]
    gradient: str
    progress_bar: bool
    history: Any = None


def fit(checked: stages.Checked, data: Any, **options: Any) -> Posterior:
    """Sample the posterior of a model's parameters, given data, with NUTS.

    The precision is JAX's: say ``jax.config.update("jax_enable_x64", True)`` first (the command line does). Points at
    which the solve fails have the density zero: they are never accepted, and end a trajectory as a divergence does.
    `Posterior.counts` has the numbers.

    Arguments:
        checked: the model.
        data: see `opjax.infer.read_data`.
        options:
            - ``num_warmup`` = 1000, ``num_samples`` = 1000, ``num_chains`` = 4, ``seed`` = 0;
            - ``progress_bar`` = True; the draws are the same with it and without;
            - ``chain_method`` = "auto": "parallel", one thread for each core; "sequential"; "vectorized", all chains in
              one program, for accelerators. The first two give the same draws;
            - ``gradient`` = "auto": "forward", sensitivities that are solved along with the states, for up to 40 drawn
              numbers; "reverse", backwards through the steps, for more;
            - ``target_accept`` = 0.8, ``max_tree_depth`` = 10, ``dense_mass`` = False;
            - ``fixed``: parameters with given values instead of their priors;
            - ``t0``: the time at which the initial values hold. None: the model's own start (``time: day from 0``);
              where it has none, the first observation, or, where an incidence is observed ``every`` so much time,
              that much before it;
            - ``history``: for a model that asks for its past, the states before ``t0``, as `opjax.solve.simulate` takes
              it; without it they are what they are at ``t0``;
            - the settings of `opjax.solve.Settings`: ``solver`` = "auto", ``rtol``, ``atol``, ``max_steps``, ...

    Returns:
        The posterior: draws, predictions, statistics.

    Raises:
        OpjaxError: E0903 for data that do not fit, E0904 for a parameter with neither a value nor a prior, E0905 if
            nothing is observed, E0907 if there is no point to start from, E0932 if nothing is drawn, E0806 for an
            unknown option.
    """
    chosen = options_from(options)
    _advise(chosen.settings)
    read = read_data(checked.system, data)
    choices = Choices(t0=chosen.t0, fixed=chosen.fixed, settings=chosen.settings, history=chosen.history)
    model = model_from(checked, read, choices)
    if not model.priors.drawn:
        raise refuse(catalogue.NOTHING_TO_FIT, next(iter(checked.system.parameters.values())).span)
    model = _with_gradient(model, chosen.gradient)
    return _Fit(model, chosen).run()


def options_from(given: Mapping[str, Any]) -> Options:
    """The options of a fit by name.

    Raises:
        OpjaxError: E0806 for an option, a method or a gradient that does not exist, E0807 for a number that cannot be,
            E0902 for an unknown solver.
    """
    sampler = {f.name for f in dataclasses.fields(Sampling)}
    solver = {f.name for f in dataclasses.fields(Settings)}
    own = {"t0", "fixed", "gradient", "progress_bar", "history"}
    known = sorted(sampler | solver | own)
    for name in given:
        if name not in known:
            raise refuse(catalogue.UNKNOWN_VALUE, kind="option", name=name, hint=did_you_mean(name, known))
    sampling = Sampling(**{name: value for name, value in given.items() if name in sampler})
    _want("chain method", sampling.chain_method, METHODS)
    least = {"num_warmup": 0, "num_samples": 1, "num_chains": 1, "max_tree_depth": 1, "seed": None}
    chosen = dataclasses.asdict(sampling)
    for name, smallest in least.items():
        want_whole(name, chosen[name], smallest)
    want_between("target_accept", sampling.target_accept, math.ulp(0.0), 1, "a number between 0 and 1")
    gradient = str(given.get("gradient", "auto"))
    _want("gradient", gradient, ("auto", *GRADIENTS))
    settings = settings_from({name: value for name, value in given.items() if name in solver})
    fixed: Mapping[str, Any] = given.get("fixed") or {}
    want_mapping("fixed", fixed, "a mapping of parameters to values")
    bar, history = bool(given.get("progress_bar", True)), given.get("history")
    return Options(sampling, settings, given.get("t0"), fixed, gradient, bar, history)


def _want(kind: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise refuse(catalogue.UNKNOWN_VALUE, kind=kind, name=name, hint=f"choose {', '.join(known)}")


def _advise(settings: Settings) -> None:
    """Warn of a tolerance that single precision cannot keep."""
    if jnp.result_type(float) == jnp.float32 and settings.rtol < SINGLE_RTOL:
        text = (
            f"rtol = {settings.rtol:g} asks for more digits than single precision has, and a posterior needs them: "
            'switch JAX to double precision, jax.config.update("jax_enable_x64", True), before you fit'
        )
        warnings.warn(OpjaxWarning(text), stacklevel=4)


def _with_gradient(model: NumpyroModel, gradient: str) -> NumpyroModel:
    """The model, solved so that it can be differentiated in the way that was chosen."""
    if gradient == "auto":
        gradient = "forward" if Potential(model).size <= FORWARD else "reverse"
    adjoint = GRADIENTS[gradient] if model.settings.adjoint == "forward" else model.settings.adjoint
    return dataclasses.replace(model, settings=dataclasses.replace(model.settings, adjoint=adjoint))


class _Fit:
    """One fit on its way: programs are traced one after the other here, and compiled side by side in threads."""

    def __init__(self, model: NumpyroModel, options: Options) -> None:
        self.model = model
        self.options = options
        self.sampling = options.sampling
        self.potential = Potential(model)

    def run(self, drawn: Points | None = None) -> Posterior:
        """Compile, start, sample, and compute what follows from the draws.

        Arguments:
            drawn: the points from the priors, where another fit of the same model has them.
        """
        with ThreadPoolExecutor(cores()) as pool:
            points = drawn or self._points(pool)
            evaluate = pool.submit(program_of(evaluation, self.model, self._vector()).compile)
            early = self._sampler(pool) if cores() > BUSY else []
            tried = evaluated(evaluate.result(), points.batch(0))
            other = self._implicit(tried)
            if other is not None:
                return _Fit(other, self.options).run(points)
            starts = self._starts(evaluate.result(), points, tried)
            begin, transitions = early or self._sampler(pool)
            after = pool.submit(self._follow().compile)
            states = self._states(begin.result(), starts)
            with progress_of(self.sampling, self.options.progress_bar) as report:
                kept = run_chains(transitions.result(), states, self.sampling, report)
            generated = self._generated(after.result(), kept)
        return self._posterior(kept, generated, starts)

    def _vector(self) -> Array:
        return jnp.zeros(self.potential.size)

    def _key(self, purpose: int) -> Array:
        return jax.random.fold_in(jax.random.key(self.sampling.seed), purpose)

    # --- the solver

    def _implicit(self, tried: list[Candidate]) -> NumpyroModel | None:
        """The model with the implicit solver, if the explicit one has trouble and "auto" was asked for."""
        model = self.model
        if model.settings.solver != "auto" or not is_hard(tried, BUDGET):
            return None
        middle = self.potential.to_values(jnp.asarray(tried[0].vector))
        when, parameters = model.when, {**model.fixed, **middle}
        solver = choose_solver(model.problem, parameters, when.times, model.begin, model.settings)
        if solver == EXPLICIT:  # which is what "auto" stands for, so all that is compiled will do
            return None
        return dataclasses.replace(model, settings=model.settings.with_solver(solver))

    # --- programs

    def _points(self, pool: ThreadPoolExecutor) -> Points:
        """Points from the priors; the program that draws them is compiled in a thread."""
        keys = jax.random.split(jax.random.key(0, impl=GENERATOR), TRIED)
        program = program_of(draws, self.model, keys)
        return Points(pool.submit(program.compile), jax.random.key(self.sampling.seed, impl=GENERATOR))

    def _sampler(self, pool: ThreadPoolExecutor) -> list[Future[Any]]:
        """What begins a chain, and what moves it; compiled in threads."""
        return [pool.submit(program.compile) for program in Nuts(self.model, self.sampling).lowered()]

    def _follow(self) -> Program:
        """What follows from the draws of one chain."""
        vectors = jnp.zeros((self.sampling.num_samples, self.potential.size))
        return program_of(follow, self.model, vectors, jax.random.key(0))

    # --- steps

    def _starts(self, evaluate: Evaluate, points: Points, tried: list[Candidate]) -> Starts:
        return find_starts(self.potential, evaluate, self.sampling.num_chains, points, tried)

    def _states(self, begin: Any, starts: Starts) -> list[Any]:
        keys = jax.random.split(self._key(1), self.sampling.num_chains)
        found = zip(keys, starts.chosen, strict=True)
        return [begin(k, *map(jnp.asarray, (c.vector, c.found.energy, c.found.gradient))) for k, c in found]

    def _generated(self, after: Any, kept: Kept) -> Generated:
        keys = jax.random.split(self._key(2), self.sampling.num_chains)
        vectors = [jnp.asarray(chain) for chain in kept.vector[:, self.sampling.num_warmup :]]

        def of_chain(vectors: Array, key: Array) -> Generated:
            return jax.tree.map(np.asarray, after(vectors, key))

        def stacked(*leaves: Array) -> Array:
            return np.stack(leaves)

        with ThreadPoolExecutor(cores()) as pool:
            return jax.tree.map(stacked, *pool.map(of_chain, vectors, keys))

    def _posterior(self, kept: Kept, generated: Generated, starts: Starts) -> Posterior:
        warmup = self.sampling.num_warmup
        drawn = Kept(*(leaf[:, warmup:] for leaf in kept))
        counts = Counts(
            points=starts.tried,
            unsolved_points=starts.failed,
            proposals=int(kept.steps.sum()),
            cut_short=int(kept.diverging.sum()),
            divergences=int(drawn.diverging.sum()),
            unsolved_draws=int((generated.code != 0).sum()),
        )
        settings = self.model.settings
        facts = {
            "inference_library": "numpyro",
            "model": self.model.system.name,
            "seed": self.sampling.seed,
            "num_warmup": warmup,
            "solver": EXPLICIT if settings.solver == "auto" else settings.solver_name,
            "rtol": settings.rtol,
            **dataclasses.asdict(counts),
        }
        return Posterior(posterior_tree(self.model, generated, drawn, facts), counts, self.model)
