"""The search that tries every order, or every order with few switches; nothing is taken for granted.

A preemption is a switch away from a process that could have gone on. Where states can be read, what was gone through
from a state, with as many preemptions left, is not gone through again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Literal, NamedTuple

from fbdev.explore.again import Again, Tree, misfit
from fbdev.explore.execution import Execution
from fbdev.explore.record import ForkRecord, OrdersRecord, TreeRecord, has_sets, mark_of
from fbdev.explore.session import NotSameError, Session
from fbdev.explore.weight import Scales

_OF_A_STATE = 300
"""Bytes that a state takes beside what tells it from others: its places in the table and in the tree."""


class _Node:
    """A state on the current path; `number` is its place among the states that are known, where these are read."""

    __slots__ = ("labels", "number", "spent", "todo")

    def __init__(self, labels: Hashable, spent: int, todo: list[tuple[str, int]], number: int = 0) -> None:
        self.labels = labels
        self.spent = spent
        self.todo = todo
        self.number = number


class _Known(NamedTuple):
    """A state that is known: its number, and the fewest preemptions that led there."""

    number: int
    spent: int


class Every:
    """A depth-first search over schedules, in which every choice is tried, but for those beyond a bound.

    It can be interrupted anywhere, and its record be taken: a choice is off the list of what is left only when what
    lies behind it is on the path, or was gone through.
    """

    def __init__(
        self,
        session: Session,
        *,
        bound: int | None = None,
        counted: Literal["preemptions", "switches"] = "preemptions",
        read: Callable[[Execution], Hashable] | None = None,
        depth: int | None = None,
        record: OrdersRecord | None = None,
    ) -> None:
        self._session = session
        self._bound = bound
        self._counts_all = counted == "switches"
        self._read = read
        self._depth = session.meter.budget.depth if depth is None else depth
        self._seen: dict[Hashable, _Known] = {}
        self._entering: tuple[Hashable, _Known | None] | None = None
        self._tree = Tree(record.known if record else None)
        self._scales = Scales()
        self._record = record
        self._nodes: list[_Node] = []
        self.was_bounded = record.was_bounded if record else False
        """Some schedule has more preemptions than the bound, and was left out."""
        self.path: list[str] = []

    def run(self) -> None:
        """Search everything within the bound."""
        session, path = self._session, self.path
        session.known = self._seen
        live = self._begin()
        nodes = self._nodes
        try:
            while nodes:
                node = nodes[-1]
                if not node.todo:
                    nodes.pop()
                    if path:
                        path.pop()
                    if live is not None:
                        live.close()
                        live = None
                    continue
                if live is None:
                    live = self._again(node)
                name, spent = node.todo[-1]
                session.step(live, name, path)
                nodes.append(self._node(live, spent))
                self._entering = None
                node.todo.pop()
        finally:
            if live is not None:
                live.close()

    def _begin(self) -> Execution | None:
        if self._record is not None:
            self._come_again(self._record)
            return None
        execution = self._session.begin()
        try:
            self._session.check(execution, self.path)
            self._nodes.append(self._node(execution, 0))
        except BaseException:
            execution.close()
            raise
        return execution

    def _again(self, node: _Node) -> Execution:
        session, path = self._session, self.path
        execution = session.begin()
        try:
            session.replay(execution, path)
            if execution.labels_key() != node.labels:
                found = f"{dict(node.labels)} once and {dict(execution.labels_key())} another time"  # type: ignore[call-overload]
                raise NotSameError(f"after {' '.join(path[-6:]) or 'the beginning'}, the processes were at {found}")
        except BaseException:
            # Whatever was learned, or pressed: nothing of it is left to be warned of.
            execution.close()
            raise
        return execution

    def _node(self, execution: Execution, spent: int) -> _Node:
        """Return what is left to do from a state that was reached just now."""
        path, session = self.path, self._session
        available = execution.available
        if not available:
            session.ended(execution, path)
            return _Node((), spent, [])
        if len(path) >= self._depth:
            session.was_cut = True
            return _Node((), spent, [])
        last = path[-1] if path else ""
        number = 0
        if self._read is not None:
            new = self._number(execution, last, spent)
            if new is None:
                return _Node((), spent, [])
            number = new
        todo = []
        for name in reversed(available):
            is_switch = name != last and last != "" and (self._counts_all or last in available)
            if self._bound is not None and spent + is_switch > self._bound:
                self.was_bounded = True
            else:
                todo.append((name, spent + is_switch))
        # The process that ran last goes on first: switches come late.
        todo.sort(key=lambda each: each[0] == last)
        return _Node(execution.labels_key() if len(todo) > 1 else (), spent, todo, number)

    def _number(self, execution: Execution, last: str, spent: int) -> int | None:
        """Return the number of a state, or None where all that comes after it is known."""
        key = self._key(execution, last)
        known = self._seen.get(key)
        if known is not None and known.spent <= spent:
            return None
        self._entering = key, known
        if known is None:
            self._session.meter.memory += self._scales.weigh(key) + _OF_A_STATE
            known = _Known(len(self._seen), spent)
            if self._nodes:
                self._tree.add(self._nodes[-1].number, last)
        self._seen[key] = _Known(known.number, spent)
        return known.number

    def _key(self, execution: Execution, last: str) -> Hashable:
        assert self._read is not None
        return self._read(execution) if self._bound is None else (self._read(execution), last)

    # -- keeping, and going on -------------------------------------------------------------------------

    def record(self) -> OrdersRecord | None:
        """Return what is needed to go on from here; None when nothing was done yet."""
        nodes = self._nodes
        if self._record is not None or not nodes:
            return self._record
        # What was interrupted between two of these was not done.
        path = self.path[: len(nodes) - 1]
        forks = [
            ForkRecord(mark_of(node.labels) if node.labels != () else 0, node.spent, list(node.todo)) for node in nodes
        ]
        for fork, name in zip(forks, path, strict=False):
            if fork.left and fork.left[-1][0] == name:
                fork.left.pop()
        known = spent = None
        if self._read is not None:
            known, spent = self._known_states()
        return OrdersRecord(path, forks, self._bound, self.was_bounded, known, spent or [])

    def _known_states(self) -> tuple[TreeRecord, list[int]]:
        """Return the states from which all was tried, or is on the path."""
        seen = dict(self._seen)
        if self._entering is not None:
            # It was interrupted: unless its node is on the path already, nothing was tried from there.
            key, before = self._entering
            if key in seen and seen[key].number != self._nodes[-1].number:
                if before is None:
                    del seen[key]
                else:
                    seen[key] = before
        self._tree.cut(len(seen))
        tree = self._tree.record(has_sets=any(has_sets(key if self._bound is None else key[0]) for key in seen))  # type: ignore[index]
        return tree, [known.spent for known in seen.values()]

    def _come_again(self, record: OrdersRecord) -> None:
        """Read the states that are known, and see what each step of the path comes to."""
        again, nodes = Again(self._session.program), list[_Node]()
        with self._session.meter.free_of_charge():
            if self._read is not None and record.known is not None:
                self._read_known(again, record.known, record.spent)
            for execution, name, fork in zip(again.steps(record.path), ["", *record.path], record.forks, strict=True):
                nodes.append(self._fork(execution, name, fork, nodes))
        self.path += record.path
        self._nodes += nodes
        self._record = None

    def _read_known(self, again: Again, tree: TreeRecord, spent: list[int]) -> None:
        keys: list[Hashable] = [None] * len(spent)
        meter = self._session.meter
        assert self._read is not None
        for number, _, found in again.states(tree, self._read):
            last = tree.names[tree.by[number - 1]] if number else ""
            keys[number] = key = found if self._bound is None else (found, last)
            meter.memory += self._scales.weigh(key) + _OF_A_STATE
            meter.check()
        for number, key in enumerate(keys):
            if key in self._seen:
                path = self._tree.path_to(number)
                raise misfit(len(path), f"states {self._seen[key].number} and {number} were two, and are one now")
            self._seen[key] = _Known(number, spent[number])

    def _fork(self, execution: Execution, last: str, fork: ForkRecord, before: list[_Node]) -> _Node:
        """Return a node of the path, where an execution stands."""
        labels = execution.labels_key()
        if fork.mark and fork.mark != mark_of(labels):
            raise misfit(len(before), f"after {last or 'nothing'}, the processes have reached something else: {labels}")
        number = 0
        if self._read is not None:
            key = self._key(execution, last)
            if key not in self._seen:
                if before:
                    self._tree.add(before[-1].number, last)
                self._seen[key] = _Known(len(self._seen), fork.spent)
            number = self._seen[key].number
        return _Node(labels, fork.spent, list(fork.left), number)
