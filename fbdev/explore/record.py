"""What is kept of an exploration that has not come to its end, so that it can go on in another process.

What tells states from others means nothing in another process: there are addresses of code and classes in it. So a
state is kept as the step that led to it first, and the state before; whoever goes on makes these steps again, and reads
all states anew. That costs a step for every state, where the search made one for every arrow between two.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from fbdev.explore.words import Accesses, ExploreError

FORMAT, VERSION = "fbdev-exploration", 1


@dataclass(slots=True)
class TreeRecord:
    """States, as steps: state 0 is the first; state k + 1 was reached from `parents[k]` by process `names[by[k]]`.

    `marks` are check sums of what the processes had reached in each state, or there are none. Where states hold sets,
    `has_sets`, their order is a part of them, and another one in each process.
    """

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    by: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    has_sets: bool = False


@dataclass(slots=True)
class StatesRecord:
    """A search by states: of each state whose steps are left; arrows, as `source, process, target`; what is wrong."""

    tree: TreeRecord
    left: list[list[int]]
    arrows: list[int]
    wrong: list[int]
    probes: int = 0
    merged_wrongly: str = ""


@dataclass(slots=True)
class ForkRecord:
    """A state on the path of a search by orders: what led there in all, and what is left, each with what it costs."""

    mark: int
    spent: int
    left: list[tuple[str, int]]


@dataclass(slots=True)
class OrdersRecord:
    """A search by orders: its path, and the states that it knows, each with how many preemptions led there."""

    path: list[str]
    forks: list[ForkRecord]
    bound: int | None
    was_bounded: bool
    known: TreeRecord | None
    spent: list[int]


Touched = list[tuple[str | list[Any], bool]] | None
"""The accesses of a step, for JSON."""


@dataclass(slots=True)
class RaceRecord:
    """A state on the path of a search by races; `done` and `sleep` are steps, and what they touched."""

    mark: int
    done: list[tuple[str, Touched]]
    sleep: list[tuple[str, Touched]]
    left: list[str]


@dataclass(slots=True)
class RacesRecord:
    """A search by races: its path, and what is left to reverse."""

    path: list[str]
    nodes: list[RaceRecord]


@dataclass(slots=True)
class SamplesRecord:
    """Samples: how many there are to be, the ranges of numbers that were not drawn, and the steps of the longest."""

    count: int
    left: list[tuple[int, int]]
    length: int


@dataclass(slots=True)
class CourseRecord:
    """How far an exploration has come in each of its searches, and what it turned away from and why."""

    unreadable: str = ""
    unreduced: str = ""
    proven: int = -1
    reads: bool = True
    states: StatesRecord | None = None
    orders: OrdersRecord | None = None
    races: RacesRecord | None = None
    samples: SamplesRecord | None = None


@dataclass(slots=True)
class EndRecord:
    """An end: how each process ended, and by which schedule."""

    reached: dict[str, str]
    schedule: list[str]


@dataclass(slots=True)
class FailureRecord:
    """A failure that was found while going on past it was asked for."""

    kind: Literal["deadlock", "livelock", "invariant", "end", "exception", "sentinel"]
    what: str
    schedule: list[str]
    process: str
    state: dict[str, str]
    trace: str


@dataclass(slots=True)
class SpentRecord:
    """What was spent so far."""

    executions: int = 0
    steps: int = 0
    seconds: float = 0.0
    sleep_blocked: int = 0


@dataclass(slots=True)
class SharingRecord:
    """What was learned of a net: nodes that share something behind their ports, and what."""

    unseen: list[str]
    is_aliased: bool
    found: dict[str, list[str]]
    changed: list[str]


Asked = Literal["told", "told_still", "drawn", "unheard", "outside"]
"""What processes ask of what lies around them: see `Surroundings`."""


@dataclass(slots=True)
class LearnedRecord:
    """What was learned of the program while it ran."""

    unseen: list[str] = field(default_factory=list)
    names_objects: bool = False
    announces: bool = False
    conditions_fail: bool = False
    random_state: tuple[int, list[int], float | None] | None = None
    was_cut: bool = False
    notes: list[str] = field(default_factory=list)
    sharing: SharingRecord | None = None
    surroundings: dict[Asked, dict[str, list[str]]] = field(default_factory=dict)


@dataclass(slots=True)
class ProgramRecord:
    """What is explored: its name, and check sums of its sources by module, and of the data that it is given by name."""

    name: str
    sources: dict[str, str]
    data: dict[str, str]


@dataclass(slots=True)
class PlanRecord:
    """How it is explored."""

    search: str
    depth: int
    samples: int
    seed: int
    keep_going: bool


@dataclass(slots=True)
class Record:
    """All that is kept. `order` is that in which Python goes through sets of texts in the process that wrote it."""

    format: Literal["fbdev-exploration"]
    version: Literal[1]
    order: int
    program: ProgramRecord
    plan: PlanRecord
    spent: SpentRecord
    learned: LearnedRecord
    course: CourseRecord
    ends: list[EndRecord]
    failures: list[FailureRecord]


def mark_of(reached: object) -> int:
    """Return a check sum of what processes have reached: the same in every process."""
    return zlib.crc32(repr(reached).encode("utf-8", "backslashreplace"))


def order_of_sets() -> int:
    """Return what is the same in two processes exactly when they go through sets of texts in one order."""
    return hash("fbdev.explore")


def has_sets(key: Hashable) -> bool:
    """Tell whether there are sets in a state."""
    return isinstance(key, tuple) and any(isinstance(each, type) and issubclass(each, set | frozenset) for each in key)


def touched_of(accesses: Accesses) -> Touched:
    """Write accesses for JSON.

    Raises:
        ExploreError: something that is touched is named neither by a text nor by a tuple of texts and numbers.
    """
    return None if accesses is None else [(_name_for_json(name), is_write) for name, is_write in accesses.items()]


def accesses_of(touched: Touched) -> Accesses:
    """Read accesses."""
    return None if touched is None else {_name_of(name): is_write for name, is_write in touched}


def _name_for_json(name: Hashable) -> Any:
    if isinstance(name, tuple):
        return [_name_for_json(each) for each in name]
    if isinstance(name, str | int):
        return name
    raise ExploreError(f"what is called {name!r} cannot be kept", "explore", "name what processes touch by a text")


def _name_of(name: Any) -> Hashable:
    return tuple(map(_name_of, name)) if isinstance(name, list) else name
