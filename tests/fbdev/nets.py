"""Small nets as files, one for each way that a net can end, and what runs them."""

import os
import select
import subprocess
import sys
from pathlib import Path

FINISHED = """
from collections.abc import Iterator
from fbcore import Graph, component

@component
def numbers(count: int = 3) -> Iterator[int]:
    yield from range(count)

@component
def double(value: int) -> int:
    return 2 * value

graph = Graph("finished")
graph.configs.count >> graph.add(numbers).count
graph["numbers"].out >> graph.add(double).value
graph["double"].out >> graph.outputs.doubled
"""

QUIESCENT = """
from fbcore import Component, Graph, In, Out

class Halve(Component):
    start: In[int]
    again: In[int]
    smaller: Out[int]

    async def run(self) -> None:
        await self.smaller.send(await self.start.receive() // 2)
        async for value in self.again:
            if value:
                await self.smaller.send(value // 2)

graph = Graph("quiescent")
halve = graph.add(Halve)
graph.inputs.start >> halve.start
halve.smaller >> halve.again
"""

FAILED = """
from fbcore import Graph, component

@component
def divide(value: int) -> float:
    return 1 / value

graph = Graph("failing")
graph.inputs.value >> graph.add(divide).value
graph["divide"].out >> graph.outputs.inverse
"""

STARVED = """
from fbcore import Component, Graph, In, Out, component

@component
def both(left: int, right: int) -> int:
    return left + right

class Loop(Component):
    back: In[int]
    left: Out[int]
    right: Out[int]

    async def run(self) -> None:
        await self.left.send(1)
        async for value in self.back:
            await self.right.send(value)

graph = Graph("starved")
loop = graph.add(Loop)
loop.left >> graph.add(both).left
loop.right >> graph["both"].right
graph["both"].out >> loop.back
"""

DEADLOCKED = """
from fbcore import Component, Graph, In, Out

class Talker(Component):
    heard: In[int]
    said: Out[int]

    async def run(self) -> None:
        await self.said.send(1)
        await self.said.send(2)
        await self.heard.receive()

graph = Graph("deadlocked")
a, b = graph.add(Talker, "a"), graph.add(Talker, "b")
graph.connect(a.said, b.heard, capacity=1)
graph.connect(b.said, a.heard, capacity=1)
"""

ENDLESS = """
import asyncio
from fbcore import Component, Config, Graph, In, Out

class Ticks(Component):
    out: Out[int]

    async def run(self) -> None:
        for number in range(3):
            await self.out.send(number)
        await asyncio.Event().wait()

class Show(Component):
    value: In[int]
    seen: Out[int]
    stubborn: Config[bool] = Config(default=False)

    async def run(self) -> None:
        async for value in self.value:
            await self.seen.send(value)
            if value == 2:
                print("running", flush=True)
        if self.stubborn.value:
            print("draining", flush=True)
            await asyncio.Event().wait()

graph = Graph("endless")
show = graph.add(Show)
graph.add(Ticks).out >> show.value
graph.configs.stubborn >> show.stubborn
show.seen >> graph.outputs.seen
"""

ECHOING = """
from fbcore import Component, Graph, In

class Echo(Component):
    value: In[int]

    async def run(self) -> None:
        async for value in self.value:
            print("took", value, flush=True)

graph = Graph("echoing")
graph.inputs.value >> graph.add(Echo).value
"""

INVALID = """
from fbcore import Graph, component

@component
def double(value: int) -> int:
    return 2 * value

graph = Graph("invalid")
graph.add(double)
"""


def command(*arguments: str | Path) -> list[str]:
    """Return the words of a command line that runs our program in a process of its own."""
    return [sys.executable, "-m", "fbdev", *map(str, arguments)]


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run our program in a process of its own, to its end."""
    return subprocess.run(command(*arguments), cwd=cwd, check=False, capture_output=True, text=True, timeout=200)


def has_ended(pid: int) -> bool:
    """Wait for a process that was killed, which may take a moment, and say whether it has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 100)[0])
    finally:
        os.close(process)
