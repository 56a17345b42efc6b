from typing import Any

import pytest

from fbcore import Component, Config, Graph, In, Out
from fbcore.model.flat import flatten
from fbdev.check.circles import circles
from fbdev.check.finding import Level


class Relay(Component):
    """Takes from two sides and sends to two."""

    first: In[int] = In(optional=True)
    second: In[int] = In(optional=True)
    left: Out[int]
    right: Out[int]
    size: Config[int] = Config(default=1)

    async def run(self) -> None: ...


def relays(*ids: str) -> Graph:
    """A graph of relays that are not connected yet."""
    graph = Graph("net")
    for each in ids:
        graph.add(Relay, each)
    return graph


def found(graph: Graph) -> list[str]:
    """Return where the circles of a graph lead back."""
    return [finding.address for finding in circles(flatten(graph), "graph net")]


def test_a_circle_is_named_with_its_mend() -> None:
    """A circle of bounded edges is a warning: its edges with their capacities, and the edge to give room."""
    graph = relays("a", "b")
    graph["a"].left >> graph["b"].first
    graph.connect(graph["b"].left, graph["a"].second, capacity=3)
    (finding,) = circles(flatten(graph), "graph net")
    assert finding.level is Level.WARNING
    assert finding.address == "b.left->a.second"
    assert finding.what == (
        "more than 67 packets going round this circle deadlock it: a.left->b.first (64), b.left->a.second (3)"
    )
    assert finding.hint.endswith("graph.connect(b.left, a.second, capacity=None)")
    assert finding.place.startswith(__file__)


@pytest.mark.parametrize("which", [0, 1])
def test_an_edge_without_bound_takes_the_danger_away(which: int) -> None:
    """Any one edge of a circle that may grow is enough."""
    graph = relays("a", "b")
    for number, (source, target) in enumerate(
        [(graph["a"].left, graph["b"].first), (graph["b"].left, graph["a"].first)]
    ):
        graph.connect(source, target, capacity=None if number == which else 64)
    assert found(graph) == []


@pytest.mark.parametrize("options", [{"drop": "oldest"}, {"expiry": 5.0}])
def test_an_edge_that_loses_packets_takes_the_danger_away(options: dict[str, Any]) -> None:
    """Nobody waits for good where packets are dropped, or get too old."""
    graph = relays("a", "b")
    graph["a"].left >> graph["b"].first
    graph.connect(graph["b"].left, graph["a"].second, **options)
    assert found(graph) == []


def test_bytes_bound_a_circle_too() -> None:
    """An edge that holds any number of packets, but not of bytes, can be full."""
    graph = relays("a", "b")
    graph["a"].left >> graph["b"].first
    graph.connect(graph["b"].left, graph["a"].second, capacity=None, bytes="1 kB", size=lambda value: 1)
    (finding,) = circles(flatten(graph), "graph net")
    assert finding.what == (
        "many packets going round this circle deadlock it: a.left->b.first (64), b.left->a.second (1 kB)"
    )


def test_an_edge_to_its_own_node_is_a_circle() -> None:
    """A node that sends to itself can fill its own edge."""
    graph = relays("a")
    graph["a"].left >> graph["a"].first
    assert found(graph) == ["a.left->a.first"]


def test_a_net_without_circles_has_none() -> None:
    """A fan-out that joins again is no circle."""
    graph = relays("a", "b", "c", "d")
    graph["a"].left >> graph["b"].first
    graph["a"].right >> graph["c"].first
    graph["b"].left >> graph["d"].first
    graph["c"].left >> graph["d"].second
    graph.inputs.x >> graph["a"].first
    graph["d"].left >> graph.outputs.y
    assert found(graph) == []


def test_each_circle_is_found_once() -> None:
    """Two circles that share a node are two findings; what leads into them, and out, is in none."""
    graph = relays("start", "a", "b", "c", "end")
    graph["start"].left >> graph["a"].first
    graph["a"].left >> graph["b"].first
    graph["b"].left >> graph["a"].second
    graph["a"].right >> graph["c"].first
    graph["c"].left >> graph["a"].second
    graph["c"].right >> graph["end"].first
    assert found(graph) == ["c.left->a.second", "b.left->a.second"]


def test_mending_what_is_named_is_enough() -> None:
    """When each edge that a finding names is without bound, nothing is found any more."""
    ends = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("c", "b"), ("a", "a")]

    def connected(without_bound: list[str]) -> Graph:
        graph = relays("a", "b", "c")
        for source, target in ends:
            capacity = None if f"{source}.left->{target}.first" in without_bound else 64
            graph.connect(graph[source].left, graph[target].first, capacity=capacity)
        return graph

    named = found(connected([]))
    assert named
    assert found(connected(named)) == []
