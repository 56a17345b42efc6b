"""Functions fire in batches on an ordinary loop, and nobody can tell but by the time that it takes."""

import asyncio
from typing import Any

import pytest

from fbcore import Component, Config, Each, Graph, In, Out, component
from fbcore.net.build import build_net
from fbcore.net.options import NetOptions


@component
def same(value: int) -> int:
    return value


class Late(Component):
    """Sends on what it takes, but only after others had turns."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            for _ in range(5):
                await asyncio.sleep(0)
            await self.out.send(value)


@pytest.mark.parametrize("room", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("lying", [1, 2, 4, 6, 10, 16])
def test_no_packet_is_lost_whatever_lies_there_and_whatever_has_room(stock, lying, room):
    """Also where exactly half of what lies there has room."""
    graph = Graph("rooms")
    first, then = graph.add(same), graph.add(Late)
    graph.connect(graph.inputs.number, first.value, capacity=lying)
    graph.connect(first.out, then.value, capacity=room)
    then.out >> graph.outputs.numbers
    result = stock(graph, inputs={"number": Each(range(40))})
    assert result.outputs.numbers == list(range(40))


class Source(Component):
    """Sends five numbers, and says so."""

    out: Out[int]
    said: Config[Any]

    async def run(self) -> None:
        for number in range(5):
            await self.out.send(number)
            self.said.value.append(f"sent {number}")


class Sink(Component):
    """Takes numbers, and says so."""

    value: In[int]
    said: Config[Any]

    async def run(self) -> None:
        async for number in self.value:
            self.said.value.append(f"took {number}")


def order_of_turns(*, batching: bool) -> list[str]:
    """Return who came in which order, where one waits for room and another for a packet."""
    graph, said = Graph("order"), []
    source, middle, sink = graph.add(Source, said=said), graph.add(same), graph.add(Sink, said=said)
    graph.connect(source.out, middle.value, capacity=1)
    graph.connect(middle.out, sink.value, capacity=1)

    async def main() -> None:
        await build_net(graph, options=NetOptions(batching=batching)).run()

    asyncio.run(main())
    return said


def test_batches_wake_others_in_the_order_of_single_firings():
    """Who waits for room goes on before who waits for a packet: nets that depend on the order end alike."""
    assert order_of_turns(batching=True) == order_of_turns(batching=False)
