"""Functions fire in batches on an ordinary loop, and nobody can tell but by the time that it takes."""

import asyncio

import pytest

from fbcore import Component, Each, Graph, In, Out, component


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
