"""The chain in the fbdev that is on PyPI: print how many hops it makes in a second of CPU time."""

import asyncio
import sys
import time

from fbdev.comp import BaseComponent, Packet
from fbdev.comp.port import PortSpec, PortSpecCollection, PortType
from fbdev.graph.graph_spec import GraphSpec
from fbdev.runtime import NodeProcess

NODES = 10
CAPACITY = 64


class Source(BaseComponent):
    """Sends so many numbers."""

    port_specs = PortSpecCollection(PortSpec(PortType.OUTPUT, "go"))
    count = 0

    async def _post_start(self):
        self.task_manager.create_task(self.send())

    async def send(self):
        """Send them, one packet each."""
        for number in range(self.count):
            await self.ports.output.go.put(Packet(number))


class Pass(BaseComponent):
    """Sends on what comes, without opening it."""

    port_specs = PortSpecCollection(PortSpec(PortType.INPUT, "come"), PortSpec(PortType.OUTPUT, "go"))

    async def _post_start(self):
        self.task_manager.create_task(self.pass_on())

    async def pass_on(self):
        """Forward packets for ever: this fbdev has no end of a stream."""
        while True:
            await self.ports.output.go.put(await self.ports.input.come.get())


class Sink(BaseComponent):
    """Takes everything, and says when all has come."""

    port_specs = PortSpecCollection(PortSpec(PortType.INPUT, "come"))
    count = 0
    done = None

    async def _post_start(self):
        self.task_manager.create_task(self.take())

    async def take(self):
        """Consume so many packets."""
        for number in range(self.count):
            assert await self.ports.input.come.get_and_consume() == number
        self.done.set()


def chain(count):
    """Return a graph of a source, pass-through nodes and a sink."""
    graph = GraphSpec()
    kinds = [type("Source", (Source,), {"count": count}), *[Pass] * NODES, type("Sink", (Sink,), {"count": count})]
    before = None
    for number, kind in enumerate(kinds):
        node = graph.add_node(kind, id=f"_{number}")
        if before is not None:
            edge = graph.add_edge(maxsize=CAPACITY)
            before.ports.output.go >> edge
            edge >> node.ports.input.come
        before = node
    return graph, kinds[-1]


async def run(count):
    """Run the chain to the last packet, and return the CPU seconds that took, without building and stopping it."""
    graph, sink = chain(count)
    sink.done = asyncio.Event()
    process = NodeProcess.from_graph(graph)
    before = time.process_time()
    await process.astart()
    await sink.done.wait()
    seconds = time.process_time() - before
    await process.stop()
    return seconds


if __name__ == "__main__":
    packets = int(sys.argv[1])
    asyncio.run(run(packets // 10 + 1))
    print(packets * (NODES + 1) / asyncio.run(run(packets)))
