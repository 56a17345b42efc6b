"""A net as a state machine: what a step costs, and what it takes to write one down and to go on from that."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.case import Case, Effort, Measurement, Work, at_most, cpu_seconds
from fbcore import Each, FSMRuntime, Graph, component

NODES = 1_000
PACKETS = 10_000


@component
def same(number: int) -> int:
    """Pass a number on."""
    return number


@component
def numbers(count: int = 1) -> Iterator[int]:
    """Send numbers from 0 on."""
    yield from range(count)


def line(nodes: int) -> Graph:
    """Return a graph of nodes in a line."""
    graph = Graph("line")
    before = graph.inputs.number
    for number in range(nodes):
        node = graph.add(same, f"n{number}")
        before >> node.number
        before = node.out
    before >> graph.outputs.out
    return graph


def pairs(nodes: int, packets: int) -> Graph:
    """Return a graph of sources, each with a node that takes what it sends."""
    graph = Graph("pairs")
    for number in range(nodes // 2):
        source, target = (
            graph.add(numbers, f"source{number}", count=packets // (nodes // 2)),
            graph.add(same, f"n{number}"),
        )
        source.out >> target.number
        target.out >> graph.outputs.out
    return graph


def step(effort: Effort) -> Iterator[Case]:
    """Measure one step of a net, first come, with a look at what is enabled before it and after."""
    count = effort.packets(4_000)
    with FSMRuntime(line(NODES)).start(inputs={"number": Each(list(range(count)))}) as fsm:
        # Past the first turns, in which all nodes begin.
        _make(fsm, 3 * NODES)
        work = partial(_make, fsm, count)
        values = [1e6 * cpu_seconds(work) / count for _ in range(effort.rounds)]
    yield at_most(f"a step of {NODES:,} nodes", values, "µs", 100)


def _make(fsm: FSMRuntime, count: int) -> None:
    enabled = fsm.enabled()
    for _ in range(count):
        assert len(enabled) > 0
        assert fsm.step().name not in ("", "stop")


def filled(graph: Graph) -> FSMRuntime:
    """Return a net whose sources have sent all, and whose other nodes have not begun."""
    fsm = FSMRuntime(graph).start()
    for name in [name for name in fsm.enabled() if name.startswith("source")]:
        while name in fsm.enabled():
            fsm.step(name)
    return fsm


def kept(effort: Effort) -> Iterator[Case]:
    """Measure what it takes to write a net down, and to bring another one to that."""
    graph = pairs(NODES, max(PACKETS, NODES))
    with tempfile.TemporaryDirectory() as folder, filled(graph) as fsm:
        path = Path(folder) / "net.json"
        in_flight = sum(len(edge) for edge in fsm.net.edges)
        taken = [_seconds(lambda: fsm.snapshot(path)) for _ in range(effort.rounds)]
        yield at_most(f"snapshot of {NODES:,} nodes, {in_flight:,} packets", taken, "s", 1)
        restored = [_seconds(lambda: FSMRuntime(graph).restore(path).close()) for _ in range(effort.rounds)]
        yield at_most(f"restore of {NODES:,} nodes, {in_flight:,} packets", restored, "s", 1)


def _seconds(work: Callable[[], object]) -> float:
    """Return wall-clock seconds, for a snapshot waits for the disk."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _stepping(effort: Effort) -> Work:
    fsm = FSMRuntime(line(NODES)).start(inputs={"number": Each(list(range(1_000)))})
    return partial(_make, fsm, effort.packets(4_000))


def _restoring(effort: Effort) -> Work:
    graph = pairs(NODES, PACKETS)
    with filled(graph) as fsm:
        path = fsm.snapshot(Path(tempfile.mkdtemp()) / "net.json")
    return lambda: FSMRuntime(graph).restore(path).close()


def measurements() -> Iterator[Measurement]:
    """Yield the measurements of nets that are stepped."""
    yield Measurement(f"a step of {NODES:,} nodes", step, _stepping)
    yield Measurement(f"snapshot and restore of {NODES:,} nodes", kept, _restoring)
