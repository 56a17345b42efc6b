"""Policies that are not used add nothing to the work of a hop."""

import gc
import sys
from types import FrameType
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    EdgeSettings,
    End,
    Graph,
    In,
    NetSettings,
    NodeSettings,
    Orchestrator,
    Out,
    Restart,
    Retry,
    component,
)
from fbcore.net.build import build_net
from fbcore.net.edge import Edge
from fbcore.net.firing import Firing
from fbcore.net.node import Node


class Passes(Component):
    number: In[int]
    passed: Out[int]
    stateless = True

    async def run(self) -> None:
        async for number in self.number:
            await self.passed.send(number)


@component
def double(number: int) -> int:
    return 2 * number


def line(inner: Any) -> Graph:
    """Return a graph of three nodes in a row, `inner` between two others."""
    graph = Graph("line")
    first, middle, last = graph.add(Passes, "first"), graph.add(inner, "middle"), graph.add(Passes, "last")
    graph.inputs.number >> first.number
    first.passed >> middle.number
    (middle.passed if inner is Passes else middle.out) >> last.number
    last.passed >> graph.outputs.passed
    return graph


class Plain(Orchestrator):
    """Builds nets without any orchestration."""

    def build(self, graph: Graph, settings: NetSettings, *given: Any, **named: Any) -> Any:
        return build_net(graph, *given, **named)


def calls(graph: Graph, packets: int, **given: Any) -> int:
    """Count the calls of Python functions, resumed coroutines included, in a run with so many packets."""
    runtime = BatchRuntime(graph, **given)
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    # What is collected meanwhile may be of other tests, and have something to call.
    gc.disable()
    sys.setprofile(note)
    try:
        result = runtime.run(inputs={"number": Each(range(packets))})
    finally:
        sys.setprofile(None)
        gc.enable()
    assert len(result.outputs.passed) == packets
    return count


def per_packet(graph: Graph, **given: Any) -> float:
    """Return the calls for each of a thousand packets, without what a run costs at its ends."""
    return (calls(graph, 1100, **given) - calls(graph, 100, **given)) / 1000


@pytest.mark.slow
@pytest.mark.parametrize("inner", [Passes, double])
def test_a_net_without_policies_makes_the_same_calls(inner: Any) -> None:
    """A hop calls as much by an orchestrator, and by one with settings for other nodes, as without any."""
    without = per_packet(line(inner), orchestrator=Plain())
    settings = NetSettings(nodes={"first": NodeSettings(capacity=64)})
    for given in {"orchestrator": Orchestrator()}, {"settings": settings}:
        assert abs(per_packet(line(inner), **given) - without) < 0.05 * without


@pytest.mark.slow
def test_a_restart_that_does_not_happen_costs_nothing_per_packet() -> None:
    """A class with a policy makes the calls that it makes without; being supervised is a matter of its whole life."""
    without = per_packet(line(Passes), orchestrator=Plain())
    settings = NetSettings(nodes={"middle": NodeSettings(restart=Restart(), end=End(deadline=99))})
    assert abs(per_packet(line(Passes), settings=settings) - without) < 0.05 * without


@pytest.mark.slow
@pytest.mark.parametrize("inner", [Passes, double])
def test_edges_without_policies_make_the_same_calls(inner: Any) -> None:
    """A hop calls as much where settings are said of edges, but no policies, as without any."""
    without = per_packet(line(inner), orchestrator=Plain())
    settings = NetSettings(edges={"**": EdgeSettings(capacity=64, expiry="never", drop="nothing", bytes=None)})
    assert abs(per_packet(line(inner), settings=settings) - without) < 0.05 * without


@pytest.mark.slow
def test_a_retry_that_does_not_happen_costs_nothing_per_packet() -> None:
    """A function that only returns fires in batches under it, and makes the calls that it makes without."""
    without = per_packet(line(double), orchestrator=Plain())
    settings = NetSettings(nodes={"middle": NodeSettings(retry=Retry())})
    assert abs(per_packet(line(double), settings=settings) - without) < 0.05 * without


def test_edges_beside_one_with_policies_are_plain() -> None:
    """The edge that has policies is of another class, and no other leaves the fast path for it."""
    graph = line(double)
    graph.edges[1].options["expiry"] = 99
    fast: list[str] = []

    class Looks(Component):
        number: In[int]
        passed: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                fast.extend(edge.address for edge in self.passed.node.net.edges if edge.is_fast)  # type: ignore[attr-defined]
                await self.passed.send(number)

    looks = graph.add(Looks)
    graph["last"].passed >> looks.number
    looks.passed >> graph.outputs.looked
    result = BatchRuntime(graph).run(inputs={"number": 1})
    assert result.outputs.looked == [2]
    edges = {address for address in result.edges if "->outputs" not in address} - set(fast)
    assert edges == {"first.passed->middle.number"}


def test_nodes_without_policies_are_plain() -> None:
    """Another class of node, of edge or of firing is chosen when a net is built, and only where a policy needs it."""
    found: dict[str, type[Node]] = {}

    class Looks(Orchestrator):
        async def run(self, net: Any) -> Any:
            found.update({node.address: type(node) for node in net.nodes})
            assert {type(edge) for edge in net.edges} == {Edge}
            works = {node.address: getattr(node.work, "__self__", None) for node in net.nodes}
            assert type(works["middle"]) is Firing
            return await super().run(net)

    settings = NetSettings(nodes={"last": NodeSettings(restart=Restart())})
    BatchRuntime(line(double), settings=settings, orchestrator=Looks()).run(inputs={"number": 1})
    assert [address for address, kind in found.items() if kind is not Node] == ["last"]
