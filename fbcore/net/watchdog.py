"""Noticing a turn that blocks the loop, from a thread beside it, on any loop and at no cost to packets."""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from fbcore.net.internals import context_of
from fbcore.net.outstanding import node_of

if TYPE_CHECKING:
    from fbcore.net.net import Net

SLOW_TURN = 0.1
"""Seconds that a turn may block the loop before it is reported."""

_EVERY = 0.02


class Watchdog:
    """Looks every now and then whether a task of a net runs, and whether the loop gets on after it.

    An idle loop is left alone. While a task runs, the loop is asked to answer; when it has not for a tenth of
    a second, and the same task was running at every look, that task's turn is slow, and is reported when it ends.
    """

    def __init__(self, net: Net) -> None:
        # Weakly: a thread of its own would keep a net that everybody else has dropped.
        self._net = weakref.ref(net)
        self._over = threading.Event()
        self._slow: list[tuple[str, float]] = []
        self._thread = threading.Thread(target=self._watch, name=f"watchdog of {net.name}", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more, and report what is left to report; the thread has ended when this returns."""
        self._over.set()
        self._thread.join()
        self._report()

    def _watch(self) -> None:
        # A loop that was closed before its net could end answers with RuntimeError.
        with suppress(RuntimeError):
            while not self._over.wait(_EVERY) and self._look():
                pass

    def _look(self) -> bool:
        """Look once; say whether there is still a net to be watched."""
        net = self._net()
        if net is None or net.loop.is_closed():
            return False
        task = asyncio.current_task(net.loop)
        if task is not None:
            self._follow(task, net)
        return True

    def _follow(self, task: asyncio.Task[object], net: Net) -> None:
        """Ask the loop to answer, and see whether this task keeps it from doing so."""
        loop = net.loop
        began = seen = perf_counter()
        answered = threading.Event()
        loop.call_soon_threadsafe(answered.set)
        while not answered.wait(_EVERY) and not self._over.is_set() and asyncio.current_task(loop) is task:
            seen = perf_counter()
        # The turn began up to one look before it was first seen, and ended up to one look after it was last seen.
        took = seen - began + _EVERY
        node = node_of(context_of(task), net)
        if took >= SLOW_TURN and node is not None:
            self._slow.append((node.address, took))
            if not self._over.is_set():
                loop.call_soon_threadsafe(self._report)

    def _report(self) -> None:
        net = self._net()
        while self._slow and net is not None:
            net.slow_turn(*self._slow.pop(0))
