"""A small net for the command line: `fbdev run benchmarks/small_net.py --count 3`."""

from __future__ import annotations

from collections.abc import Iterator

from fbcore import Graph, component
from fbcore.components.collect import Collect


@component
def numbers(count: int = 3) -> Iterator[int]:
    """Count from 0."""
    yield from range(count)


@component
def double(value: int) -> int:
    """Double a number."""
    return 2 * value


graph = Graph("small")
source = graph.add(numbers)
doubled = graph.add(double)
collected = graph.add(Collect, "collected")
graph.configs.count >> source.count
source.out >> doubled.value
doubled.out >> collected.items
collected.values >> graph.outputs.doubled
