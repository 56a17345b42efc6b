"""The timers of a stepped loop: which is due next, and by which name it is chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
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

    def cancel(self) -> None:
        """Cancel it; of one that is no longer armed the loop need not hear."""
        if self._scheduled and not self._cancelled:
            self._loop._timer_handle_cancelled(self)  # type: ignore[attr-defined]
        if self._source_traceback is not None:
            asyncio.Handle.cancel(self)
        else:
            # What that does, where nobody debugs: every sleep cancels its timer when it is over.
            self._cancelled = True
            self._callback = None
            self._args = None  # type: ignore[assignment]

    @property
    def is_armed(self) -> bool:
        """Whether it waits for its time, and is not ready."""
        return self._scheduled

    @property
    def name(self) -> str:
        """The name by which it is chosen: it does not depend on what other steps do."""
        return f"{TIMER}{self.count} of {self.by or 'the caller'}"


Entry = tuple[float, int, Timer]
"""When a timer is due, the how manieth to be armed it is, and the timer."""


class Timers:
    """Timers in order of time, and then of arming; those that were cancelled or taken out are passed over.

    `heap` is one list for good, and false when no timer is armed; some that it holds may be armed no more.
    """

    __slots__ = ("_armed", "_by_name", "_cancelled", "armed_by", "heap")

    def __init__(self) -> None:
        self.heap: list[Entry] = []
        self._armed = 0
        self.armed_by: dict[str, int] = {}
        self._by_name: dict[str, Timer] | None = None
        self._cancelled = 0

    def arm(self, timer: Timer, by: str) -> None:
        """Put in a timer that a step arms."""
        self._armed = number = self._armed + 1
        timer.by = by
        self.armed_by[by] = timer.count = self.armed_by.get(by, 0) + 1
        # As BaseEventLoop does: a handle tells its loop that it is cancelled while this is true.
        timer._scheduled = True
        heappush(self.heap, (timer._when, number, timer))
        if self._by_name is not None:
            self._by_name[timer.name] = timer

    def next(self) -> Timer | None:
        """Return the timer that is due next."""
        heap = self.heap
        while heap:
            timer = heap[0][2]
            if timer._scheduled and not timer._cancelled:
                return timer
            heappop(heap)
            timer._scheduled = False
        return None

    def take_due(self, now: float, *, beyond: float = 0.0) -> list[Timer]:
        """Take out the timers that are due before a time, in order; or the next one, and those that near beyond it."""
        heap: list[Entry] = self.heap
        due: list[Timer] = []
        while heap and (heap[0][0] < now or (beyond and not due)):
            timer = heappop(heap)[2]
            if timer._scheduled and not timer._cancelled:
                if not due:
                    now = max(now, timer._when + beyond)
                due.append(timer)
            timer._scheduled = False
        if self._by_name:
            self._forget(due)
        return due

    def remove(self, timer: Timer) -> None:
        """Take out any timer."""
        timer._scheduled = False
        if self._by_name:
            self._forget([timer])
        self.next()

    def take(self, name: str, now: float) -> Timer | None:
        """Take out the armed timer of a name, if it is due by now, or next."""
        timer = self.find(name)
        if timer is None or not self.is_due(timer, now):
            return None
        self.remove(timer)
        return timer

    def find(self, name: str) -> Timer | None:
        """Return the armed timer of a name; after the first time it need not be looked for."""
        if self._by_name is None:
            self._by_name = {timer.name: timer for _, _, timer in self.heap}
        timer = self._by_name.get(name)
        return timer if timer is not None and timer._scheduled and not timer._cancelled else None

    def __iter__(self) -> Iterator[Timer]:
        """Go through those that are armed, in order; the first few are found without a look at the rest."""
        heap = self.heap
        ahead = [(heap[0], 0)] if heap else []
        while ahead:
            entry, place = heappop(ahead)
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(heap):
                    heappush(ahead, (heap[child], child))
            if entry[2]._scheduled and not entry[2]._cancelled:
                yield entry[2]

    def __len__(self) -> int:
        return sum(timer._scheduled and not timer._cancelled for _, _, timer in self.heap)

    def due(self, now: float) -> list[Timer]:
        """Return the timers that are due by now, or next, in order."""
        first = self.next()
        if first is None:
            return []
        latest, heap = max(first._when, now), self.heap
        found: list[Entry] = []
        places = [0]
        while places:
            # Below one that is due later, all are.
            place = places.pop()
            if place < len(heap) and heap[place][0] <= latest:
                found.append(heap[place])
                places += (2 * place + 1, 2 * place + 2)
        return [timer for _, _, timer in sorted(found) if timer._scheduled and not timer._cancelled]

    def is_due(self, timer: Timer, now: float) -> bool:
        """Tell whether an armed timer is due by now, or next."""
        first = self.next()
        return first is not None and timer._when <= max(first._when, now)

    def note_cancelled(self, timer: Timer) -> None:
        """Hear that a timer is being cancelled; when many have been, they are thrown away."""
        self._cancelled += 1
        if self._by_name:
            self._forget([timer])
        if self._cancelled > max(_MANY, len(self.heap) // 2):
            self._cancelled = 0
            self.heap[:] = [each for each in self.heap if each[2]._scheduled and not each[2]._cancelled]
            heapify(self.heap)

    def arrange(self, names: Sequence[str]) -> None:
        """Let timers of one time come in the order of these names."""
        places = {name: place for place, name in enumerate(names)}
        timers = sorted(self, key=lambda timer: places.get(timer.name, len(places)))
        self.heap[:] = [(timer._when, number, timer) for number, timer in enumerate(timers)]
        self._armed = len(timers)
        heapify(self.heap)

    def clear(self) -> None:
        """Drop them all."""
        self.heap.clear()
        self._by_name = None

    def _forget(self, timers: Iterable[Timer]) -> None:
        assert self._by_name is not None
        for timer in timers:
            self._by_name.pop(timer.name, None)


class ArmedTimers(Mapping[str, float]):
    """A view of the timers that are armed: from name to the time when each is due, the next one first.

    Nothing is copied: it changes as the loop goes on. The first few are found without a look at the rest.
    """

    __slots__ = ("_timers",)

    def __init__(self, timers: Timers) -> None:
        self._timers = timers

    def __getitem__(self, name: str) -> float:
        if (timer := self._timers.find(name)) is None:
            raise KeyError(name)
        return timer._when

    @property
    def armed_by(self) -> dict[str, int]:
        """How many timers the steps of each name have armed so far, by which timers are named."""
        return self._timers.armed_by

    def arrange(self, names: Sequence[str]) -> None:
        """Let those of one time come in the order of these names: for who restores a state."""
        self._timers.arrange(names)

    def __iter__(self) -> Iterator[str]:
        return (timer.name for timer in self._timers)

    def __len__(self) -> int:
        return len(self._timers)

    def __bool__(self) -> bool:
        return self._timers.next() is not None

    def __repr__(self) -> str:
        return repr(dict(self))


class DueTimers(Sequence[str]):
    """A view of the names of the timers that may be stepped now: those that are due by now, or next, and at that time.

    `name in due` looks at no other timers, and nothing looks at those that are due later.
    """

    __slots__ = ("_now", "_timers")

    def __init__(self, timers: Timers, now: Callable[[], float]) -> None:
        self._timers = timers
        self._now = now

    def __contains__(self, name: object) -> bool:
        timer = self._timers.find(name) if isinstance(name, str) else None
        return timer is not None and self._timers.is_due(timer, self._now())

    def __len__(self) -> int:
        return len(self._timers.due(self._now()))

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]

    def __iter__(self) -> Iterator[str]:
        return (timer.name for timer in self._timers.due(self._now()))

    def __eq__(self, other: object) -> bool:
        return list(self) == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))
