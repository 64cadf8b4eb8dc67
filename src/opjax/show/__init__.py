"""A model as text and pictures: one file per form, imported when that form is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opjax import stages
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.show.summary import counts as counts
from opjax.show.summary import summary as summary
from opjax.show.summary import summary_html as summary_html
from opjax.source import NOWHERE
from opjax.stages import Checked


def _ojx(checked: Checked) -> str:
    from opjax.spec.text_printer import print_model

    return print_model(checked.syntax)


def _yaml(checked: Checked) -> str:
    from opjax.spec.mapping_writer import write_yaml

    return write_yaml(checked.syntax)


def _expanded(checked: Checked) -> str:
    from opjax.show.expanded import expanded

    return expanded(checked.system)


def _program(checked: Checked) -> str:
    from opjax.show.program import program

    return program(checked.system)


def _source(checked: Checked) -> str:
    return stages.compile_checked(checked).source


def _latex(checked: Checked) -> str:
    from opjax.show.latex import latex

    return latex(checked.system)


def _diagram(checked: Checked) -> str:
    from opjax.show.diagram import diagram

    return diagram(checked.syntax)


FORMS: Mapping[str, Callable[[Checked], str]] = {
    "ojx": _ojx,
    "yaml": _yaml,
    "expanded": _expanded,
    "program": _program,
    "source": _source,
    "latex": _latex,
    "diagram": _diagram,
    "summary": lambda checked: summary(checked.system) + "\n",
}
"""What a model can be shown as."""


def show(checked: Checked, form: str) -> str:
    """A model in some form.

    Arguments:
        checked: the model.
        form: "ojx" (its canonical text), "yaml", "expanded" (every cell's equation), "program" (why it
            is fast or not, and the typed operations before and after the passes), "source" (the generated NumPy code),
            "latex", "diagram" (Mermaid), or "summary" (what it holds).

    Raises:
        OpjaxError: E0806 for any other form; E0803 and E0701 where the form needs a model that can be run.
    """
    write = FORMS.get(form)
    if write is None:
        report = Report()
        hint = did_you_mean(form, FORMS, f"the forms are {', '.join(FORMS)}")
        report.add(catalogue.UNKNOWN_VALUE, NOWHERE, kind="form", name=form, hint=hint)
        raise OpjaxError(report.errors)
    return write(checked)
