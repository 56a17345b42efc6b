"""The search that knows states again: every step from every state is made once.

An execution goes on wherever there is a step that was not made yet, be the state new or not. When it comes to a state
with none, another one is begun, and led to the state with a step left that was found first: the further back, the more
of what is new lies ahead. On its arrival the state is read again: when it is another one, the processes are not
deterministic, and the search says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Sequence

from fbdev.explore.begin import begin
from fbdev.explore.execution import Execution
from fbdev.explore.graph import State, StateGraph
from fbdev.explore.session import NotSameError, Session

_OF_A_STATE = 700
"""Bytes that a state takes beside what tells it from others: its node, its edges, its place in the table."""


class ByState:
    """A depth-first search over states; `read` tells them apart."""

    def __init__(self, session: Session, read: Callable[[Execution], Hashable], probes: int = 0) -> None:
        self._session = session
        self._read = read
        self._numbers: dict[Hashable, int] = {}
        self._keys: list[Hashable] = []
        self._todo: list[list[str]] = []
        self._came: list[tuple[int, str] | None] = []
        self._first = 0
        self._probes = probes
        self.graph = StateGraph()
        self.merged_wrongly = ""

    def run(self) -> None:
        """Search everything."""
        session, states = self._session, self.graph.states
        execution, path = session.begin(), list[str]()
        try:
            session.check(execution, path)
            here = self._new(self._read(execution), execution, path, None, session.faults)
            while True:
                todo = self._todo[here]
                if not todo:
                    if self._probes and states[here].steps:
                        self._probe(execution, here)
                    execution.close()
                    waiting = self._first_with_steps_left()
                    if waiting is None:
                        return
                    here, path = waiting, self.path_to(waiting)
                    execution = self._again(path, here)
                    continue
                name = todo.pop()
                faults = session.faults
                session.step(execution, name, path)
                key = self._read(execution)
                there = self._numbers.get(key)
                if there is None:
                    there = self._new(key, execution, path, (here, name), faults)
                elif self._probes:
                    self._compare(execution, there)
                states[here].lead(name, there)
                here = there
        finally:
            execution.close()

    def _first_with_steps_left(self) -> int | None:
        todo = self._todo
        while self._first < len(todo):
            if todo[self._first]:
                return self._first
            self._first += 1
        return None

    def path_to(self, number: int) -> list[str]:
        """Return the steps by which a state was reached first."""
        path = []
        came = self._came[number]
        while came is not None:
            path.append(came[1])
            came = self._came[came[0]]
        path.reverse()
        return path

    def _new(
        self, key: Hashable, execution: Execution, path: list[str], came: tuple[int, str] | None, faults: int
    ) -> int:
        """Note a state that was not met before, and check it if it is an end; `faults` were found before its step."""
        number = self._add(key, execution)
        self._came.append(came)
        self._keys.append(key)
        available = execution.available
        self._todo.append(list(reversed(available)))
        self._session.meter.memory += sys.getsizeof(key) + _OF_A_STATE
        try:
            if not available:
                self._session.ended(execution, path)
        finally:
            self.graph.states[number].is_wrong |= self._session.faults > faults
        return number

    def _add(self, key: Hashable, execution: Execution) -> int:
        self._numbers[key] = number = len(self._numbers)
        available = execution.available
        is_stuck = not available and bool(execution.waiting)
        self.graph.states.append(State(number, execution.state, available, is_stuck=is_stuck))
        return number

    def follow(self, schedule: Sequence[str]) -> None:
        """Add the states of a schedule that fails to the graph; the search may have ended without them."""
        execution, here = begin(self._session.program), 0
        try:
            for name in schedule:
                if not self._numbers or name not in execution.available:
                    return
                execution.next(name)
                key = self._read(execution)
                there = self._numbers.get(key)
                if there is None:
                    there = self._add(key, execution)
                if there not in self.graph.states[here].steps.get(name, ()):
                    self.graph.states[here].lead(name, there)
                here = there
            self.graph.states[here].is_wrong = True
        finally:
            execution.close()

    def _again(self, path: list[str], number: int) -> Execution:
        execution = self._session.begin()
        try:
            self._session.replay(execution, path)
            if self._read(execution) != self._keys[number]:
                raise NotSameError(_difference(self.graph.states[number], execution, path))
        except NotSameError:
            execution.close()
            raise
        return execution

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


def _difference(state: State, execution: Execution, path: list[str]) -> str:
    after = f"after {' '.join(path[-6:]) or 'the beginning'}"
    for name, reached in state.reached.items():
        found = execution.state.get(name, "nothing")
        if found != reached:
            return f"{after}, {name} was at {reached!r} once and at {found!r} another time"
    return f"{after}, the processes held other data than the first time"
