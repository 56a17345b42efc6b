"""Work outside the loop of a net, as that loop sees it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from fbcore.errors import LoopError
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
