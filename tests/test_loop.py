"""A stepped loop runs asyncio and anyio code as it is, on time of its own."""

import asyncio
import contextvars
import time

import anyio
import pytest

from fbcore import SteppedLoop


def run(main):
    """Run a coroutine on a stepped loop, and return what it returns."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(main)


# -- time -------------------------------------------------------------------------------------------------


def test_time_begins_at_0_and_jumps_to_the_next_timer():
    """A day of sleep takes no time, and the loop's clock shows exactly a day."""

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times = [loop.time()]
        await asyncio.sleep(86400)
        times.append(loop.time())
        await anyio.sleep(0.25)
        times.append(loop.time())
        return times

    began = time.perf_counter()
    assert run(main()) == [0.0, 86400.0, 86400.25]
    assert time.perf_counter() - began < 5


def test_time_stands_still_while_anything_is_ready():
    """However long a task is busy, no timer is due before it waits."""

    async def main() -> list[str]:
        log = []
        asyncio.get_running_loop().call_later(0.001, log.append, "timer")
        for _ in range(1000):
            await asyncio.sleep(0)
        log.append("busy no more")
        await asyncio.sleep(1)
        return log

    assert run(main()) == ["busy no more", "timer"]


def test_timers_are_due_in_order_of_time_and_then_of_arming():
    """Timers of one instant fire in the order in which they were armed, as they do on the stock loop."""

    async def main() -> list[object]:
        loop, log = asyncio.get_running_loop(), []
        for number in range(20):
            loop.call_later(2, log.append, number)
        loop.call_later(1, log.append, "earlier")
        loop.call_at(2, log.append, "last")
        await asyncio.sleep(3)
        return log

    assert run(main()) == ["earlier", *range(20), "last"]


def test_a_timer_that_is_cancelled_is_not_waited_for():
    """Time does not go to where nothing happens."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        timers = [loop.call_later(seconds, print) for seconds in (10, 20, 30)]
        for timer in timers:
            timer.cancel()
        await asyncio.sleep(5)
        return loop.time()

    assert run(main()) == 5


def test_a_timer_of_the_past_is_due_now():
    """Time never goes back."""

    async def main() -> float:
        loop, fired = asyncio.get_running_loop(), asyncio.Event()
        await asyncio.sleep(5)
        loop.call_at(1, fired.set)
        await fired.wait()
        return loop.time()

    assert run(main()) == 5


@pytest.mark.slow
def test_a_task_that_spins_does_not_stop_time_for_ever():
    """After very many passes at one instant the next timer is due though something is ready."""

    async def main() -> float:
        woken = asyncio.Event()
        asyncio.get_running_loop().call_later(7, woken.set)
        while not woken.is_set():  # noqa: ASYNC110 - spinning is the point
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run(main()) == 7


# -- asyncio ----------------------------------------------------------------------------------------------


async def timeouts() -> object:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await asyncio.sleep(5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 4)
    done, pending = await asyncio.wait([asyncio.ensure_future(asyncio.sleep(2))], timeout=1)
    await asyncio.gather(*pending)
    return len(done), asyncio.get_running_loop().time()


async def groups() -> object:
    ended = []

    async def wait(seconds: int) -> int:
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append(seconds)
        return seconds

    async def fail() -> None:
        await asyncio.sleep(2)
        raise ValueError("no")

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for each in (wait(1), fail(), wait(9)):
                group.create_task(each)

    with pytest.raises(ExceptionGroup):
        await together()
    return ended, await asyncio.gather(wait(3), wait(2)), asyncio.get_running_loop().time()


async def synchronisation() -> object:
    log: list[str] = []
    lock, gate, condition, semaphore = asyncio.Lock(), asyncio.Event(), asyncio.Condition(), asyncio.Semaphore(2)

    async def enter(name: str) -> None:
        await gate.wait()
        async with semaphore, lock:
            log.append(f"+{name}")
            await asyncio.sleep(1)
            log.append(f"-{name}")
        async with condition:
            condition.notify_all()

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(enter(name))
        await asyncio.sleep(1)
        gate.set()
        async with condition:
            await condition.wait_for(lambda: len(log) == 6)
    return "".join(log), asyncio.get_running_loop().time()


async def queues() -> object:
    queue: asyncio.Queue[int] = asyncio.Queue(2)
    got = []

    async def take() -> None:
        for _ in range(5):
            got.append(await queue.get())
            queue.task_done()
            await asyncio.sleep(1)

    taking = asyncio.ensure_future(take())
    for number in range(5):
        await queue.put(number)
    await queue.join()
    await taking
    return got, asyncio.get_running_loop().time()


ASYNCIO = [
    (timeouts, (0, 9.0)),
    (groups, ([1, 9, 2, 3], [3, 2], 5.0)),
    (synchronisation, ("+a-a+b-b+c-c", 4.0)),
    (queues, ([0, 1, 2, 3, 4], 5.0)),
]


@pytest.mark.parametrize(("program", "expected"), ASYNCIO, ids=lambda each: getattr(each, "__name__", ""))
def test_asyncio_runs_unchanged(program, expected):
    """Time-outs, task groups, locks and queues do what they do, at the very second."""
    assert run(program()) == expected


def test_context_variables_are_inherited():
    """Tasks, callbacks and timers see the context in which they were made."""
    name = contextvars.ContextVar("name", default="nobody")

    async def main() -> list[str]:
        loop, seen = asyncio.get_running_loop(), []
        name.set("maker")
        loop.call_soon(lambda: seen.append(name.get()))
        loop.call_later(1, lambda: seen.append(name.get()))
        loop.call_soon(lambda: seen.append(name.get()), context=contextvars.Context())
        await asyncio.sleep(2)
        return seen

    assert run(main()) == ["maker", "nobody", "maker"]


# -- anyio ------------------------------------------------------------------------------------------------


async def anyio_scopes() -> object:
    with anyio.move_on_after(3) as scope:
        await anyio.sleep(5)
    with pytest.raises(TimeoutError), anyio.fail_after(2):
        await anyio.Event().wait()
    return scope.cancelled_caught, anyio.current_time()


async def anyio_groups() -> object:
    log = []

    async def serve(*, task_status: anyio.abc.TaskStatus[str]) -> None:
        await anyio.sleep(1)
        task_status.started("ready")
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(1)
            log.append("closed")

    async with anyio.create_task_group() as group:
        log.append(await group.start(serve))
        group.cancel_scope.cancel()
    return log, anyio.current_time()


async def anyio_streams() -> object:
    sender, receiver = anyio.create_memory_object_stream[int](1)
    got = []

    async def take() -> None:
        async with receiver:
            async for number in receiver:
                got.append(number)
                await anyio.sleep(1)

    async with anyio.create_task_group() as group:
        group.start_soon(take)
        async with sender:
            for number in range(4):
                await sender.send(number)
    return got, anyio.current_time()


ANYIO = [(anyio_scopes, (True, 5.0)), (anyio_groups, (["ready", "closed"], 2.0)), (anyio_streams, ([0, 1, 2, 3], 4.0))]


@pytest.mark.parametrize(("program", "expected"), ANYIO, ids=lambda each: getattr(each, "__name__", ""))
def test_anyio_runs_unchanged(program, expected):
    """Its scopes, groups and streams do what they do, also when anyio makes the loop."""
    assert run(program()) == expected
    assert anyio.run(program, backend_options={"loop_factory": SteppedLoop}) == expected
