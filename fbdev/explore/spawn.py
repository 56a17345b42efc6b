"""Processes that appear while others run: by their own wish, or to let time pass."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from fbdev.explore.shared import NOTES, Notes, Use
from fbdev.explore.words import Blocked, ExploreError

TIME = "time"
"""What all waiters are one of: when one is over, the others come nearer."""


def _notes() -> Notes:
    notes = NOTES.get()
    if notes is None or notes.spawn is None:
        raise ExploreError("no process is running here", "spawn", "call it in a process while it is explored")
    return notes


def spawn(process: Generator[Any, Any, Any], name: str = "") -> None:
    """Add a process to the execution that runs; it makes its first step whenever it is chosen.

    Without a name it is called by the process that spawns it and its own function.

    Example:
        from fbdev.explore import explore, spawn

        def child():
            yield "born"

        def parent():
            yield "ready"
            spawn(child())

        print(sorted(explore(lambda: {"parent": parent()}).graph.processes))
        #> ['parent', 'parent.child']
    """
    notes = _notes()
    assert notes.spawn is not None
    notes.spawn(process, name, None)


class Waiter:
    """A time that may pass: a process of its own, and when it is given a step, `is_over` and it ends.

    Nobody really waits. Of several the earliest is over first, and before, between and after them other processes make
    any number of steps: what a time-out can meet in production, this one meets.

    Example:
        from fbdev.explore import Blocked, Waiter, explore

        def patient(replies):
            waiter = Waiter(5, "five seconds")
            yield Blocked(lambda: replies or waiter.is_over, label="wait for a reply")
            waiter.cancel()
            return "reply" if replies else "time-out"

        def server(replies):
            yield "working"
            replies.append("hello")

        def factory():
            replies = []
            return {"patient": patient(replies), "server": server(replies)}

        print(sorted({end["patient"] for end in explore(factory).ends}))
        #> ['returned reply', 'returned time-out']
    """

    __slots__ = ("_clock", "_is_over", "_notes", "_process", "is_cancelled", "left", "name")

    def __init__(self, seconds: float, name: str = "") -> None:
        if not seconds >= 0:
            raise ExploreError(f"{seconds!r} seconds cannot pass", "Waiter", "give 0 or more")
        self._notes = notes = _notes()
        self._clock = notes.waiters
        self._is_over = False
        self.is_cancelled = False
        self.left = round(float(seconds), 9)
        assert notes.spawn is not None
        self._clock.append(self)
        self._note(True)
        self.name = name or notes.new_name("")
        process = f"{notes.maker}.{self.name}"
        self._process = notes.spawn(self._run(), process, Blocked(self._is_next, self, f"{self.name} may pass"))

    @property
    def is_over(self) -> bool:
        """Whether the time has passed."""
        self._note(False)
        return self._is_over

    def cancel(self) -> None:
        """Take the waiter back, if its time has not passed."""
        self._note(True)
        if not self._is_over and not self.is_cancelled:
            self.is_cancelled = True
            self._clock.remove(self)
            self._process.cancel()

    def _is_next(self) -> bool:
        return all(self.left <= other.left for other in self._clock)

    def _run(self) -> Generator[Any, Any, None]:
        # No line of anybody's lets time pass.
        self._notes.uses.append(Use(TIME, is_write=True))
        self._clock.remove(self)
        for other in self._clock:
            other.left = round(other.left - self.left, 9)
        self._is_over = True
        yield from ()

    def _note(self, is_write: bool) -> None:
        self._notes.note(TIME, is_write)

    def _explored_state(self) -> Any:
        return self._is_over, self.is_cancelled, self.left, self.name
