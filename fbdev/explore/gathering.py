"""Looks at states after a search: executions are led to them again, and tell what data they hold."""

from __future__ import annotations

import copy
import itertools
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fbdev.explore.begin import begin
from fbdev.explore.graph import State, StateGraph
from fbdev.explore.program import Program
from fbdev.explore.surroundings import controlled

Data = Mapping[str, Mapping[str, str]]
"""What there is to see of a state: short texts by group and name."""


@dataclass(slots=True)
class Gathered:
    """The data of states, by number, and why there are none of others, or ""."""

    data: dict[int, Data] = field(default_factory=dict)
    why_not: str = ""


def gather(program: Program | None, graph: StateGraph, wanted: Collection[int], seconds: float) -> Gathered:
    """Lead executions to the states that are wanted, the furthest first, and take what they hold on the way.

    It ends after so many seconds, and where the program is not what it was.
    """
    if program is None:
        return Gathered(why_not="a result that was copied or pickled has left its program behind")
    gathered, left = Gathered(), set(wanted)
    ways = ways_in(graph)
    depth = depths(ways)
    end = time.monotonic() + seconds
    try:
        with _as_in_a_search(program) as alone:
            for number in sorted(left & depth.keys(), key=lambda each: -depth[each]):
                if number not in left:
                    continue
                if time.monotonic() > end:
                    gathered.why_not = f"gathering them would have taken more than {seconds:g} s"
                    break
                _along(alone, graph, way_to(ways, number), left, gathered)
                if number in left:
                    gathered.why_not = "some states were not reached by the same steps again"
                    left.discard(number)
    except Exception as error:
        gathered.why_not = f"the program cannot be run again: {type(error).__name__}: {error}"
    return gathered


def ways_in(graph: StateGraph, first: Sequence[int] = ()) -> dict[int, tuple[int, str]]:
    """Return by which step each state is come to: a tree of the shortest ways, but for those on the path `first`."""
    ways = {target: (source, process) for source, process, target in graph.spanning_tree()}
    if len(set(first)) == len(first):
        for source, target in itertools.pairwise(first):
            process = next(name for name, targets in graph.states[source].steps.items() if target in targets)
            ways[target] = source, process
    return ways


def way_to(ways: Mapping[int, tuple[int, str]], number: int) -> list[tuple[str, int]]:
    """Return the steps from the beginning to a state: of which process, and where to."""
    way = []
    while number in ways:
        source, process = ways[number]
        way.append((process, number))
        number = source
    return way[::-1]


def depths(ways: Mapping[int, tuple[int, str]]) -> dict[int, int]:
    """Return how many steps each state is from the beginning."""
    found = {0: 0}
    for target, (source, _) in ways.items():
        # In a tree of shortest ways, whatever leads somewhere comes before it.
        found[target] = found[source] + 1
    return found


def chain_of(program: Program, schedule: Sequence[str]) -> StateGraph:
    """Return the states of one schedule, where a search has told no states apart."""
    graph = StateGraph()
    with _as_in_a_search(program) as alone:
        execution = begin(alone)
        try:
            graph.states.append(State(0, dict(execution.state), execution.available, is_stuck=False))
            for number, name in enumerate(schedule, 1):
                if name not in execution.available:
                    break
                execution.next(name)
                available = execution.available
                is_stuck = not available and bool(execution.waiting)
                graph.states.append(State(number, dict(execution.state), available, is_stuck=is_stuck))
                graph.states[number - 1].lead(name, number)
        finally:
            execution.close()
    return graph


@contextmanager
def _as_in_a_search(program: Program) -> Iterator[Program]:
    """Let executions be what they were in a search, without those who are told of them: these are none of it."""
    alone = copy.copy(program)
    alone.hooks, alone.reduces = None, False
    before = random.getstate()
    try:
        with controlled():
            yield alone
    finally:
        random.setstate(before)


def _along(
    program: Program, graph: StateGraph, way: Sequence[tuple[str, int]], left: set[int], gathered: Gathered
) -> None:
    execution = begin(program)
    try:
        for process, number in [("", 0), *way]:
            if process and process not in execution.available:
                return
            if process:
                execution.next(process)
            if dict(execution.state) != dict(graph.states[number].reached):
                return
            if number in left:
                gathered.data[number] = execution.data()
                left.discard(number)
    finally:
        execution.close()
