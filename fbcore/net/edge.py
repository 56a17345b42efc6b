"""An edge: packets on their way from one output to one input, in order, and who waits for room."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from fbcore.model.packet import PacketId
from fbcore.net.wait import NEVER

if TYPE_CHECKING:
    from fbcore.net.config_port import ConfigPort
    from fbcore.net.guard import Inspection
    from fbcore.net.in_port import InPort
    from fbcore.net.out_port import OutPort
    from fbcore.net.sink import Sink
    from fbcore.net.stop_port import StopPort
    from fbcore.net.wait import Wait

    Target: TypeAlias = InPort | Sink | ConfigPort | StopPort


class Edge:
    """A bounded queue between two ports.

    Where an input has one edge, `queue` holds bare values and belongs to the edge; where it has several,
    they share one queue of (edge, value), so that packets are taken in order of arrival, and `count` says
    how many of them are this edge's. `limit` is the capacity as a number. `is_fast`: packets may pass by the
    fast path, for nobody has to hear of them and no node feeds itself. `finished`: the sender has ended.
    `refusing`: the consumer has; `refused` then counts the packets that it would have got.

    `inspection` is what every value passes on its way, None where it passes nothing. `birthplace` is the name
    under which packets are born that enter here, and the how manieth it is gives the number; `forwarded` has
    the identities of those that were born elsewhere, by that number.
    """

    __slots__ = (
        "address",
        "birthplace",
        "capacity",
        "count",
        "finished",
        "forwarded",
        "half_fed",
        "inspection",
        "is_fast",
        "limit",
        "queue",
        "refused",
        "refusing",
        "senders",
        "shared",
        "source",
        "taken",
        "target",
        "wait",
    )

    def __init__(self, address: str, source: OutPort, target: Target, capacity: int | None) -> None:
        self.address = address
        self.birthplace = address
        self.inspection: Inspection | None = None
        self.forwarded: dict[int, PacketId] | None = None
        self.source = source
        self.target = target
        self.capacity = capacity
        self.limit = sys.maxsize if capacity is None else capacity
        self.queue: deque[Any]
        self.shared = False
        self.is_fast = False
        self.count = 0
        self.taken = 0
        self.senders: list[Wait] = []
        self.wait: Wait
        self.finished = False
        self.refusing = False
        self.half_fed = False
        self.refused = 0

    def __len__(self) -> int:
        return self.count if self.shared else len(self.queue)

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return (self.count if self.shared else len(self.queue)) >= self.limit

    @property
    def has_half_free(self) -> bool:
        """Whether so much room is free that it pays to wake a suspended sender."""
        return len(self) <= self.limit // 2

    @property
    def passed(self) -> int:
        """How many packets have entered so far; also the number of the next one."""
        return self.left + len(self)

    @property
    def left(self) -> int:
        """How many packets have been taken so far."""
        return self.taken if self.shared or self.target.is_eager else self.target.received

    def identity(self, number: int) -> PacketId:
        """Return the identity of the packet that entered with this number, and has not been taken."""
        return (self.forwarded or {}).get(number) or PacketId(self.birthplace, number)

    def keep_identities(self) -> None:
        """Let identities lie beside the values from now on, so that everything passes by the slow path."""
        if self.forwarded is None:
            self.forwarded = {}
            self.is_fast = False
            self.target.low = NEVER
            self.source.regate()

    def put(self, value: Any) -> None:
        """Put a packet at the end; the caller has seen to it that there is room."""
        if self.inspection is not None:
            self.inspection.entered(value)
        if self.shared:
            self.queue.append((self, value))
            self.count += 1
        else:
            self.queue.append(value)
        if self.target.waiters:
            self.target.arrived()

    def drain(self) -> list[Any]:
        """Take everything that lies here, for a target that takes at once."""
        values = list(self.queue)
        self.queue.clear()
        self.taken += len(values)
        if self.forwarded is not None:
            self.forwarded.clear()
        return values

    def values(self) -> list[Any]:
        """Return the packets that lie on the edge, the oldest first."""
        if self.shared:
            return [value for edge, value in self.queue if edge is self]
        return list(self.queue)

    def wake_senders(self) -> None:
        """Wake everyone who waits for room; each looks again, and waits again if others were quicker."""
        for wait in list(self.senders):
            wait.wake()

    def finish(self) -> None:
        """Say that no packet will be sent any more."""
        if not self.finished:
            self.finished = True
            self.target.edge_finished()

    def refuse(self, *, half_fed: bool = False) -> None:
        """Say that no packet will be taken any more; what lies here stays, as unread."""
        if not self.refusing:
            self.refusing = True
            self.half_fed = half_fed
            self.source.edge_refuses(self)
            self.wake_senders()
