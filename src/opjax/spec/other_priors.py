"""Other priors for a model: those that a person gives from Python stand in place of those in the file."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import cast

from opjax.errors import Report, Stop, catalogue, did_you_mean
from opjax.source import NOWHERE, Span
from opjax.spec.files import source_from_text
from opjax.syntax.declarations import ModelSyntax, ParameterDeclaration
from opjax.syntax.parser import parse_parameter

EXAMPLE = 'the text of a prior, such as "LogNormal(loc=0, scale=1) in (0, 5)"'


def with_priors(model: ModelSyntax, priors: object, report: Report) -> ModelSyntax:
    """A model with other priors.

    Arguments:
        model: what was written.
        priors: by the name of the parameter the text of its prior, with bounds or without (those in the model stay
            then); None for no prior.
        report: gets the problems.

    Returns:
        The model, in which a parameter with such a prior is not fixed.

    Raises:
        OpjaxError: E0806 for an unknown parameter, E0807 for what is no text, and what is wrong with a prior.
    """
    declared = {parameter.name: parameter for parameter in model.parameters}
    for name, given in _by_name(priors, report).items():
        if name not in declared:
            hint = did_you_mean(name, declared, f"the parameters are {', '.join(declared)}")
            report.add(catalogue.UNKNOWN_VALUE, NOWHERE, kind="parameter", name=name, hint=hint)
        elif given is not None and not isinstance(given, str):
            _no_prior(report, name, type(given).__name__)
        else:
            with contextlib.suppress(Stop):
                declared[name] = _with_prior(declared[name], given, report)
    report.check()
    return dataclasses.replace(model, parameters=tuple(declared.values()))


def _with_prior(parameter: ParameterDeclaration, text: str | None, report: Report) -> ParameterDeclaration:
    if text is None:
        return dataclasses.replace(parameter, prior=None)
    source = source_from_text(f"{parameter.name} ~ {text}", name=f"the prior of {parameter.name}")
    read = parse_parameter(Span(source, 0, len(source.text)), report)
    if read.prior is None or read.flags or read.doc or read.default is not None:
        raise _no_prior(report, parameter.name, repr(text), read.span)
    flags = tuple(flag for flag in parameter.flags if flag != "fixed")
    return dataclasses.replace(parameter, prior=read.prior, bounds=read.bounds or parameter.bounds, flags=flags)


def _by_name(priors: object, report: Report) -> dict[str, object]:
    if isinstance(priors, Mapping):
        return {str(name): given for name, given in cast("Mapping[object, object]", priors).items()}
    words = "a mapping from parameters to priors"
    report.add(catalogue.WRONG_ARRAY, NOWHERE, name="priors", found=type(priors).__name__, expected=words)
    return {}


def _no_prior(report: Report, name: str, found: str, span: Span = NOWHERE) -> Stop:
    return report.stop(catalogue.WRONG_ARRAY, span, name=f"the prior of {name}", found=found, expected=EXAMPLE)
