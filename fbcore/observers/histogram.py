"""How often something took how long: counts of durations in buckets, at a few tenths of a microsecond for each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

SECONDS = (
    *(0.000_01, 0.000_1, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 60.0),
)
"""The upper bounds of buckets, if nobody says others: from ten microseconds to a minute."""


class Histogram:
    """Counts of durations, one for each bucket and one for what is longer than all; and their sum in seconds."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration; one that is equal to a bound lies in its bucket."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def take_in(self, other: Histogram) -> None:
        """Count all that another one, with the same bounds, has counted."""
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def buckets(self) -> list[tuple[str, float]]:
        """Return how many took at most so long, for each bound and without bound."""
        bounds = [*map(_text, self._bounds), "+Inf"]
        return list(zip(bounds, map(float, accumulate(list(self.counts))), strict=True))


def _text(bound: float) -> str:
    return str(float(bound))
