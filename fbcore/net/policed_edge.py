"""An edge with policies: bounded in bytes, with packets that get too old, are taken by priority, or are dropped."""

from __future__ import annotations

from asyncio import TimerHandle
from collections import OrderedDict
from collections.abc import Mapping
from math import ceil, inf
from typing import TYPE_CHECKING, Any, cast

from fbcore.errors import PortError, shown
from fbcore.model.edge_policy import EdgePolicy, bytes_in_words, is_amount
from fbcore.model.packet import PacketId
from fbcore.net.aside import aside
from fbcore.net.edge import NO_BOUND, Edge
from fbcore.net.line import RESOLUTION, Entry, Line, into_place
from fbcore.net.trace import Move

if TYPE_CHECKING:
    from collections import deque

    from fbcore.net.in_port import InPort, Taken
    from fbcore.net.out_port import OutPort

Weight = tuple[int, float]
"""What is to be known of a packet before it is put: its bytes, and its priority."""


class PolicedEdge(Edge):
    """An edge with policies. Packets pass it by the slow path; their identities lie beside them, in a `Line`.

    Its `limit` is 0, so that whoever puts a packet has to ask first, for there may be room for one packet and not for
    another. A sender has room when the packet fits, or when nothing lies here: one that is larger than the edge passes
    alone. Where packets are dropped there is always room. `lost` has what became of those that nobody took, by the
    number with which they entered, where the history of packets is kept.
    """

    __slots__ = (
        "_context",
        "_from_image",
        "_has_noted",
        "_line",
        "_lying",
        "_most",
        "_most_bytes",
        "_net",
        "_newest",
        "_port",
        "_weight",
        "bytes",
        "dropped",
        "expired",
        "is_raced",
        "lost",
        "policy",
        "timer",
    )

    def __init__(self, address: str, source: OutPort, target: InPort, capacity: int | None, policy: EdgePolicy) -> None:
        super().__init__(address, source, target, capacity)
        self.policy = policy
        self._net = source.node.net
        self._most, self.limit = self.limit, 0
        self._most_bytes = NO_BOUND if policy.bytes is None else policy.bytes
        self.bytes = self.dropped = self.expired = 0
        self.forwarded: dict[int, PacketId] = {}
        self.lost: dict[int, str] | None = {} if self._net.options.tracking == "history" else None
        self.timer: TimerHandle | None = None
        self._lying: OrderedDict[int, Entry] = OrderedDict()
        self._newest = PacketId(address, 0)
        self._weight: Weight | None = None
        self._has_noted = False
        self._from_image: list[Any] = []
        # That a packet gets too old lets nobody go on but who waits for its room; a join may end, as by an End.
        self._context = aside(unless=lambda: bool(self.senders))
        self._port = target
        queue: Any = target.queue
        self._line: Line = queue if isinstance(queue, Line) else Line(target)
        # For its port it is a deque, so that one without policies has nothing to ask.
        target.queue = cast("deque[Any]", self._line)
        self._line.take_in(self)
        # Bytes bound an edge as a capacity does.
        self.is_raced = any(each is not None for each in (policy.expiry, policy.priority, policy.drop))

    # -- room --------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether every sender has to wait."""
        if self.policy.drop is not None:
            return False
        if self.policy.bytes is None or not self.source.pending:
            return not self._fits(0)
        return not any(self._fits(self._size_or_none(value)) for value in self.source.pending.values())

    def has_room(self, value: Any) -> bool:
        """Say whether a packet can be put now; who puts one has asked.

        Raises:
            PortError: its size, or its priority, cannot be told.
        """
        size, priority = self._size(value), self._priority(value)
        if self.timer is not None:
            self.expire(self._net.loop.time())
        if size > self._most_bytes and not self._has_noted:
            self._has_noted = True
            large, most = bytes_in_words(size), bytes_in_words(self._most_bytes)
            self._net.watching.notice(self.address, f"a packet of {large} is larger than {most}, and so passes alone")
        has_room = self.policy.drop is not None or self._fits(size)
        self._weight = (size, priority) if has_room else None
        return has_room

    def _fits(self, size: int) -> bool:
        return len(self) < self._most and (self.bytes + size <= self._most_bytes or not len(self))

    @property
    def has_half_free(self) -> bool:
        """Whether so much room is free that it pays to wake a suspended sender."""
        return len(self) <= self._most // 2 and self.bytes <= self._most_bytes // 2

    @property
    def bounds(self) -> tuple[int, int]:
        """How many packets and bytes may lie here, as numbers."""
        return self._most, self._most_bytes

    @bounds.setter
    def bounds(self, bounds: tuple[int, int]) -> None:
        self._most, self._most_bytes = bounds

    def fill_in_words(self) -> str:
        """Say how full it is."""
        packets = super().fill_in_words() if self.capacity is not None else f"{len(self)}"
        if self.policy.bytes is None:
            return packets
        return f"{packets}, {bytes_in_words(self.bytes)} of {bytes_in_words(self.policy.bytes)}"

    # -- what a packet is like ---------------------------------------------------------------------

    def _size(self, value: Any) -> int:
        if self.policy.bytes is None or self.policy.size is None:
            return 0
        size: Any = self._told("size", self.policy.size, value)
        if size < 0:
            raise self._refusal("size", value, f"it is {shown(size)}")
        rounded: int = ceil(size)
        return rounded

    def _size_or_none(self, value: Any) -> int:
        try:
            return self._size(value)
        except PortError:
            # Who sends it hears of that when it comes to be put.
            return 0

    def _priority(self, value: Any) -> float:
        if self.policy.priority is None:
            return 0
        told: Any = self._told("priority", self.policy.priority, value)
        if type(told) in (int, float):
            return cast("float", told)
        from numbers import Integral

        # Plain numbers, which can be written down; whole ones as such, for a time in nanoseconds is no float.
        return int(told) if isinstance(told, Integral) else float(told)

    def _told(self, what: str, measure: Any, value: Any) -> Any:
        try:
            told = measure(value)
        except Exception as error:
            raise self._refusal(what, value, f"{type(error).__name__}: {error}") from error
        if not is_amount(told):
            raise self._refusal(what, value, f"{shown(told)} is no finite number")
        return told

    def _refusal(self, what: str, value: Any, why: str) -> PortError:
        return PortError(f"the {what} of {shown(value)} cannot be told: {why}", self.address, f"mend `{what}`")

    # -- putting -----------------------------------------------------------------------------------

    @property
    def passed(self) -> int:
        """How many packets have entered so far; also the number of the next one."""
        return self.left + len(self) + self.expired + self.dropped

    def put(self, value: Any) -> None:
        """Put a packet; the caller has asked whether there is room, or puts it beyond that."""
        entry = self._new_entry(value)
        if self.inspection is not None:
            self.inspection.entered(value)
        if self.policy.drop is not None and not self._make_room(entry):
            return
        if self.shared:
            self.count += 1
        self._line.put(entry)
        if self.target.waiters:
            self.target.arrived()

    def _new_entry(self, value: Any) -> Entry:
        entry = Entry(self, value, self)
        entry.number = number = self.passed
        born_here = PacketId(self.birthplace, number)
        entry.id = self._newest = self.forwarded.pop(number, born_here)
        # Of a packet that is copied the one that was sent is weighed; of one that is put beyond the room, none.
        entry.size, entry.priority = self._weight or (self._size_or_none(value), 0)
        self._weight = None
        if self.policy.expiry is not None:
            entry.deadline = self._net.loop.time() + self.policy.expiry
        return entry

    def _make_room(self, entry: Entry) -> bool:
        """Drop what has to go for a packet; False when that is the packet itself."""
        if self.policy.expiry is not None:
            self.expire(self._net.loop.time())
        while not self._fits(entry.size):
            if self.policy.drop == "newest":
                self.dropped += 1
                self._tell_loss(entry, "dropped")
                return False
            self._lose(next(iter(self._lying.values())), "dropped")
        return True

    # -- leaving -----------------------------------------------------------------------------------

    def holds(self, entry: Entry) -> None:
        """Hear from the line that it holds a packet of this edge, after all others."""
        self._lying[entry.place] = entry
        self.bytes += entry.size
        self._arm()

    def holds_again(self, entry: Entry) -> None:
        """Hear that a packet of this edge came back, to the place that it had."""
        into_place(self._lying, entry.place)
        self._arm()

    def gives(self, entry: Entry) -> None:
        """Hear from the line that it gives a packet to the port, which will ask for its identity."""
        self._release(entry)
        self.forwarded[self.left] = entry.id

    def _release(self, entry: Entry) -> None:
        del self._lying[entry.place]
        self.bytes -= entry.size
        self._arm()

    def put_back(self, taken: Taken) -> None:
        """Put a packet back that was taken: to its place, as the one it was, until it is as old as it may be."""
        assert taken.entry is not None
        if self.inspection is not None:
            self.inspection.came_back(taken.value)
        if self.shared:
            self.count += 1
            self.taken -= 1
        self._line.put_back(taken.entry, taken.value)

    def _lose(self, entry: Entry, what: str) -> None:
        self._line.remove(entry)
        if self.shared:
            self.count -= 1
        if what == "expired":
            self.expired += 1
        else:
            self.dropped += 1
        self._release(entry)
        self._tell_loss(entry, what)

    def _tell_loss(self, entry: Entry, what: str) -> None:
        net = self._net
        if self.lost is not None:
            self.lost[entry.number] = what
        if self.inspection is not None:
            self.inspection.forget(entry.value)
        if net.options.stepwise:
            net.step_moves.append(Move("", what, self._port.name, self.address, entry.value, entry.id))
        net.watching.packet(what, self.address, entry.value)

    # -- getting too old ---------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """Take away what is too old, and wake who waits for its room."""
        before = self.expired
        while self._lying:
            oldest = next(iter(self._lying.values()))
            if oldest.deadline > now + RESOLUTION:
                break
            self._lose(oldest, "expired")
        if self.expired == before:
            return
        if self.senders and not self.is_full:
            self.wake_senders()
        if not len(self._line):
            self._port.ran_dry()

    def _arm(self) -> None:
        """See to it that a timer rings when the next packet gets too old; on a stepped loop, none rings in vain."""
        if self.policy.expiry is None:
            return
        due = next(iter(self._lying.values())).deadline if self._lying else inf
        timer = self.timer
        if timer is not None:
            if timer.when() == due or (timer.when() < due and not self._net.is_stepped):
                return
            timer.cancel()
            self.timer = None
        if due < inf and not self._port.node.ended:
            self.timer = self._call_at(due)

    def _call_at(self, when: float) -> TimerHandle:
        loop, stepped = self._net.loop, self._net.stepped_loop
        if stepped is not None:
            return stepped.arm_for(self.address, when, self._ring, self._context)
        return loop.call_at(when, self._ring, context=self._context)

    def _ring(self) -> None:
        self.timer = None
        self.expire(self._net.loop.time())
        self._arm()

    def refuse(self, *, half_fed: bool = False) -> None:
        """Say that no packet will be taken any more; what lies here stays, as unread, and gets no older."""
        if self._port.node.ended:
            if self.timer is not None:
                # What was too old when its taker looked is why that has ended.
                self.expire(self._net.loop.time())
            self.rest()
        super().refuse(half_fed=half_fed)

    def rest(self) -> None:
        """Take nothing away any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    # -- being looked at ---------------------------------------------------------------------------

    def values(self) -> list[Any]:
        """Return the packets that lie on the edge, the oldest first."""
        return [entry.value for entry in self._lying.values()]

    def identities(self) -> list[PacketId]:
        """Return the identities of the packets that lie here, as `values` returns these."""
        return [entry.id for entry in self._lying.values()]

    def numbers(self) -> list[int]:
        """Return how manieth each of the packets was to enter that lie here, as `values` returns these."""
        return [entry.number for entry in self._lying.values()]

    def newest(self) -> PacketId:
        """Return the identity of the packet that was put last."""
        return self._newest

    def next(self) -> PacketId:
        """Return the identity of the packet that will be taken next; there is one."""
        first = self._line.first()
        assert first is not None
        return first.id

    def policy_state(self) -> Any:
        """Return what its policies remember: how long packets stay, and how many came before, for who sees that."""
        now, consumer = self._net.loop.time(), self._port.node
        left = [round(entry.deadline - now, 9) for entry in self._lying.values() if entry.deadline < inf]
        ids = [list(id) for id in self.identities()] if consumer.sees_identities and not consumer.ended else []
        return [left, ids, self.passed if ids else 0] if left or ids else None

    # -- snapshots ---------------------------------------------------------------------------------

    def policies_in_words(self) -> str:
        """Say which policies it has; what does not fit that is of another edge."""
        policy = self.policy
        said = [name for name in ("bytes", "expiry", "priority", "drop") if getattr(policy, name) is not None]
        return ", ".join(said)

    def image(self) -> dict[str, Any]:
        """Return what there is to write down besides the packets that lie here."""
        entries = [
            [each.number, *each.id, each.size, each.priority, None if each.deadline == inf else each.deadline]
            for each in self._lying.values()
        ]
        return {
            "are": self.policies_in_words(),
            "beside": entries,
            "expired": self.expired,
            "dropped": self.dropped,
        }

    def be_like(self, image: Mapping[str, Any]) -> None:
        """Be as an edge was whose image this is, but for the packets, which are to be laid here afterwards."""
        self.expired, self.dropped = image["expired"], image["dropped"]
        self._from_image = list(image["beside"])

    def entry_from_image(self, value: Any) -> Entry:
        """Return what a packet lies here as, that lay here when the image was taken."""
        entry = Entry(self, value, self)
        entry.number, place, number, entry.size, entry.priority, deadline = self._from_image.pop(0)
        entry.id = PacketId(place, number)
        entry.deadline = inf if deadline is None else deadline
        return entry

    def deliver(self, value: Any, id: PacketId) -> None:
        """Let a packet lie here, once more, that was taken: for who does again what was done, at any time."""
        if self.inspection is not None:
            self.inspection.entered(value)
        if self.shared:
            self.taken -= 1
            self.count += 1
        entry = Entry(self, value, self)
        entry.number, entry.id = self.left, id
        self._line.put(entry)
