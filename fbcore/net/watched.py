"""Calls of functions that somebody watches: how long each took, what it raised, and who is told around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fbcore.model.packet import NOTHING, Packet
from fbcore.net.failure import ENDINGS

if TYPE_CHECKING:
    from fbcore.net.node import Node
    from fbcore.net.observe import Over

Packets = Sequence[Packet[Any]]


def watched(node: Node) -> Watched | None:
    """Return what tells of the calls in a node; None when nobody wants to hear of them, and nothing is to be done."""
    watching = node.net.watching
    return Watched(node) if watching.wants_firings or watching.wants_fired else None


class Watched:
    """Tells observers of the calls of a node's function; `needs_packets` says that they want to know of what."""

    __slots__ = ("address", "clock", "fired", "needs_packets", "node", "watching")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.address = node.address
        self.watching = node.net.watching
        self.needs_packets = self.watching.wants_firings
        # Not `loop.time`: uvloop's is as old as the pass of its loop.
        self.clock: Callable[[], float] = node.net.loop.time if node.net.is_stepped else perf_counter
        self.fired = self.watching.fired

    def packets(self) -> Packets:
        """Return the packets in the node's hands, for which it is about to fire; none where nobody asks."""
        return packets_in_hand(self.node) if self.needs_packets else ()

    def call(self, packets: Packets) -> Call:
        """Tell of what is done in the block of a `with`."""
        return Call(self, packets)

    def around(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Return a function that does the same with one value, and tells; the packet is the one in the node's hands."""
        if self.needs_packets:
            return lambda value: self._told(function, value)
        address, clock, fired = self.address, self.clock, self.fired

        def timed(value: Any) -> Any:
            began = clock()
            try:
                result = function(value)
            except BaseException as error:
                fired(address, clock() - began, failure_in(error))
                raise
            fired(address, clock() - began, None)
            return result

        return timed

    def _told(self, function: Callable[[Any], Any], value: Any) -> Any:
        with Call(self, self.packets()):
            return function(value)


class Call:
    """One call, from when the block is entered until it is left."""

    __slots__ = ("_began", "_over", "_packets", "_watched")

    def __init__(self, watched: Watched, packets: Packets) -> None:
        self._watched = watched
        self._packets = packets
        self._over: Over | None = None

    def __enter__(self) -> None:
        watched = self._watched
        if watched.watching.wants_firings:
            self._over = watched.watching.firing(watched.address, self._packets)
        self._began = watched.clock()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        watched = self._watched
        seconds, failure = watched.clock() - self._began, failure_in(error)
        if self._over is not None:
            self._over(failure)
        if watched.watching.wants_fired:
            watched.fired(watched.address, seconds, failure)


def packets_in_hand(node: Node) -> tuple[Packet[Any], ...]:
    """Return the packets that a node has taken and not yet done with, with their identities; a signal is one, too."""
    ports = [port for port in node.ins.values() if port.last is not NOTHING]
    return tuple(Packet(port.last, port.last_identity()) for port in ports)


def failure_in(error: BaseException | None) -> BaseException | None:
    """Return an error that is a failure: the end of a stream, of demand or of the net is none."""
    return None if isinstance(error, ENDINGS) else error
