"""How much may be spent on an exploration, and how much has been."""

from __future__ import annotations

import time
from collections.abc import Callable
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


class Meter:
    """Counts what is spent, and says when it is too much."""

    __slots__ = ("_clock", "_ends_at", "_started", "budget", "executions", "memory", "steps")

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.perf_counter) -> None:
        self.budget = budget
        self.executions = 0
        self.steps = 0
        self.memory = 0
        self._clock = clock
        self._started = clock()
        self._ends_at = None if budget.seconds is None else self._started + budget.seconds

    @property
    def seconds(self) -> float:
        """The seconds since the beginning."""
        return self._clock() - self._started

    def limit_seconds(self, seconds: float | None) -> None:
        """Let the time end so many seconds after the beginning."""
        self._ends_at = None if seconds is None else self._started + seconds

    def check(self) -> None:
        """Called before an execution and now and then in one.

        Raises:
            SpentError: saying what is spent.
        """
        budget = self.budget
        if budget.executions is not None and self.executions >= budget.executions:
            raise SpentError(f"{budget.executions:,} executions are spent")
        if budget.steps is not None and self.steps >= budget.steps:
            raise SpentError(f"{budget.steps:,} steps are spent")
        if budget.memory is not None and self.memory > budget.memory:
            raise SpentError(f"{budget.memory / 1e6:,.1f} MB of memory are spent")
        if self._ends_at is not None and self._clock() >= self._ends_at:
            raise SpentError(f"{budget.seconds:g} seconds are spent")
