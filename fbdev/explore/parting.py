"""Where the order of steps begins to decide: the first state whose steps leave different ends to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fbdev.explore.graph import StateGraph


@dataclass(frozen=True, slots=True)
class Parting:
    """The steps to a state, and which ends can still come after each step that is possible there, by their numbers."""

    schedule: tuple[str, ...]
    ways: Mapping[str, frozenset[int]]


def parting(graph: StateGraph, ends: Sequence[Mapping[str, str]]) -> Parting | None:
    """Return where orders part first, in the fewest steps; None when every order comes to the same of these ends."""
    ahead = _ends_ahead(graph, ends)
    ways_in = shortest_ways(graph)
    for number in ways_in:
        steps = graph.states[number].steps
        ways = {process: frozenset().union(*(ahead[each] for each in targets)) for process, targets in steps.items()}
        if len(set(ways.values())) > 1:
            return Parting(way_to(ways_in, number), ways)
    return None


Ways = Mapping[int, tuple[int, str] | None]
"""From which state, and by which process, each state is reached in the fewest steps; the nearest first."""


def shortest_ways(graph: StateGraph) -> Ways:
    """Return the shortest ways to all states."""
    came: dict[int, tuple[int, str] | None] = {0: None} if graph.states else {}
    queue = list(came)
    for number in queue:
        for process, targets in graph.states[number].steps.items():
            for target in targets:
                if target not in came:
                    came[target] = number, process
                    queue.append(target)
    return came


def way_to(ways: Ways, number: int) -> tuple[str, ...]:
    """Return the schedule of the shortest way to a state."""
    path: list[str] = []
    while (before := ways[number]) is not None:
        number, process = before
        path.append(process)
    return tuple(reversed(path))


def _ends_ahead(graph: StateGraph, ends: Sequence[Mapping[str, str]]) -> dict[int, frozenset[int]]:
    """Return the ends that can be reached from each state, by their places among the ends."""
    place_of = places_of_ends(graph, ends)
    found: dict[int, frozenset[int]] = {}
    for component in graph.components():
        reached: set[int] = set()
        for number in component:
            if number in place_of:
                reached.add(place_of[number])
            for targets in graph.states[number].steps.values():
                reached.update(*(found[target] for target in targets if target in found))
        found.update(dict.fromkeys(component, frozenset(reached)))
    return found


def places_of_ends(graph: StateGraph, ends: Sequence[Mapping[str, str]]) -> dict[int, int]:
    """Return the place among the ends of each state that is one.

    States that read alike stand for ends that read alike in the order in which they were found, if there are as many.
    """
    of_text: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for place, end in enumerate(ends):
        of_text.setdefault(tuple(sorted(end.items())), []).append(place)
    alike: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for state in graph.states:
        if state.is_end:
            alike.setdefault(tuple(sorted(state.reached.items())), []).append(state.number)
    found: dict[int, int] = {}
    for text, numbers in alike.items():
        places = of_text.get(text, [])
        if len(places) != len(numbers):
            places = places[:1] * len(numbers)
        found.update(zip(numbers, places, strict=False))
    return found
