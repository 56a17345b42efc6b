"""Pictures of states, and the failing case as a test."""

from __future__ import annotations

import importlib
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.standard_problems import PROBLEMS
from fbcore import Component, Each, Graph, In, Out
from fbdev.explore import ExploreError, NetScene, Result, Scene, explore, replay
from fbdev.explore.colours import Colours
from fbdev.explore.drawing import drawing_of
from fbdev.explore.graph import Circle, State, StateGraph
from fbdev.explore.picture import to_dot, to_mermaid

BY_NAME = {problem.name: problem for problem in PROBLEMS}


def explored(name: str, **options: Any) -> Result:
    """Explore a standard problem by states, to the end."""
    problem = BY_NAME[name]
    return explore(problem.factory, at_end=problem.at_end, search="states", keep_going=True, **options)


def test_every_state_and_step_is_drawn() -> None:
    """A picture has a vertex for each state and an arrow for each pair of them, with the process that leads there."""
    result = explored("opposite locks, mended")
    dot = result.draw("dot")
    assert len(re.findall(r'^    "s\d+" \[', dot, re.MULTILINE)) == len(result.graph.states)
    pairs = {(source, target) for source, _, target, _ in result.graph.edges()}
    assert dot.count(" -> ") == len(pairs)
    assert "penwidth" not in dot


def test_the_failing_path_is_bold() -> None:
    """The states and steps of the smallest schedule stand out, and a deadlock is the end of it."""
    result = explored("opposite locks")
    assert result.failure is not None
    dot = result.draw("dot")
    steps = [line for line in dot.splitlines() if "->" in line and "penwidth" in line]
    assert len(steps) == len(result.failure.schedule)
    (end,) = [line for line in dot.splitlines() if "#fecaca" in line]
    assert "peripheries" in end
    mermaid = result.draw("mermaid")
    assert mermaid.startswith("flowchart TD\n")
    assert mermaid.count("==>") == len(steps)


def test_what_fails_at_the_end_has_a_vertex_of_its_own() -> None:
    """What is wrong with an end is written behind it."""
    assert 'label="what must hold at the end does not"' in explored("lost update").draw("dot")


def test_circles_are_folded_into_boxes() -> None:
    """States of one circle stand in a subgraph."""

    def factory() -> list[Any]:
        shared = [0]

        def toggle() -> Any:
            while shared[0] != 2:
                shared[0] = 1 - shared[0]
                yield "toggled"

        def stop() -> Any:
            yield "ready"
            shared[0] = 2

        return [toggle(), stop()]

    result = explore(factory).assert_holds()
    dot = result.draw("dot")
    assert dot.count("subgraph") == sum(len(spin.states) > 1 for spin in result.spins) > 0
    assert result.draw("mermaid").count("subgraph") == dot.count("subgraph")


def test_circles_inside_circles_stand_in_boxes_inside_boxes() -> None:
    """A circle that is left when the way into a larger one is taken away has a box of its own in the larger box."""
    graph = StateGraph()
    graph.states = [State(number, {"a": str(number)}, ["a", "b"], is_stuck=False) for number in range(5)]
    for source, process, target in ((0, "a", 1), (1, "a", 2), (2, "a", 3), (3, "a", 2), (3, "b", 1), (1, "b", 4)):
        graph.states[source].lead(process, target)
    assert graph.circles() == [Circle((1, 2, 3), (Circle((2, 3)),))]
    drawing = drawing_of(graph, (), "", 10)
    dot = to_dot(drawing)
    assert re.search(r'subgraph "cluster_b0" \{(?:(?!\n    \}).)*subgraph "cluster_b1"', dot, re.DOTALL)
    assert to_mermaid(drawing).count("subgraph") == dot.count("subgraph") == 2


def test_many_states_in_a_circle_are_folded_first() -> None:
    """Above a number of states, circles are one vertex each where this is enough."""

    def factory() -> Any:
        shared = SimpleNamespace(number=0, stop=False)

        def count() -> Any:
            while not shared.stop:
                shared.number = (shared.number + 1) % 20
                yield "counted"

        def stop() -> Any:
            yield "ready"
            shared.stop = True

        return {"count": count(), "stop": stop()}

    dot = explore(factory).draw("dot", most=30)
    assert dot.count(" states in a circle") == 2
    assert "subgraph" not in dot


def test_what_was_not_tried_is_dashed_and_decides_nothing() -> None:
    """After the first bug the search ends: states with steps left to try are dashed, and take no colour of an end."""
    problem = BY_NAME["lost update"]
    result = explore(problem.factory, at_end=problem.at_end)
    untried = [state.number for state in result.graph.states if state.is_open]
    dot = result.draw("dot")
    dashed = re.findall(r'"s(\d+)" \[.*?fillcolor="(#\w+)".*dashed', dot)
    assert [int(number) for number, _ in dashed] == untried != []
    assert {colour for _, colour in dashed} <= {"#f8fafc", "#ffedd5"}
    assert "dashed" not in explored("lost update").draw("dot")


def test_the_failing_path_is_there_though_the_search_went_another_way() -> None:
    """The smallest schedule is drawn whole, be it another than that by which the search found the bug."""
    problem = BY_NAME["spinlock"]
    result = explore(problem.factory, at_end=problem.at_end)
    assert result.failure is not None
    path = result.graph.walk(result.failure.schedule)
    assert len(path) == len(result.failure.schedule) + 1
    assert [state.number for state in result.graph.states if state.is_wrong] == [path[-1]]


def test_the_failing_path_of_a_net_goes_by_the_states_of_its_search() -> None:
    """A path that begins like one that was searched does so in the picture, and no state is there twice."""

    class Talker(Component):
        heard: In[int]
        said: Out[int]

        async def run(self) -> None:
            await self.said.send(1)
            await self.said.send(2)
            await self.heard.receive()

    graph = Graph("talk")
    one, other = graph.add(Talker, "one"), graph.add(Talker, "other")
    graph.connect(one.said, other.heard, capacity=1)
    graph.connect(other.said, one.heard, capacity=1)
    result = explore(NetScene(graph))
    assert result.failure is not None
    assert len(result.graph.walk(result.failure.schedule)) == len(result.failure.schedule) + 1
    assert not result.graph.has_chance


def test_the_tree_has_every_step_once() -> None:
    """The tree of executions names each step once, and says where it comes to what is there already."""
    result = explored("opposite locks")
    lines = result.draw("tree").splitlines()
    assert len(lines) == 1 + result.graph.transitions
    again = [line for line in lines if line.endswith("as above")]
    assert len(again) == result.graph.transitions - (len(result.graph.states) - 1)
    assert len([line for line in lines if line.startswith(">")]) >= 1
    assert len([line for line in lines if line.endswith(": stuck")]) == 1
    short = result.draw("tree", most=5).splitlines()
    assert short[-1] == f"... and {result.graph.transitions - 5} steps more"


def test_how_often_a_step_led_somewhere_is_counted() -> None:
    """Where one step can lead to several states, each arrow says how often it did."""
    chance = random.Random(1)

    def factory() -> Any:
        def toss() -> Any:
            yield chance.choice(("heads", "tails"))

        return {"coin": toss()}

    result = explore(factory, chance=True, samples=40)
    counts = [count for _, _, _, count in result.graph.edges()]
    assert result.graph.has_chance
    assert all(f"coin ×{count}" in result.draw("dot") for count in counts)


def test_a_picture_there_is_none_of_is_refused() -> None:
    """The error names the pictures that there are."""
    with pytest.raises(ExploreError, match="svg, dot, mermaid, html, tree, json"):
        explored("lost update").draw("png")  # type: ignore[arg-type]


def test_a_large_space_is_collapsed() -> None:
    """Above a number of states, those with the same ends ahead are one vertex, but not on the failing path."""
    result = explored("philosophers")
    assert result.failure is not None
    dot = result.draw("dot", most=10)
    vertices = re.findall(r'^    "(\w+)" \[', dot, re.MULTILINE)
    assert len(vertices) < len(result.graph.states)
    good_ends = [state for state in result.graph.states if state.is_end and not state.is_stuck]
    assert len([name for name in vertices if name.startswith("s")]) == len(result.failure.schedule) + 1 + len(good_ends)
    assert " states" in dot


def test_many_processes_are_counted_by_where_they_are() -> None:
    """A state of more processes than can be listed says how many have reached what."""

    def factory() -> Any:
        def step(number: int) -> Any:
            yield "half way" if number else "elsewhere"

        return {f"p{number}": step(number) for number in range(20)}

    dot = explore(factory, search="random", chance=True, samples=1).draw("dot", most=100)
    assert 'label="20 processes: begin"' in dot
    assert re.search(r'label="(?:\d+ processes|p[\d, p]+): [^"]*\\n[^"]*"', dot)
    assert max(len(label.split("\\n")) for label in re.findall(r'label="([^"]*)"', dot)) <= 4
    assert 'label="20 processes: finished"' in dot


def test_more_sets_of_ends_than_vertices_are_drawn_by_colour() -> None:
    """However many ends there are, a picture has few vertices: states of one colour are one if nothing else helps."""

    def factory() -> Any:
        log: list[str] = []

        def note(name: str) -> Any:
            for number in range(3):
                yield number
                log.append(name)

        return Scene({name: note(name) for name in "ab"}, log)

    result = explore(factory)
    assert len(result.ends) == 20
    colours = Colours(result.graph)
    assert colours.count(0) == "20 ends"
    assert len(set(colours.ahead)) > 20
    vertices = re.findall(r'^    "(\w+)" \[', result.draw("dot", most=12), re.MULTILINE)
    assert vertices[0] == "s0"
    assert len(vertices) <= 1 + 7


def test_ends_beyond_counting_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many ends only the first are told apart; whether what lies ahead is right or wrong is known."""
    graph = StateGraph()
    graph.states = [State(0, {}, ["a"], is_stuck=False), State(1, {}, ["a"], is_stuck=False)]
    graph.states += [State(number, {}, [], is_stuck=number == 5) for number in range(2, 6)]
    for source, target in ((0, 1), (0, 5), (1, 2), (1, 3), (1, 4)):
        graph.states[source].lead("a", target)
    monkeypatch.setattr("fbdev.explore.colours._TOLD_APART", 1)
    colours = Colours(graph)
    assert [colours.tone(number) for number in range(6)] == [
        "risky",
        "undecided",
        "end0",
        "undecided",
        "undecided",
        "bad",
    ]
    assert [colours.count(number) for number in (0, 2, 5)] == ["several ends", "1 end", "several ends"]
    assert colours.ends(0) == [2]


def test_names_cannot_break_a_picture() -> None:
    """Quotes, backslashes and long labels are drawn, and not read as syntax."""

    def odd() -> Any:
        yield 'say "hi" \\ <b>&`' + "x" * 100

    result = explore(lambda: {'a "b"': odd()})
    assert '\\"hi\\" \\\\' in result.draw("dot")
    assert "&quot;hi&quot;" in result.draw("mermaid")
    assert "</svg>" in result.draw()


def test_without_states_there_is_nothing_to_draw() -> None:
    """A search that tells no states apart has no picture, and says how to get one."""
    problem = BY_NAME["opposite locks"]
    with pytest.raises(ExploreError, match='explore with search="states"'):
        explore(problem.factory, search="races").draw("dot")


def test_the_failing_case_as_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test that a report writes fails before the program is mended, and passes after."""
    source = """
from fbdev.explore import Scene

IS_MENDED = False

def factory():
    shared = {"count": 0}

    def add():
        seen = shared["count"]
        if not IS_MENDED:
            yield "read"
        shared["count"] = seen + 1
        yield "written"

    return Scene({"a": add(), "b": add()}, shared)

def both(shared):
    return shared["count"] == 2
"""
    (tmp_path / "program_to_test.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    program = importlib.import_module("program_to_test")
    result = explore(program.factory, at_end=program.both)
    assert "from program_to_test import both\nfrom program_to_test import factory\n" in result.test
    namespace: dict[str, Any] = {}
    exec(result.test, namespace)
    (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
    with pytest.raises(AssertionError, match="what must hold at the end does not"):
        test()
    program.IS_MENDED = True
    test()
    assert replay(program.factory, result.token).failure is None
    del sys.modules["program_to_test"]


NET = """
from fbcore import Each, Graph, component
from fbdev.explore import NetScene

wrong = [2]

@component
def same(number: int) -> int:
    if number in wrong:
        raise ValueError("no")
    return number

def net():
    graph = Graph("net")
    graph.inputs.number >> graph.add(same).number
    graph["same"].out >> graph.outputs.out
    return graph

graph, other = net(), net()
scene = NetScene(other, inputs={"number": Each([1, 2])})
"""


@pytest.mark.parametrize("name", ["graph", "scene"])
def test_the_failing_case_of_a_net_as_a_test(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net is imported by the name of its scene; else by that of its graph, with its inputs written beside it."""
    (tmp_path / "net_to_test.py").write_text(NET)
    monkeypatch.syspath_prepend(tmp_path)
    net = importlib.import_module("net_to_test")
    scene = net.scene if name == "scene" else NetScene(net.graph, inputs={"number": Each((1, 2))}, allowed=["finished"])
    result = explore(scene)
    assert f"from net_to_test import {name}\n" in result.test
    namespace: dict[str, Any] = {}
    exec(result.test, namespace)
    (test,) = [value for called, value in namespace.items() if called.startswith("test_")]
    with pytest.raises(AssertionError, match="same: ValueError: no"):
        test()
    net.wrong.clear()
    test()
    del sys.modules["net_to_test"]


def test_what_cannot_be_imported_is_left_to_be_filled_in() -> None:
    """The rest of the test stands, and compiles."""

    def factory() -> Any:
        return BY_NAME["opposite locks"].factory()

    result = explore(factory, invariant=lambda shared: True)
    assert "factory = ...  # test_what_cannot_be_imported" in result.test
    assert "invariant = ...  # test_what_cannot_be_imported" in result.test
    compile(result.test, "test_case.py", "exec")
