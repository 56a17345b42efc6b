"""The states that a program can be in, and the steps that lead from one to another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any


class State:
    """One state: what each process has reached, which of them can make a step, and where each step leads."""

    __slots__ = ("_again", "available", "is_end", "is_stuck", "is_wrong", "number", "reached", "steps")

    def __init__(self, number: int, reached: Mapping[str, str], available: Sequence[str], *, is_stuck: bool) -> None:
        self.number = number
        self.reached = reached
        self.available = tuple(available)
        self.steps: dict[str, list[int]] = {}
        self._again: dict[tuple[str, int], int] = {}
        self.is_end = not self.available
        self.is_stuck = is_stuck
        self.is_wrong = is_stuck

    @property
    def is_open(self) -> bool:
        """Whether some step from here was not made: the search ended before."""
        return not self.steps.keys() >= set(self.available)

    def lead(self, process: str, target: int) -> None:
        """Note where a step of a process led."""
        targets = self.steps.get(process)
        if targets is None:
            self.steps[process] = [target]
        elif target not in targets:
            targets.append(target)
        else:
            self._again[process, target] = self._again.get((process, target), 0) + 1

    def edges(self) -> Iterator[tuple[str, int, int]]:
        """Yield the steps that were made from here: the process, where to, and how often."""
        for process, targets in self.steps.items():
            for target in targets:
                yield process, target, 1 + self._again.get((process, target), 0)


@dataclass(frozen=True, slots=True)
class Spin:
    """A circle of states that processes can go through for ever.

    Without an exit it is a livelock. With one, `is_fair` tells whether they can stay in it though every process that
    can make a step gets one now and then; if not, only an unfair scheduler keeps them.
    """

    states: tuple[int, ...]
    processes: tuple[str, ...]
    has_exit: bool
    is_fair: bool

    def __str__(self) -> str:
        who = ", ".join(self.processes)
        where = f"states {', '.join(map(str, self.states[:6]))}{', …' if len(self.states) > 6 else ''}"
        if not self.has_exit:
            return f"livelock of {who} in {where}"
        under = "even when each gets its turns" if self.is_fair else "under an unfair schedule only"
        return f"{who} may spin in {where}, {under}"


@dataclass(frozen=True, slots=True)
class Circle:
    """States from each of which every other can be reached, and the smaller circles among them."""

    states: tuple[int, ...]
    inner: tuple[Circle, ...] = ()


class StateGraph:
    """States by number, the first being where every execution begins."""

    def __init__(self) -> None:
        self.states: list[State] = []

    @property
    def processes(self) -> tuple[str, ...]:
        """All processes that there are in some state."""
        return tuple(dict.fromkeys(name for state in self.states for name in state.reached))

    @property
    def transitions(self) -> int:
        """The number of different steps from one state to another."""
        return sum(len(targets) for state in self.states for targets in state.steps.values())

    @property
    def has_chance(self) -> bool:
        """Whether one step has led to several states."""
        return any(len(targets) > 1 for state in self.states for targets in state.steps.values())

    def edges(self) -> Iterator[tuple[int, str, int, int]]:
        """Yield all steps: from, process, to, and how often it was seen."""
        for state in self.states:
            for process, target, count in state.edges():
                yield state.number, process, target, count

    def paths(self) -> int | None:
        """Count the schedules from the first state to an end, or return None when they go in circles."""
        order = self._order()
        if order is None:
            return None
        ways, ends = [1] + [0] * len(self.states), 0
        for number in order:
            state = self.states[number]
            if state.is_end:
                ends += ways[number]
            for targets in state.steps.values():
                for target in targets:
                    ways[target] += ways[number]
        return ends

    def spins(self) -> list[Spin]:
        """Find the circles: strongly connected components with a step inside."""
        if self._order() is not None:
            return []
        return [spin for component in self.components() if (spin := self._spin(component))]

    def _order(self) -> Sequence[int] | None:
        """Return the states so that every step leads to a later one, or None when they go in circles (Kahn)."""
        states = self.states
        if not [each for state in states for found in state.steps.values() for each in found if each <= state.number]:
            # As they were found: most searches of nets meet no state again.
            return range(len(states))
        to_come = [0] * len(states)
        for state in states:
            for targets in state.steps.values():
                for target in targets:
                    to_come[target] += 1
        order = [number for number, count in enumerate(to_come) if not count]
        for number in order:
            for targets in states[number].steps.values():
                for target in targets:
                    to_come[target] -= 1
                    if not to_come[target]:
                        order.append(target)
        return order if len(order) == len(states) else None

    def _spin(self, component: list[int]) -> Spin | None:
        inside = set(component)
        moving: set[str] = set()
        has_exit = False
        for number in component:
            for process, targets in self.states[number].steps.items():
                for target in targets:
                    if target in inside:
                        moving.add(process)
                    else:
                        has_exit = True
        if not moving:
            return None
        always = set.intersection(*(set(self.states[number].available) for number in component))
        return Spin(tuple(sorted(component)), tuple(sorted(moving)), has_exit, always <= moving)

    def components(self, among: Collection[int] | None = None) -> Iterator[list[int]]:
        """Yield strongly connected components, the states of each circle together, those furthest on first (Tarjan).

        With `among`, only these states and the steps between them count.
        """
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        on_stack: set[int] = set()
        for root in range(len(self.states)) if among is None else sorted(among):
            if root in order:
                continue
            work = [(root, self._targets(root, among))]
            order[root] = low[root] = len(order)
            stack.append(root)
            on_stack.add(root)
            while work:
                number, targets = work[-1]
                for target in targets:
                    if target not in order:
                        order[target] = low[target] = len(order)
                        stack.append(target)
                        on_stack.add(target)
                        work.append((target, self._targets(target, among)))
                        break
                    if target in on_stack:
                        low[number] = min(low[number], order[target])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[number])
                    if low[number] == order[number]:
                        component: list[int] = []
                        while not component or component[-1] != number:
                            component.append(stack.pop())
                            on_stack.discard(component[-1])
                        yield component

    def _targets(self, number: int, among: Collection[int] | None) -> Iterator[int]:
        targets = [target for found in self.states[number].steps.values() for target in found]
        return iter(targets if among is None else [target for target in targets if target in among])

    def circles(self, among: Collection[int] | None = None, depth: int = 8) -> list[Circle]:
        """Return the circles, those nearest to the beginning first, and in each the smaller ones that it is made of.

        These are the circles that are left when the states are taken away by which one comes into the larger one.

        Source: B. Steensgaard, Sequentializing program dependence graphs for irreducible programs, 1993.
        """
        found = []
        for component in self.components(among):
            if len(component) > 1:
                inside = set(component)
                inner = self.circles(inside - self._entries(inside, among), depth - 1) if depth else []
                found.append(Circle(tuple(sorted(component)), tuple(inner)))
        return found[::-1]

    def _entries(self, inside: Set[int], among: Collection[int] | None) -> set[int]:
        """Return the states of a circle by which one comes into it, or the first of it if there is no way into it."""
        outside = [
            each for each in self.states if each.number not in inside and (among is None or each.number in among)
        ]
        entries = {each for state in outside for each in self._targets(state.number, inside)}
        if 0 in inside or not entries:
            entries.add(min(inside))
        return entries

    def walk(self, schedule: Sequence[str]) -> list[int]:
        """Return the states on a schedule, as far as the graph has them."""
        path = [0] if self.states else []
        for name in schedule:
            targets = self.states[path[-1]].steps.get(name) if path else None
            if not targets:
                break
            path.append(targets[0])
        return path

    def path_to(self, wanted: set[int]) -> tuple[str, ...] | None:
        """Return the schedule from the first state to one of these with the fewest switches, then the fewest steps."""
        import heapq

        heap: list[tuple[int, int, int, int, str]] = [(0, 0, 0, 0, "")]
        came: dict[tuple[int, str], tuple[int, str] | None] = {(0, ""): None}
        done: set[tuple[int, str]] = set()
        best: dict[tuple[int, str], tuple[int, int]] = {(0, ""): (0, 0)}
        tie = 0
        while heap:
            switches, steps, _, number, last = heapq.heappop(heap)
            here = (number, last)
            if here in done:
                continue
            done.add(here)
            if number in wanted:
                return _back(came, here)
            for process, targets in self.states[number].steps.items():
                cost = (switches + (last not in ("", process)), steps + 1)
                for target in targets:
                    there = (target, process)
                    if there not in best or cost < best[there]:
                        best[there] = cost
                        came[there] = here
                        tie += 1
                        heapq.heappush(heap, (*cost, tie, target, process))
        return None

    def spanning_tree(self) -> list[tuple[int, str, int]]:
        """Return a tree of steps that reaches every state once, no step twice."""
        seen, tree, queue = {0}, [], [0] if self.states else []
        for number in queue:
            for process, targets in self.states[number].steps.items():
                for target in targets:
                    if target not in seen:
                        seen.add(target)
                        queue.append(target)
                        tree.append((number, process, target))
        return tree

    def as_dict(self) -> dict[str, Any]:
        """Return the graph as plain data."""
        return {
            "states": [_state_dict(each) for each in self.states],
            "edges": [
                {"source": source, "process": process, "target": target, "count": count}
                for source, process, target, count in self.edges()
            ],
        }


def _state_dict(state: State) -> dict[str, Any]:
    return {
        "number": state.number,
        "reached": dict(state.reached),
        "is_end": state.is_end,
        "is_stuck": state.is_stuck,
        "is_wrong": state.is_wrong,
    }


def _back(came: dict[tuple[int, str], tuple[int, str] | None], here: tuple[int, str]) -> tuple[str, ...]:
    path: list[str] = []
    at: tuple[int, str] | None = here
    while at is not None and came[at] is not None:
        path.append(at[1])
        at = came[at]
    return tuple(reversed(path))
