"""Edges with policies: bounded in bytes, with packets that get too old, go first, or are dropped."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    Each,
    FSMRuntime,
    Graph,
    GraphError,
    In,
    NetSettings,
    NodeSettings,
    Observer,
    Out,
    Outcome,
    Packet,
    Restart,
    Result,
    SnapshotError,
    SteppedLoop,
    component,
)


class Source(Component):
    """Sends numbers, one after so many seconds."""

    number: Out[int]
    count: Config[int] = Config(default=6)
    every: Config[float] = Config(default=1.0)

    async def run(self) -> None:
        for number in range(self.count.value):
            await self.number.send(number)
            await asyncio.sleep(self.every.value)


class Slow(Component):
    """Takes so many seconds for each number."""

    number: In[int]
    seen: Out[tuple[float, int]]
    takes: Config[float] = Config(default=2.25)

    async def run(self) -> None:
        async for number in self.number:
            await self.seen.send((self.net.time(), number))
            await asyncio.sleep(self.takes.value)


class Late(Component):
    """Begins to take after some seconds."""

    value: In[Any]
    seen: Out[Any]
    after: Config[float] = Config(default=10.0)

    async def run(self) -> None:
        await asyncio.sleep(self.after.value)
        async for value in self.value:
            await self.seen.send(value)


def run(graph: Graph, loop: Callable[[], asyncio.AbstractEventLoop] = SteppedLoop, **given: Any) -> Result:
    """Run a graph on virtual time, however it ends."""
    made_with = {name: given.pop(name) for name in ("settings", "tracking", "check") if name in given}
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(BatchRuntime(graph, **made_with).arun(raises=False, **given))


def pair(source: dict[str, Any] | None = None, slow: dict[str, Any] | None = None, **options: Any) -> Graph:
    """Return a source that feeds a slow taker by an edge with options."""
    graph = Graph("pair")
    left, right = graph.add(Source, **(source or {})), graph.add(Slow, **(slow or {}))
    graph.connect(left.number, right.number, **options)
    right.seen >> graph.outputs.seen
    return graph


EDGE = "source.number->slow.number"


def late(*, after: float = 10.0, **options: Any) -> Graph:
    """Return a graph that takes values some time after they came."""
    graph = Graph("late")
    node = graph.add(Late, after=after)
    graph.connect(graph.inputs.value, node.value, **options)
    node.seen >> graph.outputs.seen
    return graph


# -- dropping --------------------------------------------------------------------------------------------


def test_the_oldest_is_dropped_and_the_sender_never_waits():
    """A slow taker of live data gets the newest; the others are counted, and the source keeps its pace."""
    result = run(pair(drop="oldest", capacity=1))
    assert result.outputs.seen == [(0.0, 0), (2.25, 2), (4.5, 4), (6.75, 5)]
    assert (result.outcome, result.dropped) == (Outcome.FINISHED, {EDGE: 2})
    edge = result.edges[EDGE]
    assert (edge.put, edge.taken, edge.fill, edge.dropped, edge.expired) == (6, 4, 0, 2, 0)


def test_the_newest_is_dropped():
    """What has come first is kept, and what finds no room goes."""
    result = run(pair(drop="newest", capacity=1))
    assert [number for _, number in result.outputs.seen] == [0, 1, 3, 5]
    assert result.dropped == {EDGE: 2}


def test_of_a_fan_out_only_the_edge_that_drops_loses():
    """The other edge holds the sender up, and gets all."""
    graph = Graph("both")
    source = graph.add(Source, every=0.0)
    live, whole = graph.add(Late, "live", after=5.0), graph.add(Late, "whole", after=1.0)
    graph.connect(source.number, live.value, drop="oldest", capacity=2)
    graph.connect(source.number, whole.value, capacity=2)
    live.seen >> graph.outputs.newest
    whole.seen >> graph.outputs.all
    result = run(graph)
    assert (result.outputs.newest, result.outputs.all) == ([4, 5], [0, 1, 2, 3, 4, 5])
    assert result.dropped == {"source.number->live.value": 4}


def test_observers_hear_of_what_is_dropped_and_of_what_expires():
    """They hear of each packet that nobody will take, with its edge."""
    heard: list[tuple[str, Any]] = []

    class Hears(Observer):
        def packet(self, what: str, address: str, value: Any) -> None:
            if address == EDGE and what in ("dropped", "expired"):
                heard.append((what, value))

    run(pair(drop="oldest", capacity=1), observers=[Hears()])
    assert heard == [("dropped", 1), ("dropped", 3)]
    heard.clear()
    run(pair(expiry=2.0), observers=[Hears()])
    assert heard
    assert {what for what, _ in heard} == {"expired"}


def test_what_edges_drop_is_not_what_nodes_drop():
    """A running net counts both apart: what policies of nodes have dropped is by port."""
    views: list[Any] = []

    async def watch() -> None:
        async with BatchRuntime(pair(drop="oldest", capacity=1)).stream() as results:
            async for _ in results:
                pass
        views.append((results.net.dropped, results.result.dropped))

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(watch())
    assert views == [({}, {EDGE: 2})]


def test_the_result_tells_of_losses():
    """The summary, and the sheet, say how many packets an edge has dropped, and how many got too old."""
    assert f"dropped  {EDGE}: 2 packets" in run(pair(drop="oldest", capacity=1)).summary()
    expired = run(pair(expiry=2.0))
    assert f"expired  {EDGE}: {expired.expired[EDGE]} packets" in expired.summary()
    assert "expired" in expired._repr_html_()


# -- expiry ----------------------------------------------------------------------------------------------


def test_what_is_too_old_is_not_received():
    """A packet that lies for so many seconds is taken away on time, and counted."""
    result = run(pair(expiry=2.0))
    for time, number in result.outputs.seen:
        assert time - number < 2.0
    assert len(result.outputs.seen) + result.expired[EDGE] == 6


def test_expiry_makes_room_for_a_sender_that_waits():
    """The sender goes on when the packet before its own is too old, though nobody takes anything."""
    graph = pair({"count": 3, "every": 0.0}, {"takes": 100.0}, expiry=5.0, capacity=1)
    result = run(graph)
    assert result.outputs.seen == [(0.0, 0)]
    assert result.expired == {EDGE: 2}
    assert result.outcome is Outcome.FINISHED


class Joins(Component):
    """Wants a pair, and sends its sum."""

    left: In[int]
    right: In[int]
    total: Out[int]

    async def run(self) -> None:
        async for left, right in self.zip(self.left, self.right):
            await self.total.send(left + right)


@pytest.mark.parametrize("loop", [SteppedLoop, asyncio.new_event_loop])
def test_a_net_that_only_expires_is_blocked_at_once(loop):
    """That a packet gets too old lets nobody go on: the verdict does not wait for it."""
    graph = Graph("half")
    joins, late = graph.add(Joins), graph.add(Late, after=0.0)
    graph.connect(graph.inputs.left, joins.left, expiry=3600)
    joins.total >> late.value
    late.seen >> joins.right
    result = run(graph, loop, inputs={"left": 1})
    assert result.outcome is Outcome.STARVED
    assert result.seconds < 60
    assert result.unread == {"inputs.left->joins.left": [1]}


@pytest.mark.parametrize("first", ["ends", "expires"])
def test_a_join_learns_that_its_packet_is_gone(first):
    """It ends when the sender of one side has, and what lay there got too old; in whatever order."""

    class Once(Component):
        number: Out[int]

        async def run(self) -> None:
            await self.number.send(1)
            await asyncio.sleep(1 if first == "ends" else 3)

    graph = Graph("gone")
    once, source, joins = graph.add(Once), graph.add(Source, count=3, every=10.0), graph.add(Joins)
    graph.connect(once.number, joins.left, expiry=2.0)
    late = graph.add(Late, after=7.0)
    source.number >> late.value
    late.seen >> joins.right
    joins.total >> graph.outputs.total
    ended: list[float] = []

    class Hears(Observer):
        def node(self, address: str, phase: str) -> None:
            if (address, phase) == ("joins", "ended"):
                ended.append(asyncio.get_running_loop().time())

    result = run(graph, observers=[Hears()])
    assert result.expired == {"once.number->joins.left": 1}
    assert ended == [2.0 if first == "ends" else 3.0]


class Asks(Component):
    """Sends three by one output, and then one by another."""

    first: Out[int]
    then: Out[int]

    async def run(self) -> None:
        for number in range(3):
            await self.first.send(number)
        await self.then.send(3)


class Looks(Component):
    """Wants the other one before."""

    first: In[int]
    then: In[int]
    seen: Out[int]

    async def run(self) -> None:
        for port in (self.then, self.first):
            async for number in port:
                await self.seen.send(number)


def knot(**options: Any) -> Graph:
    """Return a net in which two nodes wait for each other, but for what an edge does by itself."""
    graph = Graph("knot")
    asks, looks = graph.add(Asks), graph.add(Looks)
    graph.connect(asks.first, looks.first, capacity=1, **options)
    asks.then >> looks.then
    looks.seen >> graph.outputs.seen
    return graph


@pytest.mark.parametrize("loop", [SteppedLoop, asyncio.new_event_loop])
def test_room_that_expiry_will_make_is_outstanding(loop):
    """Two that wait for each other are no deadlock while a packet before them gets too old."""
    assert run(knot(), loop).outcome is Outcome.DEADLOCKED
    # In real time the third must not get too old because the machine is busy.
    expiry = 0.05 if loop is SteppedLoop else 0.5
    result = run(knot(expiry=expiry), loop)
    assert (result.outcome, result.outputs.seen) == (Outcome.FINISHED, [3, 2])
    assert result.expired == {"asks.first->looks.first": 2}
    assert result.seconds > 1.9 * expiry
    assert loop is not SteppedLoop or result.seconds == pytest.approx(2 * expiry)


def test_what_will_make_room_is_named():
    """While a sender waits for a packet to get too old, the net says so."""
    lines: list[str] = []
    run(knot(expiry=2.0), progress=lambda snapshot: lines.extend(snapshot.outstanding))
    assert "asks: room on asks.first->looks.first (1 of 1), where a packet is too old in" in " ".join(lines)


def test_a_packet_is_too_old_at_its_time_whoever_comes_first():
    """A receiver that looks at that very moment, before the edge has taken it away, does not get it."""
    edge = "inputs.value->late.value"
    with FSMRuntime(late(after=3.0, expiry=3.0)).start(inputs={"value": Each([1])}) as fsm:
        while not any(move.edge == edge for move in fsm.step("inputs.value").moves):
            pass
        fsm.step("late")
        fsm.step("timer 1 of late")
        assert fsm.enabled()[f"timer 1 of {edge}"].does == f"takes away what is too old on {edge} at 3 s"
        fsm.step("late")
        assert (fsm.time, fsm.state()["edges"][edge]) == (3.0, [1])
        while fsm.result is None:
            last = fsm.step("late")
        assert str(last).endswith(f"expired 1 on {edge}")
        assert (fsm.result.outputs.seen, fsm.result.expired, fsm.result.unread) == ([], {edge: 1}, {})


# -- priority --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", ["urgency", lambda job: job["urgency"] if isinstance(job, dict) else job.urgency])
@pytest.mark.parametrize("made", [dict, SimpleNamespace])
def test_the_highest_priority_is_taken_first(priority, made):
    """By a function, an attribute or a key; those of one priority in order of arrival."""
    jobs = [made(name=name, urgency=urgency) for name, urgency in zip("abcdef", [0, 2, 1, 2, 0, 9], strict=True)]
    result = run(late(priority=priority), inputs={"value": Each(jobs)})
    names = [job["name"] if isinstance(job, dict) else job.name for job in result.outputs.seen]
    assert "".join(names) == "fbdcae"


def test_packets_keep_their_identity_when_others_go_first():
    """History and lineage say of each packet who it was, in whatever order they are taken."""

    @component
    def named(number: Packet[int]) -> str:
        return f"{number.value} is {number.id}"

    graph = Graph("names")
    node = graph.add(named)
    graph.connect(graph.inputs.number, node.number, priority=lambda number: number)
    node.out >> graph.outputs.out
    result = run(graph, inputs={"number": Each([1, 3, 2])}, tracking="history")
    assert sorted(result.outputs.out) == [f"{value} is inputs.number#{n}" for n, value in ((0, 1), (2, 2), (1, 3))]
    for number, packet in enumerate(result.packets.born_at("named.out")):
        (parent,) = result.packets.parents(packet)
        assert result.outputs.out[number].endswith(str(parent))


# -- bytes -----------------------------------------------------------------------------------------------


class Fills(Component):
    """Sends texts as fast as they are taken, and says when each was gone."""

    text: Out[str]
    gone: Out[tuple[float, str]]
    texts: Config[list[str]]

    async def run(self) -> None:
        for text in self.texts.value:
            await self.text.send(text)
            await self.gone.send((self.net.time(), text))


class Reads(Component):
    """Takes one text a second."""

    text: In[str]
    heard: Out[str]

    async def run(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self.heard.send(await self.text.receive())


def texts(given: list[str], **options: Any) -> Graph:
    """Return a graph that sends texts to a reader."""
    graph = Graph("texts")
    fills, reads = graph.add(Fills, texts=given), graph.add(Reads)
    graph.connect(fills.text, reads.text, **options)
    fills.gone >> graph.outputs.gone
    reads.heard >> graph.outputs.heard
    return graph


def test_a_sender_waits_for_bytes():
    """As many packets lie there as fit, whatever their number; texts are as large as they are long."""
    result = run(texts(["aaaa", "bb", "cccc", "d"], bytes=6))
    assert result.outputs.heard == ["aaaa", "bb", "cccc", "d"]
    assert result.outputs.gone == [(0, "aaaa"), (0, "bb"), (1, "cccc"), (3, "d")]


def test_a_packet_that_is_larger_than_the_edge_passes_alone(caplog):
    """It waits until nothing else lies there, and a notice says so once."""
    result = run(texts(["a", "b" * 50, "c" * 50, "d"], bytes="10 B"))
    assert result.outputs.heard == ["a", "b" * 50, "c" * 50, "d"]
    assert [time for time, _ in result.outputs.gone] == [0, 1, 2, 3]
    assert caplog.text.count("passes alone") == 1


def test_packets_are_measured_by_a_function():
    """What is neither text nor bytes is as large as `size` says."""
    result = run(pair({"every": 0.0}, bytes=3, size=lambda number: 1, capacity=None), observers=[seen := Seen()])
    assert seen.most[EDGE] == 3
    assert len(result.outputs.seen) == 6


class Seen(Observer):
    """Counts what lies on each edge."""

    def __init__(self) -> None:
        self.lying: dict[str, int] = {}
        self.most: dict[str, int] = {}

    def packet(self, what: str, address: str, value: Any) -> None:
        change = {"sent": 1, "taken": -1, "dropped": -1, "expired": -1}.get(what, 0)
        self.lying[address] = self.lying.get(address, 0) + change
        self.most[address] = max(self.most.get(address, 0), self.lying[address])


@pytest.mark.parametrize("size", [lambda text: "x", lambda text: -1, lambda text: 1 / 0, lambda text: float("nan")])
def test_a_size_that_cannot_be_told_fails_the_sender(size):
    """The error names the edge, the packet, and what to mend."""
    result = run(texts(["a"], bytes=6, size=size))
    (error,) = result.errors
    assert error.address == "fills"
    assert result.outcome is Outcome.FAILED
    assert "->reads.text: the size of 'a' cannot be told" in error.what
    assert "mend `size`" in str(error.hint)


def test_bytes_need_a_size():
    """Where packets are neither text nor bytes, and nobody says how they are measured, the graph cannot run."""
    with pytest.raises(GraphError, match="nobody knows how many bytes int takes"):
        pair(bytes=10).validate()
    pair(bytes=10, size=lambda number: 1).validate()


# -- what else happens on edges --------------------------------------------------------------------------


def test_a_returned_packet_keeps_its_place_and_its_time():
    """A node that is begun anew gets it again, first of its priority; or never, when it is too old by then."""
    lives: list[int] = []

    class Fails(Component):
        number: In[int]
        seen: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                lives.append(number)
                if lives == [5]:
                    raise ConnectionError("again")
                await self.seen.send(number)

    for expiry, wanted, lost in ((None, [5, 1, 0], {}), (3.0, [], {"inputs.number->fails.number": 3})):
        lives.clear()
        graph = Graph("again")
        node = graph.add(Fails)
        graph.connect(graph.inputs.number, node.number, priority=lambda number: number, expiry=expiry)
        node.seen >> graph.outputs.seen
        settings = NetSettings(nodes={"fails": NodeSettings(restart=Restart(backoff=5, jitter=0))})
        result = run(graph, inputs={"number": Each([5, 0, 1])}, settings=settings)
        assert (result.outputs.seen, result.expired) == (wanted, lost)


def test_priorities_hold_across_the_edges_of_a_port():
    """Several edges into one port give their packets together, the highest first; one without a policy counts as 0."""
    graph = Graph("several")
    node = graph.add(Late)
    graph.connect(graph.inputs.one, node.value, priority=lambda number: number)
    graph.connect(graph.inputs.two, node.value, priority=lambda number: -number)
    graph.inputs.three >> node.value
    node.seen >> graph.outputs.seen
    result = run(graph, inputs={"one": Each([1, 5]), "two": Each([7, 2]), "three": Each([30, 40])})
    assert result.outputs.seen == [5, 1, 30, 40, 2, 7]
    assert all(edge.put == edge.taken == 2 for edge in result.edges.values() if "->late" in edge.address)


def test_several_edges_lose_each_their_own():
    """Of edges into one port each drops, and lets expire, its own packets; none of another."""
    graph = Graph("several")
    node = graph.add(Late)
    graph.connect(graph.inputs.one, node.value, drop="oldest", capacity=1)
    graph.connect(graph.inputs.two, node.value, expiry=3.0)
    graph.inputs.three >> node.value
    node.seen >> graph.outputs.seen
    result = run(graph, inputs={"one": Each([1, 2]), "two": Each([3, 4]), "three": Each([5, 6])})
    assert sorted(result.outputs.seen) == [2, 5, 6]
    assert result.dropped == {"inputs.one->late.value": 1}
    assert result.expired == {"inputs.two->late.value": 2}


def test_history_knows_what_was_lost():
    """A packet that was dropped, or got too old, went onto its edge and was discarded there."""
    graph = pair(drop="oldest", capacity=1)
    packets = run(graph, tracking="history").packets
    kinds = [[str(each.kind) for each in packets.activities(f"source.number#{number}")] for number in (0, 1)]
    assert kinds == [["creation", "movement", "movement", "consumption"], ["creation", "movement", "discard"]]


def test_changes_are_found_in_whatever_order_packets_are_taken():
    """A value that is changed after it was sent is found on an edge with priorities, and no other is."""

    class Changes(Component):
        value: Out[list[int]]

        async def run(self) -> None:
            lists = [[1], [3], [2]]
            for each in lists:
                await self.value.send(each)
            lists[2].append(0)

    graph = Graph("changes")
    changes, node = graph.add(Changes), graph.add(Late)
    graph.connect(changes.value, node.value, priority=lambda value: value[0])
    node.seen >> graph.outputs.seen
    result = run(graph, check="mutation")
    assert "[2, 0] was changed" in result.errors[0].what
    assert result.outputs.seen == [[3]]


@pytest.mark.parametrize("options", [{"expiry": 5.0}, {"drop": "oldest", "capacity": 2}, {"priority": lambda n: n % 2}])
def test_steps_can_be_taken_back_and_restored(options, tmp_path):
    """A net with policies goes on from a snapshot as it would have, and a step that is taken back comes again."""
    graph = late(after=3.0, **options)
    inputs = {"value": Each([1, 2, 3])}
    with FSMRuntime(graph).start(inputs=inputs) as fsm:
        for _ in range(7):
            fsm.step()
        then = fsm.state()
        fsm.snapshot(tmp_path / "net.json")
        fsm.undo(2)
        fsm.step()
        fsm.step()
        assert fsm.state() == then
        whole = fsm.run()
    with FSMRuntime(graph).restore(tmp_path / "net.json") as fsm:
        assert fsm.state()["edges"] == then["edges"]
        assert fsm.state()["timers"] == then["timers"]
        again = fsm.run()
    assert (again.outputs.seen, again.dropped, again.expired) == (whole.outputs.seen, whole.dropped, whole.expired)


def test_a_snapshot_fits_the_same_policies_only(tmp_path):
    """What lies on an edge by its policies cannot lie on one that has others."""
    path = tmp_path / "net.json"
    with FSMRuntime(late(expiry=5.0)).start(inputs={"value": Each([1, 2])}) as fsm:
        fsm.snapshot(path)
    for options, now in (({}, "none"), ({"drop": "oldest"}, "drop")):
        with pytest.raises(SnapshotError, match=f"its policies were expiry, and are {now}"):
            FSMRuntime(late(**options)).restore(path)


def test_a_running_edge_shows_what_it_has_lost():
    """A look at the net says how many packets were lost, and how many bytes lie there."""
    seen: list[tuple[Any, ...]] = []

    async def watch() -> None:
        graph = pair({"every": 0.0, "count": 9}, {"takes": 5.0}, drop="oldest", bytes=6, size=lambda number: 2)
        async with BatchRuntime(graph).stream() as results:
            edge = results.net.edges[EDGE]
            await edge.until(lambda edge: edge.dropped == 1)
            seen.append((edge.fill, edge.bytes, edge.dropped, edge.expired, repr(edge)))
            async for _ in results:
                pass

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(watch())
    ((fill, size, dropped, expired, shown),) = seen
    assert (size, dropped, expired) == (2 * fill, 1, 0)
    assert shown.endswith("taken, 1 dropped>")


# -- what cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"bytes": 0}, "bytes cannot be 0"),
        ({"bytes": "ten"}, "bytes cannot be 'ten'"),
        ({"bytes": True}, "bytes cannot be True"),
        ({"size": "nowhere.to.be.found"}, "size cannot be 'nowhere.to.be.found'"),
        ({"expiry": 0}, "expiry cannot be 0"),
        ({"expiry": "soon"}, "expiry cannot be 'soon'"),
        ({"expiry": float("inf")}, "expiry cannot be inf"),
        ({"priority": 3}, "priority cannot be 3"),
        ({"drop": "all"}, "drop cannot be 'all'"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_where_it_is_said(options, why):
    """The error names the edge, the line, and what could be said."""
    with pytest.raises(GraphError, match=rf"{EDGE}: {why} \(.*test_edge_policies.py:\d+\)"):
        pair(**options)


def test_a_policy_that_could_do_nothing_is_refused():
    """A config, and the signal `stop`, take what comes at once: nothing ever lies there."""

    class Configured(Component):
        level: Config[int]

        async def run(self) -> None:
            pass

    graph = Graph("fed")
    source, node = graph.add(Source), graph.add(Configured)
    graph.connect(source.number, node.level, drop="oldest")
    with pytest.raises(GraphError, match="drop can do nothing here"):
        graph.validate()


def test_what_may_pair_the_wrong_packets_is_a_warning():
    """A function of several inputs takes one of each: what one edge loses leaves its partner to the next."""

    @component
    def both(left: int, right: int) -> int:
        return left - right

    graph = Graph("pairs")
    node = graph.add(both)
    graph.connect(graph.inputs.left, node.left, drop="oldest", priority=abs)
    graph.inputs.right >> node.right
    node.out >> graph.outputs.out
    (warning,) = graph.validate()
    assert (warning.address, warning.is_error) == ("inputs.left->both.left", False)
    assert warning.what == "priority and drop may pair packets of left and right that do not belong together"


def test_dropping_needs_a_bound():
    """Where there is room for any number of packets none is dropped, so that to say it is a mistake."""
    with pytest.raises(GraphError, match="drop can do nothing here: there is room"):
        pair(drop="oldest", capacity=None).validate()
    pair(drop="oldest", capacity=None, bytes=10, size=lambda number: 1).validate()


def test_the_token_of_a_state_machine_is_not_lost():
    """A state machine has no edges that drop, or let expire, its one packet."""

    @component
    def closed(knocks: int) -> int:
        return knocks + 1

    door = Graph("door", token=True)
    node = door.add(closed)
    door.connect(door.inputs.knocks, node.knocks, expiry=1.0)
    node.out >> door.outputs.opened
    house = Graph("house")
    inner = house.add(door.as_component())
    house.inputs.knocks >> inner.knocks
    inner.opened >> house.outputs.opened
    for graph in door, house:
        with pytest.raises(GraphError, match="expiry would lose the token"):
            graph.validate()
