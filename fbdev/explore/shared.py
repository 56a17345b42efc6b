"""Objects that processes share and that the explorer sees into: each use is noted by the execution it happens in."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable, Generator, Hashable
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

from fbdev.explore.named import belongs_to_python
from fbdev.explore.words import Blocked, ExploreError

T = TypeVar("T")

_FROZEN = (int, str, bytes, float, complex, bool, type(None), frozenset)


class Use(NamedTuple):
    """One use of a shared object: by which line of code, when the execution keeps this."""

    name: Hashable
    is_write: bool
    place: str = ""


SURROUNDINGS: contextvars.ContextVar[Any] = contextvars.ContextVar("fbdev.explore.surroundings", default=None)
"""What lies around the processes that are explored in this context: `fbdev.explore.surroundings.Surroundings`."""


class Notes:
    """What an execution notes of the uses of shared objects in the step that is made."""

    __slots__ = ("_names", "clock", "draws", "maker", "places", "spawn", "surroundings", "uses", "waiters")

    def __init__(self, *, places: bool = False) -> None:
        self.uses: list[Use | tuple[Hashable, bool]] = []
        self.places = places
        self.maker = ""
        self._names: dict[str, int] = {}
        self.waiters: list[Any] = []
        self.surroundings = SURROUNDINGS.get()
        self.clock: Callable[[], float] | None = None
        """The time of the execution in seconds, where it has one."""
        self.draws: dict[str, int] = {}
        """How often each process has drawn bytes."""
        self.spawn: Callable[[Generator[Any, Any, Any], str, Blocked | None], Any] | None = None

    def new_name(self, given: str) -> str:
        """Name a shared object: as it is called, or by who made it and as which of his."""
        if given:
            return given
        number = self._names[self.maker] = self._names.get(self.maker, 0) + 1
        return f"{self.maker}#{number}"

    def note(self, name: Hashable, is_write: bool) -> None:
        """Note a use."""
        self.uses.append(Use(name, is_write, users_place()) if self.places else (name, is_write))


NOTES: contextvars.ContextVar[Notes | None] = contextvars.ContextVar("fbdev.explore.notes", default=None)
"""The notes of the execution whose process runs in this context."""


def users_place() -> str:
    """Return file, line and function of the user's code that runs, and of what has called it."""
    frame: FrameType | None = sys._getframe(1)
    ours = __file__.rpartition("shared")[0]
    ends = tuple(f"{ours}{name}.py" for name in ("coroutines", "generators", "generator_process"))
    while frame is not None and belongs_to_python(frame.f_code.co_filename):
        if frame.f_code.co_filename in ends:
            return ""
        frame = frame.f_back
    places = []
    while frame is not None and not frame.f_code.co_filename.startswith(ours):
        if not belongs_to_python(frame.f_code.co_filename):
            places.append(f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
        frame = frame.f_back
    return ", called at ".join(places)


def _is_frozen(value: object) -> bool:
    return isinstance(value, _FROZEN) or (type(value) is tuple and all(map(_is_frozen, value)))


class Shared(Generic[T]):
    """A value that processes share; the explorer sees when it is read and written.

    A value that can be changed in place counts as written whenever it is taken.

    Example:
        from fbdev.explore import Shared

        balance = Shared(10, "balance")
        balance.value += 5
        print(balance.value)
        #> 15
    """

    __slots__ = ("_notes", "_value", "name")

    def __init__(self, value: T, name: str = "") -> None:
        self._notes = NOTES.get()
        self._value = value
        self.name = self._notes.new_name(name) if self._notes else name

    @property
    def value(self) -> T:
        """The value, now."""
        if self._notes is not None:
            self._notes.note(self.name, not _is_frozen(self._value))
        return self._value

    @value.setter
    def value(self, value: T) -> None:
        if self._notes is not None:
            self._notes.note(self.name, True)
        self._value = value

    def __repr__(self) -> str:
        return f"Shared({self._value!r}, {self.name!r})"

    def _explored_state(self) -> Any:
        return self._value, self.name


class Lock:
    """A lock that one process holds at a time: `yield from lock.acquire()`, and `lock.release()`.

    Example:
        from fbdev.explore import Lock, explore

        def factory():
            locks = Lock("left"), Lock("right")

            def take(first, second):
                yield from first.acquire()
                yield from second.acquire()
                first.release()
                second.release()

            return {"a": take(*locks), "b": take(*reversed(locks))}

        print(explore(factory).failure.what)
        #> deadlock: a waits for right, held by b; b waits for left, held by a
    """

    __slots__ = ("_notes", "holder", "name")

    def __init__(self, name: str = "") -> None:
        self._notes = NOTES.get()
        self.holder = ""
        self.name = self._notes.new_name(name) if self._notes else name

    def acquire(self) -> Generator[Blocked, None, None]:
        """Wait until the lock is free, and take it."""
        yield Blocked(self._is_free, self, f"acquire {self.name}")
        self._note()
        self.holder = (self._notes.maker if self._notes else "") or "somebody"

    def release(self) -> None:
        """Give the lock back.

        Raises:
            ExploreError: when nobody holds it.
        """
        self._note()
        if not self.holder:
            raise ExploreError(f"{self.name or 'the lock'} is released, and nobody holds it")
        self.holder = ""

    def _is_free(self) -> bool:
        return not self.holder

    def _note(self) -> None:
        if self._notes is not None:
            self._notes.note(self.name, True)

    def __repr__(self) -> str:
        return f"Lock({self.name!r}, held by {self.holder or 'nobody'})"

    def _explored_state(self) -> Any:
        return self.holder, self.name
