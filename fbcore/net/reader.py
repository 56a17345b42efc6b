"""Whoever reads a stream, as a node of the net: everything that comes out is its one input."""

from __future__ import annotations

from contextvars import Context
from typing import TYPE_CHECKING, Any

from fbcore.model.packet import NOTHING
from fbcore.net.failure import node_error
from fbcore.net.in_port import InPort
from fbcore.net.node import Node
from fbcore.net.phase import Phase
from fbcore.net.wait import Wait

if TYPE_CHECKING:
    from fbcore.net.net import Net

_ELSEWHERE = ["the reader has not asked for the next packet"]
_HERE: list[str] = []


class Reader(Node):
    """The node `outputs` of a net that is read as a stream; it has no task, for the reader's own task does its work.

    All edges to outputs share its input, so that packets are read in the order of their arrival. A packet is
    taken in the turn in which it is handed over, so that a reader that is cancelled while it waits loses none.
    While the reader is elsewhere this node waits for nothing, and the net is not blocked. `outputs` has for the
    address of each edge the name of the output that it leads to.
    """

    has_task = False

    def __init__(self, net: Net) -> None:
        super().__init__(net, "outputs", "reader")
        self.port = self.ins["any output"] = InPort(self, "any output")
        self.port.address = self.address
        self.busy_with = _ELSEWHERE
        self.outputs: dict[str, str] = {}
        self._wait: Wait | None = None
        self._will_wake = False

    def begin(self) -> None:
        """Be there for the net that begins to run."""
        self._enter(Phase.RUNNING)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the net may go on when the reader comes back."""
        return not self.ended and not self.waits

    @property
    def has_all(self) -> bool:
        """Whether everything has been read, and nothing can come any more."""
        return self.port.is_closed and not self.port.queue

    async def read(self) -> tuple[str, Any] | None:
        """Return the next packet as (output, value), waiting for it; None when nothing can come any more."""
        port = self.port
        self.credit -= 1
        if self.credit <= 0:
            await self.give_way("receive", (port,))
        while not self.ended:
            if port.queue:
                return self._take()
            if port.is_closed:
                self.leave()
            else:
                await self._stand()
        return None

    async def _stand(self) -> None:
        if self._wait is None:
            self._wait = Wait(self, (self.port,))
        self.busy_with = _HERE
        future = self._wait.begin()
        try:
            await future
        finally:
            self._wait.end(future)
            self.busy_with = _ELSEWHERE

    def _take(self) -> tuple[str, Any]:
        port = self.port
        edge = port.queue[0][0] if port.edges[0].shared else port.edges[0]
        output, value = self.outputs[edge.address], port.take()
        port.last = NOTHING
        if port.changed is not None:
            # The net fails; the packet has come out all the same.
            changed, port.changed = port.changed, None
            self.net.node_failed(self, node_error(changed, self.address, {output: value}))
        if edge.senders and not self._will_wake:
            # Less than half the edge is free. Senders need not be woken for every packet, but when the reader
            # turns to something else: it may be waiting for what they do next.
            self._will_wake = True
            self.net.loop.call_soon(self._wake_senders, context=Context())
        return output, value

    def _wake_senders(self) -> None:
        self._will_wake = False
        self.wake_owed_senders()

    def read_so_far(self) -> dict[str, int]:
        """Return how many packets of each output have been read."""
        counts = dict.fromkeys(self.outputs.values(), 0)
        for edge in self.port.edges:
            counts[self.outputs[edge.address]] += edge.left
        return counts

    def cancel(self) -> None:
        """Go on: what came out of a net before it was cancelled can still be read."""

    def leave(self) -> None:
        """Read no more; what lies here is unread."""
        self.finish(Phase.ENDED if self.has_all else Phase.CANCELLED)

    def finish(self, phase: Phase) -> None:
        """Leave the net, and wake the reader if it waits: nothing will come any more."""
        for wait in list(self.waits):
            wait.wake()
        super().finish(phase)
