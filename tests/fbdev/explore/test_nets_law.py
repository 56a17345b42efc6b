"""The law of nets: where orders are left out that make no difference, no end is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fbcore import Component, Config, Graph, In, Out, component
from fbdev.explore import Budget, NetScene, Result, VerdictKind, explore
from fbdev.explore import finer as finer_module
from fbdev.explore.finer import FinerStepping
from tests.fbdev.explore.test_nets import ANY, First, Merge, line, names, same


@component
async def nap(value: Any, seconds: float = 1.0) -> Any:
    await asyncio.sleep(seconds)
    return value


@component
def stamp(value: Any) -> str:
    return f"{value} at {time.monotonic():g}"


class Patient(Component):
    """Wait for one packet, and not for long."""

    value: In[Any]
    seconds: Config[float] = Config(default=1.0)
    out: Out[Any]

    async def run(self) -> None:
        try:
            async with asyncio.timeout(self.seconds.value):
                await self.out.send(await self.value.receive())
        except TimeoutError:
            await self.out.send("late")


class Clock(Component):
    """Say when each packet came."""

    value: In[Any]
    out: Out[Any]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send(f"{value} at {self.net.time():g}")


def watcher(net: Any) -> Iterator[None]:
    """Look at every step, so that none may be left out."""
    while True:
        yield


def ends(result: Result) -> set[str]:
    """Return the ends of a search that was complete."""
    assert result.verdict.kind is VerdictKind.HOLDS, str(result)
    return {str(end) for end in result.ends}


def all_ends(graph: Graph) -> set[str] | None:
    """Return the ends of every order; None when there are too many."""
    budget = Budget(steps=3_000, seconds=None)
    result = explore(NetScene(graph, allowed=ANY), sentinel=watcher, search="states", budget=budget)
    return None if result.verdict.kind is VerdictKind.INCONCLUSIVE else ends(result)


def late_against_early() -> Graph:
    """Make a graph in which a packet that comes at once takes a nap, and one that comes later a longer one."""
    graph = Graph("naps")
    merge = graph.add(same, "merge")
    early, late = graph.add(nap, "early", seconds=1.0), graph.add(nap, "late", seconds=1.5)
    graph.add(names, "a", prefix="a", count=1).out >> early.value
    between = graph.add(same, "between")
    graph.add(names, "b", prefix="b", count=1).out >> between.value
    between.out >> late.value
    early.out >> merge.value
    late.out >> merge.value
    merge.out >> graph.outputs.out
    return graph


@pytest.mark.slow
def test_a_timer_may_ring_before_who_has_not_begun() -> None:
    """A longer nap may be over first, for nobody says how soon the other begins."""
    found = ends(explore(NetScene(late_against_early()), audit=50))
    assert len(found) == 2


@pytest.mark.slow
@pytest.mark.parametrize("asking", [Clock, stamp])
def test_whoever_asks_for_the_time_sees_all_times(asking: Any) -> None:
    """Beside a nap it may be asked before and after."""
    graph = Graph("times")
    clock, napping = graph.add(asking, "clock"), graph.add(nap, "napping")
    graph.add(names, "a", prefix="a", count=1).out >> clock.value
    graph.add(names, "b", prefix="b", count=1).out >> napping.value
    clock.out >> graph.outputs.out
    napping.out >> graph.outputs.other
    found = explore(NetScene(graph), audit=50)
    assert {end["outputs.out"] for end in found.ends} == {"['a0 at 0']", "['a0 at 1']"}


def test_who_ends_early_costs_only_the_orders_with_who_sends_to_it() -> None:
    """Lines beside it go on with one order."""
    graph = line(3)
    first = graph.add(First, "first")
    graph.add(names, "source", prefix="a", count=3).out >> first.value
    first.out >> graph.outputs.of_first
    result = explore(NetScene(graph, {"number": 1}), audit=50)
    assert result.verdict.kind is VerdictKind.HOLDS
    assert not any("every order was tried" in note for note in result.notes)
    assert len(result.graph.states) < 150


def test_a_net_is_audited_one_granularity_finer() -> None:
    """What the net does by itself are steps then, put off by chance; it comes to no other end."""
    scene = NetScene(late_against_early())
    stepping, chance, met = scene.begin(FinerStepping), random.Random(1), set()
    while stepping.result is None:
        name = chance.choice(stepping.names())
        met.add(name)
        stepping.make(name)
    assert {"the net", "callbacks"} & met
    assert str(stepping.result.outcome) == "finished"
    stepping.close()


def test_an_end_that_only_the_finer_ones_meet_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second schedule of an audit is a finer one, and what it meets counts."""

    class Broken(FinerStepping):
        def make(self, name: str) -> Any:
            if name == "b":
                self.net.stop_at_once("an end that nobody knows")
            return super().make(name)

    monkeypatch.setattr(finer_module, "FinerStepping", Broken)
    graph = Graph("two")
    for name in ("a", "b"):
        graph.add(names, name, prefix=name, count=1).out >> graph.outputs[f"of_{name}"]
    result = explore(NetScene(graph), audit=4)
    assert "a fault of the explorer" in str(result.verdict)


def drawn(seed: int) -> Graph:
    """Draw a graph in which some take naps, some ask for the time, and some end early."""
    draw = random.Random(seed)
    graph = Graph("drawn")
    found = [graph.add(names, "a", prefix="a", count=draw.randint(1, 2)).out]
    if draw.random() < 0.7:
        found.append(graph.add(names, "b", prefix="b", count=1).out)
    for number in range(draw.randint(1, 3)):
        kind = draw.choice([same, First, Merge, nap, nap, Patient, Clock])
        seconds = {"seconds": draw.choice([1.0, 1.5])} if kind in (nap, Patient) else {}
        node = graph.add(kind, f"n{number}", **seconds)
        for port in ("left", "right") if kind is Merge else ("value",):
            draw.choice(found) >> getattr(node, port)
        found.append(node.out)
    found[-1] >> graph.outputs.out
    if draw.random() < 0.4:
        found[-2] >> graph.outputs.out
    return graph


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_no_end_is_lost_where_time_counts(seed: int) -> None:
    """Over random nets the ends are those of a search that leaves out nothing."""
    expected = all_ends(drawn(seed))
    if expected is not None:
        assert ends(explore(NetScene(drawn(seed), allowed=ANY))) == expected
