"""Circles of edges that can all be full at once: where a net can deadlock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from fbcore.model.edge_policy import bytes_in_words, policy_of
from fbcore.model.flat import Flat
from fbcore.model.graph import EdgeSpec
from fbcore.model.port_spec import PortKind
from fbdev.check.finding import Finding, Level

_ONCE = ("started", "stopped")
"""Messages that a node sends once in its life, so that they fill no edge."""


def circles(flat: Flat, group: str) -> Iterator[Finding]:
    """Yield a finding for each circle of bounded edges, with the edge that leads back: the one declared last."""
    edges = _turning(edge for edge in flat.edges if _is_bounded(edge) and _fills(flat, edge))
    for back in sorted(edges, key=flat.edges.index, reverse=True):
        way = _way(edges, back.target[0], back.source[0])
        if way is not None:
            edges.remove(back)
            yield _finding([*way, back], group)


def _is_bounded(edge: EdgeSpec) -> bool:
    """Say whether an edge can be full for good: not one that drops packets, or where they get too old."""
    policy = policy_of(edge.options)
    is_bounded = edge.capacity is not None or policy.bytes is not None
    return is_bounded and policy.drop is None and policy.expiry is None


def _fills(flat: Flat, edge: EdgeSpec) -> bool:
    """Say whether packets wait on an edge between two nodes; configs and `stop` take them at once."""
    (sender, out), (taker, name) = edge.source, edge.target
    if sender not in flat.nodes or taker not in flat.nodes or out in _ONCE or name == "stop":
        return False
    port = flat.nodes[taker].component.port(name)
    return port is None or port.kind is not PortKind.CONFIG


def _turning(edges: Iterable[EdgeSpec]) -> list[EdgeSpec]:
    """Leave out edges that lead nowhere, or come from nowhere, again and again: what remains has circles."""
    rest = list(edges)
    while True:
        begin, end = {edge.source[0] for edge in rest}, {edge.target[0] for edge in rest}
        kept = [edge for edge in rest if edge.source[0] in end and edge.target[0] in begin]
        if len(kept) == len(rest):
            return kept
        rest = kept


def _way(edges: list[EdgeSpec], begin: str, end: str) -> list[EdgeSpec] | None:
    """Return the shortest way from one node to another, or None."""
    leaving = defaultdict(list)
    for edge in edges:
        leaving[edge.source[0]].append(edge)
    ways: dict[str, list[EdgeSpec]] = {begin: []}
    waiting = deque([begin])
    while waiting:
        node = waiting.popleft()
        if node == end:
            return ways[node]
        for edge in leaving[node]:
            if edge.target[0] not in ways:
                ways[edge.target[0]] = [*ways[node], edge]
                waiting.append(edge.target[0])
    return None


def _finding(circle: list[EdgeSpec], group: str) -> Finding:
    back = circle[-1]
    edges = ", ".join(f"{edge.address} ({_room(edge)})" for edge in circle)
    room = sum(edge.capacity or 0 for edge in circle)
    # Of an edge that is bounded by bytes alone nobody knows how many packets it holds.
    many = f"more than {room}" if all(edge.capacity is not None for edge in circle) else "many"
    what = f"{many} packets going round this circle deadlock it: {edges}"
    source, target = (".".join(end) for end in (back.source, back.target))
    hint = f"let the edge that leads back grow: graph.connect({source}, {target}, capacity=None)"
    return Finding(group, Level.WARNING, what, back.address, str(back.place), hint)


def _room(edge: EdgeSpec) -> str:
    most = policy_of(edge.options).bytes
    said = [str(edge.capacity)] if edge.capacity is not None else []
    return " and ".join([*said, *([bytes_in_words(most)] if most is not None else [])])
