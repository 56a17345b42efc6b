"""Values from outside are checked against the types of ports: leniently for configs, strictly for inputs."""

import datetime
import enum
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NewType, Protocol

import pytest

from fbcore.model.types import reader, reason

UserId = NewType("UserId", int)


class Dog: ...


class Color(enum.Enum):
    RED = "red"


class Closes(Protocol):
    def close(self) -> None: ...


@typing.runtime_checkable
class Sized(Protocol):
    size: int


@dataclass
class Point:
    x: int
    y: int


def read(kind: Any, value: Any, *, strict: bool) -> Any:
    return reader(kind, strict=strict)(value)


LENIENT = [
    (Path, "a.csv", Path("a.csv")),
    (int, "7", 7),
    (int, 7.0, 7),
    (float, "1.5", 1.5),
    (bool, "yes", True),
    (int | None, "7", 7),
    (int | None, None, None),
    (list[int], ["1", 2], [1, 2]),
    (tuple[int, str], ["1", "a"], (1, "a")),
    (dict[str, Path], {"a": "b"}, {"a": Path("b")}),
    (datetime.date, "2013-01-02", datetime.date(2013, 1, 2)),
    (Color, "red", Color.RED),
    (Literal["a", "b"], "b", "b"),
    (UserId, "3", 3),
    (Any, object, object),
    (object, 3, 3),
    (str, "text", "text"),
]


@pytest.mark.parametrize(("kind", "given", "expected"), LENIENT, ids=str)
def test_lenient_reading_converts(kind, given, expected):
    """Text from a command line becomes what the type wants."""
    found = read(kind, given, strict=False)
    assert (found, type(found)) == (expected, type(expected))


STRICT = [
    (int, 7),
    (int, True),
    (float, 1.5),
    (float, 7),
    (float, True),
    (bytes, bytearray(b"x")),
    (str, "a"),
    (None, None),
    (int | None, None),
    (int | str, "a"),
    (list[int], [1, 2]),
    (list, [1, "a"]),
    (dict[str, list[int]], {"a": [1]}),
    (tuple[int, ...], (1, 2, 3)),
    (Sequence[int], [1, 2]),
    (Mapping[str, int], {"a": 1}),
    (set[str], {"a"}),
    (Path, Path("a")),
    (datetime.date, datetime.date(2013, 1, 2)),
    (Color, Color.RED),
    (Literal["a"], "a"),
    (Dog, Dog()),
    (list[Dog], [Dog()]),
    (Dog | None, Dog()),
    (Point, Point(1, 2)),
    (UserId, 3),
    (type[Dog], Dog),
    (Callable[[int], str], str),
    (Any, object()),
    (Closes, object()),
    (list[Closes], [object()]),
    (bytes, b"x"),
]


@pytest.mark.parametrize(("kind", "given"), STRICT)
def test_strict_reading_hands_on_the_very_object(kind, given):
    """What fits is not copied, and not converted."""
    assert read(kind, given, strict=True) is given


@pytest.mark.parametrize("strict", [True, False])
def test_an_iterator_is_not_consumed_by_checking(strict):
    """Its items cannot be known before they are taken."""
    items = iter([1, 2, 3])
    assert list(read(Iterator[int], items, strict=strict)) == [1, 2, 3]


REFUSED = [
    (int, "7"),
    (int, 7.0),
    (int, None),
    (str, 7),
    (float, "1.5"),
    (bool, 1),
    (Path, "a"),
    (list[int], (1, 2)),
    (list[int], [1, "2"]),
    (dict[str, int], {"a": "1"}),
    (tuple[int, str], (1, 2)),
    (tuple[int, ...], [1]),
    (int | None, "7"),
    (datetime.date, "2013-01-02"),
    (Color, "red"),
    (Literal["a"], "b"),
    (Dog, 3),
    (list[Dog], [3]),
    (Point, (1, 2)),
    (UserId, "3"),
]


@pytest.mark.parametrize(("kind", "given"), REFUSED, ids=str)
def test_strict_reading_refuses_what_would_have_to_be_converted(kind, given):
    """The reason is one line."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - pydantic's error is one, and its text is looked at
        read(kind, given, strict=True)
    assert "\n" not in reason(caught.value)
    assert reason(caught.value)[0].islower()


@pytest.mark.parametrize(
    ("kind", "given"),
    [(int, "many"), (int, None), (Path, 3), (list[int], "12"), (Color, "blue"), (Literal["a"], "b"), (Dog, "rex")],
    ids=str,
)
def test_lenient_reading_refuses_what_cannot_be_converted(kind, given):
    """Lenient is not careless."""
    with pytest.raises(ValueError, match=r"."):
        read(kind, given, strict=False)


def test_a_reader_is_used_many_times():
    """It keeps nothing of the values before."""
    read_int = reader(int, strict=False)
    assert [read_int("1"), read_int(2), read_int("3")] == [1, 2, 3]
    with pytest.raises(ValueError, match="valid integer"):
        read_int("x")
    assert read_int("4") == 4


def test_a_type_that_cannot_be_checked_is_not():
    """What pydantic has no words for goes through unchecked."""
    value, no_type = object(), object()
    assert read(no_type, value, strict=True) is value
    assert read(no_type, value, strict=False) is value


def test_reasons_are_told_in_one_line():
    """Several faults of one value are separated by semicolons; an error without words is named."""
    with pytest.raises(ValueError, match=r".") as caught:
        read(list[int], ["a", "b"], strict=True)
    assert reason(caught.value).count("; ") == 1
    assert reason(ValueError()) == "ValueError"
    assert reason(ValueError("no")) == "no"
