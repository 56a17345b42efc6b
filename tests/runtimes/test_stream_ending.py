"""A stream that is left, cancelled, stopped, or read wrongly loses nothing, and says what happened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    FlowError,
    Graph,
    In,
    InputError,
    NetError,
    Observer,
    Out,
    Outcome,
    Result,
    component,
)
from fbcore.runtimes.stream import Stream


class Source(Component):
    """Sends numbers from 0 on, with a rest after each."""

    count: Config[int] = Config(default=10)
    rest: Config[float] = Config(default=0.0)
    number: Out[int]

    async def run(self) -> None:
        for number in range(self.count.value):
            await self.number.send(number)
            if self.rest.value:
                await asyncio.sleep(self.rest.value)


class Passes(Component):
    """Sends on what it takes."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value)


def passing(count: int = 10, rest: float = 0.0, capacity: int = 2) -> Graph:
    graph = Graph("passing")
    source, node = graph.add(Source, count=count, rest=rest), graph.add(Passes)
    graph.connect(source.number, node.value, capacity=capacity)
    graph.connect(node.out, graph.outputs.passed, capacity=capacity)
    return graph


def failing(at: int) -> Graph:
    """Fails at one of ten numbers."""

    @component
    def check(value: int) -> int:
        if value == at:
            raise ValueError(f"{value} is too many")
        return value

    graph = Graph("failing")
    source, node = graph.add(Source), graph.add(check)
    source.number >> node.value
    node.out >> graph.outputs.checked
    return graph


def left_over(result: Result) -> list[int]:
    """Return every value that the account of a run of `passing` names."""
    unread = [value for values in result.unread.values() for value in values]
    # What a node that passes on holds while it sends is unsent too.
    hands = {*result.held.values(), *(value for values in result.unsent.values() for value in values)}
    return sorted([*unread, *hands])


async def drain(results: Stream, into: list[int], rest: float = 0) -> None:
    """Read to the end, or to the error there."""
    async for _, value in results:
        into.append(value)
        await asyncio.sleep(rest)


def other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


# -- leaving ----------------------------------------------------------------------------------------------


def test_leaving_early_cancels_the_net_and_accounts_for_every_packet(on_loop):
    """What was read, and what is unread, held or unsent, is all that the source sent or was about to."""

    async def main() -> tuple[list[int], Result, set[asyncio.Task[Any]]]:
        before, read = other_tasks(), []
        async with BatchRuntime(passing(count=1000)).stream() as results:
            async for _, value in results:
                read.append(value)
                if value == 5:
                    break
        return read, results.result, other_tasks() - before

    read, result, left = on_loop(main())
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "its reader left the stream")
    assert left == set()
    assert result.read == {"passed": 6}
    rest = left_over(result)
    assert result.unread
    assert read + rest == list(range(len(read) + len(rest)))


def test_leaving_without_reading_is_leaving_early(on_loop):
    """Everything that came out is unread."""

    async def main() -> Result:
        async with BatchRuntime(passing()).stream() as results:
            await results.net.edges["passes.out->outputs.passed"].until(lambda edge: edge.fill == 2)
        return results.result

    result = on_loop(main())
    assert (result.outcome, result.read) == (Outcome.STOPPED, {"passed": 0})
    assert result.unread["passes.out->outputs.passed"] == [0, 1]


def test_leaving_after_the_last_packet_is_no_stop(stepped):
    """A reader that has everything need not ask once more: the net has ended by itself."""

    async def main() -> Result:
        async with BatchRuntime(passing()).stream() as results:
            for _ in range(10):
                await anext(results)
            await asyncio.sleep(1)
        return results.result

    assert stepped(main()).outcome is Outcome.FINISHED


def test_leaving_with_unread_packets_is_a_stop_though_all_nodes_have_ended(stepped):
    """Packets that were ready and not read must not look like success."""

    async def main() -> Result:
        async with BatchRuntime(passing(count=3, capacity=64)).stream() as results:
            await anext(results)
            await asyncio.sleep(1)
        return results.result

    result = stepped(main())
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "its reader left the stream")
    assert result.unread == {"passes.out->outputs.passed": [1, 2]}
    assert result.nodes["passes"].phase == "ended"


def test_an_exception_of_the_reader_cancels_the_net_and_goes_on_as_it_is(on_loop):
    """No group is put around it, no task is left, and the result says who failed."""
    kept = []

    async def reader(error: KeyError) -> None:
        async with BatchRuntime(passing()).stream() as results:
            kept.append(results)
            async for _, value in results:
                if value == 3:
                    raise error

    async def main() -> set[asyncio.Task[Any]]:
        before, error = other_tasks(), KeyError("mine")
        with pytest.raises(KeyError) as caught:
            await reader(error)
        assert caught.value is error
        return other_tasks() - before

    assert on_loop(main()) == set()
    (results,) = kept
    assert results.result.reason == "its reader failed with KeyError"
    assert left_over(results.result)[0] == 4


@pytest.mark.parametrize("waits_for", ["packet", "something else"])
def test_who_cancels_the_reader_cancels_the_net(on_loop, waits_for):
    """Wherever the reader waits; the `CancelledError` carries the summary as a note, and no task is left."""
    notes: list[str] = []

    async def reader() -> None:
        try:
            async with BatchRuntime(passing(rest=0.01)).stream() as results:
                async for _ in results:
                    if waits_for == "something else":
                        await asyncio.sleep(1000)
        except asyncio.CancelledError as error:
            notes.extend(error.__notes__)
            raise

    async def main() -> set[asyncio.Task[Any]]:
        before = other_tasks()
        task = asyncio.ensure_future(reader())
        await asyncio.sleep(0.025)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return other_tasks() - before

    assert on_loop(main()) == set()
    (note,) = notes
    assert note.startswith("passing: stopped after ")
    assert "(cancelled from outside)" in note


def test_a_reader_that_is_cancelled_while_it_leaves_still_waits_for_its_net(stepped):
    """However stubborn a node is: nothing of the net outlives the `async with`."""
    done = []

    class Stubborn(Source):
        async def run(self) -> None:
            try:
                await super().run()
            finally:
                while self.net.time() < 3:
                    with suppress(asyncio.CancelledError):
                        await asyncio.sleep(1)
                done.append(self.net.time())

    graph = Graph("stubborn")
    graph.add(Stubborn, rest=1).number >> graph.outputs.sent

    async def reader() -> None:
        async with BatchRuntime(graph).stream() as results:
            await anext(results)

    async def main() -> None:
        task = asyncio.ensure_future(reader())
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [3.5]

    stepped(main())


def test_a_generator_around_a_stream_may_be_closed(on_loop):
    """`aclose` leaves the stream, and the net has ended when it returns."""
    kept = []

    async def values() -> AsyncIterator[int]:
        async with BatchRuntime(passing()).stream() as results:
            kept.append(results)
            async for _, value in results:
                yield value

    async def main() -> set[asyncio.Task[Any]]:
        before, generator = other_tasks(), values()
        assert await anext(generator) == 0
        await generator.aclose()
        return other_tasks() - before

    assert on_loop(main()) == set()
    assert kept[0].result.reason == "its reader failed with GeneratorExit"


# -- time-outs around a single read -----------------------------------------------------------------------


def test_a_time_out_around_one_read_loses_nothing(on_loop):
    """A read that is cut short again and again gives every packet in the end."""

    async def main() -> tuple[list[int], int]:
        values, cut = [], 0
        async with BatchRuntime(passing(count=5, rest=0.02)).stream() as results:
            while len(values) < 5:
                try:
                    async with asyncio.timeout(0.003):
                        values.append((await anext(results))[1])
                except TimeoutError:
                    cut += 1
        return values, cut

    values, cut = on_loop(main())
    assert values == [0, 1, 2, 3, 4]
    assert cut > 0


def test_one_read_may_be_done_in_a_task_of_its_own(on_loop):
    """`asyncio.wait_for` makes one, as others do."""

    async def main() -> list[int]:
        async with BatchRuntime(passing()).stream() as results:
            return [(await asyncio.wait_for(anext(results), 10))[1] for _ in range(10)]

    assert on_loop(main()) == list(range(10))


def test_a_read_that_is_cancelled_as_a_packet_comes_leaves_it_for_the_next(stepped):
    """The packet is taken in the turn in which the reader gets it, and not before."""
    reads: list[asyncio.Future[Any]] = []

    class Cancels(Observer):
        def packet(self, what: str, address: str, value: Any) -> None:
            if (what, address) == ("sent", "passes.out->outputs.passed"):
                reads[0].cancel()

    async def main() -> tuple[int, Result]:
        async with BatchRuntime(passing(count=1, rest=1)).stream(observers=[Cancels()]) as results:
            reads.append(asyncio.ensure_future(anext(results)))
            with pytest.raises(asyncio.CancelledError):
                await reads[0]
            _, value = await anext(results)
            assert [packet async for packet in results] == []
        return value, results.result

    value, result = stepped(main())
    assert (value, result.outcome) == (0, Outcome.FINISHED)


# -- reading wrongly --------------------------------------------------------------------------------------


def test_two_readers_at_once_are_refused(on_loop):
    """The second is told so; the first goes on, and a later one may read the rest."""

    async def main() -> list[int]:
        async with BatchRuntime(passing(rest=0.005)).stream() as results:
            first = asyncio.ensure_future(anext(results))
            await asyncio.sleep(0)
            with pytest.raises(FlowError, match=r"passing: another task waits for the next packet .*\n.*open a stream"):
                await anext(results)
            values = [(await first)[1]]
            return values + [value async for _, value in results]

    assert on_loop(main()) == list(range(10))


def test_a_stream_is_entered_once(on_loop):
    """Inside and after: the second `async with` is an error that says what to do."""

    async def main() -> None:
        stream = BatchRuntime(passing()).stream()
        async with stream as results:
            with pytest.raises(FlowError, match=r"passing: this stream was entered already\n.*runtime\.stream\(\.\.\."):
                await stream.__aenter__()
            assert len([packet async for packet in results]) == 10
        with pytest.raises(FlowError, match="entered already"):
            await stream.__aenter__()

    on_loop(main())


def test_a_stream_is_read_inside_its_block_only():
    """Before it was entered, and after it was left, the error says so."""

    async def main() -> None:
        stream = BatchRuntime(passing()).stream()
        with pytest.raises(FlowError, match=r"was not entered\n.*async with"):
            await anext(stream)
        for look in ("net", "result"):
            with pytest.raises(FlowError):
                getattr(stream, look)
        with pytest.raises(FlowError, match="was not entered"):
            stream.stop()
        async with stream as results:
            with pytest.raises(FlowError, match=r"has not ended yet, and has no result\n.*read the stream to its end"):
                results.result  # noqa: B018 - reading it is the point
        with pytest.raises(FlowError, match=r"was left already; what was not read is in its `\.result`"):
            await anext(stream)

    asyncio.run(main())


def test_wrong_inputs_and_configs_are_raised_where_the_stream_is_entered():
    """Nothing has begun, and nothing is left behind; the right values may be given to another stream."""

    async def main() -> None:
        graph = passing()
        with pytest.raises(InputError, match="no input 'nothing'"):
            async with BatchRuntime(graph).stream(inputs={"nothing": 1}):
                pass
        assert other_tasks() == set()

    asyncio.run(main())


# -- bad ends ---------------------------------------------------------------------------------------------


def test_a_failure_is_raised_after_the_last_packet(on_loop):
    """What came out before it is read, then the loop raises, once; after that it just ends."""

    async def main() -> tuple[list[int], NetError]:
        values: list[int] = []
        async with BatchRuntime(failing(at=4)).stream() as results:
            with pytest.raises(NetError, match="failing: failed: check: ValueError: 4 is too many") as caught:
                await drain(results, into=values)
            assert results.result is caught.value.result
            assert [packet async for packet in results] == []
        return values, caught.value

    values, error = on_loop(main())
    assert values == [0, 1, 2, 3]
    assert error.result.held == {"check.value": 4}


def test_packets_that_came_out_before_a_failure_can_be_read_after_it(stepped):
    """However late the reader comes: they have left the net, which waits for its reader."""

    async def main() -> tuple[list[int], Result]:
        async with BatchRuntime(failing(at=4)).stream(raises=False) as results:
            await asyncio.sleep(3600)
            values = [value async for _, value in results]
        return values, results.result

    values, result = stepped(main())
    assert values == [0, 1, 2, 3]
    assert (result.outcome, result.unread.get("check.out->outputs.checked")) == (Outcome.FAILED, None)


def test_a_failure_that_the_reader_did_not_wait_for_is_raised_when_it_leaves(stepped):
    """Leaving early hides no failure."""

    async def main() -> None:
        async with BatchRuntime(failing(at=4)).stream() as results:
            await anext(results)
            await asyncio.sleep(1)

    with pytest.raises(NetError, match="4 is too many") as caught:
        stepped(main())
    assert caught.value.result.unread["check.out->outputs.checked"] == [1, 2, 3]


def test_a_failure_does_not_hide_what_the_reader_raised(stepped):
    """The reader's own exception goes on; the failure is in the result."""
    kept = []

    async def main() -> None:
        async with BatchRuntime(failing(at=4)).stream() as results:
            kept.append(results)
            await asyncio.sleep(1)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        stepped(main())
    assert kept[0].result.outcome is Outcome.FAILED


# -- options ----------------------------------------------------------------------------------------------


def test_a_time_limit_counts_the_time_of_the_reader(stepped):
    """When it is over the net is cancelled; what lies at the outputs is read, and then the loop raises."""

    async def main() -> tuple[list[int], float]:
        values: list[int] = []
        async with BatchRuntime(passing()).stream(time_limit=2.5) as results:
            with pytest.raises(NetError, match=r"the time limit of 2\.5 s is over"):
                await drain(results, into=values, rest=1)
        return values, results.result.seconds

    values, seconds = stepped(main())
    assert values == [0, 1, 2, 3, 4]
    assert seconds == 5


def test_a_time_limit_is_raised_to_a_reader_that_leaves(stepped):
    """The time was up before it left."""

    async def main() -> None:
        async with BatchRuntime(passing()).stream(time_limit=1):
            await asyncio.sleep(2)

    with pytest.raises(NetError, match="the time limit of 1 s is over"):
        stepped(main())


def test_observers_and_progress_hear_of_a_stream(stepped):
    """They see the outputs as a node that takes packets, and the end."""
    snapshots = []

    class Hears(Observer):
        def __init__(self) -> None:
            self.heard: list[Any] = []

        def node(self, address: str, phase: str) -> None:
            if address == "outputs":
                self.heard.append(str(phase))

        def packet(self, what: str, address: str, value: Any) -> None:
            if address.endswith("outputs.passed"):
                self.heard.append((what, value))

        def ended(self, result: Result) -> None:
            self.heard.append(result.outcome)

    hears = Hears()

    async def main() -> None:
        stream = BatchRuntime(passing(count=2, rest=0.14)).stream(observers=[hears], progress=snapshots.append)
        async with stream as results:
            async for _ in results:
                pass

    stepped(main())
    assert [each for each in hears.heard if isinstance(each, tuple)] == [
        ("sent", 0),
        ("taken", 0),
        ("sent", 1),
        ("taken", 1),
    ]
    assert hears.heard[0] == "running"
    assert hears.heard[-2:] == ["ended", Outcome.FINISHED]
    assert [snapshot.nodes["outputs"].received for snapshot in snapshots] == [1, 2, 2]


def test_a_stream_that_is_stopped_drains_into_its_reader(stepped):
    """The source ends, what is on its way is read, and nothing is raised."""

    async def main() -> tuple[list[int], Result]:
        values = []
        async with BatchRuntime(passing(count=1000, rest=1)).stream() as results:
            async for _, value in results:
                values.append(value)
                if value == 3:
                    results.stop("enough")
        return values, results.result

    values, result = stepped(main())
    assert values == [0, 1, 2, 3]
    assert (result.outcome, result.reason, result.unread) == (Outcome.STOPPED, "enough", {})


@pytest.mark.parametrize(("grace", "given", "seconds"), [(3, None, 3), (3, 1, 1)])
def test_a_stop_gives_the_grace_of_the_stream_unless_told_otherwise(stepped, grace, given, seconds):
    """What has not drained after it is cancelled."""

    class Slow(Passes):
        async def run(self) -> None:
            await asyncio.sleep(1000)

    graph = Graph("slow")
    graph.add(Source).number >> graph.add(Slow, "slowly").value
    graph["slowly"].out >> graph.outputs.never

    async def main() -> Result:
        async with BatchRuntime(graph).stream(grace=grace) as results:
            results.stop("enough", given)
            async for _ in results:
                pass
        return results.result

    result = stepped(main())
    assert (result.reason, result.seconds) == (f"enough; not drained in {seconds} s", seconds)


def test_a_net_whose_loop_is_shut_down_lets_go_of_its_reader():
    """When everything on the loop is cancelled, a reader that catches its own cancellation reads no more."""
    ends = []

    async def reader() -> None:
        async with BatchRuntime(passing(rest=1000)).stream(raises=False) as results:
            await anext(results)
            try:
                await anext(results)
            except asyncio.CancelledError:
                async for _ in results:
                    pass
                ends.append(results.result.outcome.is_good)
                raise

    async def main() -> None:
        task = asyncio.ensure_future(reader())
        await asyncio.sleep(0.01)
        assert not task.done()

    asyncio.run(main())
    assert ends == [False]
