"""Whoever watches a net sees nodes, packets, notices and the end; who does not watch pays nothing."""

import asyncio
import logging
from collections.abc import Iterator
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


# -- the beginning, and firings -----------------------------------------------------------------------------


def test_the_beginning_is_heard_first_with_a_view_of_the_net(run):
    """Before anything has moved; an observer that is returned hears the rest instead."""
    heard: list[Any] = []

    class One(Records):
        def __init__(self, net: Any) -> None:
            super().__init__()
            self.net = net

    class Many(Observer):
        def begun(self, net: Any) -> Observer:
            heard.append([net.name, [edge.put for edge in net.edges.values()], One(net)])
            return heard[-1][-1]

        def ended(self, result: Result) -> None:
            heard.append("not the one that was returned")

    result = run(doubling(), inputs={"value": Each(range(5))}, observers=[Many()])
    ((name, before, one),) = heard
    assert (name, before) == ("doubling", [0, 0])
    assert one.results == [result]
    assert len(one.packets) == 15
    assert one.net.edges["inputs.value->double.value"].taken == 5


class Firings(Observer):
    """Writes down what functions are called with, and how that ended."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, list[str], list[Any]]] = []

    def firing(self, address: str, packets: Any) -> Any:
        ids, values = [str(packet.id) for packet in packets], [packet.value for packet in packets]
        self.calls.append(("calls", address, ids, values))
        return lambda error: self.calls.append(("called", address, ids, [error]))


@component
def halve(value: int) -> int:
    if value % 2:
        raise ValueError(value)
    return value // 2


@component
async def wait(value: int) -> int:
    await asyncio.sleep(0.001)
    return value


@component
def parts(value: int) -> Iterator[int]:
    yield from range(value)


@component
def add(left: int, right: int) -> int:
    return left + right


@pytest.mark.parametrize(
    ("function", "given", "count"),
    [(double, {"value": Each([1, 2, 3])}, 3), (wait, {"value": Each([1, 2])}, 2), (parts, {"value": 2}, 1)],
    ids=["plain", "async", "yields"],
)
def test_a_firing_is_heard_with_its_packets(run, function, given, count):
    """Each call is heard before and after, with the packets that it is made for, whatever kind of function it is."""
    firings = Firings()
    graph = Graph("one")
    node = graph.add(function, "node")
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    run(graph, inputs=given, observers=[firings])
    assert [what for what, *_ in firings.calls] == ["calls", "called"] * count
    assert [ids for what, _, ids, _ in firings.calls if what == "calls"] == [
        [f"inputs.value#{number}"] for number in range(count)
    ]
    assert all(error == [None] for what, *_, error in firings.calls if what == "called")


def test_a_firing_of_several_packets_has_them_all(run):
    """In the order of the parameters, with where each was born."""
    firings = Firings()
    graph = Graph("sum")
    node = graph.add(add)
    graph.inputs.left >> node.left
    graph.inputs.right >> node.right
    node.out >> graph.outputs.out
    run(graph, inputs={"left": 1, "right": 2}, observers=[firings])
    assert firings.calls[0] == ("calls", "add", ["inputs.left#0", "inputs.right#0"], [1, 2])


def test_a_firing_that_raises_is_heard_with_its_error(run):
    """And the next one, where the port `error` takes what fails."""
    firings = Firings()
    graph = Graph("halves")
    node = graph.add(halve)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    node.error >> graph.outputs.failed
    result = run(graph, inputs={"value": Each([2, 3, 4])}, observers=[firings])
    errors = [error for what, *_, (error,) in firings.calls if what == "called"]
    assert [type(error) for error in errors] == [type(None), ValueError, type(None)]
    assert result.outputs.out == [1, 2]
    assert len(result.outputs.failed) == 1


def test_a_call_is_timed_in_its_own_time(stepped):
    """On a stepped loop in virtual seconds, those that it takes and not those that its packet waits."""
    times: list[tuple[str, float, Any]] = []

    class Times(Observer):
        def fired(self, address: str, seconds: float, error: BaseException | None) -> None:
            times.append((address, round(seconds, 6), error))

    graph = Graph("waiting")
    graph.inputs.value >> graph.add(wait).value
    graph["wait"].out >> graph.add(double).value
    graph["double"].out >> graph.outputs.out
    stepped(graph, inputs={"value": Each([1, 2])}, observers=[Times()])
    assert times == [("wait", 0.001, None), ("double", 0.0, None)] * 2


def test_who_fails_at_the_end_of_a_firing_is_reported(run, caplog):
    """What an observer returns may raise; others are told, and the net goes on."""
    firings = Firings()

    class Broken(Observer):
        def firing(self, address: str, packets: Any) -> Any:
            return lambda error: 1 / 0

    result = run(doubling(), inputs={"value": 1}, observers=[Broken(), firings])
    assert result.outputs.doubled == [2]
    assert len(firings.calls) == 2
    assert "ZeroDivisionError" in caplog.text


def test_who_fails_at_the_beginning_is_reported_and_dropped(run, caplog):
    """The net runs all the same, and the others see it."""
    records = Records()

    class Broken(Observer):
        def begun(self, net: Any) -> None:
            raise ValueError("no room")

        def ended(self, result: Result) -> None:
            records.results.append(result)

    result = run(doubling(), inputs={"value": 1}, observers=[Broken(), records])
    assert records.results == [result]
    assert "no room" in caplog.text
