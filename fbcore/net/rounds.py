"""Work that is done again and again: until nothing can come any more, and not in a circle that stands still."""

from __future__ import annotations

import asyncio

from fbcore.errors import PortError
from fbcore.net.node import Node

MOST = 1000
"""Rounds within a second in which nothing was received or sent, before the node is failed instead of left spinning."""


class Rounds:
    """Counts the rounds of a node; `are_over` when each of its inputs has ended and is drained, if it has any.

    A signal that is declared is an input, too; `execute`, which every node may have, begins rounds and ends none.
    """

    def __init__(self, node: Node) -> None:
        self.are_over = False
        self._node = node
        self._inputs = [port for name, port in node.ins.items() if name != "execute"]
        self._moved = self._count()
        self._idle = 0
        self._since = 0.0

    async def end(self) -> None:
        """Say that a round has ended, and let everyone else have a turn when nothing was received or sent in it.

        Raises:
            PortError: that was so in very many rounds, one right after the other.
        """
        self.are_over = bool(self._inputs) and all(port.is_closed and not port.queue for port in self._inputs)
        moved = self._count()
        if self.are_over or moved != self._moved:
            self._idle, self._moved = 0, moved
            return
        time = self._node.net.loop.time()
        if self._idle == 0:
            self._since = time
        self._idle += 1
        if self._idle >= MOST:
            if time - self._since < 1:
                self._fail()
            self._idle = 0
        await asyncio.sleep(0)

    def _count(self) -> int:
        outs = (*self._node.outs.values(), self._node.error)
        return sum(port.received for port in self._inputs) + sum(port.sent for port in outs)

    def _fail(self) -> None:
        hint = "receive in it what it works on, wait between two looks, or leave `loop` away"
        what = f"its work was done {MOST:,} times within a second, and nothing was received or sent"
        raise PortError(what, self._node.address, hint)
