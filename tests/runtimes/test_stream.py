"""A stream gives what comes out of a net as it comes, and the net waits for its reader."""

import asyncio
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Config, Each, Graph, In, NetError, Out, Outcome, Result, component
from fbcore.runtimes.stream import Stream


@component
def even(number: int) -> int | None:
    return number if number % 2 == 0 else None


@component
def negative(number: int) -> int:
    return -number


class Numbers(Component):
    """Sends numbers from 0 on; `sent` counts those that have left."""

    count: Config[int] = Config(default=10)
    number: Out[int]
    sent = 0

    async def run(self) -> None:
        type(self).sent = 0
        for number in range(self.count.value):
            await self.number.send(number)
            type(self).sent += 1


def two_sided() -> Graph:
    graph = Graph("two_sided")
    evens, negatives = graph.add(even), graph.add(negative)
    graph.inputs.number >> evens.number
    graph.inputs.number >> negatives.number
    evens.out >> graph.outputs.evens
    negatives.out >> graph.outputs.negatives
    return graph


def counting(capacity: int | None = 64) -> Graph:
    graph = Graph("counting")
    graph.connect(graph.add(Numbers).number, graph.outputs.counted, capacity=capacity)
    graph.configs.count >> graph["numbers"].count
    return graph


async def read(graph: Graph, **options: Any) -> tuple[list[tuple[str, Any]], Result]:
    """Read a stream to its end."""
    async with BatchRuntime(graph).stream(**options) as results:
        packets = [packet async for packet in results]
    return packets, results.result


async def drain(results: Stream, into: list[tuple[str, Any]]) -> None:
    """Read to the end, or to the error there."""
    async for port, value in results:
        into.append((port, value))


# -- what comes -------------------------------------------------------------------------------------------


def test_every_packet_comes_with_the_name_of_its_output(on_loop):
    """All that a run would collect is read, each output in its own order."""
    packets, result = on_loop(read(two_sided(), inputs={"number": Each(range(100))}))
    assert [value for port, value in packets if port == "evens"] == list(range(0, 100, 2))
    assert [value for port, value in packets if port == "negatives"] == [-n for n in range(100)]
    assert result.outcome is Outcome.FINISHED
    assert result.read == {"evens": 50, "negatives": 100}
    assert (result.unread, result.errors) == ({}, ())


def test_packets_of_all_outputs_come_in_the_order_of_their_arrival(on_loop):
    """A node that sends to two outputs in turn is read in turn."""

    class Alternates(Component):
        tick: Out[int]
        tock: Out[int]

        async def run(self) -> None:
            for number in range(50):
                await self.tick.send(number)
                await self.tock.send(number)

    graph = Graph("clock")
    node = graph.add(Alternates)
    node.tick >> graph.outputs.tick
    node.tock >> graph.outputs.tock
    packets, _ = on_loop(read(graph))
    assert packets == [(port, number) for number in range(50) for port in ("tick", "tock")]


def test_packets_come_while_the_net_runs(stepped):
    """A packet is read at the time when it came out, not at the end."""

    class Hourly(Component):
        hour: Out[int]

        async def run(self) -> None:
            for hour in range(3):
                await asyncio.sleep(3600)
                await self.hour.send(hour)

    graph = Graph("hours")
    graph.add(Hourly).hour >> graph.outputs.hours

    async def main() -> list[float]:
        async with BatchRuntime(graph).stream() as results:
            return [asyncio.get_running_loop().time() async for _ in results]

    assert stepped(main()) == [3600, 7200, 10800]


def test_one_port_may_go_to_two_outputs_and_two_ports_to_one(on_loop):
    """Every edge to the border delivers; an input may go straight to an output."""
    graph = Graph("border")
    node = graph.add(negative)
    graph.inputs.number >> node.number
    node.out >> graph.outputs.once
    node.out >> graph.outputs.all
    graph.inputs.number >> graph.outputs.all
    packets, result = on_loop(read(graph, inputs={"number": Each([1, 2])}))
    assert [value for port, value in packets if port == "once"] == [-1, -2]
    assert sorted(value for port, value in packets if port == "all") == [-2, -1, 1, 2]
    assert result.read == {"once": 2, "all": 4}


def test_a_net_without_outputs_is_run_to_its_end(on_loop):
    """There is nothing to read, and the loop over nothing waits for the net."""
    done = []

    class Sleeps(Component):
        async def run(self) -> None:
            await asyncio.sleep(0.01)
            done.append("done")

    graph = Graph("silent")
    graph.add(Sleeps)
    packets, result = on_loop(read(graph))
    assert (packets, done, result.outcome) == ([], ["done"], Outcome.FINISHED)


def test_the_end_comes_when_the_net_has_ended(on_loop):
    """Nodes that send nothing more may go on working; the loop ends after them."""
    done = []

    class Lingers(Component):
        value: Out[int]

        async def run(self) -> None:
            await self.value.send(1)
            await asyncio.sleep(0.01)
            done.append("done")

    graph = Graph("lingering")
    graph.add(Lingers).value >> graph.outputs.values
    packets, _ = on_loop(read(graph))
    assert (packets, done) == ([("values", 1)], ["done"])


def test_read_packets_are_not_kept():
    """The result of a stream counts what was read, and says so where somebody looks for the values."""
    _, result = asyncio.run(read(counting()))
    assert list(result.outputs) == []
    with pytest.raises(AttributeError, match=r"'counted' was read as a stream, .*`\.read` and `\.unread`"):
        result.outputs.counted  # noqa: B018 - reading it is the point
    with pytest.raises(KeyError, match="was read as a stream"):
        result.outputs["counted"]
    with pytest.raises(AttributeError, match="no output 'number'; its outputs are: counted"):
        result.outputs.number  # noqa: B018 - reading it is the point
    assert "read  counted: 10 packets" in result.summary()


# -- back pressure ----------------------------------------------------------------------------------------


def test_a_slow_reader_makes_the_net_wait(on_loop):
    """At no time has the source sent more than was read, and what the edge holds."""

    async def main() -> list[int]:
        ahead = []
        async with BatchRuntime(counting(capacity=3)).stream(count=20) as results:
            read = 0
            async for _ in results:
                read += 1
                for _ in range(10):
                    await asyncio.sleep(0)
                ahead.append(Numbers.sent - read)
        return ahead

    ahead = on_loop(main())
    assert len(ahead) == 20
    assert max(ahead) == 3


def test_a_net_that_waits_for_its_reader_is_not_blocked(on_loop):
    """However long the reader is away, and though no node can move, there is no verdict."""

    async def main() -> Result:
        async with BatchRuntime(counting(capacity=1)).stream() as results:
            async for _ in results:
                await asyncio.sleep(0.005)
        return results.result

    result = on_loop(main())
    assert (result.outcome, result.read) == (Outcome.FINISHED, {"counted": 10})


def test_a_long_absence_of_the_reader_is_no_news(stepped, caplog):
    """After hours the net still only waits for its reader, who is named as outstanding; nothing is logged."""
    seen = []

    async def main() -> Result:
        async with BatchRuntime(counting(capacity=2)).stream(progress=seen.append) as results:
            async for _ in results:
                await asyncio.sleep(3600)
        return results.result

    assert stepped(main()).outcome is Outcome.FINISHED
    assert caplog.text == ""
    assert "outputs: busy: the reader has not asked for the next packet" in seen[0].outstanding


def test_a_sender_goes_on_when_the_reader_turns_to_something_else(on_loop):
    """Though less than half the edge is free: the reader may be waiting for what the sender does next."""
    third = asyncio.Event()

    class Says(Component):
        word: Out[str]

        async def run(self) -> None:
            for word in ("a", "b", "c", "d", "e"):
                await self.word.send(word)
            third.set()
            await self.word.send("f")

    graph = Graph("says")
    graph.connect(graph.add(Says).word, graph.outputs.words, capacity=4)

    async def main() -> list[str]:
        async with BatchRuntime(graph).stream() as results:
            words = [(await anext(results))[1]]
            await third.wait()
            return words + [value async for _, value in results]

    assert on_loop(main()) == list("abcdef")


def test_a_stream_of_an_edge_without_bound_lets_the_net_run(on_loop):
    """`capacity=None` holds for outputs too; the reader gives others a turn now and then."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def main() -> int:
        async with BatchRuntime(counting(capacity=None)).stream(count=3000) as results:
            await results.net.edges["numbers.number->outputs.counted"].until(lambda edge: edge.put == 3000)
            task = asyncio.ensure_future(other())
            read = len([packet async for packet in results])
            task.cancel()
        return read

    assert on_loop(main()) == 3000
    assert turns >= 2


# -- verdicts ---------------------------------------------------------------------------------------------


def ring(capacity: int) -> Graph:
    """Make a circle in which every number becomes two, so that a bounded edge must fill; two outputs watch it."""

    class Doubles(Component):
        number: In[int]
        again: Out[int]
        seen: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                await self.seen.send(number)
                await self.again.send(number)
                await self.again.send(number)

    graph = Graph("ring")
    node = graph.add(Doubles)
    graph.inputs.number >> node.number
    graph.connect(node.again, node.number, capacity=capacity)
    node.seen >> graph.outputs.seen
    return graph


def test_a_deadlock_is_known_while_the_reader_waits(on_loop):
    """What came out before is read first; then the iteration raises, and the result names the circle."""
    packets: list[tuple[str, Any]] = []

    async def main() -> NetError:
        async with BatchRuntime(ring(3)).stream(inputs={"number": 1}) as results:
            with pytest.raises(NetError) as caught:
                await drain(results, into=packets)
        return caught.value

    error = on_loop(main())
    assert error.result.outcome is Outcome.DEADLOCKED
    assert error.result.knot == ("doubles", "doubles.again->doubles.number", "doubles")
    assert len(packets) == error.result.read["seen"] > 1


def test_a_starved_net_is_known_while_the_reader_waits(on_loop):
    """A node that takes nothing leaves its packets where they lie; without `raises` the loop just ends."""

    class Waits(Component):
        here: In[int]
        there: In[int]
        out: Out[int]
        back: Out[int]

        async def run(self) -> None:
            await self.out.send(1)
            await self.there.receive()

    graph = Graph("starving")
    node = graph.add(Waits)
    graph.inputs.value >> node.here
    node.back >> node.there
    node.out >> graph.outputs.out
    packets, result = on_loop(read(graph, inputs={"value": Each([1, 2])}, raises=False))
    assert packets == [("out", 1)]
    assert (result.outcome, result.unread) == (Outcome.STARVED, {"inputs.value->waits.here": [1, 2]})


def test_a_quiescent_net_is_brought_to_its_end(on_loop):
    """A loop that has run dry is flushed, and what its nodes send then is read too."""

    class Halves(Component):
        number: In[int]
        again: Out[int]
        count: Out[int]

        async def run(self) -> None:
            count = 0
            async for number in self.number:
                count += 1
                if number > 1:
                    await self.again.send(number // 2)
            await self.count.send(count)

    graph = Graph("halving")
    node = graph.add(Halves)
    graph.inputs.number >> node.number
    node.again >> node.number
    node.count >> graph.outputs.count
    packets, result = on_loop(read(graph, inputs={"number": 40}))
    assert (packets, result.outcome) == ([("count", 6)], Outcome.QUIESCENT)


def test_a_node_that_waits_for_ever_is_starved_with_a_reader_too(stepped):
    """Closing every input, the reader's too, does not help it; the verdict is that of a run."""

    class Stuck(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for _ in self.value:
                pass
            await asyncio.Event().wait()

    graph = Graph("stuck")
    node = graph.add(Stuck)
    node.out >> node.value
    node.out >> graph.outputs.out
    _, result = stepped(read(graph, raises=False))
    assert (result.outcome, result.reason) == (
        Outcome.STARVED,
        f"every input is closed, and still stuck waits for {result.waits['stuck']}",
    )


def test_two_streams_may_be_read_by_one_task(on_loop):
    """While one is read, the other net waits for its reader, and neither is called blocked."""

    async def main() -> list[tuple[int, int]]:
        first, second = BatchRuntime(counting(1)), BatchRuntime(counting(1))
        pairs = []
        async with first.stream() as ones, second.stream(count=20) as others:
            async for _, value in ones:
                pairs.append((value, (await anext(others))[1]))
        return pairs

    assert on_loop(main()) == [(n, n) for n in range(10)]


# -- options of the runtime -------------------------------------------------------------------------------


def test_the_history_of_a_packet_that_was_read_is_that_of_one_that_was_collected():
    """It left the net by an output; what was not read lies on its edge still."""
    runtime = BatchRuntime(two_sided(), tracking="history", keep=100)
    given = {"number": Each(range(4))}

    async def main(most: int) -> Result:
        async with runtime.stream(inputs=given) as results:
            async for _, value in results:
                if value == most:
                    break
        return results.result

    batch, read, left = runtime.run(inputs=given), asyncio.run(main(100)), asyncio.run(main(0))
    for packet in batch.packets.born_at("even.out"):
        assert read.packets.activities(packet) == batch.packets.activities(packet)
        assert read.packets.ancestors(packet) == batch.packets.ancestors(packet)
    assert read.packets.in_flight() == {}
    lying = {address for address in left.packets.in_flight().values() if "->" in address}
    assert lying == set(left.unread)


def test_a_packet_that_was_changed_on_its_way_fails_the_net(on_loop):
    """With `check="mutation"`, an output is an edge like others; the packet comes out all the same."""

    class Careless(Component):
        row: Out[dict[str, int]]

        async def run(self) -> None:
            row = {"a": 1}
            await self.row.send(row)
            row["a"] = 2

    graph = Graph("careless")
    graph.add(Careless).row >> graph.outputs.rows

    async def main() -> tuple[list[tuple[str, Any]], NetError]:
        packets: list[tuple[str, Any]] = []
        async with BatchRuntime(graph, check="mutation").stream() as results:
            await results.net.edges["careless.row->outputs.rows"].until(lambda edge: edge.fill == 1)
            await asyncio.sleep(0)
            with pytest.raises(NetError) as caught:
                await drain(results, into=packets)
        return packets, caught.value

    packets, error = on_loop(main())
    assert packets == [("rows", {"a": 2})]
    assert "PortError: careless.row->outputs.rows: {'a': 2} was changed after it had been sent" in str(error)
