"""What metrics are made of: families of counts, readings and durations, by their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from fbcore.observers.histogram import Histogram

Labels = tuple[str, ...]
"""The values of the labels of one series, in the order of the names in its family."""


class Family(NamedTuple):
    """One metric: its name, of which kind it is, the names of its labels, and what it means."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: Labels
    help: str


_PORT = ("net", "node", "port")

PUT = Family("fbcore_edge_put", "counter", ("net", "edge"), "Packets put onto an edge.")
TAKEN = Family("fbcore_edge_taken", "counter", ("net", "edge"), "Packets taken from an edge.")
FILL = Family("fbcore_edge_fill", "gauge", ("net", "edge"), "Packets that lie on an edge.")
CAPACITY = Family("fbcore_edge_capacity", "gauge", ("net", "edge"), "Packets that an edge has room for.")
BYTES = Family("fbcore_edge_bytes", "gauge", ("net", "edge"), "Bytes that lie on an edge on which they are bounded.")
LOST = Family("fbcore_edge_lost", "counter", ("net", "edge", "how"), "Packets that an edge expired, or dropped.")
WAIT = Family("fbcore_edge_wait_seconds", "histogram", ("net", "edge"), "How long packets have lain on an edge.")
RECEIVED = Family("fbcore_port_received", "counter", _PORT, "Packets that a node has taken at an input.")
SENT = Family("fbcore_port_sent", "counter", _PORT, "Packets that a node has sent by an output; a fan-out counts once.")
DISCARDED = Family("fbcore_port_discarded", "counter", _PORT, "Packets sent by an output that nobody takes from.")
DROPPED = Family("fbcore_port_dropped", "counter", _PORT, "Packets dropped in a node, as its policies say.")
FIRING = Family("fbcore_firing_seconds", "histogram", ("net", "node"), "How long calls of a function took.")
FAILED = Family(
    "fbcore_firing_failed",
    "counter",
    ("net", "node", "error"),
    "Calls of a function that raised, by class.",
)
RETRIES = Family("fbcore_firing_retries", "counter", ("net", "node"), "Further attempts of firings.")
RESTARTS = Family("fbcore_node_restarts", "counter", ("net", "node"), "How often a node was begun anew.")
RELEASES = Family("fbcore_node_releases", "counter", ("net", "node"), "How often a policy has ended a node.")
ERRORS = Family(
    "fbcore_node_errors", "counter", ("net", "node", "error"), "Errors that ended or restarted a node, by class."
)
LETTERS = Family("fbcore_node_dead_letters", "counter", ("net", "node", "error"), "Dead letters, by class of error.")
ABANDONED = Family("fbcore_node_threads_abandoned", "counter", ("net", "node"), "Threads that were left behind.")
FORGOTTEN = Family("fbcore_node_keys_forgotten", "counter", ("net", "node"), "Keys that are not remembered any more.")
NOTICES = Family("fbcore_node_notices", "counter", ("net", "node"), "Notices: slow turns, nodes that hold up a net.")
PHASE = Family("fbcore_node_phase", "gauge", ("net", "node", "phase"), "Nodes of that address in that phase.")
RUNNING = Family("fbcore_net_running", "gauge", ("net",), "Nets of that name that run now.")
OUTSTANDING = Family("fbcore_net_outstanding", "gauge", ("net",), "Timers, threads and other waits of a net.")
LAG = Family("fbcore_net_loop_lag_seconds", "gauge", ("net",), "How long the net's loop took to answer this reading.")
LEFT = Family("fbcore_net_left", "counter", ("net", "how"), "Packets left in nets at their ends: unread, held, unsent.")
RUNS = Family("fbcore_net_runs", "counter", ("net", "outcome"), "Nets that have ended, by how they ended.")
SECONDS = Family("fbcore_net_run_seconds", "counter", ("net",), "How long nets that have ended have run.")

FAMILIES = (
    *(PUT, TAKEN, FILL, CAPACITY, BYTES, LOST, WAIT, RECEIVED, SENT, DISCARDED, DROPPED),
    *(FIRING, FAILED, RETRIES, RESTARTS, RELEASES, ERRORS, LETTERS, ABANDONED, FORGOTTEN, NOTICES, PHASE),
    *(RUNNING, OUTSTANDING, LAG, LEFT, RUNS, SECONDS),
)


class Tally:
    """Values of families, by labels; nets that have ended have left theirs in one, and each that runs has its own."""

    __slots__ = ("_bounds", "durations", "values")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.values: dict[Family, dict[Labels, float]] = {}
        self.durations: dict[Family, dict[Labels, Histogram]] = {}

    def add(self, family: Family, labels: Labels, value: float = 1) -> None:
        """Add to a value; what was not there was nothing."""
        values = self.values.setdefault(family, {})
        values[labels] = values.get(labels, 0) + value

    def duration(self, family: Family, labels: Labels) -> Histogram:
        """Return the durations under these labels, to add to them."""
        found = self.durations.setdefault(family, {})
        if labels not in found:
            found[labels] = Histogram(self._bounds)
        return found[labels]

    def take_in(self, other: Tally, *, is_over: bool = False) -> None:
        """Add all of another; where its net is over, without what was only true while it ran."""
        for family, values in list(other.values.items()):
            if family.kind == "counter" or not is_over:
                for labels, value in list(values.items()):
                    self.add(family, labels, value)
        for family, durations in list(other.durations.items()):
            for labels, histogram in list(durations.items()):
                self.duration(family, labels).take_in(histogram)
