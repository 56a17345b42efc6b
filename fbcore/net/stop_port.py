"""The signal `stop` of a running node."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.net.edge import Edge
    from fbcore.net.node import Node


class StopPort:
    """Ends its node with the first signal that comes; signals are taken at once, and never fill their edge."""

    is_eager = True

    def __init__(self, node: Node) -> None:
        self.node = node
        self.address = f"{node.address}.stop"
        self.edges: list[Edge] = []
        self.queue: deque[Any] = deque()
        self.low = 0
        self.received = 0
        # Never empty, so that an edge always tells of what has arrived.
        self.waiters = (self,)

    def attach(self, edge: Edge) -> None:
        """Add an edge that signals come by."""
        self.edges.append(edge)
        edge.queue = deque()

    def arrived(self) -> None:
        """Take the signals, and stop the node."""
        for edge in self.edges:
            for value in edge.drain():
                self.received += 1
                self.node.net.watching.packet("taken", edge.address, value)
        self.node.stop()

    def edge_finished(self) -> None:
        """Nobody waits here for the end."""

    def close(self) -> None:
        """Let senders learn that the node has ended."""
        for edge in self.edges:
            edge.refuse()
