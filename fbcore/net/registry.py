"""Where every packet is, where it has been, and what it was made of."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.errors import InputError
from fbcore.model.packet import NOTHING, Packet, PacketId
from fbcore.net.births import MORE, NONE, PASSED_ON, PLACES, Births

if TYPE_CHECKING:
    from fbcore.net.net import Net
    from fbcore.net.node import Node

OUTSIDE = "outside"
"""Where packets come from that are born at the border of a net, and where they go that leave it."""

AnyId = PacketId | Packet[Any] | str
"""What a packet can be named by: its identity, the packet itself, or the identity as text, `parse.out#12`."""


class ActivityKind(StrEnum):
    """What happened to a packet.

    Example:
        print(*ActivityKind)
        #> creation movement consumption discard
    """

    CREATION = "creation"
    MOVEMENT = "movement"
    CONSUMPTION = "consumption"
    DISCARD = "discard"


class Activity(NamedTuple):
    """One thing that happened to a packet: where it was, where it was then, and by which port.

    A packet is created `outside` or at a node, moves from a node onto an edge and from an edge into a node, and is
    consumed there; at an output that feeds several edges it is consumed too, and a copy is created on each.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        result = BatchRuntime(double, tracking="history").run(inputs={"number": 21})
        for each in result.packets.activities("inputs.number#0"):
            assert isinstance(each, Activity)
            print(each.kind, "from", each.origin, "to", each.destination)
        #> creation from outside to inputs.number
        #> movement from inputs.number to inputs.number->double.number
        #> movement from inputs.number->double.number to double
        #> consumption from double to double
    """

    kind: ActivityKind
    origin: str
    destination: str
    port: str


class _Way:
    """One edge, as far as packets are concerned."""

    __slots__ = (
        "_is_mixed",
        "_left",
        "_lost",
        "_lying",
        "address",
        "birthplace",
        "consumer",
        "entry",
        "exit",
        "passed",
        "sender",
    )

    def __init__(self, net: Net, number: int) -> None:
        edge = net.edges[number]
        node = edge.target.node
        self.address = edge.address
        self.birthplace = edge.birthplace
        self.sender = edge.source.node.address
        self.entry = edge.source.address
        self.exit = edge.target.address
        self.consumer = node.address if node is not None else OUTSIDE
        if node is not None and node is net.reader:
            self.exit, self.consumer = f"outputs.{net.reader.outputs[edge.address]}", OUTSIDE
        self.passed = edge.passed
        self._left = edge.left if node is not None else edge.passed
        self._is_mixed = any(id.birthplace == edge.birthplace for id in (edge.forwarded or {}).values())
        # Where packets leave in another order, or in another way, counting does not tell which have been taken.
        policed: Any = edge if edge.policy else None
        self._lost: dict[int, str] = (policed.lost or {}) if policed is not None else {}
        self._lying: set[int] | None = set(policed.numbers()) if policed is not None else None

    def has_lost(self, number: int) -> bool:
        """Say whether a packet was dropped here, or got too old."""
        return number in self._lost

    def has_given(self, number: int, place: str | None) -> bool:
        """Say whether a packet was taken from here, that is in a place now, or has gone."""
        if self._lying is not None:
            return number not in self._lying and number not in self._lost
        # One that was taken may lie before others that were taken first, and were put back.
        return number < self._left or (self._is_mixed and place != self.address)


class _Port:
    """What was born at one output."""

    __slots__ = ("declared", "is_exact", "more", "node", "parents")

    def __init__(self, births: Births) -> None:
        self.node = births.node.address
        self.parents: array[int] = births.parents
        self.more = births.more
        self.declared = births.declared
        self.is_exact = births.is_exact


class PacketRegistry:
    """The packets of a net: `result.packets`, after a run.

    With the tracking `counts` it knows the packets that are in flight, and nothing of those that were consumed.
    With `history` it knows all that were ever born: their activities, their parents, and what was made of them.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        result = BatchRuntime(double, tracking="history", keep=10).run(inputs={"number": Each([3, 4])})
        packets = result.packets
        assert isinstance(packets, PacketRegistry)
        last = packets.born_at("double.out")[-1]
        print(last, "is", packets.value(last), "and made of", *packets.parents(last))
        #> double.out#1 is 8 and made of inputs.number#1
    """

    def __init__(self, net: Net) -> None:
        self.tracking = net.options.tracking
        self._ways = [_Way(net, number) for number in range(len(net.edges))]
        self._by_address = {way.address: way for way in self._ways}
        self._ports = {b.place: _Port(b) for node in net.nodes for b in node.births()}
        self._from: dict[str, list[_Way]] = {}
        for way in self._ways:
            self._from.setdefault(way.entry, []).append(way)
        self._values: dict[PacketId, Any] = {}
        self._places: dict[PacketId, str] = {}
        self._hops: dict[PacketId, list[tuple[_Way, int]]] = {}
        self._passed_on: dict[tuple[str, int], PacketId] = {}
        self._lost: dict[PacketId, Activity] = {}
        self._children: dict[PacketId, list[PacketId]] | None = None
        self._find_passed_on(net)
        self._find_in_flight(net)
        for node in net.nodes:
            if node.store is not None:
                self._values.update(node.store.values)

    def _find_passed_on(self, net: Net) -> None:
        for place, number in net.passed_on:
            port, ways = self._ports[place], self._from.get(place, [])
            (id,) = port.more[number]
            assert isinstance(id, PacketId)
            if not ways:
                self._lost[id] = Activity(ActivityKind.DISCARD, port.node, OUTSIDE, place)
            elif len(ways) == 1:
                self._hops.setdefault(id, []).append((ways[0], number))
                self._passed_on[ways[0].address, number] = id

    def _find_in_flight(self, net: Net) -> None:
        for edge, way in zip(net.edges, self._ways, strict=True):
            if edge.target.node is not None:
                for id, value in zip(edge.identities(), edge.values(), strict=True):
                    self._places[id], self._values[id] = way.address, value
        for node in net.nodes:
            for id, value in _in_hands(node):
                self._places[id], self._values[id] = node.address, value

    # -- what there is -----------------------------------------------------------------------------

    def in_flight(self) -> dict[PacketId, str]:
        """Return where every packet is that was not consumed: on an edge, or in the hands of a node."""
        return dict(self._places)

    def born_at(self, place: str) -> list[PacketId]:
        """Return the packets that were born at an output, or as copies on an edge, in order.

        Raises:
            InputError: nothing is born there, or there is no history.
        """
        self._need_history()
        if place in self._ports:
            words = self._ports[place].parents
            return [PacketId(place, number) for number, word in enumerate(words) if word != PASSED_ON]
        way = self._by_address.get(place)
        if way is None or way.birthplace != place:
            raise InputError(f"no packets are born at {place!r}", place, f"they are at: {', '.join(self._ports)}")
        return [PacketId(place, number) for number in range(way.passed)]

    def __iter__(self) -> Iterator[PacketId]:
        """Yield every packet that was ever born: those of one output after the other, then the copies of each edge."""
        self._need_history()
        for place in self._ports:
            yield from self.born_at(place)
        for way in self._ways:
            if way.birthplace == way.address:
                yield from self.born_at(way.address)

    def value(self, packet: AnyId) -> Any:
        """Return the value of a packet that is in flight, or was kept.

        Raises:
            InputError: it was not kept.
        """
        id = identity(packet)
        if id not in self._values:
            way = self._by_address.get(id.birthplace)
            if way is not None and way.birthplace == way.address:
                return self.value(self.parents(id)[0])
            hint = 'keep more of them: BatchRuntime(graph, tracking="history", keep=1000)'
            raise InputError(f"the value of packet {id} was not kept", id.birthplace, hint)
        return self._values[id]

    # -- where a packet has been -------------------------------------------------------------------

    def activities(self, packet: AnyId) -> list[Activity]:
        """Return what happened to a packet, in order."""
        id = self._known(packet)
        port, way = self._ports.get(id.birthplace), self._by_address.get(id.birthplace)
        if port is None:
            assert way is not None
            first = Activity(ActivityKind.CREATION, way.sender, way.sender, way.entry)
            return [first, *self._travel(id, [(way, id.number), *self._hops.get(id, [])])]
        ways = self._from.get(id.birthplace, [])
        is_border = id.birthplace == port.node
        first = Activity(ActivityKind.CREATION, OUTSIDE if is_border else port.node, port.node, id.birthplace)
        if not ways:
            return [first, Activity(ActivityKind.DISCARD, port.node, OUTSIDE, id.birthplace)]
        if len(ways) > 1:
            return [first, Activity(ActivityKind.CONSUMPTION, port.node, port.node, id.birthplace)]
        return [first, *self._travel(id, [(ways[0], id.number), *self._hops.get(id, [])])]

    def _travel(self, id: PacketId, hops: Iterable[tuple[_Way, int]]) -> Iterator[Activity]:
        at = ""
        for way, number in hops:
            yield Activity(ActivityKind.MOVEMENT, way.sender, way.address, way.entry)
            at = ""
            if way.has_lost(number):
                yield Activity(ActivityKind.DISCARD, way.address, OUTSIDE, way.address)
            elif way.has_given(number, self._places.get(id)):
                yield Activity(ActivityKind.MOVEMENT, way.address, way.consumer, way.exit)
                at = way.exit
        if id in self._lost:
            yield self._lost[id]
        elif at and way.consumer != OUTSIDE and id not in self._places:
            yield Activity(ActivityKind.CONSUMPTION, way.consumer, way.consumer, at)

    # -- lineage -----------------------------------------------------------------------------------

    def parents(self, packet: AnyId) -> tuple[PacketId, ...]:
        """Return the packets that a packet was made of; see `is_assumed`."""
        id = self._known(packet)
        port = self._ports.get(id.birthplace)
        if port is None:
            # A copy of a fan-out: of the packet that was sent, or passed on.
            entry = self._by_address[id.birthplace].entry
            sender = self._ports[entry]
            if sender.parents[id.number] == PASSED_ON:
                return tuple(each for each in sender.more[id.number] if isinstance(each, PacketId))
            return (PacketId(entry, id.number),)
        word = port.parents[id.number]
        if word == NONE:
            return ()
        found = port.more[id.number] if word == MORE else (word,)
        return tuple(each if isinstance(each, PacketId) else self._at(each) for each in found)

    def is_assumed(self, packet: AnyId) -> bool:
        """Say whether the parents of a packet are assumed: a class sent it, and did not say of what it was made."""
        id = self._known(packet)
        port = self._ports.get(id.birthplace)
        return port is not None and not port.is_exact and id.number not in port.declared

    def children(self, packet: AnyId) -> tuple[PacketId, ...]:
        """Return the packets that were made of a packet."""
        if self._children is None:
            self._children = {}
            for child in self:
                for parent in self.parents(child):
                    self._children.setdefault(parent, []).append(child)
        return tuple(self._children.get(self._known(packet), ()))

    def ancestors(self, packet: AnyId) -> list[PacketId]:
        """Return all that a packet was made of, directly or not, the nearest first."""
        return self._closure(self._known(packet), self.parents)

    def descendants(self, packet: AnyId) -> list[PacketId]:
        """Return all that was made of a packet, directly or not, the nearest first."""
        return self._closure(self._known(packet), self.children)

    def _closure(self, start: PacketId, step: Any) -> list[PacketId]:
        found: dict[PacketId, None] = {}
        ring = [start]
        while ring:
            ring = list(dict.fromkeys(each for id in ring for each in step(id) if each not in found))
            found.update(dict.fromkeys(ring))
        return list(found)

    def _at(self, word: int) -> PacketId:
        way, number = self._ways[word >> PLACES], word & ((1 << PLACES) - 1)
        return self._passed_on.get((way.address, number)) or PacketId(way.birthplace, number)

    # -- asking ------------------------------------------------------------------------------------

    def _need_history(self) -> None:
        if self.tracking != "history":
            hint = 'say BatchRuntime(graph, tracking="history")'
            raise InputError("only packets in flight are known, for the history was not kept", "packets", hint)

    def _known(self, packet: AnyId) -> PacketId:
        self._need_history()
        id = identity(packet)
        way = self._by_address.get(id.birthplace)
        if id.birthplace in self._ports:
            words = self._ports[id.birthplace].parents
            if id.number < len(words) and words[id.number] != PASSED_ON:
                return id
        elif way is not None and way.birthplace == way.address and id.number < way.passed:
            return id
        raise InputError(f"there was no packet {id}", id.birthplace, "`born_at(place)` lists those of one place")


def _in_hands(node: Node) -> Iterator[tuple[PacketId, Any]]:
    """Yield the packets that a node holds, or held when it was cancelled."""
    held = node.held or ({} if node.ended else node.in_hand())
    if held and node.crew is not None:
        yield from ((taken.id, taken.value) for taken in node.crew.taken())
        held = {name: port.last for name, port in node.ins.items()}
    for name, value in held.items():
        port = node.ins.get(name)
        if port is not None and port.received and value is not NOTHING:
            yield port.last_identity(), value


def identity(packet: AnyId) -> PacketId:
    """Return the identity that is meant.

    Raises:
        InputError: this names no packet.
    """
    if isinstance(packet, PacketId):
        return packet
    if isinstance(packet, Packet):
        return packet.id
    place, _, number = str(packet).rpartition("#")
    if not place or not number.isdigit():
        raise InputError(f"{packet!r} names no packet", hint="name it as in `parse.out#12`")
    return PacketId(place, int(number))
