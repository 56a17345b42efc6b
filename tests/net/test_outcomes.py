"""How a net ends: each outcome by a net that is built for it."""

import asyncio
import socket

import pytest

from fbcore import Component, Each, Graph, In, NetError, Out, Outcome, component
from fbcore.loop import Seeded, SteppedLoop
from tests.net.conftest import run_on


@component
def double(value: int) -> int:
    return 2 * value


@component
def add(left: int, right: int) -> int:
    return left + right


class Numbers(Component):
    """Sends a few numbers on each of two outputs, one output after the other."""

    first: Out[int]
    second: Out[int]
    how_many = 100

    async def run(self) -> None:
        for number in range(self.how_many):
            await self.first.send(number)
        for number in range(self.how_many):
            await self.second.send(number)


def test_a_net_whose_nodes_all_end_is_finished(run):
    """Everything came out, and nothing is left to report."""
    graph = Graph("doubles")
    graph.inputs.value >> graph.add(double).value
    graph["double"].out >> graph.outputs.doubled
    result = run(graph, inputs={"value": Each([1, 2, 3])})
    assert (result.outcome, result.outputs.doubled) == (Outcome.FINISHED, [2, 4, 6])
    assert not result.unread
    assert not result.held
    assert not result.waits


def joined_after_a_burst(capacity: int | None) -> Graph:
    graph = Graph("bursts")
    numbers, adder = graph.add(Numbers), graph.add(add)
    graph.connect(numbers.first, adder.left, capacity=capacity)
    graph.connect(numbers.second, adder.right, capacity=capacity)
    adder.out >> graph.outputs.sums
    return graph


def test_a_circle_of_waits_through_a_full_edge_is_a_deadlock(run):
    """The report names the circle: nodes, and the full edge between them."""
    result = run(joined_after_a_burst(capacity=64))
    assert result.outcome is Outcome.DEADLOCKED
    assert result.knot == ("numbers", "numbers.first->add.left", "add", "numbers")
    assert result.waits == {
        "numbers": "room on numbers.first->add.left (64 of 64)",
        "add": "a packet on right",
    }
    assert result.unread == {"numbers.first->add.left": list(range(64))}
    assert result.unsent == {"numbers.first": [64]}


@pytest.mark.parametrize("capacity", [100, None])
def test_a_wide_enough_edge_mends_the_deadlock(run, capacity):
    """What the hint of a deadlock says is true."""
    result = run(joined_after_a_burst(capacity))
    assert result.outputs.sums == [2 * number for number in range(100)]
    assert result.outcome is Outcome.FINISHED


class Ring(Component):
    """Sends two packets ahead before it takes one."""

    come: In[int]
    go: Out[int]

    async def run(self) -> None:
        for _ in range(3):
            await self.go.send(1)
            await self.go.send(2)
            await self.come.receive()


def test_a_ring_of_full_edges_is_a_deadlock(run):
    """Every node of the ring is in the circle that is named."""
    graph = Graph("ring")
    nodes = [graph.add(Ring, f"n{number}") for number in range(4)]
    for number, node in enumerate(nodes):
        graph.connect(node.go, nodes[(number + 1) % 4].come, capacity=2)
    result = run(graph)
    assert result.outcome is Outcome.DEADLOCKED
    assert {step for step in result.knot if "->" not in step} == {"n0", "n1", "n2", "n3"}
    assert len([step for step in result.knot if "->" in step]) == 4


class Splitter(Component):
    """Sends even numbers to one side, and odd ones to the other."""

    number: In[int]
    even: Out[int]
    odd: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await (self.odd if number % 2 else self.even).send(number)


def halves(numbers: list[int]) -> Graph:
    graph = Graph("halves")
    split, adder = graph.add(Splitter), graph.add(add)
    graph.inputs.number >> split.number
    split.even >> adder.left
    split.odd >> adder.right
    adder.out >> graph.outputs.sums
    return graph


def test_a_half_fed_join_is_starved(run):
    """A join that ends with packets on one side does not look like success, and the packets are named."""
    result = run(halves([]), inputs={"number": Each([0, 1, 2, 4, 6])})
    assert result.outcome is Outcome.STARVED
    assert result.outputs.sums == [1]
    assert result.unread == {"splitter.even->add.left": [2, 4, 6]}
    assert "splitter.even->add.left" in result.reason


def test_a_join_that_would_still_get_packets_is_starved(run):
    """It makes no difference whether they came before the join ended or after."""

    class Late(Component):
        number: In[int]
        late: Out[int]

        async def run(self) -> None:
            numbers = [number async for number in self.number]
            await asyncio.sleep(0.01)
            for number in numbers:
                await self.late.send(number)

    graph = Graph("late")
    late, adder = graph.add(Late), graph.add(add)
    graph.inputs.many >> late.number
    late.late >> adder.left
    graph.inputs.none >> adder.right
    adder.out >> graph.outputs.sums
    result = run(graph, inputs={"many": Each([1, 2, 3]), "none": Each([])})
    assert result.outcome is Outcome.STARVED


def test_a_packet_that_nobody_takes_is_starved(run):
    """A node that waits elsewhere, in a net that cannot move, leaves the packet named."""

    class Waits(Component):
        back: In[int]
        ignored: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.back.receive()

    graph = Graph("ignored")
    waits, echo = graph.add(Waits), graph.add(double)
    waits.out >> echo.value
    echo.out >> waits.back
    graph.inputs.number >> waits.ignored
    result = run(graph, inputs={"number": 5})
    assert result.outcome is Outcome.STARVED
    assert "1 on inputs.number->waits.ignored" in result.reason
    assert result.unread == {"inputs.number->waits.ignored": [5]}


class CountDown(Component):
    """Sends numbers round a loop until they are 0, and reports each at the end."""

    start: In[int]
    back: In[int]
    round: Out[int]
    seen: Out[list[int]]

    async def run(self) -> None:
        numbers = []
        async for number in self.start:
            await self.round.send(number)
        async for number in self.back:
            numbers.append(number)
            if number > 0:
                await self.round.send(number - 1)
        await self.seen.send(numbers)


def test_a_loop_that_runs_dry_is_quiescent(run):
    """The net closes the inputs, so that the node that collects can report."""
    graph = Graph("dry")
    count = graph.add(CountDown)
    graph.inputs.start >> count.start
    count.round >> graph.add(Echo).come
    graph["echo"].go >> count.back
    count.seen >> graph.outputs.seen
    result = run(graph, inputs={"start": 5})
    assert (result.outcome, result.outputs.seen) == (Outcome.QUIESCENT, [[5, 4, 3, 2, 1, 0]])


class Echo(Component):
    """Sends on what comes."""

    come: In[int]
    go: Out[int]

    async def run(self) -> None:
        async for number in self.come:
            await self.go.send(number)


def test_a_node_asleep_on_a_timer_is_not_blocked(run):
    """The others wait for it, and the net ends when it has woken and sent."""

    class Sleeps(Component):
        back: In[int]
        out: Out[int]
        woken: Out[str]

        async def run(self) -> None:
            await asyncio.sleep(0.02)
            await self.woken.send("awake")

    graph = Graph("asleep")
    sleeps, echo = graph.add(Sleeps), graph.add(double)
    sleeps.out >> echo.value
    echo.out >> sleeps.back
    sleeps.woken >> graph.outputs.woken
    result = run(graph)
    assert (result.outcome, result.outputs.woken) == (Outcome.FINISHED, ["awake"])


@pytest.mark.parametrize("kind", ["stock", "uvloop"])
def test_a_node_that_waits_for_a_socket_is_not_blocked(kind):
    """A real socket: its other end writes only after everybody else has long been parked."""
    from tests.net.conftest import LOOPS

    here, there = socket.socketpair()
    here.setblocking(False)

    class Reads(Component):
        back: In[int]
        out: Out[int]
        read: Out[bytes]

        async def run(self) -> None:
            loop = asyncio.get_running_loop()
            receiving = self.tasks.create_task(self.back.receive())
            loop.call_later(0.02, there.send, b"hello")
            await self.read.send(await loop.sock_recv(here, 100))
            receiving.cancel()

    graph = Graph("socket")
    reads, echo = graph.add(Reads), graph.add(double)
    reads.out >> echo.value
    echo.out >> reads.back
    reads.read >> graph.outputs.read
    with here, there:
        result = run_on(LOOPS[kind], graph, time_limit=60)
    assert (result.outcome, result.outputs.read) == (Outcome.FINISHED, [b"hello"])


def test_a_run_that_did_not_end_well_raises_with_the_result():
    """The error says outcome and mend, and `.result` has the account."""
    from fbcore import BatchRuntime

    with pytest.raises(NetError, match="deadlocked") as caught:
        BatchRuntime(joined_after_a_burst(8)).run()
    assert "more room" in caught.value.hint
    assert caught.value.result.outcome is Outcome.DEADLOCKED
    assert caught.value.errors is None


# -- the order in which a quiescent net is brought to its end ----------------------------------------------


class Ending(Component):
    """Waits for the end of its input, and then says its name."""

    come: In[int]
    go: Out[int]
    name: Out[str]

    async def run(self) -> None:
        async for number in self.come:
            if number:
                await self.go.send(number - 1)
        await self.name.send(self._node.address)


def nested_loops() -> Graph:
    """Two loops that share a node, fed by a third, all declared in a muddled order."""
    graph = Graph("nested")
    names = ["d", "b", "inner", "a", "entry", "tail"]
    node = {name: graph.add(Ending, name) for name in names}
    graph.inputs.start >> node["entry"].come
    for source, target in [("entry", "a"), ("a", "b"), ("b", "d"), ("d", "a"), ("b", "inner"), ("inner", "b")]:
        node[source].go >> node[target].come
    node["d"].go >> node["tail"].come
    for name in names:
        node[name].name >> graph.outputs.names
    node["tail"].go >> graph.outputs.rest
    return graph


def test_nested_loops_are_flushed_in_the_same_order_under_every_schedule():
    """Over 300 random schedules the nodes of two nested loops end in one determined order."""
    orders = set()
    for seed in range(300):
        result = run_on(lambda seed=seed: SteppedLoop(Seeded(seed)), nested_loops(), inputs={"start": 6})
        assert result.outcome is Outcome.QUIESCENT
        orders.add(tuple(result.outputs.names))
    assert orders == {("entry", "a", "d", "tail", "b", "inner")}


def test_a_join_that_would_still_get_packets_from_a_fan_out_is_starved(run):
    """A fan-out that goes on with its other consumer still counts what the join missed."""
    graph = Graph("missed")
    adder, doubler = graph.add(add), graph.add(double)
    graph.inputs.number >> doubler.value
    doubler.out >> adder.left
    doubler.out >> graph.outputs.doubled
    graph.inputs.none >> adder.right
    adder.out >> graph.outputs.sums
    result = run(graph, inputs={"number": Each([1, 2]), "none": Each([])})
    assert (result.outcome, result.outputs.doubled) == (Outcome.STARVED, [2, 4])


@pytest.mark.parametrize("error", [ValueError, SystemExit, asyncio.CancelledError])
def test_a_function_that_fails_among_many_packets_has_an_exact_account(run, error):
    """However a firing ends, what came before it is out, it is in hand, and the rest is unread or unsent."""

    @component
    def picky(value: int) -> int:
        if value == 37:
            raise error("no 37")
        return value

    graph = Graph("picky")
    graph.inputs.value >> graph.add(picky).value
    graph["picky"].out >> graph.outputs.passed
    result = run(graph, inputs={"value": Each(range(200))})
    assert result.outcome is Outcome.FAILED
    assert result.outputs.passed == list(range(37))
    assert result.held == {"picky.value": 37}
    assert result.edges["inputs.value->picky.value"].taken == 38
    unread = result.unread.get("inputs.value->picky.value", [])
    assert unread == list(range(38, 38 + len(unread)))
