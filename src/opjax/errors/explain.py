"""The pages of the codes: what a problem means, a model that has it, and the same model without it."""

from __future__ import annotations

from importlib import resources

from opjax.errors import catalogue
from opjax.errors.diagnostic import OpjaxError, Report
from opjax.errors.suggest import did_you_mean
from opjax.source import NOWHERE


def codes() -> dict[str, str]:
    """Every code with its sentence, in order.

    Example:
        >>> codes()["E0304"]
        "there is no axis '{name}'"
    """
    rows = [row for row in vars(catalogue).values() if isinstance(row, catalogue.Problem)]
    return {row.code: row.message for row in sorted(rows)}


def page(code: str) -> str:
    """The page of a code, as Markdown.

    Arguments:
        code: such as ``E0301``; small letters and spaces around it do not matter.

    Raises:
        OpjaxError: E0806 if there is no such code.

    Example:
        >>> page("e0304").splitlines()[0]
        '# E0304: the axis does not exist'
    """
    wanted = code.strip().upper()
    if wanted not in codes():
        report = Report()
        near = [known for known in codes() if known.startswith(wanted[:3])]
        hint = did_you_mean(wanted, near, "'opjax explain' without a code lists all of them")
        report.add(catalogue.UNKNOWN_VALUE, NOWHERE, kind="error code", name=code, hint=hint)
        raise OpjaxError(report.errors)
    return resources.files("opjax.errors").joinpath("pages", f"{wanted}.md").read_text(encoding="utf-8")
