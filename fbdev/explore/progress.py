"""How far an exploration has come, told while it goes on."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from fbdev.explore.session import Session

EVERY = 0.1
"""Seconds from one telling to the next."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exploration has come: what it does now, what was spent and found, and the time that is left.

    What an exploration goes on with is counted too. `states` are those that the search knows at present, `depth` the
    steps of the last execution that ended, `seconds_left` those of the budget, or None.

    Example:
        from fbdev.explore import explore

        def steps():
            yield "half way"

        told = []
        explore(lambda: [steps(), steps()], search="every", progress=told.append)
        print(told[0].search, told[0].executions)
        #> every 0
    """

    search: str
    executions: int = 0
    steps: int = 0
    states: int = 0
    ends: int = 0
    failures: int = 0
    depth: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None


Listener = Callable[[Progress], object]


def tell(listener: Listener, progress: Progress) -> None:
    """Tell how far an exploration has come; what the listener draws from `random` no process has drawn."""
    before = random.getstate()
    try:
        listener(progress)
    finally:
        random.setstate(before)


def progress_of(session: Session, search: str) -> Progress:
    """Return how far a session has come."""
    spent = session.spent()
    return Progress(
        session.doing or search,
        spent.executions,
        spent.steps,
        len(session.known),
        len(session.ends),
        len(session.failures),
        session.depth,
        spent.seconds,
        session.meter.seconds_left,
    )
