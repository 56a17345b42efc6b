"""Colours of states: which ends can still be reached from each."""

from __future__ import annotations

from fbdev.explore.graph import StateGraph

DECIDED = 6
"""How many ends have a colour of their own; of more, some have the same."""

BAD, RISKY, UNDECIDED = "bad", "risky", "undecided"

_NOT_TRIED = 1


class Colours:
    """What lies ahead of each state. Sets of ends are bits of a number: there can be many of both.

    A state is `bad` if everything ahead is: a deadlock, what a check refused, or a circle without an exit. It is
    `risky` if something ahead is, and `undecided` if several ends are ahead, or steps that were not tried. Else only
    one end is, and its colour is that of the state: `end0` to `end5`.
    """

    def __init__(self, graph: StateGraph) -> None:
        self._ends = [state.number for state in graph.states if state.is_end or state.is_wrong]
        bits = {number: 2 << place for place, number in enumerate(self._ends)}
        self._bad = sum(bits[number] for number in self._ends if graph.states[number].is_wrong)
        self._good = [number for number in self._ends if not graph.states[number].is_wrong]
        self._place = {bits[number]: place for place, number in enumerate(self._good)}
        self.ahead = _ahead(graph, bits)

    def tone(self, number: int) -> str:
        """Return the name of a state's colour."""
        ahead = self.ahead[number]
        if not ahead & ~self._bad:
            return BAD
        if ahead & self._bad:
            return RISKY
        place = self._place.get(ahead)
        return UNDECIDED if place is None else f"end{place % DECIDED}"

    def ends(self, number: int) -> list[int]:
        """Return the ends that are known to lie ahead of a state."""
        ahead = self.ahead[number] >> 1
        return [end for place, end in enumerate(self._ends) if ahead >> place & 1]

    @property
    def of_good_ends(self) -> dict[int, str]:
        """The names of the colours of the ends with which nothing is wrong."""
        return {number: f"end{place % DECIDED}" for place, number in enumerate(self._good)}

    def is_open(self, number: int) -> bool:
        """Tell whether steps that were not tried lie ahead of a state."""
        return bool(self.ahead[number] & _NOT_TRIED)

    def count(self, number: int) -> int:
        """Count the ends that are known to lie ahead of a state."""
        return (self.ahead[number] >> 1).bit_count()


def _ahead(graph: StateGraph, bits: dict[int, int]) -> list[int]:
    found = [0] * len(graph.states)
    for component in graph.components():
        ahead = 0
        for number in component:
            state = graph.states[number]
            ahead |= bits.get(number, 0) | (_NOT_TRIED if state.is_open else 0)
            for targets in state.steps.values():
                for target in targets:
                    ahead |= found[target]
        for number in component:
            found[number] = ahead
    return found
