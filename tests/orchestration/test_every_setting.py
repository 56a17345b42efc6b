"""No setting does nothing: each is said in two ways, and something that can be seen differs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Breaker,
    Component,
    CompositeComponent,
    Concurrency,
    DeadLetters,
    Each,
    EdgeSettings,
    End,
    Graph,
    In,
    InputError,
    Memory,
    NetSettings,
    NodeSettings,
    Observer,
    Out,
    Rate,
    Restart,
    Result,
    Retry,
    SubNetSettings,
    Timeout,
    component,
)
from fbcore.loop import SteppedLoop
from fbcore.orchestration.placement import Thread
from fbcore.runtimes.blocking import run_on

See = Callable[[NetSettings], Any]
"""Runs something under settings, and returns what can be seen of it."""


class Times(Observer):
    """Writes down how long each wait of a policy is, and when the net has ended."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def restarted(self, address: str, error: Any, delay: float) -> None:
        self.delays.append(delay)

    def retried(self, address: str, error: Any, attempt: int, delay: float) -> None:
        self.delays.append(delay)


def run(graph: Any, settings: NetSettings, numbers: Any = (1, 2, 3), **how: Any) -> tuple[Result, list[float], float]:
    """Run on virtual time; return the result, the waits of policies, and the seconds that it took."""
    times = Times()

    async def main() -> tuple[Result, float]:
        runtime = BatchRuntime(graph, settings=settings)
        result = await runtime.arun(inputs={"number": Each(numbers)}, raises=False, observers=[times], **how)
        return result, asyncio.get_running_loop().time()

    result, seconds = run_on(SteppedLoop, main)
    return result, times.delays, round(seconds, 6)


def plain(settings: NetSettings) -> Any:
    """A function that passes numbers on."""

    @component
    def node(number: int) -> int:
        return number

    result, _, _ = run(node, settings)
    edge = result.edges["inputs.number->node.number"]
    return edge.capacity, result.outputs.out, repr(result.packets)


def kept(settings: NetSettings) -> Any:
    """Which values are there to be looked at afterwards."""

    @component
    def node(number: int) -> int:
        return number

    result, _, _ = run(node, settings)
    values = []
    for packet in result.packets.born_at("node.out"):
        with suppress(InputError):
            values.append(result.packets.value(packet))
    return values


def mistyped(settings: NetSettings) -> Any:
    """A function that sends what its port does not say."""

    @component
    def liar(number: int) -> int:
        return str(number)  # type: ignore[return-value]

    @component
    def node(number: int) -> int:
        return number

    graph = Graph("mistyped")
    graph.inputs.number >> graph.add(liar).number
    graph["liar"].out >> graph.add(node).number
    graph["node"].out >> graph.outputs.out
    return run(graph, settings)[0].outcome


class Fails(Component):
    """Passes numbers on, and fails at each as often as that number says."""

    number: In[int]
    out: Out[int]
    seen: Memory[int] = Memory(0)
    failures: Memory[dict[int, int]] = Memory(dict)

    async def run(self) -> None:
        async for number in self.number:
            self.seen.value += 1
            count = self.failures.value.get(number, 0)
            if count < number:
                self.failures.value[number] = count + 1
                raise ValueError(number)
            await self.out.send(number)
        await self.out.send(1000 + self.seen.value)


def failing(settings: NetSettings) -> Any:
    """A class that fails, how it came to its end, and when."""
    result, delays, seconds = run(Fails, settings, [1, 2])
    letters = [letter.values for letter in result.dead_letters]
    return result.outcome, result.outputs.out, delays, seconds, result.dropped, letters


def slowly_failing(settings: NetSettings) -> Any:
    """A class that fails seven times, once in ten seconds."""
    left = [7]

    class Slow(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                await asyncio.sleep(10)
                left[0] -= 1
                if left[0] >= 0:
                    raise ValueError(number)

    result, delays, _ = run(Slow, settings)
    return result.outcome, len(delays)


def ending(settings: NetSettings) -> Any:
    """A class that ends after each packet."""

    class Once(Component):
        number: In[int]
        out: Out[int]
        stateless = True

        async def run(self) -> None:
            await self.out.send(await self.number.receive())

    return run(Once, settings)[0].outputs.out


def waiting(settings: NetSettings) -> Any:
    """A function that waits for a second at each number, and a source that sends one every ten seconds."""

    @component
    async def source(number: int) -> int:
        await asyncio.sleep(10)
        return number

    @component
    async def node(number: int) -> int:
        await asyncio.sleep(1)
        return number

    graph = Graph("waiting")
    graph.inputs.number >> graph.add(source).number
    graph["source"].out >> graph.add(node).number
    graph["node"].out >> graph.outputs.out
    result, _, _ = run(graph, settings)
    return result.outputs.out, result.released, result.dropped, result.unread


def often_failing(settings: NetSettings) -> Any:
    """A function that fails twice at each number, and then not."""
    left: dict[int, int] = {}

    @component
    def node(number: int) -> int:
        left[number] = left.get(number, 3) - 1
        if left[number]:
            raise (OSError if number == 2 else ValueError)(number)
        return number

    result, delays, seconds = run(node, settings, [1, 2, 3, 4])
    letters = [letter.error.what.partition(":")[0] for letter in result.dead_letters]
    return result.outcome, result.outputs.out, delays, seconds, letters


def dawdling(settings: NetSettings) -> Any:
    """A function that takes as long as its number says, and yields one item before it, and one after."""

    @component(buffered=True)
    async def node(number: int):  # type: ignore[no-untyped-def]
        yield number
        await asyncio.sleep(number)
        yield -number

    result, _, seconds = run(node, settings, [3, 1, 2])
    return result.outcome, result.outputs.out, seconds


def remembering(settings: NetSettings) -> Any:
    """What a function remembers of its numbers."""

    @component
    async def node(number: int, seen: Memory[list[int]] = Memory(list)) -> list[int]:
        seen.value = [*seen.value, number]
        return seen.value

    result, _, _ = run(node, settings, range(6))
    return result.outputs.out


def in_thread(settings: NetSettings) -> Any:
    """Where a function runs, and whether one that never ends is waited for."""
    let_go = threading.Event()
    places = []

    @component
    def node(number: int) -> None:
        places.append(threading.current_thread() is threading.main_thread())
        if number == 2:
            let_go.wait(100)

    async def main() -> Result:
        runtime = BatchRuntime(node, settings=settings)
        running = asyncio.ensure_future(runtime.arun(inputs={"number": Each([1])}))
        return await running

    asyncio.run(main())
    let_go.set()
    return places


def patient(settings: NetSettings) -> Any:
    """Whether the net waits until a thread has ended that takes a moment to do so."""
    begun, ended = threading.Event(), threading.Event()

    @component
    def node(number: int) -> None:
        begun.set()
        ended.wait(100)

    async def main() -> Result:
        runtime = BatchRuntime(node, settings=settings)
        running = asyncio.ensure_future(runtime.arun(inputs={"number": 1}))
        assert await asyncio.to_thread(begun.wait, 100)
        runtime.stop("enough", grace=0)
        asyncio.get_running_loop().call_later(0.2, ended.set)
        return await running

    result = asyncio.run(main())
    ended.set()
    return result.abandoned


def logging_level(settings: NetSettings, caplog: pytest.LogCaptureFixture) -> Any:
    """Which lines of a node the log has."""

    class Says(Component):
        number: In[int]

        async def run(self) -> None:
            async for number in self.number:
                self.log.debug("number %d", number)

    caplog.clear()
    run(Says, settings)
    return [record.levelname for record in caplog.records if "number" in record.getMessage()]


def printing(settings: NetSettings, caplog: pytest.LogCaptureFixture) -> Any:
    """Whether what a node prints is in the log."""

    @component
    def node(number: int) -> None:
        print("number", number)

    caplog.clear()
    caplog.set_level("INFO")
    run(node, settings)
    return [record.getMessage() for record in caplog.records if "number" in record.getMessage()]


def endless(settings: NetSettings) -> Any:
    """A function that takes a minute at each number, in a net that is stopped after ten seconds."""

    @component
    async def node(number: int) -> int:
        await asyncio.sleep(60)
        return number

    async def main() -> tuple[Result, float]:
        runtime = BatchRuntime(node, settings=settings)
        asyncio.get_running_loop().call_later(10, runtime.stop)
        result = await runtime.arun(inputs={"number": 1}, raises=False)
        return result, asyncio.get_running_loop().time()

    result, seconds = run_on(SteppedLoop, main)
    return result.outcome, result.reason, seconds


def live(settings: NetSettings) -> Any:
    """What a slow function gets of texts that come quickly, as they wait on the edge to it."""
    asked = []

    @component
    async def quick(number: int) -> str:
        asked.append(round(asyncio.get_running_loop().time(), 6))
        await asyncio.sleep(0.1)
        return "x" * number

    @component
    async def node(text: str) -> int:
        await asyncio.sleep(1)
        return len(text)

    graph = Graph("live")
    graph.inputs.number >> graph.add(quick).number
    graph["quick"].out >> graph.add(node).text
    graph["node"].out >> graph.outputs.out
    result, _, seconds = run(graph, settings, [1, 2, 3, 4, 5, 6, 7])
    edge = result.edges["quick.out->node.text"]
    return result.outputs.out, result.dropped, result.expired, seconds, asked, edge.capacity


def within(settings: NetSettings) -> Any:
    """How much edges in a composite hold."""

    @component
    def node(number: int) -> int:
        return number

    class Part(CompositeComponent):
        number: In[int]
        out: Out[int]

        def build(self, graph: Graph) -> None:
            graph.inputs.number >> graph.add(node).number
            graph["node"].out >> graph.outputs.out

    return run(Part, settings)[0].edges["inputs.number->part.node.number"].capacity


def tens(text: str) -> int:
    """Count every letter for ten bytes."""
    return 10 * len(text)


def nodes(**settings: Any) -> NetSettings:
    return NetSettings(nodes={"**": NodeSettings(**settings)})


def edges(**settings: Any) -> NetSettings:
    return NetSettings(edges={"quick.out->node.text": EdgeSettings(**settings)})


def restart(**how: Any) -> NetSettings:
    return nodes(restart=Restart(**{"jitter": 0, "most": 9, **how}))


def retry(**how: Any) -> NetSettings:
    return nodes(retry=Retry(**{"jitter": 0, **how}), dead_letters=DeadLetters())


Pair = tuple[See, NetSettings, NetSettings]
AGAIN = Restart(most=9, jitter=0)
CASES: dict[str, Pair] = {
    "NodeSettings.capacity": (plain, nodes(), nodes(capacity=3)),
    "NodeSettings.check": (mistyped, nodes(), nodes(check="edges")),
    "NodeSettings.restart": (failing, nodes(), nodes(restart=AGAIN)),
    "NodeSettings.end": (waiting, nodes(), nodes(end=End(after=1))),
    "NodeSettings.retry": (often_failing, nodes(), nodes(retry=Retry())),
    "NodeSettings.dead_letters": (often_failing, nodes(), nodes(dead_letters=DeadLetters())),
    "NodeSettings.concurrency": (dawdling, nodes(), nodes(concurrency=3)),
    "NodeSettings.breaker": (often_failing, retry(), nodes(breaker=Breaker(1), dead_letters=DeadLetters())),
    "NodeSettings.rate": (often_failing, retry(), nodes(retry=Retry(jitter=0), rate=Rate(1, per=60))),
    "NodeSettings.timeout": (dawdling, nodes(), nodes(timeout=2.5)),
    "NodeSettings.place": (in_thread, nodes(), nodes(place="thread")),
    "NetSettings.tracking": (plain, NetSettings(), NetSettings(tracking="history")),
    "NetSettings.keep": (
        kept,
        NetSettings(tracking="history", keep=1),
        NetSettings(tracking="history", keep=3),
    ),
    "NetSettings.time_limit": (dawdling, NetSettings(), NetSettings(time_limit=2)),
    "NetSettings.grace": (endless, NetSettings(), NetSettings(grace=1)),
    "NetSettings.stop": (endless, NetSettings(), NetSettings(stop="at once")),
    "NetSettings.nodes": (plain, NetSettings(), NetSettings(nodes={"node": NodeSettings(capacity=3)})),
    "NetSettings.subnets": (within, NetSettings(), NetSettings(subnets={"part": SubNetSettings(capacity=3)})),
    "NetSettings.edges": (live, NetSettings(), edges(capacity=3)),
    "Restart.when": (ending, restart(), restart(when="always", backoff=0.01)),
    "Restart.most": (failing, restart(), restart(most=1)),
    "Restart.window": (slowly_failing, restart(most=3), restart(most=3, window=15)),
    "Restart.backoff": (failing, restart(), restart(backoff=1)),
    "Restart.factor": (failing, restart(), restart(factor=5)),
    "Restart.longest": (failing, restart(), restart(longest=0.15)),
    "Restart.jitter": (failing, restart(), restart(jitter=0.5)),
    "Restart.memory": (failing, restart(), restart(memory="reset")),
    "Restart.held": (failing, restart(), restart(held="drop")),
    "End.after": (waiting, nodes(end=End(after=1)), nodes(end=End(after=2))),
    "End.idle": (waiting, nodes(), nodes(end=End(idle=5))),
    "End.deadline": (waiting, nodes(), nodes(end=End(deadline=15))),
    "End.healthy": (waiting, nodes(), nodes(end=End(healthy=lambda node: False))),
    "End.every": (
        waiting,
        nodes(end=End(healthy=lambda node: False, every=12)),
        nodes(end=End(healthy=lambda node: False, every=25)),
    ),
    "End.held": (waiting, nodes(end=End(deadline=15)), nodes(end=End(deadline=15, held="drop"))),
    "Retry.attempts": (often_failing, retry(), retry(attempts=2)),
    "Retry.backoff": (often_failing, retry(), retry(backoff=1)),
    "Retry.factor": (often_failing, retry(), retry(factor=5)),
    "Retry.longest": (often_failing, retry(), retry(longest=0.15)),
    "Retry.jitter": (often_failing, retry(), retry(jitter=0.5)),
    "Retry.on": (often_failing, retry(), retry(on=OSError)),
    "Timeout.hard": (dawdling, nodes(), nodes(timeout=Timeout(hard=2.5))),
    "Timeout.idle": (dawdling, nodes(), nodes(timeout=Timeout(idle=2.5))),
    "Breaker.failures": (
        often_failing,
        nodes(breaker=Breaker(1), dead_letters=DeadLetters()),
        nodes(breaker=Breaker(3), dead_letters=DeadLetters()),
    ),
    "Breaker.reset": (
        often_failing,
        nodes(breaker=Breaker(1, meanwhile="wait"), dead_letters=DeadLetters()),
        nodes(breaker=Breaker(1, reset=5, meanwhile="wait"), dead_letters=DeadLetters()),
    ),
    "Breaker.on": (
        often_failing,
        nodes(breaker=Breaker(1), dead_letters=DeadLetters()),
        nodes(breaker=Breaker(1, on=OSError), dead_letters=DeadLetters()),
    ),
    "Breaker.meanwhile": (
        often_failing,
        nodes(breaker=Breaker(1), dead_letters=DeadLetters()),
        nodes(breaker=Breaker(1, meanwhile="wait"), dead_letters=DeadLetters()),
    ),
    "Rate.most": (dawdling, nodes(rate=Rate(1, per=60)), nodes(rate=Rate(2, per=60))),
    "Rate.per": (dawdling, nodes(rate=Rate(1, per=60)), nodes(rate=Rate(1, per=90))),
    "Concurrency.most": (dawdling, nodes(concurrency=2), nodes(concurrency=3)),
    "Concurrency.order": (dawdling, nodes(concurrency=3), nodes(concurrency=Concurrency(3, "unordered"))),
    "Concurrency.key": (
        dawdling,
        nodes(concurrency=3),
        nodes(concurrency=Concurrency(3, key=lambda number: number % 2)),
    ),
    "Concurrency.keys": (
        remembering,
        nodes(concurrency=Concurrency(2, key=lambda number: number % 3)),
        nodes(concurrency=Concurrency(2, key=lambda number: number % 3, keys=1)),
    ),
    "Thread.patience": (patient, nodes(place=Thread(patience=0)), nodes(place=Thread(patience=30))),
    "EdgeSettings.check": (
        mistyped,
        NetSettings(),
        NetSettings(edges={"liar.out->node.number": EdgeSettings(check="edges")}),
    ),
    "EdgeSettings.capacity": (live, edges(), edges(capacity=3)),
    "EdgeSettings.bytes": (live, edges(), edges(bytes=3)),
    "EdgeSettings.size": (live, edges(bytes=30), edges(bytes=30, size=tens)),
    "EdgeSettings.expiry": (live, edges(), edges(expiry=1.5)),
    "EdgeSettings.priority": (live, edges(), edges(priority=len)),
    "EdgeSettings.drop": (live, edges(capacity=2), edges(capacity=2, drop="oldest")),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", CASES)
def test_a_setting_changes_what_can_be_seen(name: str) -> None:
    """Said in another way, the same run comes to something else."""
    see, one, other = CASES[name]
    assert see(one) != see(other)


def test_levels_and_captured_prints(caplog: pytest.LogCaptureFixture) -> None:
    """`log_level` and `stdout` change what is in the log."""
    assert logging_level(nodes(), caplog) == []
    assert logging_level(nodes(log_level="DEBUG"), caplog) == ["DEBUG"] * 3
    assert printing(nodes(), caplog) == []
    assert printing(nodes(stdout="log"), caplog) == ["number 1", "number 2", "number 3"]


def test_the_file_of_dead_letters(tmp_path: Any) -> None:
    """`file` is where dead letters are kept."""
    file = tmp_path / "letters.jsonl"
    often_failing(nodes(dead_letters=DeadLetters()))
    assert not file.exists()
    often_failing(nodes(dead_letters=DeadLetters(file)))
    assert file.exists()


ELSEWHERE = {"NodeSettings.log_level", "NodeSettings.stdout", "DeadLetters.file"}
"""What tests of their own look at, above."""


def test_no_setting_is_forgotten() -> None:
    """Each field of settings and policies has a case."""
    kinds = (NodeSettings, NetSettings, EdgeSettings, Restart, End, Retry, Timeout, Breaker, Rate, Concurrency)
    inherited = {each.name for each in fields(NodeSettings)}
    said = {
        f"{kind.__name__}.{each.name}"
        for kind in (*kinds, DeadLetters, Thread)
        for each in fields(kind)  # type: ignore[arg-type]
        if each.init and (kind is not NetSettings or each.name not in inherited)
    }
    assert said == CASES.keys() | ELSEWHERE
