"""What an observer notes of packets while they lie on edges, by their identities."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Generic, TypeVar

from fbcore.model.packet import PacketId
from fbcore.net.view import EdgeView

T = TypeVar("T")

_SPARE = 1_000
"""Packets that are remembered beyond those that lie on edges."""


class Beside(Generic[T]):
    """Notes of packets. One that is taken gives its note back; one that vanished otherwise is forgotten in time."""

    def __init__(self, edges: Mapping[str, EdgeView]) -> None:
        self._edges = edges
        self._notes: OrderedDict[PacketId, T] = OrderedDict()
        self._most = _SPARE

    def __len__(self) -> int:
        return len(self._notes)

    def put(self, id: PacketId, note: T) -> None:
        """Note something of a packet; of those that lie nowhere, let the oldest go."""
        self._notes[id] = note
        if len(self._notes) > self._most:
            lying = sum(edge.fill for edge in self._edges.values() if edge.target is not None)
            self._most = 2 * lying + _SPARE
            while len(self._notes) > self._most:
                self._notes.popitem(last=False)

    def take(self, id: PacketId) -> T | None:
        """Return what was noted of a packet, if it was, and forget it."""
        return self._notes.pop(id, None)
