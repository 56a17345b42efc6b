"""The queue of an input that an edge with policies leads to: by priority, then in order of arrival, none too old."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbcore.model.packet import PacketId
    from fbcore.net.edge import Edge
    from fbcore.net.in_port import InPort
    from fbcore.net.policed_edge import PolicedEdge

_MANY = 64
"""So many packets may stand in the heap that have gone another way, before it is made anew."""

RESOLUTION = 1e-9
"""Seconds by which a time may miss another and be the same: sums of floats are not exact."""


class Entry:
    """A packet that lies in a line: how soon it is to be taken, and until when.

    `place` is its place in order of arrival. `by` is its edge where that has policies; then `id` is its identity, and
    `number` how manieth it was to enter there.
    """

    __slots__ = ("by", "deadline", "edge", "id", "number", "place", "priority", "size", "value")

    id: PacketId

    def __init__(self, edge: Edge, value: Any, by: PolicedEdge | None = None) -> None:
        self.edge = edge
        self.value = value
        self.by = by
        self.number = 0
        self.place = 0
        self.priority: float = 0
        self.size = 0
        self.deadline = inf


class Line:
    """What a port has in the place of a deque, where packets are taken in another order, get too old, or are dropped.

    It does what a deque does for a port: holds values, or pairs of (edge, value) where several edges share it. It is
    true when a packet can be taken now; `len` counts those too that are too old, until they are taken away.
    """

    __slots__ = ("_entries", "_heap", "_last_place", "_looked", "_policed", "_port", "expires", "popped")

    def __init__(self, port: InPort) -> None:
        self._port = port
        self._policed: dict[Edge, PolicedEdge] = {}
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._heap: list[tuple[float, int]] | None = None
        self._last_place = 0
        self._looked = 0.0
        self.popped: Entry | None = None
        self.expires = False

    def take_in(self, edge: PolicedEdge) -> None:
        """Hold packets of an edge with policies from now on, before any has come."""
        self._policed[edge] = edge
        self.expires = self.expires or edge.policy.expiry is not None
        if edge.policy.priority is not None and self._heap is None:
            # Highest first; those of one priority, which without a policy is 0, in order of arrival.
            self._heap = []

    # -- as a deque --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        if not self.expires:
            return bool(self._entries)
        if not self._entries:
            return False
        # What can be taken by this look, can be taken: it does not get too old before that.
        self._looked = now = self._port.node.net.loop.time()
        soon, entries = now + RESOLUTION, self._entries.values()
        return next(iter(entries)).deadline > soon or any(entry.deadline > soon for entry in entries)

    def __iter__(self) -> Iterator[Any]:
        return map(self._item, list(self._entries.values()))

    def __getitem__(self, number: int) -> Any:
        entry = self.first() if number == 0 else None
        if entry is None:
            raise IndexError("only the packet that is next can be looked at")
        return self._item(entry)

    def _item(self, entry: Entry) -> Any:
        return (entry.edge, entry.value) if entry.edge.shared else entry.value

    def append(self, item: Any) -> None:
        """Let a packet lie at the end: what came by an edge without policies, or lay here in a snapshot."""
        edge, value = item if self._port.edges[0].shared else (self._port.edges[0], item)
        by = self._policed.get(edge)
        self.put(Entry(edge, value) if by is None else by.entry_from_image(value))

    def extend(self, items: Iterable[Any]) -> None:
        """Let packets lie at the end, in order."""
        for item in items:
            self.append(item)

    def popleft(self) -> Any:
        """Take the packet that is next; the caller has seen that there is one."""
        if self.expires:
            for edge in self._policed.values():
                edge.expire(self._looked)
        entry = self.first()
        if entry is None:
            raise IndexError("no packet can be taken")
        item = self._item(entry)
        self.remove(entry)
        if entry.by is not None:
            entry.by.gives(entry)
        self.popped, entry.value = entry, None
        return item

    def put_back(self, entry: Entry, value: Any) -> None:
        """Put back what was taken, to the place that it had."""
        entry.value = value
        self._put(entry)
        into_place(self._entries, entry.place)
        if entry.by is not None:
            entry.by.holds_again(entry)

    # -- entries -----------------------------------------------------------------------------------

    def put(self, entry: Entry) -> None:
        """Let a packet lie at the end of the order of arrival."""
        self._last_place = entry.place = self._last_place + 1
        self._put(entry)

    def _put(self, entry: Entry) -> None:
        self._entries[entry.place] = entry
        if entry.by is not None:
            entry.by.holds(entry)
        if self._heap is not None:
            heappush(self._heap, (-entry.priority, entry.place))

    def remove(self, entry: Entry) -> None:
        """Take out any packet."""
        del self._entries[entry.place]
        heap = self._heap
        if heap is not None and len(heap) > 2 * len(self._entries) + _MANY:
            heap[:] = [(-each.priority, place) for place, each in self._entries.items()]
            heapify(heap)

    def first(self) -> Entry | None:
        """Return the packet that is next, as of the last look; None when there is none."""
        heap, entries = self._heap, self._entries
        if heap is not None:
            while heap and heap[0][1] not in entries:
                heappop(heap)
            first = entries[heap[0][1]] if heap else None
        else:
            first = next(iter(entries.values()), None)
        if first is None or not self._is_old(first):
            return first
        fresh = [entry for entry in entries.values() if not self._is_old(entry)]
        return min(fresh, key=lambda entry: (-entry.priority, entry.place), default=None)

    def _is_old(self, entry: Entry) -> bool:
        return entry.deadline <= self._looked + RESOLUTION


def into_place(entries: OrderedDict[int, Entry], place: int) -> None:
    """Move what was put in last to its place in order of arrival; it stands there nearly always."""
    places = reversed(entries)
    next(places)
    if next(places, 0) < place:
        return
    if place < next(iter(entries)):
        entries.move_to_end(place, last=False)
        return
    for each in sorted(entries):
        entries.move_to_end(each)
