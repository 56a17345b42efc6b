"""Whoever watches a net sees nodes, packets, notices and the end; who does not watch pays nothing."""

import asyncio
import logging
from typing import Any

import pytest

from fbcore import Component, Each, Graph, Observer, Out, Outcome, Result, component
from fbcore.net.build import build_net


@component
def double(value: int) -> int:
    return 2 * value


class Records(Observer):
    """Writes down everything."""

    def __init__(self) -> None:
        self.nodes: list[tuple[str, str]] = []
        self.packets: list[tuple[str, str, Any]] = []
        self.notices: list[tuple[str, str]] = []
        self.results: list[Result] = []

    def node(self, address: str, phase: str) -> None:
        self.nodes.append((address, phase))

    def packet(self, what: str, address: str, value: Any) -> None:
        self.packets.append((what, address, value))

    def notice(self, address: str, text: str) -> None:
        self.notices.append((address, text))

    def ended(self, result: Result) -> None:
        self.results.append(result)


def doubling(capacity: int | None = 2) -> Graph:
    graph = Graph("doubling")
    node = graph.add(double)
    graph.connect(graph.inputs.value, node.value, capacity=capacity)
    node.out >> graph.outputs.doubled
    return graph


def phases(records: Records, address: str) -> list[str]:
    return [phase for each, phase in records.nodes if each == address]


# -- packets ----------------------------------------------------------------------------------------------


def test_every_packet_is_seen_where_it_is_sent_and_taken(run):
    """On an edge each value is sent and then taken, in order, and at the border of the net it is sent too."""
    records = Records()
    run(doubling(), inputs={"value": Each(range(5))}, observers=[records])
    inner = [(what, value) for what, address, value in records.packets if address == "inputs.value->double.value"]
    for what in ("sent", "taken"):
        assert [value for each, value in inner if each == what] == [0, 1, 2, 3, 4]
    assert all(inner.index(("sent", value)) < inner.index(("taken", value)) for value in range(5))
    outer = [(what, value) for what, address, value in records.packets if address == "double.out->outputs.doubled"]
    assert outer == [("sent", value) for value in (0, 2, 4, 6, 8)]
    assert len(records.packets) == 15


def test_no_more_than_the_capacity_is_ever_on_an_edge(run):
    """What is seen agrees with what an edge holds."""
    records = Records()
    run(doubling(capacity=2), inputs={"value": Each(range(50))}, observers=[records])
    fill, most = 0, 0
    for what, address, _ in records.packets:
        if address == "inputs.value->double.value":
            fill += 1 if what == "sent" else -1
            most = max(most, fill)
            assert 0 <= fill <= 2
    assert (fill, most) == (0, 2)


def test_a_fan_out_is_seen_on_each_edge(run):
    """One packet that is sent is one on every edge."""
    records = Records()
    graph = Graph("fan_out")
    graph.inputs.value >> graph.add(double, "one").value
    graph.inputs.value >> graph.add(double, "two").value
    graph["one"].out >> graph.outputs.first
    graph["two"].out >> graph.outputs.second
    run(graph, inputs={"value": 3}, observers=[records])
    sent = [address for what, address, _ in records.packets if what == "sent"]
    assert sent[:2] == ["inputs.value->one.value", "inputs.value->two.value"]
    assert sorted(sent[2:]) == ["one.out->outputs.first", "two.out->outputs.second"]


def test_a_packet_that_goes_nowhere_is_seen_as_discarded(run):
    """Its address is the output's, for there is no edge."""
    records = Records()
    graph = Graph("nowhere")
    graph.inputs.value >> graph.add(double).value
    run(graph, inputs={"value": Each([1, 2])}, observers=[records])
    assert [each for each in records.packets if each[0] == "discarded"] == [
        ("discarded", "double.out", 2),
        ("discarded", "double.out", 4),
    ]


# -- nodes, and the end -----------------------------------------------------------------------------------


def test_every_phase_of_a_node_is_seen(run):
    """From running to ended, with what it waits for between; and nothing after the end."""
    records = Records()
    run(doubling(capacity=1), inputs={"value": Each(range(20))}, observers=[records])
    for address in ("double", "inputs.value"):
        assert phases(records, address)[0] == "running"
        assert phases(records, address)[-1] == "ended"
        assert phases(records, address).count("ended") == 1
    assert "sending" in phases(records, "inputs.value")
    assert {phase for _, phase in records.nodes} <= {"running", "receiving", "sending", "ended"}


def test_a_node_that_waits_for_a_packet_is_seen_receiving(run):
    """And running again when it has come."""

    class Later(Component):
        value: Out[int]

        async def run(self) -> None:
            await asyncio.sleep(0.001)
            await self.value.send(1)

    records = Records()
    graph = Graph("later")
    graph.add(Later).value >> graph.add(double).value
    graph["double"].out >> graph.outputs.doubled
    run(graph, observers=[records])
    assert phases(records, "double")[:3] == ["running", "receiving", "running"]


def test_failed_and_cancelled_nodes_are_seen_as_such(run):
    """The one that failed, and those that were cancelled for it."""

    class Waits(Component):
        async def run(self) -> None:
            await asyncio.sleep(1000)

    class Fails(Component):
        async def run(self) -> None:
            await asyncio.sleep(0.001)
            raise ValueError("no")

    records = Records()
    graph = Graph("failing")
    graph.add(Waits)
    graph.add(Fails)
    result = run(graph, observers=[records])
    assert phases(records, "fails") == ["running", "failed"]
    assert phases(records, "waits") == ["running", "cancelled"]
    assert records.results == [result]


def test_the_end_is_seen_once_and_last(run):
    """The result that `ended` hears of is the run's own."""
    heard: list[str] = []

    class Order(Observer):
        def node(self, address: str, phase: str) -> None:
            heard.append("node")

        def ended(self, result: Result) -> None:
            heard.append(result.outcome.value)

    run(doubling(), inputs={"value": Each(range(3))}, observers=[Order()])
    assert heard[-1] == "finished"
    assert heard.count("finished") == 1
    assert set(heard[:-1]) == {"node"}


def test_the_end_of_a_cancelled_run_is_seen(stepped):
    """Also when nobody gets the result."""
    records = Records()

    class Waits(Component):
        async def run(self) -> None:
            await asyncio.sleep(1000)

    graph = Graph("waiting")
    graph.add(Waits)
    stepped(graph, time_limit=1, observers=[records])
    assert [result.outcome for result in records.results] == [Outcome.STOPPED]


# -- observers that misbehave -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["node", "packet", "ended"])
def test_an_observer_that_raises_is_reported_and_dropped(run, caplog, method):
    """It is logged once, with its traceback, and hears nothing more of any kind; others and the net go on."""
    calls = []

    class Broken(Records):
        def note(self, *what: Any) -> None:
            calls.append(what)
            raise ValueError("the disk is full")

    broken, records = Broken(), Records()
    setattr(Broken, method, Broken.note)
    result = run(doubling(), inputs={"value": Each(range(5))}, observers=[broken, records])
    assert result.outputs.doubled == [0, 2, 4, 6, 8]
    assert len(calls) == 1
    (report,) = [record for record in caplog.records if record.name == "fbcore"]
    assert report.levelno == logging.ERROR
    assert "the disk is full" in caplog.text
    assert "Broken" in caplog.text
    assert len(records.packets) == 15
    if method != "ended":
        assert broken.results == []


def test_an_observer_hears_what_it_overrides_in_a_base(run):
    """A method counts wherever in the observer's classes it stands."""

    class Derived(Records):
        pass

    derived = Derived()
    result = run(doubling(), inputs={"value": 1}, observers=[derived])
    assert derived.results == [result]
    assert len(derived.packets) == 3


# -- what it costs ----------------------------------------------------------------------------------------


class NodesOnly(Observer):
    """Wants to hear of everything but packets."""

    def node(self, address: str, phase: str) -> None: ...

    def notice(self, address: str, text: str) -> None: ...

    def ended(self, result: Result) -> None: ...


class PacketsToo(Observer):
    """Wants to hear of packets."""

    def packet(self, what: str, address: str, value: Any) -> None: ...


@pytest.mark.parametrize(
    ("observers", "is_fast"),
    [
        ([], True),
        ([Observer()], True),
        ([NodesOnly()], True),
        ([PacketsToo()], False),
        ([Observer(), PacketsToo()], False),
    ],
    ids=["nobody", "nothing overridden", "nodes only", "packets", "one of two"],
)
def test_packets_take_the_fast_path_unless_somebody_looks(observers, is_fast):
    """Only an observer that overrides `packet` makes edges slow: the gate of a send stays one comparison."""
    gates = set()

    @component
    def look(value: int) -> None:
        gates.add(net.edges[0].source.gate)

    graph = Graph("looking")
    graph.inputs.value >> graph.add(look).value

    async def main() -> None:
        nonlocal net
        net = build_net(graph, {"value": Each(range(200))}, observers=observers)
        await net.run()

    net: Any = None
    asyncio.run(main())
    assert {edge.is_fast for edge in net.edges} == {is_fast}
    assert (64 in gates) is is_fast
    assert is_fast or gates == {-1}
