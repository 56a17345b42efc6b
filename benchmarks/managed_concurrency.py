"""What firings at once gain: a function that waits ten milliseconds, eight at once, against one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks.case import Case, Effort, Measurement, speed
from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Concurrency,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Out,
    Retry,
    component,
)

WAIT = 0.01
"""Seconds that a firing waits."""

AT_ONCE = 8
FIRINGS = 400


class Sums(Component):
    """Adds up what comes, and says whether it came in order."""

    number: In[int]
    total: Out[tuple[int, bool]]
    stateless = True

    async def run(self) -> None:
        """Send the sum at the end."""
        total, last, in_order = 0, -1, True
        async for number in self.number:
            total, in_order, last = total + number, in_order and number > last, number
        await self.total.send((total, in_order))


@component
def spread(count: int) -> Iterator[int]:
    """Send numbers."""
    yield from range(count)


@component
async def ask(number: int) -> int:
    """Ask for something, and wait for the answer."""
    await asyncio.sleep(WAIT)
    return number


class Asking(CompositeComponent):
    """Asks for each number."""

    number: In[int]
    answer: Out[int]

    def build(self, graph: Graph) -> None:
        """Wire the function."""
        graph.inputs.number >> graph.add(ask).number
        graph["ask"].out >> graph.outputs.answer


def asking() -> Graph:
    """Return a net of functions and classes around a composite with the function that waits."""
    graph = Graph("asking")
    first, asks, last = graph.add(spread), graph.add(Asking, "asks"), graph.add(Sums)
    graph.inputs.count >> first.count
    first.out >> asks.number
    asks.answer >> last.number
    last.total >> graph.outputs.total
    return graph


def one_of_many(number: int) -> int:
    """Return one of many keys."""
    return number % 64


def seconds_each(count: int, concurrency: Concurrency | int, *, in_order: bool = True) -> float:
    """Return the seconds that one of so many firings takes, those before the first and after the last included."""
    settings = NetSettings(nodes={"asks.ask": NodeSettings(concurrency=concurrency, retry=Retry())})
    before = time.perf_counter()
    result = BatchRuntime(asking(), settings=settings).run(inputs={"count": count})
    taken = time.perf_counter() - before
    assert result.outputs.total[0][0] == count * (count - 1) // 2
    assert result.outputs.total[0][1] or not in_order
    return taken / count


def gain(concurrency: Concurrency, how: str, least: float | None) -> Measurement:
    """Measure how many times as many firings a second there are as one after the other."""
    name = f"concurrency={concurrency.most} over a wait of {WAIT * 1000:g} ms, {how}"

    def measure(effort: Effort) -> Iterator[Case]:
        count = max(4 * AT_ONCE, effort.packets(FIRINGS))
        is_ordered = concurrency.key is None and concurrency.order == "ordered"
        yield speed(
            name,
            lambda: seconds_each(count, concurrency, in_order=is_ordered),
            lambda: seconds_each(count, 1),
            "one after the other",
            least,
            effort,
            unit="firings/s",
        )

    return Measurement(name, measure)


def measurements() -> Iterator[Measurement]:
    """Yield what is measured of firings at once."""
    yield gain(Concurrency(AT_ONCE), "in order", 7)
    yield gain(Concurrency(AT_ONCE, "unordered"), "unordered", 7)
    yield gain(Concurrency(AT_ONCE, key=one_of_many), "by key", None)
