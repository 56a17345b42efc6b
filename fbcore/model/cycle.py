"""Cycles in graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fbcore.model.graph import EdgeSpec


def cycle_in(edges: Iterable[EdgeSpec]) -> list[EdgeSpec]:
    """Return the edges of a cycle, in order, or none when there is no cycle; of a flat graph."""
    leaving = defaultdict(list)
    for each in edges:
        leaving[each.source[0]].append(each)
    done: set[str] = set()
    for begin in list(leaving):
        # Depth first, without recursion: a line of ten thousand nodes is deeper than Python's stack.
        way: list[EdgeSpec] = []
        on_way = {begin: 0}
        stack = [iter(leaving[begin] if begin not in done else ())]
        while stack:
            edge: EdgeSpec | None = next(stack[-1], None)
            if edge is None:
                stack.pop()
                done.add(way.pop().target[0] if way else begin)
                on_way.popitem()
                continue
            target = edge.target[0]
            if target in on_way:
                return [*way[on_way[target] :], edge]
            if target not in done:
                way.append(edge)
                on_way[target] = len(way)
                stack.append(iter(leaving.get(target, ())))
    return []
