"""Work that is placed in threads: real threads, events and bounded waits; what holds here holds there."""

import asyncio
import logging
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcore import (
    BatchRuntime,
    Component,
    Config,
    Each,
    EndOfDemand,
    EndOfStream,
    Graph,
    In,
    InArray,
    LoopError,
    Memory,
    Message,
    NetSettings,
    NodeSettings,
    Orchestrator,
    Out,
    OutArray,
    Packet,
    Restart,
    Result,
    SettingsError,
    Signal,
    SteppedLoop,
    StopNet,
    component,
    log_context,
)
from fbcore.orchestration.placement import HERE, THREAD, Thread
from fbcore.outside import OpenLoop
from fbcore.runtimes.blocking import run_on

LONG = 20
"""Seconds that nothing here takes, unless it hangs."""


def run(graph: Any, *, place: Any = "thread", on: Any = None, **options: Any) -> Result:
    """Run a graph with all of its work in threads, however it ends."""
    said = {name: options.pop(name) for name in ("nodes", "capacity") if name in options}
    runtime = BatchRuntime(graph, settings=NetSettings(place=place, **said))
    options = {"raises": False, "time_limit": LONG, **options}
    result = run_on(on or asyncio.new_event_loop, lambda: runtime.arun(**options))
    assert "time limit" not in result.reason, result
    return result


def my_threads() -> list[str]:
    """Return the names of threads that nets have left."""
    return [each.name for each in threading.enumerate() if each.name.partition(" ")[0] in ("node", "first", "last")]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """See to it that no thread is left after a test."""
    yield
    for each in threading.enumerate():
        if each.name in my_threads():
            each.join(LONG)
    assert my_threads() == []


class Doubles(Component):
    number: In[int]
    out: Out[int]
    stateless = True

    async def run(self) -> None:
        assert threading.current_thread() is not threading.main_thread()
        async for number in self.number:
            await self.out.send(2 * number)


@component
def double(number: int) -> int:
    assert threading.current_thread() is not threading.main_thread()
    return 2 * number


@component
async def double_later(number: int) -> int:
    assert threading.current_thread() is not threading.main_thread()
    await asyncio.sleep(0)
    return 2 * number


def chain(first: Any, last: Any) -> Graph:
    """Return a graph of two nodes in a row."""
    graph = Graph("chain")
    one, other = graph.add(first, "first"), graph.add(last, "last")
    graph.inputs.number >> one.number
    one.out >> other.number
    other.out >> graph.outputs.out
    return graph


def alone(what: Any) -> Graph:
    """Return a graph of one node, called `node`, with all its ports at the border."""
    graph = Graph("alone")
    node = graph.add(what, "node")
    spec = graph.nodes["node"].component
    for name, port in spec.ports.items():
        if port.kind in ("input", "signal"):
            graph.inputs[name] >> getattr(node, name)
        elif port.kind == "config":
            graph.configs[name] >> getattr(node, name)
        else:
            getattr(node, name) >> graph.outputs[name]
    return graph


# -- as anywhere -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, OpenLoop])
@pytest.mark.parametrize("kinds", [(Doubles, double), (double_later, Doubles)])
def test_work_in_threads_has_the_same_results(kinds: Any, make_loop: Any) -> None:
    """Classes, functions and async functions do in threads what they do here, in order."""
    result = run(chain(*kinds), on=make_loop, inputs={"number": Each(range(200))}, capacity=3)
    assert (result.outcome, result.outputs.out) == ("finished", [4 * number for number in range(200)])
    assert result.abandoned == {}


def test_a_sender_in_a_thread_waits_for_room() -> None:
    """The capacity of an edge holds for a thread: it is never ahead by more."""
    sent: list[int] = []

    class Counts(Component):
        number: Out[int]

        async def run(self) -> None:
            for number in range(20):
                await self.number.send(number)
                sent.append(number)

    class Takes(Component):
        number: In[int]
        ahead: Out[int]

        async def run(self) -> None:
            taken = 0
            async for _ in self.number:
                taken += 1
                await self.ahead.send(len(sent) - taken)

    graph = Graph("room")
    counts, takes = graph.add(Counts, "first"), graph.add(Takes, "last")
    graph.connect(counts.number, takes.number, capacity=2)
    takes.ahead >> graph.outputs.ahead
    result = run(graph, nodes={"last": NodeSettings(place="here")})
    assert len(result.outputs.ahead) == 20
    assert max(result.outputs.ahead) <= 2


@component
def words(number: int) -> Iterator[str]:
    assert threading.current_thread() is not threading.main_thread()
    yield str(number)
    yield from "ab"


@component
async def letters(number: int) -> AsyncIterator[str]:
    assert threading.current_thread() is not threading.main_thread()
    for letter in (str(number), "a", "b"):
        await asyncio.sleep(0)
        yield letter


@pytest.mark.parametrize("function", [words, letters])
def test_a_function_that_streams_goes_on_when_its_item_is_taken(function: Any) -> None:
    """Generators of both kinds yield in a thread, item by item."""
    graph = Graph("items")
    node = graph.add(function, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.out
    result = run(graph, inputs={"number": Each([1, 2])}, capacity=1)
    assert result.outputs.out == ["1", "a", "b", "2", "a", "b"]


def test_a_stream_that_nobody_wants_is_closed_in_its_thread() -> None:
    """A generator that is left early is closed, where it works."""
    closed_in: list[str] = []

    @component
    def endless(number: int) -> Iterator[int]:
        try:
            while True:
                yield number
        finally:
            closed_in.append(threading.current_thread().name)

    class First(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(await self.number.receive())

    result = run(chain(endless, First), inputs={"number": 7})
    assert (result.outcome, result.outputs.out, closed_in) == ("finished", [7], ["first calls endless"])


class Rich(Component):
    """Uses all there is."""

    left: In[int]
    right: In[int]
    items: InArray[str]
    parts: OutArray[str]
    factor: Config[int] = Config(default=3)
    seen: Memory[list[int]] = Memory(list)
    out: Out[object]
    done: Message

    def __init__(self) -> None:
        self.begins_with = self.factor.value

    async def run(self) -> None:
        assert (self.net.name, self.net.time() > 0, self.begins_with) == ("rich", True, 3)
        assert (self.left.is_connected, self.out.is_connected, self.error.is_connected) == (True, True, False)
        async for left, right in self.zip(self.left, self.right):
            self.seen.value.append(left)
            await self.out.send((left, right))
        hits = sorted([(hit.key, hit.value) async for hit in self.select(*self.items.values())])
        await self.out.send(hits)
        assert (list(self.parts), len(self.parts), "b" in self.parts) == (["a"], 1, False)
        await self.parts["a"].send("to a")
        await self.parts["nobody"].send("to nobody")
        await self.out.send([value async for value in self.factor.changes()])
        child = self.tasks.create_task(asyncio.sleep(0.001, "slept"))
        async with self.busy("a thread"):
            await self.out.send(await asyncio.to_thread(lambda: threading.current_thread().name.partition("_")[0]))
        await self.out.send(await child)
        await self.out.send(self.seen.value)
        await self.done.send()


def test_a_class_in_a_thread_has_all_that_it_has_here() -> None:
    """Ports of every kind, arrays, configs, memory, tasks, sleeps, threads of its own."""
    graph = Graph("rich")
    node = graph.add(Rich, "node")
    for name in ("left", "right"):
        graph.inputs[name] >> getattr(node, name)
    for key in ("x", "y"):
        graph.inputs[key] >> node.items[key]
    node.parts["a"] >> graph.outputs.part
    node.out >> graph.outputs.out
    node.done >> graph.outputs.done
    inputs = {"left": Each([1, 2]), "right": Each([3, 4]), "x": "X", "y": "Y"}
    results = [run(graph, place=place, inputs=inputs) for place in ("thread", "here")]
    for result in results:
        assert result.outcome == "finished", result
        pairs = [(1, 3), (2, 4), [("x", "X"), ("y", "Y")], [3], "asyncio", "slept", [1, 2]]
        assert (result.outputs.out, result.outputs.part, result.outputs.done) == (pairs, ["to a"], [None])
        assert result.discarded == {"node.parts[nobody]": 1}


def test_a_net_in_a_thread_of_another_net() -> None:
    """A function that blocks, and a class, may run nets in their threads; whose nodes may be in threads again."""
    in_threads = NetSettings(place="thread")

    @component
    def runs(number: int) -> int:
        result = BatchRuntime(double, settings=in_threads).run(inputs={"number": number})
        return int(result.outputs.out[0])

    class Runs(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for number in self.number:
                result = await BatchRuntime(Doubles, settings=in_threads).arun(inputs={"number": number})
                await self.out.send(result.outputs.out[0])

    assert run(chain(runs, Runs), inputs={"number": Each([1, 2])}).outputs.out == [4, 8]


def test_signals_and_rounds() -> None:
    """A class in a thread runs once for each signal, and again and again where it loops; `executed` tells of each."""

    class Shouts(Component):
        text: In[str]
        out: Out[str]

        async def run(self) -> None:
            await self.out.send((await self.text.receive()).upper())

    for option, execute in ({"loop": True}, False), ({}, True):
        graph = Graph("shouts")
        node = graph.add(Shouts, "node", options=option)
        graph.inputs.text >> node.text
        node.out >> graph.outputs.out
        node.executed >> graph.outputs.executed
        inputs: dict[str, Any] = {"text": Each("abc")}
        if execute:
            graph.inputs.go >> node.execute
            inputs["go"] = Each([1, 2, 3])
        result = run(graph, inputs=inputs)
        assert (result.outcome, result.outputs.out, len(result.outputs.executed)) == ("finished", ["A", "B", "C"], 3)


def test_packets_keep_their_identity_through_a_thread() -> None:
    """What is forwarded is the packet that it was, and lineage is that of the ports."""

    class Forwards(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            async for packet in self.number.packets():
                assert isinstance(packet, Packet)
                await (self.out.forward(packet) if packet.value else self.out.send(9, parents=[packet]))

    runtime = BatchRuntime(alone(Forwards), settings=NetSettings(place="thread", tracking="history"))
    result = runtime.run(inputs={"number": Each([0, 1])}, time_limit=LONG)
    packets = result.packets
    assert result.outputs.out == [9, 1]
    assert list(map(str, packets.parents("node.out#0"))) == ["inputs.number#0"]
    assert "node.out->outputs.out" in [each.destination for each in packets.activities("inputs.number#1")]


# -- blocked, exactly ------------------------------------------------------------------------------------


class Passes(Component):
    number: In[int]
    out: Out[int]

    async def run(self) -> None:
        async for number in self.number:
            await self.out.send(number)
            await self.out.send(number)


def test_a_circle_of_threads_that_is_full_is_deadlocked() -> None:
    """Threads that wait for room are parked: the circle is found and named, at once."""
    graph = Graph("circle")
    first, last = graph.add(Passes, "first"), graph.add(Passes, "last")
    graph.inputs.number >> first.number
    graph.connect(first.out, last.number, capacity=1)
    graph.connect(last.out, first.number, capacity=1)
    result = run(graph, inputs={"number": Each([1])})
    assert result.outcome == "deadlocked"
    assert {"first", "last"} < set(result.knot)


@pytest.mark.parametrize("function", [words, letters])
def test_a_stream_that_waits_for_room_in_a_circle_is_deadlocked(function: Any) -> None:
    """A generator in a thread that has yielded, and waits to be asked for more, is no work that goes on."""

    class Joins(Component):
        left: In[str]
        right: In[str]
        out: Out[str]

        async def run(self) -> None:
            left = [each async for each in self.left]
            async for each in self.right:
                await self.out.send(each + left.pop(0))

    graph = Graph("circle")
    node, joins = graph.add(function, "node"), graph.add(Joins, "joins")
    graph.inputs.number >> node.number
    node.out >> joins.left
    graph.connect(node.out, joins.right, capacity=1)
    joins.out >> graph.outputs.out
    result = run(graph, inputs={"number": Each([1, 2])})
    assert (result.outcome, set(result.knot)) == ("deadlocked", {"node", "joins", "node.out->joins.right"})


def test_a_join_in_a_thread_that_is_half_fed_is_starved() -> None:
    """A thread that waits at one port while packets lie at another is parked as well."""

    class Joins(Component):
        left: In[int]
        right: In[int]
        out: Out[int]

        async def run(self) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look())

        async def _look(self) -> None:
            async for left, right in self.zip(self.left, self.right):
                await self.out.send(left + right)

    result = run(alone(Joins), inputs={"left": Each([1, 2]), "right": 1})
    assert (result.outcome, result.outputs.out) == ("starved", [2])


def test_a_loop_through_a_thread_that_has_run_dry_ends() -> None:
    """A net whose threads only wait for each other is brought to its end."""

    @component
    def less(number: int) -> int | None:
        return number - 1 if number else None

    graph = Graph("down")
    node, passes = graph.add(less, "first"), graph.add(Doubles, "last")
    graph.inputs.number >> node.number
    node.out >> passes.number
    graph.add(less, "half").out >> node.number
    passes.out >> graph["half"].number
    result = run(graph, inputs={"number": 1})
    assert result.outcome == "quiescent"


def test_a_thread_that_works_is_outstanding() -> None:
    """A component that blocks or sleeps in its thread holds up the verdict, and is named; others go on meanwhile."""
    let_go, was_named = threading.Event(), threading.Event()
    named: set[str] = set()

    class Blocks(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            number = await self.number.receive()
            assert let_go.wait(LONG)
            await self.out.send(number)
            await asyncio.sleep(0.01)
            await self.out.send(number)

    @component
    def hold(number: int) -> int:
        assert let_go.wait(LONG)
        return number

    def look(snapshot: Any) -> None:
        named.update(snapshot.outstanding)
        if sum("thread" in each for each in named) >= 2:
            let_go.set()
            was_named.set()

    graph = Graph("works")
    blocks, holds = graph.add(Blocks, "first"), graph.add(hold, "last")
    graph.inputs.number >> blocks.number
    graph.inputs.other >> holds.number
    blocks.out >> graph.outputs.blocked
    holds.out >> graph.outputs.held
    result = run(graph, inputs={"number": 1, "other": 2}, progress=look)
    assert was_named.is_set()
    assert (result.outcome, result.outputs.blocked, result.outputs.held) == ("finished", [1, 1], [2])
    assert any("first: works in its thread, in" in each and "test_thread_place" in each for each in named), named
    assert any("last: calls hold in a thread, in" in each and "test_thread_place" in each for each in named), named


def test_a_child_that_works_while_its_component_waits_is_outstanding() -> None:
    """Not `run` alone counts, but every task in the thread."""

    class Parent(Component):
        number: In[int]
        echo: In[int]
        out: Out[int]

        async def run(self) -> None:
            self.tasks.create_task(self._later())
            await self.out.send(await self.echo.receive())

        async def _later(self) -> None:
            await asyncio.sleep(0.02)
            await self.out.send(1)

    graph = Graph("echo")
    node = graph.add(Parent, "node")
    graph.inputs.number >> node.number
    node.out >> node.echo
    assert run(graph, inputs={"number": 1}).outcome == "finished"


# -- failures and ends -----------------------------------------------------------------------------------


class Fails(Component):
    number: In[int]
    out: Out[int]
    total: Memory[int] = Memory(int)

    async def run(self) -> None:
        async for number in self.number:
            self.total.value += 1
            if number == 2 and self.total.value == 2:
                raise ValueError("two is bad")
            await self.out.send(number)


@component
def fails(number: int) -> int:
    if number == 2:
        raise ValueError("two is bad")
    return number


@component
async def fails_later(number: int) -> int:
    return fails(number)


@pytest.mark.parametrize("kind", [Fails, fails, fails_later])
def test_an_error_in_a_thread_has_its_address_and_its_line(kind: Any) -> None:
    """What a component raises in its thread is a `NodeError` as any: packet, line and traceback of the user's code."""
    result = run(alone(kind), inputs={"number": Each([1, 2, 3])})
    (error,) = result.errors
    assert (result.outcome, error.address, result.held) == ("failed", "node", {"node.number": 2})
    assert "ValueError: two is bad (test_thread_place.py:" in error.what
    assert 'raise ValueError("two is bad")' in error.traceback
    assert "in_thread.py" not in error.traceback
    assert "callers.py" not in error.traceback
    assert isinstance(error.cause, ValueError)


@pytest.mark.parametrize("kind", [Fails, fails])
def test_failures_in_a_thread_go_to_error(kind: Any) -> None:
    """A class ends after that, a function goes on, as here."""
    graph = alone(kind)
    graph.frozen = False
    graph["node"].error >> graph.outputs.failures
    result = run(graph, inputs={"number": Each([1, 2, 3])})
    assert [failure.value for failure in result.outputs.failures] == [2]
    assert result.outputs.out == ([1] if kind is Fails else [1, 3])


def test_a_class_in_a_thread_is_begun_anew() -> None:
    """The packet in its hands comes again, its memory is kept, and each life has a thread."""
    nodes = {"node": NodeSettings(restart=Restart(backoff=0.001, jitter=0))}
    result = run(alone(Fails), nodes=nodes, inputs={"number": Each([1, 2, 3])})
    assert (result.outcome, result.outputs.out, result.restarts) == ("finished", [1, 2, 3], {"node": 1})


@pytest.mark.parametrize("where", ["run", "task"])
def test_a_component_in_a_thread_stops_the_net(where: str) -> None:
    """`StopNet` stops at once, raised by `run` or by a task that it has begun."""

    class Stops(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            if where == "task":
                self.tasks.create_task(self._stop())
                await self.number.receive()
                await self.number.receive()
            await self._stop()

        async def _stop(self) -> None:
            raise StopNet("enough")

    result = run(alone(Stops), inputs={"number": 1})
    assert (result.outcome, result.reason) == ("stopped", "enough")


def test_a_thread_ends_with_demand_and_with_its_stream() -> None:
    """Both ends reach it as they reach any component, and may be caught there."""
    caught: list[str] = []

    class Endless(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            try:
                while True:
                    await self.out.send(1)
            except EndOfDemand:
                caught.append("demand")
            try:
                while True:
                    await self.number.receive()
            except EndOfStream as end:
                caught.append(end.address)
                raise

    class First(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.out.send(await self.number.receive())

    result = run(chain(Endless, First), inputs={"number": Each([1, 2])})
    assert (result.outcome, result.outputs.out, caught) == ("finished", [1], ["demand", "first.number"])


def test_a_child_that_fails_ends_its_component_wherever_that_waits() -> None:
    """Also while the node waits for its next signal, and the thread for its next order."""

    class Child(Component):
        out: Out[int]

        async def run(self) -> None:
            self.tasks.create_task(self._fail())

        async def _fail(self) -> None:
            await asyncio.sleep(0.01)
            raise ValueError("child")

    class Never(Component):
        seen: Signal
        out: Out[int]

        async def run(self) -> None:
            async for _ in self.seen:
                pass

    graph = Graph("child")
    node, never = graph.add(Child, "node"), graph.add(Never, "never")
    never.out >> node.execute
    node.executed >> never.seen
    graph.inputs.go >> node.execute
    (error,) = run(graph, inputs={"go": 1}).errors
    assert "ValueError: child" in error.what


def test_a_firing_that_fails_beside_others_leaves_no_thread() -> None:
    """The others are cancelled and may end; then their threads do, though the node's work is over."""
    both = threading.Barrier(2, timeout=LONG)

    @component
    def fail(number: int) -> int:
        both.wait()
        if number == 1:
            raise ValueError("one")
        return number

    result = run(alone(fail), nodes={"node": NodeSettings(concurrency=2)}, inputs={"number": Each([1, 2])})
    assert (result.outcome, result.errors[0].what[:15]) == ("failed", "ValueError: one")
    # That no thread is left is seen after every test here.


def test_tasks_that_are_made_otherwise_are_no_standstill() -> None:
    """A component that makes its loop's tasks its own way is not taken for one that waits."""

    class Own(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            loop = asyncio.get_running_loop()
            loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(coro, loop=loop, **options))
            child = asyncio.create_task(self._later())
            await self.out.send(await self.number.receive())
            loop.set_task_factory(None)
            await child

        async def _later(self) -> None:
            await asyncio.to_thread(threading.Event().wait, 0.05)
            await self.out.send(1)

    graph = Graph("own")
    node = graph.add(Own, "node")
    graph.inputs.start >> node.number
    node.out >> graph.outputs.out
    node.out >> node.number
    assert run(graph, inputs={"start": Each(())}).outputs.out == [1, 1]


def test_cancelled_waits_lose_no_packet() -> None:
    """A receive that is cancelled while its packet is on the way gives it back, in order."""

    class Impatient(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            patience = 0.0
            while True:
                try:
                    async with asyncio.timeout(patience):
                        number = await self.number.receive()
                except TimeoutError:
                    patience += 0.0001
                    continue
                patience = 0.0
                await self._insist(number)

        async def _insist(self, number: int) -> None:
            task = asyncio.ensure_future(self.out.send(number))
            await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                await self.out.send(number)

    class Eager(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            patience = 0.0
            while True:
                patience += 0.0001
                waits = [asyncio.ensure_future(self.number.receive())]
                done, _ = await asyncio.wait(waits, timeout=patience)
                if not done:
                    waits[0].cancel()
                    continue
                patience = 0.0
                await self.out.send(done.pop().result())

    result = run(chain(Impatient, Eager), inputs={"number": Each(range(100))}, capacity=2)
    assert (result.outcome, result.outputs.out) == ("finished", list(range(100)))


# -- threads that do not end -----------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["class", "function"])
def test_a_thread_that_does_not_end_is_left_behind_and_named(of: str, caplog: Any) -> None:
    """A stop waits for it no longer than its patience; it is counted, and named on the log and by a warning."""
    let_go, began = threading.Event(), threading.Event()

    class Hangs(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            await self.number.receive()
            began.set()
            let_go.wait(LONG)
            await self.out.send(1)

    @component
    def hang(number: int) -> int:
        began.set()
        let_go.wait(LONG)
        return 1

    async def main() -> Result:
        settings = NetSettings(place=Thread(patience=0.05))
        runtime = BatchRuntime(alone(Hangs if of == "class" else hang), settings=settings)
        running = asyncio.ensure_future(runtime.arun(inputs={"number": Each([5, 6])}))
        assert await asyncio.to_thread(began.wait, LONG)
        runtime.stop("enough", grace=0)
        return await running

    try:
        with pytest.warns(ResourceWarning, match="1 thread outlives the net alone: the thread of node, in"):
            result = asyncio.run(main())
        assert result.outcome == "stopped"
        assert (result.held, result.abandoned) == ({"node.number": 5}, {"node": 1})
        (outliving,) = result.outliving
        assert "test_thread_place.py" in outliving
        assert outliving in result.summary()
        assert any("left behind, for its thread does not end, in" in each.message for each in caplog.records)
    finally:
        let_go.set()


def test_warnings_that_are_errors_spoil_no_result() -> None:
    """A thread that outlives its net is in the result, also where Python raises its warnings."""
    let_go, began = threading.Event(), threading.Event()

    @component
    def hang(number: int) -> None:
        began.set()
        let_go.wait(LONG)

    def stop_when_begun(snapshot: Any) -> None:
        if began.is_set():
            raise KeyboardInterrupt

    async def main() -> Result:
        runtime = BatchRuntime(alone(hang), settings=NetSettings(place=Thread(patience=0)))
        running = asyncio.ensure_future(runtime.arun(inputs={"number": 1}))
        assert await asyncio.to_thread(began.wait, LONG)
        runtime.stop("enough", grace=0)
        return await running

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = asyncio.run(main())
        assert result.abandoned == {"node": 1}
    finally:
        let_go.set()


def test_a_cancelled_component_may_clean_up_in_its_thread() -> None:
    """It hears of its cancellation, and has the time that it needs as long as its loop is alive."""
    told: list[str] = []

    class Cleans(Component):
        number: In[int]
        out: Out[int]

        async def run(self) -> None:
            try:
                await self.out.send(await self.number.receive())
                await asyncio.get_running_loop().create_future()
            finally:
                await asyncio.sleep(2.2)
                told.append("cleaned up")

    async def main() -> Result:
        runtime = BatchRuntime(alone(Cleans), settings=NetSettings(place=Thread(patience=2)))
        async with runtime.stream(inputs={"number": 1}) as results:
            async for _ in results:
                runtime.stop("enough", grace=0)
        return results.result

    result = asyncio.run(main())
    assert (result.outcome, told, result.abandoned) == ("stopped", ["cleaned up"], {})


# -- settings --------------------------------------------------------------------------------------------


def test_a_place_is_said_in_settings_or_by_an_orchestrator(tmp_path: Path) -> None:
    """As a word or a placement, in Python and in files; what is none is refused."""

    @component
    def where(number: int) -> str:
        return threading.current_thread().name

    def place(settings: Any, **given: Any) -> str:
        result = BatchRuntime(alone(where), settings=settings, **given).run(inputs={"number": 1}, time_limit=LONG)
        name: str = result.outputs.out[0]
        return name

    here = threading.current_thread().name
    assert place(NetSettings()) == here
    for given in ("thread", THREAD, Thread(), Thread(patience=9)):
        assert place(NetSettings(place=given)) == "node calls where"
    assert place(NetSettings(place="thread", nodes={"node": NodeSettings(place=HERE)})) == here
    assert place(None, orchestrator=Orchestrator(place=lambda node: THREAD)) == "node calls where"
    (tmp_path / "net.toml").write_text('[nodes.node]\nplace = "thread"\n')
    assert place(tmp_path / "net.toml") == "node calls where"
    (tmp_path / "net.json").write_text('{"place": {"patience": 3}}')
    assert place(tmp_path / "net.json") == "node calls where"
    for wrong in ("there", None, 3, Thread):
        with pytest.raises(SettingsError, match='say "here" or "thread"'):
            NodeSettings(place=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="give a number of seconds"):
        Thread(patience=-1)
    (tmp_path / "net.toml").write_text('[nodes.node]\nplace = "there"\n')
    with pytest.raises(SettingsError, match=r"net.toml:2"):
        NetSettings.load(tmp_path / "net.toml")


@pytest.mark.parametrize("kind", [Doubles, double])
def test_a_system_that_makes_no_thread_is_told(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails the node, with what can be done about it."""

    def fail(thread: threading.Thread) -> None:
        if thread.name.startswith("node"):
            raise RuntimeError("can't start new thread")
        begin(thread)

    begin = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", fail)
    result = run(alone(kind), inputs={"number": Each([1, 2])})
    (error,) = result.errors
    assert (result.outcome, error.address) == ("failed", "node")
    assert "the system makes no thread for it: can't start new thread" in error.what
    assert "place fewer nodes in threads" in error.hint


def test_a_stepped_loop_refuses_threads() -> None:
    """Real threads cannot be stepped or explored: that is said, and how to mend it."""
    for kind in (Doubles, double):
        with pytest.raises(LoopError, match=r'for which a stepped loop cannot wait(.|\n)*place it `"here"`'):
            run(alone(kind), on=SteppedLoop, inputs={"number": 1})


def test_virtual_time_stands_still_while_a_thread_works() -> None:
    """On an open loop a thread is waited for in real time, and the time of the net goes on by timers alone."""
    let_go = threading.Event()

    @component
    def waits(number: int) -> int:
        assert let_go.wait(LONG)
        return number

    @component
    async def sleeps(number: int) -> int:
        let_go.set()
        await asyncio.sleep(3600)
        return number

    graph = Graph("times")
    for name, function in ("first", waits), ("last", sleeps):
        node = graph.add(function, name)
        graph.inputs[f"to_{name}"] >> node.number
        node.out >> graph.outputs[f"of_{name}"]
    nodes = {"last": NodeSettings(place="here")}
    result = run(graph, on=OpenLoop, nodes=nodes, inputs={"to_first": 1, "to_last": 2}, time_limit=None)
    assert (result.outcome, result.outputs.of_first, result.seconds) == ("finished", [1], 3600)


def test_logging_in_a_thread_is_as_here(caplog: Any) -> None:
    """A plain call of logging works, and context variables of the node are those of its thread."""

    class Says(Component):
        number: In[int]

        async def run(self) -> None:
            async for _ in self.number:
                context = log_context()
                logging.getLogger("says").warning("by %s, of %s", context and context.node, context and context.packet)
                self.log.warning("said")

    @component
    def says(number: int) -> None:
        context = log_context()
        logging.getLogger("says").warning("by %s, of %s", context and context.node, context and context.packet)

    for each in Says, says:
        caplog.clear()
        run(alone(each), inputs={"number": Each([1, 2])})
        assert [f"by node, of inputs.number#{number}" in caplog.messages for number in (0, 1)] == [True, True]


class Waits(Component):
    go: Signal
    out: Out[int]

    async def run(self) -> None:
        await self.go.receive()
        await self.out.send(1)


def test_a_stopped_thread_hears_the_end_of_its_stream() -> None:
    """A net that is asked to stop drains: who waits at a port in a thread learns that nothing will come."""
    assert run(alone(Waits), inputs={"go": 1}).outputs.out == [1]
    result = run(alone(Waits), inputs={"go": Each(())})
    assert (result.outcome, result.outputs.out) == ("finished", [])
