"""Colours of states: which ends can still be reached from each."""

from __future__ import annotations

from fbdev.explore.graph import StateGraph

DECIDED = 6
"""How many ends have a colour of their own; of more, some have the same."""

BAD, RISKY, UNDECIDED = "bad", "risky", "undecided"

_NOT_TRIED, _MORE_GOOD, _MORE_BAD = 1, 2, 4
_FIRST = 3
"""Bits before those of ends: steps that were not tried, and ends beyond those that have a bit."""

_TOLD_APART = 1000
"""Ends that are told apart. Of tens of thousands, sets of them would take as much memory as the states."""


class Colours:
    """What lies ahead of each state. Sets of ends are bits of a number: there can be many of both.

    A state is `bad` if everything ahead is: a deadlock, what a check refused, or a circle without an exit. It is
    `risky` if something ahead is, and `undecided` if several ends are ahead, or steps that were not tried. Else only
    one end is, and its colour is that of the state: `end0` to `end5`.
    """

    def __init__(self, graph: StateGraph) -> None:
        ends = [state.number for state in graph.states if state.is_end or state.is_wrong]
        self._ends = ends[:_TOLD_APART]
        self._good = [number for number in ends if not graph.states[number].is_wrong]
        self._places = {number: place for place, number in enumerate(self._good)}
        bits = {number: 1 << place + _FIRST for place, number in enumerate(self._ends)}
        for number in ends[_TOLD_APART:]:
            bits[number] = _MORE_BAD if graph.states[number].is_wrong else _MORE_GOOD
        self._bad = _MORE_BAD | sum(bits[number] for number in self._ends if graph.states[number].is_wrong)
        self.ahead = _ahead(graph, bits)
        self._tones: dict[int, str] = {}

    def tone(self, number: int) -> str:
        """Return the name of a state's colour."""
        ahead = self.ahead[number]
        if ahead not in self._tones:
            self._tones[ahead] = self._tone(ahead)
        return self._tones[ahead]

    def _tone(self, ahead: int) -> str:
        if not ahead & ~self._bad:
            return BAD
        if ahead & self._bad:
            return RISKY
        if ahead & (ahead - 1) or ahead < 1 << _FIRST:
            return UNDECIDED
        end = self._ends[ahead.bit_length() - 1 - _FIRST]
        return f"end{self._places[end] % DECIDED}"

    @property
    def of_good_ends(self) -> dict[int, str]:
        """The names of the colours of the ends with which nothing is wrong."""
        return {number: f"end{place % DECIDED}" for number, place in self._places.items()}

    def ends(self, number: int) -> list[int]:
        """Return the ends that are known to lie ahead of a state, as far as they are told apart."""
        ahead = self.ahead[number] >> _FIRST
        return [end for place, end in enumerate(self._ends) if ahead >> place & 1]

    def count(self, number: int) -> str:
        """Say how many ends are known to lie ahead of a state."""
        ahead = self.ahead[number]
        count = (ahead >> _FIRST).bit_count()
        if ahead & (_MORE_GOOD | _MORE_BAD):
            return f"more than {count:,} ends" if count > 1 else "several ends"
        return f"{count or 'no'} end{'' if count == 1 else 's'}"

    def is_open(self, number: int) -> bool:
        """Tell whether steps that were not tried lie ahead of a state."""
        return bool(self.ahead[number] & _NOT_TRIED)


def _ahead(graph: StateGraph, bits: dict[int, int]) -> list[int]:
    found = [0] * len(graph.states)
    same: dict[int, int] = {}
    for component in graph.components():
        ahead = 0
        for number in component:
            state = graph.states[number]
            ahead |= bits.get(number, 0) | (_NOT_TRIED if state.is_open else 0)
            for targets in state.steps.values():
                for target in targets:
                    ahead |= found[target]
        ahead = same.setdefault(ahead, ahead)
        for number in component:
            found[number] = ahead
    return found
