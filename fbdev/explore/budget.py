"""How much may be spent on an exploration, and how much has been."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fbdev.explore.words import ExploreError


class SpentError(Exception):
    """The budget is spent; it never leaves the explorer."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What an exploration may take: executions, steps, seconds, bytes kept in memory, and steps of one execution.

    None is no limit.

    Example:
        from fbdev.explore import Budget

        print(Budget(executions=1000, seconds=None))
        #> Budget(executions=1000, steps=None, seconds=None, memory=1000000000, depth=10000)
    """

    executions: int | None = None
    steps: int | None = None
    seconds: float | None = 60.0
    memory: int | None = 1_000_000_000
    depth: int = 10_000

    def __post_init__(self) -> None:
        for name in ("executions", "steps", "seconds", "memory", "depth"):
            amount = getattr(self, name)
            if amount is not None and amount < 0:
                raise ExploreError(f"a budget cannot have {amount} {name}", "budget", "give 0 or more")


def as_budget(given: Budget | float | None) -> Budget:
    """Return what was given as a budget: a number is seconds, and nothing is the usual."""
    if given is None:
        return Budget()
    return given if isinstance(given, Budget) else Budget(seconds=float(given))


class Alarm:
    """Something that is called now and then while a search goes on, and says in how many seconds to call it again."""

    __slots__ = ("call", "due")

    def __init__(self, call: Callable[[], float]) -> None:
        self.call = call
        self.due = 0.0


class Meter:
    """Counts what is spent, and says when it is too much."""

    __slots__ = (
        "_alarms",
        "_clock",
        "_due",
        "_ends_at",
        "_free",
        "_started",
        "budget",
        "executions",
        "is_interrupted",
        "memory",
        "steps",
    )

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.perf_counter) -> None:
        self.budget = budget
        self.executions = 0
        self.steps = 0
        self.memory = 0
        self.is_interrupted = False
        """Somebody has pressed Ctrl-C."""
        self._clock = clock
        self._started = clock()
        self._alarms: list[Alarm] = []
        self._free = 0.0
        self.limit(budget)

    @property
    def seconds(self) -> float:
        """The seconds since the beginning."""
        return self._clock() - self._started

    @property
    def seconds_left(self) -> float | None:
        """The seconds that are left of the budget; None is no limit."""
        return None if self._ends_at is None else max(0.0, self._ends_at - self._clock())

    def limit(self, budget: Budget) -> None:
        """Take another budget, whose time began when this did."""
        self.budget = budget
        self._ends_at = None if budget.seconds is None else self._started + self._free + budget.seconds
        self._set_due()

    def call(self, what: Callable[[], float]) -> None:
        """Call something now, and again whenever so many seconds have passed as it returned."""
        alarm = Alarm(what)
        alarm.due = self._clock() + what()
        self._alarms.append(alarm)
        self._set_due()

    @contextmanager
    def free_of_charge(self) -> Iterator[None]:
        """Let the time in the block not count against the budget."""
        begun = self._clock()
        self._ends_at = None
        self._set_due()
        try:
            yield
        finally:
            self._free += self._clock() - begun
            self.limit(self.budget)

    def check(self) -> None:
        """Called before an execution and now and then in one.

        Raises:
            SpentError: saying what is spent.
            KeyboardInterrupt: somebody has interrupted it since.
        """
        if self.is_interrupted:
            raise KeyboardInterrupt
        budget = self.budget
        if budget.executions is not None and self.executions >= budget.executions:
            raise SpentError(f"{budget.executions:,} executions are spent")
        if budget.steps is not None and self.steps >= budget.steps:
            raise SpentError(f"{budget.steps:,} steps are spent")
        self.check_memory()
        if self._due is not None and self._clock() >= self._due:
            self._ring()

    def check_memory(self) -> None:
        """Called where memory is all that can be spent.

        Raises:
            SpentError: saying how much there was.
        """
        memory = self.budget.memory
        if memory is not None and self.memory > memory:
            raise SpentError(f"{memory / 1e6:,.1f} MB of memory are spent")

    def _ring(self) -> None:
        now = self._clock()
        if self._ends_at is not None and now >= self._ends_at:
            raise SpentError(f"{self.budget.seconds:g} seconds are spent")
        for alarm in self._alarms:
            if now >= alarm.due:
                alarm.due = now + alarm.call()
        self._set_due()

    def _set_due(self) -> None:
        moments = [alarm.due for alarm in self._alarms]
        if self._ends_at is not None:
            moments.append(self._ends_at)
        self._due = min(moments, default=None)
