"""How fast packets flow, and what nets cost: the cases that any change of ports and edges must mind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.case import Case, Effort, Measurement, Work, at_most, cost, cpu_seconds, paired, speed
from benchmarks.chain import HOPS, NODES, Kind, chain, queues
from benchmarks.child import ROOT, printed_by
from benchmarks.resident import line
from fbcore import BatchRuntime

LARGE = 2000
"""Nodes of the large net."""

IMPORT = """
import asyncio, anyio, time
before = time.process_time()
{}
print(1000 * (time.process_time() - before))
"""

FIRST_NET = """
from benchmarks.small_net import graph
from fbcore import BatchRuntime
BatchRuntime(graph).run()
"""


def chain_speed(kind: Kind, capacity: int, usual: int, least: float) -> Measurement:
    """Measure the chain against queues of one capacity."""
    name = f"chain of {NODES} {kind}, capacity {capacity}"

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(usual)
        ours, theirs = chain(count, capacity, kind), queues(count, capacity)
        ours(), theirs()
        hops = count * HOPS
        than = f"asyncio.Queue({capacity})"
        yield speed(name, lambda: cpu_seconds(ours) / hops, lambda: cpu_seconds(theirs) / hops, than, least, effort)

    return Measurement(name, measure, lambda effort: chain(effort.packets(usual), capacity, kind))


def history_cost(kind: Kind, usual: int, most: float) -> Measurement:
    """Measure what a chain costs more when the history of its packets is kept."""
    name = f"history of a chain of {NODES} {kind}"

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(usual)
        ours, theirs = chain(count, 64, kind, "history"), chain(count, 64, kind)
        ours(), theirs()
        ratios, mine, _ = paired(lambda: cpu_seconds(ours), lambda: cpu_seconds(theirs), effort)
        yield cost(name, [1e6 * each / count / HOPS for each in mine], ratios, "µs/hop", "default tracking", most)

    return Measurement(name, measure, lambda effort: chain(effort.packets(usual), 64, kind, "history"))


def large_net(effort: Effort) -> Work:
    """Return the work of building, validating and starting a line, passing one packet, and ending."""

    def work() -> None:
        result = BatchRuntime(line(effort.packets(LARGE))).run(inputs={"number": 1})
        assert result.outputs.same == [1]

    return work


def large_net_time() -> Measurement:
    """Measure the CPU seconds of the large net."""
    name = f"{LARGE:,} nodes, one packet"

    def measure(effort: Effort) -> Iterator[Case]:
        work = large_net(effort)
        work()
        yield at_most(name, [cpu_seconds(work) for _ in range(effort.rounds)], "CPU s", 0.25)

    return Measurement(name, measure, large_net)


def memory(name: str, figure: str, usual: int, unit: str, most: float) -> Measurement:
    """Measure a figure of resident memory, which hardly varies: a third of the rounds will do."""

    def measure(effort: Effort) -> Iterator[Case]:
        arguments = ["-m", "benchmarks.resident", figure, str(effort.packets(usual))]
        yield at_most(name, [float(printed_by(arguments)) for _ in range(0, effort.rounds, 3)], unit, most)

    return Measurement(name, measure)


def import_time(effort: Effort) -> Iterator[Case]:
    """Measure what `import fbcore` takes beyond asyncio and anyio, each time in a fresh interpreter."""
    yield at_most("import fbcore", _first_times("import fbcore", effort), "ms", 20)


def first_net_time(effort: Effort) -> Iterator[Case]:
    """Measure what the first net of a process takes, imports included: what is imported later is no gift."""
    yield at_most("import fbcore, and run a small net", _first_times(FIRST_NET, effort), "ms", 60)


def _first_times(code: str, effort: Effort) -> list[float]:
    times = [float(printed_by(["-c", IMPORT.format(code)])) for _ in range(effort.rounds + 1)]
    # The first one may have had to compile what it imports.
    return times[1:]


def shell_time(effort: Effort) -> Iterator[Case]:
    """Measure the seconds from the command to the prompt, for a net that hardly does anything."""
    command = ["-m", "fbdev", "run", str(Path(__file__).with_name("small_net.py").relative_to(ROOT))]
    values = []
    for _ in range(effort.rounds + 1):
        before = time.perf_counter()
        assert printed_by(command) == "[0, 2, 4]"
        values.append(time.perf_counter() - before)
    yield at_most("fbdev run of a small net", values[1:], "s", 0.6)


def measurements() -> Iterator[Measurement]:
    """Yield the measurements, in the order of the table in docs/performance.md."""
    yield chain_speed("classes", 64, usual=20_000, least=2.2)
    yield chain_speed("functions", 64, usual=20_000, least=5)
    yield chain_speed("classes", 1, usual=4_000, least=1.1)
    yield history_cost("classes", usual=20_000, most=2.5)
    yield history_cost("functions", usual=20_000, most=2.5)
    yield large_net_time()
    yield memory(f"memory of a node in a net of {LARGE:,}", "node", LARGE, "KB", 10)
    yield memory("memory of a packet in flight", "parked", 1_000_000, "B", 110)
    yield memory("memory kept of a consumed packet", "kept", 200_000, "B", 0)
    yield Measurement("import fbcore", import_time)
    yield Measurement("import fbcore, and run a small net", first_net_time)
    yield Measurement("fbdev run of a small net", shell_time)
