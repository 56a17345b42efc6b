"""Metrics say what the result says, while a net runs and after it, at no cost where nobody asks for them."""

import asyncio
import gc
import importlib.util
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from fbcore import (
    BatchRuntime,
    Component,
    Concurrency,
    DeadLetters,
    Each,
    ExtraError,
    Graph,
    In,
    InputError,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Retry,
    SteppedLoop,
    component,
)
from fbcore.observers.prometheus import PrometheusMetrics
from fbcore.orchestration.placement import Thread


@component
def double(number: int) -> int:
    return 2 * number


@component
def parse(text: str) -> int:
    return int(text)


@component
async def later(number: int) -> int:
    await asyncio.sleep(0.5)
    return number


class Passes(Component):
    number: In[int]
    passed: Out[int]
    stateless = True

    async def run(self) -> None:
        async for number in self.number:
            await self.passed.send(number)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> PrometheusMetrics:
    return PrometheusMetrics(registry)


def line(name: str = "line") -> Graph:
    """Return a graph of a function and a class in a row."""
    graph = Graph(name)
    graph.inputs.number >> graph.add(double).number
    graph["double"].out >> graph.add(Passes).number
    graph["passes"].passed >> graph.outputs.passed
    return graph


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {"net": "line", **labels})


# -- what they say ----------------------------------------------------------------------------------------


def test_counts_are_those_of_the_run(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Packets by edge and by port, calls, the outcome: what the result has, the metrics have after the run."""
    result = BatchRuntime(line()).run(inputs={"number": Each(range(300))}, observers=[metrics])
    for edge in result.edges.values():
        assert value(registry, "fbcore_edge_put_total", edge=edge.address) == edge.put == 300
        assert value(registry, "fbcore_edge_taken_total", edge=edge.address) == edge.taken
    assert value(registry, "fbcore_port_received_total", node="double", port="number") == 300
    assert value(registry, "fbcore_port_sent_total", node="passes", port="passed") == 300
    assert value(registry, "fbcore_port_sent_total", node="inputs.number", port="out") == 300
    assert value(registry, "fbcore_firing_seconds_count", node="double") == 300
    assert value(registry, "fbcore_net_runs_total", outcome="finished") == 1
    assert value(registry, "fbcore_net_run_seconds_total") == result.seconds
    assert value(registry, "fbcore_net_running") == 0


def test_runs_of_one_graph_add_up(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """A counter goes on where it was, as Prometheus needs it; nets that run together count together."""

    async def both() -> None:
        runtime = BatchRuntime(line())
        runs = [runtime.arun(inputs={"number": Each(range(20))}, observers=[metrics]) for _ in range(2)]
        await asyncio.gather(*runs)

    BatchRuntime(line()).run(inputs={"number": 1}, observers=[metrics])
    asyncio.run(both())
    BatchRuntime(line("other")).run(inputs={"number": 1}, observers=[metrics])
    assert value(registry, "fbcore_port_sent_total", node="double", port="out") == 41
    assert value(registry, "fbcore_firing_seconds_count", node="double") == 41
    assert value(registry, "fbcore_net_runs_total", outcome="finished") == 3
    assert value(registry, "fbcore_net_runs_total", outcome="finished", net="other") == 1


def test_a_net_that_runs_shows_what_lies_on_its_edges(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Fill, capacity, phases and what is outstanding are of the moment at which somebody asks."""
    seen: dict[str, float | None] = {}

    async def main() -> None:
        graph = Graph("line")
        graph.connect(graph.inputs.number, graph.add(later).number, capacity=5)
        graph["later"].out >> graph.outputs.out
        async with BatchRuntime(graph).stream(inputs={"number": Each(range(9))}, observers=[metrics]) as results:
            edge = results.net.edges["inputs.number->later.number"]
            await edge.until(lambda edge: edge.taken == 1 and edge.fill == 5)
            seen["fill"] = value(registry, "fbcore_edge_fill", edge=edge.address)
            seen["capacity"] = value(registry, "fbcore_edge_capacity", edge=edge.address)
            seen["phase"] = value(registry, "fbcore_node_phase", node="later", phase="running")
            seen["running"] = value(registry, "fbcore_net_running")
            seen["outstanding"] = value(registry, "fbcore_net_outstanding")
            async for _ in results:
                pass
        assert value(registry, "fbcore_edge_fill", edge=edge.address) is None

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(main())
    assert seen["fill"] == seen["capacity"] == 5
    assert seen["phase"] == seen["running"] == 1
    # The timer, and the reader, which is elsewhere.
    assert seen["outstanding"] == 2


def test_latency_is_the_time_of_the_call(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Half a second of virtual time lies in the bucket of half a second, though the node waits for much longer."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        run = BatchRuntime(later).arun(inputs={"number": Each([1, 2, 3])}, observers=[metrics])
        runner.run(run)
    labels = {"net": "later", "node": "later"}
    assert registry.get_sample_value("fbcore_firing_seconds_sum", labels) == pytest.approx(1.5)
    assert registry.get_sample_value("fbcore_firing_seconds_bucket", {**labels, "le": "0.25"}) == 0
    assert registry.get_sample_value("fbcore_firing_seconds_bucket", {**labels, "le": "1.0"}) == 3


def test_the_time_on_an_edge_is_that_of_each_packet(registry: CollectorRegistry) -> None:
    """While one is worked on for half a second the next lies there, for as long as those before it take."""
    metrics = PrometheusMetrics(registry, times="packets")
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(BatchRuntime(later).arun(inputs={"number": Each([1, 2, 3])}, observers=[metrics]))
    labels = {"net": "later", "edge": "inputs.number->later.number"}
    assert registry.get_sample_value("fbcore_edge_wait_seconds_sum", labels) == pytest.approx(0.5 + 1.0)
    assert registry.get_sample_value("fbcore_edge_wait_seconds_bucket", {**labels, "le": "1e-05"}) == 1
    assert registry.get_sample_value("fbcore_edge_wait_seconds_count", labels) == 3
    assert registry.get_sample_value("fbcore_firing_seconds_count", {"net": "later", "node": "later"}) == 3


def test_what_an_edge_loses_is_counted(registry: CollectorRegistry) -> None:
    """What had no room and what got too old; the times of the others are those that they lay there."""
    metrics = PrometheusMetrics(registry, times="packets")
    graph = Graph("line")
    node = graph.add(later)
    policies: Any = {"drop": "oldest", "expiry": 1.2, "priority": lambda number: number}
    graph.connect(graph.inputs.number, node.number, capacity=4, **policies)
    node.out >> graph.outputs.out
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        result = runner.run(BatchRuntime(graph).arun(inputs={"number": Each(range(9))}, observers=[metrics]))
    edge = "inputs.number->later.number"
    for how, lost in ("dropped", result.dropped), ("expired", result.expired):
        assert value(registry, "fbcore_edge_lost_total", edge=edge, how=how) == lost[edge] > 0
    taken = value(registry, "fbcore_edge_taken_total", edge=edge)
    assert taken == len(result.outputs.out) == value(registry, "fbcore_edge_wait_seconds_count", edge=edge)
    # The best of those that lie there is taken at each half second.
    assert value(registry, "fbcore_edge_wait_seconds_sum", edge=edge) == pytest.approx(0.5 + 1.0)


def test_bytes_are_shown_where_they_are_bounded(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Of other edges nobody knows them."""
    seen: list[float | None] = []

    @component
    async def look(text: str) -> None:
        await asyncio.sleep(1)
        edge = {"net": "line", "edge": "inputs.text->look.text"}
        seen.append(registry.get_sample_value("fbcore_edge_bytes", edge))

    graph = Graph("line")
    graph.connect(graph.inputs.text, graph.add(look).text, bytes=20)
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(BatchRuntime(graph).arun(inputs={"text": Each(["four", "five5", "six six"])}, observers=[metrics]))
    assert seen == [12, 7, 0]


def test_what_goes_wrong_is_counted_by_the_class_of_error(
    registry: CollectorRegistry, metrics: PrometheusMetrics
) -> None:
    """Calls that raise, the errors that end a node, and the packets that the run leaves behind."""
    result = BatchRuntime(parse).run(inputs={"text": Each(["1", "x", "3"])}, observers=[metrics], raises=False)
    labels = {"net": "parse", "node": "parse", "error": "ValueError"}
    assert registry.get_sample_value("fbcore_firing_failed_total", labels) == 1
    assert registry.get_sample_value("fbcore_node_errors_total", labels) == 1
    assert registry.get_sample_value("fbcore_net_runs_total", {"net": "parse", "outcome": "failed"}) == 1
    for how, left in ("unread", 1), ("held", 1), ("unsent", 0):
        assert registry.get_sample_value("fbcore_net_left_total", {"net": "parse", "how": how}) == left
    assert result.held == {"parse.text": "x"}


def test_failures_that_somebody_takes_are_packets(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """The port `error` is one of the outputs; a node that goes on has no error."""
    runtime = BatchRuntime(parse, error=True)
    runtime.run(inputs={"text": Each(["1", "x", "y"])}, observers=[metrics])
    sent = registry.get_sample_value("fbcore_port_sent_total", {"net": "parse", "node": "parse", "port": "error"})
    assert sent == 2
    assert "fbcore_node_errors_total{" not in generate_latest(registry).decode()


def test_restarts_and_what_they_drop_are_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """With the error that made each of them needed."""

    class Fragile(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                if number % 10 == 0:
                    raise KeyError(number)
                await self.passed.send(number)

    restart = Restart(most=None, backoff=0.01, jitter=0, held="drop")
    runtime = BatchRuntime(Fragile, settings=NetSettings(nodes={"fragile": NodeSettings(restart=restart)}))
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(runtime.arun(inputs={"number": Each(range(1, 41))}, observers=[metrics]))
    labels = {"net": "fragile", "node": "fragile"}
    assert registry.get_sample_value("fbcore_node_restarts_total", labels) == 4
    assert registry.get_sample_value("fbcore_node_errors_total", {**labels, "error": "KeyError"}) == 4
    assert registry.get_sample_value("fbcore_port_dropped_total", {**labels, "port": "number"}) == 4


def test_a_time_out_is_a_failure_after_its_time(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Half a second of work is over after a tenth, for which it counts, and failed."""
    settings = NetSettings(nodes={"later": NodeSettings(timeout=0.1)})
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        run = BatchRuntime(later, settings=settings).arun(inputs={"number": 1}, observers=[metrics], raises=False)
        runner.run(run)
    labels = {"net": "later", "node": "later"}
    assert registry.get_sample_value("fbcore_firing_failed_total", {**labels, "error": "TimeoutError"}) == 1
    assert registry.get_sample_value("fbcore_firing_seconds_sum", labels) == pytest.approx(0.1)


def test_dead_letters_are_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """By the class of the error that made them."""
    runtime = BatchRuntime(parse, settings=NetSettings(dead_letters=DeadLetters()))
    runtime.run(inputs={"text": Each(["1", "x", "y"])}, observers=[metrics])
    labels = {"net": "parse", "node": "parse", "error": "ValueError"}
    assert registry.get_sample_value("fbcore_node_dead_letters_total", labels) == 2
    assert registry.get_sample_value("fbcore_firing_failed_total", labels) == 2


def test_firings_that_go_on_at_once_are_timed_each(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Each takes its half second, though eight of them take no longer."""
    runtime = BatchRuntime(later, settings=NetSettings(nodes={"later": NodeSettings(concurrency=Concurrency(8))}))
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        result = runner.run(runtime.arun(inputs={"number": Each(range(8))}, observers=[metrics]))
    assert result.seconds == pytest.approx(0.5)
    labels = {"net": "later", "node": "later"}
    assert registry.get_sample_value("fbcore_firing_seconds_sum", labels) == pytest.approx(4)


def test_retries_are_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Each attempt is a call, with the time that it took; the waits between them are in none."""
    failures = iter([True, True, False])

    @component
    async def ask(town: str) -> str:
        await asyncio.sleep(1)
        if next(failures):
            raise ConnectionError(town)
        return town

    settings = NetSettings(nodes={"ask": NodeSettings(retry=Retry(attempts=5, backoff=60))})
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        runner.run(BatchRuntime(ask, settings=settings).arun(inputs={"town": "Delft"}, observers=[metrics]))
    labels = {"net": "ask", "node": "ask"}
    assert registry.get_sample_value("fbcore_firing_retries_total", labels) == 2
    assert registry.get_sample_value("fbcore_firing_failed_total", {**labels, "error": "ConnectionError"}) == 2
    assert registry.get_sample_value("fbcore_firing_seconds_count", labels) == 3
    assert registry.get_sample_value("fbcore_firing_seconds_sum", labels) == pytest.approx(3)


# -- from other threads, and of nets in trouble ------------------------------------------------------------


@pytest.mark.slow
def test_a_loop_that_is_blocked_is_read_from_outside(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Who scrapes while a turn blocks the loop gets an answer; that is when one is needed most."""
    blocks, answered = threading.Event(), threading.Event()

    @component
    def block(number: int) -> int:
        blocks.set()
        assert answered.wait(100)
        return number

    def run() -> None:
        BatchRuntime(block).run(inputs={"number": Each([1, 2])}, observers=[metrics])

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert blocks.wait(100)
        put = registry.get_sample_value("fbcore_edge_put_total", {"net": "block", "edge": "block.out->outputs.out"})
        lag = registry.get_sample_value("fbcore_net_loop_lag_seconds", {"net": "block"})
    finally:
        answered.set()
        thread.join()
    assert put == 0
    assert lag is not None
    assert lag >= 0.25


def test_keys_that_are_forgotten_are_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """By the node, and not by key: there may be millions."""

    @component
    def counts(number: int, seen: Memory[int] = Memory(0)) -> None:
        seen.value += 1

    settings = NetSettings(nodes={"counts": NodeSettings(concurrency=Concurrency(1, key="number", keys=2))})
    BatchRuntime(counts, settings=settings).run(inputs={"number": Each(range(9))}, observers=[metrics])
    labels = {"net": "counts", "node": "counts"}
    assert registry.get_sample_value("fbcore_node_keys_forgotten_total", labels) == 7


@pytest.mark.slow
def test_a_thread_that_is_left_behind_is_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """It may hold what others wait for, so somebody should be called."""
    began, let_go = threading.Event(), threading.Event()

    @component
    def hang(number: int) -> None:
        began.set()
        let_go.wait(100)

    async def main() -> None:
        runtime = BatchRuntime(hang, settings=NetSettings(place=Thread(patience=0)))
        running = asyncio.ensure_future(runtime.arun(inputs={"number": 1}, observers=[metrics]))
        assert await asyncio.to_thread(began.wait, 20)
        runtime.stop("enough", grace=0)
        await running

    try:
        with pytest.warns(ResourceWarning, match="1 thread outlives"):
            asyncio.run(main())
    finally:
        let_go.set()
    labels = {"net": "hang", "node": "hang"}
    assert registry.get_sample_value("fbcore_node_threads_abandoned_total", labels) == 1


def test_a_scrape_while_a_net_runs_is_between_two_turns(
    registry: CollectorRegistry, metrics: PrometheusMetrics
) -> None:
    """Read from another thread a hundred times, counts agree with each other and never fall."""
    seen: list[tuple[float, ...]] = []
    runs = threading.Event()

    async def main() -> None:
        run = asyncio.ensure_future(BatchRuntime(line()).arun(inputs={"number": endless()}, observers=[metrics]))
        await asyncio.to_thread(scrape)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    def endless() -> Each[int]:
        return Each(iter(lambda: runs.set() or 1, 2))

    def scrape() -> None:
        edge = "double.out->passes.number"
        assert runs.wait(100)
        for _ in range(30):
            found = {
                sample.name: sample.value
                for family in metrics.collect()
                for sample in family.samples
                if sample.labels.get("edge") == edge
            }
            names = ("fbcore_edge_put_total", "fbcore_edge_taken_total", "fbcore_edge_fill")
            seen.append(tuple(found[name] for name in names))

    asyncio.run(main())
    assert all(put == taken + fill for put, taken, fill in seen)
    assert [put for put, *_ in seen] == sorted(put for put, *_ in seen)
    assert seen[-1] > seen[0]


def test_a_net_that_was_stopped_is_counted(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """However it ends, it runs no more."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        run = BatchRuntime(later).arun(
            inputs={"number": Each(range(9))}, observers=[metrics], time_limit=1.2, raises=False
        )
        runner.run(run)
    assert registry.get_sample_value("fbcore_net_runs_total", {"net": "later", "outcome": "stopped"}) == 1
    assert registry.get_sample_value("fbcore_net_running", {"net": "later"}) == 0


# -- the registry, and the server -------------------------------------------------------------------------


def test_a_registry_has_the_metrics_of_nets_once(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """A second set is refused with what to do; after `close` there is room for it."""
    with pytest.raises(InputError, match="metrics of nets already") as caught:
        PrometheusMetrics(registry)
    assert "one PrometheusMetrics for all runs" in caught.value.hint
    metrics.close()
    PrometheusMetrics(registry)


@pytest.mark.parametrize("buckets", [(), (2, 1), (1, 1), (-1, 1), "no", 3, (float("inf"),), (float("nan"),)])
def test_buckets_are_rising_numbers(registry: CollectorRegistry, buckets: Any) -> None:
    """Anything else is refused, and the registry stays as it was."""
    with pytest.raises(InputError, match="no buckets"):
        PrometheusMetrics(registry, buckets=buckets)
    PrometheusMetrics(registry, buckets=(0.5, float("inf")))


def test_what_is_timed_is_one_of_three(registry: CollectorRegistry) -> None:
    """Anything else is refused, with what can be said."""
    with pytest.raises(InputError, match="cannot time 'edges'") as caught:
        PrometheusMetrics(registry, times="edges")  # type: ignore[arg-type]
    assert caught.value.hint == "say 'nothing', 'firings', 'packets'"


def test_the_server_serves_until_it_is_closed(registry: CollectorRegistry, metrics: PrometheusMetrics) -> None:
    """Metrics at /metrics, nothing elsewhere; the port is free afterwards, and can be taken again at once."""
    BatchRuntime(line()).run(inputs={"number": 1}, observers=[metrics])
    with metrics.serve() as server:
        with urlopen(server.url, timeout=100) as answer:
            assert 'fbcore_net_runs_total{net="line",outcome="finished"} 1.0' in answer.read().decode()
        with urlopen(server.url.removesuffix("metrics"), timeout=100) as answer:
            assert "/metrics" in answer.read().decode()
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{server.url}/else", timeout=100)
    server.close()
    with metrics.serve(server.port) as again:
        assert again.url == server.url


@pytest.mark.parametrize(
    ("port", "host", "what"),
    [(70_000, "127.0.0.1", "is no port"), (0, "no.such.host.invalid", "no host"), (0, "192.0.2.1", "not to be had")],
)
def test_what_cannot_be_served_says_why(metrics: PrometheusMetrics, port: int, host: str, what: str) -> None:
    """A port that is none, a host that is nobody's, an address of another machine."""
    with pytest.raises(InputError, match=what) as caught:
        metrics.serve(port, host)
    assert caught.value.hint


def test_a_port_in_use_is_refused(metrics: PrometheusMetrics) -> None:
    """With what to do about it."""
    with metrics.serve() as server, pytest.raises(InputError, match=f"{server.port} is in use") as caught:
        metrics.serve(server.port)
    assert "0 for one that is free" in caught.value.hint


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, instead of an ImportError."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("fbcore.observers.extra.find_spec", lambda name: None)
    with pytest.raises(ExtraError) as caught:
        PrometheusMetrics()
    assert caught.value.hint == "pip install 'fbdev[metrics]'"


# -- what it costs ----------------------------------------------------------------------------------------


def calls(packets: int, **given: Any) -> int:
    """Count the calls of Python functions, resumed coroutines included, in a run with so many packets."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    runtime = BatchRuntime(line())
    # What is collected meanwhile may be of other tests, and have something to call.
    gc.disable()
    sys.setprofile(note)
    try:
        runtime.run(inputs={"number": Each(range(packets))}, **given)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def per_packet(observers: Iterator[Any] | list[Any]) -> float:
    given = {"observers": list(observers)}
    return (calls(1100, **given) - calls(100, **given)) / 1000


@pytest.mark.slow
def test_packets_cost_nothing_though_they_are_counted(registry: CollectorRegistry) -> None:
    """Without the times of calls, a hop makes the very calls that it makes when nobody watches."""
    without = per_packet([])
    assert abs(per_packet([PrometheusMetrics(registry, times="nothing")]) - without) < 0.05 * without


@pytest.mark.slow
def test_a_call_that_is_timed_costs_a_few_calls(metrics: PrometheusMetrics) -> None:
    """Three for each firing, and none for the packets of classes; batches stay batches."""
    assert 2.5 <= per_packet([metrics]) - per_packet([]) <= 4
