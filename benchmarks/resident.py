"""Resident memory, each figure in a process of its own: `python -m benchmarks.resident FIGURE NUMBER` prints one.

node: KB a node of a running line of so many. parked: bytes a packet that lies on an edge without bound, so many
at a time. kept: bytes a packet that has been consumed, once so many have passed the chain.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from benchmarks.chain import Pass, Sink, chain_graph
from fbcore import BatchRuntime, Component, Each, Graph, In, Out
from fbcore.net.build import build_net


def resident() -> int:
    """Return the bytes that this process has in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- nodes ---------------------------------------------------------------------------------------------


def line(nodes: int) -> Graph:
    """Return a line of so many nodes from an input to an output of the net."""
    graph = Graph("line")
    before = graph.inputs.number
    for number in range(nodes):
        node = graph.add(Pass, f"pass_{number}")
        before >> node.come
        before = node.go
    before >> graph.outputs.same
    return graph


def node(nodes: int) -> float:
    """Return the KB that a node of a running line takes."""

    async def nothing() -> AsyncIterator[int]:
        await asyncio.Event().wait()
        yield 1

    async def main() -> float:
        before = resident()
        net = build_net(line(nodes), {"number": Each(nothing())})
        running = asyncio.create_task(net.run())
        for _ in range(3):
            await asyncio.sleep(0)
        found = (resident() - before) / nodes / 1024
        net.stop_at_once()
        await running
        return found

    return asyncio.run(main())


# -- packets -------------------------------------------------------------------------------------------


class Flood(Component):
    """Sends so many numbers, and then word of it."""

    number: Out[int]
    all_sent: Out[int]
    count = 0
    before = 0

    async def run(self) -> None:
        type(self).before = resident()
        for number in range(self.count):
            await self.number.send(number)
        await self.all_sent.send(self.count)


class Hoard(Component):
    """Lets the numbers lie until all have been sent, measures, and takes them."""

    number: In[int]
    all_sent: In[int]
    after = 0

    async def run(self) -> None:
        await self.all_sent.receive()
        type(self).after = resident()
        async for _ in self.number:
            pass


def parked(packets: int) -> float:
    """Return the bytes that a packet takes, its number included, while it lies on an edge."""
    Flood.count = packets
    graph = Graph("parked")
    flood, hoard = graph.add(Flood), graph.add(Hoard)
    graph.connect(flood.number, hoard.number, capacity=None)
    flood.all_sent >> hoard.all_sent
    BatchRuntime(graph).run()
    return (Hoard.after - Flood.before) / packets


class Meter(Sink):
    """Takes everything, and measures twice: after a tenth, when all has its size, and at the end."""

    count = 0
    before = 0
    after = 0

    async def run(self) -> None:
        cls = type(self)
        seen = 0
        async for _ in self.come:
            seen += 1
            if seen == self.count // 10:
                cls.before = resident()
            elif seen == self.count:
                cls.after = resident()


def kept(packets: int) -> float:
    """Return the whole bytes that remain of a packet after its consumption: pages are too coarse for less."""
    Meter.count = packets
    BatchRuntime(chain_graph(packets, capacity=64, sink=Meter)).run()
    return max(0, round((Meter.after - Meter.before) / (packets - packets // 10)))


FIGURES: dict[str, Callable[[int], float]] = {"node": node, "parked": parked, "kept": kept}

if __name__ == "__main__":
    print(FIGURES[sys.argv[1]](int(sys.argv[2])))
