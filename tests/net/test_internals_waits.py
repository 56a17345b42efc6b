"""What a task waits for is read truly from the private parts of asyncio: for whom, and where."""

import asyncio
import gc
import weakref
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import uvloop

from fbcore.loop import SteppedLoop
from fbcore.net import internals

LOOPS = {"stock": asyncio.new_event_loop, "stepped": SteppedLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def on(request: pytest.FixtureRequest) -> Any:
    """Run a coroutine on one of the loops."""

    def run(main: Any) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(main)

    return run


async def parked(work: Any) -> asyncio.Task[Any]:
    """Start a coroutine, and return its task when it waits."""
    task = asyncio.get_running_loop().create_task(work)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_task_waits_for_a_future(on):
    """The very one that it awaits, until that is done."""

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()

        async def wait() -> None:
            await future

        task = await parked(wait())
        assert internals.awaited_future(task) is future
        future.set_result(None)
        assert internals.awaited_future(task) is None
        await task
        assert internals.awaited_future(task) is None

    on(main())


def test_a_task_that_is_about_to_run_waits_for_nothing(on):
    """Before its first turn, after a `sleep(0)`, and while it runs."""

    async def main() -> None:
        task = asyncio.ensure_future(asyncio.sleep(0))
        assert internals.awaited_future(task) is None
        assert internals.awaited_future(asyncio.current_task()) is None
        await task

    on(main())


class Waits:
    """Ways for a task to wait for two others."""

    @staticmethod
    async def task(one: Any, two: Any) -> None:
        await one

    @staticmethod
    async def gather(one: Any, two: Any) -> None:
        await asyncio.gather(one, two)

    @staticmethod
    async def shield(one: Any, two: Any) -> None:
        await asyncio.shield(one)

    @staticmethod
    async def wait(one: Any, two: Any) -> None:
        await asyncio.wait([one, two])

    @staticmethod
    async def wait_first(one: Any, two: Any) -> None:
        await asyncio.wait({one, two}, return_when=asyncio.FIRST_COMPLETED)

    @staticmethod
    async def as_completed(one: Any, two: Any) -> None:
        for each in asyncio.as_completed([one, two]):
            await each

    @staticmethod
    async def wait_for(one: Any, two: Any) -> None:
        await asyncio.wait_for(one, None)

    @staticmethod
    async def deeper(one: Any, two: Any) -> None:
        await Waits.gather(one, two)


ONE = ("task", "shield", "wait_for")
BOTH = ("gather", "wait", "wait_first", "as_completed", "deeper")


@pytest.mark.parametrize("way", [*ONE, *BOTH])
def test_a_wait_for_tasks_is_known(on, way):
    """However it is written: the tasks that alone can end it."""

    async def main() -> None:
        one, two = await parked(forever()), await parked(forever())
        task = await parked(getattr(Waits, way)(one, two))
        future = internals.awaited_future(task)
        behind = internals.tasks_behind(task, future, [one, two, task])
        assert set(behind) == ({one} if way in ONE else {one, two})
        one.cancel()
        two.cancel()
        await asyncio.wait([one, two, task])

    on(main())


@pytest.mark.parametrize("way", ["wait", "as_completed"])
def test_tasks_that_are_done_are_not_waited_for(on, way):
    """Of several the rest."""

    async def main() -> None:
        one, two = await parked(asyncio.sleep(0)), await parked(forever())
        task = await parked(getattr(Waits, way)(one, two))
        assert internals.tasks_behind(task, internals.awaited_future(task), [one, two, task]) == [two]
        two.cancel()
        await asyncio.wait([two, task])

    on(main())


def test_a_gather_of_a_gather_is_waited_for_by_its_parts(on):
    """The futures behind may be gathers again, whose parts are found in turn."""

    async def main() -> None:
        one, two = await parked(forever()), await parked(forever())
        task = await parked(Waits.gather(asyncio.gather(one), two))
        inner, other = internals.tasks_behind(task, internals.awaited_future(task), [one, two])
        assert other is two
        assert internals.tasks_behind(task, inner, [one, two]) == [one]
        one.cancel()
        two.cancel()
        await asyncio.wait([one, two, task])

    on(main())


@asynccontextmanager
async def wrapped_group():
    async with asyncio.TaskGroup() as group:
        yield group.create_task


@asynccontextmanager
async def anyio_group():
    async with anyio.create_task_group() as group:
        yield lambda work: (group.start_soon(lambda: work), None)[1]


@pytest.mark.parametrize("group", [wrapped_group, anyio_group])
def test_the_end_of_a_task_group_is_a_wait_for_its_tasks(on, group):
    """Of asyncio and of anyio, also inside other context managers."""

    async def main() -> None:
        children: list[Any] = []

        async def child() -> None:
            children.append(asyncio.current_task())
            await forever()

        async def parent() -> None:
            async with group() as start:
                start(child())
                start(child())

        task = await parked(parent())
        behind = internals.tasks_behind(task, internals.awaited_future(task), children)
        assert set(behind) == set(children)
        assert len(children) == 2
        task.cancel()
        await asyncio.wait([task])

    on(main())


async def lock() -> None:
    held = asyncio.Lock()
    await held.acquire()
    await held.acquire()


async def locked_condition() -> None:
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()


UNKNOWN = {
    "event": forever,
    "anyio event": lambda: anyio.Event().wait(),
    "queue": lambda: asyncio.Queue().get(),
    "lock": lock,
    "sleep": lambda: asyncio.sleep(1000),
    "condition": locked_condition,
    "time-out": lambda: asyncio.wait_for(forever(), 1000),
}


@pytest.mark.parametrize("wait", UNKNOWN)
def test_any_other_wait_is_not_known(on, wait):
    """It is not taken for a wait for tasks, so that it withholds a verdict."""

    async def main() -> None:
        task = await parked(UNKNOWN[wait]())
        future = internals.awaited_future(task)
        assert future is not None
        assert internals.tasks_behind(task, future, asyncio.all_tasks()) is None
        task.cancel()
        await asyncio.wait([task])

    on(main())


# -- where a task waits -----------------------------------------------------------------------------------


class Wrapping:
    """Something with `__await__`."""

    def __init__(self, work: Any) -> None:
        self.work = work

    def __await__(self) -> Any:
        return self.work.__await__()


async def generate(work: Any):
    await work
    yield 1


async def by_await(work: Any) -> None:
    await work


async def by_object(work: Any) -> None:
    await Wrapping(work)


async def by_generator(work: Any) -> None:
    async for _ in generate(work):
        pass


async def by_anext(work: Any) -> None:
    await anext(generate(work), None)


async def by_context(work: Any) -> None:
    async with asynccontextmanager(generate)(work):
        pass


DEEP = [by_await, by_object, by_generator, by_anext, by_context]


@pytest.mark.parametrize("way", DEEP)
def test_the_innermost_coroutine_is_found_through_everything_between(on, way):
    """Awaitable objects, async generators, `anext` and context managers do not hide who waits."""

    async def waits_here(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> None:
        event = asyncio.Event()
        task = await parked(way(waits_here(event)))
        inner = internals.innermost(task)
        assert inner.cr_code is asyncio.Event.wait.__code__
        assert inner.cr_frame.f_locals["self"] is event
        assert internals.place_of_wait(task)[0].startswith("Event.wait at ")
        event.set()
        await task

    on(main())


def test_the_place_of_a_wait_is_a_line_of_the_users(on):
    """Not one of asyncio or anyio: the call that is awaited, and the file and line that awaits it."""

    async def main() -> None:
        task = await parked(forever())
        line = forever.__code__.co_firstlineno + 1
        assert internals.place_of_wait(task) == (f"Event.wait at {__file__}:{line}", True)
        through_library = await parked(anyio.Event().wait())
        place, is_users = internals.place_of_wait(through_library)
        assert "wait at " in place
        assert not is_users
        for each in (task, through_library):
            each.cancel()
        await asyncio.wait([task, through_library])

    on(main())


class Payload:
    """A value whose life can be watched."""


def test_looking_leaves_no_references(on):
    """What was looked at can go when it is done."""

    async def hold() -> None:
        payload = Payload()
        watched.append(weakref.ref(payload))
        await Waits.gather(forever(), forever())
        del payload

    async def main() -> None:
        task = await parked(hold())
        internals.tasks_behind(task, internals.awaited_future(task), [task])
        internals.innermost(task)
        internals.place_of_wait(task)
        assert watched[0]() is not None
        task.cancel()
        await asyncio.wait([task])

    watched: list[weakref.ref[Payload]] = []
    on(main())
    gc.collect()
    assert watched[0]() is None
