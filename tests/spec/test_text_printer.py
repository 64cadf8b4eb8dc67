from __future__ import annotations

import copy
import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from opjax.errors import Report
from opjax.source import Source
from opjax.spec.files import source_from_text
from opjax.spec.registry import SECTIONS
from opjax.spec.text_printer import content_hash, format_text, print_model, print_models
from opjax.spec.text_reader import read_text
from opjax.syntax.declarations import Comments, ModelSyntax, SectionComments, StateDeclaration, TimeDeclaration
from strategies.models import commented_models, models

EXAMPLES = sorted((Path(__file__).parents[1] / "models" / "language").glob("*.ojx"))


def read(text: str) -> list[ModelSyntax]:
    report = Report()
    found = read_text(source_from_text(text), report)
    report.check()
    return found


def comments(text: str) -> list[str]:
    """Every comment of a text, sorted."""
    without_strings = re.sub(r'"[^"\n]*"', "", text)
    return sorted(found.strip() for found in re.findall(r"#(.*)", without_strings))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_survive_printing(path: Path):
    text = path.read_text(encoding="utf-8")
    printed = format_text(text)
    assert read(printed) == read(text)
    assert comments(printed) == comments(text)
    assert format_text(printed) == printed
    assert [content_hash(model) for model in read(printed)] == [content_hash(model) for model in read(text)]
    assert len(comments(text)) or path.name == "rd.ojx"


UNTIDY = """

# about A

#no space
model A:     # behind
    "a sentence"


    let : # some
        N   =  S+I   # total

        x=f( 1,   # one
             2 )


        y=3    "three"
        # end of let
    # the states
    states: S,   I,R   # all
    time:day
    params:

        # rates
        beta : 1/day=0.3  fixed  "infection"
        a_longer_name~Normal( 0,1 )

        other  = 1.50
    dynamics:
        infection: S->I@beta*S
        R'=I
    # end of A

model "B c":
    observe:
        y~Poisson( N )every 7
# the end
"""
TIDY = """\
# about A

# no space
model A:  # behind
  "a sentence"

  time: day

  params:
    # rates
    beta          : 1/day = 0.3 fixed    "infection"
    a_longer_name         ~ Normal(0, 1)

    other = 1.50

  # the states
  states: S, I, R  # all

  let:  # some
    N = S + I  # total

    # one
    x = f(1, 2)

    y = 3 "three"
    # end of let

  dynamics:
    infection: S -> I @ beta*S
    R' = I

  # end of A

model "B c":
  observe:
    y ~ Poisson(N) every 7

  # the end
"""


def test_a_text_is_put_into_one_layout():
    assert format_text(UNTIDY) == TIDY
    assert format_text(TIDY) == TIDY
    assert format_text(Source("<text>", TIDY)) == TIDY
    assert read(UNTIDY) == read(TIDY)


def test_no_comment_of_an_untidy_text_is_lost():
    assert comments(UNTIDY) == comments(TIDY)


def test_the_text_of_the_hash_has_neither_comments_nor_descriptions_nor_columns():
    assert print_model(read(TIDY)[0], canonical=True) == (
        "model A:\n"
        "  time:\n"
        "    day\n"
        "  params:\n"
        "    beta : 1/day = 0.3 fixed\n"
        "    a_longer_name ~ Normal(0, 1)\n"
        "    other = 1.5\n"
        "  states:\n"
        "    S\n"
        "    I\n"
        "    R\n"
        "  let:\n"
        "    N = S + I\n"
        "    x = f(1, 2)\n"
        "    y = 3\n"
        "  dynamics:\n"
        "    infection: S -> I @ beta*S\n"
        "    R' = I\n"
    )


BASE = 'model A:\n  params:\n    a : 1/day = 1e3 "rate"\n    b\n  states: S, I\n  dynamics:\n    S -> I @ a\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1e3", "1000"),
        ("1e3", "1000.0"),
        ("= 1e3", "  =  ( 1e3 )"),
        ('"rate"', ""),
        ('"rate"', '"another description"'),
        ("model A:", 'model A:\n  "a description"'),
        ("model A:", "# comment\nmodel A: # comment"),
        ("states: S, I", "states:\n    S\n    # comment\n    I"),
        ("  states: S, I\n", ""),
    ],
)
def test_the_hash_is_that_of_the_meaning(old: str, new: str):
    text = BASE.replace(old, new)
    if "states" not in text:
        text += "  states: S, I\n"
    assert text != BASE
    assert content_hash(read(text)[0]) == content_hash(read(BASE)[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model A", "model B"),
        ("1e3", "1001"),
        ("1/day", "1/week"),
        ("S, I", "I, S"),
        ("->", "=>"),
        ("    b\n", ""),
        ("    b\n", "    b fixed\n"),
        ("@ a", "@ b"),
    ],
)
def test_the_hash_sees_every_change_of_meaning(old: str, new: str):
    assert content_hash(read(BASE.replace(old, new))[0]) != content_hash(read(BASE)[0])


def test_the_hash_is_sha256_and_the_same_in_every_run():
    text = b"model SI:\n  states:\n    S\n    I\n"
    model = ModelSyntax("SI", doc="a note", states=(StateDeclaration("S"), StateDeclaration("I", doc="infected")))
    assert content_hash(model) == hashlib.sha256(text).hexdigest()


def test_long_statements_are_broken_inside_brackets_and_read_back():
    text = "model A:\n  let:\n    x = (" + " + ".join(f"name_{i}" for i in range(60)) + ")*2  # long\n    y = 1\n"
    printed = format_text(text)
    assert max(len(line) for line in printed.split("\n")) <= 100
    assert printed.count("# long") == 1
    assert read(printed) == read(text)
    assert format_text(printed) == printed


def test_many_states_stand_in_a_block():
    few = ModelSyntax("A", states=tuple(StateDeclaration(f"S{i}") for i in range(5)))
    many = ModelSyntax("A", states=tuple(StateDeclaration(f"S{i}") for i in range(50)))
    assert print_model(few) == "model A:\n  states: S0, S1, S2, S3, S4\n"
    assert print_model(many).startswith("model A:\n  states:\n    S0\n    S1\n")
    assert read(print_model(few) + print_model(many)) == [few, many]


def test_comments_from_elsewhere_stay_comments():
    """Other spellings may bring comments with line ends; what follows one must not become model text."""
    model = ModelSyntax(
        "A",
        time=TimeDeclaration("day", comments=Comments(("over",), "behind")),
        states=(StateDeclaration("S", comments=Comments(("a\nb", ""), "c\nd")),),
        comments=Comments(("e\rf",), "g\r\nh"),
        section_comments=(
            SectionComments("time", Comments(("first",), "last")),
            SectionComments("states", Comments((), "i"), ("j",)),
            SectionComments("states", Comments(("k",), ""), ("l\0m",)),
        ),
        end_comments=("n\nmodel B:",),
    )
    printed = print_model(model)
    assert read(printed) == [model]
    assert printed == (
        "# e\n# f\nmodel A:  # g h\n  # first\n  # over\n  time: day  # behind last\n\n  # k\n  states:  # i\n"
        "    # a\n    # b\n    #\n    S  # c d\n    # j\n    # l m\n\n  # n\n  # model B:\n"
    )
    assert format_text(printed) == printed


@pytest.mark.parametrize("name", ["A", "my model", 'a "b"', "3d", "", "größe", "हिन्दी", "and", "x" * 300, "#1", "a: b"])
def test_any_name_of_a_model_can_be_printed(name: str):
    assert read(print_model(ModelSyntax(name))) == [ModelSyntax(name)]


@pytest.mark.parametrize("doc", ["a", "a\nb", "\n", 'say "x"', "# no comment", "a\n\nb", " "])
def test_any_description_of_a_model_can_be_printed(doc: str):
    assert read(print_model(ModelSyntax("A", doc=doc))) == [ModelSyntax("A", doc=doc)]


@settings(max_examples=60)
@given(models())
def test_what_is_printed_reads_back_as_the_same_model(model: ModelSyntax):
    printed = print_model(model)
    (back,) = read(printed)
    assert back == model
    assert print_model(back) == printed
    assert content_hash(back) == content_hash(model)


@settings(max_examples=60)
@given(models())
def test_the_text_of_the_hash_reads_back_with_the_same_hash(model: ModelSyntax):
    canonical = print_model(model, canonical=True)
    (back,) = read(canonical)
    assert print_model(back, canonical=True) == canonical


def all_comments(model: ModelSyntax) -> list[object]:
    of_declarations = [declaration.comments for row in SECTIONS for declaration in row.of(model)]
    return [model.comments, model.section_comments, model.end_comments, of_declarations]


@settings(max_examples=60)
@given(commented_models())
def test_every_comment_survives_printing_and_reading(model: ModelSyntax):
    printed = print_model(model)
    (back,) = read(printed)
    assert back == model
    assert all_comments(back) == all_comments(model)
    assert print_model(back) == printed


def test_printing_leaves_the_model_alone():
    (model, _) = read(TIDY)
    before = copy.deepcopy(model)
    print_models([model])
    assert model == before
