"""What a step touches: announced to whoever drives the loop.

Ports, edges, timers and memories announce it by themselves. `announced` adds asyncio's and anyio's own things: locks,
events, conditions, semaphores, queues and streams, which are shared between tasks though no one waits for them.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from asyncio import events
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from types import coroutine
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary


class Touch(NamedTuple):
    """What a step touched: a kind (`port`, `edge`, `lock`, `timer`, `memory`, ...), a name, and whether it wrote."""

    step: str
    kind: str
    name: str
    writes: bool


@contextmanager
def announced(loop: Any, listener: Callable[[Touch], object]) -> Iterator[None]:
    """Tell a listener what the steps of a stepped loop touch, asyncio's and anyio's synchronisation too.

    Locks, events, conditions, semaphores, limiters, queues and memory object streams are announced at each turn that
    looks at them, also where nobody has to wait, by a name that says how manieth of its kind the loop met. What was
    imported is patched for so long; it asks the loop that runs, so that loops that nobody listens to do as ever.
    A Condition of asyncio that was made before announces `async with`, and not its own `acquire` and `release`.

    Example:
        import asyncio
        from fbcore import SteppedLoop
        from fbcore.touches import announced

        async def main() -> None:
            async with asyncio.Lock():
                await asyncio.sleep(1)

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            with announced(runner.get_loop(), lambda touch: print(*touch)):
                runner.run(main())
        #> task-1 lock lock 1 True
        #> task-1 timer timer 1 of task-1 True
        #> task-1 lock lock 1 True
    """
    before, loop.touched = loop.touched, listener
    try:
        with announcing():
            yield
    finally:
        loop.touched = before


@contextmanager
def announcing() -> Iterator[None]:
    """Let locks, queues and the like announce themselves to all stepped loops whose `touched` is set.

    For who drives many loops, one after the other: to patch what was imported takes longer than a small program.
    """
    _patches.begin()
    try:
        yield
    finally:
        _patches.end()


class Met:
    """The names of the things that the steps of a loop have met, in the order in which it met them."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def name(self, kind: str, thing: Any) -> str:
        """Return the name of a thing: the kind, and the how manieth of it."""
        if (name := self._names.get(thing)) is None:
            self._counts[kind] = count = self._counts.get(kind, 0) + 1
            self._names[thing] = name = f"{kind} {count}"
        return name

    def made(self, kind: str, thing: Any) -> None:
        """Hear of a thing that the step that runs has made; here it gets its name when it is used."""


# -- what is patched ------------------------------------------------------------------------------------------------


class _Methods(NamedTuple):
    """The methods and properties of a class that read, and those that write."""

    of: type
    kind: str
    reads: str
    writes: str


def _known() -> Iterator[_Methods]:
    from anyio import Condition
    from anyio._backends import _asyncio as of_anyio
    from anyio.streams import memory

    yield _Methods(asyncio.Lock, "lock", "locked", "acquire release")
    yield _Methods(asyncio.Event, "event", "is_set wait", "set clear")
    yield _Methods(asyncio.Condition, "condition", "", "__aenter__ __aexit__ wait notify notify_all")
    yield _Methods(asyncio.Semaphore, "semaphore", "locked", "acquire release")
    # shutdown is new in Python 3.13.
    yield _Methods(asyncio.Queue, "queue", "qsize empty full join", "put put_nowait get get_nowait task_done shutdown")
    # An Event of anyio is one of asyncio, inside.
    of_lock = "acquire acquire_nowait release"
    yield _Methods(of_anyio.Lock, "lock", "locked statistics", of_lock)
    yield _Methods(of_anyio.Semaphore, "semaphore", "value statistics", of_lock)
    yield _Methods(Condition, "condition", "locked statistics", f"{of_lock} wait notify notify_all")
    of_limiter = f"{of_lock} acquire_on_behalf_of acquire_on_behalf_of_nowait release_on_behalf_of"
    reads_of_limiter = "borrowed_tokens available_tokens total_tokens statistics"
    yield _Methods(of_anyio.CapacityLimiter, "limiter", reads_of_limiter, of_limiter)
    yield _Methods(memory.MemoryObjectSendStream, "stream", "statistics", "send send_nowait clone close")
    yield _Methods(memory.MemoryObjectReceiveStream, "stream", "statistics", "receive receive_nowait clone close")


def _stream_state() -> type:
    from anyio.streams import memory

    return memory._MemoryObjectStreamState


class _Patches:
    """The patches, which are there while somebody listens, in whichever thread."""

    def __init__(self) -> None:
        self._listeners = 0
        self._lock = threading.Lock()
        self._originals: list[tuple[type, str, Any]] = []

    def begin(self) -> None:
        with self._lock:
            self._listeners += 1
            if self._listeners == 1:
                for each in _known():
                    for name in (*each.reads.split(), *each.writes.split()):
                        if hasattr(each.of, name):
                            self._patch(each.of, name, each.kind, writes=name in each.writes.split())
                    if "Stream" not in each.of.__name__:
                        self._patch_making(each.of, each.kind)
                self._patch_making(_stream_state(), "stream")

    def end(self) -> None:
        with self._lock:
            self._listeners -= 1
            while not self._listeners and self._originals:
                of, name, original = self._originals.pop()
                if original is None:
                    delattr(of, name)
                else:
                    setattr(of, name, original)

    def _patch(self, of: type, name: str, kind: str, *, writes: bool) -> None:
        # What is inherited is taken away again, and not put back.
        self._originals.append((of, name, vars(of).get(name)))
        setattr(of, name, _announcing(inspect.getattr_static(of, name), kind, writes=writes))

    def _patch_making(self, of: type, kind: str) -> None:
        self._originals.append((of, "__init__", vars(of).get("__init__")))
        made = _making(inspect.getattr_static(of, "__init__"), kind)
        type.__setattr__(of, "__init__", made)


_patches = _Patches()


def _announcing(original: Any, kind: str, *, writes: bool) -> Any:
    """Return a method or property that says what it touches."""
    if isinstance(original, property):
        read, write = original.fget, original.fset
        return property(read and _announcing(read, kind, writes=False), write and _announcing(write, kind, writes=True))
    if inspect.iscoroutinefunction(original):

        @wraps(original)
        async def wait(self: Any, *args: Any, **options: Any) -> Any:
            if (loop := _listened()) is None:
                return await original(self, *args, **options)
            return await _each_turn(original(self, *args, **options), lambda: _touch(loop, kind, self, writes))

        return wait

    @wraps(original)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if (loop := _listened()) is not None:
            _touch(loop, kind, self, writes)
        return original(self, *args, **options)

    return call


def _making(original: Any, kind: str) -> Any:
    """Return an initialiser that says what was made."""

    def make(self: Any, *args: Any, **options: Any) -> None:
        if (loop := _listened()) is not None:
            loop.met.made(kind, self)
        original(self, *args, **options)

    return wraps(original)(make)


def _listened() -> Any:
    """Return the loop that runs, if somebody listens to it."""
    loop: Any = events._get_running_loop()
    return loop if getattr(loop, "touched", None) is not None else None


def _touch(loop: Any, kind: str, thing: Any, writes: bool) -> None:
    # Both ends of a stream are one thing, and who has a condition has its lock.
    thing = getattr(thing, "_state", thing)
    loop.touch(kind, loop.met.name(kind, thing), writes=writes)
    if kind == "condition":
        loop.touch("lock", loop.met.name("lock", thing._lock), writes=writes)


@coroutine
def _each_turn(waiting: Coroutine[Any, Any, Any], touch: Callable[[], None]) -> Generator[Any, None, Any]:
    """Drive a coroutine, and touch at the beginning of each of its turns."""
    error: BaseException | None = None
    while True:
        touch()
        try:
            future = waiting.send(None) if error is None else waiting.throw(error)
        except StopIteration as stop:
            return stop.value
        error = None
        try:
            yield future
        except BaseException as raised:
            error = raised
