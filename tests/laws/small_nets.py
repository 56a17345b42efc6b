"""Nets so small that every order of their steps can be tried, with what the rules allow them to end in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from fbcore import Component, Config, Each, Failure, Graph, In, Out, component, required


@component
def double(value: int) -> int:
    return 2 * value


@component
def add(left: int, right: int) -> int:
    return left + right


@component
def halve(value: int) -> int | None:
    return value // 2 or None


@component
def refuse(value: int) -> int:
    raise ValueError(f"{value} is refused")


@component
def mend(failure: Failure) -> int:
    return -int(failure.value)


@component
async def nap(value: int, seconds: float = 1.0) -> int:
    await asyncio.sleep(seconds)
    return value


@component
def scale(value: int, factor: int = required()) -> int:
    return value * factor


class Merge(Component):
    """Takes from whichever input has something."""

    left: In[int]
    right: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for hit in self.select(self.left, self.right):
            await self.out.send(hit.value)


class First(Component):
    """Ends after one packet."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        await self.out.send(await self.value.receive())


class Patient(Component):
    """Gives up a packet that does not come in time."""

    value: In[int]
    seconds: Config[float] = Config(default=1.0)
    out: Out[int]

    async def run(self) -> None:
        try:
            async with asyncio.timeout(self.seconds.value):
                await self.out.send(await self.value.receive())
        except TimeoutError:
            await self.out.send(0)


class Talker(Component):
    """Says all before it listens."""

    heard: In[int]
    said: Out[int]

    async def run(self) -> None:
        for word in range(2):
            await self.said.send(word)
        async for _ in self.heard:
            pass


class Tally(Component):
    """Counts until nothing comes any more, then tells."""

    value: In[int]
    total: Out[int]

    async def run(self) -> None:
        total = 0
        async for value in self.value:
            total += value
        await self.total.send(total)


End = tuple[str, Mapping[str, list[int]]]


class SmallNet(NamedTuple):
    """A graph, what is given for its inputs, and all ends that the rules allow: an outcome, and sorted outputs."""

    graph: Graph
    inputs: Mapping[str, Any]
    ends: list[End]


def line() -> SmallNet:
    graph = Graph("line")
    one, two = graph.add(double, "one"), graph.add(double, "two")
    graph.inputs.x >> one.value
    one.out >> two.value
    two.out >> graph.outputs.out
    return SmallNet(graph, {"x": 1}, [("finished", {"out": [4]})])


def narrow() -> SmallNet:
    graph = Graph("narrow")
    one, two = graph.add(double, "one"), graph.add(Tally, "two")
    graph.connect(graph.inputs.x, one.value, capacity=1)
    graph.connect(one.out, two.value, capacity=1)
    two.total >> graph.outputs.out
    return SmallNet(graph, {"x": Each([1, 2])}, [("finished", {"out": [6]})])


def fan_out() -> SmallNet:
    graph = Graph("fan_out")
    for name in ("one", "two"):
        graph.inputs.x >> graph.add(double, name).value
        graph[name].out >> graph.outputs[name + "s"]
    return SmallNet(graph, {"x": 3}, [("finished", {"ones": [6], "twos": [6]})])


def fan_in() -> SmallNet:
    graph = Graph("fan_in")
    tally = graph.add(Tally)
    graph.inputs.x >> tally.value
    graph.inputs.y >> tally.value
    tally.total >> graph.outputs.total
    return SmallNet(graph, {"x": Each([1, 2]), "y": 4}, [("finished", {"total": [7]})])


def join() -> SmallNet:
    graph = Graph("join")
    both = graph.add(add)
    graph.inputs.x >> both.left
    graph.inputs.y >> both.right
    both.out >> graph.outputs.sums
    return SmallNet(graph, {"x": Each([1, 2]), "y": Each([10, 20])}, [("finished", {"sums": [11, 22]})])


def starved() -> SmallNet:
    net = join()
    return net._replace(inputs={"x": Each([1, 2]), "y": 10}, ends=[("starved", {"sums": [11]})])


def select() -> SmallNet:
    graph = Graph("select")
    merge = graph.add(Merge)
    graph.inputs.x >> merge.left
    graph.inputs.y >> merge.right
    merge.out >> graph.outputs.all
    return SmallNet(graph, {"x": Each([1, 2]), "y": 3}, [("finished", {"all": [1, 2, 3]})])


def loop() -> SmallNet:
    graph = Graph("loop")
    node = graph.add(halve)
    graph.initial(6) >> node.value
    node.out >> node.value
    node.out >> graph.outputs.halves
    return SmallNet(graph, {}, [("quiescent", {"halves": [1, 3]})])


def error_port() -> SmallNet:
    graph = Graph("error_port")
    node, other = graph.add(refuse), graph.add(mend)
    graph.inputs.x >> node.value
    node.error >> other.failure
    node.out >> graph.outputs.good
    other.out >> graph.outputs.bad
    return SmallNet(graph, {"x": 5}, [("finished", {"good": [], "bad": [-5]})])


def failing() -> SmallNet:
    graph = Graph("failing")
    node, other = graph.add(refuse), graph.add(double)
    graph.inputs.x >> node.value
    node.out >> graph.outputs.good
    graph.inputs.y >> other.value
    other.out >> graph.outputs.other
    # The other node may come before the failure, or not at all.
    ends = [("failed", {"good": [], "other": found}) for found in ([], [14])]
    return SmallNet(graph, {"x": 5, "y": 7}, ends)


def early_end() -> SmallNet:
    graph = Graph("early_end")
    one, two = graph.add(double), graph.add(First)
    graph.inputs.x >> one.value
    graph.connect(one.out, two.value, capacity=1)
    two.out >> graph.outputs.out
    return SmallNet(graph, {"x": Each([1, 2])}, [("finished", {"out": [2]})])


def timers() -> SmallNet:
    graph = Graph("timers")
    short, long = graph.add(nap, "short"), graph.add(nap, "long", seconds=2.0)
    graph.inputs.x >> short.value
    graph.inputs.y >> long.value
    short.out >> graph.outputs.out
    long.out >> graph.outputs.out
    return SmallNet(graph, {"x": 1, "y": 2}, [("finished", {"out": [1, 2]})])


def time_out() -> SmallNet:
    graph = Graph("time_out")
    one, two = graph.add(nap, seconds=1.0), graph.add(Patient)
    graph.inputs.x >> one.value
    one.out >> two.value
    two.out >> graph.outputs.out
    # Both timers are due together, and either may win.
    return SmallNet(graph, {"x": 1}, [("finished", {"out": [0]}), ("finished", {"out": [1]})])


def initials() -> SmallNet:
    graph = Graph("initials")
    both = graph.add(add)
    graph.initial(1) >> both.left
    graph.inputs.x >> both.right
    both.out >> graph.outputs.sums
    return SmallNet(graph, {"x": 2}, [("finished", {"sums": [3]})])


def fed_config() -> SmallNet:
    graph = Graph("fed_config")
    source, scaled = graph.add(double), graph.add(scale)
    graph.inputs.factor >> source.value
    source.out >> scaled.factor
    graph.inputs.x >> scaled.value
    scaled.out >> graph.outputs.out
    return SmallNet(graph, {"factor": 2, "x": 3}, [("finished", {"out": [12]})])


def deadlock() -> SmallNet:
    graph = Graph("deadlock")
    one, other = graph.add(Talker, "one"), graph.add(Talker, "other")
    graph.connect(one.said, other.heard, capacity=1)
    graph.connect(other.said, one.heard, capacity=1)
    return SmallNet(graph, {}, [("deadlocked", {})])


def machine() -> SmallNet:
    graph = Graph("machine", token=True)
    one, two = graph.add(double, "one"), graph.add(double, "two")
    graph.inputs.x >> one.value
    one.out >> two.value
    two.out >> graph.outputs.out
    return SmallNet(graph, {"x": 1}, [("finished", {"out": [4]})])


NETS = {
    make.__name__.replace("_", " "): make
    for make in (
        *(line, narrow, fan_out, fan_in, join, starved, select, loop, error_port, failing, early_end, timers),
        *(time_out, initials, fed_config, deadlock, machine),
    )
}
