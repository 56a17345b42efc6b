"""Searches that draw schedules: what they find is there, what they do not find may be there all the same.

Uniform random choice; POS (partial order sampling: a random priority for each step that is next, drawn anew for the
steps that it races with; Yuan, Yang, Gu 2018); PCT (probabilistic concurrency testing: random priorities of processes,
and a few random places where the foremost falls back; Burckhardt and others 2010).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Sequence
from itertools import chain, islice, repeat
from typing import Protocol

from fbdev.explore.by_race import are_dependent
from fbdev.explore.execution import Execution
from fbdev.explore.graph import State, StateGraph
from fbdev.explore.record import SamplesRecord
from fbdev.explore.session import Session
from fbdev.explore.words import Accesses


class Draw(Protocol):
    """Chooses the next process of one execution."""

    def choose(self, execution: Execution) -> str:
        """Return one of the available processes."""
        ...


class Uniform:
    """Every available process is as likely as any other."""

    def __init__(self, chance: random.Random, length: int) -> None:
        self._chance = chance

    def choose(self, execution: Execution) -> str:
        """See `Draw`."""
        available = execution.available
        return available[int(self._chance.random() * len(available))]


class PartialOrder:
    """Each step that is next has a priority, drawn anew when a step it races with was made."""

    def __init__(self, chance: random.Random, length: int) -> None:
        self._chance = chance
        self._priorities: dict[str, float] = {}

    def choose(self, execution: Execution) -> str:
        """See `Draw`."""
        priorities = self._priorities
        for name in execution.available:
            if name not in priorities:
                priorities[name] = self._chance.random()
        chosen = max(execution.available, key=priorities.__getitem__)
        touched = execution.pending(chosen)
        del priorities[chosen]
        for name in execution.available:
            if name in priorities and touched is not None and self._races(touched, execution.pending(name)):
                del priorities[name]
        return chosen

    @staticmethod
    def _races(touched: Accesses, other: Accesses) -> bool:
        return other is not None and are_dependent(touched, other)


class Depth:
    """Processes have priorities, and at two random places the foremost becomes the last: bugs of depth three."""

    def __init__(self, chance: random.Random, length: int) -> None:
        self._chance = chance
        self._priorities: dict[str, float] = {}
        self._changes = {chance.randrange(max(1, length)): float(number) for number in (-1, -2)}
        self._steps = 0

    def choose(self, execution: Execution) -> str:
        """See `Draw`."""
        for name in execution.available:
            self._priorities.setdefault(name, self._chance.random())
        chosen = max(execution.available, key=self._priorities.__getitem__)
        if (lower := self._changes.get(self._steps)) is not None:
            self._priorities[chosen] = lower
            chosen = max(execution.available, key=self._priorities.__getitem__)
        self._steps += 1
        return chosen


DRAWS: dict[str, tuple[Callable[[random.Random, int], Draw], ...]] = {
    "random": (Uniform,),
    "pos": (PartialOrder,),
    "pct": (Depth,),
    "sample": (Uniform, PartialOrder),
}
"""The samplers by name; of several, each draws in turn."""


WARM = 16
"""The first samples, by which the length of executions is told; what comes after does not depend on their order."""


class Sampling:
    """A number of executions whose schedules are drawn.

    Each is drawn by its own number: in whatever order they are drawn, and on how many cores, they are the same.
    """

    def __init__(
        self,
        session: Session,
        samples: int,
        seed: int,
        kind: str = "sample",
        read: Callable[[Execution], Hashable] | None = None,
        record: SamplesRecord | None = None,
    ) -> None:
        self._session = session
        self.samples = max(samples, record.count) if record else samples
        self._seed = seed
        self._chance = random.Random()
        self._draws = DRAWS[kind]
        self._read = read
        self._numbers: dict[Hashable, int] = {}
        self.length = record.length if record else 10
        self.left = [(begin, end) for begin, end in record.left] if record else []
        known = record.count if record else 0
        if self.samples > known:
            self.left.append((known, self.samples))
        self.given: list[tuple[int, int]] = []
        """Ranges of samples that others draw now."""
        self.graph = StateGraph()

    @property
    def drawn(self) -> int:
        """How many samples were drawn."""
        return self.samples - sum(end - begin for begin, end in (*self.left, *self.given))

    def run(self, below: int | None = None) -> None:
        """Draw all samples that are left, or those of the numbers below one."""
        while self.left and (below is None or self.left[0][0] < below):
            (number, end), *others = self.left
            steps = self.draw(number)
            length = max(self.length, steps) if number < WARM else self.length
            left = [(number + 1, end), *others] if number + 1 < end else others
            # At once, for whoever interrupts this goes on with both or with neither.
            self.left, self.length = left, length

    def draw(self, number: int) -> int:
        """Draw the sample of this number, and return how many steps it has."""
        # Numbers in a row make generators that have nothing in common.
        self._chance.seed((self._seed << 40) + number)
        draw = self._draws[number % len(self._draws)](self._chance, self.length)
        path: list[str] = []
        execution = self._session.begin()
        try:
            self._one(execution, draw, path)
        finally:
            execution.close()
        return len(path)

    def record(self) -> SamplesRecord:
        """Return what is needed to go on from here."""
        return SamplesRecord(self.samples, [*self.left, *self.given], self.length)

    def give(self, count: int) -> tuple[int, int]:
        """Give away so many samples of those that are left, at most, for others to draw."""
        (begin, end), *others = self.left
        turn = min(begin + count, end)
        given = (begin, turn)
        self.left, self.given = [(turn, end), *others] if turn < end else others, [*self.given, given]
        return given

    def take_back(self, given: tuple[int, int], upto: int) -> None:
        """Take back what was not drawn of the samples that were given away."""
        left = [(upto, given[1])] if upto < given[1] else []
        self.left, self.given = [*left, *self.left], [each for each in self.given if each != given]

    def take_all_back(self) -> None:
        """Take back all samples that were given away."""
        self.left, self.given = [*self.given, *self.left], []

    def _one(self, execution: Execution, draw: Draw, path: list[str]) -> None:
        session = self._session
        session.check(execution, path)
        here = self._number(execution)
        while execution.available:
            if len(path) >= session.meter.budget.depth:
                session.was_cut = True
                return
            name = draw.choose(execution)
            session.step(execution, name, path)
            if self._read is not None:
                there = self._number(execution)
                self.graph.states[here].lead(name, there)
                here = there
        session.ended(execution, path)

    def _number(self, execution: Execution) -> int:
        if self._read is None:
            return 0
        key = self._read(execution)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            can = execution.available
            is_stuck = not can and bool(execution.waiting)
            state = State(self._numbers[key], execution.state, can, is_stuck=is_stuck)
            self.graph.states.append(state)
        return self._numbers[key]


def run_path(session: Session, path: Sequence[str], depth: int) -> tuple[list[str], list[Hashable]]:
    """Make the steps of a path, go on with the first available process to the end, and return what was reached."""
    execution = session.begin()
    made: list[str] = []
    reached: list[Hashable] = [execution.labels_key()]
    try:
        available = execution.available
        for wanted in islice(chain(path, repeat(None)), depth):
            if not available:
                break
            name = available[0] if wanted is None else wanted
            execution.next(name)
            made.append(name)
            available = execution.available
            reached.append((execution.labels_key(), tuple(available)))
        session.meter.steps += len(made)
        reached.append(execution.end_key())
    finally:
        execution.close()
    return made, reached
