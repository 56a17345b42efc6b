"""Closing both ways: the end of a stream goes down, the end of demand goes up, and what is left is counted."""

import asyncio

import pytest

from fbcore import Component, Each, EndOfDemand, EndOfStream, Graph, In, Out, Outcome, component


@component
def pass_on(value: int) -> int:
    return value


class Take(Component):
    """Takes a few packets and ends."""

    value: In[int]
    taken: Out[int]
    count = 3

    async def run(self) -> None:
        for _ in range(self.count):
            await self.taken.send(await self.value.receive())


class Endless(Component):
    """Sends numbers for ever."""

    number: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.number.send(number)
            number += 1


def test_a_consumer_that_ends_first_ends_its_source(run):
    """An endless source learns of the end of demand, and the net finishes."""
    graph = Graph("taking")
    source, take = graph.add(Endless), graph.add(Take)
    graph.connect(source.number, take.value, capacity=4)
    take.taken >> graph.outputs.taken
    result = run(graph)
    assert (result.outcome, result.outputs.taken) == (Outcome.FINISHED, [0, 1, 2])
    assert list(result.unread) in ([], ["endless.number->take.value"])


def test_the_end_of_demand_goes_up_through_functions(run):
    """A chain of functions between the source and its impatient consumer ends too."""
    graph = Graph("chain")
    source, take = graph.add(Endless), graph.add(Take)
    source.number >> graph.add(pass_on, "one").value
    graph["one"].out >> graph.add(pass_on, "two").value
    graph["two"].out >> take.value
    take.taken >> graph.outputs.taken
    result = run(graph)
    assert (result.outcome, result.outputs.taken) == (Outcome.FINISHED, [0, 1, 2])


def test_a_fan_out_goes_on_with_the_consumers_that_remain(run):
    """One of two consumers ends early; the other still gets every packet."""
    graph = Graph("fan")
    take = graph.add(Take)
    graph.inputs.number >> take.value
    graph.inputs.number >> graph.add(pass_on).value
    take.taken >> graph.outputs.taken
    graph["pass_on"].out >> graph.outputs.all
    result = run(graph, inputs={"number": Each(range(300))})
    assert result.outputs.taken == [0, 1, 2]
    assert result.outputs.all == list(range(300))
    assert result.outcome is Outcome.FINISHED


def test_packets_left_by_a_consumer_that_ended_are_unread(run):
    """They are reported with their edge, and do not make the net starved."""
    graph = Graph("left")
    take = graph.add(Take)
    graph.inputs.number >> take.value
    take.taken >> graph.outputs.taken
    result = run(graph, inputs={"number": Each(range(10))})
    assert result.outcome is Outcome.FINISHED
    left = result.unread.get("inputs.number->take.value", [])
    assert left == list(range(3, 3 + len(left)))


def test_a_send_after_the_end_of_demand_raises_and_takes_nothing(run):
    """The component may catch it, and the value is still its own."""

    class Notices(Component):
        number: Out[int]
        rest: Out[int]

        async def run(self) -> None:
            for number in range(100):
                try:
                    await self.number.send(number)
                except EndOfDemand:
                    await self.rest.send(number)
                    return

    graph = Graph("notices")
    source, take = graph.add(Notices), graph.add(Take)
    graph.connect(source.number, take.value, capacity=1)
    take.taken >> graph.outputs.taken
    source.rest >> graph.outputs.rest
    result = run(graph)
    (first_refused,) = result.outputs.rest
    on_edge = result.unread.get("notices.number->take.value", [])
    assert result.outputs.taken + on_edge == list(range(first_refused))


def test_a_receive_after_the_end_raises_end_of_stream(run):
    """The error names the port; `async for` ends by itself."""

    class Receives(Component):
        value: In[int]
        said: Out[str]

        async def run(self) -> None:
            async for _ in self.value:
                pass
            with pytest.raises(EndOfStream, match=r"receives\.value: no more packets"):
                await self.value.receive()
            await self.said.send("the end")

    graph = Graph("ends")
    graph.inputs.value >> graph.add(Receives).value
    graph["receives"].said >> graph.outputs.said
    assert run(graph, inputs={"value": Each(range(3))}).outputs.said == ["the end"]


def test_an_optional_input_left_alone_ends_at_once(run):
    """`In(optional=True)` may be unconnected; its stream is empty."""

    class Either(Component):
        needed: In[int]
        other: In[int] = In(optional=True)
        count: Out[int]

        async def run(self) -> None:
            others = [value async for value in self.other]
            await self.count.send(len([value async for value in self.needed]) + len(others))

    graph = Graph("optional")
    graph.inputs.value >> graph.add(Either).needed
    graph["either"].count >> graph.outputs.count
    assert run(graph, inputs={"value": Each(range(3))}).outputs.count == [3]


def test_a_fan_in_takes_packets_in_order_of_arrival(run):
    """Three senders on one port: each one's order is kept, and nothing is lost."""
    graph = Graph("fan_in")
    merge = graph.add(pass_on, "merge")
    for name in ("a", "b", "c"):
        graph.connect(graph.inputs[name], merge.value, capacity=2)
    merge.out >> graph.outputs.merged
    given = {name: [f"{name}{number}" for number in range(50)] for name in ("a", "b", "c")}
    result = run(graph_of_any(graph), inputs={name: Each(values) for name, values in given.items()})
    for name, values in given.items():
        assert [value for value in result.outputs.merged if value.startswith(name)] == values
    assert len(result.outputs.merged) == 150


def graph_of_any(graph: Graph) -> Graph:
    """Let the ports of a graph's functions take anything."""
    for node in graph.nodes.values():
        for port in node.component.ports.values():
            port.type = object
    return graph


def test_a_fan_out_waits_until_every_edge_has_room(run):
    """A slow consumer holds up a quick one that shares its source, and both get everything."""

    class Slow(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await asyncio.sleep(0.0001)
                await self.out.send(value)

    graph = Graph("uneven")
    slow, quick = graph.add(Slow), graph.add(pass_on)
    graph.connect(graph.inputs.number, slow.value, capacity=1)
    graph.connect(graph.inputs.number, quick.value, capacity=7)
    slow.out >> graph.outputs.slowly
    quick.out >> graph.outputs.quickly
    result = run(graph, inputs={"number": Each(range(40))})
    assert result.outputs.slowly == result.outputs.quickly == list(range(40))


def test_what_goes_nowhere_is_counted(run):
    """An unconnected output discards, and the result says how many, for each port."""

    class Shouts(Component):
        heard: Out[int]
        unheard: Out[int]

        async def run(self) -> None:
            for number in range(1500):
                await self.unheard.send(number)
            await self.heard.send(1)

    graph = Graph("shouting")
    graph.add(Shouts).heard >> graph.outputs.heard
    result = run(graph)
    assert result.discarded == {"shouts.unheard": 1500}
    assert "shouts.unheard: 1,500 packets" in result.summary()


@pytest.mark.parametrize("capacity", [1, 2, 3, 64, 5000, None])
def test_order_and_number_are_kept_at_every_capacity(run, capacity):
    """Packets pass a chain in order, none is lost and none is doubled."""
    graph = Graph("chain")
    one, two = graph.add(pass_on, "one"), graph.add(pass_on, "two")
    graph.connect(graph.inputs.number, one.value, capacity=capacity)
    graph.connect(one.out, two.value, capacity=capacity)
    two.out >> graph.outputs.same
    result = run(graph, inputs={"number": Each(range(3000))})
    assert result.outputs.same == list(range(3000))
    assert not result.unread


def test_a_node_that_never_waits_lets_the_others_run():
    """After 1,000 port operations without a wait a task yields, on an edge without bound and on none at all."""
    ran = []

    class Hog(Component):
        wide: Out[int]
        nowhere: Out[int]

        async def run(self) -> None:
            for number in range(3000):
                await self.wide.send(number)
            ran.append("wide")
            for number in range(3000):
                await self.nowhere.send(number)
            ran.append("nowhere")

    class Modest(Component):
        value: In[int]

        async def run(self) -> None:
            await self.value.receive()
            ran.append("modest")

    from tests.net.conftest import LOOPS, run_on

    graph = Graph("hog")
    graph.connect(graph.add(Hog).wide, graph.add(Modest).value, capacity=None)
    run_on(LOOPS["stock"], graph)
    assert ran[0] == "modest"
