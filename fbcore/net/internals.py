"""Private parts of asyncio, all of them: what a task waits for, which timers are armed, what is about to run.

Everything errs towards "outstanding": what is not recognised is None, and the net is then not called blocked.
Each function has a test for every Python version. Loops that hide their parts (uvloop) are read through `gc`.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from fbcore.errors import is_machinery
from fbcore.net.pause import reason_in

if TYPE_CHECKING:
    from fbcore.loop import SteppedLoop

AnyFuture = asyncio.Future[Any]


def stepped(loop: asyncio.AbstractEventLoop) -> SteppedLoop | None:
    """Return a loop that is a stepped one, or None: whoever has one has loaded what makes it, and others need not."""
    kind: Any = getattr(sys.modules.get("fbcore.loop"), "SteppedLoop", ())
    return loop if isinstance(loop, kind) else None


def context_of(thing: Any) -> Context | None:
    """Return the context that a task, handle or timer runs in."""
    if isinstance(thing, asyncio.Task) and hasattr(thing, "get_context"):
        context: Context = thing.get_context()
        return context
    # Task.get_context came with Python 3.12; a task visits its own context before those of its callbacks.
    return next((part for part in gc.get_referents(thing) if isinstance(part, Context)), None)


def shows_ready(loop: asyncio.AbstractEventLoop) -> bool:
    """Say whether `ready_contexts` can see what is about to run on this loop."""
    return isinstance(getattr(loop, "_ready", None), deque)


def ready_contexts(loop: asyncio.AbstractEventLoop) -> Iterator[Context]:
    """Yield the contexts of callbacks that are about to run; none on a loop that hides them."""
    for handle in getattr(loop, "_ready", ()):
        context = getattr(handle, "_context", None)
        if context is not None and not handle.cancelled():
            yield context


def armed_timers(loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.TimerHandle]:
    """Yield the timers that are armed on this loop, in no certain order."""
    timers: Iterable[Any] | None = getattr(loop, "_scheduled", None)
    if timers is None:
        timers = [each for each in gc.get_objects() if type(each).__name__ == "TimerHandle"]
    now = loop.time()
    for timer in timers:
        # A uvloop timer that has fired stays until it is collected; it lies in the past.
        if not timer.cancelled() and (hasattr(loop, "_scheduled") or timer.when() >= now - 0.01):
            yield timer


def will_set(timer: asyncio.TimerHandle, future: AnyFuture) -> bool:
    """Say whether a timer, when it is due, ends the wait for a future, as that of `asyncio.sleep` does."""
    arguments = getattr(timer, "_args", None) or next(
        (part for part in gc.get_referents(timer) if isinstance(part, tuple)), ()
    )
    return any(argument is future for argument in arguments)


def awaited_future(task: asyncio.Task[Any]) -> AnyFuture | None:
    """Return what a task waits for; None when it is about to run."""
    waiter: AnyFuture | None = getattr(task, "_fut_waiter", None)
    return None if waiter is None or waiter.done() else waiter


def tasks_behind(
    task: asyncio.Task[Any], future: AnyFuture, siblings: Iterable[asyncio.Task[Any]]
) -> list[AnyFuture] | None:
    """Return the futures that alone can end a task's wait for this one, or None when that is not known.

    `siblings` are the tasks among which they are looked for.

    Knows a task, `gather`, `shield`, `wait`, `as_completed`, and the end of a task group of asyncio or anyio.
    """
    if isinstance(future, asyncio.Task):
        return [future]
    if type(future).__name__ == "_GatheringFuture":
        return list(getattr(future, "_children", ())) or None
    return _shielded(future) or _waited_by_frame(task, future) or _waited_one_by_one(task, siblings)


def _shielded(future: AnyFuture) -> list[AnyFuture] | None:
    """Return what `asyncio.shield` protects: the outer future knows the inner one only by its callback."""
    for callback, _ in getattr(future, "_callbacks", None) or ():
        if getattr(callback, "__qualname__", "") == "shield.<locals>._outer_done_callback":
            return [cell for cell in inspect.getclosurevars(callback).nonlocals.values() if asyncio.isfuture(cell)]
    return None


def _waited_by_frame(task: asyncio.Task[Any], future: AnyFuture) -> list[AnyFuture] | None:
    """Look at the innermost coroutine of a task, and know it when it waits for tasks by a plain future."""
    coroutine = innermost(task)
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None:
        return None
    names = frame.f_locals
    owner = names.get("self")
    if getattr(owner, "_on_completed_fut", None) is future:
        return _pending(getattr(owner, "_tasks", ()))
    if frame.f_code is _WAIT:
        return _pending(names["fs"])
    return None


_WAIT = asyncio.tasks._wait.__code__  # type: ignore[attr-defined]


def _waited_one_by_one(task: asyncio.Task[Any], siblings: Iterable[asyncio.Task[Any]]) -> list[AnyFuture] | None:
    """Know a wait in `as_completed`: its queue is filled by a callback of the tasks that it goes through."""
    frames = [each.cr_frame for each in _chain(task) if getattr(each, "__qualname__", "").endswith("_wait_for_one")]
    if not frames:
        return None
    names = frames[0].f_locals
    if hasattr(names.get("self"), "_todo"):
        return _pending(names["self"]._todo)
    for sibling in siblings:
        for callback, _ in getattr(sibling, "_callbacks", None) or ():
            if getattr(callback, "__qualname__", "") == "as_completed.<locals>._on_completion":
                cells = inspect.getclosurevars(callback).nonlocals
                if cells.get("done") is names.get("done"):
                    return _pending(cells.get("todo", ()))
    return None


def _pending(futures: Iterable[AnyFuture]) -> list[AnyFuture] | None:
    return [each for each in futures if not each.done()] or None


def innermost(task: asyncio.Task[Any]) -> Any:
    """Return the coroutine at the end of a task's chain of awaits: the one that waits."""
    *_, last = _chain(task)
    return last


def _chain(task: asyncio.Task[Any]) -> Iterator[Any]:
    current: Any = task.get_coro()
    while current is not None:
        yield current
        awaited = (
            getattr(current, "cr_await", None)
            or getattr(current, "ag_await", None)
            or getattr(current, "gi_yieldfrom", None)
        )
        current = awaited if awaited is None or _has_frame(awaited) else _wrapped(awaited)


def _has_frame(thing: Any) -> bool:
    return isinstance(thing, types.CoroutineType | types.GeneratorType | types.AsyncGeneratorType)


def _wrapped(awaited: Any) -> Any:
    """Look through the wrappers that `anext`, `__await__` and async generators put around a coroutine."""
    for _ in range(4):
        parts = gc.get_referents(awaited)
        for part in parts:
            if _has_frame(part):
                return part
        awaited = next((part for part in parts if type(part).__name__.startswith(("async_gen", "anext"))), None)
        if awaited is None:
            return None
    return None


def place_of_wait(task: asyncio.Task[Any]) -> tuple[str, bool]:
    """Say in words where a task waits: the awaited call, and the line of the user's code; or why, if that is known.

    False says that no user's code is in it: the line is of a library, or there is none where all of it is ours.
    """
    frames = [frame for frame in map(_frame, _chain(task)) if frame is not None]
    if not frames:
        return "something that shows no frame", False
    if why := reason_in(frames):
        return why, True
    call = frames[-1].f_code.co_qualname
    own = [frame for frame in frames if not _is_ours(frame)]
    others = [frame for frame in frames if not is_machinery(frame.f_code.co_filename)]
    for frame in own[-1:] or others[:1]:
        return f"{call} at {frame.f_code.co_filename}:{frame.f_lineno}", bool(own)
    return call, False


def is_in_machinery(task: asyncio.Task[Any]) -> bool:
    """Say whether a task waits in code that no user has written: it tells them nothing where that is."""
    return all(_is_ours(frame) for frame in map(_frame, _chain(task)) if frame is not None)


def _is_ours(frame: types.FrameType) -> bool:
    file = frame.f_code.co_filename
    return _is_library(file) or is_machinery(file)


def _frame(coroutine: Any) -> types.FrameType | None:
    for name in ("cr_frame", "ag_frame", "gi_frame"):
        frame: types.FrameType | None = getattr(coroutine, name, None)
        if frame is not None:
            return frame
    return None


def _is_library(file: str) -> bool:
    folders = (asyncio.__file__, __file__)
    return "site-packages" in file or any(file.startswith(folder.rpartition("/")[0]) for folder in folders)


def future_maker(loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Future[None]]:
    """Return the quickest way to make futures that a loop has, as its `create_future` does.

    Public as it is, this stands here because it looks behind `create_future`: asyncio's own makes a Future and
    nothing else, at the price of one more call for every wait.
    """
    if getattr(type(loop), "create_future", None) is asyncio.BaseEventLoop.create_future:
        return partial(asyncio.Future, loop=loop)
    return loop.create_future
