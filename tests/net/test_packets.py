"""Packets as objects: the identity that they are born with, and keep when they are forwarded."""

from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Each, EndOfDemand, Graph, In, Out, Outcome, Packet, PacketId, component
from tests.net.conftest import Run


class Ids(Component):
    """Says of every value which packet it came in."""

    value: In[Any]
    ids: Out[str]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.ids.send(f"{packet.value} {packet.id}")


class Forwards(Component):
    """Sends on what it takes."""

    value: In[Any]
    out: Out[Any]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.out.forward(packet)


@component
def same(value: Any) -> Any:
    return value


@component
def even(value: Packet[int]) -> Packet[int] | None:
    return value if value.value % 2 == 0 else None


def chain(*components: Any) -> Graph:
    """Return a graph of components one after the other, and then one that says which packets come."""
    graph = Graph("chain")
    before = graph.inputs.value
    for number, each in enumerate(components):
        node = graph.add(each, f"node_{number}")
        before >> node.value
        before = node.out
    ids = graph.add(Ids)
    before >> ids.value
    ids.ids >> graph.outputs.said
    return graph


# -- identity ---------------------------------------------------------------------------------------------


def test_a_packet_is_known_by_where_it_was_born_and_the_how_manieth_it_was(run: Run) -> None:
    """At an input of the net, or at an output of a node; also behind a function that fires in batches."""
    result = run(chain(), inputs={"value": Each("abc")})
    assert result.outputs.said == ["a inputs.value#0", "b inputs.value#1", "c inputs.value#2"]
    result = run(chain(same, same), inputs={"value": Each(range(200))})
    assert result.outputs.said == [f"{number} node_1.out#{number}" for number in range(200)]


def test_a_packet_is_asked_for_one_by_one_or_in_a_loop(run: Run) -> None:
    """`receive_packet` ends as `receive` does."""

    class Asks(Component):
        value: In[str]
        out: Out[Any]

        async def run(self) -> None:
            packet = await self.value.receive_packet()
            assert isinstance(packet, Packet)
            assert isinstance(packet.id, PacketId)
            await self.out.send([packet.value, packet.id.birthplace, packet.id.number])
            value = await self.value.receive()
            packet = await self.value.receive_packet()
            await self.out.send([value, packet.value, str(packet.id)])
            await self.value.receive_packet()
            raise AssertionError("the stream has ended")

    graph = Graph("asks")
    asks = graph.add(Asks)
    graph.inputs.value >> asks.value
    asks.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each("abc")})
    assert result.outputs.out == [["a", "inputs.value", 0], ["b", "c", "inputs.value#2"]]
    assert result.outcome is Outcome.FINISHED


def test_copies_of_a_fan_out_are_born_on_their_edges(run: Run) -> None:
    """Each has an identity of its own; what is discarded has none to speak of."""
    graph = Graph("fan")
    source = graph.add(same)
    graph.inputs.value >> source.value
    for name in ("left", "right"):
        ids = graph.add(Ids, name)
        source.out >> ids.value
        ids.ids >> graph.outputs[f"said_{name}"]
    result = run(graph, inputs={"value": Each("ab")})
    assert result.outputs.said_left == ["a same.out->left.value#0", "b same.out->left.value#1"]
    assert result.outputs.said_right == ["a same.out->right.value#0", "b same.out->right.value#1"]


def test_an_input_that_several_feed_tells_their_packets_apart(run: Run) -> None:
    """Those that were forwarded among them; the last ones too, when the edges have run empty."""
    graph = Graph("merge")
    ids = graph.add(Ids)
    for name, each in (("plain", same), ("kept", even), ("sent_on", Forwards)):
        node = graph.add(each, name)
        graph.inputs[f"{name}_in"] >> node.value
        node.out >> ids.value
    ids.ids >> graph.outputs.said
    inputs = {"plain_in": Each([1, 2, 3]), "kept_in": Each([10, 11, 12]), "sent_on_in": Each([20, 21])}
    result = run(graph, inputs=inputs)
    assert sorted(result.outputs.said) == [
        "1 plain.out#0",
        "10 inputs.kept_in#0",
        "12 inputs.kept_in#2",
        "2 plain.out#1",
        "20 inputs.sent_on_in#0",
        "21 inputs.sent_on_in#1",
        "3 plain.out#2",
    ]


# -- forwarding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [(even,), (Forwards,), (even, Forwards, even), (Forwards, even, Forwards)])
def test_a_forwarded_packet_keeps_its_identity(run: Run, path: tuple[Any, ...]) -> None:
    """Through any number of nodes, though others of its kind were dropped."""
    values = range(150) if Forwards not in path or even in path else range(0, 150, 2)
    result = run(chain(*path), inputs={"value": Each(values)})
    numbers = {value: number for number, value in enumerate(values)}
    assert result.outputs.said == [f"{value} inputs.value#{numbers[value]}" for value in range(0, 150, 2)]


def test_forwarded_and_new_packets_may_leave_by_one_output(run: Run) -> None:
    """Numbers of new ones count what has left there, so that none comes twice."""

    class Mixed(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for packet in self.value.packets():
                if packet.value % 2:
                    await self.out.forward(packet)
                else:
                    await self.out.send(packet.value)

    result = run(chain(Mixed), inputs={"value": Each(range(6))})
    assert result.outputs.said == [
        "0 node_0.out#0",
        "1 inputs.value#1",
        "2 node_0.out#2",
        "3 inputs.value#3",
        "4 node_0.out#4",
        "5 inputs.value#5",
    ]


def test_a_packet_that_is_forwarded_twice_is_a_new_one_the_second_time(run: Run) -> None:
    """One packet is at one place; the second has it as its parent, by whichever output it leaves."""

    class Twice(Component):
        value: In[int]
        out: Out[int]
        other: Out[int]

        async def run(self) -> None:
            async for packet in self.value.packets():
                await self.out.forward(packet)
                await self.out.forward(packet)
                await self.other.forward(packet)

    @component
    def thrice(value: Packet[int]) -> Iterator[Packet[int]]:
        for _ in range(3):
            yield value

    graph = chain(Twice)
    graph["node_0"].other >> graph.outputs.other
    result = run(graph, inputs={"value": Each([7])}, tracking="history")
    assert result.outputs.said == ["7 inputs.value#0", "7 node_0.out#1"]
    (first,) = result.packets.born_at("node_0.out")
    (second,) = result.packets.born_at("node_0.other")
    for packet in (first, second):
        assert list(map(str, result.packets.parents(packet))) == ["inputs.value#0"]
        assert not result.packets.is_assumed(packet)
    said = run(chain(thrice), inputs={"value": Each([7])}).outputs.said
    assert said == ["7 inputs.value#0", "7 node_0.out#1", "7 node_0.out#2"]


def test_what_could_not_be_forwarded_can_be_forwarded_elsewhere(run: Run) -> None:
    """A packet that nobody takes any more is still in the hands of the node."""

    class One(Component):
        value: In[int]

        async def run(self) -> None:
            await self.value.receive()

    class Tries(Component):
        value: In[int]
        out: Out[int]
        rest: Out[int]

        async def run(self) -> None:
            async for packet in self.value.packets():
                try:
                    await self.rest.forward(packet)
                except EndOfDemand:
                    await self.out.forward(packet)

    graph = chain(Tries)
    graph.connect(graph["node_0"].rest, graph.add(One).value, capacity=1)
    result = run(graph, inputs={"value": Each(range(20))})
    said = result.outputs.said
    assert said == [f"{number} inputs.value#{number}" for number in range(20 - len(said), 20)]
    assert len(said) >= 17


def test_a_packet_forwarded_to_several_becomes_copies(run: Run) -> None:
    """Each born on its edge, with the forwarded packet as its parent."""
    graph = Graph("fan")
    node = graph.add(even)
    graph.inputs.value >> node.value
    for name in ("left", "right"):
        ids = graph.add(Ids, name)
        node.out >> ids.value
        ids.ids >> graph.outputs[f"said_{name}"]
    result = run(graph, inputs={"value": Each(range(4))}, tracking="history", keep=10)
    assert result.outputs.said_left == ["0 even.out->left.value#0", "2 even.out->left.value#1"]
    packets = result.packets
    for number, value in ((0, 0), (1, 2)):
        for name in ("left", "right"):
            copy = f"even.out->{name}.value#{number}"
            assert list(map(str, packets.parents(copy))) == [f"inputs.value#{value}"]
            assert packets.value(copy) == value
    assert list(map(str, packets.children("inputs.value#2"))) == [
        "even.out->left.value#1",
        "even.out->right.value#1",
    ]
    assert packets.children("inputs.value#1") == ()


def test_forwarding_waits_for_room_and_keeps_order(run: Run) -> None:
    """As sending does, at any capacity."""
    graph = Graph("narrow")
    first, second, ids = graph.add(Forwards, "first"), graph.add(even, "second"), graph.add(Ids)
    graph.connect(graph.inputs.value, first.value, capacity=1)
    graph.connect(first.out, second.value, capacity=1)
    graph.connect(second.out, ids.value, capacity=2)
    ids.ids >> graph.outputs.said
    result = run(graph, inputs={"value": Each(range(100))})
    assert result.outputs.said == [f"{number} inputs.value#{number}" for number in range(0, 100, 2)]


def test_a_forwarded_packet_may_carry_another_value(run: Run) -> None:
    """Whoever gives it its identity says that it is the same."""

    class Doubles(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for packet in self.value.packets():
                await self.out.forward(Packet(2 * packet.value, packet.id))

    assert run(chain(Doubles), inputs={"value": Each([4])}).outputs.said == ["8 inputs.value#0"]


def test_an_output_that_is_not_connected_discards_what_is_forwarded(run: Run) -> None:
    """And counts it."""
    graph = Graph("nowhere")
    graph.inputs.value >> graph.add(Forwards).value
    result = run(graph, inputs={"value": Each([1, 2])}, tracking="history")
    assert result.discarded == {"forwards.out": 2}
    assert [activity.kind.value for activity in result.packets.activities("inputs.value#1")] == [
        "creation",
        "movement",
        "movement",
        "discard",
    ]


def test_packets_are_forwarded_to_outputs_and_configs(run: Run) -> None:
    """Wherever an edge leads."""
    graph = Graph("ends")
    node = graph.add(even)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    result = run(graph, inputs={"value": Each(range(4))}, tracking="history")
    assert result.outputs.out == [0, 2]
    assert [activity.destination for activity in result.packets.activities("inputs.value#2")][-1] == "outside"


def test_several_packets_come_to_one_firing(run: Run) -> None:
    """Each parameter that asks gets its own; one of them may go on."""

    @component
    def larger(left: Packet[int], right: Packet[int]) -> Packet[int]:
        return left if left.value > right.value else right

    graph = Graph("larger")
    node, ids = graph.add(larger), graph.add(Ids)
    graph.inputs.a >> node.left
    graph.inputs.b >> node.right
    node.out >> ids.value
    ids.ids >> graph.outputs.said
    result = run(graph, inputs={"a": Each([1, 9]), "b": Each([5, 5])})
    assert result.outputs.said == ["5 inputs.b#0", "9 inputs.a#1"]


def test_a_packet_that_fails_is_shown_by_its_value(run: Run) -> None:
    """In the failure, and in what the node held."""

    @component
    def breaks(value: Packet[int]) -> None:
        raise ValueError("broken")

    graph = Graph("breaking")
    node = graph.add(breaks)
    graph.inputs.value >> node.value
    node.error >> graph.outputs.errors
    result = run(graph, inputs={"value": Each([3])})
    assert [(failure.value, failure.error.held) for failure in result.outputs.errors] == [(3, {"value": 3})]
