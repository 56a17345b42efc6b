"""All ends of a program, also when something is wrong: the search goes on for a moment after the first failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fbcore.net.report import Outcome
from fbdev.explore.budget import Budget
from fbdev.explore.explorer import explore
from fbdev.explore.failure import Failure
from fbdev.explore.graph import State
from fbdev.explore.program import Program
from fbdev.explore.pytest_case import case_text
from fbdev.explore.result import Result
from fbdev.explore.trial import try_schedule
from fbdev.explore.verdict import VerdictKind

_AFTER_A_BUG = 10.0
"""Seconds in which a search goes on after the first failure."""


def explore_whole(what: Any, budget: Budget, **options: Any) -> Result:
    """Explore; after a bug go on with all states for a while, so that the result has the other ends as well."""
    result = explore(what, budget=budget, **options)
    if result.verdict.kind is not VerdictKind.BUG or result.search != "states":
        return result
    seconds = _AFTER_A_BUG if budget.seconds is None else min(budget.seconds, _AFTER_A_BUG)
    whole = explore(what, search="states", budget=replace(budget, seconds=seconds), keep_going=True)
    if not whole.failures or not whole.failures[0].is_like(result.failures[0]):
        return result
    _shorten(Program(what), whole)
    return whole


def _shorten(program: Program, result: Result) -> None:
    """Take the shortest way to the same failure that the states show: they know more ways than could be tried out."""
    failure = result.failures[0]
    wrong = {state.number for state in result.graph.states if _is_the_end_of(failure, state)}
    path = result.graph.path_to(wrong) if wrong else None
    if path is None:
        return
    trial = try_schedule(program, path, goes_on=False)
    found = trial.failure
    if found is not None and found.is_like(failure) and _size(found) < _size(failure):
        found.labels = tuple(trial.labels)
        found.cause = failure.cause
        result.failures[0] = found
        result.test = case_text(program, found)


def _is_the_end_of(failure: Failure, state: State) -> bool:
    if failure.kind != "deadlock" or not state.is_end:
        return False
    return state.is_stuck or state.reached.get("outcome") == Outcome.DEADLOCKED


def _size(failure: Failure) -> tuple[int, int]:
    return failure.switches, len(failure.schedule)
