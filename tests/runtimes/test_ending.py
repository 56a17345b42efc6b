"""How a run is brought to its end from outside: by its time limit, by `stop`, by whoever awaits it."""

import asyncio
import signal
import threading

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, NetError, Out, Outcome, Result
from fbcore.loop import SteppedLoop


class Ticks(Component):
    """Sends a number every second, for ever."""

    tick: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.tick.send(number)
            number += 1
            await asyncio.sleep(1)


class Collect(Component):
    """Collects numbers, and sends them all at the end."""

    value: In[int]
    all: Out[list[int]]

    async def run(self) -> None:
        await self.all.send([value async for value in self.value])


def ticking(source: type[Component] = Ticks) -> Graph:
    graph = Graph("ticking")
    collect = graph.add(Collect)
    graph.add(source, "ticks").tick >> collect.value
    collect.all >> graph.outputs.ticks_seen
    return graph


def on_virtual_time(main):
    """Run a coroutine on a stepped loop, and return what it returns."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(main)


# -- time limit -------------------------------------------------------------------------------------------


def test_a_time_limit_cancels_the_net_and_raises():
    """The error says that time is up, and its result what every node waited for."""
    with pytest.raises(NetError, match=r"ticking: stopped: the time limit of 2\.5 s is over\n.*`time_limit`") as caught:
        on_virtual_time(BatchRuntime(ticking()).arun(time_limit=2.5))
    result = caught.value.result
    assert (result.outcome, result.seconds) == (Outcome.STOPPED, 2.5)
    assert result.waits["ticks"].startswith("a timer, due in 0.5 s")
    assert result.waits["collect"] == "a packet on value"
    assert result.outputs.ticks_seen == []
    assert caught.value.errors is None


def test_a_time_limit_that_does_not_raise_returns_the_result():
    """`raises=False` holds for it too."""
    result = on_virtual_time(BatchRuntime(ticking()).arun(time_limit=1.5, raises=False))
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "the time limit of 1.5 s is over")


def test_a_run_that_ends_in_time_knows_nothing_of_its_limit():
    """The limit's timer is disarmed: the loop waits for nothing afterwards."""

    class Thrice(Component):
        tick: Out[int]

        async def run(self) -> None:
            for number in range(3):
                await self.tick.send(number)

    async def main() -> tuple[Result, float]:
        result = await BatchRuntime(ticking(Thrice)).arun(time_limit=1000)
        return result, asyncio.get_running_loop().time()

    result, time = on_virtual_time(main())
    assert (result.outcome, result.outputs.ticks_seen, time) == (Outcome.FINISHED, [[0, 1, 2]], 0)


def test_a_run_without_a_limit_goes_on():
    """No limit is the default, whatever the time."""

    class Patient(Component):
        tick: Out[int]

        async def run(self) -> None:
            await asyncio.sleep(1e6)
            await self.tick.send(1)

    result = on_virtual_time(BatchRuntime(ticking(Patient)).arun())
    assert (result.outputs.ticks_seen, result.seconds) == ([[1]], 1e6)


# -- stop -------------------------------------------------------------------------------------------------


def test_a_runtime_is_stopped_from_another_thread():
    """The net drains: what is on its way comes out, and the run returns."""
    begun = threading.Event()

    class Signals(Component):
        tick: Out[int]

        async def run(self) -> None:
            await self.tick.send(7)
            begun.set()
            await asyncio.sleep(1000)

    runtime = BatchRuntime(ticking(Signals))

    def stop_soon() -> None:
        begun.wait(100)
        runtime.stop("enough")

    thread = threading.Thread(target=stop_soon)
    thread.start()
    result = runtime.run(time_limit=100)
    thread.join()
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "enough")
    assert result.outputs.ticks_seen == [[7]]


def test_a_run_in_a_thread_is_stopped_from_the_main_thread():
    """A blocking run works in any thread, and installs no handlers in others than the main one."""
    begun, results, handlers = threading.Event(), [], []

    class Signals(Component):
        tick: Out[int]

        async def run(self) -> None:
            handlers.append(signal.getsignal(signal.SIGTERM))
            begun.set()
            await asyncio.sleep(1000)

    runtime = BatchRuntime(ticking(Signals))
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=lambda: results.append(runtime.run(time_limit=100)))
    thread.start()
    assert begun.wait(100)
    runtime.stop()
    thread.join(100)
    assert [result.outcome for result in results] == [Outcome.STOPPED]
    assert handlers == [before]


def test_a_stop_stops_every_run_of_its_runtime_and_no_other():
    """Runs of another runtime go on, on the same loop."""

    async def main() -> list[Result]:
        one, other = BatchRuntime(ticking()), BatchRuntime(ticking())
        runs = [asyncio.ensure_future(runtime.arun()) for runtime in (one, one, other)]
        await asyncio.sleep(2.5)
        one.stop("one")
        await asyncio.sleep(2)
        other.stop("other")
        return await asyncio.gather(*runs)

    results = on_virtual_time(main())
    assert [result.reason for result in results] == ["one", "one", "other"]
    assert [len(result.outputs.ticks_seen[0]) for result in results] == [3, 3, 5]


def test_the_grace_of_a_stop_is_given_to_the_run():
    """What has not drained after that many seconds is cancelled."""

    class Slow(Collect):
        async def run(self) -> None:
            await asyncio.sleep(1000)

    graph = Graph("slow")
    graph.add(Ticks).tick >> graph.add(Slow).value
    graph["slow"].all >> graph.outputs.never

    async def main() -> Result:
        runtime = BatchRuntime(graph)
        run = asyncio.ensure_future(runtime.arun())
        await asyncio.sleep(2.5)
        runtime.stop("enough", grace=3)
        return await run

    result = on_virtual_time(main())
    assert (result.reason, result.seconds) == ("enough; not drained in 3 s", 5.5)


def test_a_stop_of_a_runtime_that_runs_nothing_does_nothing():
    """Neither before the first run nor after the last."""
    runtime = BatchRuntime(ticking())
    runtime.stop()
    with pytest.raises(NetError):
        on_virtual_time(runtime.arun(time_limit=1))
    runtime.stop()


# -- cancelling the caller --------------------------------------------------------------------------------


def test_who_cancels_the_caller_cancels_the_net():
    """The `CancelledError` carries the summary as a note, so that no packet disappears silently; no task is left."""
    notes = []

    async def caller() -> None:
        try:
            await BatchRuntime(ticking()).arun()
        except asyncio.CancelledError as error:
            notes.extend(error.__notes__)
            raise

    async def main() -> set[asyncio.Task]:
        task = asyncio.ensure_future(caller())
        await asyncio.sleep(2.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert on_virtual_time(main()) == set()
    (note,) = notes
    assert note.startswith("ticking: stopped after 2.50 s (cancelled from outside)")
    assert "held  collect.value: 2" in note or "waits  ticks: a timer, due in 0.5 s" in note


def test_a_time_out_around_a_run_cancels_the_net():
    """`asyncio.timeout` works as around anything else, and leaves no task."""

    async def main() -> set[asyncio.Task]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await BatchRuntime(ticking()).arun()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert on_virtual_time(main()) == set()


def test_a_run_that_was_cancelled_can_be_run_again():
    """A cancelled net leaves nothing in its runtime."""
    closed = []

    class Closes(Component):
        value: In[int]

        async def run(self) -> None:
            try:
                async for _ in self.value:
                    pass
            finally:
                closed.append("closed")

    graph = Graph("closing")
    graph.inputs.value >> graph.add(Closes).value
    runtime = BatchRuntime(graph)

    async def forever():
        await asyncio.sleep(1000)
        yield 1

    async def main() -> Result:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(runtime.arun(inputs={"value": Each(forever())}), 1)
        return await runtime.arun(inputs={"value": 1})

    assert on_virtual_time(main()).outcome is Outcome.FINISHED
    assert closed == ["closed"] * 2


# -- handlers ---------------------------------------------------------------------------------------------


class Looks(Component):
    """Sends the handlers of signals that are installed while it runs."""

    found: Out[list[object]]

    async def run(self) -> None:
        await self.found.send([signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)])


def looking() -> Graph:
    graph = Graph("looking")
    graph.add(Looks).found >> graph.outputs.handlers
    return graph


def handlers() -> list[object]:
    return [signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)]


def test_a_blocking_run_heeds_signals_while_it_runs_and_no_longer():
    """In the main thread it has handlers of its own, and gives back those it found."""
    before = handlers()
    (during,) = BatchRuntime(looking()).run().outputs.handlers
    assert not set(during) & set(before)
    assert handlers() == before


def test_arun_installs_no_handlers():
    """Signals belong to whoever owns the loop."""

    async def main() -> tuple[list[object], list[object]]:
        outside = handlers()
        (during,) = (await BatchRuntime(looking()).arun()).outputs.handlers
        return outside, during

    outside, during = asyncio.run(main())
    assert during == outside
