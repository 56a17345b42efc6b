"""Work outside the loop of a net, as that loop sees it."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from fbcore.errors import LoopError, SettingsError
from fbcore.loop import SteppedLoop


class AtWork:
    """Whether somebody works outside: a stepped loop with a world outside waits for that in real time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._declared = ExitStack()
        self._declares: Any = getattr(loop, "at_work", None)
        self._is_on = False

    def begin(self) -> None:
        """Say that work goes on."""
        if self._declares is not None and not self._is_on:
            self._is_on = True
            self._declared.enter_context(self._declares())

    def end(self) -> None:
        """Say that no work goes on."""
        if self._is_on:
            self._is_on = False
            self._declared.close()

    def alarm(self, seconds: float, ring: Callable[[], None]) -> threading.Timer:
        """Call on the loop, after so many seconds of real time, which pass though the loop's time stands still."""

        def call() -> None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(ring)

        timer = threading.Timer(seconds, call)
        timer.daemon = True
        timer.start()
        return timer


def refuse_virtual_time(loop: asyncio.AbstractEventLoop, address: str) -> None:
    """Refuse work in threads on a loop that has no world outside.

    Raises:
        LoopError: the loop is such a one.
    """
    if isinstance(loop, SteppedLoop) and not loop._is_open:
        hint = (
            'place it `"here"` to step or explore the net; or run it on an ordinary loop, or on fbcore.outside.OpenLoop'
        )
        raise LoopError("its work is placed in a thread, for which a stepped loop cannot wait", address, hint)


@contextmanager
def no_thread_is_told(address: str) -> Iterator[None]:
    """Tell what a system means that makes no more threads, or opens no more files for their loops.

    Raises:
        SettingsError: that is so.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        hint = "place fewer nodes in threads, or allow the program more of them and of open files: `ulimit -u -n`"
        raise SettingsError(f"the system makes no thread for it: {error}", address, hint) from error


class ThreadLoop(asyncio.SelectorEventLoop):
    """The stock loop, for a thread; one that cannot be made is closed."""

    _closed: bool

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        selector = selector or selectors.DefaultSelector()
        try:
            super().__init__(selector)
        except OSError:
            # Otherwise its `__del__` would close what was never opened.
            self._closed = True
            selector.close()
            raise
