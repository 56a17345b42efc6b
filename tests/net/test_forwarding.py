"""Packets that are sent on as they are: where they have been, who they are, and in whose hands."""

import asyncio

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, Packet, Result, SteppedLoop, component


@component
def same(value: Packet[int]) -> Packet[int]:
    return value


class Lap(Component):
    """Forwards a packet to again until it has come three times, then to out."""

    value: In[int]
    again: Out[int]
    out: Out[int]

    async def run(self) -> None:
        seen: dict[object, int] = {}
        async for packet in self.value.packets():
            seen[packet.id] = seen.get(packet.id, 0) + 1
            await (self.again if seen[packet.id] < 3 else self.out).forward(packet)


def tracked(graph: Graph, **inputs: object) -> Result:
    """Run a graph on a stepped loop, with the history of packets."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(BatchRuntime(graph, tracking="history").arun(inputs=inputs, raises=False))


def test_the_activities_of_a_packet_in_a_loop_are_in_order():
    """It comes by the same two outputs again and again, in turn."""
    graph = Graph("laps")
    lap, back = graph.add(Lap), graph.add(same, "back")
    graph.inputs.number >> lap.value
    lap.again >> back.value
    back.out >> lap.value
    lap.out >> graph.outputs.done
    way = [each.destination for each in tracked(graph, number=7).packets.activities("inputs.number#0")]
    one = ["lap", "lap.again->back.value", "back", "back.out->lap.value"]
    assert way == ["inputs.number", "inputs.number->lap.value", *one, *one, "lap", "lap.out->outputs.done", "outside"]


class First(Component):
    """Takes one packet and ends."""

    value: In[int]

    async def run(self) -> None:
        await self.value.receive()


class Keep(Component):
    """Names the packets that come."""

    value: In[int]
    name: Out[str]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.name.send(str(packet.id))


def test_copies_of_a_forwarded_packet_are_new_though_but_one_consumer_is_left():
    """A port that feeds several edges makes copies to its end."""
    graph = Graph("fan")
    node, keep = graph.add(same), graph.add(Keep)
    graph.inputs.number >> node.value
    graph.connect(node.out, graph.add(First).value, capacity=1)
    node.out >> keep.value
    keep.name >> graph.outputs.names
    result = tracked(graph, number=Each(range(5)))
    assert result.outputs.names == [f"same.out->keep.value#{number}" for number in range(5)]


class Echo(Component):
    """Forwards each packet, and then sends its value where nobody takes it."""

    value: In[int]
    out: Out[int]
    other: Out[int]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.out.forward(packet)
            await self.other.send(packet.value)


class Stops(Component):
    """Takes nothing, and stops the net."""

    value: In[int]

    async def run(self) -> None:
        await asyncio.sleep(1)
        self.net.stop("enough")


def test_a_packet_that_was_forwarded_is_in_nobody_s_hands():
    """It is where it went, and only there, though the node has received nothing else since."""
    graph = Graph("echo")
    echo, stops = graph.add(Echo), graph.add(Stops)
    graph.inputs.number >> echo.value
    echo.out >> graph.outputs.numbers
    graph.connect(echo.other, stops.value, capacity=1)
    result = tracked(graph, number=Each(range(5)))
    assert result.outputs.numbers == [0, 1]
    assert result.held == {}
    assert result.unsent["echo.other"] == [1]
    assert "echo" not in result.packets.in_flight().values()
