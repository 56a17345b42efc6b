"""What policies, logs and metrics cost, used and unused, and whether they keep what they promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from benchmarks import managed_concurrency, managed_firing, managed_logs, managed_watched
from benchmarks.case import Case, Effort, Measurement, at_most, cost, cpu_seconds, paired
from benchmarks.managed_net import HOPS, readings
from fbcore import (
    BatchRuntime,
    Component,
    Each,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Result,
)
from fbcore.loop import SteppedLoop
from fbcore.runtimes.blocking import run_on

USUAL = 20_000
"""Readings that a net is timed with."""


def timed(graph: Callable[[], Graph], settings: NetSettings | None, count: int) -> Callable[[], float]:
    """Return what measures the CPU seconds of a run."""

    def run() -> None:
        result = BatchRuntime(graph(), settings=settings).run()
        assert result.outputs.total == [count], result

    return lambda: cpu_seconds(run)


# -- unused ----------------------------------------------------------------------------------------------


def unused() -> Measurement:
    """Measure a net whose settings use no policy against the same net without settings."""
    name = "settings without policies, a loaded net"

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(USUAL)
        settings = NetSettings(nodes={"**": NodeSettings(capacity=64, restart=Restart("never"))})
        ours, theirs = timed(lambda: readings(count), settings, count), timed(lambda: readings(count), None, count)
        ours(), theirs()
        ratios, mine, _ = paired(ours, theirs, effort)
        yield cost(name, [1e6 * each / count / HOPS for each in mine], ratios, "µs/hop", "no settings", None)

    return Measurement(name, measure)


# -- restarts --------------------------------------------------------------------------------------------


class Faulty(Component):
    """Pass numbers on, and fail at every tenth, once, before it is sent."""

    number: In[int]
    passed: Out[int]
    failed_at: Memory[int] = Memory(-1)

    async def run(self) -> None:
        async for number in self.number:
            if number % 10 == 9 and self.failed_at.value != number:
                self.failed_at.value = number
                raise ConnectionError(number)
            await self.passed.send(number)


def restarts(effort: Effort) -> Iterator[Case]:
    """Begin a node anew ten thousand times, and count what got lost or came twice, in virtual time."""
    count = effort.packets(100_000)
    graph = Graph("faulty")
    node = graph.add(Faulty)
    graph.inputs.number >> node.number
    node.passed >> graph.outputs.passed
    settings = NetSettings(nodes={"faulty": NodeSettings(restart=Restart(most=None, backoff=0.01))})
    before = time.process_time()
    runtime = BatchRuntime(graph, settings=settings)
    result: Result = run_on(SteppedLoop, lambda: runtime.arun(inputs={"number": Each(range(count))}))
    seconds = time.process_time() - before
    times = result.restarts["faulty"]
    wrong = sum(found != wanted for found, wanted in zip(result.outputs.passed, range(count), strict=False))
    yield at_most(
        f"{count // 10:,} restarts in {count:,} packets, lost or doubled",
        [wrong + abs(count - len(result.outputs.passed)) + abs(times - count // 10)],
        "packets",
        0,
    )
    yield Case("a restart, and ten packets", 1e6 * seconds / times, "CPU µs")


def measurements() -> Iterator[Measurement]:
    """Yield the measurements."""
    yield unused()
    yield Measurement("restarts", restarts)
    yield from managed_concurrency.measurements()
    yield from managed_firing.measurements()
    yield from managed_logs.measurements()
    yield from managed_watched.measurements()
