"""An explanation as text for people; it says what the records say, and nothing more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from opjax.compile.explanation import ContractionRecord, Explanation, Extent, GroupRecord, TemporaryRecord

WIDTH = 100
MOST_ROWS = 12
MOST_COUNTED = 10**12


def text(record: Explanation) -> str:
    """The whole record, a paragraph for each question."""
    parts = [
        _cost(record),
        _passes(record),
        _contractions(record.contractions),
        _groups(record),
        _largest(record.largest),
        _obstacles(record.obstacles),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _cost(record: Explanation) -> Iterator[str]:
    costs = record.costs
    size = f"{_several(record.states, 'state')}, {_several(record.operations, 'operation')} on arrays"
    yield f"{record.model}, {record.namespace}: {size}"
    functions = f" and {_several(costs.function_values, 'value')} of functions" if costs.function_values else ""
    about = "" if costs.flops >= MOST_COUNTED else "about "
    yield f"  one call computes  {about}{_several(costs.flops, 'operation')} on numbers{functions}"
    low, high = size_text(costs.least_bytes), size_text(costs.most_bytes)
    yield f"           moves     {low} (each input and output once) to {high} (every operation by itself)"
    if record.numbers:
        why = "with Python's numbers one by one, which takes less than operations on arrays as short as these"
        yield from _wrapped("  ", f"one state in double precision: {_several(record.numbers, 'operation')} {why}")


def _passes(record: Explanation) -> Iterator[str]:
    yield "From the model to the program, in operations on arrays (picking and renaming are free)"
    rows = [("as written", "", _count(record.written), "every use of a shared expression counted")]
    rows.append(("share", _count(record.written), _count(record.shared), "equal expressions are one"))
    rows += [(p.name, _count(p.before), _count(p.after), p.purpose) for p in record.passes if p.fired]
    names, befores, afters = (max(len(row[i]) for row in rows) for i in range(3))
    for name, before, after, purpose in rows:
        arrow = "->" if before else "  "
        head = f"  {name:{names}}  {before:>{befores}} {arrow} {after:>{afters}}  "
        yield from _wrapped(head, purpose)
    idle = [one.name for one in record.passes if not one.fired]
    if idle:
        yield f"  nothing to do: {', '.join(idle)}"
    yield from _remarks(record)


def _remarks(record: Explanation) -> Iterator[str]:
    """What a pass left as it was, where that is no obstacle."""
    for one in record.passes:
        if one.remark and one.remark not in record.obstacles:
            yield from _wrapped(f"  {one.name}: ", one.remark)


def _contractions(found: tuple[ContractionRecord, ...]) -> Iterator[str]:
    if found:
        yield "Sums of products, in the order that they are computed"
    for place, one in enumerate(found[:MOST_ROWS], start=1):
        yield f"  #{place}  sum of {' * '.join(one.factors)} over {', '.join(one.over)}"
        instead = f", and no array of {one.avoided:,} numbers" if one.avoided > _length(one.extent) else ""
        yield f"      gives {extent_text(one.extent)}, {one.flops:,} operations on numbers{instead}"
    yield from _more(len(found))


def _groups(record: Explanation) -> Iterator[str]:
    if record.groups or record.sums:
        yield "Scalar equations of one shape that became vectors"
    shown: tuple[GroupRecord, ...] = record.groups[:MOST_ROWS]
    width = max((len(_count(one.equations)) for one in shown), default=0)
    for one in shown:
        operations = _several(one.operations, "vector operation")
        yield f"  {_count(one.equations):>{width}} x  {one.expression}   ({operations})"
    yield from _more(len(record.groups))
    for one in record.sums:
        yield f"  {_several(one.sums, 'sum')} of different lengths: {_count(one.terms)} terms added up in segments"
    if record.groups:
        yield "  x: states, p: parameters, c: numbers, v: other values, one for each equation"


def _largest(found: TemporaryRecord | None) -> Iterator[str]:
    if found is None:
        yield "Largest array between inputs and outputs: none, all values there are numbers"
        return
    yield f"Largest array between inputs and outputs: {extent_text(found.extent)}, {size_text(found.bytes)}"
    yield f"  {found.expression}"
    yield from _wrapped("  ", found.reason or "no larger than what comes in and goes out")


def _obstacles(found: tuple[str, ...]) -> Iterator[str]:
    yield "What keeps it from being faster" + ("" if found else ": nothing that is known")
    for one in found:
        yield from _wrapped("  - ", one)


def _more(count: int) -> Iterator[str]:
    if count > MOST_ROWS:
        yield f"  ... and {count - MOST_ROWS} more"


def _wrapped(head: str, sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def extent_text(extent: Extent) -> str:
    """Such as ``[age 16, age' 16]``."""
    return f"[{', '.join(f'{name} {size:,}' for name, size in extent)}]" if extent else "a number"


def size_text(count: int) -> str:
    """Such as ``1.5 kB``; a kB is 1,000 bytes."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


def _length(extent: Extent) -> int:
    length = 1
    for _, size in extent:
        length *= size
    return length


def _count(number: int) -> str:
    return f"{number:,}" if number < MOST_COUNTED else "over 10^12"


def _several(number: int, word: str) -> str:
    return f"{_count(number)} {word}{'' if number == 1 else 's'}"
