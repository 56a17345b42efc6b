"""Coming again to what another process has seen: its steps are made once more, and each is held against the record."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from fbdev.explore.begin import begin
from fbdev.explore.execution import Execution
from fbdev.explore.program import Program
from fbdev.explore.record import TreeRecord, mark_of
from fbdev.explore.words import ExploreError, NotEnabled


class NotTheProgramError(ExploreError):
    """What is gone on with does other things than what was kept: code, data or Python's order of sets has changed."""


class Again:
    """Makes executions that were made before, without counting them as new ones."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def along(self, path: Sequence[str]) -> Execution:
        """Return an execution that has made the steps of a path.

        Raises:
            NotTheProgramError: they do not fit any more; the first of these is named.
        """
        execution = begin(self._program)
        try:
            execution.replay(path)
        except (KeyError, RuntimeError, ExploreError):
            execution.close()
            self.say_what_does_not_fit(path)
            raise
        except BaseException:
            execution.close()
            raise
        return execution

    def say_what_does_not_fit(self, path: Sequence[str]) -> None:
        """Make the steps of a path with care.

        Raises:
            NotTheProgramError: naming the first that cannot be made.
        """
        execution = begin(self._program)
        try:
            for number, name in enumerate(path):
                self.make(execution, name, number)
        finally:
            execution.close()

    def make(self, execution: Execution, name: str, before: int) -> None:
        """Make one step, after so many.

        Raises:
            NotTheProgramError: it cannot be made.
        """
        step = execution.next(name)
        if type(step) is NotEnabled:
            raise misfit(before, f"choice {before + 1}, {name}, does not fit any more: {step.why}")

    def steps(self, path: Sequence[str]) -> Iterator[Execution]:
        """Make the steps of a path one by one, and yield the execution before the first and after each."""
        execution = begin(self._program)
        try:
            yield execution
            for number, name in enumerate(path):
                self.make(execution, name, number)
                yield execution
        finally:
            execution.close()

    def states(
        self, tree: TreeRecord, read: Callable[[Execution], Hashable]
    ) -> Iterator[tuple[int, Execution, Hashable]]:
        """Come to every state of a tree, and yield its number, an execution that stands there, and what was read."""
        below: list[list[int]] = [[] for _ in range(len(tree.parents) + 1)]
        for number, parent in enumerate(tree.parents, 1):
            below[parent].append(number)
        path: list[str] = []
        live: Execution | None = begin(self._program)
        # What is left to come to: a state, and how many steps lead to the one before it.
        todo = [(0, 0)]
        try:
            while todo:
                number, before = todo.pop()
                if live is None:
                    del path[before:]
                    live = self.along(path)
                    # A state may be told by the one that was read last, and how far it is from there.
                    read(live)
                if number:
                    name = tree.names[tree.by[number - 1]]
                    self.make(live, name, len(path))
                    path.append(name)
                if tree.marks:
                    self._compare(live, tree.marks[number], path)
                yield number, live, read(live)
                todo += [(each, len(path)) for each in reversed(below[number])]
                if not below[number]:
                    live.close()
                    live = None
        finally:
            if live is not None:
                live.close()

    @staticmethod
    def _compare(execution: Execution, mark: int, path: Sequence[str]) -> None:
        if mark != mark_of(sorted(execution.state.items())):
            stand = ", ".join(f"{name} at {text!r}" for name, text in execution.state.items())
            after = f"after {' '.join(path[-6:])}" if path else "at the beginning"
            raise misfit(len(path), f"{after}, the processes have reached something else than before: {stand}")


def misfit(before: int, what: str) -> NotTheProgramError:
    """Make the error that says what has changed, and after how many steps it shows."""
    hint = "explore it from the beginning: what it does has changed, or differs from one Python process to the next"
    return NotTheProgramError(what, f"step {before + 1}", hint)


class Tree:
    """States as they were reached first, to be kept."""

    __slots__ = ("_numbers", "by", "names", "parents")

    def __init__(self, record: TreeRecord | None = None) -> None:
        record = record or TreeRecord()
        self.names = list(record.names)
        self.parents = list(record.parents)
        self.by = list(record.by)
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def add(self, parent: int, name: str) -> None:
        """Note a state that was reached from another, by a step of a process."""
        self.by.append(self.number(name))
        self.parents.append(parent)

    def number(self, name: str) -> int:
        """Return the number of a name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def path_to(self, number: int) -> list[str]:
        """Return the steps that led to a state first."""
        path = []
        while number:
            path.append(self.names[self.by[number - 1]])
            number = self.parents[number - 1]
        path.reverse()
        return path

    def cut(self, count: int) -> None:
        """Forget all states but the first so many."""
        del self.parents[max(0, count - 1) :]
        del self.by[max(0, count - 1) :]

    def record(self, *, has_sets: bool, marks: list[int] | None = None) -> TreeRecord:
        """Return the tree as it is kept."""
        return TreeRecord(list(self.names), list(self.parents), list(self.by), marks or [], has_sets)
