"""Nets that can be written down at any moment: functions of every kind, in random graphs, fed by lists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

from fbcore import (
    Component,
    Each,
    Failure,
    FSMRuntime,
    Graph,
    In,
    Memory,
    Missing,
    Out,
    Packet,
    component,
)
from fbcore.driver import Seeded

Draw = Callable[[int, int], int]


@component
def plus(value: int, more: int = 1) -> int:
    return value + more


@component
def odd(value: int) -> int | None:
    return value if value % 2 else None


@component
def twice(value: int) -> Iterator[int]:
    yield value
    yield -value


@component(buffered=True)
def thrice(value: int) -> Iterator[int]:
    yield from (value, value + 1, value + 2)


@component
async def nap(value: int) -> int:
    await asyncio.sleep(abs(value) % 3)
    await asyncio.sleep(0.5)
    return value


@component
async def dreams(value: int) -> AsyncIterator[int]:
    yield value
    await asyncio.sleep(1.5)
    yield value + 1000


@component
def fragile(value: int) -> int:
    if value % 5 == 3:
        raise ValueError(f"{value} is too much")
    return value


@component
def failed(value: Failure) -> int:
    return int(str(value.error.what).split()[0].rpartition(":")[2] or 0) if str(value.error.what)[:1].isdigit() else 7


@component
def same(value: Packet[int]) -> Packet[int]:
    return value


class Halves(NamedTuple):
    out: int
    rest: int | None


@component(unpack=True)
def halves(value: int) -> Halves:
    return Halves(value // 2, value % 2 or None)


@component
def both(value: int, other: int) -> int:
    return value * 100 + other


@component(fires="any")
def latest(value: int | Missing, other: int | Missing) -> int:
    return sum(each for each in (value, other) if isinstance(each, int))


@component
def numbers(count: int = 4) -> Iterator[int]:
    yield from range(count)


@component
def counted(value: int, seen: Memory[int] = Memory(0)) -> int:
    seen.value += 1
    return value + 10_000 * seen.value


class Summed(Component):
    """Send what has come so far, and how much it was at the end."""

    value: In[int]
    out: Out[int]
    # So large that it is not copied at every packet.
    seen: Memory[list[int]] = Memory([0] * 150)

    async def run(self) -> None:
        async for value in self.value:
            self.seen.value.append(value)
            await self.out.send(sum(self.seen.value))
            await asyncio.sleep(0.25)
        await self.out.send(len(self.seen.value))


class Either(Component):
    """Pass on whatever comes, twice."""

    stateless = True
    value: In[int]
    other: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for hit in self.select(self.value, self.other):
            await self.out.send(hit.value)
            await self.out.send(-hit.value)


class Pairs(Component):
    """Add pairs."""

    stateless = True
    value: In[int]
    other: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value, other in self.zip(self.value, self.other):
            await self.out.send(value + other)


class First(Component):
    """Pass on three, and end."""

    value: In[int]
    out: Out[int]
    left: Memory[int] = Memory(3)

    async def run(self) -> None:
        while self.left.value:
            value = await self.value.receive()
            self.left.value -= 1
            await self.out.send(value)


SINGLE = [plus, odd, twice, thrice, nap, dreams, fragile, same, halves, counted, Summed, First]
DOUBLE = [both, latest, Either, Pairs]


def drawn(draw: Draw) -> Graph:
    """Draw a graph of three to eight nodes: each takes what earlier ones send, and some edges are narrow."""
    graph = Graph("drawn")
    source = graph.add(numbers, "source", count=draw(1, 4))
    open_ends: list[Any] = [graph.inputs.given, source.out]
    for number in range(draw(2, 7)):
        is_double = draw(0, 3) == 0
        kinds = DOUBLE if is_double else SINGLE
        kind = kinds[draw(0, len(kinds) - 1)]
        node = graph.add(kind, f"n{number}")
        for port in ("value", "other")[: 2 if is_double else 1]:
            # Now and then two senders into one port.
            ends = {draw(0, len(open_ends) - 1) for _ in range(1 + (draw(0, 5) == 0))}
            for end in sorted(ends):
                _connect(graph, open_ends[end], getattr(node, port), draw(0, 3))
        if kind is fragile and draw(0, 2):
            mender = graph.add(failed, f"m{number}")
            node.error >> mender.value
            open_ends.append(mender.out)
        open_ends.append(node.out)
        if kind is halves:
            open_ends.append(node.rest)
    for end in open_ends[2:]:
        if draw(0, 1):
            end >> graph.outputs.out
    open_ends[-1] >> graph.outputs.last
    if not any(edge.source[0] == "inputs" for edge in graph.edges):
        graph.inputs.given >> graph.add(plus, "given_plus").value
        graph["given_plus"].out >> graph.outputs.out
    return graph


def _connect(graph: Graph, source: Any, target: Any, capacity: int) -> None:
    graph.connect(source, target, **({"capacity": capacity} if capacity else {}))


def started(graph: Graph, seed: int) -> FSMRuntime:
    """Start a drawn graph, in the order of a seed."""
    return FSMRuntime(graph, driver=Seeded(seed)).start(inputs={"given": Each([3, 4, 5])})


def seen(fsm: FSMRuntime) -> dict[str, Any]:
    """Return the state of a net in a form that can be compared: failures by what they say."""
    return _plain(fsm.state())


def end_of(fsm: FSMRuntime) -> Any:
    """Run a net to its end, first come, and return all that can be told of it."""
    while fsm.enabled():
        fsm.step(next(iter(fsm.enabled())))
    result = fsm.result
    assert result is not None
    outputs = {name: result.outputs[name] for name in result.outputs}
    edges = {name: (state.put, state.taken, state.fill) for name, state in result.edges.items()}
    nodes = {name: (state.phase, state.received, state.sent) for name, state in result.nodes.items()}
    errors = [(error.address, error.what) for error in result.errors]
    return _plain([str(result.outcome), outputs, edges, nodes, errors, result.discarded, result.unread, fsm.time])


def _plain(value: Any) -> Any:
    if isinstance(value, Failure):
        return ("failure", value.value, value.address, value.error.what)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
