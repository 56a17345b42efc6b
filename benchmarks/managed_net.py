"""A net that does some work, to measure policies on: classes, functions and a composite, over readings of sensors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fbcore import Component, CompositeComponent, Graph, In, Memory, Out, component, required


@component
def lines(count: int = required()) -> Iterator[str]:
    """Yield readings as lines of JSON."""
    for number in range(count):
        yield f'{{"number": {number}, "sensor": "s{number % 7}", "value": {number % 100}}}'


@component
def parse(line: str) -> dict[str, Any]:
    """Read a line."""
    return dict(json.loads(line))


class Smooth(Component):
    """Add to each reading the mean of its sensor so far."""

    reading: In[dict[str, Any]]
    smoothed: Out[dict[str, Any]]
    sums: Memory[dict[str, list[float]]] = Memory(dict)

    async def run(self) -> None:
        async for reading in self.reading:
            seen = self.sums.value.setdefault(reading["sensor"], [0, 0])
            seen[0] += 1
            seen[1] += reading["value"]
            await self.smoothed.send({**reading, "mean": seen[1] / seen[0]})


@component
def rounded(reading: dict[str, Any]) -> dict[str, Any]:
    """Round the mean of a reading."""
    return {**reading, "mean": round(reading["mean"], 3)}


class Clean(CompositeComponent):
    """Smooth readings, and round them."""

    reading: In[dict[str, Any]]
    clean: Out[dict[str, Any]]

    def build(self, graph: Graph) -> None:
        smooth, last = graph.add(Smooth), graph.add(rounded)
        graph.inputs.reading >> smooth.reading
        smooth.smoothed >> last.reading
        last.out >> graph.outputs.clean


class Totals(Component):
    """Count readings, and send the count at the end."""

    reading: In[dict[str, Any]]
    total: Out[int]
    count: Memory[int] = Memory(0)

    async def run(self) -> None:
        async for _ in self.reading:
            self.count.value += 1
        await self.total.send(self.count.value)


def readings(count: int, parser: Any = parse) -> Graph:
    """Return a graph that makes so many readings, parses, smooths and counts them."""
    graph = Graph("readings")
    source, parsed, clean, total = (
        graph.add(lines, count=count),
        graph.add(parser, "parse"),
        graph.add(Clean),
        graph.add(Totals),
    )
    source.out >> parsed.line
    parsed.out >> clean.reading
    clean.clean >> total.reading
    total.total >> graph.outputs.total
    return graph


HOPS = 5
"""Edges that a reading passes."""
