"""The search that tries every order, or every order with few switches; nothing is taken for granted.

A preemption is a switch away from a process that could have gone on. Where states can be read, what was gone through
from a state, with as many preemptions left, is not gone through again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from typing import Literal

from fbdev.explore.execution import Execution
from fbdev.explore.session import NotSameError, Session


class _Node:
    __slots__ = ("labels", "spent", "todo")

    def __init__(self, labels: Hashable, spent: int, todo: list[tuple[str, int]]) -> None:
        self.labels = labels
        self.spent = spent
        self.todo = todo


class Every:
    """A depth-first search over schedules, in which every choice is tried, but for those beyond a bound."""

    def __init__(
        self,
        session: Session,
        *,
        bound: int | None = None,
        counted: Literal["preemptions", "switches"] = "preemptions",
        read: Callable[[Execution], Hashable] | None = None,
        depth: int | None = None,
    ) -> None:
        self._session = session
        self._bound = bound
        self._counts_all = counted == "switches"
        self._read = read
        self._depth = session.meter.budget.depth if depth is None else depth
        self._seen: dict[Hashable, int] = {}
        self.was_bounded = False
        """Some schedule has more preemptions than the bound, and was left out."""
        self.path: list[str] = []

    def run(self) -> None:
        """Search everything within the bound."""
        session, path = self._session, self.path
        execution = session.begin()
        live: Execution | None = execution
        try:
            session.check(execution, path)
            nodes = [self._node(execution, 0)]
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
                    live = execution = self._again(node)
                name, spent = node.todo.pop()
                session.step(execution, name, path)
                nodes.append(self._node(execution, spent))
        finally:
            if live is not None:
                live.close()

    def _again(self, node: _Node) -> Execution:
        session, path = self._session, self.path
        execution = session.begin()
        try:
            session.replay(execution, path)
            if execution.labels_key() != node.labels:
                found = f"{dict(node.labels)} once and {dict(execution.labels_key())} another time"  # type: ignore[call-overload]
                raise NotSameError(f"after {' '.join(path[-6:]) or 'the beginning'}, the processes were at {found}")
        except NotSameError:
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
        if self._read is not None and self._is_known(execution, last, spent):
            return _Node((), spent, [])
        todo = []
        for name in reversed(available):
            is_switch = name != last and last != "" and (self._counts_all or last in available)
            if self._bound is not None and spent + is_switch > self._bound:
                self.was_bounded = True
            else:
                todo.append((name, spent + is_switch))
        # The process that ran last goes on first: switches come late.
        todo.sort(key=lambda each: each[0] == last)
        return _Node(execution.labels_key() if len(todo) > 1 else (), spent, todo)

    def _is_known(self, execution: Execution, last: str, spent: int) -> bool:
        assert self._read is not None
        key = (self._read(execution), last) if self._bound is not None else self._read(execution)
        known = self._seen.get(key)
        if known is not None and known <= spent:
            return True
        if known is None:
            self._session.meter.memory += sys.getsizeof(key) + 200
        self._seen[key] = spent
        return False
