"""What policies remember from one packet to the next, so that it can be compared, written down and taken up again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol


class RemembersPolicy(Protocol):
    """What acts around the firings of a node, and remembers something from one to the next."""

    def state(self, origin: float) -> Any:
        """Return what it remembers, as data that JSON has, with times from an origin on; None for as it begins."""

    def take(self, state: Any) -> None:
        """Go on with what another one has remembered, its times from 0 on."""


def states_of(policies: Iterable[RemembersPolicy], origin: float) -> list[Any] | None:
    """Return what policies remember, in order; None where that is nothing."""
    states = [policy.state(origin) for policy in policies]
    return states if any(state is not None for state in states) else None


def since(time: float, origin: float) -> float:
    """Return a time from an origin on, rounded, as sums of floats are not exact; from 0 on it is what it is.

    Who takes it up would else ring a timer before another one that is due at the same time.
    """
    return round(time - origin, 9) if origin else time
