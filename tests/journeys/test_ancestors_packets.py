"""What earlier runtimes of this kind got wrong with packets is kept right here: one promise for each fault."""

import asyncio
import gc
import weakref

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    Each,
    Graph,
    GraphError,
    In,
    InputError,
    Observer,
    Out,
    Outcome,
    Snapshot,
    SteppedLoop,
    component,
)
from fbcore.net.build import build_net


@component
def same(value: int) -> int:
    return value


class Numbers(Component):
    """Sends so many numbers."""

    count: Config[int] = Config(default=6)
    number: Out[int]

    async def run(self) -> None:
        for number in range(self.count.value):
            await self.number.send(number)


class Asleep(Component):
    """Takes one packet and sleeps on it."""

    value: In[int]

    async def run(self) -> None:
        await self.value.receive()
        await asyncio.sleep(1000)


def test_a_fan_out_gives_every_packet_to_every_consumer():
    """No edge takes the place of another."""
    graph = Graph("fan_out")
    numbers = graph.add(Numbers)
    for id in ("one", "two", "three"):
        numbers.number >> graph.add(same, id).value
        graph[id].out >> graph.outputs[f"{id}_got"]
    outputs = BatchRuntime(graph).run(time_limit=100).outputs
    assert [outputs[name] for name in sorted(outputs)] == [[0, 1, 2, 3, 4, 5]] * 3


def test_a_fan_in_takes_the_packets_of_every_producer():
    """Each producer's packets come in its order."""
    graph = Graph("fan_in")
    node = graph.add(same)
    for id in ("one", "two"):
        graph.add(Numbers, id).number >> node.value
    node.out >> graph.outputs.all
    result = BatchRuntime(graph).run(time_limit=100)
    assert sorted(result.outputs.all) == sorted([*range(6), *range(6)])


def test_types_are_checked():
    """Where ports are connected, and where values come in."""

    @component
    def shout(text: str) -> str:
        return text.upper()

    graph = Graph("types")
    graph.add(Numbers).number >> graph.add(shout).text
    with pytest.raises(GraphError, match=r"numbers\.number->shout\.text: int does not fit str"):
        graph.validate()
    graph = Graph("values")
    graph.inputs.text >> graph.add(shout).text
    with pytest.raises(InputError, match=r"inputs\.text: 11 is no str"):
        BatchRuntime(graph).run(inputs={"text": 11})


def test_every_packet_of_every_output_is_returned():
    """Not only the first; and an input takes as many as there are."""
    graph = Graph("many")
    node = graph.add(same)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.values_out
    result = BatchRuntime(graph).run(inputs={"value": Each(range(200))})
    assert result.outputs.values_out == list(range(200))


class Sees(Observer):
    """Looks at the fill of an edge whenever a packet moves."""

    def __init__(self) -> None:
        self.net = None
        self.fills: list[int] = []

    def packet(self, what: str, address: str, value: object) -> None:
        self.fills.append(self.net.snapshot().edges["numbers.number->asleep.value"].fill)


def test_an_edge_says_truly_how_full_it_is():
    """A snapshot shows how many packets lie there, from none to the capacity."""
    graph = Graph("filling")
    graph.connect(graph.add(Numbers).number, graph.add(Asleep).value, capacity=4)
    sees = Sees()

    async def main() -> Snapshot:
        sees.net = net = build_net(graph, observers=[sees])
        asyncio.get_running_loop().call_later(1, net.stop_at_once)
        await net.run()
        return net.snapshot()

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        edge = runner.run(main()).edges["numbers.number->asleep.value"]
    assert (edge.capacity, edge.fill, edge.put, edge.taken) == (4, 4, 5, 1)
    assert min(sees.fills) == 0
    assert max(sees.fills) == 4


def test_packets_stranded_at_a_stop_are_reported_with_their_addresses():
    """On edges, in hands, and in a send that waits: each of them once, by the names that the graph has."""
    graph = Graph("stranding")
    graph.connect(graph.add(Numbers).number, graph.add(Asleep).value, capacity=4)

    async def main():
        runtime = BatchRuntime(graph)
        return await runtime.arun(time_limit=1, raises=False)

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        result = runner.run(main())
    assert result.held == {"asleep.value": 0}
    assert result.unread == {"numbers.number->asleep.value": [1, 2, 3, 4]}
    assert result.unsent == {"numbers.number": [5]}
    assert "numbers.number->asleep.value: 4 packets: 1, 2, 3, ..." in result.summary()


class Payload:
    """A value whose life can be watched."""


def test_nothing_is_kept_of_a_packet_that_was_consumed():
    """While a net runs no more values live than its edges and nodes hold; afterwards none, nor the net itself."""
    alive: weakref.WeakSet[object] = weakref.WeakSet()
    most = 0

    class Makes(Component):
        value: Out[Payload]

        async def run(self) -> None:
            nonlocal most
            for _ in range(300):
                value = Payload()
                alive.add(value)
                most = max(most, len(alive))
                await self.value.send(value)

    class Drops(Component):
        value: In[Payload]

        async def run(self) -> None:
            instances.add(self)
            async for _ in self.value:
                pass

    instances: weakref.WeakSet[object] = weakref.WeakSet()
    graph = Graph("dropping")
    graph.connect(graph.add(Makes).value, graph.add(Drops).value, capacity=4)
    result = BatchRuntime(graph).run()
    gc.collect()
    assert result.outcome is Outcome.FINISHED
    assert 1 <= most <= 7
    assert (len(alive), len(instances)) == (0, 0)
