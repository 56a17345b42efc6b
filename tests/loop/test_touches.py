"""Whoever listens is told what each step touches: locks and queues too, and where nobody has to wait for them."""

import asyncio
import gc
import threading
from contextlib import closing
from functools import partial

import anyio
import pytest

from fbcore.driver import Seeded
from fbcore.loop import SteppedLoop
from fbcore.touches import Touch, announced
from tests.loop.oracle import seen
from tests.loop.programs import MAKERS


def touches_of(main, driver=None) -> list[Touch]:
    """Run a program, and return what its steps touched."""
    heard: list[Touch] = []
    loop = SteppedLoop() if driver is None else SteppedLoop(driver)
    with asyncio.Runner(loop_factory=lambda: loop) as runner, announced(loop, heard.append):
        runner.run(main())
    return heard


async def use(use_it) -> None:
    """Use a thing that was made outside, by a function or a coroutine function."""
    if asyncio.iscoroutine(used := use_it()):
        await used


def filled(size: int) -> asyncio.Queue[int]:
    queue: asyncio.Queue[int] = asyncio.Queue(size)
    queue.put_nowait(1)
    return queue


def held(lock):
    """Have a lock acquired by whoever uses it."""

    async def release() -> None:
        await lock.acquire()
        lock.release()

    return release


LOOKS = [
    ("lock", lambda: asyncio.Lock().locked),
    ("lock", lambda: anyio.Lock().locked),
    ("event", lambda: asyncio.Event().is_set),
    ("event", lambda: anyio.Event().is_set),
    ("semaphore", lambda: asyncio.Semaphore(1).locked),
    ("semaphore", lambda: anyio.Semaphore(1).statistics),
    ("semaphore", lambda: partial(getattr, anyio.Semaphore(1), "value")),
    ("limiter", lambda: partial(getattr, anyio.CapacityLimiter(1), "available_tokens")),
    ("condition", lambda: anyio.Condition().locked),
    ("queue", lambda: asyncio.Queue().qsize),
    ("queue", lambda: asyncio.Queue().empty),
    ("queue", lambda: asyncio.PriorityQueue(1).full),
    ("queue", lambda: asyncio.Queue().join),
]
CHANGES = [
    ("lock", lambda: held(asyncio.Lock())),
    ("lock", lambda: held(anyio.Lock())),
    ("lock", lambda: anyio.Lock(fast_acquire=True).acquire_nowait),
    ("event", lambda: asyncio.Event().set),
    ("event", lambda: asyncio.Event().clear),
    ("event", lambda: anyio.Event().set),
    ("semaphore", lambda: asyncio.Semaphore(1).acquire),
    ("semaphore", lambda: asyncio.BoundedSemaphore(1).acquire),
    ("semaphore", lambda: anyio.Semaphore(1).acquire),
    ("semaphore", lambda: anyio.Semaphore(1).release),
    ("limiter", lambda: anyio.CapacityLimiter(1).acquire),
    ("limiter", lambda: partial(setattr, anyio.CapacityLimiter(1), "total_tokens", 2)),
    ("condition", lambda: asyncio.Condition().__aenter__),
    ("condition", lambda: held(anyio.Condition())),
    ("queue", lambda: partial(filled(2).put, 1)),
    ("queue", lambda: filled(1).get),
    ("queue", lambda: filled(1).get_nowait),
    ("queue", lambda: filled(1).task_done),
]


@pytest.mark.parametrize(("kind", "make"), LOOKS)
def test_a_look_does_not_write(kind, make):
    """It is announced, and two looks may change places."""

    async def main() -> None:
        await use(make())

    found = [(each.name, each.writes) for each in touches_of(main) if each.kind == kind]
    # A limiter is told how much it has while it is made.
    assert set(found[-1:] if kind == "limiter" else found) == {(f"{kind} 1", False)}


@pytest.mark.parametrize(("kind", "make"), CHANGES)
def test_a_change_writes(kind, make):
    """Also where nobody has to wait for it."""

    async def main() -> None:
        await use(make())

    assert (f"{kind} 1", True) in {(each.name, each.writes) for each in touches_of(main) if each.kind == kind}


def test_both_ends_of_a_stream_are_one():
    """Sending, receiving, closing and cloning change it, statistics are a look."""

    async def main() -> None:
        sender, receiver = anyio.create_memory_object_stream(1)
        sender.statistics()
        with sender, receiver:
            await sender.send(1)
            await receiver.receive()

    found = [(each.name, each.writes) for each in touches_of(main) if each.kind == "stream"]
    assert (found[0], set(found[1:])) == (("stream 1", False), {("stream 1", True)})


@pytest.mark.parametrize("of", [asyncio, anyio], ids=["asyncio", "anyio"])
def test_who_has_a_condition_has_its_lock(of):
    """Both are touched."""

    async def main() -> None:
        thing = of.Condition()
        async with thing:
            thing.notify_all()

    found = touches_of(main)
    assert {(each.kind, each.name, each.writes) for each in found} >= {
        ("condition", "condition 1", True),
        ("lock", "lock 1", True),
    }


@pytest.mark.parametrize("of", [asyncio, anyio], ids=["asyncio", "anyio"])
def test_the_turn_that_gets_a_lock_touches_it_too(of):
    """Not the one alone that began to wait: it is a later turn that takes it."""

    async def main() -> None:
        thing = of.Lock()

        async def hold(seconds: float) -> None:
            async with thing:
                await asyncio.sleep(seconds)

        await asyncio.gather(asyncio.create_task(hold(1), name="first"), asyncio.create_task(hold(1), name="second"))

    loop = SteppedLoop()
    heard: list[tuple[int, Touch]] = []
    told = announced(loop, lambda touch: heard.append((len(loop.choices), touch)))
    with asyncio.Runner(loop_factory=lambda: loop) as runner, told:
        runner.run(main())
    steps = {at for at, each in heard if each.kind == "lock" and each.step == "second"}
    released = max(at for at, each in heard if each.kind == "lock" and each.step == "first")
    assert min(steps) < released < max(steps)


@pytest.mark.filterwarnings("ignore")
def test_names_are_the_same_from_run_to_run():
    """They count what the loop has met, in order, and say nothing of where it lies in memory."""
    for kind in MAKERS:
        for number in range(4):
            first = touches_of(lambda kind=kind, number=number: MAKERS[kind](number)([]), Seeded(number))
            assert first == touches_of(lambda kind=kind, number=number: MAKERS[kind](number)([]), Seeded(number))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", MAKERS)
def test_being_listened_to_changes_nothing(kind):
    """Programs do the same, in the same order and at the same time."""

    def make_loop() -> SteppedLoop:
        loop = SteppedLoop()
        loop.touched = heard.append
        return loop

    heard: list[Touch] = []
    # asyncio's set of all tasks, which are cancelled at the end, has another order when garbage was taken out of it.
    gc.disable()
    try:
        for number in range(40):
            gc.collect()
            expected = seen(MAKERS[kind](number))
            gc.collect()
            with closing(SteppedLoop()) as other, announced(other, heard.append):
                assert seen(MAKERS[kind](number), make_loop) == expected
    finally:
        gc.enable()
    assert len({each.kind for each in heard}) >= 5


def run_stepped(main) -> object:
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(main)


METHODS = [
    (asyncio.Lock, "acquire"),
    (asyncio.Queue, "put"),
    (asyncio.Condition, "__aenter__"),
    (anyio.Condition, "wait"),
]


def test_nothing_is_patched_when_nobody_listens():
    """Before, after, and after somebody inside has stopped listening before somebody outside."""

    def found() -> list[object]:
        return [getattr(of, name) for of, name in METHODS] + ["__aenter__" in vars(asyncio.Condition)]

    before = found()
    with closing(SteppedLoop()) as one, closing(SteppedLoop()) as other, announced(one, print):
        patched = found()
        with announced(other, print):
            assert found() == patched
        assert found() == patched
    assert (found(), one.touched, other.touched) == (before, None, None)
    assert all(mine is not theirs for mine, theirs in zip(before[:-1], patched[:-1], strict=True))


def test_a_loop_that_nobody_listens_to_is_left_alone():
    """It runs in another thread meanwhile, as a stock loop or a stepped one."""
    heard: list[Touch] = []

    async def main() -> str:
        async with asyncio.Lock(), anyio.Lock():
            await asyncio.sleep(0)
        return "done"

    results = []
    with closing(SteppedLoop()) as other, announced(other, heard.append):
        for run in (asyncio.run, run_stepped):
            thread = threading.Thread(target=lambda run=run: results.append(run(main())))
            thread.start()
            thread.join()
    assert (results, heard) == (["done", "done"], [])
