"""Pictures of states, and the failing case as a test."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.standard_problems import PROBLEMS
from fbdev.explore import ExploreError, Result, explore, replay

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


def test_a_large_space_is_collapsed() -> None:
    """Above a number of states, those from which the same ends can be reached are one vertex, off the failing path."""
    result = explored("philosophers")
    assert result.failure is not None
    dot = result.draw("dot", most=10)
    vertices = re.findall(r'^    "(\w+)" \[', dot, re.MULTILINE)
    assert len(vertices) < len(result.graph.states)
    assert len([name for name in vertices if name.startswith("s")]) == len(result.failure.schedule) + 1
    assert " states" in dot


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
