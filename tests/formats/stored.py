"""Classes whose values are stored, and strategies that make values of them."""

import dataclasses
import string
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from hypothesis import strategies as st
from pydantic import BaseModel, PrivateAttr


class Sky(Enum):
    CLEAR = "clear"
    RAIN = ("rain", 3)


class Level(IntEnum):
    LOW = 1
    HIGH = 9


class Town(StrEnum):
    JFK = "jfk"


class Right(Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Point(NamedTuple):
    x: Any
    y: Any = 0


@dataclasses.dataclass
class Mean:
    total: Any
    parts: list[Any] = dataclasses.field(default_factory=list)
    number: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        self.number += 1

    @cached_property
    def half(self) -> Any:
        return self.number / 2


@dataclasses.dataclass(frozen=True, slots=True)
class Flight:
    origin: Any
    delay: Any = None


class Wind(BaseModel):
    speed: Any
    gusts: Any = None
    _seen: int = PrivateAttr(default=0)


class Loose(BaseModel, extra="allow"):
    name: str = ""


class Outer:
    @dataclasses.dataclass
    class Inner:
        value: Any


_zones = st.none() | st.timezones() | st.just(UTC)
_zones |= st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
_zones |= st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)), st.text(max_size=3))
_ints = st.integers() | st.integers(-(2**80), 2**80) | st.integers(2**63 - 2, 2**63 + 2)
_decimals = st.decimals(allow_nan=False) | st.sampled_from([Decimal("-0"), Decimal("1.00"), Decimal("Infinity")])
_names = st.text(string.ascii_letters, min_size=1, max_size=5)
_texts = st.text(st.characters(), max_size=8) | st.sampled_from(["$type", "$value", "\ud83d\ude00", "😀", ""])

_LEAVES = (
    st.none()
    | st.booleans()
    | _ints
    | st.floats(allow_nan=False)
    | _texts
    | st.binary(max_size=5)
    | st.complex_numbers(allow_nan=False)
    | _decimals
    | st.fractions()
    | st.uuids()
    | st.builds(Path, _names, _names)
    | st.builds(PurePosixPath, _names)
    | st.builds(PureWindowsPath, _names, _names)
    | st.dates()
    | st.datetimes(timezones=_zones, allow_imaginary=False)
    | st.times(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
    | st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 3))
    | st.sampled_from([*Sky, *Level, *Town, *Right, Right.READ | Right.RUN, Right(0)])
)


@st.composite
def _leaves(draw: st.DrawFn) -> Any:
    """Make a value with none in it; a name of its own keeps what hypothesis writes of strategies short."""
    return draw(_LEAVES)


_HASHABLES = st.recursive(
    _leaves(),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(inner, max_size=3)
        | st.builds(Flight, inner, inner)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


@st.composite
def hashables(draw: st.DrawFn) -> Any:
    """Make a hashable value of any type that can be stored, without NaN, which is equal to nothing."""
    return draw(_HASHABLES)


_VALUES = st.recursive(
    hashables() | st.binary(max_size=5).map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_texts, inner, max_size=3)
        | st.dictionaries(hashables(), inner, max_size=3)
        | st.sets(hashables(), max_size=3)
        | st.builds(deque, st.lists(inner, max_size=3), st.none() | st.integers(3, 5))
        | st.dictionaries(hashables(), inner, max_size=2).map(OrderedDict)
        | st.dictionaries(hashables(), st.integers(), max_size=2).map(Counter)
        | st.builds(
            defaultdict, st.sampled_from([None, int, list, set]), st.dictionaries(hashables(), inner, max_size=2)
        )
        | st.builds(Mean, inner, st.lists(inner, max_size=2))
        | st.builds(Wind, speed=inner)
        | st.builds(Wind, speed=inner, gusts=inner)
        | st.builds(Loose, more=inner)
        | st.builds(Outer.Inner, inner)
    ),
    max_leaves=12,
)


@st.composite
def stored_values(draw: st.DrawFn) -> Any:
    """Make a value of any type that can be stored."""
    return draw(_VALUES)


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal, and they and all in them are of the same types."""
    return one == other and shape(one) == shape(other)


def shape(value: Any) -> Any:
    """Return the types of a value and of all in it, and what equality does not look at."""
    kind: Any = type(value)
    if isinstance(value, dict):
        more = (value.default_factory,) if isinstance(value, defaultdict) else ()
        return (kind, *more, [(shape(key), shape(item)) for key, item in value.items()])
    if isinstance(value, set | frozenset):
        return (kind, sorted(str(shape(item)) for item in value))
    if isinstance(value, list | tuple | deque):
        return (kind, getattr(value, "maxlen", None), [shape(item) for item in value])
    if dataclasses.is_dataclass(value):
        return (kind, [shape(getattr(value, field.name)) for field in dataclasses.fields(value)])
    if isinstance(value, BaseModel):
        return (kind, shape(dict(value)), value.model_fields_set, value.__pydantic_private__)
    if isinstance(value, complex):
        return (kind, str(value.real), str(value.imag))
    return (kind, str(value), getattr(value, "fold", 0), str(getattr(value, "tzinfo", None)))
