"""Any value as plain data, the same for equal values in every process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from array import array
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fbcore import Failure, NodeError
from fbcore.formats.canonical import canonical, digest_of
from tests.habits.tree import ROOT


class Colour(Enum):
    RED = 1


class Point(NamedTuple):
    x: int
    y: int


class Plain:
    """An object of a user's own, without any way to compare or write it."""

    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)


class Slotted:
    __slots__ = ("part",)

    def __init__(self, part: Any) -> None:
        self.part = part


ALIKE = [
    (lambda: {"b", "a", "c"}, lambda: {"c", "b", "a"}),
    (lambda: Plain(x=1, y=[2]), lambda: Plain(y=[2], x=1)),
    (lambda: Slotted({1}), lambda: Slotted({1})),
    (lambda: Point(1, 2), lambda: Point(1, 2)),
    (lambda: ValueError("a"), lambda: ValueError("a")),
    (lambda: Decimal("1.50"), lambda: Decimal("1.50")),
    (lambda: Path("a/b"), lambda: Path("a") / "b"),
    (lambda: date(2026, 1, 2), lambda: date(2026, 1, 2)),
    (lambda: float("nan"), lambda: float("nan")),
    (lambda: asyncio.Event, lambda: asyncio.Event),
    (lambda: (each for each in ()), lambda: (each for each in ())),
    (lambda: iter([1, 2]), lambda: iter([1, 2])),
    (lambda: 1 << 20_000, lambda: 1 << 20_000),
]
DIFFERENT = [
    (1, 1.0),
    (1, True),
    (0.0, -0.0),
    ("1", 1),
    ([1], (1,)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1}, frozenset({1})),
    (b"a", bytearray(b"a")),
    (Point(1, 2), (1, 2)),
    (Plain(x=1), Plain(x=2)),
    (Slotted(1), Slotted(2)),
    (Colour.RED, 1),
    (ValueError("a"), ValueError("b")),
    (ValueError("a"), TypeError("a")),
    (list("ab"), "ab"),
    (None, "None"),
    ({"tuple": [1]}, (1,)),
    (1 << 100, hex(1 << 100)),
    (Failure(1, NodeError("a", "n"), "n"), Failure(2, NodeError("a", "n"), "n")),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_equal_values_are_alike(one, other):
    """Values that say the same have one digest, though they are different objects."""
    assert one() is not other() or isinstance(one(), type)
    assert digest_of(one()) == digest_of(other())


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_values_differ(one, other):
    """Values that differ in content, or only in type, have two."""
    assert digest_of(one) != digest_of(other)


def test_an_object_without_content_counts_by_its_type():
    """What neither pickles nor has a repr of its own is written without its memory address."""
    assert "0x" not in json.dumps(canonical([(each for each in ()), asyncio.Event(), lambda: 1]))


def test_what_holds_itself_is_written():
    """A value that contains itself comes to an end, and differs from one that does not."""
    loop: list[Any] = [1]
    loop.append(loop)
    assert canonical(loop) == [1, {"again": 1}]


def test_arrays_count_by_their_content():
    """What pickles by pieces, as arrays do, is what is in it, however short its repr."""
    one, other = array("d", bytes(80_000)), array("d", bytes(80_000))
    assert digest_of(one) == digest_of(other)
    other[5_000] = 1
    assert digest_of(one) != digest_of(other)


SCRIPT = """
from tests.formats.test_canonical import ALIKE, Colour, digest_of
print([digest_of(make()) for make, _ in ALIKE], digest_of(Colour.RED, {"x": {"b", "a"}, "y": frozenset("hello")}))
"""


@pytest.mark.slow
def test_digests_are_the_same_in_every_process():
    """The seed of hashes, which orders sets, changes no digest."""
    said = set()
    for seed in ("0", "7", "99"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], check=True, cwd=ROOT, env=environment, capture_output=True, text=True
        )
        said.add(run.stdout)
    assert len(said) == 1
