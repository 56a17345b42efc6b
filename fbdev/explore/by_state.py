"""The search that knows states again: every step from every state is made once.

An execution goes on wherever there is a step that was not made yet, be the state new or not. When it comes to a state
with none, another one is begun, and led to the state with a step left that was found first: the further back, the more
of what is new lies ahead. On its arrival the state is read again: when it is another one, the processes are not
deterministic, and the search says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from fbdev.explore.again import Again, Tree, misfit
from fbdev.explore.begin import begin
from fbdev.explore.execution import Execution
from fbdev.explore.graph import State, StateGraph
from fbdev.explore.record import StatesRecord, has_sets, mark_of
from fbdev.explore.session import NotSameError, Session
from fbdev.explore.weight import Scales

_OF_A_STATE = 850
"""Bytes that a state takes beside what tells it from others: its node, its edges, its place in the table."""


class ByState:
    """A depth-first search over states; `read` tells them apart.

    It can be interrupted anywhere, and its record be taken: a step is off the list of what is left only when it was
    made, and a state counts only when a step leads there.
    """

    def __init__(
        self,
        session: Session,
        read: Callable[[Execution], Hashable],
        probes: int = 0,
        record: StatesRecord | None = None,
    ) -> None:
        self._session = session
        self._read = read
        self._numbers: dict[Hashable, int] = {}
        self._keys: list[Hashable] = []
        self._todo: list[list[str]] = []
        self._tree = Tree(record.tree if record else None)
        self._first = 0
        self._probes = record.probes if record else probes
        self._scales = Scales()
        self._record = record
        self.graph = StateGraph()
        self.merged_wrongly = record.merged_wrongly if record else ""

    def run(self) -> None:
        """Search everything."""
        session, states = self._session, self.graph.states
        session.known = self._numbers
        live, here, path = self._begin()
        try:
            while live is not None:
                todo = self._todo[here]
                if not todo:
                    if self._probes and states[here].steps:
                        self._probe(live, here)
                    live.close()
                    live = None
                    live, here, path = self._elsewhere()
                    continue
                name = todo[-1]
                faults = session.faults
                session.step(live, name, path)
                key = self._read(live)
                there = self._numbers.get(key)
                if there is None:
                    self._tree.add(here, name)
                    there = self._new(key, live, path, faults)
                elif self._probes:
                    self._compare(live, there)
                states[here].lead(name, there)
                todo.pop()
                here = there
        finally:
            if live is not None:
                live.close()

    def _begin(self) -> tuple[Execution | None, int, list[str]]:
        """Return an execution, the state in which it is, and its path: at the beginning, or where there is work."""
        if self._record is not None:
            self._session.doing = "coming again to the states that are known"
            self._come_again(self._record)
            self._session.doing = ""
            return self._elsewhere()
        execution = self._session.begin()
        try:
            faults = self._session.faults
            self._session.check(execution, [])
            return execution, self._new(self._read(execution), execution, [], faults), []
        except BaseException:
            execution.close()
            raise

    def _elsewhere(self) -> tuple[Execution | None, int, list[str]]:
        """Return an execution in a state with steps left, or None where there is no such state."""
        waiting = self._first_with_steps_left()
        if waiting is None:
            return None, 0, []
        path = self._tree.path_to(waiting)
        return self._again(path, waiting), waiting, path

    def _first_with_steps_left(self) -> int | None:
        todo = self._todo
        while self._first < len(todo):
            if todo[self._first]:
                return self._first
            self._first += 1
        return None

    def path_to(self, number: int) -> list[str]:
        """Return the steps by which a state was reached first."""
        return self._tree.path_to(number)

    def _new(self, key: Hashable, execution: Execution, path: list[str], faults: int) -> int:
        """Note a state that was not met before, and check it if it is an end; `faults` were found before its step."""
        number = self._add(key, execution)
        state = self.graph.states[number]
        self._keys.append(key)
        self._todo.append(list(reversed(state.available)))
        self._session.meter.memory += self._scales.weigh(key) + _OF_A_STATE
        try:
            if state.is_end:
                self._session.ended(execution, path)
        finally:
            state.is_wrong |= self._session.faults > faults
        return number

    def _add(self, key: Hashable, execution: Execution) -> int:
        self._numbers[key] = number = len(self._numbers)
        self.graph.states.append(self._state(number, execution))
        return number

    def follow(self, schedule: Sequence[str]) -> None:
        """Add the states of a schedule that fails to the graph; the search may have ended without them."""
        execution, here = begin(self._session.program), 0
        try:
            for name in schedule:
                if not self._numbers or name not in execution.available:
                    return
                execution.next(name)
                known = self.graph.states[here].steps.get(name)
                if known:
                    # Where steps lead that were made is known; and states may be read with more care by now.
                    here = known[0]
                    continue
                key = self._read(execution)
                there = self._numbers.get(key)
                if there is None:
                    there = self._add(key, execution)
                self.graph.states[here].lead(name, there)
                here = there
            self.graph.states[here].is_wrong = True
        finally:
            execution.close()

    def _again(self, path: list[str], number: int) -> Execution:
        execution = self._session.begin()
        try:
            if self._read_at(execution, path, number) != self._keys[number]:
                raise NotSameError(_difference(self.graph.states[number], execution, path))
        except BaseException:
            # Whatever was learned, or pressed: nothing of it is left to be warned of.
            execution.close()
            raise
        return execution

    def _read_at(self, execution: Execution, path: list[str], number: int) -> Hashable:
        """Go to a state and read it: from where there was a choice on step by step, as when it was read first."""
        back = 0
        while self._session.program.reduces and number and len(self.graph.states[number].available) == 1:
            number = self._tree.parents[number - 1]
            back += 1
        turn = len(path) - back
        self._session.replay(execution, path[:turn])
        key = self._read(execution)
        for name in path[turn:]:
            execution.next(name)
            self._session.meter.steps += 1
            key = self._read(execution)
        return key

    def _compare(self, execution: Execution, number: int) -> None:
        """See whether a state that passes for one met before has the same processes that can make a step."""
        self._probes -= 1
        state = self.graph.states[number]
        if set(execution.available) != set(state.available):
            can, could = ", ".join(execution.available), ", ".join(state.available)
            self.merged_wrongly = f"in state {number}, {could or 'nobody'} can make a step, or {can or 'nobody'}"

    def _probe(self, execution: Execution, number: int) -> None:
        """See whether an execution goes on from a state as the one did that was there first: by one step."""
        self._probes -= 1
        steps = self.graph.states[number].steps
        name = list(steps)[self._probes % len(steps)]
        execution.next(name)
        self._session.meter.steps += 1
        if self._numbers.get(self._read(execution)) not in steps[name]:
            self.merged_wrongly = f"a step of {name} in state {number} leads elsewhere than before"

    # -- keeping, and going on -------------------------------------------------------------------------

    def record(self) -> StatesRecord | None:
        """Return what is needed to go on from here; None when nothing was done yet."""
        count = self._whole()
        if self._record is not None or not count:
            return self._record
        self._tree.cut(count)
        states, number = self.graph.states[:count], self._tree.number
        left = [
            [number(name) for name in todo if name not in state.steps]
            for state, todo in zip(states, self._todo, strict=False)
        ]
        arrows = [
            each
            for state in states
            for name, targets in state.steps.items()
            for target in targets
            for each in (state.number, number(name), target)
        ]
        marks = [mark_of(sorted(state.reached.items())) for state in states]
        tree = self._tree.record(has_sets=any(map(has_sets, self._keys)), marks=marks)
        wrong = [state.number for state in states if state.is_wrong]
        return StatesRecord(tree, left, arrows, wrong, self._probes, self.merged_wrongly)

    def _whole(self) -> int:
        """Return how many states were noted with all that belongs to them: the last may have been interrupted."""
        states, tree = self.graph.states, self._tree
        count = min(len(states), len(self._todo), len(tree.parents) + 1)
        if count > 1:
            parent, name = tree.parents[count - 2], tree.names[tree.by[count - 2]]
            return count if count - 1 in states[parent].steps.get(name, ()) else count - 1
        return 0 if count and states[0].is_end else count

    def _come_again(self, record: StatesRecord) -> None:
        """Make the steps that led to all states, and read them."""
        session, count, names = self._session, len(record.left), record.tree.names
        found: list[Any] = [None] * count
        keys: list[Any] = [None] * count
        with session.meter.free_of_charge():
            for number, execution, key in Again(session.program).states(record.tree, self._read):
                keys[number] = key
                if self._numbers.setdefault(key, number) != number:
                    path = self._tree.path_to(number)
                    raise misfit(len(path), f"states {self._numbers[key]} and {number} were two, and are one now")
                state = found[number] = self._state(number, execution)
                if state.is_end:
                    session.note_end(execution, self._tree.path_to(number))
                session.meter.memory += self._scales.weigh(key) + _OF_A_STATE
                session.meter.check()
        for source, name, target in zip(*[iter(record.arrows)] * 3, strict=True):
            found[source].lead(names[name], target)
        for number in record.wrong:
            found[number].is_wrong = True
        self._keys = keys
        self._todo = [[names[number] for number in left] for left in record.left]
        self.graph.states.extend(found)
        self._record = None

    @staticmethod
    def _state(number: int, execution: Execution) -> State:
        available = execution.available
        return State(number, execution.state, available, is_stuck=not available and bool(execution.waiting))


def _difference(state: State, execution: Execution, path: list[str]) -> str:
    after = f"after {' '.join(path[-6:]) or 'the beginning'}"
    for name, reached in state.reached.items():
        found = execution.state.get(name, "nothing")
        if found != reached:
            return f"{after}, {name} was at {reached!r} once and at {found!r} another time"
    return f"{after}, the processes held other data than the first time"
