"""Stopping: draining, cancelling at once, and the account of what was on its way."""

import asyncio
import contextlib
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, Outcome, StopNet, component
from fbcore.loop import Seeded, SteppedLoop
from fbcore.net.build import build_net
from fbcore.testing import run_async


class Ticks(Component):
    """Sends a number every second, for ever."""

    tick: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.tick.send(number)
            number += 1
            await asyncio.sleep(1)


class Collect(Component):
    """Collects numbers and sends them all at the end."""

    value: In[int]
    all: Out[list[int]]

    async def run(self) -> None:
        await self.all.send([value async for value in self.value])


class TicksOften(Ticks):
    """Could be told how often, and is not."""

    seconds: In[float] = In(optional=True)


def ticking() -> Graph:
    graph = Graph("ticking")
    graph.add(Ticks).tick >> graph.add(Collect).value
    graph["collect"].all >> graph.outputs.all
    return graph


def run_and(graph: Graph, act, *, after: float, **inputs):
    """Run a graph on virtual time, act on the net after some seconds, and return the result."""

    async def main():
        net = build_net(graph, inputs)
        asyncio.get_running_loop().call_later(after, act, net)
        return await net.run()

    return run_async(main)


def test_a_source_with_inputs_that_nobody_feeds_is_cancelled_too():
    """Nothing would close them, so that it would go on until the grace is over."""
    graph = Graph("ticking")
    graph.add(TicksOften).tick >> graph.add(Collect).value
    graph["collect"].all >> graph.outputs.all
    result = run_and(graph, lambda net: net.stop("enough"), after=4.5)
    assert (result.reason, result.outputs.all, result.seconds) == ("enough", [[0, 1, 2, 3, 4]], 4.5)


def test_a_stop_drains_the_net():
    """Sources are cancelled, the others end by closing and send what they have collected."""
    result = run_and(ticking(), lambda net: net.stop("enough"), after=4.5)
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "enough")
    assert result.outputs.all == [[0, 1, 2, 3, 4]]


def test_a_drain_that_takes_too_long_is_cancelled():
    """After the grace time what is left is cancelled, and the reason says so."""

    class Slow(Component):
        value: In[int]

        async def run(self) -> None:
            async for _ in self.value:
                await asyncio.sleep(100)

    graph = Graph("slow")
    graph.add(Ticks).tick >> graph.add(Slow).value
    result = run_and(graph, lambda net: net.stop("enough", grace=3), after=2.5)
    assert result.reason == "enough; not drained in 3 s"
    assert result.seconds == pytest.approx(5.5)
    assert result.held == {"ticks.tick": 2} or result.held == {"slow.value": 0}
    assert result.unread == {"ticks.tick->slow.value": [1, 2]}


def test_a_stop_drains_a_loop():
    """A net with a loop runs dry, and is then closed in order."""

    class Round(Component):
        value: In[int]
        back: In[int]
        out: Out[int]
        seen: Out[int]

        async def run(self) -> None:
            async for value in self.value:
                await self.out.send(value)
            count = 0
            async for _ in self.back:
                count += 1
            await self.seen.send(count)

    @component
    def same(value: int) -> int:
        return value

    graph = Graph("round")
    node, echo = graph.add(Round), graph.add(same)
    graph.add(Ticks).tick >> node.value
    node.out >> echo.value
    echo.out >> node.back
    node.seen >> graph.outputs.seen
    result = run_and(graph, lambda net: net.stop(), after=3.5)
    assert (result.outcome, result.outputs.seen) == (Outcome.STOPPED, [4])


def test_stop_at_once_cancels_and_reports_what_was_in_hand():
    """Nothing is sent any more; packets on edges and in hands are in the result."""
    result = run_and(ticking(), lambda net: net.stop_at_once("now"), after=4.5)
    assert (result.outcome, result.outputs.all) == (Outcome.STOPPED, [])
    assert result.waits["ticks"].startswith("a timer, due in 0.5 s")


def test_a_function_stops_the_net_by_raising(run):
    """`StopNet(reason)` cancels everything at once; it is no failure."""

    @component
    def guard(value: int) -> int:
        if value == 3:
            raise StopNet("three is too many")
        return value

    graph = Graph("guarded")
    graph.inputs.value >> graph.add(guard).value
    graph["guard"].out >> graph.outputs.values_seen
    result = run(graph, inputs={"value": Each(range(100))})
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "three is too many")
    assert result.outputs.values_seen == [0, 1, 2]
    assert result.held == {"guard.value": 3}
    assert result.errors == ()


def test_a_class_stops_the_net_by_its_handle(run):
    """`self.net.stop(reason)` cancels at once, the caller included."""

    class Watch(Component):
        value: In[int]
        after: Out[str]

        async def run(self) -> None:
            async for value in self.value:
                if value == 3:
                    self.net.stop(f"saw {value} in {self.net.name}")
            await self.after.send("never")

    graph = Graph("watched")
    graph.inputs.value >> graph.add(Watch).value
    graph["watch"].after >> graph.outputs.after
    result = run(graph, inputs={"value": Each(range(100))})
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "saw 3 in watched")
    assert result.outputs.after == []


def test_a_stop_that_was_asked_for_does_not_raise():
    """`run` returns its result, whose outcome is stopped."""

    @component
    def stop(value: int) -> None:
        raise StopNet("asked")

    graph = Graph("asked")
    graph.inputs.value >> graph.add(stop).value
    assert BatchRuntime(graph).run(inputs={"value": 1}).outcome is Outcome.STOPPED


def test_no_port_operation_succeeds_once_a_node_is_cancelled():
    """A component that swallows its cancellation can neither send nor receive in its last moments."""
    tried = []

    class Stubborn(Component):
        value: In[int]
        out: Out[int]

        async def run(self) -> None:
            for operation in (self.value.receive, lambda: self.out.send(1), lambda: self.out.send(2)):
                try:
                    await operation()
                except asyncio.CancelledError:
                    tried.append("cancelled")

    graph = Graph("stubborn")
    graph.add(Ticks).tick >> graph.add(Collect).value
    graph["collect"].all >> graph.outputs.all
    node = graph.add(Stubborn)
    graph.connect(graph.inputs.value, node.value)
    node.out >> graph.outputs.out

    async def never():
        await asyncio.sleep(1000)
        yield 1

    result = run_and(graph, lambda net: net.stop_at_once(), after=1.5, value=Each(never()))
    assert tried == ["cancelled"] * 3
    assert result.outputs.out == []


async def test_no_task_is_left_after_the_end(stepped_loop):
    """Whatever way a net ends, the loop has no task of its."""
    net = build_net(ticking())
    stepped_loop.call_later(2.5, net.stop_at_once)
    await net.run()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_a_task_left_behind_is_ended_and_named(run, caplog):
    """A task that a component made outside its group does not outlive the net."""
    ended = []

    class Leaves(Component):
        out: Out[int]

        async def run(self) -> None:
            async def forever() -> None:
                try:
                    await asyncio.sleep(1000)
                finally:
                    ended.append("forever")

            self.stray = asyncio.create_task(forever(), name="forever")
            await asyncio.sleep(0)
            await self.out.send(1)

    graph = Graph("strays")
    graph.add(Leaves).out >> graph.outputs.number
    assert run(graph).outcome is Outcome.FINISHED
    assert ended == ["forever"]
    assert "leaves: left the task forever behind" in caplog.text


def test_a_component_that_outlives_its_cancellation_is_named_and_cancelled_again(caplog):
    """Swallowing a cancellation delays the end of the net, but not for ever and not in silence."""

    class Deaf(Component):
        tick: In[int]

        async def run(self) -> None:
            for _ in range(3):
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(1000)

    graph = Graph("deaf")
    graph.add(Ticks).tick >> graph.add(Deaf).tick
    result = run_and(graph, lambda net: net.stop_at_once("now"), after=1)
    assert result.seconds == pytest.approx(1 + 5 + 5)
    assert "deaf: still runs 5 s after it was cancelled" in caplog.text


@pytest.mark.parametrize("way", ["stop", "stop_at_once"])
async def test_a_net_that_is_stopped_before_it_runs_ends_at_once(way, stepped_loop):
    """A stop that comes too early is not forgotten."""
    net = build_net(ticking())
    getattr(net, way)("too early")
    result = await net.run()
    assert (result.outcome, result.reason, result.seconds) == (Outcome.STOPPED, "too early", 0)
    assert result.outputs.all == ([[]] if way == "stop" else [])


class Forward(Component):
    """Sends packets on, and waits for room there."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for packet in self.value.packets():
            await self.out.forward(packet)


class Stops(Component):
    """Takes nothing, and stops the net."""

    value: In[Any]

    async def run(self) -> None:
        await asyncio.sleep(1)
        self.net.stop("enough")


@pytest.mark.parametrize("seed", range(8))
def test_a_loop_over_packets_leaves_nothing_behind_when_it_is_cancelled(seed, caplog):
    """No task is needed to end it: the net would name one."""
    graph = Graph("forwarding")
    forward, stops = graph.add(Forward), graph.add(Stops)
    graph.inputs.number >> forward.value
    graph.connect(forward.out, stops.value, capacity=1)
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(Seeded(seed))) as runner:
        result = runner.run(BatchRuntime(graph).arun(inputs={"number": Each(range(5))}))
    assert result.outcome == "stopped"
    assert result.held == {"forward.value": 1}
    assert "left the task" not in caplog.text


class Pair(Component):
    """Takes two packets a run."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        for _ in range(2):
            await self.out.send(await self.value.receive())


def test_what_a_run_took_is_not_held_while_the_node_waits_for_its_next_signal():
    """The packets of a run that is over have gone on, and are not in the node's hands any more."""
    graph = Graph("pairs")
    pair, ticks = graph.add(Pair), graph.add(Ticks)
    graph.inputs.number >> pair.value
    ticks.tick >> pair.execute
    pair.out >> graph.outputs.numbers
    result = run_and(graph, lambda net: net.stop_at_once(), after=1.5, number=Each(range(9)))
    assert result.outputs.numbers == [0, 1, 2, 3]
    assert result.held == {}


@component
def same(value: int) -> int:
    return value


def test_what_a_firing_took_is_not_held_while_the_node_waits_to_tell_of_it(stepped):
    """The packet has gone on, though nobody hears yet that the firing is over."""
    graph = Graph("telling")
    node, stops = graph.add(same), graph.add(Stops)
    graph.inputs.number >> node.value
    node.out >> graph.outputs.numbers
    graph.connect(node.executed, stops.value, capacity=1)
    result = stepped(graph, inputs={"number": Each(range(9))})
    assert result.outputs.numbers == [0, 1]
    assert result.held == {}
    assert result.unsent["same.executed"] == [None]


@pytest.mark.parametrize("node_first", [False, True])
def test_who_cancels_all_tasks_at_once_fails_nobody(caplog, node_first):
    """As `asyncio.run` does at its end, in no order: a node that hears of it before its net does has not failed."""

    async def main() -> None:
        run = asyncio.ensure_future(BatchRuntime(ticking()).arun())
        for _ in range(10):
            await asyncio.sleep(0)
        nodes = [task for task in asyncio.all_tasks() if task.get_name() == "collect"]
        for task in (*nodes, run) if node_first else (run, *nodes):
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    caplog.set_level("INFO")
    asyncio.run(main())
    said = [record.getMessage() for record in caplog.records]
    assert said[-1].endswith("cancelled from outside")
    assert not any("cancelled from inside" in each for each in said)
