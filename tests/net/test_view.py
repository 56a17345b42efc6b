"""A running net can be looked at from outside: nodes, ports, edges, and what an edge will come to."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import pairwise
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, NetError, Out, Outcome, PortError, component
from fbcore.net.view import EdgeView
from fbcore.runtimes.stream import Stream
from fbcore.testing import run_async
from tests.net.conftest import LOOPS

OnLoop = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=LOOPS)
def on_loop(request: pytest.FixtureRequest) -> OnLoop:
    """Run a coroutine on one of the loops; a test that takes this runs on each."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(asyncio.wait_for(work, 20))

    return run


@component
def double(value: int) -> int:
    return 2 * value


class Gate(Component):
    """Sends on what comes by `value`, once there is something on `go`."""

    value: In[int]
    go: In[str]
    spare: In[int] = In(optional=True)
    out: Out[int]
    unused: Out[int]

    async def run(self) -> None:
        await self.go.receive()
        async for value in self.value:
            await self.out.send(value)


def gated(capacity: int = 4) -> Graph:
    """Make a net that waits at its gate until `go` comes, which is when the test lets it."""
    graph = Graph("gated")
    twice, gate = graph.add(double), graph.add(Gate)
    graph.inputs.value >> twice.value
    graph.inputs.go >> gate.go
    graph.connect(twice.out, gate.value, capacity=capacity)
    graph.connect(gate.out, graph.outputs.passed, capacity=2)
    return graph


INNER = "double.out->gate.value"


def stream(until: asyncio.Event, count: int = 10, **options: Any) -> Stream:
    """Stream the gated net; the gate opens when the event is set."""

    async def go() -> Any:
        await until.wait()
        yield "go"

    return BatchRuntime(gated()).stream(inputs={"value": Each(range(count)), "go": Each(go())}, **options)


# -- looking ----------------------------------------------------------------------------------------------


def test_nodes_ports_and_edges_show_what_they_do_at_this_moment(on_loop):
    """At the closed gate: the sender waits for room, the gate for a packet, and the edge between is full."""

    async def main() -> None:
        opened = asyncio.Event()
        async with stream(opened) as results:
            net = results.net
            await net.edges[INNER].until(lambda edge: edge.fill == edge.capacity)
            await settle()
            assert net.name == "gated"
            assert list(net.nodes) == ["double", "gate", "inputs.value", "inputs.go", "outputs"]
            assert (net.nodes["double"].phase, net.nodes["double"].component) == ("sending", "double")
            assert (net.nodes["double"].received, net.nodes["double"].sent) == (5, 4)
            assert net.nodes["gate"].phase == "receiving"
            assert net.ports["gate.go"].is_waiting
            assert not net.ports["gate.value"].is_waiting
            assert net.ports["double.out"].is_blocked
            assert not net.ports["gate.out"].is_blocked
            edge = net.edges[INNER]
            assert (edge.fill, edge.capacity, edge.put, edge.taken) == (4, 4, 4, 0)
            opened.set()
            assert [value async for _, value in results] == [2 * n for n in range(10)]
            assert (edge.fill, edge.put, edge.taken) == (0, 10, 10)
            assert net.nodes["gate"].phase == "ended"
            assert not net.ports["double.out"].is_blocked
            assert (net.nodes["outputs"].received, net.edges["gate.out->outputs.passed"].taken) == (10, 10)

    on_loop(main())


def test_the_reader_is_seen_waiting_and_blocking(on_loop):
    """While it reads its port waits; while it does not, the last node waits for room."""

    async def main() -> None:
        opened = asyncio.Event()
        async with stream(opened) as results:
            read = asyncio.ensure_future(anext(results))
            await settle()
            assert results.net.ports["outputs"].is_waiting
            opened.set()
            await read
            await settle()
            assert not results.net.ports["outputs"].is_waiting
            assert results.net.ports["gate.out"].is_blocked

    on_loop(main())


def test_ports_know_whether_they_are_connected():
    """Inputs, outputs and the implicit `error`."""

    async def main() -> dict[str, bool]:
        async with stream(asyncio.Event()) as results:
            return {address: port.is_connected for address, port in results.net.ports.items()}

    connected = asyncio.run(main())
    free = {"gate.spare", "gate.unused", "gate.error", "double.error"}
    assert {address for address, is_connected in connected.items() if not is_connected} == free
    assert {"gate.value", "gate.out", "inputs.go", "outputs"} < connected.keys()


def test_an_unknown_address_is_refused_with_those_there_are():
    """For nodes, ports and edges."""

    async def main() -> None:
        async with stream(asyncio.Event()) as results:
            with pytest.raises(PortError, match=r"gated: the net has no node 'gates'\n.*nodes are: double, gate, "):
                results.net.nodes["gates"]
            with pytest.raises(PortError, match=r"no port 'gate\.in'\n.*ports are: double\.value, "):
                results.net.ports["gate.in"]
            with pytest.raises(PortError, match=r"no edge 'gate'\n.*edges are: .*double\.out->gate\.value"):
                results.net.edges["gate"]
            assert "gate" in results.net.nodes
            assert "gates" not in results.net.nodes

    asyncio.run(main())


def test_views_say_what_they_see():
    """Their `repr` is a line for whoever looks at one in a debugger or notebook."""

    async def main() -> list[str]:
        async with stream(asyncio.Event()) as results:
            net = results.net
            await net.edges[INNER].until(lambda edge: edge.fill == 4)
            await settle()
            views = (net, net.nodes["double"], net.ports["double.out"], net.ports["gate.spare"], net.edges[INNER])
            return [repr(view) for view in views]

    assert asyncio.run(main()) == [
        "<net gated: 4 of 5 nodes live>",
        "<node double: sending, 5 received, 4 sent>",
        "<port double.out: connected, blocked>",
        "<port gate.spare: not connected>",
        "<edge double.out->gate.value: 4 of 4 lie here, 4 put, 0 taken>",
    ]


async def settle() -> None:
    """Let the net go on until it can no further, which takes a few turns only."""
    for _ in range(50):
        await asyncio.sleep(0)


# -- until ------------------------------------------------------------------------------------------------


def test_until_returns_at_once_if_it_holds_already(on_loop):
    """Without a turn for anybody else."""

    async def main() -> int:
        turns = 0

        def count() -> None:
            nonlocal turns
            turns += 1

        async with stream(asyncio.Event()) as results:
            asyncio.get_running_loop().call_soon(count)
            await results.net.edges[INNER].until(lambda edge: edge.put >= 0)
            return turns

    assert on_loop(main()) == 0


def test_until_asks_after_every_put_and_every_take(on_loop):
    """Each state of the edge is seen, once, in order: no fast path and no batch passes by."""

    async def main() -> list[tuple[int, int]]:
        opened, seen = asyncio.Event(), []

        def look(edge: EdgeView) -> bool:
            seen.append((edge.put, edge.taken))
            return edge.taken == 100

        async with stream(opened, count=100) as results:
            watch = asyncio.ensure_future(results.net.edges[INNER].until(look))
            opened.set()
            assert len([packet async for packet in results]) == 100
            await watch
        return seen

    seen = on_loop(main())
    assert seen[-1] == (100, 100)
    steps = [(put - before, taken - gone) for (before, gone), (put, taken) in pairwise(seen)]
    assert set(steps) == {(1, 0), (0, 1)}


class Cuts(Component):
    """Sends each number by two ports, to one input."""

    value: In[int]
    left: Out[int]
    right: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await self.left.send(value)
            await self.right.send(value)


@pytest.mark.parametrize(
    "address", ["inputs.value->double.value", "inputs.value->cuts.value", "cuts.right->again.value"]
)
def test_until_sees_every_packet_of_a_fan_out_and_of_a_fan_in(on_loop, address):
    """An edge beside others is watched as one alone is, and the others do not count."""
    graph = Graph("crossing")
    cuts, twice, again = graph.add(Cuts), graph.add(double), graph.add(double, "again")
    graph.inputs.value >> cuts.value
    graph.inputs.value >> twice.value
    cuts.left >> again.value
    cuts.right >> again.value
    twice.out >> again.value
    again.out >> graph.outputs.all

    async def main() -> list[tuple[int, int]]:
        seen = []

        def look(edge: EdgeView) -> bool:
            seen.append((edge.put, edge.taken))
            return edge.taken == 30

        async with BatchRuntime(graph).stream(inputs={"value": Each(range(30))}) as results:
            watch = asyncio.ensure_future(results.net.edges[address].until(look))
            await asyncio.sleep(0)
            assert len([packet async for packet in results]) == 90
            await watch
        return seen

    seen = on_loop(main())
    steps = {(put - before, taken - gone) for (before, gone), (put, taken) in pairwise(seen)}
    assert (0, 1) in steps
    assert steps <= {(1, 0), (0, 1)}


def test_a_watched_edge_is_fast_again_when_nobody_waits():
    """The gates are opened again: what a user does not look at costs nothing."""

    async def main() -> tuple[list[bool], int]:
        async with BatchRuntime(gated()).stream(inputs={"value": Each(range(1000)), "go": "go"}) as results:
            (edge,) = [edge for edge in results._running.net.edges if edge.address == INNER]
            fast = [edge.is_fast]
            waits = [
                asyncio.ensure_future(results.net.edges[INNER].until(lambda edge, n=n: edge.taken >= n))
                for n in (20, 60)
            ]
            for wait in waits:
                await asyncio.sleep(0)
                fast.append(edge.is_fast)
                while not wait.done():
                    await anext(results)
            await asyncio.sleep(0)
            fast.append(edge.is_fast)
            return fast, len([packet async for packet in results]) + results.result.read["passed"]

    fast, read = asyncio.run(main())
    assert fast == [True, False, False, True]
    assert read > 1000


def test_a_predicate_that_raises_tells_its_caller_and_nobody_else(on_loop):
    """At once or later, whatever it raises; the net goes on."""

    def fails_later(edge: EdgeView) -> bool:
        if edge.put >= 3:
            raise LookupError("three")
        return False

    def stops(edge: EdgeView) -> bool:
        return next(iter([] if edge.put >= 2 else [False]))

    async def main() -> int:
        async with stream(asyncio.Event()) as results:
            edge = results.net.edges[INNER]
            with pytest.raises(ZeroDivisionError):
                await edge.until(lambda edge: 1 / edge.fill)
            with pytest.raises(RuntimeError, match="StopIteration"):
                await edge.until(stops)
            with pytest.raises(LookupError, match="three"):
                await edge.until(fails_later)
            await edge.until(lambda edge: edge.put == 4)
            return edge.put

    assert on_loop(main()) == 4


def test_until_raises_when_the_net_ends_first(on_loop):
    """By itself, by a verdict, by a stop; and at once when it has ended already."""

    @component
    def few(value: int) -> Iterator[int]:
        yield from range(value)

    class Waits(Component):
        here: In[int]
        there: In[int]
        back: Out[int]

        async def run(self) -> None:
            await self.there.receive()

    finishing, starving = Graph("finishing"), Graph("starving")
    finishing.inputs.value >> finishing.add(few).value
    finishing["few"].out >> finishing.outputs.some
    node = starving.add(Waits)
    starving.inputs.value >> node.here
    node.back >> node.there

    async def main(graph: Graph, address: str) -> NetError:
        async with BatchRuntime(graph).stream(inputs={"value": 3}, raises=False) as results:
            edge = results.net.edges[address]
            watch = asyncio.ensure_future(edge.until(lambda edge: edge.put > 5))
            async for _ in results:
                pass
            with pytest.raises(NetError) as caught:
                await watch
            with pytest.raises(NetError, match="the net ended before"):
                await edge.until(lambda edge: edge.put > 5)
            await edge.until(lambda edge: edge.put > 0)
        return caught.value

    error = on_loop(main(finishing, "few.out->outputs.some"))
    assert error.result.outcome is Outcome.FINISHED
    assert str(error).startswith("few.out->outputs.some: the net ended before that for which somebody waited")
    assert on_loop(main(starving, "inputs.value->waits.here")).result.outcome is Outcome.STARVED


def test_a_watch_is_no_node_of_the_net():
    """It keeps no net alive, withholds no verdict, and one that is cancelled leaves nothing behind."""

    async def main() -> list[str]:
        async with stream(asyncio.Event(), raises=False) as results:
            watch = asyncio.ensure_future(results.net.edges[INNER].until(lambda edge: edge.put > 99))
            await asyncio.sleep(0)
            watch.cancel()
            with pytest.raises(asyncio.CancelledError):
                await watch
            assert not results._running.net.watching.wants_packets
            other = asyncio.ensure_future(results.net.edges[INNER].until(lambda edge: edge.put > 99))
            read = [packet async for packet in results]
            assert read == []
            with pytest.raises(NetError):
                await other
        return list(results.result.nodes)

    assert run_async(main) == ["double", "gate", "inputs.value", "inputs.go", "outputs"]


def test_two_watches_of_one_edge_and_one_of_another(on_loop):
    """Each is woken by its own predicate."""

    async def main() -> list[int]:
        opened, woken = asyncio.Event(), []

        async def watch(address: str, count: int) -> None:
            await results.net.edges[address].until(lambda edge: edge.taken >= count)
            woken.append(count)

        async with stream(opened) as results:
            watches = [(INNER, 7), (INNER, 2), ("gate.out->outputs.passed", 4)]
            waiting = [asyncio.ensure_future(watch(*each)) for each in watches]
            await asyncio.sleep(0)
            opened.set()
            async for _ in results:
                await settle()
            await asyncio.gather(*waiting)
        return woken

    woken = on_loop(main())
    assert sorted(woken) == [2, 4, 7]
    assert woken.index(2) < woken.index(7)


def test_a_batch_of_a_function_respects_a_watch():
    """On the stock loop functions fire in batches, and none takes a watched edge by surprise: it fills one by one."""

    async def main() -> list[int]:
        fills: list[int] = []

        def look(edge: EdgeView) -> bool:
            if edge.fill == 0:
                fills.clear()
            fills.append(edge.fill)
            return fills[0] == 0 and edge.fill >= 2

        graph = Graph("batches")
        twice, again = graph.add(double), graph.add(double, "again")
        graph.inputs.value >> twice.value
        twice.out >> again.value
        again.out >> graph.outputs.passed
        async with BatchRuntime(graph).stream(inputs={"value": Each(range(2000))}) as results:
            watch = asyncio.ensure_future(results.net.edges["double.out->again.value"].until(look))
            async for _ in results:
                pass
            await watch
        return fills

    assert asyncio.run(main()) == [0, 1, 2]
