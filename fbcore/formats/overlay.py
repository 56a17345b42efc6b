"""What a net that runs is like, laid over the drawing of its graph: phases and counts of nodes, fills of edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fbcore.model.address import BORDERS
from fbcore.model.graph import EdgeSpec


class State(Protocol):
    """Nodes and edges of a net at one moment, by address: a `Snapshot`, or a `Result`."""

    @property
    def nodes(self) -> Mapping[str, Any]:
        """The nodes."""

    @property
    def edges(self) -> Mapping[str, Any]:
        """The edges; those through borders of composites from end to end."""


class Overlay:
    """Says what stands beside each box and each arrow."""

    def __init__(self, state: State) -> None:
        self._nodes = state.nodes
        self._edges = [(*address.split("->", 1), edge) for address, edge in state.edges.items()]

    def of_box(self, address: str) -> str:
        """Say the phase of a node, or what a policy lets it wait for, and how many packets it has taken and sent."""
        node = self._nodes.get(address)
        if node is None:
            return ""
        counts = [f"{count:,} {way}" for count, way in ((node.received, "in"), (node.sent, "out")) if count]
        return ", ".join([node.pause or node.phase, *counts])

    def of_arrow(self, edge: EdgeSpec, prefix: str, is_inside: Callable[[str], bool]) -> str:
        """Say how full an edge is, and how many packets have passed; on the arrow that ends at the one who takes them.

        `prefix` stands before the ids of the graph that is drawn, and `is_inside` tells its composites.
        """
        node, port = edge.target
        if is_inside(node) or (node in BORDERS and prefix):
            return ""
        target = f"{prefix}{node}.{port}"
        came_by = self._ways(edge.source, prefix, is_inside)
        found = [each for source, end, each in self._edges if end == target and came_by(source)]
        if not found:
            return ""
        put, fill = sum(each.put for each in found), sum(each.fill for each in found)
        room = "" if found[0].capacity is None or node == "outputs" else f"{fill:,}/{found[0].capacity:,}, "
        return f"{room}{put:,} put"

    def _ways(self, source: tuple[str, str], prefix: str, is_inside: Callable[[str], bool]) -> Callable[[str], bool]:
        """Return what tells the outputs from which packets come by an arrow that begins there."""
        node, port = source
        if node in BORDERS and prefix:
            return lambda output: not output.startswith(prefix)
        if is_inside(node):
            return lambda output: output.startswith(f"{prefix}{node}.")
        return lambda output: output == f"{prefix}{node}.{port}"
