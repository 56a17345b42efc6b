"""Waiting for ports: who waits where, and being woken."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbcore.net.config_port import Changes
    from fbcore.net.edge import Edge
    from fbcore.net.in_port import InPort
    from fbcore.net.node import Node

BUDGET = 1000
"""Port operations that a task may do without a wait before it yields to the loop."""

NEVER = sys.maxsize
"""The low mark of an input from which nothing is taken by the fast path."""


class Wait:
    """A task that waits for ports: for a packet on one of `ports`, or for room on `edges`.

    `needs_all` says that every one of them must change before the task can go on, not any. It stands in line
    at each of them until it is woken; waking says only "look again", and carries no value. A port and an edge
    keep one for the task that commonly waits there; `future` tells one use of it from the next.
    """

    __slots__ = (
        "edges",
        "future",
        "gated",
        "is_standing",
        "line",
        "lines",
        "looks_around",
        "lowered",
        "needs_all",
        "node",
        "ports",
        "source",
    )

    def __init__(
        self, node: Node, ports: Sequence[InPort | Changes], edges: Sequence[Edge] = (), *, needs_all: bool = False
    ) -> None:
        self.node = node
        self.ports = ports
        self.edges = edges
        self.needs_all = needs_all
        self.lines = [port.waiters for port in ports] + [edge.senders for edge in edges]
        # Whoever is to wake this task must leave the fast path; their next slow operation opens it again.
        self.gated = [edge.source for port in ports for edge in port.edges]
        self.lowered = [edge.target for edge in edges] if edges else ()
        # Nearly always there is one line to stand in, and one sender to tell of it.
        self.line = self.lines[0] if len(self.lines) == 1 else None
        self.source = self.gated[0] if self.line is not None and len(self.gated) == 1 else None
        self.looks_around = bool(edges) or len(node.ins) > 1
        self.is_standing = False
        self.future: asyncio.Future[None]

    def begin(self) -> asyncio.Future[None]:
        """Stand in every line, and count; the caller awaits the future, and calls `end` whatever happens."""
        node = self.node
        net = node.net
        if node.cancelled:
            raise asyncio.CancelledError
        self.is_standing = True
        if self.source is not None and self.line is not None:
            self.line.append(self)
            self.source.gate = -1
        else:
            for line in self.lines:
                line.append(self)
            for port in self.gated:
                port.gate = -1
            for target in self.lowered:
                target.low = NEVER
        if self.looks_around:
            node.wake_owed_senders()
        waits = node.waits
        waits.append(self)
        if len(waits) == 1:
            net.parked += 1
            net.moves += 1
            if net.parked >= net.live:
                net.blocked.look_again()
        if net.watching.wants_nodes:
            net.watching.node(node.address, node.phase)
        self.future = future = net.new_future()
        return future

    def wake(self) -> bool:
        """Let the task look again; False when it is past waking, for it was cancelled."""
        if self.line is not None:
            self.is_standing = False
            self.line.remove(self)
            waits = self.node.waits
            waits.remove(self)
            if not waits:
                self.node.net.parked -= 1
        else:
            self.leave()
        future = self.future
        if future.done():
            return False
        future.set_result(None)
        return True

    def leave(self) -> None:
        """Stand in no line any more."""
        self.is_standing = False
        for line in self.lines:
            line.remove(self)
        node = self.node
        waits = node.waits
        waits.remove(self)
        if not waits:
            node.net.parked -= 1

    def end(self, future: asyncio.Future[None]) -> None:
        """Go on after a wait, woken or cancelled."""
        node = self.node
        if self.is_standing and self.future is future:
            self.leave()
            if node.trace is not None:
                node.trace.has_lost = True
        net = node.net
        node.credit = net.budget
        if net.watching.wants_nodes:
            net.watching.node(node.address, node.phase)
