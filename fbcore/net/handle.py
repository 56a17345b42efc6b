"""A net as its components see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbcore.net.net import Net
    from fbcore.net.options import HowToStop


class Handle:
    """A running net to its components: `fbcore.model.component.NetHandle`."""

    __slots__ = ("_net",)

    def __init__(self, net: Net) -> None:
        self._net = net

    @property
    def name(self) -> str:
        """The name of the graph that the net was made of."""
        return self._net.name

    def time(self) -> float:
        """Return the time of the net's loop, in seconds."""
        return self._net.loop.time()

    def stop(self, reason: str = "", how: HowToStop = "at once") -> None:
        """Stop the net at once, or drain it."""
        # An exception is a reason as good as any.
        self._net.stop_by(how)(str(reason))
