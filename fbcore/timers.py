"""The timers of a stepped loop: which is due next, and by which name it is chosen."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from typing import Any

from fbcore.driver import TIMER

_MANY = 100
"""So many cancelled timers may lie about before they are thrown away."""


class Timer(asyncio.TimerHandle):
    """A timer that is armed: of those due at one time, the one that was armed first comes first.

    `by` is the step that armed it, and `count` says how manieth it is of those that this step's task has armed.
    """

    __slots__ = ("by", "count")

    by: str
    count: int

    # asyncio's own, which its type stubs do not show.
    _context: Context
    _loop: asyncio.AbstractEventLoop
    _callback: Any
    _repr: str | None
    _source_traceback: Any
    _when: float
    _scheduled: bool

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        if loop.get_debug():
            super().__init__(when, callback, args, loop, context)
            return
        # What the two initialisers above do, in one call: timers are what a loop has most of.
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = self._source_traceback = None
        self._when = when
        self._scheduled = False

    @property
    def is_armed(self) -> bool:
        """Whether it waits for its time, and is not ready."""
        return self._scheduled

    @property
    def name(self) -> str:
        """The name by which it is chosen: it does not depend on what other steps do."""
        return f"{TIMER}{self.count} of {self.by or 'the caller'}"


class Timers:
    """Timers in order of time, and then of arming; those that were cancelled are passed over.

    `heap` is one list for good, and false when no timer is armed; some that it holds may have been cancelled.
    """

    __slots__ = ("_armed", "_armed_by", "_cancelled", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Timer]] = []
        self._armed = 0
        self._armed_by: dict[str, int] = {}
        self._cancelled = 0

    def __iter__(self) -> Iterator[Timer]:
        """Go through those that are armed, in order."""
        return (timer for _, _, timer in sorted(self.heap) if not timer._cancelled)

    def arm(self, timer: Timer, by: str) -> None:
        """Put in a timer that a step arms."""
        self._armed = number = self._armed + 1
        timer.by = by
        self._armed_by[by] = timer.count = self._armed_by.get(by, 0) + 1
        # As BaseEventLoop does: a handle tells its loop that it is cancelled while this is true.
        timer._scheduled = True
        heapq.heappush(self.heap, (timer._when, number, timer))

    def next(self) -> Timer | None:
        """Return the timer that is due next."""
        heap = self.heap
        while heap:
            timer = heap[0][2]
            if not timer._cancelled:
                return timer
            heapq.heappop(heap)
            timer._scheduled = False
        return None

    def take_due(self, now: float) -> list[Timer]:
        """Take out the timers that are due before a time, in order."""
        heap, due = self.heap, []
        while heap and heap[0][0] < now:
            timer = heapq.heappop(heap)[2]
            timer._scheduled = False
            if not timer._cancelled:
                due.append(timer)
        return due

    def remove(self, timer: Timer) -> None:
        """Take out any timer."""
        self.heap[:] = [each for each in self.heap if each[2] is not timer]
        heapq.heapify(self.heap)
        timer._scheduled = False

    def due(self, now: float) -> list[Timer]:
        """Return the timers that are due by now, or next, in order."""
        first = self.next()
        return [timer for timer in self if timer._when <= max(first._when, now)] if first else []

    def note_cancelled(self) -> None:
        """Hear that a timer is being cancelled; when many have been, they are thrown away."""
        self._cancelled += 1
        if self._cancelled > max(_MANY, len(self.heap) // 2):
            self._cancelled = 0
            self.heap[:] = [each for each in self.heap if not each[2]._cancelled]
            heapq.heapify(self.heap)

    def clear(self) -> None:
        """Drop them all."""
        self.heap.clear()
