"""The stepped loop: ready steps and wake-ups in a second, and the price of a fresh loop and net."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

from benchmarks import stepped_nets
from benchmarks.case import Case, Effort, Measurement, Work, at_least, at_most, cpu_seconds, speed
from benchmarks.chain import Sink, Source
from fbcore import Graph, SteppedLoop, component
from fbcore.testing import run_stepped

TASKS = 10
SLEEPERS = 10_000
SLEEPS = 10
NETS = 1000

MakeLoop = Callable[[], asyncio.AbstractEventLoop]


def run(make_loop: MakeLoop, main: Callable[[], Awaitable[object]]) -> None:
    """Run a coroutine on a loop made for it."""

    async def wait() -> None:
        await main()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(wait())


# -- ready steps -----------------------------------------------------------------------------------------


def in_turn(make_loop: MakeLoop, steps: int) -> Work:
    """Let a few tasks yield in turn, until so many steps are made."""

    async def spin() -> None:
        for _ in range(steps // TASKS):
            await asyncio.sleep(0)

    return lambda: run(make_loop, lambda: asyncio.gather(*(spin() for _ in range(TASKS))))


def ready_steps() -> Measurement:
    """Measure how many steps the loop makes in the order of the stock loop, against that one."""
    name = f"ready steps, first come, {TASKS} tasks in turn"

    def measure(effort: Effort) -> Iterator[Case]:
        steps = effort.packets(400_000)
        costs = [
            lambda make_loop=make_loop: cpu_seconds(in_turn(make_loop, steps)) / steps
            for make_loop in (SteppedLoop, asyncio.new_event_loop)
        ]
        yield speed(name, *costs, "the stock loop", 0.7, effort, unit="steps/CPU-s")

    return Measurement(name, measure, lambda effort: in_turn(SteppedLoop, effort.packets(400_000)))


# -- wake-ups --------------------------------------------------------------------------------------------


def sleeping(sleepers: int) -> Work:
    """Let so many tasks sleep random times."""
    rng = random.Random(1)

    async def sleep() -> None:
        for _ in range(SLEEPS):
            await asyncio.sleep(rng.random())

    return lambda: run(SteppedLoop, lambda: asyncio.gather(*(sleep() for _ in range(sleepers))))


def wake_ups() -> Measurement:
    """Measure how many sleeps end in a CPU second."""
    name = f"{SLEEPERS:,} tasks that sleep random times"

    def measure(effort: Effort) -> Iterator[Case]:
        sleepers = effort.packets(SLEEPERS)
        found = [sleepers * SLEEPS / cpu_seconds(sleeping(sleepers)) for _ in range(effort.rounds)]
        yield at_least(name, found, "wake-ups/CPU-s", 80_000)

    return Measurement(name, measure, lambda effort: sleeping(effort.packets(SLEEPERS)))


# -- fresh nets ------------------------------------------------------------------------------------------


@component
def same(come: int) -> int:
    """Send on what comes."""
    return come


class Ten(Source):
    """Sends ten numbers."""

    count = 10


def three_nodes() -> Graph:
    """Return a graph of three nodes in a row."""
    graph = Graph("three")
    source, passed, sink = graph.add(Ten), graph.add(same), graph.add(Sink)
    source.number >> passed.come
    passed.out >> sink.come
    return graph


def fresh_nets(count: int) -> Work:
    """Run a net of three nodes and ten packets so many times, each on a loop of its own."""
    graph = three_nodes()

    def work() -> None:
        for _ in range(count):
            run_stepped(graph)

    return work


def fresh_net() -> Measurement:
    """Measure what an exploration pays for a schedule: a fresh loop, a fresh net, its run, and its end."""
    name = "a fresh loop and net: 3 nodes, 10 packets, to the end"

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(NETS)
        work = fresh_nets(count)
        work()
        yield at_most(name, [1e6 * cpu_seconds(work) / count for _ in range(effort.rounds)], "CPU µs", 400)

    return Measurement(name, measure, lambda effort: fresh_nets(effort.packets(NETS)))


def measurements() -> Iterator[Measurement]:
    """Yield the measurements, in the order of the table in docs/performance.md."""
    yield ready_steps()
    yield wake_ups()
    yield fresh_net()
    yield from stepped_nets.measurements()
