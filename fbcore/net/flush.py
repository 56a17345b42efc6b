"""The order in which a quiescent net is brought to its end: inputs are closed one node at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.net.net import Net
    from fbcore.net.node import Node


def flush_order(net: Net) -> list[Node]:
    """Return the nodes in the order in which their inputs are closed.

    Strongly connected components in topological order, ties by declaration; inside a component first its
    entries (nodes that are fed from outside it), then the others, each in order of declaration.
    """
    import networkx as nx

    rank = {node: index for index, node in enumerate(net.nodes)}
    graph: Any = nx.DiGraph()
    graph.add_nodes_from(net.nodes)
    inner = [edge for edge in net.edges if edge.target.node is not None]
    graph.add_edges_from((edge.source.node, edge.target.node) for edge in inner)
    condensed = nx.condensation(graph)
    home = condensed.graph["mapping"]
    entries = {edge.target.node for edge in inner if home[edge.source.node] != home[edge.target.node]}
    first = {c: min(rank[node] for node in data["members"]) for c, data in condensed.nodes(data=True)}
    order: list[Node] = []
    for component in nx.lexicographical_topological_sort(condensed, key=first.__getitem__):
        members = condensed.nodes[component]["members"]
        order += sorted(members, key=lambda node: (node not in entries, rank[node]))
    return order
