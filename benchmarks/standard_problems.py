"""Ten problems of concurrency that every explorer is tried on, each with its bug and mended, as generators.

The processes share plain objects and announce nothing, unless they use a `Lock`. A problem is a factory and the check
that it has to pass at the end; `PROBLEMS` says what is to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from fbdev.explore import Blocked, Lock, NetScene, Scene, Waiter, spawn

Steps = Iterator[Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem: what makes its processes, what must hold at the end, and what is wrong with it, or ""."""

    name: str
    factory: Callable[[], Scene] | NetScene
    wrong: str
    at_end: Callable[[Any], bool] | None = None
    invariant: Callable[[Any], bool] | None = None
    has_circle: bool = False


def lost_update(is_mended: bool) -> Scene:
    """Two processes add one, by reading and then writing; mended, under a lock."""
    shared, lock = SimpleNamespace(count=0), Lock("lock")

    def add() -> Steps:
        if is_mended:
            yield from lock.acquire()
        seen = shared.count
        yield "read"
        shared.count = seen + 1
        if is_mended:
            lock.release()

    return Scene({"a": add(), "b": add()}, shared)


def spinlock(is_mended: bool) -> Scene:
    """Two processes go round until a flag is free; without the bug they test it and take it in one step."""
    shared = SimpleNamespace(taken=False, inside=0, most=0)

    def enter() -> Steps:
        while shared.taken:
            yield "spin"
        if not is_mended:
            yield "saw it free"
        shared.taken = True
        shared.inside += 1
        shared.most = max(shared.most, shared.inside)
        yield "inside"
        shared.inside -= 1
        shared.taken = False

    return Scene({"a": enter(), "b": enter()}, shared)


def opposite_locks(is_mended: bool) -> Scene:
    """Two processes take two locks in opposite orders; mended, in the same."""
    first, second = Lock("first"), Lock("second")

    def take(one: Lock, other: Lock) -> Steps:
        yield from one.acquire()
        yield from other.acquire()
        other.release()
        one.release()

    return Scene({"a": take(first, second), "b": take(first, second) if is_mended else take(second, first)})


def philosophers(is_mended: bool, number: int = 3) -> Scene:
    """Each of three takes the fork to the left and the one to the right; mended, the lower one first."""
    forks = tuple(Lock(f"fork {each}") for each in range(number))

    def dine(left: int, right: int) -> Steps:
        one, other = sorted((left, right)) if is_mended else (left, right)
        yield from forks[one].acquire()
        yield from forks[other].acquire()
        forks[one].release()
        forks[other].release()

    return Scene({f"p{each}": dine(each, (each + 1) % number) for each in range(number)})


def missed_wakeup(is_mended: bool) -> Scene:
    """One sees no work and then waits for a call, which may have come between; mended, it looks again."""
    shared = SimpleNamespace(work=False, waits=False, called=False)

    def wait() -> Steps:
        if not shared.work:
            yield "saw no work"
            shared.waits = True
            yield Blocked(lambda: shared.called or (is_mended and shared.work), label="wait for a call")
        return

    def call() -> Steps:
        yield "ready"
        shared.work = True
        yield "work is there"
        if shared.waits:
            shared.called = True

    return Scene({"waiting": wait(), "calling": call()}, shared)


def check_then_act(is_mended: bool) -> Scene:
    """Two processes make what is not there, and it must be made once; mended, they look and make it in one step."""
    made: list[str] = []

    def make(name: str) -> Steps:
        yield "begun"
        if not made:
            if not is_mended:
                yield "saw nothing"
            made.append(name)

    return Scene({"a": make("a"), "b": make("b")}, made)


def lease(is_mended: bool) -> Scene:
    """A leader goes on though its lease has run out; mended, it looks at its lease in the step in which it works."""
    shared = SimpleNamespace(holder="", working=0, most=0)

    def expire(name: str, waiter: Waiter) -> Steps:
        yield Blocked(lambda: waiter.is_over or waiter.is_cancelled, label="wait for the end of the lease")
        if waiter.is_over and shared.holder == name:
            shared.holder = ""

    def lead(name: str) -> Steps:
        yield Blocked(lambda: not shared.holder, label="wait for the lease")
        shared.holder = name
        waiter = Waiter(10, "lease")
        spawn(expire(name, waiter), f"{name}.expire")
        yield "leads"
        if not is_mended or shared.holder == name:
            shared.working += 1
            shared.most = max(shared.most, shared.working)
            if not is_mended:
                yield "works"
            shared.working -= 1
        waiter.cancel()
        if shared.holder == name:
            shared.holder = ""

    return Scene({"a": lead("a"), "b": lead("b")}, shared)


def self_retry(is_mended: bool) -> Scene:
    """A task tries again until a service is up; with the bug it tries twice and gives up."""
    shared = SimpleNamespace(is_up=False, is_done=False)

    def task() -> Steps:
        tries = 0
        while not shared.is_up:
            yield "try again"
            if not is_mended:
                tries += 1
                if tries == 2:
                    return
        shared.is_done = True

    def service() -> Steps:
        yield "starts"
        shared.is_up = True

    return Scene({"task": task(), "service": service()}, shared)


def double_checked(is_mended: bool) -> Scene:
    """What is made under a lock is shown before it is ready; mended, it is shown when it is."""
    shared, lock = SimpleNamespace(made=None, bad=False), Lock("lock")

    def get() -> Steps:
        yield "begun"
        if shared.made is None:
            yield from lock.acquire()
            if shared.made is None:
                new = {"is_ready": False}
                if not is_mended:
                    shared.made = new
                    yield "shown"
                new["is_ready"] = True
                yield "ready"
                shared.made = new
            lock.release()
            yield "released"
        shared.bad = shared.bad or not shared.made["is_ready"]

    return Scene({"a": get(), "b": get()}, shared)


def await_between(is_mended: bool) -> Scene:
    """Two buyers look at a balance, wait for the shop, and pay; mended, they look again when they pay."""
    shared = SimpleNamespace(balance=10)

    def buy() -> Steps:
        if shared.balance >= 10:
            yield "asks the shop"
            if not is_mended or shared.balance >= 10:
                shared.balance -= 10

    return Scene({"a": buy(), "b": buy()}, shared)


def pair(
    name: str,
    make: Callable[[bool], Scene],
    wrong: str,
    at_end: Callable[[Any], bool] | None = None,
    *,
    has_circle: bool = False,
) -> tuple[Problem, Problem]:
    """Return a problem with its bug, and mended."""
    return (
        Problem(name, lambda: make(False), wrong, at_end),
        Problem(f"{name}, mended", lambda: make(True), "", at_end, has_circle=has_circle),
    )


PROBLEMS = (
    *pair("lost update", lost_update, "end", lambda shared: shared.count == 2),
    *pair("spinlock", spinlock, "end", lambda shared: shared.most == 1, has_circle=True),
    *pair("opposite locks", opposite_locks, "deadlock"),
    *pair("philosophers", philosophers, "deadlock"),
    *pair("missed wakeup", missed_wakeup, "deadlock"),
    *pair("check then act", check_then_act, "end", lambda made: len(made) == 1),
    *pair("lease", lease, "end", lambda shared: shared.most <= 1),
    *pair("self-retry", self_retry, "end", lambda shared: shared.is_done, has_circle=True),
    *pair("double-checked lock", double_checked, "end", lambda shared: not shared.bad),
    *pair("await between", await_between, "end", lambda shared: shared.balance >= 0),
)
"""The ten, each with its bug and then mended."""

NAMES = tuple(problem.name for problem in PROBLEMS[::2])
"""What the ten are called, whatever their processes are made of."""
