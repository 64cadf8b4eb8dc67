"""The other forms, the summaries, and the choice between forms."""

from __future__ import annotations

import re

import pytest

from opjax import OpjaxError
from opjax.model import loads
from opjax.passes import PASSES
from opjax.show import FORMS, counts, show
from show import models

DIAGRAM = """flowchart LR
  A["A"]
  B["B"]
  other["other"]
  subgraph group_2["by site"]
    C["C[site]"]
  end
  A -->|"k1"| B
  transition_2{{"fast: k2 (C[#quot;a#quot;])"}}
  B -->|"2"| transition_2
  transition_2 --> B
  transition_2 --> C
  transition_3{{"total k1*B*C[#quot;b#quot;] (C[#quot;b#quot;])"}}
  B --> transition_3
  C --> transition_3
  transition_3 --> A
  transition_3 --> C
  outside_1((" ")) -->|"end if A #lt; 1 else 0"| A
  C -->|"k1"| outside_2((" "))
  equation_6>"other' = -other"] -.-> other
"""
SUMMARY = """SIR: Cases & < deaths > (time in day)
  states
    S         : person = 999
    I         : person = 1
    R         : person = 0
  parameters
    beta      : 1/day = 0.35 ~ LogNormal(loc=log(0.4), scale=0.5) in (0, inf)
    gamma     : 1/day = 0.2
    rho       = 0.5
  aliases
    N         = S + I + R
  transitions
    infection S -> I @ beta*I/N
    recovery  I -> R @ gamma
  observations
    cases     Poisson(rate=rho*incidence(infection)) every 7
  derived
    R0        = beta/gamma
    peak      = max(I for s in time)"""
PROGRAM = """SIR, numpy: 3 states, 8 operations on arrays
  one call computes  about 8 operations on numbers
           moves     64 bytes (each input and output once) to 248 bytes (every operation by itself)

From the model to the program, in operations on arrays (picking and renaming are free)
  as written        13  every use of a shared expression counted
  share       13 ->  8  equal expressions are one
  nothing to do: PASSES
  reroll: 8 scalar operations stay, which is quick: vectors begin to pay at 100

Largest array between inputs and outputs: none, all values there are numbers

What keeps it from being faster: nothing that is known

# as lowered: 8 operations on 5 leaves
%0  : real = state S
%1  : real = state I
%2  : real = state R
%3  : real = add(%0, %1, %2)  # N
%4  : real = parameter beta
%5  : real = parameter gamma
%6  : real = multiply(%4, %1)
%7  : real = divide(%6, %3)
%8  : real = multiply(%7, %0)  # infection
%9  : real = negate(%8)
%10 : real = multiply(%5, %1)  # recovery
%11 : real = negate(%10)
%12 : real = add(%8, %11)
d(S)/dt = %9
d(I)/dt = %12
d(R)/dt = %10

# after the passes: 8 operations on 5 leaves, as above
# after the passes, with those for differentiation: 8 operations on 5 leaves, as above
"""
ALL = [models.SIR, models.AGES, models.GRID, models.REACTIONS]


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("form", list(FORMS))
def test_every_model_has_every_form(text: str, form: str) -> None:
    shown = loads(text).show(form)
    assert shown.endswith("\n")
    assert shown.strip()


@pytest.mark.parametrize(("form", "format"), [("ojx", "ojx"), ("yaml", "yaml")])
@pytest.mark.parametrize("text", ALL)
def test_the_spellings_can_be_read_again(text: str, form: str, format: str) -> None:
    model = loads(text)
    assert loads(model.show(form), format) == model


def test_other_forms_are_refused_with_a_suggestion() -> None:
    with pytest.raises(OpjaxError) as caught:
        loads(models.SIR).show("latec")
    assert [d.code for d in caught.value.diagnostics] == ["E0806"]
    assert caught.value.diagnostics[0].hint == "did you mean 'latex'?"
    with pytest.raises(OpjaxError, match="the forms are ojx, yaml, expanded, program, source, latex, diagram, summary"):
        loads(models.SIR).show("zzz")


def test_the_source_is_the_code_that_runs() -> None:
    model = loads(models.SIR)
    assert model.show("source") == model.compile_rhs().source


# --- diagram


def test_the_diagram_has_every_kind_of_arrow() -> None:
    assert loads(models.REACTIONS).show("diagram") == DIAGRAM


def test_states_with_the_words_of_mermaid_get_other_names() -> None:
    text = "model M:\n  states: graph, β, S\n  params:\n    k\n  dynamics:\n    graph -> β @ k\n    β -> S @ k\n"
    lines = loads(text).show("diagram").splitlines()
    assert '  state_1["graph"]' in lines
    assert '  state_1 -->|"k"| state_2' in lines
    assert '  state_2 -->|"k"| S' in lines


def test_long_rates_are_cut() -> None:
    rate = " + ".join(["k"] * 200)
    text = f"model M:\n  states: A, B\n  params:\n    k\n  dynamics:\n    A -> B @ {rate}\n"
    (label,) = re.findall(r'\|"(.*)"\|', loads(text).show("diagram"))
    assert label.endswith("...")
    assert len(label) == 60


# --- program


def test_the_program_of_a_small_model() -> None:
    idle = ", ".join(row.name for row in PASSES if not row.differentiable_only)
    assert loads(models.SIR).show("program") == PROGRAM.replace("PASSES", idle)


def test_the_program_of_many_equations_says_of_what_they_are_the_elements() -> None:
    count = 60
    states = "".join(f"    x{place} = 1\n" for place in range(count))
    rows = "".join(f"    x{place} -> x{(place + 7) % count} @ k\n" for place in range(count))
    text = f"model M:\n  params:\n    k\n  states:\n{states}  dynamics:\n{rows}"
    _, lowered, optimised, *_ = loads(text).show("program").split("\n# ")
    assert lowered.count(")/dt = %") == count
    *listing, last = optimised.rstrip().splitlines()
    number = listing[-1].partition(" ")[0]
    assert last == f"d(x0)/dt to d(x59)/dt = the elements of {number}"


def test_the_program_shows_what_the_passes_change() -> None:
    *_, lowered, optimised = loads(models.AGES).show("program").split("\n\n")
    assert "contract(" not in lowered
    assert "sum(" in lowered
    assert "real[age, age']" in lowered
    assert "contract(" not in lowered or "contract(" in optimised


# --- summaries


def test_the_summary_of_a_small_model() -> None:
    assert repr(loads(models.SIR)) == SUMMARY


def test_the_summary_counts_cells_and_cuts_long_lists() -> None:
    text = repr(loads(models.AGES))
    assert "  states (10 cells)\n" in text
    assert "    age           3 labels: 0-17, 18-64, 65+\n" in text
    assert "    C[age, age]   = 3 x 3 values\n" in text
    names = ", ".join(f"s{n}" for n in range(100))
    still = "\n".join(f"    s{n}' = 0" for n in range(100))
    many = repr(loads(f"model M:\n  states: {names}\n  dynamics:\n{still}\n"))
    assert "    ... and 75 more" in many
    assert len(many.splitlines()) < 40


def test_the_html_escapes_what_people_wrote() -> None:
    shown = loads(models.SIR)._repr_html_()
    assert "Cases &amp; &lt; deaths &gt;" in shown
    assert "< deaths" not in shown
    assert '<td style="text-align:left">transmission</td>' in shown
    assert shown.count("<tr>") == shown.count("</tr>")


def test_counts() -> None:
    assert counts(loads(models.SIR).system) == "3 states, 3 parameters, 2 transitions, 1 observation"
    assert counts(loads(models.AGES).system) == "2 axes, 3 states, 4 parameters, 2 transitions"


def test_values_of_the_past_are_shown() -> None:
    rate = "-N[a](t - tau - 1) + delay(2*N[a], tau=3) - convolve_history(N[a]*tau, kernel=gamma, window=2)"
    text = f"model M:\n axes:\n  a = [u]\n params: tau = 1\n states: N[a] = 1\n dynamics:\n  N[a]' = {rate}\n"
    model = loads(text)
    past = r"\left(2 \, N_{a}\right)\left(t - 3\right)"
    integral = r"\int_{0}^{2} \gamma\left(s\right) \, \left(N_{a} \, \tau\right)\left(t - s\right) \, \mathrm{d}s"
    assert rf"-N_{{a}}\left(t - \left(\tau + 1\right)\right) + {past} - {integral}" in model.show("latex")
    expanded = rate.replace("[a]", '["u"]').replace("t - tau - 1", "t - (tau + 1)")
    assert f'd(N["u"])/dt = {expanded}' in model.show("expanded")


def test_a_model_that_cannot_be_run_yet_is_shown() -> None:
    text = "model M:\n  params:\n    tau\n  states: N = 1\n  dynamics:\n    N' = -N(t - tau) + N*noise(w)\n"
    model = loads(text)
    assert r"-N\left(t - \tau\right) + N \, \xi_{w}" in model.show("latex")
    assert "d(N)/dt = -N(t - tau) + N*noise(w)" in model.show("expanded")
    assert "the noise w" in repr(model)
    with pytest.raises(OpjaxError, match="E0701"):
        model.show("source")


def test_show_takes_a_checked_model() -> None:
    model = loads(models.SIR)
    assert show(model._checked, "ojx") == model.show()


def test_large_expressions_do_not_slow_the_summary_down() -> None:
    long = " + ".join(["k"] * 20_000)
    text = repr(
        loads(f"model M:\n  params:\n    k = 1\n  states: a\n  let:\n    b = {long}\n  dynamics:\n    a' = b\n")
    )
    assert " = k + k + k + " in text  # twenty thousand terms are two nodes: the text is cut
    names = "\n".join(f"    k{n} = 1" for n in range(300))
    many = " + ".join(f"k{n}" for n in range(300))
    wide = repr(loads(f"model M:\n  params:\n{names}\n  states: a\n  let:\n    b = {many}\n  dynamics:\n    a' = b\n"))
    assert re.search(r"\n    b += \.\.\.\n?", wide)


def test_large_axes_do_not_slow_anything_down() -> None:
    model = loads(
        "model M:\n  axes:\n    x = grid(0, 1, 1e6)\n  states: u[x]\n  dynamics:\n    u[x]' = u[x+1] edge stay\n"
    )
    assert "# 999700 more cells of u: 300 of 1000000 are shown" in model.show("expanded")
    assert "1000000 points: 0, " in repr(model)
