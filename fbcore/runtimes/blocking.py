"""Running asynchronous work from ordinary code, with or without a loop around it, and heeding signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import FrameType
from typing import Any, TypeVar

from fbcore.errors import LoopError

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

    def run() -> T:
        with runner:
            return runner.run(work())

    with _signals(runner.get_loop, stop):
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
