"""The ten standard problems as plain asyncio code, each with its bug and mended: nothing here knows of an explorer.

A problem makes what its tasks share, runs the tasks on it, and says what must hold when all have ended. Whether it is
mended stands in what they share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

Task = Callable[[Any], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class AsyncioProblem:
    """A problem: `wrong` is what its bug is, `"end"` or `"deadlock"`; `has_circle` if it goes round, mended too."""

    name: str
    share: Callable[[], Any]
    tasks: dict[str, Task]
    wrong: str
    holds: Callable[[Any], bool] = lambda shared: True
    has_circle: bool = False

    def begin(self, *, is_mended: bool) -> Any:
        """Make what the tasks share."""
        shared = self.share()
        shared.is_mended = is_mended
        return shared


async def add_one(shared: Any) -> None:
    """Add one, by reading and then writing; mended, under a lock."""
    if shared.is_mended:
        await shared.lock.acquire()
    seen = shared.count
    await asyncio.sleep(0)
    shared.count = seen + 1
    if shared.is_mended:
        shared.lock.release()


async def spin(shared: Any) -> None:
    """Go round until a flag is free; without the bug it is tested and taken without a wait."""
    while shared.taken:  # noqa: ASYNC110 (it spins, and is to)
        await asyncio.sleep(0)
    if not shared.is_mended:
        await asyncio.sleep(0)
    shared.taken = True
    shared.inside += 1
    shared.most = max(shared.most, shared.inside)
    await asyncio.sleep(0)
    shared.inside -= 1
    shared.taken = False


async def take_both(one: asyncio.Lock, other: asyncio.Lock) -> None:
    """Take two locks, one after the other."""
    async with one:
        await asyncio.sleep(0)
        async with other:
            await asyncio.sleep(0)


def taking(first: str, second: str) -> Task:
    """Return a task that takes two locks; mended, in the order of their names."""

    async def take(shared: Any) -> None:
        names = sorted((first, second)) if shared.is_mended else [first, second]
        await take_both(*(shared.locks[name] for name in names))

    return take


async def wait_for_work(shared: Any) -> None:
    """See no work, and wait for a call, which may have come between; mended, look again without a wait between."""
    if shared.is_mended:
        while not shared.work:
            shared.called.clear()
            await shared.called.wait()
    elif not shared.work:
        await asyncio.sleep(0)
        shared.called.clear()
        await shared.called.wait()


async def call(shared: Any) -> None:
    """Bring work, and call."""
    await asyncio.sleep(0)
    shared.work = True
    shared.called.set()


async def make_once(shared: Any) -> None:
    """Make what is not there; mended, look and make it without a wait between."""
    await asyncio.sleep(0)
    if "it" not in shared.made:
        if not shared.is_mended:
            await asyncio.sleep(0)
        shared.made["it"] = None
        shared.times += 1


def leading(name: str) -> Task:
    """Return a task that leads under a lease; mended, it looks at its lease without a wait before the work."""

    async def lead(shared: Any) -> None:
        while shared.holder:
            shared.free.clear()
            await shared.free.wait()
        shared.holder = name
        lease = asyncio.get_running_loop().call_later(10, give_back, shared, name)
        await asyncio.sleep(0)
        if not shared.is_mended or shared.holder == name:
            shared.working += 1
            shared.most = max(shared.most, shared.working)
            if not shared.is_mended:
                await asyncio.sleep(0)
            shared.working -= 1
        lease.cancel()
        give_back(shared, name)

    return lead


def give_back(shared: Any, name: str) -> None:
    """Give a lease back, or take it away when its time is over."""
    if shared.holder == name:
        shared.holder = ""
        shared.free.set()


async def retry(shared: Any) -> None:
    """Try again until a service is up; with the bug, twice."""
    tries = 0
    while not shared.is_up:
        await asyncio.sleep(1)
        tries += not shared.is_mended
        if tries == 2:
            return
    shared.is_done = True


async def serve(shared: Any) -> None:
    """Come up."""
    await asyncio.sleep(0)
    shared.is_up = True


async def get(shared: Any) -> None:
    """Make something under a lock, and show it before it is ready; mended, when it is."""
    await asyncio.sleep(0)
    if shared.made is None:
        async with shared.lock:
            if shared.made is None:
                new = {"is_ready": False}
                if not shared.is_mended:
                    shared.made = new
                await asyncio.sleep(0)
                new["is_ready"] = True
                shared.made = new
    shared.bad = shared.bad or not shared.made["is_ready"]


async def buy(shared: Any) -> None:
    """Look at a balance, wait for the shop, and pay; mended, look again when paying."""
    if shared.balance >= 10:
        await asyncio.sleep(0)
        if not shared.is_mended or shared.balance >= 10:
            shared.balance -= 10


def sharing(**made: Callable[[], Any]) -> Callable[[], Any]:
    """Return what makes a namespace of things that are made anew each time."""
    return lambda: SimpleNamespace(**{name: make() for name, make in made.items()})


def new_lock() -> asyncio.Lock:
    """Make a lock, of whatever `asyncio.Lock` is now: an explorer may have exchanged it."""
    return asyncio.Lock()


def new_event() -> asyncio.Event:
    """Make an event, of whatever `asyncio.Event` is now."""
    return asyncio.Event()


def locks(*names: str) -> Callable[[], dict[str, asyncio.Lock]]:
    """Return what makes locks by name."""
    return lambda: {name: asyncio.Lock() for name in names}


PROBLEMS = (
    AsyncioProblem(
        "lost update",
        sharing(count=int, lock=new_lock),
        {"a": add_one, "b": add_one},
        "end",
        lambda shared: shared.count == 2,
    ),
    AsyncioProblem(
        "spinlock",
        sharing(taken=bool, inside=int, most=int),
        {"a": spin, "b": spin},
        "end",
        lambda shared: shared.most == 1,
        has_circle=True,
    ),
    AsyncioProblem(
        "opposite locks",
        sharing(locks=locks("one", "two")),
        {"a": taking("one", "two"), "b": taking("two", "one")},
        "deadlock",
    ),
    AsyncioProblem(
        "philosophers",
        sharing(locks=locks("f0", "f1", "f2")),
        {"p0": taking("f0", "f1"), "p1": taking("f1", "f2"), "p2": taking("f2", "f0")},
        "deadlock",
    ),
    AsyncioProblem(
        "missed wakeup",
        sharing(work=bool, called=new_event),
        {"waiting": wait_for_work, "calling": call},
        "deadlock",
    ),
    AsyncioProblem(
        "check then act",
        sharing(made=dict, times=int),
        {"a": make_once, "b": make_once},
        "end",
        lambda shared: shared.times == 1,
    ),
    AsyncioProblem(
        "lease",
        sharing(holder=str, free=new_event, working=int, most=int),
        {"a": leading("a"), "b": leading("b")},
        "end",
        lambda shared: shared.most <= 1,
    ),
    AsyncioProblem(
        "self-retry",
        sharing(is_up=bool, is_done=bool),
        {"task": retry, "service": serve},
        "end",
        lambda shared: shared.is_done,
        has_circle=True,
    ),
    AsyncioProblem(
        "double-checked lock",
        sharing(made=lambda: None, bad=bool, lock=new_lock),
        {"a": get, "b": get},
        "end",
        lambda shared: not shared.bad,
    ),
    AsyncioProblem(
        "await between",
        sharing(balance=lambda: 10),
        {"a": buy, "b": buy},
        "end",
        lambda shared: shared.balance >= 0,
    ),
)
"""The ten."""
