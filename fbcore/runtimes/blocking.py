"""Running asynchronous work from ordinary code, with or without a loop around it, and heeding signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import FrameType
from typing import Any, TypeVar

from fbcore.errors import LoopError

T = TypeVar("T")

_LOOKS_UP_EVERY = 0.1
"""Seconds after which a main thread that waits for another handles the signals that have come."""


def run_blocking(work: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[int], None]) -> T:
    """Run a coroutine to its end on a loop of its own and return what it returns.

    In a thread that runs a loop already (a notebook, a web server) the work gets a thread of its own, and
    the caller waits. In the main thread SIGINT and SIGTERM call `stop` on the work's loop, once the work has begun,
    with 1 the first time and 2 the second; from then on signals do what they did before.
    """
    runner, asked = asyncio.Runner(), _Asked(stop)
    if not _is_in_loop():
        with runner, _signals(asked), _woken_by_signals(runner.get_loop()):
            return runner.run(asked.heeded_by(work))

    def run() -> T:
        with runner:
            return runner.run(asked.heeded_by(work))

    with _signals(asked):
        return _run_in_thread(run)


def run_on(make_loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end on a loop made for it, in a thread of its own where a loop runs already."""
    return _run_in_thread(lambda: _run_fresh(make_loop, work)) if _is_in_loop() else _run_fresh(make_loop, work)


def _run_fresh(make_loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do what a Runner does but for its handler of Ctrl-C, which takes longer than a small net on a stepped loop."""
    loop: Any = make_loop()
    try:
        return loop.run_until_complete(work())  # type: ignore[no-any-return]
    finally:
        try:
            if left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                # One that Ctrl-C has interrupted may never end.
                with suppress(LoopError):
                    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(_shut_down(loop))
        finally:
            loop.close()


async def _shut_down(loop: asyncio.AbstractEventLoop) -> None:
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def _run_in_thread(run: Callable[[], T]) -> T:
    outcome: list[Any] = []
    context = copy_context()

    def in_thread() -> None:
        try:
            outcome.extend((True, context.run(run)))
        except BaseException as error:
            outcome.extend((False, error))

    thread = threading.Thread(target=in_thread, name="fbcore run")
    thread.start()
    while thread.is_alive():
        # Python handles a signal between two steps of the main thread: one that comes as it begins to wait, or that
        # another thread was given, would be left until the wait is over.
        thread.join(_LOOKS_UP_EVERY)
    succeeded, value = outcome
    if succeeded:
        return value  # type: ignore[no-any-return]
    raise value


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Asked:
    """How often signals have asked to stop: what work hears of on its loop, however early they came."""

    def __init__(self, stop: Callable[[int], None]) -> None:
        self._stop = stop
        self._times = 0
        self._untold: deque[int] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self) -> int:
        """Ask once more, in the main thread, and return how often that was done."""
        self._times += 1
        self._untold.append(self._times)
        if self._loop is not None:
            # The work may end in another thread meanwhile.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._tell)
        return self._times

    async def heeded_by(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do the work; from its first turn on it is told."""
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._tell)
        return await work()

    def _tell(self) -> None:
        while self._untold:
            self._stop(self._untold.popleft())


@contextmanager
def _signals(asked: _Asked) -> Iterator[None]:
    """Let SIGINT and SIGTERM ask while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.getsignal(kind) for kind in kinds}

    def restore() -> None:
        for kind, handler in before.items():
            signal.signal(kind, handler)

    def handle(kind: int, frame: FrameType | None) -> None:
        if asked.ask() == 2:
            restore()

    try:
        for kind in kinds:
            signal.signal(kind, handle)
        yield
    finally:
        restore()


@contextmanager
def _woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let a signal wake the loop, so that it is handled; see `_run_in_thread` for what becomes of it otherwise.

    A loop that is not asyncio's own, as uvloop's, sees to that itself.
    """
    own = getattr(loop, "_csock", None)
    if own is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.set_wakeup_fd(own.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
