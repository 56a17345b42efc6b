"""The order in which the boxes of a drawing follow each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple


class Order(NamedTuple):
    """The place of every box, from 0 on, and how many stand one behind the other at most."""

    places: Mapping[str, int]
    length: int

    def is_back(self, source: str, target: str) -> bool:
        """Say whether an arrow between two boxes leads back."""
        return self.places[source] >= self.places[target]


def order_of(boxes: Sequence[str], arrows: Iterable[tuple[str, str, bool]]) -> Order:
    """Put boxes into an order in which as few arrows as can be lead back: one in every circle.

    An arrow is a source, a target, and whether it carries data. A circle is entered where the first of the boxes
    leads to it; in a circle of both, what carries no data leads back, and of those the last.
    """
    following: dict[str, list[str]] = {box: [] for box in boxes}
    arrows = list(arrows)
    for source, target, is_data in arrows:
        if is_data:
            following[source].append(target)
    places = _places(boxes, following)
    for box, targets in following.items():
        following[box] = [target for target in targets if places[target] > places[box]]
    for source, target, is_data in arrows:
        if not is_data and source not in _walk(target, following, set()):
            following[source].append(target)
    places = _places(boxes, following)
    return Order(places, _length(sorted(boxes, key=places.__getitem__), following))


def _places(boxes: Sequence[str], following: Mapping[str, list[str]]) -> dict[str, int]:
    """Number the boxes so that arrows lead on, but for those that a walk in depth finds to lead back."""
    left: list[str] = []
    seen: set[str] = set()
    for box in boxes:
        left.extend(_walk(box, following, seen))
    return {box: place for place, box in enumerate(reversed(left))}


def _length(boxes: Iterable[str], following: Mapping[str, list[str]]) -> int:
    """Count the boxes on the longest way; they come in an order in which every arrow leads on."""
    ranks: dict[str, int] = {}
    for box in boxes:
        rank = ranks.setdefault(box, 1)
        for target in following[box]:
            ranks[target] = max(ranks.get(target, 1), rank + 1)
    return max(ranks.values(), default=0)


def _walk(start: str, following: Mapping[str, list[str]], seen: set[str]) -> Iterator[str]:
    """Yield the boxes that have not been seen and can be reached, each after all that follow it."""
    # Not by recursion, which ends after a thousand boxes.
    path = [] if start in seen else [(start, iter(following[start]))]
    seen.add(start)
    while path:
        box, rest = path[-1]
        target = next((each for each in rest if each not in seen), None)
        if target is None:
            yield box
            path.pop()
        else:
            seen.add(target)
            path.append((target, iter(following[target])))
