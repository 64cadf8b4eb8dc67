"""The events of a YAML text, from ruamel.yaml: the one place that knows that package.

It is imported when the first YAML text is read, so that `import opjax` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, cast

from opjax.errors import Report, Stop, catalogue
from opjax.source import Source, Span

_QUOTES_HINT = (
    "a text that holds ': ' or ' #', or begins with one of []{}&*!|>%@`, stands in quotes; "
    "inside {...} and [...] also one that holds commas or brackets"
)
_TABS_HINT = "YAML is indented by spaces: replace the tab"
OTHER_VERSION = "another version than YAML 1.2"


class YamlEvent(NamedTuple):
    """What a YAML text says next.

    Arguments:
        kind: a scalar, an alias, the begin of a list or mapping, their end, or the begin of a document.
        start: the offset of its first character.
        end: the offset behind its last character.
        anchor: the name of its anchor, or the name that an alias repeats.
        feature: what it uses that models do not, such as a tag; empty for nothing.
        text: the decoded text of a scalar.
        style: the quote of a scalar (or ``|``, ``>``), ``{`` and ``[`` for collections on one line; else empty.
    """

    kind: Literal["scalar", "alias", "list", "mapping", "end", "document"]
    start: int
    end: int
    anchor: str | None = None
    feature: str = ""
    text: str = ""
    style: str = ""


def yaml_events(source: Source, report: Report) -> Iterator[YamlEvent]:
    """The events of a text.

    Arguments:
        source: the text.
        report: receives a problem of the syntax, which ends the events.

    Raises:
        Stop: at a problem of the syntax.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    parse: Any = cast("Any", YAML(typ="safe", pure=True)).parse
    try:
        for event in parse(source.text):
            read = _READERS.get(type(event).__name__)
            if read is not None:
                yield read(event)
    except GeneratorExit:
        raise
    except MarkedYAMLError as error:
        raise _marked(source, error, report) from None
    except ReaderError as error:
        place = int(cast("Any", error).position)
        raise syntax_error(report, Span(source, place, place + 1), "this character is not allowed") from None
    except Exception as error:  # the scanner fails in several ways on escapes beyond Unicode
        raise syntax_error(report, Span(source, 0, 0), str(error)) from None


def syntax_error(report: Report, span: Span, problem: str, hint: str = "") -> Stop:
    """The exception for text that is no YAML."""
    return report.stop(catalogue.YAML_SYNTAX, span, problem=problem, hint=hint)


def _marked(source: Source, error: Any, report: Report) -> Stop:
    mark = error.problem_mark or error.context_mark
    place = min(int(mark.index), len(source.text)) if mark is not None else 0
    problem = " ".join(str(text) for text in (error.context, error.problem) if text)
    hint = _TABS_HINT if source.text[place : place + 1] == "\t" else _QUOTES_HINT
    return syntax_error(report, Span(source, place, place), problem, hint)


def _tag(event: Any) -> str:
    return "" if event.tag is None else f"the tag '{event.tag}'"


def _scalar(event: Any) -> YamlEvent:
    style = "" if event.implicit[0] else event.style or "'"
    return YamlEvent(
        "scalar", event.start_mark.index, event.end_mark.index, event.anchor, _tag(event), event.value, style
    )


def _alias(event: Any) -> YamlEvent:
    return YamlEvent("alias", event.start_mark.index, event.end_mark.index, event.anchor)


def _list(event: Any) -> YamlEvent:
    style = "[" if event.flow_style else ""
    return YamlEvent("list", event.start_mark.index, event.end_mark.index, event.anchor, _tag(event), style=style)


def _mapping(event: Any) -> YamlEvent:
    style = "{" if event.flow_style else ""
    return YamlEvent("mapping", event.start_mark.index, event.end_mark.index, event.anchor, _tag(event), style=style)


def _end(event: Any) -> YamlEvent:
    return YamlEvent("end", event.start_mark.index, event.end_mark.index)


def _document(event: Any) -> YamlEvent:
    other = event.version not in (None, (1, 2))
    feature = OTHER_VERSION if other else ""
    return YamlEvent("document", event.start_mark.index, event.end_mark.index, feature=feature)


_READERS = {
    "ScalarEvent": _scalar,
    "AliasEvent": _alias,
    "SequenceStartEvent": _list,
    "SequenceEndEvent": _end,
    "MappingStartEvent": _mapping,
    "MappingEndEvent": _end,
    "DocumentStartEvent": _document,
}
