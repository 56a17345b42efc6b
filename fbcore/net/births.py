"""What is born at an output, and of what: the history of packets, in eight bytes for each."""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fbcore.model.packet import Packet, PacketId
from fbcore.net.out_port import OutPort, Parents

if TYPE_CHECKING:
    from fbcore.net.edge import Edge
    from fbcore.net.in_port import InPort
    from fbcore.net.node import Node
    from fbcore.net.options import NetOptions

PLACES = 40
"""Bits for the number of a packet on its edge; the edge's own number stands above them."""

NONE, MORE, PASSED_ON = -1, -2, -3
"""Instead of one parent: no parent; several, or named ones, in `more`; no birth, for a packet is only passed on."""


class PacketStore:
    """The values that one node keeps of the packets it made: the newest, up to a number or to so many bytes."""

    def __init__(self, options: NetOptions) -> None:
        self._most = options.keep_packets or sys.maxsize
        self._most_bytes = options.keep_bytes
        self._order: deque[tuple[PacketId, int]] = deque()
        self._bytes = 0
        self.values: dict[PacketId, Any] = {}

    def keep(self, id: PacketId, value: Any) -> None:
        """Keep a value, and let the oldest go where there are too many."""
        size = _size(value) if self._most_bytes else 0
        self.values[id] = value
        self._order.append((id, size))
        self._bytes += size
        while len(self._order) > self._most or (self._most_bytes and self._bytes > self._most_bytes):
            oldest, freed = self._order.popleft()
            del self.values[oldest]
            self._bytes -= freed


def _size(value: Any) -> int:
    """Return the bytes that a value takes: its length where it is bytes or text, else that of its pickle."""
    if isinstance(value, bytes | bytearray | memoryview | str):
        return len(value)
    import pickle

    try:
        return len(pickle.dumps(value, protocol=5))
    except Exception:
        return sys.getsizeof(value)


class Births:
    """What was born at one output, by number.

    `parents` has for each one number: the parent's edge and place on it, or one of the words above. `more` has the
    parents where these do not fit, `declared` the births whose parents the component itself has named.
    `only_input` and `offset` make the commonest case quick: a node with one input that has one edge.
    """

    __slots__ = ("declared", "is_exact", "more", "node", "offset", "only_input", "parents", "place", "store")

    def __init__(self, node: Node, place: str, store: PacketStore | None, *, is_exact: bool) -> None:
        self.node = node
        self.place = place
        self.is_exact = is_exact
        self.store = store
        self.parents = array("q")
        self.more: dict[int, tuple[PacketId | int, ...]] = {}
        self.declared: set[int] = set()
        self.only_input: InPort | None = None
        self.offset = 0

    def prepare(self, numbers: Mapping[Edge, int]) -> None:
        """Look at the node's inputs once all edges are there; `numbers` are those of the edges."""
        ports = list(self.node.ins.values())
        if len(ports) == 1 and len(ports[0].edges) == 1 and self.node.crew is None:
            self.only_input = ports[0]
            self.offset = (numbers[ports[0].edges[0]] << PLACES) - 1

    def note(self, value: Any, id: PacketId | None, parents: Parents) -> None:
        """Take down a birth, or that a packet with this identity was passed on."""
        number = len(self.parents)
        if id is not None:
            self.parents.append(PASSED_ON)
            self.more[number] = (id,)
            self.node.net.passed_on.append((self.place, number))
            return
        if parents is not None:
            self._declare(number, parents)
        else:
            self.parents.append(self.assumed())
        if self.store is not None:
            self.store.keep(PacketId(self.place, number), value)

    def _declare(self, number: int, parents: Iterable[Packet[Any]]) -> None:
        self.more[number] = tuple(parent.id for parent in parents)
        self.declared.add(number)
        self.parents.append(MORE)

    def assumed(self) -> int:
        """Return the parents of a packet that is born now: what was received last, on each input."""
        port = self.only_input
        if port is not None and port.edges[0].forwarded is None:
            return port.received + self.offset if port.received else NONE
        found = self.node.parents()
        if not found:
            return NONE
        self.more[len(self.parents)] = found
        return MORE


class NotingOutPort(OutPort):
    """An output that takes down what is born at it, also on the fast path."""

    __slots__ = ()

    async def send(self, value: Any, parents: Parents = None) -> None:
        """Give a value away, waiting first until every edge has room."""
        queue = self.queue
        if len(queue) < self.gate:
            births = self.births
            assert births is not None
            if parents is None:
                births.parents.append(births.assumed())
            else:
                births.note(value, None, parents)
            queue.append(value)
        elif parents is not None or not self._put_at_once(value):
            await self._send_slowly(value, parents=parents)
