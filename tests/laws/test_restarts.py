"""Laws of restarts and ends: packets are conserved, in order, whatever fails, however often, in any order of turns."""

import asyncio
import random
from collections.abc import Callable
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    End,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Result,
    component,
)
from fbcore.loop import Seeded, SteppedLoop
from fbcore.runtimes.blocking import run_on
from tests.laws.running import StockLoop

Look = Callable[[int], None]


def looks(chances: list[int]) -> Look:
    """Make a function that raises for a number so many times, one after the other, as is drawn for it."""
    left = dict(enumerate(chances))

    def look(number: int) -> None:
        if left.get(number, 0) > 0:
            left[number] -= 1
            raise ValueError(number)

    return look


def of_class(look: Look) -> Any:
    """A class that fails before it sends."""

    class Passes(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                look(number)
                await self.out.send(number)

    return Passes


def of_child(look: Look) -> Any:
    """A class whose packets are taken by a child task, and which waits between."""

    class Child(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            await self.tasks.create_task(self.work())

        async def work(self) -> None:
            async for number in self.number:
                await asyncio.sleep(0.01)
                look(number)
                await self.out.send(number)

    return Child


def of_memory(look: Look) -> Any:
    """A class that gathers everything in its memory, and sends it at its end."""

    class Gathers(Component):
        number: In[int]
        out: Out[int]
        seen: Memory[list[int]] = Memory(list)

        async def run(self) -> None:
            async for number in self.number:
                look(number)
                self.seen.value.append(number)
            for number in self.seen.value:
                await self.out.send(number)

    return Gathers


def of_function(look: Look) -> Any:
    """A function."""

    @component
    def passes(number: int) -> int:
        look(number)
        return number

    return passes


def of_packets(look: Look) -> Any:
    """A class that forwards packets with their identity."""

    class Forwards(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for packet in self.number.packets():
                look(packet.value)
                await self.out.forward(packet)

    return Forwards


KINDS = [of_class, of_child, of_memory, of_function, of_packets]


def line(kinds: list[Any], capacities: list[int | None], error: bool = False) -> Graph:
    """Return a graph of these components in a row, called `node0` and so on."""
    graph = Graph("line")
    before: Any = graph.inputs.number
    for number, (kind, capacity) in enumerate(zip(kinds, capacities, strict=False)):
        node = graph.add(kind, f"node{number}")
        graph.connect(before, node.number, capacity=capacity)
        if error:
            node.error >> graph.outputs.failures
        before = node.out
    before >> graph.outputs.out
    return graph


def run(graph: Graph, seed: int | None, numbers: Any, policy: NodeSettings, **made: Any) -> Result:
    """Run a graph with a policy for all its nodes: on a stepped loop in a seeded order, or on the stock loop."""
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"**": policy}), **made)
    make = StockLoop if seed is None else lambda: SteppedLoop(Seeded(seed))
    return run_on(make, lambda: runtime.arun(inputs={"number": Each(numbers)}, raises=False))


LINES = st.lists(st.tuples(st.sampled_from(KINDS), st.lists(st.integers(0, 3), max_size=8)), min_size=1, max_size=3)
CAPACITIES = st.lists(st.sampled_from([1, 2, 3, 64, None]), min_size=3, max_size=3)
SEEDS = st.none() | st.integers(0, 10**6)
COUNTS = st.integers(0, 12)
AT_ONCE = Restart(backoff=0, most=1000)


@given(LINES, CAPACITIES, SEEDS, COUNTS, st.booleans())
def test_what_is_returned_is_neither_lost_nor_doubled(
    drawn: Any, capacities: Any, seed: int | None, count: int, history: bool
) -> None:
    """However often nodes fail before they send, everything comes out once and in order."""
    graph = line([kind(looks(chances)) for kind, chances in drawn], capacities)
    result = run(graph, seed, range(count), NodeSettings(restart=AT_ONCE), tracking="history" if history else "counts")
    failures = sum(sum(chances[:count]) for _, chances in drawn)
    assert (result.outcome, result.outputs.out) == ("finished", list(range(count)))
    assert sum(result.restarts.values()) == failures
    assert not result.unread | result.held | result.unsent | result.dropped | result.discarded


@given(LINES, CAPACITIES, SEEDS, COUNTS)
def test_what_is_dropped_is_counted(drawn: Any, capacities: Any, seed: int | None, count: int) -> None:
    """What comes out, and what was dropped, is what went in."""
    graph = line([kind(looks(chances)) for kind, chances in drawn], capacities)
    policy = NodeSettings(restart=Restart(backoff=0, most=1000, held="drop"))
    result = run(graph, seed, range(count), policy)
    assert result.outcome == "finished"
    assert len(result.outputs.out) + sum(result.dropped.values()) == count
    assert result.outputs.out == sorted(result.outputs.out)
    assert not result.unread | result.held | result.unsent | result.discarded


@given(LINES, CAPACITIES, SEEDS, COUNTS)
def test_what_goes_to_error_is_not_lost(drawn: Any, capacities: Any, seed: int | None, count: int) -> None:
    """Every packet comes out, or in one failure, also of the last life."""
    graph = line([kind(looks(chances)) for kind, chances in drawn], capacities, error=True)
    result = run(graph, seed, range(count), NodeSettings(restart=AT_ONCE))
    failed = [failure.value for failure in result.outputs.failures] if "failures" in result.outputs else []
    assert (result.outcome, sorted([*result.outputs.out, *failed])) == ("finished", list(range(count)))


@given(LINES, CAPACITIES, SEEDS, COUNTS, st.integers(0, 3))
def test_never_more_restarts_than_allowed(drawn: Any, capacities: Any, seed: int | None, count: int, most: int) -> None:
    """A node that has used up its restarts fails the net, and every packet is in the result."""
    graph = line([kind(looks(chances)) for kind, chances in drawn], capacities)
    result = run(graph, seed, range(count), NodeSettings(restart=Restart(backoff=0, most=most)))
    assert all(restarts <= most for restarts in result.restarts.values())
    assert result.outcome in ("finished", "failed")
    if result.outcome == "finished":
        assert result.outputs.out == list(range(count))


ENDS = st.one_of(
    st.builds(End, after=st.integers(1, 9)),
    st.builds(End, deadline=st.sampled_from([0.005, 0.01, 0.03, 0.05]), held=st.sampled_from(["return", "drop"])),
    st.builds(End, idle=st.sampled_from([0.005, 0.05])),
)


@given(st.lists(st.integers(0, 2), max_size=8), CAPACITIES, st.integers(0, 10**6), COUNTS, ENDS)
def test_a_node_that_is_ended_loses_nothing(
    chances: list[int], capacities: Any, seed: int, count: int, end: End
) -> None:
    """What a child task works on, what lies before the node, and what came out is what went in."""
    graph = line([of_child(looks(chances)), of_class(looks([]))], capacities)
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={"node0": NodeSettings(restart=AT_ONCE, end=end)}))
    result = run_on(
        lambda: SteppedLoop(Seeded(seed)), lambda: runtime.arun(inputs={"number": Each(range(count))}, raises=False)
    )
    unread = [*chain(*result.unread.values())]
    gone = sum(result.dropped.values()) + sum(result.discarded.values())
    # The feed may have been cut short, and then it was not asked for the rest.
    assert result.outcome == "finished"
    assert len(result.outputs.out) + len(unread) + gone == result.nodes["inputs.number"].sent
    assert not set(result.outputs.out) & set(unread)
    assert result.outputs.out == sorted(set(result.outputs.out))


@pytest.mark.slow
def test_ten_thousand_restarts_lose_none_of_a_hundred_thousand_packets() -> None:
    """A class node that fails at random, on the ordinary loop: nothing lost, nothing doubled, order kept."""
    draw, count, most = random.Random(5), 100_000, 10_000
    bad = draw.sample(range(count), most)
    chances = [0] * count
    for number in bad:
        chances[number] = 1
    graph = line([of_class(looks([])), of_class(looks(chances)), of_memory(looks([]))], [64, 64, 64])
    result = run(graph, None, range(count), NodeSettings(restart=Restart(backoff=0, most=most)))
    assert (result.outcome, result.restarts) == ("finished", {"node1": most})
    assert result.outputs.out == list(range(count))


@settings(deadline=None)
@given(st.floats(0.001, 10), st.floats(1, 5), st.floats(0.001, 100), st.floats(0, 1), st.integers(1, 12))
def test_back_off_keeps_to_its_formula(
    backoff: float, factor: float, longest: float, jitter: float, failures: int
) -> None:
    """Each wait is the back-off times the factor for each restart before it, at most the longest; and then jitter."""
    policy = Restart(most=None, backoff=backoff, factor=factor, longest=longest, jitter=jitter)
    times: list[float] = []

    def look(number: int) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) <= failures:
            raise ValueError(number)

    assert run(line([of_class(look)], [1]), 1, [0], NodeSettings(restart=policy)).outcome == "finished"
    for number, (before, after) in enumerate(pairwise(times)):
        expected = min(longest, backoff * factor**number)
        assert expected * (1 - jitter) - 1e-6 <= after - before <= expected * (1 + jitter) + 1e-6
