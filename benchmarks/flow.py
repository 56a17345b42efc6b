"""How fast packets flow, and what a large net costs: the cases that any change of ports and edges must mind."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks.case import Case, against, at_most, cpu_seconds
from fbcore import BatchRuntime, Component, Graph, In, Out, component

NODES = 10
"""Pass-through nodes between source and sink in the chain."""

LARGE = 2000
"""Nodes of the large net."""


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


def chain(count: int, capacity: int, *, of_functions: bool = False) -> Callable[[], object]:
    """Return the work of sending numbers through a chain of pass-through nodes, one packet at a time."""
    source = type("Source", (Source,), {"count": count})
    graph = Graph("chain")
    before = graph.add(source, "source").number
    for number in range(NODES):
        if of_functions:
            firing = graph.add(pass_on, f"pass_{number}")
            graph.connect(before, firing.come, capacity=capacity)
            before = firing.out
        else:
            node = graph.add(Pass, f"pass_{number}")
            graph.connect(before, node.come, capacity=capacity)
            before = node.go
    graph.connect(before, graph.add(Sink).come, capacity=capacity)
    runtime = BatchRuntime(graph)
    return runtime.run


def queues(count: int, capacity: int) -> Callable[[], object]:
    """Return the same work done by tasks with an `asyncio.Queue` for every edge."""

    async def main() -> None:
        edges: list[asyncio.Queue[int | None]] = [asyncio.Queue(capacity) for _ in range(NODES + 1)]

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


def chain_case(capacity: int, count: int, target: float, *, of_functions: bool = False) -> Case:
    """Measure the chain at one capacity, in packets passing one edge."""
    kind = "functions" if of_functions else "classes"
    name, hops = f"chain of {NODES} {kind}, capacity {capacity}", count * (NODES + 1)
    ours, theirs = chain(count, capacity, of_functions=of_functions), queues(count, capacity)
    return against(name, hops, ours, theirs, than=f"asyncio.Queue({capacity})", target=target)


def large_net() -> Graph:
    """Return a line of so many nodes from an input to an output of the net."""
    graph = Graph("line")
    before = graph.inputs.number
    for number in range(LARGE):
        node = graph.add(Pass, f"pass_{number}")
        before >> node.come
        before = node.go
    before >> graph.outputs.same
    return graph


def run_large_net() -> None:
    """Build, validate and start the large net, pass one packet through it, and end."""
    result = BatchRuntime(large_net()).run(inputs={"number": 1})
    assert result.outputs.same == [1]


def large_net_cases() -> Iterator[Case]:
    """Measure the CPU seconds and the memory of the large net."""
    run_large_net()
    yield at_most(f"{LARGE:,} nodes, one packet", [cpu_seconds(run_large_net) for _ in range(9)], "CPU s", 0.25)
    values = [float(_in_child("memory")) for _ in range(3)]
    yield at_most(f"memory of a node in a net of {LARGE:,}", values, "KB", 10)


def import_case() -> Case:
    """Measure what `import fbcore` takes beyond asyncio and anyio, each time in a fresh interpreter."""
    _in_child("import")
    return at_most("import fbcore", [1000 * float(_in_child("import")) for _ in range(9)], "ms", 20)


def _in_child(what: str) -> str:
    """Run one of the programs below in a fresh interpreter and return what it prints."""
    # With bytecode, as a user has it, whatever this shell says.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = [sys.executable, "-c", _PROGRAMS[what]]
    return subprocess.run(program, check=True, capture_output=True, text=True, env=settings).stdout.strip()


_PROGRAMS = {
    "memory": """
import asyncio, gc, os
from benchmarks.flow import LARGE, large_net
from fbcore import Each
from fbcore.net.build import build_net
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
async def main():
    async def nothing():
        await asyncio.Event().wait()
        yield 1
    before = resident()
    net = build_net(large_net(), {"number": Each(nothing())})
    running = asyncio.create_task(net.run())
    for _ in range(3):
        await asyncio.sleep(0)
    print((resident() - before) / LARGE / 1024)
    net.stop_at_once()
    await running
asyncio.run(main())
""",
    "import": """
import asyncio, anyio, time
before = time.process_time()
import fbcore
print(time.process_time() - before)
""",
}


def cases() -> Iterator[Case]:
    """Yield every case of this benchmark, in the order of the table in docs/performance.md."""
    yield chain_case(capacity=64, count=20_000, target=2.2)
    yield chain_case(capacity=64, count=20_000, target=5, of_functions=True)
    yield chain_case(capacity=1, count=4_000, target=1.1)
    yield from large_net_cases()
    yield import_case()
