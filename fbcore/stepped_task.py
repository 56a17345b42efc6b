"""Tasks of a stepped loop, and the sets that keep things in one order from run to run."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import deque
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from fbcore.driver import CALLBACKS, OUTSIDE, TIMER

# Compiled when a scope first cancels: most loops never see one, and every import would pay for it.
_BY_SCOPE = r"^(Cancelled (?:via|by) cancel scope )[0-9a-f]+"
_ADDRESS = r"\b0x[0-9a-f]+"


class SteppedTask(asyncio.Task[Any]):
    """A task with a hash that is the same from run to run, so that sets of tasks keep their order.

    `number` counts the tasks of its SteppedLoop; `step_name` is the name by which its turns are chosen.
    """

    # asyncio's own, which its type stubs do not show.
    _fut_waiter: asyncio.Future[Any] | None

    def __init__(self, coro: Any, *, loop: Any, name: object = None, **options: Any) -> None:
        # Before all else: a task is put into sets while it is made, and an eager one runs.
        self.number: int
        self.step_name: str
        self.number, self.step_name = loop.step_names.number(name)
        self._loop_of = loop
        self._has_name = name is not None
        super().__init__(coro, loop=loop, name=self.step_name if name is None else str(name), **options)

    def __hash__(self) -> int:
        return self.number

    def set_name(self, name: object) -> None:
        """Name the task; its steps get the first name that it is given (Python 3.11 names a task after making it)."""
        super().set_name(name)
        if not self._has_name:
            self._has_name = True
            self.step_name = self._loop_of.rename_step(self, str(name))

    def cancel(self, msg: Any = None) -> bool:
        """Cancel the task.

        A scope of anyio goes through the scopes inside it in an order of memory addresses, and tells its own address:
        on a stepped loop they are gone through in the order of their tasks, and without the address.
        """
        if type(msg) is str and re.match(_BY_SCOPE, msg):
            msg = re.sub(_ADDRESS, "0x0", re.sub(_BY_SCOPE, r"\g<1>0", msg))
            frame = sys._getframe(1)
            while "origin" not in frame.f_locals and frame.f_code.co_name == "cancel" and frame.f_back is not None:
                frame = frame.f_back
            names = frame.f_locals
            # One that waits for nothing has its place among the ready ones already.
            if self._fut_waiter is not None:
                self._loop_of.note_cancelled(Cancelled(self, names.get("self"), names.get("origin")))
        return super().cancel(msg)


class StepNames:
    """Numbers the tasks of a loop, and names their steps so that no two have one name."""

    __slots__ = ("_made", "_taken")

    def __init__(self) -> None:
        self._made = 0
        self._taken = {CALLBACKS: 1, OUTSIDE: 1, "": 1}

    def number(self, name: object) -> tuple[int, str]:
        """Return the number of a new task, and the name of its steps."""
        self._made = number = self._made + 1
        return number, self.new(f"task-{number}" if name is None else str(name))

    def new(self, wanted: str, *, instead_of: str = "") -> str:
        """Return a name that no other task has: the wanted one, or with a number behind."""
        if instead_of:
            self._taken.pop(instead_of, None)
        if wanted.startswith(TIMER):
            wanted = f"task {wanted}"
        self._taken[wanted] = count = self._taken.get(wanted, 0) + 1
        return wanted if count == 1 else f"{wanted}#{count}"

    def count(self, wanted: str) -> int:
        """Return how many tasks were to have a name."""
        return self._taken.get(wanted, 0)

    def go_on(self, wanted: str, count: int) -> None:
        """Let the next task that is to have a name be one more than so many: for who restores a state."""
        self._taken[wanted] = count


class Cancelled:
    """A task that was cancelled by a scope of anyio, because it is in one that the other is the origin of."""

    __slots__ = ("origin", "path", "task")

    def __init__(self, task: SteppedTask, scope: Any, origin: Any) -> None:
        self.task = task
        self.origin = origin
        self.path: list[int] = []
        while scope is not None and scope is not origin:
            self.path.insert(0, getattr(scope._host_task, "number", 0))
            scope = scope._parent_scope


def in_task_order(cancelled: list[Cancelled], ready: deque[asyncio.Handle]) -> None:
    """Let tasks that were cancelled in one step have their turns in an order that does not depend on addresses.

    The tasks of a scope itself come before those of the scopes inside it, and these in the order of their tasks.
    """
    if len(cancelled) > 1:
        places = {_task_of(handle): place for place, handle in enumerate(ready)}
        in_order = [
            ready[places[each.task]]
            for _, group in groupby(cancelled, lambda each: id(each.origin))
            for each in sorted(group, key=lambda each: each.path)
            if each.task in places
        ]
        for place, handle in zip(
            sorted(places[each.task] for each in cancelled if each.task in places), in_order, strict=True
        ):
            ready[place] = handle
    cancelled.clear()


def _task_of(handle: Any) -> Any:
    owner = getattr(handle._callback, "__self__", None)
    return owner if isinstance(owner, SteppedTask) else None


class InOrder(WeakKeyDictionary[Any, None]):
    """A weak set that keeps its order, for asyncio's list of asynchronous generators to close."""

    def add(self, thing: Any) -> None:
        """Put a thing at the end."""
        self[thing] = None

    def discard(self, thing: Any) -> None:
        """Take a thing out, if it is there."""
        self.pop(thing, None)
