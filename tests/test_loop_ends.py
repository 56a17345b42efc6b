"""A stepped loop is begun and closed as any other, and does not wait for ever."""

import asyncio

import pytest

from fbcore import LoopError, SteppedLoop


def run(main, **options):
    """Run a coroutine on a stepped loop, and return what it returns."""
    with asyncio.Runner(loop_factory=SteppedLoop, **options) as runner:
        return runner.run(main)


def test_a_runner_runs_several_coroutines_on_it_one_after_the_other():
    """Time goes on from one to the next."""

    async def main() -> float:
        await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        assert [runner.run(main()), runner.run(main())] == [1.0, 2.0]


def test_a_runner_cancels_what_is_left_and_closes_generators():
    """Tasks nobody awaited end, async generators are closed, and nothing warns (a warning fails this test)."""
    ended = []

    async def generate():
        try:
            yield 1
        finally:
            await asyncio.sleep(1)
            ended.append("generator")

    async def forget() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("task")

    async def main() -> None:
        nonlocal forgotten
        forgotten = asyncio.ensure_future(forget())
        async for _ in left_open:
            break
        await asyncio.sleep(1)

    forgotten, left_open = None, generate()
    run(main())
    assert ended == ["task", "generator"]
    assert forgotten.cancelled()


def test_it_runs_in_debug_mode():
    """The checks of asyncio itself find nothing."""

    async def main() -> float:
        await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    assert run(main(), debug=True) == 1


def test_waiting_for_ever_is_an_error_that_names_who_waits():
    """Where nothing is ready and no timer is armed, an ordinary loop would hang."""

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="the listener")
            await asyncio.sleep(5)

    with pytest.raises(LoopError, match=r"would wait for ever; tasks that wait: .*the listener\n.*nobody will do"):
        run(main())
