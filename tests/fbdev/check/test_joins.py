from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Graph, In, Out, component
from fbcore.model.flat import flatten
from fbdev.check.joins import joins


@component
def pair(left: int, right: int) -> int:
    return left + right


@component
def same(value: int) -> int:
    return value


@component
def some(value: int) -> int | None:
    return value or None


@component
def several(value: int) -> Iterator[int]:
    yield value


@component
def unsaid(value):  # type: ignore[no-untyped-def]
    return value


class Take(Component):
    """What a class does with its packets cannot be known."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None: ...


def diamond(left: Any, right: Any) -> Graph:
    """A graph whose input goes two ways, through these components, to a node that pairs what comes."""
    graph = Graph("diamond")
    node = graph.add(pair)
    for side, each in [("left", left), ("right", right)]:
        way = graph.add(each, f"{side}_way")
        graph.inputs.x >> way.value
        way.out >> getattr(node, side)
    node.out >> graph.outputs.sums
    return graph


def found(graph: Graph) -> list[str]:
    """Return what is said about the joins of a graph."""
    return [finding.what for finding in joins(flatten(graph), "graph diamond")]


BEGIN = "pairs packets of inputs.x that came by left and by right, and they may not be as many: "


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        (some, same, "left_way sends nothing where out is None (int | None)"),
        (same, several, "right_way yields any number for each"),
        (
            several,
            some,
            "left_way yields any number for each; right_way sends nothing where out is None (int | None)",
        ),
    ],
)
def test_a_way_that_may_lose_its_step_is_found(left: Any, right: Any, why: str) -> None:
    """Packets that are paired by order must be as many on both ways; who may change that is named."""
    assert found(diamond(left, right)) == [BEGIN + why]


@pytest.mark.parametrize(("left", "right"), [(same, same), (Take, some), (unsaid, same)])
def test_what_cannot_be_known_is_not_said(left: Any, right: Any) -> None:
    """Ways that keep their step are fine, and of classes and unannotated functions nothing is known."""
    assert found(diamond(left, right)) == []


def test_a_connected_error_takes_packets_off_the_way() -> None:
    """What fails on one way is missing where the ways meet, when the net is to go on without it."""
    graph = diamond(same, same)
    graph["left_way"].error >> graph.outputs.broken
    assert found(graph) == [BEGIN + "what fails in left_way goes to left_way.error"]


def test_what_is_lost_before_the_ways_part_is_lost_to_both() -> None:
    """A node that drops before the fan-out does no harm."""
    graph = Graph("diamond")
    node, first, left, right = graph.add(pair), graph.add(some), graph.add(same, "l"), graph.add(same, "r")
    graph.inputs.x >> first.value
    for way in (left, right):
        first.out >> way.value
    left.out >> node.left
    right.out >> node.right
    assert found(graph) == []


def test_a_long_way_is_followed() -> None:
    """The node that loses the step may be far from the join, and the other way direct."""
    graph = Graph("diamond")
    node, first, last = graph.add(pair), graph.add(several), graph.add(same)
    graph.inputs.x >> node.left
    graph.inputs.x >> first.value
    first.out >> last.value
    last.out >> node.right
    assert found(graph) == [BEGIN + "several yields any number for each"]


def test_packets_of_different_outputs_are_nobodys_business() -> None:
    """Two inputs of a net may be as long as they like."""
    graph = Graph("two")
    node, way = graph.add(pair), graph.add(some)
    graph.inputs.x >> node.left
    graph.inputs.y >> way.value
    way.out >> node.right
    assert found(graph) == []


def test_a_circle_is_followed_once() -> None:
    """A way that leads back into itself ends the search."""
    graph = Graph("circle")
    node, way = graph.add(pair), graph.add(same)
    way.out >> way.value
    way.out >> node.left
    graph.inputs.x >> node.right
    assert found(graph) == []
