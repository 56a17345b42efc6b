"""Knowing at once, without polling or time-outs, that nothing in a net can move any more.

The net counts its nodes that wait for a port. When that is all of them, one look is scheduled for the next
pass of the loop. It delivers wake-ups that are owed, then goes through the tasks of every node: one that
waits neither for a port nor for a task of its own node is *outstanding*, and so is a node with an armed
timer. Nothing outstanding: the net is blocked. Otherwise the look is repeated when what is outstanding is
done, and not before, so that an idle net makes no pass of its loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from fbcore.net import internals
from fbcore.net.outstanding import find_outstanding, node_of, tasks_of
from fbcore.net.wait import Wait

if TYPE_CHECKING:
    from fbcore.net.net import Net

STILL = 5.0
"""Seconds without movement after which an unknown wait is named."""

_QUIET_PASSES = 3
"""Looks in a row that must agree on a loop that hides what is about to run."""


class BlockedCheck:
    """Looks whether a net can still move, and calls `when_blocked` when it cannot."""

    def __init__(self, net: Net, when_blocked: Callable[[], None]) -> None:
        self.net = net
        self.when_blocked = when_blocked
        self.is_scheduled = False
        # The callbacks of the check belong to no node; in a node's context it would keep itself alive.
        self._context = Context()
        self._armed: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        # uvloop makes no timer of what is due already, and so none that knows when it is.
        self._due = 0.0
        self._still_timer: asyncio.TimerHandle | None = None
        self._witness: Callable[[], bool] | None = None
        self._quiet = 0
        self._moves_then = -1

    def look_again(self) -> None:
        """Schedule one look for the next pass of the loop, if all nodes wait for ports."""
        net = self.net
        if not self.is_scheduled and net.parked >= net.live > 0 and not net.is_cancelled and not net.options.stepwise:
            self.is_scheduled = True
            net.loop.call_soon(self._look, context=self._context)

    def close(self) -> None:
        """Disarm all timers."""
        for timer in (self._timer, self._still_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._still_timer = None

    def _look(self) -> None:
        self.is_scheduled = False
        net = self.net
        if net.is_cancelled or net.parked < net.live or net.live == 0:
            self._quiet = 0
            return
        if self._witness is not None and self._witness():
            return
        self._witness = None
        if self.deliver_owed() or self._is_something_ready() or self._arm_outstanding():
            self._quiet = 0
            return
        self._quiet += 1
        if not internals.shows_ready(net.loop) and self._quiet < _QUIET_PASSES:
            self.look_again()
            return
        self._quiet = 0
        self.when_blocked()

    def deliver_owed(self) -> bool:
        """Wake senders that have room but were left asleep until half the edge would be free; say if there were any."""
        owed = [wait for node in self.net.alive() for wait in node.waits if _is_owed(wait)]
        for wait in owed:
            wait.wake()
        return bool(owed)

    def _is_something_ready(self) -> bool:
        """Say whether a node's task or callback is about to run; if so, look again after it."""
        ready = any(node_of(context, self.net) for context in internals.ready_contexts(self.net.loop))
        ready = ready or any(wait.future.done() for node in self.net.alive() for wait in node.waits)
        ready = ready or any(
            internals.awaited_future(task) is None for task, node in tasks_of(self.net).items() if not node.ended
        )
        if ready:
            self.look_again()
        return ready

    def _arm_outstanding(self) -> bool:
        """Look again when whatever is outstanding is done; False when nothing is."""
        outstanding = list(find_outstanding(self.net))
        for _found, trigger in outstanding:
            self._arm(trigger)
            if self._witness is None:
                self._witness = _still(trigger, self.net)
        if outstanding and not any(found.is_known for found, _ in outstanding):
            self.watch_stillness()
        return bool(outstanding)

    def _arm(self, trigger: Any) -> None:
        if isinstance(trigger, asyncio.Future):
            if id(trigger) not in self._armed:
                self._armed.add(id(trigger))
                trigger.add_done_callback(self._future_done, context=self._context)
        elif trigger is not None:
            when = trigger.when()
            if self._timer is None or self._timer.cancelled() or when < self._due:
                if self._timer is not None:
                    self._timer.cancel()
                self._due = when
                self._timer = self.net.loop.call_at(when, self._timer_due, context=self._context)

    def _future_done(self, future: asyncio.Future[Any]) -> None:
        self._armed.discard(id(future))
        self._witness = None
        self.look_again()

    def _timer_due(self) -> None:
        self._timer = None
        self._witness = None
        self.look_again()

    # -- naming what holds up a net that does not move ----------------------------------------------

    def watch_stillness(self) -> None:
        """Name what is outstanding when nothing has moved for five seconds; the timer is armed once."""
        if self._still_timer is None and not self.net.is_cancelled and not self.net.options.stepwise:
            self._moves_then = self.net.moves
            self._still_timer = self.net.loop.call_later(STILL, self._stillness_due, context=self._context)

    def _stillness_due(self) -> None:
        self._still_timer = None
        net = self.net
        if net.is_cancelled or net.live == 0:
            return
        if net.moves != self._moves_then:
            self.watch_stillness()
            return
        # Who says what keeps it busy has said enough.
        busy = {node.address for node in net.alive() if node.busy_with}
        unknown = [found for found, _ in find_outstanding(net) if not found.is_known and found.address not in busy]
        for found in unknown:
            net.watching.notice(found.address, f"nothing has moved for {STILL:g} s, and this node {found.what}")


def _is_owed(wait: Wait) -> bool:
    if wait.future.done():
        return False
    return any(not edge.is_full for edge in wait.edges) or any(port.queue or port.is_closed for port in wait.ports)


def _still(trigger: Any, net: Net) -> Callable[[], bool] | None:
    """Return a quick way to see that the same thing is outstanding still, without going through all tasks."""
    if isinstance(trigger, asyncio.Future):
        return lambda: not trigger.done()
    if trigger is not None:
        return lambda: not trigger.cancelled() and trigger.when() > net.loop.time()
    return None
