"""What a picture of states shows: vertices, arrows, and circles in boxes.

A vertex is a state, an arrow a step of the process that it names. Colours tell which ends can still be reached. States
of one circle stand in a box, or are folded into one vertex. Of more states than can be looked at, circles are folded;
if that is not enough, states from which the same ends can be reached are one vertex, and if there are too many such
sets of ends, those of one colour; but for those on the failing path, and for the ends if they are few.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fbdev.explore.colours import BAD, Colours
from fbdev.explore.gathering import ways_in
from fbdev.explore.graph import Circle, State, StateGraph

Level = Literal["states", "circles", "ends", "colours"]
"""What a vertex is: a state, a circle of states, all states with the same ends ahead, or all of one colour."""

_MOST_LINES = 10


@dataclass(slots=True)
class Vertex:
    """A state, or several that were folded into one, of which `state` is the first.

    `is_open`: some of its steps were not tried. `is_wrong`: something is wrong in this very state.
    """

    id: str
    lines: tuple[str, ...]
    tone: str
    state: int = 0
    size: int = 1
    is_end: bool = False
    is_bold: bool = False
    is_open: bool = False
    is_wrong: bool = False


@dataclass(slots=True)
class Line:
    """A step from one vertex to another, or several; `is_tree`: the first way by which something is reached."""

    source: str
    target: str
    label: str
    is_bold: bool = False
    is_tree: bool = False


@dataclass(slots=True)
class Box:
    """Vertices of a circle that stand in no smaller box, and the boxes of smaller circles."""

    id: str
    vertices: list[str]
    inner: list[Box] = field(default_factory=list)


@dataclass(slots=True)
class Drawing:
    """All that is drawn; `called` are the names of the vertices in which states are."""

    level: Level
    vertices: list[Vertex] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    called: dict[int, str] = field(default_factory=dict)


def drawing_of(
    graph: StateGraph, schedule: Sequence[str], wrong: str, most: int, *, is_folded: bool = False
) -> Drawing:
    """Decide what is drawn of a graph, where a schedule fails with `wrong`; folded, each circle is one vertex."""
    path = graph.walk(schedule) if wrong else []
    colours = Colours(graph)
    level, called = _level(graph, path, colours, most, is_folded=is_folded)
    drawing = Drawing(level, called=called)
    members: dict[str, list[int]] = {}
    for state in graph.states:
        members.setdefault(called[state.number], []).append(state.number)
    bold = {called[number] for number in path if called[number][0] != "g"}
    for name, numbers in members.items():
        vertex = _vertex(name, graph, numbers, colours)
        if level == "colours" and name[0] == "g":
            vertex.lines = vertex.lines[:1]
        vertex.is_bold = name in bold
        drawing.vertices.append(vertex)
    _add_lines(drawing, graph, path)
    if path and not graph.states[path[-1]].is_stuck:
        drawing.vertices.append(Vertex("wrong", (wrong,), BAD, path[-1], is_end=True, is_bold=True, is_wrong=True))
        drawing.lines.append(
            Line(called[path[-1]], "wrong", " ".join(schedule[len(path) - 1 :]), is_bold=True, is_tree=True)
        )
    if level == "states":
        drawing.boxes = _boxes(graph.circles(), itertools.count())
    return drawing


def _level(
    graph: StateGraph, path: Sequence[int], colours: Colours, most: int, *, is_folded: bool
) -> tuple[Level, dict[int, str]]:
    """Return what the vertices are, and the name of that of each state."""
    if len(graph.states) <= most and not is_folded:
        return "states", {state.number: f"s{state.number}" for state in graph.states}
    components = list(graph.components())
    if len(components) <= most:
        called: dict[int, str] = {}
        circles = itertools.count()
        for component in sorted(map(sorted, components)):
            name = f"s{component[0]}" if len(component) == 1 else f"c{next(circles)}"
            called.update(dict.fromkeys(component, name))
        return "circles", called
    # Of a path that is too long itself, the middle falls into the groups.
    ends = [state.number for state in graph.states if state.is_end]
    alone = {
        0,
        *(ends if len(ends) <= most // 2 else ()),
        *path[: most // 2],
        *path[len(path) - min(len(path), max(1, most // 2)) :],
    }
    others = [state.number for state in graph.states if state.number not in alone]
    keys: dict[int, Hashable] = {number: colours.ahead[number] for number in others}
    level: Level = "ends"
    if len(set(keys.values())) > most:
        level, keys = "colours", {number: colours.tone(number) for number in others}
    groups = {key: f"g{place}" for place, key in enumerate(dict.fromkeys(keys.values()))}
    return level, {number: f"s{number}" for number in alone} | {number: groups[keys[number]] for number in others}


def _vertex(name: str, graph: StateGraph, numbers: Sequence[int], colours: Colours) -> Vertex:
    first = graph.states[numbers[0]]
    tone, size = colours.tone(first.number), len(numbers)
    if name[0] == "s":
        return Vertex(
            name, _reached(first), tone, first.number, 1, first.is_end, is_open=first.is_open, is_wrong=first.is_wrong
        )
    states = [graph.states[number] for number in numbers]
    text = f"{size:,} states in a circle" if name[0] == "c" else f"{size:,} states"
    ahead = f"{colours.count(first.number)} can be reached"
    is_open, is_wrong = any(each.is_open for each in states), any(each.is_wrong for each in states)
    is_end = all(each.is_end for each in states)
    return Vertex(name, (text, ahead), tone, first.number, size, is_end, is_open=is_open, is_wrong=is_wrong)


def _reached(state: State) -> tuple[str, ...]:
    """Return what each process has reached; of many processes, how many are where."""
    lines = [f"{name}: {reached}" for name, reached in state.reached.items()]
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    at: dict[str, list[str]] = {}
    for name, reached in state.reached.items():
        at.setdefault(reached, []).append(name)
    lines = [f"{', '.join(each) if len(each) < 4 else f'{len(each):,} processes'}: {text}" for text, each in at.items()]
    return (*lines[:_MOST_LINES], "…") if len(lines) > _MOST_LINES else tuple(lines)


def _boxes(circles: Sequence[Circle], numbers: itertools.count[int]) -> list[Box]:
    boxes = []
    for circle in circles:
        box = Box(f"b{next(numbers)}", [])
        box.inner = _boxes(circle.inner, numbers)
        inside = {number for inner in circle.inner for number in inner.states}
        box.vertices = [f"s{number}" for number in circle.states if number not in inside]
        boxes.append(box)
    return boxes


def _add_lines(drawing: Drawing, graph: StateGraph, path: Sequence[int]) -> None:
    bold = set(itertools.pairwise(path))
    tree = {(source, target) for target, (source, _) in ways_in(graph, path).items()}
    called = drawing.called
    labels: dict[tuple[str, str], dict[str, int]] = {}
    are_bold: set[tuple[str, str]] = set()
    are_tree: set[tuple[str, str]] = set()
    for source, process, target, count in graph.edges():
        between = called[source], called[target]
        if between[0] == between[1] and (source != target or between[0][0] != "s"):
            continue
        counts = labels.setdefault(between, {})
        counts[process] = counts.get(process, 0) + count
        if (source, target) in bold:
            are_bold.add(between)
        if (source, target) in tree:
            are_tree.add(between)
    for between, counts in labels.items():
        label = ", ".join(f"{process} ×{count:,}" if count > 1 else process for process, count in counts.items())
        drawing.lines.append(Line(*between, label, between in are_bold, between in are_tree))
