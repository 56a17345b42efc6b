"""Ending a node by policy: after executions, when it is idle, at a deadline, when it is not healthy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fbcore.net.aside import aside
from fbcore.net.firing import Firing
from fbcore.net.view import NodeView
from fbcore.net.wait import Wait
from fbcore.orchestration.policy import End

if TYPE_CHECKING:
    from fbcore.orchestration.supervised import SupervisedNode


class OneByOne(Firing):
    """A firing for each packet, never in batches, so that executions can be counted."""

    def _is_plain(self) -> bool:
        return False


class TimedWaits(list[Wait]):
    """The waits of a node, and the time since which it has waited for what it waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.since = 0.0
        self._loop = loop

    def append(self, wait: Wait) -> None:
        """Take in a wait that begins now."""
        self.since = self._loop.time()
        super().append(wait)


class Ending:
    """Ends a node when its policy says so. Its timers hold up no verdict on the net."""

    def __init__(self, node: SupervisedNode, policy: End) -> None:
        self._node = node
        self.policy = policy
        self.left = policy.after
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waits = TimedWaits(node.net.loop)
        if policy.idle is not None:
            node.waits = self._waits

    def begin(self) -> None:
        """Begin to look, as the node begins."""
        policy, now = self.policy, self._node.net.loop.time()
        if policy.idle is not None:
            self._at(now + policy.idle, "idle", self._look_idle, policy.idle)
        if policy.deadline is not None:
            self._at(now + policy.deadline, "deadline", self._deadline_is_over, policy.deadline)
        if policy.healthy is not None:
            self._at(now + policy.every, "health", self._look_healthy)

    def stop(self) -> None:
        """Look no more."""
        for timer in self._timers.values():
            timer.cancel()

    def count(self) -> bool:
        """Count an execution; say whether it was the last."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left <= 0

    def state(self, now: float) -> Any:
        """Return what there is to know for what comes next: executions that are left, and times of timers."""
        return [self.left, {name: round(timer.when() - now, 9) for name, timer in self._timers.items()}]

    def _at(self, when: float, name: str, look: Any, *given: Any) -> None:
        self._timers[name] = self._node.net.loop.call_at(when, look, *given, context=aside())

    def _look_idle(self, seconds: float) -> None:
        waits, crew, now = self._waits, self._node.crew, self._node.net.loop.time()
        since = waits.since if crew is None else max(waits.since, crew.idle_since)
        if not waits or any(wait.edges for wait in waits) or (crew is not None and crew.hands):
            # It works, or waits for room: it cannot have been idle for so long before it next waits for a packet.
            self._at(now + seconds, "idle", self._look_idle, seconds)
        elif since + seconds <= now:
            self._node.release(f"idle for {seconds:g} s")
        else:
            self._at(since + seconds, "idle", self._look_idle, seconds)

    def _deadline_is_over(self, seconds: float) -> None:
        self._node.release(f"its deadline, {seconds:g} s, is over", held=self.policy.held)

    def _look_healthy(self) -> None:
        try:
            wrong = "" if self.policy.healthy(NodeView(self._node)) else "not healthy"  # type: ignore[operator,misc]
        except Exception as error:
            wrong = f"not healthy: {type(error).__name__}: {error}"
        if wrong:
            self._node.release(wrong, held=self.policy.held)
        else:
            self._at(self._node.net.loop.time() + self.policy.every, "health", self._look_healthy)
