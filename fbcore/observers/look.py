"""A look at a net that runs: what is read of it on its own loop, which waits meanwhile."""

from __future__ import annotations

from fbcore.net.view import NetView


class Look:
    """What a net is like at one moment, as it is; to make metrics of it there is time elsewhere.

    `ports` has for each its node, its name, whether it is an input, and the packets that passed and were discarded;
    `lost` has for each edge that may lose packets how many expired and were dropped.
    """

    __slots__ = (
        "abandoned",
        "dropped",
        "forgotten",
        "lag",
        "lost",
        "outstanding",
        "ports",
        "restarts",
        "retries",
        "state",
    )

    def __init__(self, net: NetView, lag: float | None, *, is_outside: bool = False) -> None:
        self.state = net.snapshot()
        self.ports = [(each.node, each.name, each.is_input, each.passed, each.discarded) for each in net.ports.values()]
        self.lost = [(each.address, each.expired, each.dropped) for each in net.edges.values() if each.may_lose]
        self.retries, self.restarts = net.retries, net.restarts
        self.abandoned, self.dropped, self.forgotten = net.abandoned, net.dropped, net.forgotten
        # Tasks can be looked at in the thread of their loop alone.
        self.outstanding = None if lag is None or is_outside else len(net.outstanding)
        self.lag = lag
