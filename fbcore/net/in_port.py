"""An input of a running node: receiving, quickly when a packet is there, slowly when somebody waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.errors import EndOfStream, PortError
from fbcore.model.packet import NOTHING, Packet, PacketId
from fbcore.model.port import In
from fbcore.net.edge import Edge
from fbcore.net.guard import admit
from fbcore.net.wait import BUDGET, NEVER, Wait

if TYPE_CHECKING:
    from fbcore.net.line import Entry
    from fbcore.net.node import Node

PATIENCE = 100
"""Receives after the end of a stream before the node is failed instead of left spinning."""


class Taken(NamedTuple):
    """A packet that was taken from an edge, by a port, and with which its node is not done.

    `entry` is what it lay there as, where an edge that leads there has policies.
    """

    port: InPort
    value: Any
    edge: Edge
    id: PacketId
    entry: Entry | None = None


class InPort(In[Any]):
    """An input of a running node.

    `low` is the counterpart of the output's gate: a receive that finds more packets than that just takes
    one. It is 0 while nobody waits for room, a little over half the capacity while somebody does.
    `last` is the packet in the node's hands: taken here, and not yet done with. `half_fed`: a join of this
    input with another has ended for want of packets there. `key` is that of an element of an array port.
    `guard` raises for a value that is to be refused; `changed` is the error of a packet that was changed on its way.
    `batch`: values that are being taken in one go, and how many they were.
    """

    __slots__ = (
        "_forwarded",
        "_last_edge",
        "address",
        "batch",
        "changed",
        "edges",
        "flushed",
        "guard",
        "half_fed",
        "key",
        "last",
        "low",
        "name",
        "node",
        "open_edges",
        "overrun",
        "queue",
        "received",
        "wait",
        "waiters",
    )

    is_eager = False

    def __init__(self, node: Node, name: str, key: int | str | None = None) -> None:
        super().__init__()
        self.node = node
        self.key = key
        self.guard: Callable[[Any], None] | None = None
        self.changed: PortError | None = None
        self._last_edge: Edge | None = None
        self._forwarded: PacketId | None = None
        self.name = name
        self.address = f"{node.address}.{name}"
        self.edges: list[Edge] = []
        self.queue: deque[Any] = deque()
        self.waiters: list[Wait] = []
        self.wait: Wait
        self.open_edges = 0
        self.flushed = False
        self.half_fed = False
        self.low = NEVER
        self.received = 0
        self.overrun = 0
        self.last: Any = NOTHING
        self.batch: tuple[Iterator[Any], int] | None = None

    def attach(self, edge: Edge) -> None:
        """Add an edge that packets come by; from the second on, all share one queue."""
        self.edges.append(edge)
        self.open_edges += 1
        for each in self.edges:
            each.shared = len(self.edges) > 1
            each.queue = self.queue

    def relow(self) -> None:
        """Set the low mark anew, after anything that it depends on has changed."""
        self.low = NEVER
        if len(self.edges) == 1 and not self.node.cancelled:
            edge = self.edges[0]
            if edge.is_fast:
                self.low = edge.limit // 2 + 1 if edge.senders else 0
                if len(self.queue) > BUDGET:
                    self.low = max(self.low, len(self.queue) - BUDGET)

    @property
    def is_connected(self) -> bool:
        """Whether anything sends to this input, or did."""
        return bool(self.edges)

    @property
    def is_closed(self) -> bool:
        """Whether nothing can come any more, besides what lies here."""
        return self.flushed or self.open_edges == 0

    async def receive(self) -> Any:
        """Return the next packet's value, waiting for it."""
        queue = self.queue
        if len(queue) > self.low:
            self.received += 1
            self.last = value = queue.popleft()
            return value
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise EndOfStream(self.address) from None

    async def come(self) -> None:
        """Wait until a packet lies here, and take none.

        Raises:
            EndOfStream: every sender has ended and the edge is drained.
        """
        node = self.node
        self.last = NOTHING
        if node.credit <= 0:
            await node.give_way("receive", (self,))
        has_looked = not node.net.looks_twice
        while not self.queue:
            if self.is_closed:
                await self._note_the_end()
                raise EndOfStream(self.address)
            if not has_looked:
                has_looked = True
                await node.look_again()
                continue
            wait = Wait(node, (self,)) if self.wait.is_standing else self.wait
            future = wait.begin()
            try:
                await future
            except asyncio.CancelledError:
                self.pass_on()
                raise
            finally:
                wait.end(future)
        if node.cancelled:
            raise asyncio.CancelledError

    async def receive_packet(self) -> Packet[Any]:
        """Return the next packet with its identity."""
        self.node.sees_identities = True
        value = await self.receive()
        return Packet(value, self.last_identity())

    def packets(self) -> AsyncIterator[Packet[Any]]:
        """Receive packets with their identities."""
        self.node.sees_identities = True
        return _Packets(self)

    def last_identity(self) -> PacketId:
        """Return the identity of the packet that was received last; the caller has seen to it that there was one."""
        # An edge that is empty counts as false.
        edge = self.edges[0] if self._last_edge is None else self._last_edge
        return self._forwarded or PacketId(edge.birthplace, edge.left - 1)

    async def __anext__(self) -> Any:
        queue = self.queue
        if len(queue) > self.low:
            self.received += 1
            self.last = value = queue.popleft()
            return value
        node = self.node
        while True:
            self.last = NOTHING
            node.credit -= BUDGET if queue and 0 < self.low < NEVER and not self.edges[0].senders else 1
            if node.credit <= 0:
                await node.give_way("receive", (self,))
            has_looked = not node.net.looks_twice
            while not queue:
                if self.open_edges == 0 or self.flushed:
                    await self._note_the_end()
                    raise StopAsyncIteration
                if not has_looked:
                    has_looked = True
                    await node.look_again()
                    continue
                wait = Wait(node, (self,)) if self.wait.is_standing else self.wait
                future = wait.begin()
                try:
                    await future
                except asyncio.CancelledError:
                    self.pass_on()
                    raise
                finally:
                    wait.end(future)
            if node.cancelled:
                # What is taken now would be missing from the account of what the node held.
                raise asyncio.CancelledError
            edge = self.edges[0]
            if edge.is_fast and not edge.senders and len(queue) <= BUDGET:
                self.low = 0
                self.received += 1
                self.last = value = queue.popleft()
                return value
            value = self.take()
            if (self.guard is None and self.changed is None) or await admit(node, (self,)):
                return value

    def pass_on(self) -> None:
        """Wake another receiver, in the stead of one that was woken and cancelled at once."""
        if self.queue:
            self.arrived()

    async def _note_the_end(self) -> None:
        self.overrun += 1
        if self.overrun <= PATIENCE:
            return
        error = PortError(
            f"received {PATIENCE} times more after the end of the stream",
            self.address,
            "leave the loop at EndOfStream, or use `async for`, which ends by itself",
        )
        if self.overrun > 2 * PATIENCE:
            # The component swallows the error too.
            self.node.fail(error)
            await self.node.give_way("receive", (self,))
        raise error

    def take(self) -> Any:
        """Take the next packet, which is there, and wake who waits for its room."""
        value = self.queue.popleft()
        edge = self.edges[0]
        if edge.shared:
            edge, value = value
            edge.count -= 1
            edge.taken += 1
            self._last_edge = edge
        self.received += 1
        self.last = value
        self._forwarded = edge.forwarded.pop(edge.left - 1, None) if edge.forwarded is not None else None
        if edge.inspection is not None:
            self.changed = edge.inspection.leave(value)
        if edge.senders and edge.has_half_free:
            edge.wake_senders()
        if edge.is_fast:
            self.relow()
            return value
        node = self.node
        if node.trace is not None:
            node.trace.took(self, edge, value, self.last_identity())
        if node.net.watching.wants_packets:
            node.net.watching.packet("taken", edge.address, value)
        return value

    def put_back(self) -> None:
        """Put the packet in the node's hands back as the next to be taken, be it beyond the capacity."""
        self.give_back(self.hand_over())

    @property
    def is_in_hand(self) -> bool:
        """Whether the packet that was received last is in the node's hands still."""
        return self.last is not NOTHING

    def peek_hand(self) -> Taken:
        """Return the packet in the node's hands, with where it came from; there is one."""
        edge = self.edges[0] if self._last_edge is None else self._last_edge
        return Taken(self, self.last, edge, self.last_identity(), getattr(self.queue, "popped", None))

    def hand_over(self) -> Taken:
        """Take the packet in the node's hands out of them, for who keeps it with others."""
        taken = self.peek_hand()
        self.last = NOTHING
        return taken

    def give_back(self, taken: Taken) -> None:
        """Put a packet that was handed over back as the next to be taken; of several, the one that came last first."""
        edge, value = taken.edge, taken.value
        self.received -= 1
        edge.put_back(taken)
        node = self.node
        if node.trace is not None:
            node.trace.returned(self, edge, value, taken.id)
        node.net.watching.packet("returned", edge.address, value)

    def arrived(self) -> None:
        """Wake one of those who wait for a packet."""
        while self.waiters:
            if self.waiters[0].wake():
                break

    def ran_dry(self) -> None:
        """Let who waits for others, because a packet lay here, look again: it was taken away."""
        for wait in list(self.node.waits):
            if wait.needs_all and wait.ports and self not in wait.ports:
                wait.wake()

    def edge_finished(self) -> None:
        """Count a sender that has ended; after the last, everyone who waits here learns of it."""
        self.open_edges -= 1
        if self.open_edges == 0:
            self._wake_all()

    def flush(self) -> None:
        """End the stream here, though senders live: nothing will come any more, for nothing moves."""
        self.flushed = True
        for edge in self.edges:
            edge.refuse()
        self._wake_all()

    def close(self) -> None:
        """Take no packets any more: those that lie here stay as unread, and senders learn of it."""
        for edge in self.edges:
            edge.refuse(half_fed=self.half_fed)

    def _wake_all(self) -> None:
        for wait in list(self.waiters):
            wait.wake()


class _Packets:
    """Packets of an input with their identities; no generator, which a cancelled node would leave to be closed."""

    def __init__(self, port: InPort) -> None:
        self._port = port

    def __aiter__(self) -> AsyncIterator[Packet[Any]]:
        return self

    async def __anext__(self) -> Packet[Any]:
        value = await self._port.__anext__()
        return Packet(value, self._port.last_identity())
