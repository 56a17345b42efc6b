"""What kind of standstill it is, once nothing can move: deadlocked, starved or quiescent."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from fbcore.net.node import Node
from fbcore.net.outstanding import find_outstanding
from fbcore.net.report import Outcome
from fbcore.net.wait import Wait

if TYPE_CHECKING:
    from fbcore.net.net import Net


class Verdict:
    """A standstill: its outcome, a sentence that says why, and the circle of a deadlock."""

    __slots__ = ("knot", "outcome", "reason")

    def __init__(self, outcome: Outcome, reason: str, knot: tuple[str, ...] = ()) -> None:
        self.outcome = outcome
        self.reason = reason
        self.knot = knot


def verdict(net: Net) -> Verdict:
    """Judge a net in which nothing can move.

    Deadlocked: a knot in the graph of waits (a set of nodes that can reach each other and nothing else) with
    a wait for room in it. Starved: a packet lies on an edge whose consumer is there and does not take it.
    Quiescent: neither.

    Source: R. C. Holt, Some Deadlock Properties of Computer Systems, 1972 (knots in graphs of waits).
    """
    knot = _knot(net)
    if knot:
        full = [step for step in knot if "->" in step]
        return Verdict(Outcome.DEADLOCKED, f"a circle of waits through the full edge {', '.join(full)}", knot)
    lying = {edge.address: len(edge) for edge in net.edges if len(edge) and not edge.refusing and edge.target.node}
    if lying:
        named = ", ".join(f"{count} on {address}" for address, count in lying.items())
        return Verdict(Outcome.STARVED, f"packets lie where nobody will take them: {named}")
    return Verdict(Outcome.QUIESCENT, "nothing moves any more, and nothing is left to move")


def waits_in_words(net: Net) -> dict[str, str]:
    """Say of every node that has not ended what it waits for."""
    found = {}
    for node in net.alive():
        words = [_in_words(wait) for wait in node.waits]
        found[node.address] = "; ".join(words) or "nothing, it could go on"
    outstanding: dict[str, list[str]] = {}
    for each, _ in find_outstanding(net):
        outstanding.setdefault(each.address, []).append(each.what)
    return {address: "; ".join(outstanding.get(address, [words])) for address, words in found.items()}


def _in_words(wait: Wait) -> str:
    if wait.edges:
        return "room on " + " and ".join(f"{edge.address} ({edge.fill_in_words()})" for edge in wait.edges)
    joint = " and " if wait.needs_all else " or "
    return "a packet on " + joint.join(port.name for port in wait.ports)


def _knot(net: Net) -> tuple[str, ...]:
    """Return one circle of waits through a full edge, inside a knot; empty when there is none.

    Vertices are nodes, waits, and the ports that packets are awaited on. A node is freed by any of its tasks, a
    port by any of its senders; a wait by any of what it waits for, or, where it needs all, held up by a single
    one: of those it keeps only what lies in its own component.
    """
    if not any(wait.edges for node in net.alive() for wait in node.waits):
        return ()
    import networkx as nx

    graph: Any = nx.DiGraph()
    for node in net.alive():
        for wait in node.waits:
            graph.add_edge(node, wait)
            graph.add_edges_from((wait, edge.target.node) for edge in wait.edges)
            for port in wait.ports:
                graph.add_edge(wait, port)
                graph.add_edges_from((port, edge.source.node) for edge in port.edges if not edge.finished)
    home = {v: i for i, component in enumerate(nx.strongly_connected_components(graph)) for v in component}
    for wait in [v for v in graph if getattr(v, "needs_all", False)]:
        inside = [other for other in graph.successors(wait) if home[other] == home[wait]]
        if inside:
            graph.remove_edges_from([(wait, other) for other in list(graph.successors(wait)) if other not in inside])
    for component in nx.attracting_components(graph):
        for wait in _in_order(net, component):
            if wait.edges and len(component) > 1:
                return _circle(nx, graph.subgraph(component), wait)
    return ()


def _in_order(net: Net, component: set[Hashable]) -> list[Wait]:
    return [wait for node in net.alive() for wait in node.waits if wait in component]


def _circle(nx: Any, graph: Any, wait: Wait) -> tuple[str, ...]:
    """Walk from a wait for room back to itself, and name the steps: nodes, and the full edges between them."""
    paths = [nx.shortest_path(graph, consumer, wait) for consumer in graph.successors(wait)]
    path = min(paths, key=len)
    steps = []
    for vertex, following in zip([wait, *path], [*path, None], strict=True):
        if isinstance(vertex, Node):
            steps.append(vertex.address)
        elif isinstance(vertex, Wait) and following is not None:
            steps += [edge.address for edge in vertex.edges if edge.target.node is following]
    return (wait.node.address, *steps)
