"""An edge: packets on their way from one output to one input, in order, and who waits for room."""

from __future__ import annotations

import sys
from asyncio import TimerHandle
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from fbcore.model.edge_policy import NO_POLICY
from fbcore.model.packet import PacketId
from fbcore.net.wait import NEVER

if TYPE_CHECKING:
    from fbcore.net.config_port import ConfigPort
    from fbcore.net.guard import Inspection
    from fbcore.net.in_port import InPort, Taken
    from fbcore.net.out_port import OutPort
    from fbcore.net.sink import Sink
    from fbcore.net.stop_port import StopPort
    from fbcore.net.wait import Wait

    Target: TypeAlias = InPort | Sink | ConfigPort | StopPort


NO_BOUND = sys.maxsize
"""How many packets or bytes may lie on an edge without bound."""


class Edge:
    """A bounded queue between two ports.

    Where an input has one edge, `queue` holds bare values and belongs to the edge; where it has several,
    they share one queue of (edge, value), so that packets are taken in order of arrival, and `count` says
    how many of them are this edge's. `limit` is the capacity as a number: while fewer packets lie there, one can be
    put without a question. `is_fast`: packets may pass by the fast path, for nobody has to hear of them and no node
    feeds itself. `finished`: the sender has ended.
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

    policy = NO_POLICY
    """What holds of it besides its capacity; an edge with policies is a `PolicedEdge`."""

    is_raced = False
    """Whether it matters when packets are put and when they are taken, besides that there is room for them."""

    timer: TimerHandle | None = None
    """What rings when a packet gets too old, while one lies here that can."""

    expired = dropped = bytes = 0
    """How many packets got too old, and how many had no room; how many bytes lie here, where that is bounded."""

    def __init__(self, address: str, source: OutPort, target: Target, capacity: int | None) -> None:
        self.address = address
        self.birthplace = address
        self.inspection: Inspection | None = None
        self.forwarded: dict[int, PacketId] | None = None
        self.source = source
        self.target = target
        self.capacity = capacity
        self.limit = NO_BOUND if capacity is None else capacity
        self.queue: deque[Any]
        self.shared = False
        self.is_fast = False
        self.count = 0
        self.taken = 0
        self.senders: list[Wait] = []
        self.wait: Wait | None = None
        self.finished = False
        self.refusing = False
        self.half_fed = False
        self.refused = 0

    def __len__(self) -> int:
        return self.count if self.shared else len(self.queue)

    @property
    def can_be_fast(self) -> bool:
        """Whether packets may pass without anybody looking at them; a node that feeds itself looks."""
        if self.policy or self.source.node.store is not None:
            return False
        if self.shared or self.source.node is self.target.node or self.inspection is not None or self.target.is_eager:
            return False
        return getattr(self.target, "guard", None) is None

    @property
    def is_full(self) -> bool:
        """Whether a sender has to wait."""
        return (self.count if self.shared else len(self.queue)) >= self.limit

    def has_room(self, value: Any) -> bool:
        """Say whether a packet can be put now; who puts one has asked."""
        return (self.count if self.shared else len(self.queue)) < self.limit

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

    def identities(self) -> list[PacketId]:
        """Return the identities of the packets that lie here, as `values` returns these."""
        return [self.identity(number) for number in range(self.left, self.left + len(self))]

    def newest(self) -> PacketId:
        """Return the identity of the packet that was put last, if it has not been taken."""
        # As `identity(passed - 1)`, in a quarter of the calls: on a stepped loop every packet is asked for it.
        queued = self.count if self.shared else len(self.queue)
        number = (self.taken if self.shared or self.target.is_eager else self.target.received) + queued - 1
        return (self.forwarded and self.forwarded.get(number)) or PacketId(self.birthplace, number)

    def next(self) -> PacketId:
        """Return the identity of the packet that will be taken next; there is one."""
        return self.identity(self.left)

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

    def put_back(self, taken: Taken) -> None:
        """Put a packet back that was taken, as the next one, be it beyond the capacity."""
        value = taken.value
        if self.shared:
            self.count += 1
            self.taken -= 1
        if taken.entry is not None:
            queue: Any = self.queue
            queue.put_back(taken.entry, value)
        else:
            self.queue.appendleft((self, value) if self.shared else value)
        if taken.id != PacketId(self.birthplace, self.left):
            # It was born elsewhere; or others that came after it are done, so that it does not lie at its own number.
            self.keep_identities()
            assert self.forwarded is not None
            self.forwarded[self.left] = taken.id
        if self.inspection is not None:
            self.inspection.came_back(value)

    def deliver(self, value: Any, id: PacketId) -> None:
        """Let a packet lie here, once more, that was taken: for who does again what was done."""
        if self.inspection is not None:
            self.inspection.entered(value)
        if self.shared:
            self.taken -= 1
            self.count += 1
            self.queue.append((self, value))
        else:
            self.queue.append(value)
        if id != PacketId(self.birthplace, self.left):
            self.forwarded = {**(self.forwarded or {}), self.left: id}

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

    @property
    def bounds(self) -> tuple[int, int]:
        """How many packets and bytes may lie here, as numbers."""
        return self.limit, NO_BOUND

    @bounds.setter
    def bounds(self, bounds: tuple[int, int]) -> None:
        self.limit, _ = bounds

    def fill_in_words(self) -> str:
        """Say how full it is."""
        return f"{len(self)} of {self.capacity}"

    def policy_state(self) -> Any:
        """Return what its policies remember, for who tells states of a net apart; None without any."""
        return None

    def rest(self) -> None:
        """Do nothing by itself any more: the net has ended."""

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
