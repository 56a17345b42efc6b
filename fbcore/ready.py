"""What is ready on a stepped loop: in the order in which it became so, and by the name of its step."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import Context, copy_context
from operator import itemgetter
from types import FunctionType, MethodType
from typing import Any

from fbcore.driver import CALLBACKS, OUTSIDE

_SLACK = 1000
"""So many names may be taken out before the dict that held them is made anew."""

_number = itemgetter(0)

Numbered = tuple[int, asyncio.Handle]
"""A handle with the number that says when it became ready."""


def step_name(handle: Any) -> str:
    """Return the name of the step that a handle is: that of the task whose turn it is, or of callbacks.

    A function is a callback, and so is a bound method, were it one of a task (`loop.call_soon(task.cancel)`).
    """
    callback = handle._callback
    kind = type(callback)
    if kind is not FunctionType:
        # Tasks in C are called back by methods of other types; those in Python by two methods.
        if kind is MethodType and callback.__name__ not in ("__step", "__wakeup"):
            return name_of_callback(handle)
        try:
            return callback.__self__.step_name  # type: ignore[no-any-return]
        except AttributeError:
            pass
    return name_of_callback(handle)


def name_of_callback(handle: object) -> str:
    """Return the name of the step of a callback."""
    return OUTSIDE if getattr(handle, "is_outside", False) else CALLBACKS


class Call(asyncio.Handle):
    """A callback of a loop that is not debugged: made in one call, for nothing is made as often."""

    __slots__ = ()

    # asyncio's own, which its type stubs do not show.
    _context: Context
    _loop: asyncio.AbstractEventLoop
    _callback: Any
    _repr: str | None
    _source_traceback: Any

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = self._source_traceback = None


class ReadySteps:
    """The handles that are ready, by the names of their steps; none of its ways to one step looks at the others.

    Stands where BaseEventLoop has a deque, on a loop whose steps are chosen.
    """

    __slots__ = ("_appended", "_callbacks", "_outside", "_removed", "_turns")

    def __init__(self, handles: Iterable[asyncio.Handle] = ()) -> None:
        # One handle a task, and two queues, whose places among the tasks their numbers tell.
        self._turns: dict[str, Numbered] = {}
        self._callbacks: deque[Numbered] = deque()
        self._outside: deque[Numbered] = deque()
        self._appended = 0
        self._removed = 0
        for handle in handles:
            self.append(handle)

    def append(self, handle: asyncio.Handle) -> None:
        """Put in a handle that becomes ready."""
        self._appended = number = self._appended + 1
        name = step_name(handle)
        if name == OUTSIDE:
            self._outside.append((number, handle))
        elif name == CALLBACKS or name in self._turns:
            self._callbacks.append((number, handle))
        else:
            self._turns[name] = (number, handle)

    def clear(self) -> None:
        """Take out all."""
        self._turns = {}
        self._callbacks.clear()
        self._outside.clear()

    def find(self, name: str) -> asyncio.Handle | None:
        """Return the handle that is the next step of a name."""
        if name in self._turns:
            return self._turns[name][1]
        queue = self._callbacks if name == CALLBACKS else self._outside if name == OUTSIDE else None
        return self._head(queue) if queue else None

    def take(self, name: str) -> asyncio.Handle | None:
        """Take out the next step of a name, and return it; None where there is none."""
        turn = self._turns.pop(name, None)
        if turn is None:
            handle = self.find(name)
            if handle is not None:
                (self._callbacks if name == CALLBACKS else self._outside).popleft()
            return handle
        self._removed += 1
        if self._removed > _SLACK and self._removed > _SLACK + 2 * len(self._turns):
            # The first of a dict is found slowly when many before it were taken out.
            self._removed, self._turns = 0, dict(self._turns)
        return turn[1]

    def first(self) -> str | None:
        """Return the name of what became ready first."""
        turn = next(iter(self._turns.items()), None)
        name, least = (turn[0], turn[1][0]) if turn is not None else (None, 0)
        for number, each in self._heads():
            if name is None or number < least:
                name, least = each, number
        return name

    def names(self) -> list[str]:
        """Return the names of all steps, in order."""
        names = list(self._turns)
        if self._callbacks or self._outside:
            turns = list(self._turns.values())
            for number, name in sorted(self._heads(), reverse=True):
                names.insert(bisect_left(turns, number, key=_number), name)
        return names

    def rename(self, name: str, new: str) -> None:
        """Give the turn of a task a new name, if it is there."""
        if name not in self._turns:
            return
        if next(reversed(self._turns)) == name:
            self._turns[new] = self._turns.pop(name)
        else:
            self._turns = {new if each == name else each: turn for each, turn in self._turns.items()}

    def reorder(self, order: Callable[[deque[asyncio.Handle]], None]) -> None:
        """Let a function put the handles into another order."""
        handles = deque(self)
        order(handles)
        self.refill(handles)

    def refill(self, handles: Iterable[asyncio.Handle]) -> None:
        """Take out all, and put in handles in a new order."""
        self.clear()
        for handle in handles:
            self.append(handle)

    def count(self) -> int:
        """Count the steps: all callbacks are one."""
        return len(self._turns) + len(self._heads())

    def has_any(self) -> bool:
        """Say whether there is any step."""
        return True if self._turns else bool(self._heads())

    def __iter__(self) -> Iterator[asyncio.Handle]:
        """Go through all handles, in order."""
        found = [*self._turns.values(), *self._callbacks, *self._outside]
        return (handle for _, handle in sorted(found, key=_number))

    def __len__(self) -> int:
        """Count the handles, those that were cancelled too."""
        return len(self._turns) + len(self._callbacks) + len(self._outside)

    def _heads(self) -> list[tuple[int, str]]:
        """Return the first of each queue that has a callback which was not cancelled, with its number."""
        queues = ((CALLBACKS, self._callbacks), (OUTSIDE, self._outside))
        return [(queue[0][0], name) for name, queue in queues if queue and self._head(queue)]

    @staticmethod
    def _head(queue: deque[Numbered]) -> asyncio.Handle | None:
        """Return the first callback that was not cancelled; only callbacks can be."""
        while queue:
            if not queue[0][1].cancelled():
                return queue[0][1]
            queue.popleft()
        return None


class Ready(Sequence[str]):
    """A view of the names of the steps that are ready, in the order in which they became so.

    Nothing is copied: it changes as the loop goes on. `name in ready` and `len(ready)` look at no other steps.
    """

    __slots__ = ("_steps",)

    def __init__(self, steps: Callable[[], ReadySteps]) -> None:
        self._steps = steps

    def arrange(self, names: Sequence[str]) -> None:
        """Let steps come in the order of these names: for who restores a state."""
        places = {name: place for place, name in enumerate(names)}
        steps = self._steps()
        steps.refill(sorted(steps, key=lambda handle: places.get(step_name(handle), len(places))))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._steps().find(name) is not None

    def __len__(self) -> int:
        return self._steps().count()

    def __bool__(self) -> bool:
        return self._steps().has_any()

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps().names())

    def __getitem__(self, place: Any) -> Any:
        if place == 0 and (first := self._steps().first()) is not None:
            return first
        return self._steps().names()[place]

    def __eq__(self, other: object) -> bool:
        return self._steps().names() == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._steps().names())
