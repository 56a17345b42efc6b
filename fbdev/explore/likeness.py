"""Whether executions are alike that should be: the least that must be so, before anything is searched."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from fbdev.explore.begin import begin
from fbdev.explore.budget import Budget
from fbdev.explore.program import Program
from fbdev.explore.sample import run_path
from fbdev.explore.session import Session
from fbdev.explore.surroundings import noticed
from fbdev.explore.words import NotWholeError

_LONGEST = 200
"""Steps of the executions that are compared."""


def refusal(program: Program, budget: Budget, *, chance: bool) -> str:
    """Say why no search is made at all: there are no processes, or the first two executions are not alike."""
    execution = begin(program)
    is_empty = not execution.state
    with suppress(NotWholeError, RecursionError):
        # It meets the caches that processes reach: from now on they begin empty.
        execution.key()
    execution.close()
    if is_empty:
        return "the factory makes no process, so nothing was run"
    return "" if chance else difference(program, budget)


def difference(program: Program, budget: Budget) -> str:
    """Say in what two executions differ that should be alike; "" when they are."""
    session = Session(program, replace(budget, executions=None, memory=None))
    longest = min(_LONGEST, budget.depth)
    with noticed():
        path, one = run_path(session, [], longest)
    _, other = run_path(session, path, longest)
    if one == other:
        return ""
    number = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    first, second = one[number], other[min(number, len(other) - 1)]
    return f"the processes are not deterministic: after {number} steps, {first} once and {second} another time"
