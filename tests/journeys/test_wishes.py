"""Fifteen things that people ask of flow-based systems, each done the way docs/what-people-ask-for.md says."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Concurrency,
    Config,
    DeadLetters,
    Each,
    FSMRuntime,
    Graph,
    GraphError,
    In,
    Memory,
    NetError,
    NetSettings,
    NodeSettings,
    Out,
    Outcome,
    Rate,
    Result,
    Retry,
    Snapshot,
    SteppedLoop,
    Timeout,
    component,
)
from fbcore.formats.mermaid import to_mermaid
from fbcore.observers.prometheus import PrometheusMetrics
from fbcore.runtimes.blocking import run_on
from fbcore.testing import run_component, run_stepped


def stepped(target: Any, settings: NetSettings | None = None, **given: Any) -> Result:
    """Run on virtual time, under settings."""
    return run_on(SteppedLoop, lambda: BatchRuntime(target, settings=settings).arun(**given))


def row(*functions: Any, name: str = "row") -> Graph:
    """Return a graph of functions of one input in a row."""
    graph = Graph(name)
    out: Any = graph.inputs.value
    for function in functions:
        node = graph.add(function)
        out >> node.value
        out = node.out
    out >> graph.outputs.out
    return graph


@component
def double(value: int) -> int:
    return 2 * value


@component
async def slow(value: int) -> int:
    await asyncio.sleep(1)
    return value


# -- 1. a bad packet does not kill the net ------------------------------------------------------------------


def test_1_a_bad_packet_goes_its_own_way(tmp_path: Path) -> None:
    """After its retries, to a node that handles failures; or to a file, from which it is fed back when all is well."""
    tried: list[int] = []
    broken = {3}

    @component
    def check(value: int) -> int:
        tried.append(value)
        if value in broken:
            raise ValueError(f"not {value}")
        return value

    @component
    def explain(failure: Any) -> str:
        return f"{failure.value}: {failure.error.what.partition(' (')[0]}"

    graph = Graph("handled")
    node = graph.add(check)
    graph.inputs.value >> node.value
    node.out >> graph.outputs.out
    node.error >> graph.add(explain).failure
    graph["explain"].out >> graph.outputs.failed
    retried = NetSettings(nodes={"check": NodeSettings(retry=Retry(3, backoff=1))})
    result = stepped(graph, retried, inputs={"value": Each([1, 3, 5])})
    assert (result.outcome, result.outputs.out) == (Outcome.FINISHED, [1, 5])
    assert result.outputs.failed == ["3: ValueError: not 3"]
    assert tried == [1, 3, 3, 3, 5]

    letters = str(tmp_path / "failed.jsonl")
    runtime = BatchRuntime(check, settings=NetSettings(dead_letters=DeadLetters(letters)))
    assert runtime.run(inputs={"value": Each([1, 3, 5])}).outputs.out == [1, 5]
    broken.clear()
    assert runtime.run(feed_dead_letters=letters).outputs.out == [3]


# -- 2. know when a net is finished, and stop it ------------------------------------------------------------


def test_2_a_net_knows_when_it_is_finished_and_drains_when_stopped() -> None:
    """Nobody needs a time-out to know; asked to stop, sources stop first, and what is on its way comes out."""
    assert BatchRuntime(row(double)).run(inputs={"value": Each(range(5))}).outcome is Outcome.FINISHED

    sent: list[int] = []

    class Endless(Component):
        value: Out[int]

        async def run(self) -> None:
            while True:
                await self.value.send(len(sent))
                sent.append(len(sent))

    graph = Graph("endless")
    node = graph.add(slow)
    graph.add(Endless).value >> node.value
    node.out >> graph.outputs.out

    async def main() -> Result:
        runtime = BatchRuntime(graph)
        asyncio.get_running_loop().call_later(2.5, runtime.stop, "enough")
        return await runtime.arun(grace=1000)

    result = run_on(SteppedLoop, main)
    assert (result.outcome, result.reason) == (Outcome.STOPPED, "enough")
    assert result.outputs.out == sent
    assert len(sent) > 60


# -- 3. bounded edges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "out"), [({}, [0, 1, 2, 3, 4, 5]), ({"drop": "oldest"}, [0, 4, 5]), ({"drop": "newest"}, [0, 1, 2])]
)
def test_3_an_edge_has_bounds_and_says_what_it_does_at_them(policy: Any, out: list[int]) -> None:
    """The sender waits, or the oldest goes, or the newest; how full it is can be seen, and what is lost is counted."""
    fills: list[int] = []
    address = "inputs.value->slow.value"
    graph = Graph("bounded")
    node = graph.add(slow)
    graph.connect(graph.inputs.value, node.value, capacity=2, **policy)
    node.out >> graph.outputs.out

    def look(snapshot: Snapshot) -> None:
        fills.append(snapshot.edges[address].fill)

    result = stepped(graph, inputs={"value": Each(range(6))}, progress=look)
    assert result.outputs.out == out
    assert max(fills) == 2
    assert result.dropped.get(address, 0) == 6 - len(out)


# -- 4. a fan-out as wide as the data -----------------------------------------------------------------------


class Part(NamedTuple):
    """One of so many parts of a job; a part of a part has the outer one in its job."""

    job: Any
    of: int
    value: Any


@component
def split(job: Any) -> Iterator[Part]:
    words = job.value.split("-") if isinstance(job, Part) else job.split()
    for word in words:
        yield Part(job, len(words), word)


class Gather(Component):
    """Send the parts of each job when all are there, in whatever order they come."""

    part: In[Part]
    whole: Out[Any]
    waiting: Memory[dict[Any, list[Any]]] = Memory(lambda: defaultdict(list))

    async def run(self) -> None:
        async for part in self.part:
            parts = self.waiting.value[part.job]
            parts.append(part.value)
            if len(parts) == part.of:
                del self.waiting.value[part.job]
                whole = "+".join(sorted(parts))
                await self.whole.send(part.job._replace(value=whole) if isinstance(part.job, Part) else whole)


@component
async def work(part: Part) -> Part:
    await asyncio.sleep(len(part.value))
    return part._replace(value=part.value.upper())


class Scatter(CompositeComponent):
    """Split a job, work on all its parts at once, and put them together again."""

    job: In[Any]
    whole: Out[Any]

    def build(self, graph: Graph) -> None:
        parts, done, whole = graph.add(split), graph.add(work), graph.add(Gather)
        graph.inputs.job >> parts.job
        parts.out >> done.part
        done.out >> whole.part
        whole.whole >> graph.outputs.whole


def test_4_a_fan_out_is_as_wide_as_the_data_and_joined_and_nested() -> None:
    """How many parts there are each job says; a net that does that is a component of one that does it again."""
    wide = NetSettings(nodes={"*.work": NodeSettings(concurrency=100)})
    flat = stepped(Scatter, wide, inputs={"job": Each(["a bbb cc", "d", "ee ff gg h"])})
    assert sorted(flat.outputs.whole) == ["A+BBB+CC", "D", "EE+FF+GG+H"]
    assert flat.seconds == 3

    graph = Graph("nested")
    outer, inner, join = graph.add(split, "outer"), graph.add(Scatter, "inner"), graph.add(Gather, "join")
    graph.inputs.job >> outer.job
    outer.out >> inner.job
    inner.whole >> join.part
    join.whole >> graph.outputs.whole
    nested = stepped(graph, wide, inputs={"job": Each(["a-b c", "d-e-f"])})
    assert sorted(nested.outputs.whole) == ["A+B+C", "D+E+F"]


# -- 5. streaming -------------------------------------------------------------------------------------------


def test_5_what_comes_after_begins_with_the_first_item() -> None:
    """The end of the net works on the first packet while the beginning still makes others."""
    seen: list[str] = []

    @component
    async def make(count: int) -> Any:
        for value in range(count):
            seen.append(f"made {value}")
            yield value
            await asyncio.sleep(1)

    @component
    def use(value: int) -> None:
        seen.append(f"used {value}")

    graph = Graph("stream")
    node = graph.add(make)
    graph.inputs.count >> node.count
    node.out >> graph.add(double).value
    graph["double"].out >> graph.add(use).value
    stepped(graph, inputs={"count": 3})
    assert seen == ["made 0", "used 0", "made 1", "used 2", "made 2", "used 4"]


# -- 6 and 7. at once, not too fast, and in order -----------------------------------------------------------


def test_6_a_node_has_its_own_concurrency_and_rate() -> None:
    """Eight at once take an eighth of the time; ten a second take a second for ten more."""
    eight = NetSettings(nodes={"slow": NodeSettings(concurrency=8)})
    assert stepped(slow, eight, inputs={"value": Each(range(16))}).seconds == 2
    rated = NetSettings(nodes={"double": NodeSettings(rate=Rate(10))})
    assert stepped(double, rated, inputs={"value": Each(range(11))}).seconds == pytest.approx(1)


def test_7_work_at_once_keeps_its_order() -> None:
    """All of it, or that of each key, with a memory for each."""

    @component
    async def uneven(value: tuple[str, int]) -> tuple[str, int]:
        await asyncio.sleep(10 - value[1])
        return value

    given = [("a", 1), ("b", 5), ("a", 9), ("c", 7)]
    ordered = NetSettings(nodes={"uneven": NodeSettings(concurrency=4)})
    assert stepped(uneven, ordered, inputs={"value": Each(given)}).outputs.out == given
    keyed = NetSettings(nodes={"uneven": NodeSettings(concurrency=Concurrency(4, key=lambda value: value[0]))})
    result = stepped(uneven, keyed, inputs={"value": Each(given)})
    assert result.outputs.out == [("c", 7), ("b", 5), ("a", 1), ("a", 9)]
    # What goes on at once shows in the time: "a" takes nine seconds and then one.
    assert result.seconds == 10


# -- 8. resume ----------------------------------------------------------------------------------------------


class Total(Component):
    value: In[int]
    total: Out[int]
    so_far: Memory[int] = Memory(0)

    async def run(self) -> None:
        async for value in self.value:
            self.so_far.value += value
            await self.total.send(self.so_far.value)


def test_8_a_net_goes_on_from_where_it_stood(tmp_path: Path) -> None:
    """Memories, packets on edges, a timer that is half over: a stepped net is written down, and goes on elsewhere."""
    graph = Graph("sums")
    waits, total = graph.add(slow), graph.add(Total, "sum")
    graph.inputs.value >> waits.value
    waits.out >> total.value
    total.total >> graph.outputs.totals
    path = tmp_path / "net.json"
    with FSMRuntime(graph).start(inputs={"value": Each([1, 2, 3])}) as fsm:
        fsm.run_until(port="sum.total")
        fsm.snapshot(path)
    with FSMRuntime(graph).restore(path) as fsm:
        result = fsm.run()
    assert result.outputs.totals == [1, 3, 6]
    assert result.seconds == 3


# -- 9. caching ---------------------------------------------------------------------------------------------


def test_9_results_are_cached_by_a_key_of_ones_own() -> None:
    """In a memory for each key: what is asked for twice is fetched once, also while the first is still on its way."""
    fetched: list[str] = []

    @component
    async def fetch(url: str, cache: Memory[dict[str, str]] = Memory(dict)) -> str:
        if url not in cache.value:
            fetched.append(url)
            await asyncio.sleep(5)
            cache.value[url] = url.upper()
        return cache.value[url]

    settings = NetSettings(nodes={"fetch": NodeSettings(concurrency=Concurrency(8, key="url"))})
    result = stepped(fetch, settings, inputs={"url": Each(["a", "b", "a", "a", "b"])})
    assert sorted(result.outputs.out) == ["A", "A", "A", "B", "B"]
    assert sorted(fetched) == ["a", "b"]
    assert result.seconds == 5


# -- 10. time-outs ------------------------------------------------------------------------------------------


def test_10_a_node_has_time_outs_of_its_own() -> None:
    """For the whole of a firing, and for a silence in it; on time, and what came before the silence has come."""

    @component
    async def pages(site: str) -> Any:
        for number in range(3):
            await asyncio.sleep(100 if (site, number) == ("stuck", 1) else 4)
            yield f"{site} {number}"

    graph = Graph("sites")
    node = graph.add(pages)
    graph.inputs.site >> node.site
    node.out >> graph.outputs.out
    node.error >> graph.outputs.failed
    settings = NetSettings(nodes={"pages": NodeSettings(timeout=Timeout(hard=30, idle=5))})
    result = stepped(graph, settings, inputs={"site": Each(["stuck", "fine"])})
    assert result.outputs.out == ["stuck 0", "fine 0", "fine 1", "fine 2"]
    (failure,) = result.outputs.failed
    assert isinstance(failure.error.cause, TimeoutError)
    assert result.seconds == 4 + 5 + 12


def test_10_cancelling_reaches_inner_nets() -> None:
    """The nodes of a composite are nodes of the net; a net that a function runs is cancelled with its firing."""
    ended: list[str] = []

    @component
    async def forever(value: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("innermost")
        return value

    @component
    async def runs_a_net(value: int) -> int:
        await BatchRuntime(forever).arun(inputs={"value": value})
        return value

    class Around(CompositeComponent):
        value: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            node = graph.add(runs_a_net)
            graph.inputs.value >> node.value
            node.out >> graph.outputs.out

    result = stepped(Around, inputs={"value": 1}, time_limit=3, raises=False)
    assert (result.outcome, ended) == (Outcome.STOPPED, ["innermost"])
    settings = NetSettings(nodes={"*.runs_a_net": NodeSettings(timeout=7)})
    late = stepped(Around, settings, inputs={"value": 1}, raises=False)
    assert (late.outcome, late.seconds, ended) == (Outcome.FAILED, 7, ["innermost"] * 2)
    assert late.errors[0].address == "around.runs_a_net"


# -- 11. within a loop, and without one ---------------------------------------------------------------------


def test_11_nets_run_within_a_loop_and_without_one() -> None:
    """The same runtime from plain code, from a notebook's cell, and many at once in a server."""
    runtime = BatchRuntime(double)

    def cell() -> int:
        return int(runtime.run(inputs={"value": 1}).outputs.out[0])

    async def server() -> list[Any]:
        results = await asyncio.gather(*(runtime.arun(inputs={"value": value}) for value in range(3)))
        return [cell(), *(result.outputs.out[0] for result in results)]

    assert cell() == 2
    assert asyncio.run(server()) == [2, 0, 2, 4]


# -- 12. seeing a net ---------------------------------------------------------------------------------------


def test_12_a_net_is_seen_before_it_runs_and_while_it_does() -> None:
    """Drawn from its declaration; with the state of a net that runs laid over the drawing."""
    graph = row(double, slow, name="seen")
    assert 'node_double -->|"out to value"| node_slow' in to_mermaid(graph)
    seen: list[str] = []
    progress: Any = lambda snapshot: seen.append(to_mermaid(graph, state=snapshot))  # noqa: E731
    result = stepped(graph, inputs={"value": Each(range(100))}, progress=progress)
    running = next(text for text in seen if "64/64" in text)
    assert 'node_slow["slow<br>running, ' in running
    assert re.search(r'node_double -->\|"out to value, 64/64, \d+ put"\| node_slow', running)
    assert 'node_slow["slow<br>ended, 100 in, 100 out"]' in to_mermaid(graph, state=result)


# -- 13. sub-nets -------------------------------------------------------------------------------------------


class Scaled(CompositeComponent):
    """Scale each value by a factor of one's own."""

    value: In[float]
    factor: Config[float]
    scaled: Out[float]

    def build(self, graph: Graph) -> None:
        @component
        def scale(value: float, factor: float = 1.0) -> float:
            return value * factor

        node = graph.add(scale)
        graph.inputs.value >> node.value
        graph.configs.factor >> node.factor
        node.out >> graph.outputs.scaled


def test_13_a_sub_net_is_a_component_like_any_other() -> None:
    """Twice in one net, each with its own parameters and addresses; a second one of the same name is refused."""
    graph = Graph("two")
    half, third = graph.add(Scaled, "half", factor=0.5), graph.add(Scaled, "third", factor=0.25)
    graph.inputs.value >> half.value
    half.scaled >> third.value
    third.scaled >> graph.outputs.out
    result = BatchRuntime(graph).run(inputs={"value": 16.0})
    assert result.outputs.out == [2.0]
    assert {"half.scale", "third.scale"} <= result.nodes.keys()
    clash = Graph("clash")
    clash.add(Scaled, "half")
    with pytest.raises(GraphError, match="there is a node half already"):
        clash.add(Scaled, "half")


def test_13_a_sub_net_begins_anew_for_each_input() -> None:
    """Where a function runs it: nothing is left of the last one."""

    @component
    async def fresh(values: list[int]) -> list[int]:
        result = await BatchRuntime(Total).arun(inputs={"value": Each(values)})
        return list(result.outputs.total)

    result = run_stepped(BatchRuntime(fresh).graph, inputs={"values": Each([[1, 2], [10, 20]])})
    assert result.outputs.out == [[1, 3], [10, 30]]


# -- 14. loops ----------------------------------------------------------------------------------------------


class Halve(Component):
    start: In[int]
    again: In[int]
    smaller: Out[int]
    stateless = True

    async def run(self) -> None:
        async for hit in self.select(self.start, self.again):
            if hit.value:
                await self.smaller.send(hit.value // 2)


def test_14_a_loop_ends_when_nothing_moves_in_it_and_one_that_is_stuck_is_named() -> None:
    """Feedback goes over an edge with bounds; when it is too small for what goes round, the circle is in the error."""
    graph = Graph("loop")
    node = graph.add(Halve)
    graph.inputs.start >> node.start
    node.smaller >> node.again
    node.smaller >> graph.outputs.seen
    result = BatchRuntime(graph).run(inputs={"start": 20})
    assert (result.outcome, result.outputs.seen) == (Outcome.QUIESCENT, [10, 5, 2, 1, 0])

    class Doubles(Component):
        start: In[int]
        again: In[int]
        more: Out[int]
        stateless = True

        async def run(self) -> None:
            async for hit in self.select(self.start, self.again):
                for _ in range(2):
                    await self.more.send(hit.value)

    stuck = Graph("stuck")
    node = stuck.add(Doubles)
    stuck.inputs.start >> node.start
    stuck.connect(node.more, node.again, capacity=3)
    with pytest.raises(NetError) as caught:
        BatchRuntime(stuck).run(inputs={"start": 1})
    assert caught.value.result.outcome is Outcome.DEADLOCKED
    assert "doubles.more->doubles.again" in caught.value.result.knot


# -- 15. tests and metrics ----------------------------------------------------------------------------------


def test_15_one_component_is_tested_alone_and_a_net_is_measured() -> None:
    """Canned inputs in, outputs out, in one line; metrics are read from what a net counts anyway."""
    assert run_component(Total, value=[1, 2, 3]).total == [1, 3, 6]
    registry = CollectorRegistry()
    metrics = PrometheusMetrics(registry)
    BatchRuntime(row(double)).run(inputs={"value": Each(range(3))}, observers=[metrics])
    labels = {"net": "row", "node": "double"}
    assert registry.get_sample_value("fbcore_port_received_total", {**labels, "port": "value"}) == 3
    assert registry.get_sample_value("fbcore_firing_seconds_count", labels) == 3
