"""Every order of a net, with nothing left out and nothing merged, each state and each end of it checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fbdev.explore import Budget, Result, VerdictKind, explore
from tests.fbdev.explore.itself import ItselfScene, Seen
from tests.fbdev.explore.itself_laws import check_end

T = TypeVar("T")


def every_order(
    scene: ItselfScene, check: Callable[[Seen], None], end_of: Callable[[Seen], T]
) -> tuple[Result, set[T]]:
    """Make every order of a net, check each state and each end, and return all ends, each as `end_of` says."""
    ends: set[T] = set()

    def at_end(seen: Any) -> None:
        check_end(seen)
        ends.add(end_of(seen))

    return explore(scene, search="every", invariant=check, at_end=at_end, budget=Budget(seconds=None)), ends


def proven(scene: ItselfScene, check: Callable[[Seen], None], end_of: Callable[[Seen], T]) -> set[T]:
    """Return all ends of a net of which every order obeys the laws."""
    result, ends = every_order(scene, check, end_of)
    assert result.failure is None, f"{result}\n{result.failure.trace}"
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    print(f"{result.executions:,} orders, {result.steps:,} steps")
    return ends
