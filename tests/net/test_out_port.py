"""Sending, where a packet on its way changes who takes it, or has a history."""

import asyncio

from fbcore import BatchRuntime, Component, Config, Each, Graph, In, Observer, Out, Packet, component


@component
def same(value: int) -> int:
    return value


@component
def forwarded(value: Packet[int]) -> Packet[int]:
    return value


class First(Component):
    """Takes one packet."""

    value: In[int]

    async def run(self) -> None:
        await self.value.receive()


def test_a_packet_that_stops_one_consumer_comes_to_the_others(run):
    """A fan-out goes on to all its edges, though its packet ends the node at one of them."""
    graph = Graph("fan")
    stopped, other = graph.add(same, "one"), graph.add(same, "other")
    graph.inputs.number >> stopped.stop
    graph.inputs.number >> stopped.value
    graph.inputs.number >> other.value
    stopped.out >> graph.outputs.stopped
    other.out >> graph.outputs.others
    result = run(graph, inputs={"number": Each([1, 2, 3])})
    assert result.outputs.others == [1, 2, 3]
    assert result.outputs.stopped == [1]


def test_an_observer_sees_the_value_of_a_forwarded_packet_that_is_discarded(run):
    """It is the same that was seen before, not the packet around it."""
    seen = []

    class Watch(Observer):
        def packet(self, what, address, value):
            if what == "discarded":
                seen.append((address, value))

    graph = Graph("early")
    node = graph.add(forwarded)
    graph.connect(graph.inputs.number, node.value, capacity=1)
    graph.connect(node.out, graph.add(First).value, capacity=1)
    run(graph, inputs={"number": Each(range(9))}, observers=[Watch()])
    discarded = [value for address, value in seen if address == "forwarded.out"]
    assert [type(value) for value in discarded] == [int]


class Maker(Component):
    """Sends numbers that are said to be made of what came in."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.out.send(packet.value, parents=[packet])


class Turns(Component):
    """Writes down its turns among those of others, until there are so many."""

    said: Config[list]

    async def run(self) -> None:
        for number in range(8):
            await asyncio.sleep(0)
            self.said.value.append(number)


def test_named_parents_cost_no_turn():
    """A send with parents that has room goes on at once, whether the history is kept or not."""
    ends = []
    for tracking in ("counts", "history"):
        said: list[object] = []

        @component
        def note(value: int, said: object = said) -> None:
            said.append(f"took {value}")

        graph = Graph("turns")
        maker, taker = graph.add(Maker), graph.add(note)
        graph.add(Turns, said=said)
        graph.inputs.number >> maker.value
        maker.out >> taker.value
        runner = BatchRuntime(graph, tracking=tracking)
        asyncio.run(runner.arun(inputs={"number": Each(range(6))}))
        ends.append(said)
    assert ends[0] == ends[1]
