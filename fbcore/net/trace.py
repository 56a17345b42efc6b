"""What a node does on a stepped loop: the port operation it is at, and the packets that it took and put."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.net.crew import current_hand

if TYPE_CHECKING:
    from fbcore.model.packet import PacketId
    from fbcore.net.edge import Edge
    from fbcore.net.node import Node


class Move(NamedTuple):
    """A packet that one step took from an edge, put onto one, or returned; of a fan-out there is one for every edge."""

    node: str
    verb: str
    port: str
    edge: str
    value: Any
    id: PacketId


class Trace:
    """What a node is doing.

    `verb` is the port operation that it has come to: `receive`, `select`, `zip`, `send`, or `changes` of a config,
    or "" before the first; `ports` are those that it is about. `count` says how many operations it has come to.
    `moves` are the packets that moved in the step that runs, of all nodes of the net; None where nobody steps it.
    `puts` counts what each output has put, and `skips` says how many are not to be put, for they were before this
    node was begun anew. `order` is that in which a `select` looks at its ports; `has_lost` says that a wait was
    given up, by a time-out, say.
    """

    __slots__ = ("count", "has_lost", "loop", "moves", "node", "order", "ports", "puts", "skips", "verb")

    def __init__(self, node: Node, moves: list[Move] | None) -> None:
        self.node = node
        self.loop: Any = node.net.loop
        self.moves = moves
        self.verb = ""
        self.ports: Sequence[Any] = ()
        self.count = 0
        self.puts: dict[str, int] = {}
        self.skips: dict[str, int] = {}
        self.order: tuple[str, ...] = ()
        self.has_lost = False

    @property
    def is_receiving(self) -> bool:
        """Whether the node has come to where it wants packets."""
        return self.verb in ("receive", "select", "zip")

    def comes_to(self, verb: str, ports: Sequence[Any]) -> None:
        """Hear that the node has come to its next port operation; one of several firings is not the node."""
        if self.node.crew is None or current_hand.get() is None:
            self.verb = verb
            self.ports = ports
            self.count += 1

    def took(self, port: Any, edge: Edge, value: Any, id: PacketId) -> None:
        """Hear that the node took a packet from an edge."""
        if self.moves is not None:
            self.moves.append(Move(self.node.address, "took", port.name, edge.address, value, id))
        if self.loop.touched is not None:
            self._touch(edge, "head")

    def put(self, port: Any, edge: Edge, value: Any, id: PacketId) -> None:
        """Hear that the node put a packet onto an edge."""
        if self.moves is not None:
            self.moves.append(Move(self.node.address, "sent", port.name, edge.address, value, id))
        if self.loop.touched is not None:
            self._touch(edge, "tail")

    def returned(self, port: Any, edge: Edge, value: Any, id: PacketId) -> None:
        """Hear that the node put a packet back that it had taken."""
        if self.moves is not None:
            self.moves.append(Move(self.node.address, "returned", port.name, edge.address, value, id))
        if self.loop.touched is not None:
            self._touch(edge, "head")

    def is_skipped(self, port: str) -> bool:
        """Say whether the next packet of an output was put already, and count it."""
        left = self.skips.get(port, 0)
        if left:
            self.skips[port] = left - 1
            self.count_put(port)
        return left > 0

    def count_put(self, port: str) -> None:
        """Count a packet that leaves by an output, wherever it goes."""
        self.puts[port] = self.puts.get(port, 0) + 1

    def _touch(self, edge: Edge, end: str) -> None:
        """Announce the end of an edge that changes; several edges into one port change the order there too."""
        for each in ("head", "tail") if edge.is_raced else (end,):
            self.loop.touch("edge", f"{edge.address} {each}")
        if edge.shared:
            self.loop.touch("port", edge.target.address)
