"""LaTeX: the whole of a small model, every function, and that it can be typeset."""

from __future__ import annotations

import re

import pytest

from opjax.ir.functions import FUNCTIONS
from opjax.model import loads
from opjax.show.latex_names import name, text
from show import models

SIR = r"""\begin{align*}
% states
\frac{\mathrm{d}S}{\mathrm{d}t} &= -\frac{\beta \, I}{N} \, S \\
\frac{\mathrm{d}I}{\mathrm{d}t} &= \frac{\beta \, I}{N} \, S - \gamma \, I \\
\frac{\mathrm{d}R}{\mathrm{d}t} &= \gamma \, I \\[1ex]
% where
N &= S + I + R \\[1ex]
% initial values
S\left(t_{0}\right) &= 999 \\
I\left(t_{0}\right) &= 1 \\
R\left(t_{0}\right) &= 0 \\[1ex]
% observations
\mathit{cases} &\sim \mathrm{Poisson}\left(OBSERVED\right) \\[1ex]
% priors
\beta &\sim \mathrm{LogNormal}\left(\log\left(0.4\right), 0.5\right) \;\text{on}\; \left(0, \infty\right) \\[1ex]
% derived quantities
R_{0} &= \frac{\beta}{\gamma} \\
\mathit{peak} &= \max_{t} I \\[1ex]
% requirements
& \beta > \gamma
\end{align*}
""".replace("OBSERVED", r"\rho \, \int_{t-\Delta t}^{t} \frac{\beta \, I}{N} \, S \, \mathrm{d}t")


def model(*equations: str) -> str:
    """The right side of each equation of a model, in LaTeX."""
    names = [f"y{place}" for place in range(len(equations))]
    lines = [f"    {name}' = {text}" for name, text in zip(names, equations, strict=True)]
    axes = '    age = ["0-4", "65+"]\n    x = grid(0, 1, 3)\n'
    states = "  states:\n    u[x]\n    s[age]\n" + "".join(f"    {name}\n" for name in names)
    still = "\n    u[x]' = 0\n    s[age]' = 0\n"
    return (
        f"model M:\n  axes:\n{axes}  params:\n    a\n    b\n    c\n    p\n{states}  dynamics:\n"
        + "\n".join(lines)
        + still
    )


def written(expression: str) -> str:
    shown = loads(model(expression)).show("latex")
    match = re.search(r"y_\{0\}\}\{\\mathrm\{d\}t\} &= (.*?)(?: \\\\(?:\[1ex\])?)?$", shown, flags=re.MULTILINE)
    assert match, shown
    return match[1]


def test_a_whole_model() -> None:
    assert loads(models.SIR).show("latex") == SIR


@pytest.mark.parametrize(
    ("expression", "latex"),
    [
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a*(b + c)", r"a \, \left(b + c\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("a/(b/c)", r"\frac{a}{\frac{b}{c}}"),
        ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
        ("(a + b)^p", r"{\left(a + b\right)}^{p}"),
        ("-a^2", r"-a^{2}"),
        ("(-a)^2", r"\left(-a\right)^{2}"),
        ("exp(-a)", r"\exp\left(-a\right)"),
        ("hypot(a + b, c)", r"\sqrt{\left(a + b\right)^2 + c^2}"),
        ("(a + b) % c", r"\left(\left(a + b\right) \bmod c\right)"),
        ("sqrt(a + b)", r"\sqrt{a + b}"),
        ("abs(a - b)", r"\left|a - b\right|"),
        ("log1p(a + b)", r"\log\left(1 + \left(a + b\right)\right)"),
        ("max(a, b + c)", r"\max\left(a, b + c\right)"),
        ("3e7*a - 1e-5 + 0.5", r"3 \times 10^{7} \, a - 10^{-5} + 0.5"),
        (
            "a if b < c and not a > 1 else p",
            r"\begin{cases} a & \text{if } b < c \land \lnot \left(a > 1\right) \\ p & \text{otherwise} \end{cases}",
        ),
        (
            "1 if a < b else 2 if b < c else 3",
            r"\begin{cases} 1 & \text{if } a < b \\ 2 & \text{if } b < c \\ 3 & \text{otherwise} \end{cases}",
        ),
        ("(a > b)*c", r"\mathbf{1}\left[a > b\right] \, c"),
        ("a*sum(s[i] for i in age)", r"a \, \sum_{\mathrm{age}} s_{\mathrm{age}}"),
        ("sum(s[i] for i in age)*a", r"\left(\sum_{\mathrm{age}} s_{\mathrm{age}}\right) \, a"),
        (
            "sum(s[i]*s[j] for i in age, j in age)",
            r"\sum_{\mathrm{age}, \mathrm{age}'} s_{\mathrm{age}} \, s_{\mathrm{age}'}",
        ),
        ('s[age="65+"]', r"s_{\text{65+}}"),
        ("integral(u[i]^2 for i in x)", r"\int u_{x}^{2} \, \mathrm{d}x"),
        ("t*a", r"t \, a"),
    ],
)
def test_expressions(expression: str, latex: str) -> None:
    assert written(expression) == latex


@pytest.mark.parametrize(
    ("word", "latex"),
    [
        ("beta", r"\beta"),
        ("Gamma", r"\Gamma"),
        ("lambda", r"\lambda"),
        ("β", r"\beta"),
        ("k1", "k_{1}"),
        ("beta_12", r"\beta_{12}"),
        ("sigma_hare", r"\sigma_{\mathrm{hare}}"),
        ("V_max_e", r"V_{\mathrm{max},e}"),
        ("Npop", r"\mathit{Npop}"),
        ("hare0", r"\mathit{hare}_{0}"),
        ("été", r"\text{été}"),
        ("_x_", "x"),
        ("__", r"\text{\_\_}"),
    ],
)
def test_names(word: str, latex: str) -> None:
    assert name(word) == latex


def test_labels_are_escaped() -> None:
    assert text(r"5% & {a}_b^c~\d#$<>") == (
        r"\text{5\% \& \{a\}\_b\textasciicircum{}c\textasciitilde{}\textbackslash{}d\#\$\textless{}\textgreater{}}"
    )


def balanced(latex: str) -> bool:
    plain = latex.replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for character in plain:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    environments = all(latex.count(rf"\begin{{{e}}}") == latex.count(rf"\end{{{e}}}") for e in ("align*", "cases"))
    return depth == 0 and latex.count(r"\left") == latex.count(r"\right") and environments


@pytest.mark.parametrize("one", [models.SIR, models.AGES, models.GRID, models.REACTIONS])
def test_brackets_are_balanced(one: str) -> None:
    assert balanced(loads(one).show("latex"))


def sides(latex: str) -> list[str]:
    """Both sides of every row."""
    rows = [re.sub(r"\\\\(\[1ex\])?$", "", line) for line in latex.splitlines()[1:-1] if not line.startswith("%")]
    return [side.strip() for row in rows for side in re.split(r"&=|&\\sim|&\\quad|&", row) if side.strip()]


def test_matplotlib_reads_the_formulas() -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    everything = [f for f in FUNCTIONS.values() if not f.operator and f.name != "where"]
    calls = [f"{f.name}({', '.join(['a', 'b', 'c'][: len(f.arguments)])})" for f in everything]
    formulas = [*sides(loads(models.SIR).show("latex")), *map(written, calls)]
    assert len(formulas) > 50
    for formula in formulas:
        known = formula.replace(r"\bmod", r"\mathrm{mod}")  # the one command here that matplotlib lacks
        parser.parse(f"${known}$")


def test_shifts_say_what_lies_beyond_the_end() -> None:
    assert r"\text{(the last point is followed by the first on } x \text{)}" in loads(models.GRID).show("latex")
    assert r"\text{(nothing lies beyond the ends of } \mathrm{age} \text{)}" in loads(models.AGES).show("latex")


def test_bound_indices_are_different_inside_functions() -> None:
    lines = "    total(z) = z*sum(s[i] for i in age)\n    inner[age] = total(s[age])\n"
    base = model("sum(inner[i]*total(s[i]) for i in age)")
    shown = loads(base.replace("  dynamics:", f"  let:\n{lines}  dynamics:")).show("latex")
    assert r"\mathit{inner}_{\mathrm{age}} &= s_{\mathrm{age}} \, \sum_{\mathrm{age}'} s_{\mathrm{age}'}" in shown


def test_what_is_used_twice_is_written_once() -> None:
    """Forty functions that each use their argument twice: 2^40 copies as text without sharing."""
    doubling = "\n".join(f"    f{n}(z) = f{n - 1}(z)*f{n - 1}(z) + z" for n in range(1, 41))
    lines = f"    f0(z) = z\n{doubling}\n"
    shown = loads(model("f40(a)").replace("  dynamics:", f"  let:\n{lines}  dynamics:")).show("latex")
    assert len(shown) < 20_000
    assert "w_{1} &= " in shown


def test_large_and_deep_expressions() -> None:
    many = " + ".join(f"a*{n}" for n in range(5_000))
    deep = "sin(" * 150 + "a" + ")" * 150
    chain = " else ".join(f"{n} if a < {n}" for n in range(2_000)) + " else 0"
    shown = loads(model(many, deep, chain)).show("latex")
    assert shown.count(r"\sin") == 150
    assert shown.count(r"\text{if }") == 2_000
    assert "4999" in shown
    assert balanced(shown)


def test_names_from_outside_cannot_break_out() -> None:
    axes = '  axes:\n    q = ["\\end{align*}", "}$ & %"]\n'
    hostile = f'model M:\n{axes}  states: s[q]\n  dynamics:\n    s[q]\' = s["}}$ & %"]\n'
    assert balanced(loads(hostile).show("latex"))


LINE = """
model Line:
  axes:
    x = grid(0, 1, 5)
    age = ordered [a, b, c]
  params:
    D = 1
  states:
    u[x] = 1
    S[age] = 1
  dynamics:
    u[x]' = {flux}
    {ageing}
"""


def rows_of(flux: str = "0*u[x]", ageing: str = "S[age]' = 0", more: str = "") -> str:
    return loads(LINE.format(flux=flux, ageing=ageing) + more).show("latex")


REPEATED = r"\text{(the last point is repeated beyond the ends of } x \text{)}"
NOTHING = r"\text{(nothing lies beyond the ends of } x \text{)}"


@pytest.mark.parametrize("coefficient", ["D", "(1 + x)", "u"])
def test_a_flux_that_reflects_says_one_thing_of_the_ends(coefficient: str) -> None:
    shown = rows_of(f"div({coefficient}*grad(u, x), x) edge stay")
    assert shown.count(REPEATED) == 1
    assert NOTHING not in shown
    assert r"\cdot 0" not in shown  # no term for what flows through the ends
    operator = "  operators:\n    diffusion of u along x with coefficient = D, boundary = reflecting\n"
    assert NOTHING not in rows_of(more=operator)


def test_what_is_zero_beyond_the_ends_still_says_so() -> None:
    assert NOTHING in rows_of("u[x-1]*(u[x+1] - u[x]) edge absorb")


def test_a_condition_that_always_holds_is_not_written() -> None:
    shown = rows_of(ageing="S[age] -> S[age+1] @ D edge stay")
    assert r"\text{if } \mathrm{age} \ne \text{c}" in shown
    assert r"\mathrm{age}-1 \ne" not in shown
    assert r"+ D \, S_{\mathrm{age}-1}" in shown
