"""How many bytes it takes to know a state again, as nearly as can be told without looking at everything twice."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator

_ONE_IN = 32
"""Of so many states one is looked into; the others are taken to be like it."""


class Scales:
    """Weighs what tells states from others: what all of them share, such as names and types, weighs nothing."""

    __slots__ = ("_count", "_inside", "_last")

    def __init__(self) -> None:
        self._count = 0
        self._inside = 0
        self._last: dict[int, object] = {}

    def weigh(self, key: Hashable) -> int:
        """Return the bytes that a key takes."""
        if self._count % _ONE_IN == 0:
            # Kept until the next one, for what is gone leaves its identity to others.
            parts = {id(part): part for part in _parts(key)}
            self._inside = sum(sys.getsizeof(part) for number, part in parts.items() if number not in self._last)
            self._last = parts
        self._count += 1
        return sys.getsizeof(key) + self._inside


def _parts(key: object) -> Iterator[object]:
    """Yield what a key holds, and what the tuples in it hold; types and the like are there without it."""
    for part in key if isinstance(key, tuple) else ():
        if isinstance(part, tuple):
            yield part
            yield from _parts(part)
        elif not isinstance(part, type):
            yield part
