"""Components that do not listen: to the end of a stream, to their cancellation, to the hint of an error."""

import asyncio
from contextlib import suppress

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    EndOfDemand,
    EndOfStream,
    Graph,
    In,
    NetError,
    Out,
    Outcome,
    PortError,
)
from fbcore.loop import SteppedLoop

pytestmark = pytest.mark.timeout(100)


class Ignores(Component):
    """Receives for ever, whatever the port says."""

    number: In[int]
    ignored: type[Exception] = EndOfStream

    async def run(self) -> None:
        while True:
            with suppress(self.ignored):
                await self.number.receive()


class IgnoresAll(Ignores):
    """Receives for ever, and takes every error for a passing trouble."""

    ignored = Exception


def feeding(cls: type[Component]) -> Graph:
    graph = Graph("feeding")
    graph.inputs.number >> graph.add(cls, "stubborn").number
    return graph


@pytest.mark.parametrize("cls", [Ignores, IgnoresAll])
def test_receiving_on_and_on_after_the_end_fails_the_node(run, cls):
    """It is not left spinning, however much it catches; the hint says how a stream is left."""
    result = run(feeding(cls), inputs={"number": Each([1, 2])}, time_limit=60)
    assert result.outcome is Outcome.FAILED
    (error,) = result.errors
    assert (error.address, error.held) == ("stubborn", {})
    assert isinstance(error.cause, PortError)
    assert "after the end of the stream" in error.what
    assert "`async for`" in error.hint


def test_a_few_receives_after_the_end_are_allowed(run):
    """Each raises `EndOfStream` with the address of the port."""
    raised = []

    class AsksAgain(Component):
        number: In[int]

        async def run(self) -> None:
            for _ in range(10):
                try:
                    await self.number.receive()
                except EndOfStream as end:
                    raised.append(end)

    assert run(feeding(AsksAgain), inputs={"number": Each([1, 2])}).outcome is Outcome.FINISHED
    assert [end.address for end in raised] == ["stubborn.number"] * 8
    assert str(raised[0]) == "stubborn.number: no more packets will come"


def test_a_send_that_nobody_wants_raises_each_time(run):
    """`EndOfDemand` has the address of the port; what was not taken is no packet of the net."""
    raised = []

    class Sends(Component):
        number: Out[int]

        async def run(self) -> None:
            for number in range(10):
                try:
                    await self.number.send(number)
                except EndOfDemand as end:
                    raised.append(end)

    class Uninterested(Component):
        number: In[int]

        async def run(self) -> None: ...

    graph = Graph("unwanted")
    sender, receiver = graph.add(Sends), graph.add(Uninterested)
    graph.connect(sender.number, receiver.number, capacity=1)
    result = run(graph)
    assert result.outcome is Outcome.FINISHED
    assert len(raised) + sum(map(len, result.unread.values())) == 10
    assert {str(end) for end in raised} == {"sends.number: every consumer has ended"}


class Stops(Component):
    """Stops the net at once, when everybody has begun."""

    async def run(self) -> None:
        await asyncio.sleep(0.001)
        self.net.stop("enough")


def stopping(cls: type[Component]) -> Graph:
    """A net of a node that is fed nothing for long, and of one that stops it."""
    graph = feeding(cls)
    graph.add(Stops)
    return graph


class Deaf(Component):
    """Hears of its cancellation, and goes on."""

    number: In[int]
    turns = 0

    async def run(self) -> None:
        while not self.may_end():
            with suppress(asyncio.CancelledError):
                await self.number.receive()
            type(self).turns += 1

    def may_end(self) -> bool:
        return False


def test_a_node_that_swallows_its_cancellation_lets_others_run(run):
    """Port operations of a cancelled node raise, and yet give way: it cannot hold up the whole loop."""
    others = asyncio.Event()

    class DeafForAWhile(Deaf):
        def may_end(self) -> bool:
            return others.is_set()

    async def never():
        try:
            await asyncio.sleep(1000)
            yield 1
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            others.set()

    result = run(stopping(DeafForAWhile), inputs={"number": Each(never())})
    assert result.outcome is Outcome.STOPPED


def test_a_node_that_swallows_its_cancellation_once_is_stopped_still(run):
    """The next port operation raises again, until the node has ended."""
    caught = []

    class SwallowsOnce(Component):
        number: In[int]

        async def run(self) -> None:
            try:
                await self.number.receive()
            except asyncio.CancelledError:
                caught.append("once")
            caught.append(await self.number.receive())

    async def never():
        await asyncio.sleep(1000)
        yield 1

    result = run(stopping(SwallowsOnce), inputs={"number": Each(never())})
    assert result.outcome is Outcome.STOPPED
    assert result.nodes["stubborn"].phase == "cancelled"
    assert caught == ["once"]


def test_a_cleanup_that_takes_time_is_waited_for():
    """A node may await in its `finally`; the net has ended only then."""
    cleaned = []

    class Cleans(Component):
        number: In[int]

        async def run(self) -> None:
            try:
                await self.number.receive()
            finally:
                await asyncio.sleep(3)
                cleaned.append(asyncio.get_running_loop().time())

    async def never():
        await asyncio.sleep(1000)
        yield 1

    with asyncio.Runner(loop_factory=SteppedLoop) as runner, pytest.raises(NetError, match="time limit") as caught:
        runner.run(BatchRuntime(feeding(Cleans)).arun(inputs={"number": Each(never())}, time_limit=2))
    assert cleaned == [5.0]
    assert caught.value.result.seconds == 5.0
