"""Seeing which nodes of a net look at the time of its loop, or arm timers by it."""

from __future__ import annotations

import sys
from typing import Any

from fbcore.net.handle import Handle
from fbcore.orchestration.breaker import Circuit
from fbcore.orchestration.rate import Pace
from fbcore.orchestration.supervised import SupervisedNode
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.places import is_foreign

_ASKING = Handle.time.__code__
"""How a component asks its net for the time."""


_OF_POLICIES = {
    each.__code__ for each in (Circuit.enter, Circuit.end_attempts, Circuit.failed, Pace.wait, SupervisedNode._delay)
}
"""Where policies look at the time, and do otherwise by it; what they remember of it is a part of the state anyhow."""


class Times:
    """Watches the loop of one execution."""

    def __init__(self, stepping: Stepping) -> None:
        self._armed_by = stepping.loop.timers.armed_by
        self._armed = self._count()
        self._asked = False
        self.was_told = False
        """Whether somebody asked for the time, and did not only arm a timer."""
        loop: Any = stepping.loop
        self._time = time = loop.time

        def noticing() -> float:
            if not (self._asked and self.was_told):
                code = sys._getframe(1).f_code
                is_told_on = code is _ASKING or "anyio" in code.co_filename
                is_told = is_told_on or not is_foreign(code.co_filename)
                self.was_told = self.was_told or is_told
                self._asked = self._asked or is_told or code in _OF_POLICIES
            return float(time())

        loop.time = noticing

    def tell(self) -> float:
        """Return the time, to a component that asks for it."""
        self._asked = self.was_told = True
        return float(self._time())

    def _count(self) -> int:
        return sum(self._armed_by.values()) if self._armed_by else 0

    def were_asked(self) -> bool:
        """Tell whether the last step asked for the time, or armed a timer."""
        armed, asked = self._count(), self._asked
        was_asked = asked or armed != self._armed
        self._armed, self._asked = armed, False
        return was_asked
