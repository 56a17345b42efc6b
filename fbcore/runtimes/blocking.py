"""Running asynchronous work from ordinary code, with or without a loop around it, and heeding signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def run_blocking(work: Callable[[], Coroutine[Any, Any, T]], stop: Callable[[int], None]) -> T:
    """Run a coroutine to its end on a loop of its own and return what it returns.

    In a thread that runs a loop already (a notebook, a web server) the work gets a thread of its own, and
    the caller waits. In the main thread SIGINT and SIGTERM call `stop` on the work's loop, with 1 the first
    time and 2 the second; from then on signals do what they did before.
    """
    runner = asyncio.Runner()
    if not _is_in_loop():
        with runner, _signals(runner.get_loop, stop):
            return runner.run(work())
    with _signals(runner.get_loop, stop):
        return _run_in_thread(runner, work)


def run_on(make_loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end on a loop made for it, in a thread of its own where a loop runs already."""
    runner = asyncio.Runner(loop_factory=make_loop)
    if _is_in_loop():
        return _run_in_thread(runner, work)
    with runner:
        return runner.run(work())


def _run_in_thread(runner: asyncio.Runner, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    outcome: list[Any] = []
    context = copy_context()

    def in_thread() -> None:
        try:
            with runner:
                outcome.extend((True, context.run(runner.run, work())))
        except BaseException as error:
            outcome.extend((False, error))

    thread = threading.Thread(target=in_thread, name="fbcore run")
    thread.start()
    thread.join()
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


@contextmanager
def _signals(loop: Callable[[], asyncio.AbstractEventLoop], stop: Callable[[int], None]) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into calls of `stop` while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.getsignal(kind) for kind in kinds}
    count = 0

    def restore() -> None:
        for kind, handler in before.items():
            signal.signal(kind, handler)

    def handle(kind: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count == 2:
            restore()
        loop().call_soon_threadsafe(stop, count)

    for kind in kinds:
        signal.signal(kind, handle)
    try:
        yield
    finally:
        restore()
