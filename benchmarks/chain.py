"""The chain that packets are timed on: a source, ten nodes that pass them on, a sink; and the same of queues."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Literal

from benchmarks.case import Work
from fbcore import BatchRuntime, Component, Graph, In, Out, component

NODES = 10
"""Pass-through nodes between source and sink."""

HOPS = NODES + 1
"""Edges that a packet passes."""

Kind = Literal["classes", "functions"]


class Source(Component):
    """Sends so many numbers."""

    number: Out[int]
    count = 0

    async def run(self) -> None:
        for number in range(self.count):
            await self.number.send(number)


class Pass(Component):
    """Sends on what comes."""

    come: In[int]
    go: Out[int]

    async def run(self) -> None:
        async for value in self.come:
            await self.go.send(value)


class Sink(Component):
    """Takes everything."""

    come: In[int]

    async def run(self) -> None:
        async for _ in self.come:
            pass


@component
def pass_on(come: int) -> int:
    """Send on what comes."""
    return come


def chain_graph(
    count: int, capacity: int, kind: Kind = "classes", sink: type[Sink] = Sink, source: type[Source] = Source
) -> Graph:
    """Return the graph of a chain that so many numbers pass, one packet at a time."""
    graph = Graph("chain")
    before: Any = graph.add(type("Source", (source,), {"count": count}), "source").number
    for number in range(NODES):
        if kind == "functions":
            firing = graph.add(pass_on, f"pass_{number}")
            graph.connect(before, firing.come, capacity=capacity)
            before = firing.out
        else:
            node = graph.add(Pass, f"pass_{number}")
            graph.connect(before, node.come, capacity=capacity)
            before = node.go
    graph.connect(before, graph.add(sink).come, capacity=capacity)
    return graph


def chain(count: int, capacity: int, kind: Kind = "classes", tracking: Literal["counts", "history"] = "counts") -> Work:
    """Return the work of sending numbers through the chain."""
    return BatchRuntime(chain_graph(count, capacity, kind), tracking=tracking).run


def queues(count: int, capacity: int) -> Work:
    """Return the same work done by tasks with an `asyncio.Queue` for every edge."""

    async def main() -> None:
        edges: list[asyncio.Queue[int | None]] = [asyncio.Queue(capacity) for _ in range(HOPS)]

        async def source() -> None:
            for number in range(count):
                await edges[0].put(number)
            await edges[0].put(None)

        async def pass_on(come: asyncio.Queue[int | None], go: asyncio.Queue[int | None]) -> None:
            while (value := await come.get()) is not None:
                await go.put(value)
            await go.put(None)

        async def sink() -> None:
            while await edges[-1].get() is not None:
                pass

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(source())
            for come, go in itertools.pairwise(edges):
                tasks.create_task(pass_on(come, go))
            tasks.create_task(sink())

    return lambda: asyncio.run(main())
