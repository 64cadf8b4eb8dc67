from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import opjax
from opjax.errors import OpjaxError
from opjax.source import Limits
from opjax.spec.files import format_of, format_of_text, read_source, source_from_text


def problem(path: str | Path, limits: Limits | None = None) -> tuple[str, str, str]:
    """The code, sentence and hint of the one problem of a file."""
    with pytest.raises(OpjaxError) as caught:
        read_source(path, limits or Limits())
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.hint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sir.ojx").write_text("model SIR:\n")
    (tmp_path / "seir.yaml").write_text("name: SEIR\n")
    (tmp_path / "notes.txt").write_text("none\n")
    return tmp_path


def test_a_file_becomes_a_source_that_is_named_like_it(folder: Path):
    source = read_source(folder / "sir.ojx")
    assert source.text == "model SIR:\n"
    assert source.name == str(folder / "sir.ojx")
    assert read_source(str(folder / "sir.ojx")).text == source.text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfmodel A:\n", "model A:\n"),
        (b"a\r\nb\rc\n\rd", "a\nb\nc\n\nd"),
        (b"\fmodel A:\n\f\f  x\f\n", "model A:\n  x \n"),
        ("gr\u00f6\u00dfe \u03b2 \U0001f9ec".encode(), "gr\u00f6\u00dfe \u03b2 \U0001f9ec"),
        (b"", ""),
    ],
)
def test_byte_order_mark_line_ends_and_page_breaks_are_normalised(tmp_path: Path, data: bytes, text: str):
    path = tmp_path / "a.ojx"
    path.write_bytes(data)
    assert read_source(path).text == text
    assert source_from_text(data.decode("utf-8")).text == text


def test_a_missing_file_names_its_near_misses(folder: Path):
    code, message, hint = problem(folder / "sri.ojx")
    assert code == "E0001"
    assert message.startswith("there is no file '")
    assert "did you mean 'sir.ojx'" in hint


def test_a_missing_file_without_near_misses_names_the_models_there(folder: Path):
    assert problem(folder / "qqqqqqqqqqqqqqqqqqqq")[2] == "the models here are seir.yaml, sir.ojx"


def test_a_missing_folder_is_said(folder: Path):
    code, _, hint = problem(folder / "nowhere" / "sir.ojx")
    assert code == "E0001"
    assert hint == f"there is no folder '{folder / 'nowhere'}' either"
    assert problem(folder / "sir.ojx" / "x.ojx")[0] == "E0001"


def test_a_folder_is_no_model(folder: Path):
    code, message, hint = problem(folder)
    assert code == "E0008"
    assert message.endswith("cannot be read: it is a folder")
    assert hint == "name one of its models: seir.yaml, sir.ojx"


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path):
    path = tmp_path / "pipe.ojx"
    os.mkfifo(path)
    assert problem(path)[:1] == ("E0008",)


@pytest.mark.parametrize("name", ["a\0b.ojx", "x" * 5000 + ".ojx"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str):
    assert problem(str(tmp_path / name))[0] == "E0008"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(folder: Path):
    (folder / "sir.ojx").chmod(0)
    assert problem(folder / "sir.ojx")[:2] == ("E0008", f"'{folder / 'sir.ojx'}' cannot be read: permission denied")


def test_the_size_is_checked_before_the_file_is_read(folder: Path):
    path = folder / "huge.ojx"
    with open(path, "wb") as file:
        file.truncate(2**40)  # a hole: one tebibyte on paper
    code, message, hint = problem(path)
    assert code == "E0004"
    assert message == f"the text is {2**40} bytes, more than the limit of {2**26}"
    assert hint == "raise it with Limits(bytes=...)"
    assert problem(folder / "sir.ojx", Limits(bytes=10))[0] == "E0004"
    assert read_source(folder / "sir.ojx", Limits(bytes=11)).text == "model SIR:\n"


def test_what_is_not_utf8_is_refused_with_its_place(tmp_path: Path):
    path = tmp_path / "latin.ojx"
    path.write_bytes("model A:\n  # größe\n".encode("latin-1"))
    with pytest.raises(OpjaxError) as caught:
        read_source(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0002"
    assert (diagnostic.span.line, diagnostic.span.column) == (2, 7)
    assert diagnostic.hint == "the byte 0xf6 at offset 15 is not UTF-8; save the file as UTF-8 text"


def test_utf16_is_named(tmp_path: Path):
    path = tmp_path / "wide.ojx"
    path.write_bytes("model A:\n".encode("utf-16"))
    assert problem(path)[2] == "it is UTF-16; save it as UTF-8"


def test_nul_is_refused_with_its_place():
    with pytest.raises(OpjaxError) as caught:
        source_from_text("model A:\n  \0")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line, diagnostic.span.column) == ("E0002", 2, 3)
    assert "NUL" in diagnostic.hint


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(OpjaxError, match="half of a surrogate pair"):
        source_from_text("model \ud800:")


def test_the_size_of_a_string_is_its_size_in_utf8():
    assert source_from_text("é", limits=Limits(bytes=2)).text == "é"
    with pytest.raises(OpjaxError, match="the text is 2 bytes, more than the limit of 1"):
        source_from_text("é", limits=Limits(bytes=1))
    with pytest.raises(OpjaxError, match="E0004"):
        source_from_text("aa", limits=Limits(bytes=1))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_or_a_problem(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.getbasetemp() / "random.ojx"
    path.write_bytes(data)
    try:
        data.decode("utf-8")
        is_text = b"\0" not in data
    except UnicodeDecodeError:
        is_text = False
    if is_text:
        assert not set(read_source(path).text) & set("\r\f")
    else:
        assert problem(path)[0] == "E0002"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.ojx", "ojx"), ("a.YAML", "yaml"), ("b/a.yml", "yaml"), ("a.b.json", "json"), (Path("x.ojx"), "ojx")],
)
def test_the_suffix_says_the_spelling(name: str | Path, expected: str):
    assert format_of(name) == expected


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("a.yamll", "a model is not read from '.yamll'", "did you mean '.yaml' or '.yml'?"),
        ("a.py", "a model is not read from '.py'", "use .ojx, .yaml, .yml or .json"),
        ("a", "a model is not read from 'a file without a suffix'", "use .ojx, .yaml, .yml or .json"),
    ],
)
def test_other_suffixes_are_refused(name: str, message: str, hint: str):
    with pytest.raises(OpjaxError) as caught:
        format_of(name)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.hint) == ("E0003", message, hint)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model M:\n  states: x\n  dynamics:\n    x' = -x\n", "ojx"),
        ("model M:\nstate: x\n", "ojx"),
        ("  # a note\n  model M:\n", "ojx"),
        ("state: [x]\nequations: {x: -x}\n", "yaml"),
        ("# a note\n---\nkind: expr\n'state': [x]\n", "yaml"),
        ("opjax: 1\nname: model\nstate : [x]\n", "yaml"),
        ('\n  {"state": ["x"]}', "json"),
        ("states: x\n", "ojx"),
        ("statement: x\n", "ojx"),
        ("", "ojx"),
    ],
)
def test_a_text_is_read_as_what_it_looks_like(text: str, expected: str) -> None:
    assert format_of_text(text) == expected


@pytest.mark.parametrize(("path", "form"), [("models/sir.ojx", None), ("sir.YML", "yaml"), ("sir.json\n", "ojx")])
def test_a_path_in_place_of_a_text_is_recognised(path: str, form: str | None) -> None:
    with pytest.raises(OpjaxError, match=r"E0005|E0204") as caught:
        opjax.loads(path, form)
    hint = caught.value.diagnostics[0].hint
    assert hint == f"this is the path of a file: opjax.load({path.strip()!r}) reads it"


def test_a_text_in_place_of_a_path_is_recognised() -> None:
    with pytest.raises(OpjaxError, match="there is no file 'model A:'") as caught:
        opjax.load("model A:\n  states: x\n")
    assert caught.value.diagnostics[0].hint == "a text is read by opjax.loads"
