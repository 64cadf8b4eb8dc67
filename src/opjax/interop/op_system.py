"""op_system's functions by their names: normalize, compile, validate. ``python -m opjax.interop.op_system FILE...``

A specification is opjax's own mapping, which op_system's keys are part of; so there is nothing to translate here.
What differs is in docs/coming-from-op-system.md.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Literal, Unpack

from opjax.compile.balances import reaction_balances
from opjax.compile.compiled import CompiledRhs
from opjax.compile.options import Choices
from opjax.errors import OpjaxError, OpjaxWarning, Report, catalogue
from opjax.interop.qualification import (
    InvariantCheck,
    QualificationConfig,
    QualificationFixture,
    QualificationReport,
    qualify_rhs,
)
from opjax.interop.report import ValidationReport, cost_of, failed, gauges_of, parameters_of
from opjax.model import Model, as_model
from opjax.model import compile_rhs as compile_any
from opjax.source import NOWHERE

__all__ = [
    "InvariantCheck",
    "QualificationConfig",
    "QualificationFixture",
    "QualificationReport",
    "compile_spec",
    "normalize_expr_rhs",
    "normalize_rhs",
    "normalize_transitions_rhs",
    "qualify_rhs",
    "reaction_balances",
    "validate_spec",
]
Specification = Model | Mapping[str, object] | str | os.PathLike[str]
Kind = Literal["expr", "transitions"]


def compile_spec(spec: Specification, *, xp: object = None, **choices: Unpack[Choices]) -> CompiledRhs:
    """Compile a specification.

    Arguments:
        spec: a mapping with op_system's keys, a model, the path of a file, or a text.
        xp: the array namespace that calls are pinned to; None for that of each call's arrays.
        choices: ``detect_gauges``, ``gauge_fix``, ``extra_parameters``, ``operators``; see `opjax.compile_rhs`.

    Raises:
        OpjaxError: all problems at once.
    """
    return compile_any(spec, xp, **choices)


def normalize_rhs(spec: Specification) -> Model:
    """Read and check a specification.

    Arguments:
        spec: as for `compile_spec`.

    Returns:
        The model, with op_system's attributes ``state_names``, ``param_names``, ``equations``, ``aliases``, ``meta``
        and ``kind``; `opjax.compile_rhs` takes it.

    Raises:
        OpjaxError: all problems at once.
    """
    return as_model(spec)


def normalize_expr_rhs(spec: Specification) -> Model:
    """`normalize_rhs` of a model of equations.

    Raises:
        OpjaxError: E0810 for a model of transitions.
    """
    return _of_kind(normalize_rhs(spec), "expr")


def normalize_transitions_rhs(spec: Specification) -> Model:
    """`normalize_rhs` of a model of transitions.

    Raises:
        OpjaxError: E0810 for a model of equations.
    """
    return _of_kind(normalize_rhs(spec), "transitions")


def _of_kind(model: Model, kind: Kind) -> Model:
    if model.kind != kind:
        words = {"expr": "equations", "transitions": "transitions"}
        report = Report()
        found, wanted = words[model.kind], words[kind]
        report.add(catalogue.OTHER_KIND, NOWHERE, name=model.name, found=found, wanted=wanted)
        report.check()
    return model


def validate_spec(
    spec: Specification, *, detect_gauges: bool = False, gauge_fix: Mapping[str, float] | None = None
) -> ValidationReport:
    """Read, check and compile a specification, and report on it instead of raising.

    Arguments:
        spec: as for `compile_spec`.
        detect_gauges: whether to look for scalings that leave the model as it is.
        gauge_fix: parameters with values that such scalings bring them to.

    Returns:
        The stages with how they ended, all problems with their places, and what the model holds.

    Example:
        >>> report = validate_spec({"state": ["x"], "equations": {"x": "-k*x"}})
        >>> report.ok, report.parameters
        (True, {'k': ()})
        >>> validate_spec({"state": ["x"], "equations": {"x": "-k*"}}).ok
        False
    """
    with warnings.catch_warnings(record=True) as lints:
        warnings.simplefilter("always", OpjaxWarning)
        try:
            model = normalize_rhs(spec)
        except OpjaxError as problem:
            return failed("normalize", problem)
    notes = tuple(str(lint.message) for lint in lints if issubclass(lint.category, OpjaxWarning))
    try:
        compiled = model.compile_rhs(detect_gauges=detect_gauges, gauge_fix=gauge_fix)
    except OpjaxError as problem:
        return failed("compile", problem, cost_of(model.system), notes)
    try:
        source = bool(compiled.source)  # the vectorised code is written
    except OpjaxError as problem:
        return failed("vectorize", problem, cost_of(model.system), notes)
    assert source
    return ValidationReport(
        {"normalize": "passed", "compile": "passed", "vectorize": "passed"},
        [],
        cost_of(model.system),
        parameters_of(compiled),
        {},
        gauges_of(compiled),
        notes,
    )


def main(arguments: list[str] | None = None) -> int:
    """The command: validate the specifications of some files.

    Arguments:
        arguments: the words of the command line.

    Returns:
        0 if all are right, else 1.
    """
    from opjax.interop.command import run

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
