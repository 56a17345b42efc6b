"""Keeping firings to a rate: each has its time in a schedule, and waits for it."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, Any

from fbcore.loop import SteppedLoop
from fbcore.net.pause import Interruption, pause
from fbcore.net.policy_state import since
from fbcore.orchestration.policy import Rate

if TYPE_CHECKING:
    from fbcore.net.node import Node

TICK = max(0.001, time.get_clock_info("monotonic").resolution)
"""Seconds by which two firings may follow one another too soon: what timers of loops are exact to."""

LATE = 0.05
"""Seconds that a firing may be late without moving the schedule: those after it make up for it, tick by tick.

Who is later than that had nothing to fire for, or took long; the schedule begins anew, and saves nothing up.
"""


TOGETHER = 0.016
"""Seconds that a firing waits longer than it must, where the next one may follow at once, within a tick.

Waking a process that sleeps is dear, up to a quarter of a millisecond: for each of a thousand a second that is a tenth
of a core and more, and for the seventeen that are due by then one time is enough.
"""


class Pace:
    """The schedule of one node's firings.

    A timer never rings early, and often late by a part of a millisecond. To wait from one firing to the next would add
    all that up, a tenth and more at a thousand firings in a second; a schedule that stands does not.
    """

    __slots__ = ("_due", "_interval", "_last", "_longer", "_loop", "_node", "_waiting")

    def __init__(self, policy: Rate, node: Node) -> None:
        self._interval = policy.per / policy.most
        self._node = node
        self._loop = loop = node.net.loop
        self._due = self._last = -inf
        # On virtual time nothing is saved by it.
        may_join = self._interval <= TICK and not isinstance(loop, SteppedLoop)
        self._longer = TOGETHER if may_join else 0.0
        self._waiting: list[float] = []

    async def wait(self, interruption: Interruption | None = None) -> bool:
        """Wait until a firing may begin; who comes first is first, be there several that wait.

        False says that it has given its place in the schedule back, by `rewind`.
        """
        now = self._loop.time()
        due = self._due if now - self._due <= LATE else now
        self._due = due + self._interval
        at = max(due, self._last + self._interval - TICK)
        if at > now:
            self._waiting.append(due)
            try:
                wait, why = at - now + self._longer, "it waits for its time, by its rate"
                await pause(self._node, wait, "rate,", why, interruption)
            finally:
                has_place = due in self._waiting
                if has_place:
                    self._waiting.remove(due)
            if not has_place:
                return False
        self._last = self._loop.time()
        return True

    def rewind(self) -> None:
        """Let the schedule go on where the first firing stands that waits: all that do are not to begin."""
        if self._waiting:
            self._due = min(self._waiting)
            self._waiting.clear()

    def state(self, origin: float) -> Any:
        """Return when the next firing is due, and the last one began, from an origin on; None where neither matters."""
        now = self._loop.time()
        if now - self._due > LATE and now >= self._last + self._interval - TICK:
            return None
        return [since(self._due, origin), since(self._last, origin)]

    def take(self, state: Any) -> None:
        """Go on with a state, by origin 0."""
        if state is not None:
            self._due, self._last = state
