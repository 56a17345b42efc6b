"""All ends of a program, also when something is wrong: the search goes on for a moment after the first failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fbdev.explore.budget import Budget
from fbdev.explore.explorer import explore
from fbdev.explore.failure import Failure
from fbdev.explore.pytest_case import case_text
from fbdev.explore.result import Result
from fbdev.explore.trial import causal_pair, try_schedule
from fbdev.explore.verdict import VerdictKind

_AFTER_A_BUG = 20.0
"""Seconds in which a search goes on after the first failure."""


def explore_whole(what: Any, budget: Budget, **options: Any) -> tuple[Result, bool]:
    """Explore; after a bug go on with all states for a while, so that the result has the other ends as well.

    Return the result, and whether it has all ends.
    """
    result = explore(what, budget=budget, **options)
    is_kept = options.get("keep") is not None or options.get("continues") is not None
    is_special = is_kept or options.get("chance")
    if result.verdict.kind is not VerdictKind.BUG or result.search != "states" or is_special:
        return result, result.verdict.kind is VerdictKind.HOLDS
    seconds = _AFTER_A_BUG if budget.seconds is None else min(budget.seconds, _AFTER_A_BUG)
    going_on = {"search": "states", "budget": replace(budget, seconds=seconds), "keep_going": True, "audit": 0}
    whole = explore(what, **{**options, **going_on})
    if not whole.failures or not whole.failures[0].is_like(result.failures[0]):
        return result, False
    _shorten(whole)
    return whole, whole.seconds < seconds and not _is_open(whole)


def _is_open(result: Result) -> bool:
    """Tell whether there are steps that were not tried; those of the failing way may have been added afterwards."""
    graph = result.graph
    path = set(graph.walk(result.failures[0].schedule))
    return any(state.is_open for state in graph.states if state.number not in path)


def _shorten(result: Result) -> None:
    """Take the shortest way to the same failure that the states show: they know more ways than could be tried out."""
    failure, program = result.failures[0], result.program
    wrong = {state.number for state in result.graph.states if state.is_wrong}
    path = result.graph.path_to(wrong) if wrong else None
    if path is None or program is None or failure.kind == "livelock":
        return
    trial = try_schedule(program, path, goes_on=False)
    found = trial.failure
    if found is not None and found.is_like(failure) and _size(found) < _size(failure):
        found.labels, found.cause = tuple(trial.labels), causal_pair(program, found)
        result.failures[0] = found
        result.test = case_text(program, found)


def _size(failure: Failure) -> tuple[int, int]:
    return failure.switches, len(failure.schedule)
