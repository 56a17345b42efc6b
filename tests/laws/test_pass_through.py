"""Values that go through a net as they are can be found in one place each, whenever the net is ended.

The places are: the source, which has not given it yet; the outputs; an edge (unread); and the hands of a node. A value
that a node took and is about to send on is both held and unsent: these are its hands, and one place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import pytest

from fbcore import Component, Each, Graph, In, Out, Result, component
from tests.laws.halting import WAYS, Halted, Way


class Forward(Component):
    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(value)


class Halves(Component):
    """Sends the even ones one way, the odd ones another."""

    value: In[int]
    even: Out[int]
    odd: Out[int]

    async def run(self) -> None:
        while True:
            value = await self.value.receive()
            await (self.odd if value % 2 else self.even).send(value)


@component
def same(value: int) -> int:
    return value


@component
async def slowly_same(value: int) -> int:
    await asyncio.sleep(0)
    return value


@component
def streamed(value: int) -> Iterator[int]:
    yield value


@component
async def slowly_streamed(value: int) -> AsyncIterator[int]:
    await asyncio.sleep(1)
    yield value


def line(*links: object) -> Callable[[int], Graph]:
    """Return what makes a graph of components in a row, of edges with a capacity."""

    def make(capacity: int) -> Graph:
        graph = Graph("line")
        before = graph.inputs.given
        for number, link in enumerate(links):
            node = graph.add(link, f"n{number}")  # type: ignore[call-overload]
            graph.connect(before, node.value, capacity=capacity)
            before = node.out
        before >> graph.outputs.passed
        return graph

    return make


def fork(capacity: int) -> Graph:
    """Make a graph in which values go by two ways to one input."""
    graph = Graph("fork")
    halves, last = graph.add(Halves), graph.add(Forward, "last")
    graph.connect(graph.inputs.given, halves.value, capacity=capacity)
    for name, way in (("even", graph.add(same)), ("odd", graph.add(Forward, "way"))):
        graph.connect(getattr(halves, name), way.value, capacity=capacity)
        graph.connect(way.out, last.value, capacity=capacity)
    last.out >> graph.outputs.passed
    return graph


GRAPHS: dict[str, Callable[[int], Graph]] = {
    "classes": line(Forward, Forward),
    "functions": line(same, streamed),
    "slow functions": line(slowly_same, slowly_streamed),
    "both": line(slowly_streamed, Forward, same),
    "fork": fork,
}


def places(result: Result) -> Counter[int]:
    """Count in how many places each value is."""
    hands: dict[str, set[int]] = {}
    for port, value in result.held.items():
        hands.setdefault(port.rpartition(".")[0], set()).add(value)
    for port, values in result.unsent.items():
        hands.setdefault(port.rpartition(".")[0], set()).update(values)
    found = Counter(value for node in hands.values() for value in node)
    found.update(value for values in result.unread.values() for value in values)
    found.update(result.outputs.passed)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("capacity", [1, 2, 64])
@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_each_value_is_in_one_place(make: Callable[[int], Graph], capacity: int, way: Way) -> None:
    """Before whichever turn the net is ended, no value is missing, and none is in two places."""
    size = 4
    for turn in count():
        source = iter(range(size))
        halted = Halted(way, turn, seed=turn)
        result = halted.run(make(capacity), {"given": Each(source)})
        found = places(result) if result is not None else Counter[int]()
        assert halted.leftover == []
        assert found + Counter(source) == Counter(range(size)), f"ended before turn {turn}"
        if not halted.was_halted:
            assert turn > 10
            assert result is not None
            assert sorted(result.outputs.passed) == list(range(size))
            return
