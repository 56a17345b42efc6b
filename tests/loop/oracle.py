"""The stock loop as an oracle: a program is run on it, in no time, and on a stepped loop, and tells what it saw."""

from __future__ import annotations

import asyncio
import heapq
import random
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import anyio._backends._asyncio as of_anyio

from fbcore.loop import SteppedLoop
from fbcore.stepped_task import InOrder

Log = list[Any]
Program = Callable[[Log], Awaitable[object]]
"""Writes what it sees into a log, and may return or raise something besides."""


class Impatient(selectors.DefaultSelector):
    """A selector that does not wait: the time it was to wait is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0
        return super().select(0)


class Numbered(asyncio.Task[Any]):
    """A task whose place in sets is that of its number: the stock loop goes through them by memory addresses."""

    made = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        Numbered.made += 1
        self.number = Numbered.made
        super().__init__(*arguments, **options)

    def __hash__(self) -> int:
        return self.number


class Tied(asyncio.TimerHandle):
    """A timer that is due after those of the same time that were armed before it.

    On the stock loop no two are due at one time, for time passes while they are armed; here it does not.
    """

    number = 0

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self.number) < (other.when(), other.number)


class ImpatientLoop(asyncio.SelectorEventLoop):
    """The stock loop, which never really waits, and makes numbered tasks and timers, and closes generators in order."""

    def __init__(self) -> None:
        self._impatient = Impatient()
        super().__init__(self._impatient)
        Numbered.made = 0
        self._asyncgens: Any = InOrder()
        self.set_task_factory(lambda loop, coro, **options: Numbered(coro, loop=loop, **options))

    def time(self) -> float:
        return self._impatient.now

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        timer = Tied(when, callback, args, self, context)
        Tied.number += 1
        timer.number = Tied.number
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer


def seen(program: Program, make_loop: Callable[[], asyncio.AbstractEventLoop] = SteppedLoop) -> Log:
    """Run a program, and return its log, ended by what it returned or raised, and when."""
    log: Log = []
    with asyncio.Runner(loop_factory=make_loop) as runner:
        loop = runner.get_loop()
        # What is said when garbage is collected is said at any time.
        loop.set_exception_handler(lambda loop, context: None if "never" in context["message"] else log.append(context))
        try:
            log.append(("returned", runner.run(_as_coroutine(program, log)), loop.time()))
        except Exception as error:
            log.append(("raised", repr(error), loop.time()))
    return log


async def _as_coroutine(program: Program, log: Log) -> object:
    return await program(log)


def stock(program: Program, monkeypatch: Any) -> Log | None:
    """Run a program on the stock loop; None where its order is that of anyio's scopes in memory."""
    logs = []
    for seed in range(12):
        with monkeypatch.context() as patched:
            patched.setattr(of_anyio.CancelScope, "__hash__", _hash(seed))
            logs.append(seen(program, ImpatientLoop))
    return logs[0] if all(log == logs[0] for log in logs) else None


def _hash(seed: int) -> Callable[[Any], int]:
    """Return a hash of scopes that a seed determines."""
    # By address, for they are to be hashed; they are kept, so that no address comes again.
    places: dict[int, tuple[int, Any]] = {}
    rng = random.Random(seed)

    def by_chance(scope: Any) -> int:
        return places.setdefault(id(scope), (rng.getrandbits(60), scope))[0]

    return by_chance
