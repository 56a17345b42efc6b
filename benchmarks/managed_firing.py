"""What policies of firings cost: retry beside plain firings, and how well a rate is kept, at which price."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.case import Case, Effort, Measurement, Work, at_most, cpu_seconds, speed
from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Rate,
    Retry,
    component,
)

Fails = Callable[[int], None]

PACKETS = 200_000
RATE = 1000
ROOT = "clean.node"
"""The address of the function that has the policies."""


class Sums(Component):
    """Add numbers up."""

    number: In[int]
    total: Out[int]
    stateless = True

    async def run(self) -> None:
        """Send the sum at the end."""
        total = 0
        async for number in self.number:
            total += number
        await self.total.send(total)


class Spreads(Component):
    """Send numbers."""

    count: In[int]
    text: Out[str]
    stateless = True

    async def run(self) -> None:
        """Send each number as a text."""
        async for count in self.count:
            for number in range(count):
                await self.text.send(str(number))


def parsing(fails: Fails) -> dict[str, Any]:
    """Return functions of several kinds, which read a number, and fail as is said."""

    @component
    def plain(text: str) -> int:
        number = int(text)
        fails(number)
        return number

    @component
    async def awaits(text: str) -> int:
        number = int(text)
        fails(number)
        return number

    @component
    def remembers(text: str, last: Memory[int] = Memory(0)) -> int:
        number = int(text)
        last.value = number
        fails(number)
        return number

    return {"plain": plain, "awaits": awaits, "remembers": remembers}


def never(number: int) -> None:
    """Do not fail."""


def once_in(many: int) -> Fails:
    """Fail once at one number of so many."""
    failed: set[int] = set()

    def fails(number: int) -> None:
        if number % many == 0 and number not in failed:
            failed.add(number)
            raise ConnectionError(number)

    return fails


def loaded(function: Any, *, error: bool) -> Graph:
    """Return a net of classes around a composite with the function in it."""

    class Clean(CompositeComponent):
        """Read numbers."""

        text: In[str]
        number: Out[int]

        def build(self, graph: Graph) -> None:
            """Wire the function."""
            node = graph.add(function, "node")
            graph.inputs.text >> node.text
            node.out >> graph.outputs.number
            if isinstance(self, CleanOrBroken):
                node.error >> graph.outputs.broken

    class CleanOrBroken(Clean):
        """Read numbers, and tell which could not be read."""

        broken: Out[Any]

    graph = Graph("loaded")
    first, clean, last = graph.add(Spreads), graph.add(CleanOrBroken if error else Clean, "clean"), graph.add(Sums)
    graph.inputs.count >> first.count
    first.text >> clean.text
    clean.number >> last.number
    last.total >> graph.outputs.total
    if error:
        clean.broken >> graph.outputs.broken
    return graph


def running(kind: str, count: int, *, managed: bool, many: int = 0) -> Work:
    """Return the work of passing numbers through the net: plainly, or with a retry and the port `error`."""

    def work() -> None:
        function = parsing(once_in(many) if many and managed else never)[kind]
        settings = NetSettings(nodes={ROOT: NodeSettings(retry=Retry(backoff=0))} if managed else {})
        result = BatchRuntime(loaded(function, error=managed), settings=settings).run(inputs={"count": count})
        assert result.outputs.total == [count * (count - 1) // 2]
        assert not many or not managed or result.retries == {ROOT: -(-count // many)}

    return work


def retry_speed(kind: str, most: float | None, many: int = 0) -> Measurement:
    """Measure a function with a retry and the port `error` against the same one without."""
    name = f"retry and error port, a function that {kind}" + (f", one in {many} fails once" if many else "")
    name = name.replace("that plain", "that returns")

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(PACKETS)
        ours, theirs = running(kind, count, managed=True, many=many), running(kind, count, managed=False)
        ours(), theirs()
        than = "without policies"
        yield speed(
            name,
            lambda: cpu_seconds(ours) / count,
            lambda: cpu_seconds(theirs) / count,
            than,
            most,
            effort,
            unit="firings/CPU-s",
        )

    return Measurement(name, measure, lambda effort: running(kind, effort.packets(PACKETS), managed=True, many=many))


def rate_kept() -> Measurement:
    """Measure how many firings a second a rate lets through, and which part of the CPU that takes."""
    name = f"rate of {RATE:,}/s"

    def measure(effort: Effort) -> Iterator[Case]:
        kept, used = [], []
        for _ in range(max(1, effort.rounds // 3)):
            firings, share = rated(effort.packets(4 * RATE))
            kept.append(firings)
            used.append(100 * share)
        off = [100 * abs(each - RATE) / RATE for each in kept]
        yield replace(at_most(f"{name}, off by", off, "%", 2), note=f"{min(kept):.0f} to {max(kept):.0f} a second")
        yield at_most(f"{name}, CPU", used, "%", 5)

    return Measurement(name, measure)


def rated(count: int) -> tuple[float, float]:
    """Return firings a second, and CPU seconds in each, of so many firings under the rate."""
    times: list[float] = []

    def note(number: int) -> None:
        times.append(time.perf_counter())

    settings = NetSettings(nodes={ROOT: NodeSettings(rate=Rate(RATE))})
    graph = loaded(parsing(note)["plain"], error=False)
    before = time.process_time()
    result = BatchRuntime(graph, settings=settings).run(inputs={"count": count})
    used = time.process_time() - before
    assert result.outputs.total == [count * (count - 1) // 2]
    seconds = times[-1] - times[0]
    return (count - 1) / seconds, used / seconds


def measurements() -> Iterator[Measurement]:
    """Yield what is measured of policies of firings."""
    yield retry_speed("plain", 0.5)
    yield retry_speed("plain", 0.5, many=100)
    yield retry_speed("awaits", 0.5)
    yield retry_speed("remembers", None)
    yield rate_kept()
