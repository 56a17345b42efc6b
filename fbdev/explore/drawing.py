"""What a picture of states shows: vertices, arrows, and circles folded into boxes.

A vertex is a state, an arrow a step of the process that it names. Colours tell which ends can still be reached. States
of one circle stand in a box. Of more states than can be looked at, those from which the same ends can be reached are
one vertex, but for those on the failing path.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from fbdev.explore.graph import StateGraph

_COLOURS = ("#dcfce7", "#dbeafe", "#fef9c3", "#f3e8ff", "#ffedd5", "#cffafe", "#fce7f3", "#ecfccb")
_UNDECIDED, _BAD = "#f8fafc", "#fecaca"


@dataclass(slots=True)
class Vertex:
    """A state, or several that were folded into one."""

    id: str
    lines: tuple[str, ...]
    colour: str
    is_end: bool = False
    is_bold: bool = False


@dataclass(slots=True)
class Line:
    """A step from one vertex to another."""

    source: str
    target: str
    label: str
    is_bold: bool = False


@dataclass(slots=True)
class Drawing:
    """All that is drawn; `circles` are the vertices that stand in one box."""

    vertices: list[Vertex] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    circles: list[list[str]] = field(default_factory=list)


def drawing_of(graph: StateGraph, schedule: Sequence[str], wrong: str, most: int) -> Drawing:
    """Decide what is drawn of a graph, where a schedule fails with `wrong`."""
    path = _walked(graph, schedule)
    bold = set(path) if wrong else set()
    colours = _colours(graph)
    reach = _reachable_ends(graph)
    folded = len(graph.states) > most
    groups: dict[frozenset[int], str] = {}
    called: dict[int, str] = {}
    drawing = Drawing()
    sizes: dict[str, int] = {}
    for state in graph.states:
        number = state.number
        if not folded or number in bold or number == 0:
            called[number] = f"s{number}"
            lines = tuple(f"{name}: {reached}" for name, reached in state.reached.items())
            colour = colours[reach[number]]
            drawing.vertices.append(Vertex(called[number], lines, colour, state.is_end, number in bold))
        else:
            group = groups.setdefault(reach[number], f"g{len(groups)}")
            called[number] = group
            sizes[group] = sizes.get(group, 0) + 1
    for ends, group in groups.items():
        text = f"{sizes[group]:,} states", f"{len(ends)} end{'' if len(ends) == 1 else 's'} can be reached"
        drawing.vertices.append(Vertex(group, text, colours[ends]))
    _add_lines(drawing, graph, called, path, is_failing=bool(wrong))
    if wrong and not graph.states[path[-1]].is_stuck:
        last = called[path[-1]]
        drawing.vertices.append(Vertex("wrong", (wrong,), _BAD, is_end=True, is_bold=True))
        drawing.lines.append(Line(last, "wrong", " ".join(schedule[len(path) - 1 :]), is_bold=True))
    if not folded:
        circles = [each for each in graph.components() if len(each) > 1]
        drawing.circles = [[called[number] for number in sorted(circle)] for circle in reversed(circles)]
    return drawing


def _walked(graph: StateGraph, schedule: Sequence[str]) -> list[int]:
    """Return the states on a schedule, as far as the graph has them."""
    path = [0] if graph.states else []
    for name in schedule:
        targets = graph.states[path[-1]].steps.get(name)
        if not targets:
            break
        path.append(targets[0])
    return path


def _reachable_ends(graph: StateGraph) -> dict[int, frozenset[int]]:
    """Return the ends that can be reached from each state."""
    found: dict[int, frozenset[int]] = {}
    for component in graph.components():
        inside = set(component)
        ends: set[int] = {number for number in component if graph.states[number].is_end}
        for number in component:
            for targets in graph.states[number].steps.values():
                ends.update(*(found[target] for target in targets if target not in inside))
        found.update(dict.fromkeys(component, frozenset(ends)))
    return found


def _colours(graph: StateGraph) -> dict[frozenset[int], str]:
    """Give each end a colour, and to what is undecided another."""
    stuck = {state.number for state in graph.states if state.is_stuck}
    ends = [state.number for state in graph.states if state.is_end and not state.is_stuck]
    of_end = {number: _COLOURS[place % len(_COLOURS)] for place, number in enumerate(ends)}
    colours = {}
    for reach in _reachable_ends(graph).values():
        if reach and reach <= stuck:
            colours[reach] = _BAD
        else:
            colours[reach] = of_end[min(reach)] if len(reach) == 1 else _UNDECIDED
    return colours


def _add_lines(
    drawing: Drawing, graph: StateGraph, called: dict[int, str], path: Sequence[int], *, is_failing: bool
) -> None:
    bold = set(itertools.pairwise(path)) if is_failing else set()
    labels: dict[tuple[str, str], dict[str, int]] = {}
    are_bold: set[tuple[str, str]] = set()
    for source, process, target, count in graph.edges():
        between = called[source], called[target]
        if between[0] == between[1] and source != target:
            continue
        counts = labels.setdefault(between, {})
        counts[process] = counts.get(process, 0) + count
        if (source, target) in bold:
            are_bold.add(between)
    for between, counts in labels.items():
        label = ", ".join(f"{process} ×{count}" if count > 1 else process for process, count in counts.items())
        drawing.lines.append(Line(*between, label, between in are_bold))
