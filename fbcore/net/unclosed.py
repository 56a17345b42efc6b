"""Knowing of a net that was dropped before its end what it left open."""

from __future__ import annotations

import os
import sys
import weakref
from asyncio import CancelledError
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from fbcore.model.address import Place
from fbcore.model.log import LogSource, warn_unclosed

if TYPE_CHECKING:
    from fbcore.net.net import Net
    from fbcore.net.node import Node

_PACKAGE = __file__.rpartition(f"net{os.sep}")[0]
_STDLIB = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib takes 4 ms to import

_MOST = 8
"""Nodes, ports and edges that are named of each."""


class Unclosed:
    """What of a running net is open, and the one finalizer that warns when the net is dropped like this.

    It knows addresses alone: whatever led back to the net would keep it. A net that was never begun holds nothing, and
    may be dropped without a word.
    """

    __slots__ = ("_edges", "_finalizer", "_nodes", "_place", "_source")

    def __init__(self, source: LogSource) -> None:
        self._source = source
        self._place = _place_outside()
        self._nodes: dict[str, tuple[str, ...]] = {}
        self._edges: list[tuple[str, str, str]] = []
        self._finalizer: weakref.finalize[..., object] | None = None

    def watch(self, net: Net) -> None:
        """Take down what is open, now that the net begins."""
        self._nodes = {node.address: (*node.ins, *node.outs) for node in net.nodes if not node.ended}
        self._edges = [
            (edge.address, edge.source.node.address, edge.target.node.address if edge.target.node is not None else "")
            for edge in net.edges
        ]
        self._finalizer = weakref.finalize(net, self._dropped)
        # At the end of the program nobody has dropped anything.
        self._finalizer.atexit = False

    def closed(self, address: str) -> None:
        """Hear that a node has ended, and closed its ports."""
        self._nodes.pop(address, None)

    def forget(self) -> None:
        """Hear that the net has ended, or that somebody else tells of it."""
        if self._finalizer is not None:
            self._finalizer.detach()

    def warn(self) -> None:
        """Warn that the net is being dropped, unless that was said already."""
        if self._finalizer is not None:
            self._finalizer()

    def _dropped(self) -> None:
        warn_unclosed(f"was dropped before its end{self.told()}; await its run, or stop it", self._source)

    def told(self) -> str:
        """Say where the net was made, and what of it is open."""
        ports = [f"{address}.{port}" for address, names in self._nodes.items() for port in names]
        edges = [address for address, *ends in self._edges if any(end in self._nodes for end in ends)]
        made = f" (made at {self._place})" if self._place is not None else ""
        what = {"nodes": list(self._nodes), "ports": ports, "edges": edges}
        return made + "".join(f"; open {name}: {_few(them)}" for name, them in what.items() if them)


def drop(net: Net) -> None:
    """Warn of a net whose coroutines are closed by the garbage collector; nobody is there to be told or woken."""
    net.unclosed.warn()
    for node in net.nodes:
        node.ended = True


def is_dropped(node: Node, causes: Sequence[BaseException]) -> bool:
    """Say whether what has left a node is nobody's, for its net was dropped, and so are all other nodes."""
    if node.ended:
        return True
    net = node.net
    if net.host is not None and net.host.cancelling() and all(isinstance(each, CancelledError) for each in causes):
        # Whoever cancels all tasks, as `asyncio.run` does at its end, may have come to the node before its net.
        net.stop_at_once("cancelled from outside")
        return True
    is_closing = net.loop.is_closed() or any(isinstance(each, GeneratorExit) for each in causes)
    if not is_closing and not net.is_stepped and not net.loop.is_running():
        # Something was awaited on the way out. On a loop that runs, an iterator of a component's own was closed.
        is_closing = any(isinstance(each.__context__, GeneratorExit) for each in causes)
    if is_closing:
        drop(net)
    return is_closing


def _few(addresses: Sequence[str]) -> str:
    rest = len(addresses) - _MOST
    return ", ".join(addresses[:_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _place_outside() -> Place | None:
    """Return the innermost line that is neither ours nor Python's own; None in a thread that has no other."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_PACKAGE, _STDLIB, "<")):
            return Place(file, frame.f_lineno)
        frame = frame.f_back
    return None
