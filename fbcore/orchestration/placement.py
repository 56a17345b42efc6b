"""Where a node does its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from fbcore.net.node import Node

Work = Callable[[], Awaitable[None]]
"""What the task of a node does: it takes packets by the node's ports, and sends by them."""


class Placement(Protocol):
    """A place where nodes do their work."""

    def put(self, node: Node, work: Work) -> Work:
        """Return what the task of a node is to do, so that its work is done at this place."""


class Here:
    """The loop of the net itself."""

    def put(self, node: Node, work: Work) -> Work:
        """Let the work be done as it is."""
        return work


HERE = Here()
"""Where work is done unless it is said otherwise."""
