"""Where the nodes of a net stand, in words: of each anew only when it has come elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fbcore.net.node import Node
from fbcore.net.phase import Phase
from fbcore.net.trail import Trail


class _Place:
    """What a node was found at: its phase, how its last turn ended, and how many port operations it had come to."""

    __slots__ = ("count", "end", "node", "phase", "trail")

    def __init__(self, node: Node, trail: Trail) -> None:
        self.node = node
        self.trail = trail
        self.phase: Phase | None = None
        self.end = ""
        self.count = -1

    def __str__(self) -> str:
        trace = self.node.trace
        assert self.phase is not None
        if self.node.ended:
            return str(self.phase)
        if trace is None or not self.trail.is_at_a_port:
            return f"{self.phase.value}, {self.end}"
        return f"{self.phase.value}: {trace.verb} {', '.join([port.name for port in trace.ports])}"


class Whereabouts:
    """Where all nodes of a net stand. Most steps move one of them, so what is said of the others is said again."""

    __slots__ = ("_places", "_said")

    def __init__(self, nodes: Sequence[Node], trails: Mapping[str, Trail]) -> None:
        self._places = [_Place(node, trails[node.address]) for node in nodes]
        self._said: dict[str, str] = {}

    def tell(self) -> dict[str, str]:
        """Return where each node stands, by address."""
        for place in self._places:
            node, end = place.node, place.trail.end
            # As `Node.phase` is found, and without a call: this is done for every node at every step.
            phase = node.life
            if phase is Phase.RUNNING and node.waits:
                phase = Phase.SENDING if node.waits[0].edges else Phase.RECEIVING
            count = node.trace.count if node.trace is not None else 0
            if phase is not place.phase or count != place.count or end != place.end:
                place.phase, place.count, place.end = phase, count, end
                self._said[node.address] = str(place)
        return self._said.copy()
