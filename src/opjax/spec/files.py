"""From a file or a string to a `Source`: the checks that stand before any reading."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import PurePath
from typing import Literal, NoReturn, get_args

from opjax.errors import OpjaxError, Report, did_you_mean
from opjax.errors.catalogue import (
    FILE_NOT_FOUND,
    FILE_NOT_TEXT,
    FILE_UNREADABLE,
    TOO_LARGE,
    UNKNOWN_FORMAT,
    WRONG_ARRAY,
    Problem,
)
from opjax.source import DEFAULT_LIMITS, NOWHERE, Limits, Source, Span

Format = Literal["ojx", "yaml", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SUFFIXES: dict[str, Format] = {".ojx": "ojx", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_LINE_END = re.compile("\r\n?")
_LEADING_FORM_FEED = re.compile("^\f+", re.MULTILINE)
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_HEADER = re.compile(r"^[^\S\n]*(?:model|operator|pipeline)\b", re.MULTILINE)
_YAML_KEY = re.compile(r"""^(?:state|"state"|'state')[^\S\n]*:""", re.MULTILINE)
_SHOWN = 5
_SEARCHED = 1_000


def format_of(path: str | os.PathLike[str]) -> Format:
    """The spelling that a file is written in, by its suffix.

    Arguments:
        path: the file's name; upper and lower case are the same.

    Returns:
        ``"ojx"``, ``"yaml"`` (also for ``.yml``) or ``"json"``.

    Raises:
        OpjaxError: E0003 for any other suffix.

    Example:
        >>> format_of("models/sir.YML")
        'yaml'
    """
    name = os.fspath(path)
    suffix = PurePath(name).suffix
    found = _SUFFIXES.get(suffix.lower())
    if found is None:
        shown = suffix or "a file without a suffix"
        _fail(UNKNOWN_FORMAT, name, hint=did_you_mean(suffix.lower(), _SUFFIXES), suffix=shown)
    return found


def format_of_text(text: str) -> Format:
    """The spelling that a text is written in, by what only that spelling has.

    Arguments:
        text: a model.

    Returns:
        ``"json"`` for what begins with a brace, ``"yaml"`` for what has the key ``state`` (which every YAML model has)
        and no line that begins a model; else ``"ojx"``.

    Example:
        >>> format_of_text("state: [x]\\nequations: {x: -x}\\n")
        'yaml'
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return "json"
    return "yaml" if _YAML_KEY.search(text) and not _HEADER.search(text) else "ojx"


def path_hint(text: str) -> str:
    """What to write where a text is no model, and looks like the path of a file; empty for any other text.

    Example:
        >>> path_hint("models/sir.ojx")
        "this is the path of a file: opjax.load('models/sir.ojx') reads it"
    """
    path = text.strip()
    is_path = "\n" not in path and PurePath(path).suffix.lower() in _SUFFIXES
    return f"this is the path of a file: opjax.load({path!r}) reads it" if is_path else ""


def read_source(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Source:
    """Read a text file: any line ends, with or without a byte order mark.

    Arguments:
        path: the file.
        limits: `limits.bytes` is compared with the size of the file before it is read.

    Returns:
        The text, with ``\\n`` as line end, named like the path.

    Raises:
        OpjaxError: E0001 no such file, E0002 not UTF-8, E0004 too large, E0008 a folder or not readable, E0807 for what
            is no path.
    """
    _want("the path", path, (str, os.PathLike), "the path of a file")
    name = os.fspath(path)
    if "\n" in name:
        _fail(FILE_NOT_FOUND, "<path>", hint="a text is read by opjax.loads", path=name.strip().partition("\n")[0])
    return _normalised(name, _decode(name, _read(name, limits)))


def source_from_text(text: str, name: str = "<text>", limits: Limits = DEFAULT_LIMITS) -> Source:
    """Take a string as a source, under the same rules as a file.

    Arguments:
        text: the whole text.
        name: what errors show in place of a file name.
        limits: `limits.bytes` is compared with the size in UTF-8.

    Returns:
        The text, with ``\\n`` as line end.

    Raises:
        OpjaxError: E0002 for characters that no text file holds, E0004 too large, E0807 for what is no text.

    Example:
        >>> source_from_text("model SIR:\\r\\n").text
        'model SIR:\\n'
    """
    _want("the text", text, (str,), "the text of a model")
    if len(text) > limits.bytes:
        _fail_size(name, len(text), limits)
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > limits.bytes:
        _fail_size(name, size, limits)
    return _normalised(name, text)


def _want(name: str, value: object, kinds: tuple[type, ...], expected: str) -> None:
    if not isinstance(value, kinds):
        hint = "decode it first: data.decode()" if isinstance(value, bytes) else ""
        report = Report()
        report.add(WRONG_ARRAY, NOWHERE, hint=hint, name=name, found=type(value).__name__, expected=expected)
        report.check()


def _read(name: str, limits: Limits) -> bytes:
    try:
        status = os.stat(name)
        if stat.S_ISDIR(status.st_mode):
            _fail_unreadable(name, "it is a folder", _listed("name one of its models: ", _models_in(name)))
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device may have no end
            _fail_unreadable(name, "it is not a regular file")
        if status.st_size > limits.bytes:
            _fail_size(name, status.st_size, limits)
        with open(name, "rb") as file:
            data = file.read(limits.bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        _fail_missing(name)
    except OpjaxError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror or "") if isinstance(error, OSError) else str(error)
        _fail_unreadable(name, reason.lower() or "the system refuses")
    if len(data) > limits.bytes:
        _fail_size(name, len(data), limits)
    return data


def _decode(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            reason = "it is UTF-16; save it as UTF-8"
        else:
            byte = f"0x{data[error.start]:02x}"
            reason = f"the byte {byte} at offset {error.start} is not UTF-8; save the file as UTF-8 text"
        _fail_text(name, before, reason)


def _normalised(name: str, text: str) -> Source:
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    if "\f" in text:  # a page break is no indentation
        text = _LEADING_FORM_FEED.sub("", text).replace("\f", " ")
    wrong = _NOT_TEXT.search(text)
    if wrong:
        kind = "NUL: this looks like a binary file" if wrong.group() == "\0" else "half of a surrogate pair"
        reason = f"the character at offset {wrong.start()} is {kind}; save the file as UTF-8 text"
        _fail_text(name, text[: wrong.start()], reason)
    return Source(name, text)


def _fail(problem: Problem, name: str, /, *, hint: str = "", **values: object) -> NoReturn:
    source = Source(name, "")
    report = Report()
    report.add(problem, Span(source, 0, 0), hint=hint, **values)
    raise OpjaxError(report.errors)


def _fail_text(name: str, before: str, reason: str) -> NoReturn:
    source = Source(name, before)
    report = Report()
    report.add(FILE_NOT_TEXT, Span(source, len(before), len(before)), hint=reason)
    raise OpjaxError(report.errors)


def _fail_size(name: str, size: int, limits: Limits) -> NoReturn:
    _fail(TOO_LARGE, name, what="the text", size=f"{size} bytes", limit=limits.bytes, field="bytes")


def _fail_missing(name: str) -> NoReturn:
    folder, file = os.path.split(name)
    if folder and not os.path.isdir(folder):
        hint = f"there is no folder '{folder}' either"
    else:
        hint = did_you_mean(file, _names_in(folder), _listed("the models here are ", _models_in(folder)))
    _fail(FILE_NOT_FOUND, name, hint=hint, path=name)


def _fail_unreadable(name: str, problem: str, hint: str = "") -> NoReturn:
    _fail(FILE_UNREADABLE, name, hint=hint, path=name, problem=problem)


def _names_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder or ".") as entries:
            names = (entry.name for entry, _ in zip(entries, range(_SEARCHED), strict=False))
            return sorted(name for name in names if not name.startswith("."))
    except OSError:
        return []


def _models_in(folder: str) -> list[str]:
    return [name for name in _names_in(folder) if PurePath(name).suffix.lower() in _SUFFIXES]


def _listed(begin: str, names: Iterable[str]) -> str:
    shown = list(names)
    if not shown:
        return ""
    more = ", ..." if len(shown) > _SHOWN else ""
    return begin + ", ".join(shown[:_SHOWN]) + more
