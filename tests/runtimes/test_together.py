"""Many runs of one graph at the same time, in one loop and in several threads, know nothing of each other."""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Config, Each, Graph, In, NetError, Out, Outcome, Result, component


@component
def words(line: str) -> list[str]:
    return line.split()


class Tally(Component):
    """Counts the words that begin with a letter, and in the end says how many of each there were."""

    found: In[list[str]]
    letter: Config[str]
    first: Out[str]
    counts: Out[dict[str, int]]

    def __init__(self) -> None:
        self.counted = Counter[str]()

    async def run(self) -> None:
        async for found in self.found:
            for word in found:
                if word.startswith(self.letter.value):
                    self.counted[word] += 1
                    if self.counted[word] == 1:
                        await self.first.send(word)
        await self.counts.send(dict(self.counted))


def tallying() -> Graph:
    graph = Graph("tallying")
    split, tally = graph.add(words), graph.add(Tally)
    graph.inputs.line >> split.line
    graph.connect(split.out, tally.found, capacity=2)
    graph.configs.letter >> tally.letter
    tally.first >> graph.outputs.firsts
    tally.counts >> graph.outputs.tallied
    return graph


VERSE = ["to be or not to be", "that is the question", "whether tis nobler in the mind to suffer"] * 40


def expected(letter: str) -> dict[str, int]:
    return dict(Counter(word for line in VERSE for word in line.split() if word.startswith(letter)))


def check(results: dict[str, Result]) -> None:
    for letter, result in results.items():
        assert result.outcome is Outcome.FINISHED
        assert result.outputs.tallied == [expected(letter)]
        assert result.outputs.firsts == list(expected(letter))


def runtimes(kind: str) -> Callable[[], BatchRuntime]:
    graph = tallying()
    one = BatchRuntime(graph)
    return (lambda: BatchRuntime(graph)) if kind == "a runtime each" else (lambda: one)


@pytest.mark.parametrize("kind", ["a runtime each", "one runtime"])
def test_runs_in_one_loop(on_loop, kind):
    """They take turns, and each counts its own letter."""
    runtime = runtimes(kind)

    async def main() -> dict[str, Result]:
        runs = {letter: runtime().arun(inputs={"line": Each(VERSE)}, letter=letter) for letter in "tbnw"}
        return dict(zip(runs, await asyncio.gather(*runs.values()), strict=True))

    check(on_loop(main()))


@pytest.mark.parametrize("kind", ["a runtime each", "one runtime"])
def test_runs_in_threads(kind):
    """Each thread has a loop of its own."""
    runtime, results, barrier = runtimes(kind), dict[str, Result](), threading.Barrier(4)

    def work(letter: str) -> None:
        barrier.wait(100)
        results[letter] = runtime().run(inputs={"line": Each(VERSE)}, letter=letter, time_limit=100)

    threads = [threading.Thread(target=work, args=letter) for letter in "tbnw"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert sorted(results) == sorted("tbnw")
    check(results)


@pytest.mark.parametrize("kind", ["a runtime each", "one runtime"])
def test_streams_in_one_loop(on_loop, kind):
    """A quick and a slow reader of one graph each get all that is theirs."""
    runtime = runtimes(kind)

    async def read(letter: str, rest: int) -> list[tuple[str, Any]]:
        packets = []
        async with runtime().stream(inputs={"line": Each(VERSE)}, letter=letter) as results:
            async for packet in results:
                packets.append(packet)
                for _ in range(rest):
                    await asyncio.sleep(0)
        return packets

    async def main() -> list[list[tuple[str, Any]]]:
        return await asyncio.gather(read("t", 0), read("b", 30))

    for letter, packets in zip("tb", on_loop(main()), strict=True):
        firsts = [("firsts", word) for word in expected(letter)]
        assert packets == [*firsts, ("tallied", expected(letter))]


def test_a_stream_and_a_run_of_one_runtime(on_loop):
    """The one collects, the other hands over, at the same time."""
    runtime = BatchRuntime(tallying())

    async def main() -> tuple[Result, int]:
        async with runtime.stream(inputs={"line": Each(VERSE)}, letter="t") as results:
            result = await runtime.arun(inputs={"line": Each(VERSE)}, letter="b")
            return result, len([packet async for packet in results])

    result, read = on_loop(main())
    check({"b": result})
    assert read == len(expected("t")) + 1


def test_one_that_fails_leaves_the_others_alone(on_loop):
    """A failure belongs to its run."""
    runtime = BatchRuntime(tallying())

    async def main() -> list[Result]:
        good = runtime.arun(inputs={"line": Each(VERSE)}, letter="t")
        bad = runtime.arun(inputs={"line": Each([*VERSE, 3])}, letter="t", raises=False)
        return await asyncio.gather(good, bad)

    good, bad = on_loop(main())
    check({"t": good})
    assert bad.outcome is Outcome.FAILED


# -- stopping ---------------------------------------------------------------------------------------------


class Ticks(Component):
    """Sends a number every second, for ever."""

    tick: Out[int]

    async def run(self) -> None:
        number = 0
        while True:
            await self.tick.send(number)
            number += 1
            await asyncio.sleep(1)


class Slow(Component):
    """Takes a second for each value."""

    value: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for value in self.value:
            await asyncio.sleep(5)
            await self.out.send(value)


def ticking() -> Graph:
    graph = Graph("ticking")
    slow = graph.add(Slow)
    graph.add(Ticks).tick >> slow.value
    slow.out >> graph.outputs.slowly
    return graph


def test_a_stop_drains_the_runs_and_streams_that_go_on_and_no_later_one(stepped):
    """It returns at once; each ends when it has drained, and the runtime can be used again."""

    async def main() -> tuple[Result, Result, Result]:
        runtime = BatchRuntime(ticking())
        run = asyncio.ensure_future(runtime.arun(grace=100))
        async with runtime.stream(grace=100) as results:
            await asyncio.sleep(2.5)
            runtime.stop("enough")
            later = asyncio.ensure_future(runtime.arun(time_limit=1000))
            read = [value async for _, value in results]
            result = await run
            assert read == result.outputs.slowly == [0, 1, 2]
            await asyncio.sleep(0)
            assert not later.done()
            runtime.stop("enough of that too", grace=1)
            return result, results.result, await later

    run, stream, later = stepped(main())
    assert [each.outcome for each in (run, stream, later)] == [Outcome.STOPPED] * 3
    assert [each.reason for each in (run, stream)] == ["enough", "enough"]
    assert later.reason == "enough of that too; not drained in 1 s"


def test_a_stop_gives_each_run_its_own_grace(stepped):
    """As it was given to the run, when the stop names none."""

    async def main() -> list[Result]:
        runtime = BatchRuntime(ticking())
        runs = [asyncio.ensure_future(runtime.arun(grace=grace)) for grace in (1, 7, 100)]
        await asyncio.sleep(2.5)
        runtime.stop()
        return await asyncio.gather(*runs)

    results = stepped(main())
    assert [result.seconds for result in results] == [3.5, 9.5, 15]
    assert [result.reason for result in results] == ["not drained in 1 s", "not drained in 7 s", ""]


def test_a_stop_from_a_thread_reaches_runs_in_every_thread():
    """Two threads run one runtime; a third stops both."""
    begun, results = threading.Barrier(3), []

    class Begins(Ticks):
        async def run(self) -> None:
            begun.wait(100)
            await super().run()

    graph = Graph("begins")
    graph.add(Begins).tick >> graph.outputs.ticked
    runtime = BatchRuntime(graph)
    threads = [threading.Thread(target=lambda: results.append(runtime.run(time_limit=100))) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait(100)
    runtime.stop("from the third")
    for thread in threads:
        thread.join(100)
    assert [result.reason for result in results] == ["from the third"] * 2
    runtime.stop("nobody is there")


def test_a_signal_stops_the_run_of_the_main_thread_and_no_other():
    """A run in another thread belongs to whoever began it there."""
    begun, over, results = threading.Event(), threading.Event(), []

    class Waits(Component):
        tick: Out[int]

        async def run(self) -> None:
            if threading.current_thread() is threading.main_thread():
                begun.wait(100)
                signal.raise_signal(signal.SIGTERM)
                await asyncio.sleep(1000)
            begun.set()
            await asyncio.to_thread(over.wait, 100)
            await self.tick.send(1)

    graph = Graph("waits")
    graph.add(Waits).tick >> graph.outputs.ticked
    runtime = BatchRuntime(graph)
    thread = threading.Thread(target=lambda: results.append(runtime.run(time_limit=100)))
    thread.start()
    assert runtime.run(time_limit=100).reason == "asked to stop by a signal"
    over.set()
    thread.join(100)
    assert [(result.outcome, result.outputs.ticked) for result in results] == [(Outcome.FINISHED, [1])]


def test_a_time_limit_belongs_to_its_run(stepped):
    """Another run of the same runtime goes on."""

    async def main() -> tuple[BaseException, Result]:
        runtime = BatchRuntime(ticking())
        short, long = (asyncio.ensure_future(runtime.arun(time_limit=limit, raises=limit == 2)) for limit in (2, 8))
        with pytest.raises(NetError) as caught:
            await short
        return caught.value, await long

    error, result = stepped(main())
    assert "2 s" in str(error)
    assert result.outputs.slowly == [0]
