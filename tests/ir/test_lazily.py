"""Values that are made when somebody asks for them, and the names of which they are the values."""

from __future__ import annotations

import pickle

import pytest

from opjax.ir.lazily import Lazily, Named


def places() -> tuple[Lazily[str, Named], list[str]]:
    """Each name with its place as its value, and the names that were asked for."""
    asked: list[str] = []

    def make(name: str, known: Named) -> str:
        asked.append(name)
        return f"{name} at {known.place(name)}"

    found = Lazily[str, Named](make)
    found.put("first", "1")
    found.know(Named(["a", "b", "c"]))
    found.put("between", "2")
    found.know(Named(("d",)))
    found.know(Named(["e", "f"]))
    return found, asked


def test_what_is_known_becomes_a_value_when_it_is_asked_for_and_once() -> None:
    found, asked = places()
    assert list(found) == ["first", "a", "b", "c", "between", "d", "e", "f"]
    assert len(found) == 8
    assert asked == []
    assert [found[name] for name in ("c", "a", "c", "f", "between")] == ["c at 2", "a at 0", "c at 2", "f at 1", "2"]
    assert asked == ["c", "a", "f"]
    assert "b" in found
    assert "g" not in found
    with pytest.raises(KeyError):
        found["g"]


def test_what_is_known_of_names() -> None:
    found, asked = places()
    known = found.known("b")
    assert known is not None
    assert known.names == ["a", "b", "c"]
    assert found.known_of(["between", "c", "g"]) == [None, known, None]
    assert found.has_none_of(["g", "h"])
    assert not found.has_none_of(["g", "f"])
    assert not found.has_none_of(["first"])
    assert asked == []


def test_parts_come_in_the_order_of_the_names() -> None:
    found, _ = places()
    parts = [part if isinstance(part, str) else list(part.names) for part in found.parts()]
    assert parts == ["first", ["a", "b", "c"], "between", ["d"], ["e", "f"]]


def test_a_copy_has_the_values() -> None:
    found, _ = places()
    assert pickle.loads(pickle.dumps(found)) == dict(found)
