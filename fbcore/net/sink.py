"""The far side of an output of the net: packets that have left it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from fbcore.net.edge import Edge

if TYPE_CHECKING:
    from fbcore.net.wait import Wait


class Sink:
    """Collects what the edges to one output of the net deliver, in order of arrival."""

    __slots__ = ("address", "edges", "low", "queue", "waiters")
    node = None
    is_eager = False
    received = 0

    def __init__(self, address: str) -> None:
        self.address = address
        self.edges: list[Edge] = []
        self.queue: deque[Any] = deque()
        self.waiters: list[Wait] = []
        self.low = 0

    def attach(self, edge: Edge) -> None:
        """Add an edge that delivers here."""
        self.edges.append(edge)
        for other in self.edges:
            other.shared = len(self.edges) > 1
            other.queue = self.queue

    def arrived(self) -> None:
        """Nobody waits here for packets."""

    def edge_finished(self) -> None:
        """Nobody waits here for the end."""

    def values(self) -> list[Any]:
        """Return what was delivered, in order."""
        shared = len(self.edges) > 1
        return [value for _, value in self.queue] if shared else list(self.queue)
