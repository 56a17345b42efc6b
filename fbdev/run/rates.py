"""How fast things move: packets a second over the last second."""

from collections import deque

from fbcore.net.report import Result, Snapshot

WINDOW = 1.0
"""Seconds that a rate is taken over."""


class Rates:
    """Rates of all nodes, and of the whole net, from one snapshot to the next."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, dict[str, int], int]] = deque()
        self.has_pauses = False
        """Whether policies have let a node wait, so that there is to be room for saying so."""

    def add(self, snapshot: Snapshot, *, since_start: bool = False) -> None:
        """Take another snapshot into account; `since_start` makes its rates those of the whole run."""
        if since_start:
            self._seen.clear()
            self._seen.append((0.0, {}, 0))
        self.has_pauses = self.has_pauses or any(node.pause for node in snapshot.nodes.values())
        handled = {node.address: max(node.received, node.sent) for node in snapshot.nodes.values()}
        self._seen.append((snapshot.seconds, handled, moved(snapshot)))
        while len(self._seen) > 2 and snapshot.seconds - self._seen[1][0] >= WINDOW:
            self._seen.popleft()

    def of_node(self, address: str) -> float:
        """Return how many packets a second a node handles: the more of those that come in and those that go out."""
        if not self._seen:
            return 0.0
        return self._over(self._seen[-1][1].get(address, 0) - self._seen[0][1].get(address, 0))

    def of_net(self) -> float:
        """Return how many packets a second all edges carry."""
        return self._over(self._seen[-1][2] - self._seen[0][2]) if self._seen else 0.0

    def is_still(self) -> bool:
        """Say whether nothing has moved for the whole of the last second."""
        if not self._seen or self._seen[-1][0] - self._seen[0][0] < WINDOW:
            return False
        return self._seen[-1][2] == self._seen[0][2]

    def _over(self, packets: int) -> float:
        seconds = self._seen[-1][0] - self._seen[0][0]
        return packets / seconds if seconds > 0 else 0.0


def moved(state: Snapshot | Result) -> int:
    """Return how many packets all edges have carried so far."""
    return sum(edge.put for edge in state.edges.values())
