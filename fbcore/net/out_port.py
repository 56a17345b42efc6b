"""An output of a running node: sending, quickly when nothing hinders, slowly when something does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fbcore.errors import EndOfDemand
from fbcore.model.packet import Packet, PacketId
from fbcore.model.port import Out
from fbcore.net.edge import Edge
from fbcore.net.wait import BUDGET, Wait

if TYPE_CHECKING:
    from fbcore.net.births import Births
    from fbcore.net.node import Node

_NO_QUEUE: deque[Any] = deque()
"""Stands where a port has no edge yet; an empty deque takes 600 bytes, and a large net has many ports."""

Parents = Iterable[Packet[Any]] | None


class OutPort(Out[Any]):
    """An output of a running node.

    `gate` makes the fast path one comparison: a send that finds fewer packets than that on the edge just
    puts. It is the edge's capacity (or the rest of the budget, if that is less) while nothing else is to
    be done, and -1 while something is: a receiver to wake, several edges, an observer, a stepped loop.
    `births` takes down what is born here, where the history of packets is kept. `inspects`: values on some edge
    pass an inspection. `is_plain`: whoever puts here has nothing to do but that, and to wake.
    """

    __slots__ = (
        "address",
        "births",
        "connected",
        "discarded",
        "edges",
        "ended",
        "gate",
        "inspects",
        "is_plain",
        "name",
        "node",
        "pending",
        "queue",
    )

    def __init__(self, node: Node, name: str) -> None:
        self.node = node
        self.name = name
        self.address = f"{node.address}.{name}"
        self.edges: list[Edge] = []
        self.ended: tuple[Edge, ...] = ()
        self.connected = False
        self.discarded = 0
        self.pending: dict[object, Any] = {}
        self.queue = _NO_QUEUE
        self.gate = -1
        self.births: Births | None = None
        self.inspects = False
        self.is_plain = False

    @property
    def is_connected(self) -> bool:
        """Whether anything takes what is sent here."""
        return bool(self.edges)

    def attach(self, edge: Edge) -> None:
        """Add an edge that packets leave by."""
        self.edges.append(edge)
        self.connected = True
        self.inspects = self.inspects or edge.inspection is not None
        # A packet is born at the port, and its copies on the edges where there are several.
        self.edges[0].birthplace = self.address if len(self.edges) == 1 else self.edges[0].address

    @property
    def sent(self) -> int:
        """How many packets were sent: a fan-out counts once, and a consumer that has ended missed the rest."""
        return max([edge.passed for edge in (*self.edges, *self.ended)], default=0) + self.discarded

    def regate(self) -> None:
        """Set the gate anew, after anything that it depends on has changed."""
        self.gate = -1
        self.is_plain = bool(self.edges) and not self.ended and not self.inspects and self.births is None
        # A consumer that has ended is to be told of what it would have got: a half-fed join must not look like success.
        if len(self.edges) == 1 and not self.ended and not self.node.cancelled:
            edge = self.edges[0]
            if edge.is_fast and not edge.target.waiters:
                self.queue = edge.queue
                self.gate = edge.limit if edge.limit <= BUDGET else min(edge.limit, len(edge.queue) + BUDGET)

    # Without the star of the declaration: Python calls a function much quicker that has no keyword-only parameters.
    async def send(self, value: Any, parents: Parents = None) -> None:
        """Give a value away, waiting first until every edge has room."""
        queue = self.queue
        if len(queue) < self.gate:
            queue.append(value)
        elif parents is not None or not self._put_at_once(value):
            await self._send_slowly(value, parents=parents)

    async def forward(self, packet: Packet[Any]) -> None:
        """Send a packet on with the identity that it was born with; as a new one, when that is elsewhere already."""
        if packet.is_forwarded:
            await self.send(packet.value, parents=[packet])
            return
        for edge in self.edges:
            edge.keep_identities()
        self.regate()
        await self._send_slowly(packet.value, packet.id)
        packet.is_forwarded = True
        self.node.give_away(packet)

    def put_now(self, value: Any, *, beyond: bool = False) -> None:
        """Put without waiting, for a node that has no time left; without room the packet is discarded.

        With `beyond` it is put beyond the capacity, for what must neither wait nor be lost.
        """
        if self.edges and (beyond or all(edge.has_room(value) for edge in self.edges)):
            self._put(value)
        else:
            self.discard(value)

    def _put_at_once(self, value: Any) -> bool:
        """Put when every edge has room and the task owes no turn; False when it has to wait."""
        node = self.node
        if node.credit <= 1 or self.gate > 0:
            return False
        edges = self.edges
        for edge in edges:
            if (edge.count if edge.shared else len(edge.queue)) >= edge.limit:
                return False
        node.credit -= 1
        if not self.is_plain or node.net.watching.wants_packets:
            self._put(value)
            return True
        for edge in edges:
            if edge.shared:
                edge.queue.append((edge, value))
                edge.count += 1
            else:
                edge.queue.append(value)
            if edge.target.waiters:
                edge.target.arrived()
        if len(edges) == 1:
            self.regate()
        return True

    async def _send_slowly(self, value: Any, id: PacketId | None = None, *, parents: Parents = None) -> None:
        node = self.node
        # A gate that is open and was reached with room left is the end of the budget.
        is_spent = self.gate > 0 and not any(edge.is_full for edge in self.edges)
        node.credit -= BUDGET if is_spent else 1
        if node.cancelled:
            node.unsent.setdefault(self.name, []).append(value)
        ticket = object()
        self.pending[ticket] = value
        try:
            if node.credit <= 0:
                await node.give_way("send", (self,))
            if node.trace is not None and node.trace.skips and node.trace.is_skipped(self.name):
                return
            has_looked = not node.net.looks_twice
            while full := [edge for edge in self.edges if not edge.has_room(value)]:
                if not has_looked:
                    has_looked = True
                    await node.look_again()
                    continue
                wait = self._wait_for(full)
                future = wait.begin()
                try:
                    await future
                finally:
                    wait.end(future)
        finally:
            del self.pending[ticket]
        if node.cancelled:
            raise asyncio.CancelledError
        self._put(value, id, parents)

    def _wait_for(self, full: list[Edge]) -> Wait:
        wait = full[0].wait
        if len(full) > 1 or wait is None or wait.is_standing:
            wait = Wait(self.node, (), full, needs_all=True)
            if len(full) == 1 and full[0].wait is None:
                # Made when it is first needed: most edges of most nets are never full.
                full[0].wait = wait
        return wait

    def _put(self, value: Any, id: PacketId | None = None, parents: Parents = None) -> None:
        """Put into every edge, all of which have room, without a wait between."""
        if self.ended:
            for edge in self.ended:
                edge.refused += 1
        edges = self.edges
        trace = self.node.trace
        if not edges and self.connected:
            raise EndOfDemand(self.address)
        if trace is not None:
            trace.count_put(self.name)
        if not edges:
            if self.births is not None:
                self.births.note(value, id, parents)
            self.discard(value)
            return
        # Before anything is put: what a check refuses must not have gone half of its ways.
        values = [edge.inspection.enter(value) if edge.inspection else value for edge in edges] if self.inspects else ()
        if self.births is not None:
            self.births.note(value, id, parents)
        if id is not None and len(edges) + len(self.ended) == 1 and (forwarded := edges[0].forwarded) is not None:
            forwarded[edges[0].passed] = id
        if values:
            for edge, each in zip(edges, values, strict=True):
                edge.put(each)
        else:
            for edge in edges:
                edge.put(value)
        if trace is not None:
            for edge in edges:
                trace.put(self, edge, value, edge.newest())
        watching = self.node.net.watching
        if watching.wants_packets:
            for edge in edges:
                watching.packet("sent", edge.address, value)
        if len(edges) == 1 and edges[0].is_fast:
            self.regate()

    def discard(self, value: Any) -> None:
        """Count a packet that goes nowhere."""
        self.discarded += 1
        self.node.net.watching.packet("discarded", self.address, value)

    def edge_refuses(self, edge: Edge) -> None:
        """Go on without an edge whose consumer has ended."""
        # A new list, for a fan-out may be on its way through the old one: its packet may have stopped the consumer.
        self.edges = [each for each in self.edges if each is not edge]
        self.ended += (edge,)
        self.regate()

    def close(self) -> None:
        """Say to every consumer that no packet will come any more."""
        for edge in (*self.edges, *self.ended):
            edge.finish()


class MessagePort(OutPort):
    """A message of a running node; one that nobody is connected to is not sent, and not counted."""

    __slots__ = ()

    def regate(self) -> None:
        """Keep to the slow path: messages are few, and the history of packets sees them there."""

    async def send(self, value: Any = None, parents: Parents = None) -> None:
        """Send the message, waiting first until every edge has room."""
        if self.connected:
            await super().send(value, parents=parents)
