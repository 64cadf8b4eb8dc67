"""``python -m opjax.interop.op_system FILE... [--json]``: op_system's command for validating specifications."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping

from opjax import stages
from opjax.errors import OpjaxError, Report
from opjax.interop.op_system import validate_spec
from opjax.interop.report import ValidationReport, failed
from opjax.model import Model


def run(arguments: list[str]) -> int:
    """Validate the specifications of some files, and print what was found.

    Arguments:
        arguments: the words of the command line.

    Returns:
        0 if all are right, else 1.
    """
    chosen = _parser().parse_args(arguments)
    fixed = dict(chosen.gauge_fix) or None
    reports = {
        label: report
        for path in chosen.paths
        for label, report in validate_file(path, detect_gauges=chosen.detect_gauges, gauge_fix=fixed)
    }
    if chosen.json:
        sys.stdout.write(json.dumps({label: report.as_dict() for label, report in reports.items()}, indent=2) + "\n")
    else:
        for label, report in reports.items():
            sys.stdout.write(_shown(label, report))
    return 0 if all(report.ok for report in reports.values()) else 1


def validate_file(
    path: str, *, detect_gauges: bool = False, gauge_fix: Mapping[str, float] | None = None
) -> Iterator[tuple[str, ValidationReport]]:
    """The reports of all specifications of a file: a model, or a configuration of flepimop2 with systems.

    Arguments:
        path: the file.
        detect_gauges, gauge_fix: as for `validate_spec`.
    """
    problems = Report()
    try:
        found = stages.read_file(path, problems)
        problems.check()
    except OpjaxError as problem:
        yield path, failed("normalize", problem)
        return
    for place, syntax in enumerate(found):
        label = path if len(found) == 1 else f"{path}[system {place}]"
        try:
            model = Model(stages.check(syntax, Report()))
        except OpjaxError as problem:
            yield label, failed("normalize", problem)
        else:
            yield label, validate_spec(model, detect_gauges=detect_gauges, gauge_fix=gauge_fix)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m opjax.interop.op_system",
        description="Validate op_system specifications, bare or in configurations of flepimop2.",
    )
    parser.add_argument("paths", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON")
    parser.add_argument("--detect-gauges", action="store_true", help="look for scalings that leave the model as it is")
    parser.add_argument(
        "--gauge-fix",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="fix a parameter by a scaling",
    )
    return parser


def _pair(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE with a number") from None


def _shown(label: str, report: ValidationReport) -> str:
    stages_text = ", ".join(f"{stage} {ended}" for stage, ended in report.stages.items())
    lines = [f"{'OK  ' if report.ok else 'FAIL'} {label}: {stages_text}"]
    lines.extend(f"     {error}" for error in report.errors)
    if report.cost:
        lines.append("     cost: " + ", ".join(f"{what}={count}" for what, count in report.cost.items()))
    if report.gauges is not None:
        lines.append("     gauges: " + ", ".join(f"{what}={value}" for what, value in report.gauges.items()))
    return "\n".join(lines) + "\n"
