"""Pages that are made from the code at every build: one per error code, and the tables of functions and distributions.

What they say is said in one place, the code; these pages cannot fall behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx

from opjax.errors import catalogue
from opjax.ir.distributions import DISTRIBUTIONS, DistributionRecord, signature
from opjax.ir.functions import CONSTANTS, FUNCTIONS, Function

DOCS = Path(__file__).parent
PAGES = Path(catalogue.__file__).parent / "pages"
GROUPS = {
    "E00": "Files and limits",
    "E01": "Text",
    "E02": "YAML, JSON and mappings",
    "E03": "Names and axes",
    "E04": "Types and expressions",
    "E05": "Dynamics",
    "E06": "Observations, priors, pipelines",
    "E07": "Understood, and not run yet",
    "E08": "Compiling and calling",
    "E09": "Solving and inference",
    "W04": "Lints",
    "W05": "Lints of op_system's keys",
}


def write(path: str, lines: Iterable[str]) -> None:
    """Write a page, only if it changed: Sphinx reads changed pages again."""
    file = DOCS / path
    text = "\n".join([*lines, ""])
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table."""
    names = list(columns)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def error_pages() -> None:
    """One page per code, and an index of all codes by group."""
    rows = sorted((row for row in vars(catalogue).values() if isinstance(row, catalogue.Problem)), key=lambda r: r.code)
    lines = ["# Errors", ""]
    lines += ["Every problem has a code that stays the same, a place, a sentence and a way out."]
    lines += ["`opjax explain CODE` prints the page of a code.", ""]
    for start, title in GROUPS.items():
        group = [row for row in rows if row.code.startswith(start)]
        lines += [f"## {title}", "", *table(["code", "sentence"], ([_link(r.code), f"`{r.message}`"] for r in group))]
        written = [row.code for row in group if _page(row.code).exists()]
        lines += ["", *(["```{toctree}", ":hidden:", "", *written, "```"] if written else []), ""]
    write("errors/index.md", lines)
    for row in rows:
        if _page(row.code).exists():
            write(f"errors/{row.code}.md", _page(row.code).read_text(encoding="utf-8").splitlines())


def _page(code: str) -> Path:
    return PAGES / f"{code}.md"


def _link(code: str) -> str:
    return f"[{code}]({code}.md)" if _page(code).exists() else code


def function_page() -> None:
    """The functions of expressions, with what the compiler knows of each."""
    lines = [
        "# Functions",
        "",
        "Made from the table that the compiler uses (`opjax.ir.functions`). `np.` before a name",
    ]
    lines += ["is allowed and means nothing. Derivatives are those that the compiler checks itself against.", ""]
    functions = sorted((f for f in FUNCTIONS.values() if not f.operator), key=lambda f: f.name)
    lines += ["## Functions", "", *table(["call", "meaning", "example", "derivatives"], map(_function_row, functions))]
    operators = sorted((f for f in FUNCTIONS.values() if f.infix), key=lambda f: f.name)
    lines += ["", "## Operators", ""]
    lines += table(["operator", "meaning", "example"], ([_code(f.infix), f.doc, _example(f)] for f in operators))
    lines += ["", "## Constants", "", *table(["name", "value"], ([_code(n), str(v)] for n, v in CONSTANTS.items()))]
    write("reference/functions.md", lines)


def _function_row(function: Function) -> list[str]:
    others = "".join(f", also {_code(name)}" for name in function.synonyms)
    more = ", ..." if function.variadic else ""
    call = _code(f"{function.name}({', '.join(function.arguments)}{more})")
    derivatives = ", ".join(_code(text or "0") for text in function.derivatives)
    return [call + others, function.doc, _example(function), derivatives]


def _example(function: Function) -> str:
    text, value = function.example
    return _code(f"{text} = {value:.6g}" if isinstance(value, float) else f"{text} = {str(value).lower()}")


def distribution_page() -> None:
    """The distributions of priors and observations."""
    lines = ["# Distributions", "", "Made from the table that the compiler uses (`opjax.ir.distributions`). Names and"]
    lines += [
        "parametrisations are NumPyro's. An argument that is written `name=...` must be given by name, because other"
    ]
    lines += ["tools mean something else by its position.", ""]
    for title, kind in (("Continuous", "continuous"), ("Discrete", "discrete")):
        rows = [_distribution_row(record) for record in DISTRIBUTIONS.values() if record.kind == kind]
        lines += [f"## {title}", "", *table(["call", "meaning", "values"], rows), ""]
    write("reference/distributions.md", lines[:-1])


SUPPORTS = {
    "real": "all numbers",
    "positive": "above 0",
    "unit": "between 0 and 1",
    "count": "0, 1, 2, ...",
    "bounded": "between its bounds",
}


def _distribution_row(record: DistributionRecord) -> list[str]:
    others = "".join(f", also {_code(name)}" for name in record.synonyms)
    return [_code(signature(record)) + others, record.doc, SUPPORTS[record.support]]


def _code(text: str) -> str:
    return f"`{text}`"


def generate(app: Sphinx) -> None:
    """Make all pages."""
    error_pages()
    function_page()
    distribution_page()


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages before Sphinx reads any."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True}
