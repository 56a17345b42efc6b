"""Policies of edges as words: what they can be, how packets are measured, and how they are written."""

import collections
from fractions import Fraction
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NewType

import pytest

from fbcore.model.edge_policy import (
    EdgePolicy,
    bytes_in_words,
    bytes_of,
    has_length,
    in_words,
    is_amount,
    length,
    measure_of,
    named,
    policy_of,
    problems_of,
)

Name = NewType("Name", str)


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "kind", [str, bytes, bytearray, memoryview, str | bytes, str | None, Annotated[str, "short"], Name, Text]
)
def test_texts_and_bytes_have_a_length(kind):
    """Every value of these types can be measured without being told how."""
    assert has_length(kind)


@pytest.mark.parametrize("kind", [int, Any, object, None, list[str], str | int, Literal["a"], "str"])
def test_nothing_else_has_one(kind):
    """Where one value could be something else, somebody has to say how packets are measured."""
    assert not has_length(kind)


def test_lengths():
    """A view counts its bytes and not its items, and nothing is 0 long."""
    assert [length(each) for each in ("abc", b"ab", None, memoryview(b"abcd").cast("i"))] == [3, 2, 0, 4]


@pytest.mark.parametrize(
    ("given", "count"),
    [(10, 10), ("10 B", 10), ("1.5 kB", 1500), ("2mb", 2_000_000), (" 1 GB ", 10**9)]
    + [(each, None) for each in (0, -1, True, 1.5, "", "ten", "10", "0 B", "1 TB", [1])],
)
def test_numbers_of_bytes(given, count):
    """They are whole numbers, or texts with a unit."""
    assert bytes_of(given) == count


def test_bytes_are_written_as_people_do():
    """In the largest unit, with one digit behind the point where that tells more."""
    written = [bytes_in_words(count) for count in (0, 999, 1000, 1234, 10_000_000, 2_500_000_000)]
    assert written == ["0 B", "999 B", "1 kB", "1.2 kB", "10 MB", "2.5 GB"]


def test_functions_are_found_by_name():
    """A name has a module; one that cannot be imported, or is no function, is none."""
    assert named("builtins.len") is len
    found = [named(each) for each in ("len", "", ".", "os.nowhere", "nowhere.len", "math.pi", "this is.none")]
    assert found == [None] * len(found)


def test_priorities_are_attributes_or_keys():
    """A name without a dot is that of an attribute, or of a key where the packet is a mapping."""
    measure = measure_of("urgency")
    assert measure is not None
    packets = [{"urgency": 3}, collections.ChainMap({"urgency": 3}), SimpleNamespace(urgency=3)]
    assert [measure(each) for each in packets] == [3, 3, 3]
    assert measure_of("builtins.abs") is abs
    assert [measure_of(each) for each in (3, None, "no name")] == [None] * 3


@pytest.mark.parametrize(("value", "is_one"), [(0, True), (2.5, True), (Fraction(1, 3), True), (10**400, True)])
def test_amounts(value, is_one):
    """An amount is a finite real number, of whatever library."""
    assert is_amount(value) is is_one
    for other in (True, float("nan"), float("inf"), 1j, "1", None):
        assert not is_amount(other)


def test_what_takes_back_is_no_policy():
    """Words that take back what was said elsewhere leave nothing."""
    said = {"bytes": "unbounded", "expiry": "never", "priority": "nothing", "drop": "nothing", "size": len}
    assert list(problems_of(said)) == []
    assert policy_of(said) == EdgePolicy(size=len)
    assert not policy_of(said)
    assert in_words(said) == []


def test_policies_in_words():
    """Drawings say them shortly; a function by its name, if it has one."""
    words = in_words({"bytes": 5000, "expiry": 90, "priority": "builtins.len", "drop": "newest"})
    assert words == ["at most 5 kB", "for 90 s", "by len", "drops the newest"]
    assert [in_words({"priority": each}) for each in ("size", abs, lambda packet: 1)] == [
        ["by size"],
        ["by abs"],
        ["by priority"],
    ]
