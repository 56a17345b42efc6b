"""Whether one type fits another, how a value is checked against a type, and how a type is written."""

# ruff: noqa: UP007, UP045 - types are looked at as older code has them, too
import collections.abc as abc
import datetime
import enum
import typing
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, Optional, Protocol, TypedDict, TypeVar, Union

import pydantic
import pytest

from fbcore.model import types
from fbcore.model.types import fits, name_of, reader, resolve

T = TypeVar("T")
UserId = NewType("UserId", int)
AdminId = NewType("AdminId", UserId)


class Animal: ...


class Dog(Animal): ...


class Box(Generic[T]): ...


class DogBox(Box[Dog]): ...


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Movie(TypedDict):
    title: str


class Closes(Protocol):
    def close(self) -> None: ...


@typing.runtime_checkable
class Runs(Protocol):
    def run(self) -> None: ...


class Runner:
    def run(self) -> None: ...


FIT = [
    # the same, and anything
    (int, int),
    (int, Any),
    (Any, int),
    (int, object),
    (Any, None),
    (None, None),
    (None, type(None)),
    # subclasses
    (Dog, Animal),
    (bool, int),
    (Level, int),
    (datetime.datetime, datetime.date),
    (dict, abc.Mapping),
    (list, abc.Iterable),
    # numbers, as PEP 484 has them
    (int, float),
    (bool, float),
    (Level, float),
    (float, complex),
    (int, complex),
    (bytearray, bytes),
    # unions
    (int, int | str),
    (int | str, str | int),
    (int | str, int | str | None),
    (None, Optional[int]),
    (bool | int, float | str),
    (Union[int, str], object),
    (list[int] | None, abc.Sequence[int] | None),
    # generics
    (list[int], list[int]),
    (list[int], list),
    (list, list[int]),
    (list[int], abc.Sequence[int]),
    (list[int], abc.Iterable[float]),
    (list[Dog], list[Animal]),
    (dict[str, int], abc.Mapping[str, float]),
    (dict[str, int], dict[str, Any]),
    (dict[str, int], abc.Iterable[str]),
    (Box[Dog], Box[Animal]),
    (DogBox, Box[Dog]),
    (Box, Box[int]),
    (type[Dog], type[Animal]),
    (type[Dog], type),
    (abc.Callable[[int], str], abc.Callable),
    (list[int | str], list[str | int | None]),
    (typing.List[int], list[int]),  # noqa: UP006 - as older code has it
    # tuples
    (tuple[int, str], tuple[int, str]),
    (tuple[int, int], tuple[int, ...]),
    (tuple[int, ...], tuple[int, ...]),
    (tuple[int, ...], tuple[float, ...]),
    (tuple[bool, str], tuple[int, object]),
    (tuple[int, str], tuple),
    (tuple[int, str], abc.Sequence[object]),
    # names for types
    (UserId, int),
    (UserId, UserId),
    (AdminId, UserId),
    (AdminId, int),
    (UserId, float),
    (UserId, int | None),
    (Annotated[int, "positive"], int),
    (int, Annotated[int, "positive"]),
    (list[Annotated[int, "positive"]], list[int]),
    (T, int),
    (int, T),
    # literals
    (Literal[1], int),
    (Literal["a", "b"], str),
    (Literal["a", 1], str | int),
    (Literal["a", None], str | None),
    (Literal["a"], Literal["a", "b"]),
    (Literal["a"], Literal["a"] | None),
    (Literal[Color.RED], Color),
    (Literal[1], float),
    # protocols, typed dicts, enums
    (Runner, Runs),
    (Dog, Closes),
    (Movie, dict),
    (Movie, abc.Mapping),
    (dict, Movie),
    (Color, enum.Enum),
]

NO_FIT = [
    (int, str),
    (str, int),
    (int, None),
    (None, int),
    (object, int),
    (Animal, Dog),
    (int, bool),
    (float, int),
    (str, bytes),
    (bytes, bytearray),
    (str, float),
    (str, Path),
    (int | str, int),
    (int | None, int),
    (Optional[int], int),
    (int, str | bytes),
    (list[int | str], list[int]),
    (list[int], list[str]),
    (list[int], abc.Iterable[str]),
    (list[int], set[int]),
    (abc.Sequence[int], list[int]),
    (dict[str, int], dict[str, str]),
    (dict[str, int], dict[int, int]),
    (dict[str, list[int]], dict[str, list[str]]),
    (Box[Animal], Box[Dog]),
    (Box[int], Box[str]),
    (Box[int], list[int]),
    (type[Animal], type[Dog]),
    (tuple[int, str], tuple[str, int]),
    (tuple[int], tuple[int, int]),
    (tuple[int, str], tuple[int, ...]),
    (tuple[int, ...], tuple[int]),
    (int, UserId),
    (UserId, AdminId),
    (UserId, str),
    (Annotated[int, "positive"], str),
    (str, Literal["a"]),
    (Literal["a"], int),
    (Literal["a", 1], str),
    (Literal["a", "b"], Literal["a"]),
    (Literal["a"], Literal["b"] | int),
    (Dog, Runs),
    (Color, int),
    (list, abc.Hashable),
]


@pytest.mark.parametrize(("source", "target"), FIT, ids=str)
def test_a_type_that_fits(source, target):
    """Every value of the one may go where the other is wanted, or nobody can say."""
    assert fits(source, target)


@pytest.mark.parametrize(("source", "target"), NO_FIT, ids=str)
def test_a_type_that_does_not_fit(source, target):
    """Some value of the one is not wanted there."""
    assert not fits(source, target)


# -- writing types ----------------------------------------------------------------------------------------


def local_class() -> type:
    class Local: ...

    return Local


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (int, "int"),
        (Dog, "Dog"),
        (local_class(), "Local"),
        (list[local_class()], "list[Local]"),
        (local_class() | None, "Local | None"),
        (None, "None"),
        (type(None), "None"),
        (Any, "Any"),
        (dict[str, int], "dict[str, int]"),
        (list[Dog], "list[Dog]"),
        (Optional[Dog], "Dog | None"),
        (Union[int, str], "int | str"),
        (dict[str, list[Dog | None]], "dict[str, list[Dog | None]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (abc.Sequence[int], "Sequence[int]"),
        (abc.Callable[[int], str], "Callable[[int], str]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[int, "positive"], "int"),
        (UserId, "UserId"),
        (T, "T"),
        (Box[Dog], "Box[Dog]"),
        (datetime.date, "date"),
        (list, "list"),
    ],
    ids=str,
)
def test_a_type_is_written_as_a_reader_would(kind, written):
    """Without modules, and without the functions that classes stand in."""
    assert name_of(kind).removeprefix("~") == written


# -- reading annotations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("int", (int, True)),
        ("list[Dog]", (list[Dog], True)),
        (list["Dog"], (list[Dog], True)),
        (dict[str, "list[Dog]"], (dict[str, list[Dog]], True)),
        ("Dog | None", (Dog | None, True)),
        ("Optional['Dog']", (Optional[Dog], True)),
        (Union["Dog", None], (Optional[Dog], True)),
        (Literal["Dog"], (Literal["Dog"], True)),
        (Annotated[int, "Dog"], (Annotated[int, "Dog"], True)),
        ("None", (None, True)),
        ("Missing", (Any, False)),
        ("missing.Kind", (Any, False)),
        ("Missing[int]", (Any, False)),
        ("list[Missing]", (list[Any], False)),
        ("no python", (Any, False)),
        (int, (int, True)),
    ],
    ids=str,
)
def test_an_annotation_is_resolved_as_far_as_it_can_be(annotation, expected):
    """Strings and forward references become types; what cannot be found counts as Any, and is told."""
    assert resolve(annotation, globals()) == expected


def test_the_first_scope_that_has_a_name_wins():
    """A name local to a function hides that of the module; builtins come last."""
    assert resolve("Dog", {"Dog": Animal}, globals()) == (Animal, True)
    assert resolve("Dog", {}, globals()) == (Dog, True)
    assert resolve("int", {"int": str}) == (str, True)


@pytest.mark.parametrize(("kind", "made"), [(int, []), (Any, []), (int | str, [int | str]), (list[int], [list[int]])])
def test_what_every_check_needs_is_made_before_the_first(kind, made, monkeypatch):
    """No node spends a turn on making what checks its values, unless most values need no such thing."""
    asked = []
    monkeypatch.setattr(types, "_adapter", asked.append)
    reader(kind, strict=True)
    assert asked == made


PLAIN_TEXTS = ["0", "7", "007", "2.5", ".5", "5.", "1" * 15, "a.csv", "", "in here/b", "/", "a\nb"]
OTHER_TEXTS = ["-1", "+1", " 3 ", "1_000", "1e3", "nan", "inf", ".", "1.2.3", "٣", "²", "1" * 30, "x"]


@pytest.mark.parametrize("kind", [int, float, Path])
@pytest.mark.parametrize("text", [*PLAIN_TEXTS, *OTHER_TEXTS])
def test_what_a_plain_text_says_is_what_pydantic_makes_of_it(kind, text):
    """Paths and plain numbers are read without pydantic, as it would read them, and what it refuses is refused."""
    by_pydantic = pydantic.TypeAdapter(kind)
    try:
        expected = by_pydantic.validate_python(text)
    except ValueError:
        with pytest.raises(ValueError, match="valid"):
            reader(kind, strict=False)(text)
    else:
        found = reader(kind, strict=False)(text)
        assert (type(found), repr(found)) == (type(expected), repr(expected))


@pytest.mark.parametrize(("kind", "text"), [(int, "7"), (float, "2.5"), (Path, "a.csv")])
def test_a_plain_text_needs_no_pydantic(kind, text, monkeypatch):
    """What the words of a command line mean most often is found before pydantic is loaded."""
    monkeypatch.setattr(types, "_adapter", lambda kind: pytest.fail("pydantic was asked"))
    assert reader(kind, strict=False)(text) == kind(text)
