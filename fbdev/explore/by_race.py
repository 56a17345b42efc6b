"""The search that reverses races: orders that differ only in steps which do not touch each other are tried once.

Dynamic partial order reduction with source sets and sleep sets (Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic
partial order reduction, 2014), on the accesses that were seen when a step was made. A step that waited for something
is held against all steps it races with since, and not only the last, for a lock that is taken and released between
hides who might have come first.
"""

from __future__ import annotations

from collections.abc import Hashable

from fbdev.explore.again import Again, misfit
from fbdev.explore.execution import Execution
from fbdev.explore.record import RaceRecord, RacesRecord, accesses_of, mark_of, touched_of
from fbdev.explore.session import NotSameError, Session
from fbdev.explore.words import Accesses

_VISIBLE = ("visible",)


def are_dependent(one: Accesses, other: Accesses) -> bool:
    """Tell whether the order of two steps can matter: both touch one object, and one of them writes it."""
    if one is None or other is None:
        return True
    if len(one) > len(other):
        one, other = other, one
    return any(name in other and (is_write or other[name]) for name, is_write in one.items())


class _Node:
    """A state on the current path: what can be done there, what was done, and what must not be done again."""

    __slots__ = ("available", "done", "labels", "sleep", "todo")

    def __init__(self, execution: Execution, sleep: dict[str, Accesses]) -> None:
        self.available = tuple(execution.available)
        self.labels: Hashable = execution.labels_key()
        self.sleep = sleep
        self.done: dict[str, Accesses] = {}
        self.todo: list[str] = []

    def tries(self, names: set[str]) -> bool:
        """Tell whether one of the processes is tried here."""
        return any(name in names for name in self.todo) or any(name in names for name in self.done)


class _RestartError(Exception):
    """Something is shared that was not known to be: what was searched before does not count."""


class ByRace:
    """A depth-first search that goes back only where a race can be reversed.

    It can be interrupted anywhere, and its record be taken: a step is done only when what it led to is on the path; to
    make one again, and to see its races again, changes nothing.
    """

    def __init__(self, session: Session, record: RacesRecord | None = None) -> None:
        self._session = session
        self._record = record
        self._nodes: list[_Node] = []
        self._has_invariant = session.program.invariant is not None
        self._executions = 0
        self._looks = True

    def run(self) -> None:
        """Search everything that can end another way."""
        while True:
            try:
                self._search()
            except _RestartError:
                continue
            return

    def _search(self) -> None:
        self._reset()
        live = self._start()
        nodes = self._nodes
        try:
            while nodes:
                node = nodes[-1]
                name = self._next(node)
                if name is None:
                    nodes.pop()
                    self._forget()
                    if live is not None:
                        live.close()
                        live = None
                    continue
                if live is None:
                    live = self._again(node)
                self._step(live, node, name)
        finally:
            if live is not None:
                live.close()

    def _reset(self) -> None:
        self._nodes = []
        self._names: list[str] = []
        self._touched: list[Accesses] = []
        self._before: list[int] = []
        self._last: dict[str, int] = {}
        self._woken: list[tuple[str, ...]] = []

    def _start(self) -> Execution | None:
        if self._record is not None:
            self._come_again(self._record)
            self._record = None
            return None
        execution = self._begin()
        try:
            self._session.check(execution, self._names)
            self._nodes.append(self._node(execution, {}))
        except BaseException:
            execution.close()
            raise
        return execution

    def _begin(self) -> Execution:
        execution = self._session.begin()
        self._executions += 1
        # The first executions are looked through, then fewer and fewer.
        self._looks = self._executions <= 8 or self._executions & (self._executions - 1) == 0
        try:
            self._look(execution)
        except _RestartError:
            execution.close()
            raise
        return execution

    def _look(self, execution: Execution) -> None:
        program = self._session.program
        if not self._looks:
            return
        found = execution.hidden_sharing()
        new = {name.partition(".")[0] for names in found.values() for name in names} - program.unseen
        if new:
            program.unseen |= new
            for what, names in found.items():
                self._session.notes.append(f"{' and '.join(sorted(names))} share {what}, and nobody sees its uses")
            raise _RestartError

    def _again(self, node: _Node) -> Execution:
        execution = self._begin()
        try:
            self._session.replay(execution, self._names)
            if execution.labels_key() != node.labels:
                raise NotSameError(
                    f"after {' '.join(self._names[-6:]) or 'the beginning'}, the processes were at {node.labels} once "
                    f"and at {execution.labels_key()} another time"
                )
        except BaseException:
            # Whatever was learned, or pressed: nothing of it is left to be warned of.
            execution.close()
            raise
        return execution

    def _next(self, node: _Node) -> str | None:
        while node.todo:
            name = node.todo[-1]
            if name not in node.done and name not in node.sleep:
                return name
            node.todo.pop()
        return None

    def _forget(self) -> None:
        """Take the last step back."""
        if self._names:
            name = self._names.pop()
            self._touched.pop()
            self._before.pop()
            self._woken.pop()
            before = [number for number, each in enumerate(self._names) if each == name]
            if before:
                self._last[name] = before[-1]
            else:
                self._last.pop(name, None)

    def _node(self, execution: Execution, sleep: dict[str, Accesses]) -> _Node:
        node = _Node(execution, sleep)
        if not node.available:
            self._reverse_waits(execution)
            self._session.ended(execution, self._names)
        elif len(self._names) >= self._session.meter.budget.depth:
            self._session.was_cut = True
            return node
        else:
            awake = [name for name in node.available if name not in sleep]
            if awake:
                node.todo.append(awake[0])
            else:
                self._session.sleep_blocked += 1
                self._reverse_waits(execution)
        return node

    def _reverse_waits(self, execution: Execution) -> None:
        """Hold what processes still wait for against the steps that may have come too early."""
        for name, awaited in execution.waiting.items():
            self._race(name, awaited, has_waited=True)

    def _step(self, execution: Execution, node: _Node, name: str) -> None:
        """Make a step, find the races that it is in, and note where they are to be reversed."""
        path = self._names
        has_waited = execution.has_waited(name)
        self._session.step(execution, name, path)
        path.pop()
        self._race_disabled(execution, node, name)
        touched = self._note(execution, name, has_waited=has_waited)
        slept = {**node.sleep, **node.done}
        sleep = {each: said for each, said in slept.items() if not are_dependent(said, touched)}
        self._look(execution)
        self._nodes.append(self._node(execution, sleep))
        node.done[name] = touched

    def _note(self, execution: Execution, name: str, *, has_waited: bool) -> Accesses:
        """Note a step that was made now, find its races, and return what it touched."""
        touched = execution.accesses
        if self._has_invariant and touched is not None and any(touched.values()):
            # The invariant looks at all that is written, so the order of any two writes can matter to it.
            touched = {**touched, _VISIBLE: True}
        before = self._race(name, touched, has_waited=has_waited)
        number = len(self._names)
        self._names.append(name)
        self._touched.append(touched)
        self._before.append(before | 1 << number)
        self._last[name] = number
        self._woken.append(tuple(execution.woken))
        return touched

    def _race_disabled(self, execution: Execution, node: _Node, name: str) -> None:
        """See to it that what a step has taken back, as a timer, is tried before the step as well."""
        withdrawn = set(execution.withdrawn)
        if not withdrawn and all(each == name or each in execution.available for each in node.available):
            return
        waiting = execution.waiting
        for each in node.available:
            is_gone = each not in execution.available and each not in waiting
            if each != name and (is_gone or each in withdrawn):
                self._race(each, None, has_waited=False)
                if each not in node.done and each not in node.sleep:
                    node.todo.append(each)

    def _race(self, name: str, touched: Accesses, *, has_waited: bool) -> int:
        """Find the steps that race with one of `name` made now; return all that happened before it, as bits."""
        own = self._last.get(name)
        mine = self._before[own] if own is not None else 0
        if (woken := self._woken_at(name)) is not None:
            mine |= self._before[woken]
        before = mine
        races = []
        for number in range(len(self._names) - 1, -1, -1):
            is_ordered = before >> number & 1
            if is_ordered and (not has_waited or mine >> number & 1):
                continue
            if are_dependent(self._touched[number], touched):
                races.append(number)
                before |= self._before[number]
        for number in races:
            self._reverse(number, name, before)
        return before

    def _woken_at(self, name: str) -> int | None:
        """Return the number of the last step that has created or woken a process."""
        return next((at for at in range(len(self._woken) - 1, -1, -1) if name in self._woken[at]), None)

    def _reverse(self, number: int, name: str, before: int) -> None:
        """See to it that the step of this number is tried after the one of `name`."""
        node = self._nodes[number]
        later = 0
        first: set[str] = set()
        for each in range(number + 1, len(self._names)):
            if self._before[each] >> number & 1:
                continue
            if not self._before[each] & later:
                first.add(self._names[each])
            later |= 1 << each
        if not before & later:
            first.add(name)
        if node.tries(first) or any(each in node.sleep for each in first):
            return
        can = [each for each in node.available if each in first]
        if name in can:
            node.todo.append(name)
        elif can:
            node.todo.append(can[0])
        else:
            node.todo += [each for each in node.available if each not in node.done]

    # -- keeping, and going on -------------------------------------------------------------------------

    def record(self) -> RacesRecord | None:
        """Return what is needed to go on from here; None when nothing was done yet."""
        nodes = self._nodes
        if self._record is not None or not nodes:
            return self._record
        # What was interrupted between two of these was not done.
        path = self._names[: len(nodes) - 1]
        found = []
        for number, node in enumerate(nodes):
            done = dict(node.done)
            if number < len(path):
                done.setdefault(path[number], self._touched[number])
            done_and_asleep = [[(name, touched_of(said)) for name, said in each.items()] for each in (done, node.sleep)]
            found.append(RaceRecord(mark_of(node.labels), done_and_asleep[0], done_and_asleep[1], list(node.todo)))
        return RacesRecord(path, found)

    def _come_again(self, record: RacesRecord) -> None:
        """Make the steps of the path again, and see their races again."""
        again = Again(self._session.program)
        execution = again.along(())
        try:
            self._nodes.append(self._node_of(execution, record.nodes[0]))
            for number, (name, each) in enumerate(zip(record.path, record.nodes[1:], strict=True)):
                has_waited = execution.has_waited(name)
                again.make(execution, name, number)
                self._note(execution, name, has_waited=has_waited)
                self._nodes.append(self._node_of(execution, each))
        finally:
            execution.close()

    def _node_of(self, execution: Execution, record: RaceRecord) -> _Node:
        node = _Node(execution, {name: accesses_of(said) for name, said in record.sleep})
        if record.mark != mark_of(node.labels):
            after = f"after {' '.join(self._names[-6:])}" if self._names else "at the beginning"
            raise misfit(len(self._names), f"{after}, the processes have reached something else: {node.labels}")
        node.done = {name: accesses_of(said) for name, said in record.done}
        node.todo = list(record.left)
        return node
