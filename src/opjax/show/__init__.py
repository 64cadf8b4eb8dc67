"""A model as text and pictures: one file per form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opjax import stages
from opjax.errors import OpjaxError, Report, catalogue, did_you_mean
from opjax.show.diagram import diagram
from opjax.show.expanded import expanded
from opjax.show.latex import latex
from opjax.show.program import program
from opjax.show.summary import counts as counts
from opjax.show.summary import summary as summary
from opjax.show.summary import summary_html as summary_html
from opjax.source import NOWHERE
from opjax.spec.mapping_writer import write_yaml
from opjax.spec.text_printer import print_model
from opjax.stages import Checked


def _source(checked: Checked) -> str:
    return stages.compile_checked(checked).source


FORMS: Mapping[str, Callable[[Checked], str]] = {
    "ojx": lambda checked: print_model(checked.syntax),
    "yaml": lambda checked: write_yaml(checked.syntax),
    "expanded": lambda checked: expanded(checked.system),
    "program": lambda checked: program(checked.system),
    "source": _source,
    "latex": lambda checked: latex(checked.system),
    "diagram": lambda checked: diagram(checked.syntax),
    "summary": lambda checked: summary(checked.system) + "\n",
}
"""What a model can be shown as."""


def show(checked: Checked, form: str) -> str:
    """A model in some form.

    Arguments:
        checked: the model.
        form: "ojx" (its canonical text), "yaml", "expanded" (every cell's equation), "program" (the typed operations,
            before and after the passes), "source" (the generated NumPy code), "latex", "diagram" (Mermaid), or
            "summary" (what it holds).

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
