"""The states that a net came to while it was stepped, and the choices that led from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fbcore.errors import DataError, shown
from fbcore.formats.state_chart import Look, State, StateChart
from fbcore.formats.state_chart import Transition as Arrow
from fbcore.net.memory_cell import MemoryCell
from fbcore.runtimes.identity import state_digest
from fbcore.runtimes.stepping import Stepping

MOST = 60
"""States that are drawn unless it is said otherwise; of more, those are that lie nearest to the present one."""

_LOOKS: dict[str, Look] = {"finished": "good", "quiescent": "good", "stopped": "stopped"}


class VisitedState:
    """A state that a net came to.

    `number` counts states from 0, the beginning. `times` is how often the net was there, `outcome` how the net ended
    there, or "". `data` is what `FSMRuntime.state` returned the first time, and `digest` tells it from all others.
    """

    __slots__ = ("data", "digest", "number", "outcome", "times")

    def __init__(self, number: int, digest: str, data: dict[str, Any], outcome: str) -> None:
        self.number = number
        self.digest = digest
        self.data = data
        self.outcome = outcome
        self.times = 0

    def __repr__(self) -> str:
        ended = f", {self.outcome}" if self.outcome else ""
        return f"<state {self.number}: {self.times} times{ended}>"


class Transition(NamedTuple):
    """A step that was made: the number of the state before, the choice, the number of the state after, how often."""

    source: int
    choice: str
    target: int
    times: int


class Visited(Sequence[VisitedState]):
    """The states that a net came to in one session, in order of discovery; the same state is there once.

    Steps that were taken back count, and so do those of other choices, and of other starts. `here` is the present
    state, and `is_new` says whether it was never seen before.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        with FSMRuntime(double, visited=True).start(inputs={"number": 21}) as fsm:
            fsm.step("double")
            fsm.step("inputs.number")
            fsm.undo(2)
            fsm.step("inputs.number")
            fsm.step("double")
            print(fsm.visited.here, fsm.visited.is_new, len(fsm.visited))
            print([(way.source, way.choice, way.target) for way in fsm.visited.transitions()][:2])
        #> <state 2: 2 times> False 4
        #> [(0, 'double', 1), (1, 'inputs.number', 2)]
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.here: VisitedState | None = None
        self.is_new = False
        self._states: dict[str, VisitedState] = {}
        self._list: list[VisitedState] = []
        self._ways: dict[tuple[int, str, int], int] = {}

    def begin(self, stepping: Stepping) -> None:
        """Hear that the net is at a beginning."""
        self._come_to(stepping, is_again=bool(self._list))

    def note(self, choice: str, stepping: Stepping, *, is_again: bool) -> None:
        """Hear of a step; one that is made again, to take back a later one, is not counted."""
        source = self.here
        self._come_to(stepping, is_again=is_again)
        if source is not None and self.here is not None:
            way = source.number, choice, self.here.number
            self._ways[way] = max(1, self._ways.get(way, 0) + (not is_again))

    def _come_to(self, stepping: Stepping, *, is_again: bool) -> None:
        digest = state_digest(stepping)
        found = self._states.get(digest)
        self.is_new = found is None
        if found is None:
            outcome = str(stepping.result.outcome) if stepping.result is not None else ""
            found = VisitedState(len(self._list), digest, _kept(stepping), outcome)
            self._states[digest] = found
            self._list.append(found)
        found.times += not (is_again and found.times)
        self.here = found

    # -- what there is -----------------------------------------------------------------------------

    def __getitem__(self, number: Any) -> Any:
        return self._list[number]

    def __len__(self) -> int:
        return len(self._list)

    def transitions(self) -> list[Transition]:
        """Return the steps that led from one state to another, in order of discovery."""
        return [Transition(*way, times) for way, times in self._ways.items()]

    def ends(self) -> list[VisitedState]:
        """Return the states in which the net had ended."""
        return [state for state in self._list if state.outcome]

    def __repr__(self) -> str:
        here = f", now in {self.here.number}" if self.here is not None else ""
        return f"<{len(self._list)} states and {len(self._ways)} transitions of {self.name}{here}>"

    # -- drawing -----------------------------------------------------------------------------------

    def chart(self, *, most: int = MOST) -> StateChart:
        """Return what a drawing shows: at most so many states, those that lie nearest to the present one.

        The present state is marked, ends are coloured by their outcome, and a note says how many are left out.
        """
        chosen = set(self._nearest(most))
        states = [_drawn(state) for state in self._list if state.number in chosen]
        labels: dict[tuple[int, int], list[str]] = {}
        for source, choice, target in self._ways:
            if source in chosen and target in chosen:
                labels.setdefault((source, target), []).append(choice)
        ways = [Arrow(str(source), str(target), tuple(names)) for (source, target), names in labels.items()]
        left = len(self._list) - len(states)
        note = f"{left:,} more states are not drawn" if left else ""
        here = str(self.here.number) if self.here is not None else ""
        return StateChart(self.name, tuple(states), tuple(ways), here, note)

    def _nearest(self, most: int) -> Iterator[int]:
        beside: dict[int, list[int]] = {}
        for source, _, target in self._ways:
            beside.setdefault(source, []).append(target)
            beside.setdefault(target, []).append(source)
        ring = [self.here.number] if self.here is not None else []
        seen = set(ring)
        while ring and most > 0:
            yield from ring[:most]
            most -= len(ring)
            ring = list(dict.fromkeys(each for number in ring for each in beside.get(number, ()) if each not in seen))
            seen.update(ring)

    def to_mermaid(self, *, most: int = MOST) -> str:
        """Return a Mermaid state diagram; see `chart`."""
        return self.chart(most=most).to_mermaid()

    def to_dot(self, *, most: int = MOST) -> str:
        """Return DOT text; see `chart`."""
        return self.chart(most=most).to_dot()

    def to_svg(self, *, most: int = MOST) -> str:
        """Return a picture, an element of SVG; see `chart`.

        Raises:
            ExtraError: the extra `draw` is not installed.
        """
        return self.chart(most=most).to_svg()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {**self.chart()._repr_mimebundle_(), "text/plain": repr(self)}


def _drawn(state: VisitedState) -> State:
    lying = sum(len(packets) for edge, packets in state.data["edges"].items() if "->outputs." not in edge)
    said = state.outcome or (f"{lying} on edges" if lying else "")
    look: Look = _LOOKS.get(state.outcome, "bad") if state.outcome else "state"
    return State(str(state.number), str(state.number), said, look)


def _copied(cell: MemoryCell) -> Any:
    try:
        return cell.copy()
    except DataError:
        # Text at least, which does not change.
        return shown(cell.peek())


def _kept(stepping: Stepping) -> dict[str, Any]:
    """Return the state of a net in a form that the net does not change any more."""
    found = stepping.state()
    for node in stepping.net.nodes:
        if node.memories:
            found["nodes"][node.address]["memory"] = {name: _copied(cell) for name, cell in node.memories.items()}
    return found
