"""Whether anything can still move is known exactly: nasty waits, on every kind of loop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, Outcome, Snapshot, component

SOON = 0.02
"""Seconds; virtual on a stepped loop."""


class Asker(Component):
    """Waits on its own loop in a way that a test gives it, then sends 1."""

    back: In[int]
    out: Out[int]
    done: Out[str]
    wait: Callable[["Asker"], Awaitable[str]]

    async def run(self) -> None:
        await self.done.send(await self.wait(self))


@component
def same(value: int) -> int:
    return value


def asking(wait: Callable[[Asker], Awaitable[str]]) -> Graph:
    """A net of two nodes in a circle, in which nothing moves unless `wait` makes it."""
    cls = type("Asker", (Asker,), {"wait": staticmethod(wait)})
    graph = Graph("asking")
    asker, echo = graph.add(cls, "asker"), graph.add(same)
    asker.out >> echo.value
    echo.out >> asker.back
    asker.done >> graph.outputs.said
    return graph


# -- a time-out around a receive: outstanding, not blocked ------------------------------------------------


async def asyncio_timeout(asker: Asker) -> str:
    try:
        async with asyncio.timeout(SOON):
            await asker.back.receive()
    except TimeoutError:
        return "timed out"
    return "received"


async def anyio_move_on(asker: Asker) -> str:
    with anyio.move_on_after(SOON):
        await asker.back.receive()
        return "received"
    return "timed out"


async def asyncio_wait_for(asker: Asker) -> str:
    try:
        await asyncio.wait_for(asker.back.receive(), SOON)
    except TimeoutError:
        return "timed out"
    return "received"


async def asyncio_wait(asker: Asker) -> str:
    receiving = asyncio.ensure_future(asker.back.receive())
    done, _ = await asyncio.wait([receiving], timeout=SOON)
    receiving.cancel()
    return "received" if done else "timed out"


async def call_later(asker: Asker) -> str:
    receiving = asyncio.ensure_future(asker.back.receive())
    asyncio.get_running_loop().call_later(SOON, receiving.cancel)
    try:
        await receiving
    except asyncio.CancelledError:
        return "timed out"
    return "received"


@pytest.mark.parametrize("wait", [asyncio_timeout, anyio_move_on, asyncio_wait_for, asyncio_wait, call_later])
def test_a_time_out_around_a_receive_is_outstanding(run, wait):
    """A net that waits for a time-out is not blocked; when the time is up it goes on."""
    result = run(asking(wait))
    assert result.outputs.said == ["timed out"]
    assert result.outcome is Outcome.FINISHED


# -- children that will send ------------------------------------------------------------------------------


async def child_sleeps_and_sends(asker: Asker) -> str:
    async def later() -> None:
        await asyncio.sleep(SOON)
        await asker.out.send(7)

    asker.tasks.create_task(later())
    return f"received {await asker.back.receive()}"


async def free_child_sleeps_and_sends(asker: Asker) -> str:
    async def later() -> None:
        await anyio.sleep(SOON)
        await asker.out.send(7)

    child = asyncio.create_task(later())
    value = await asker.back.receive()
    await child
    return f"received {value}"


async def callback_makes_a_child(asker: Asker) -> str:
    children = []
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: loop.call_soon(lambda: children.append(loop.create_task(asker.out.send(7)))))
    return f"received {await asker.back.receive()}"


@pytest.mark.parametrize("wait", [child_sleeps_and_sends, free_child_sleeps_and_sends, callback_makes_a_child])
def test_a_child_that_will_send_is_outstanding(run, wait):
    """A main task that waits on a port is not blocked while its child sleeps and will send."""
    result = run(asking(wait))
    assert result.outputs.said == ["received 7"]


# -- a main task that waits for its parked children: blocked ----------------------------------------------


async def children_in_task_group(asker: Asker) -> str:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(asker.back.receive())
        second = group.create_task(asker.back.receive())
    return f"{first} {second}"


async def children_in_anyio_group(asker: Asker) -> str:
    async with anyio.create_task_group() as group:
        group.start_soon(asker.back.receive)
        group.start_soon(asker.back.receive)
    return "ended"


@asynccontextmanager
async def _group():
    async with asyncio.TaskGroup() as group:
        yield group


async def children_in_wrapped_group(asker: Asker) -> str:
    async with _group() as group:
        group.create_task(asker.back.receive())
    return "ended"


async def children_in_node_group(asker: Asker) -> str:
    asker.tasks.create_task(asker.back.receive())
    return "left to the node's group"


async def gather(asker: Asker) -> str:
    return str(await asyncio.gather(asker.back.receive(), asker.back.receive()))


async def nested_gather(asker: Asker) -> str:
    return str(await asyncio.gather(asyncio.gather(asker.back.receive()), asker.back.receive()))


async def wait_all(asker: Asker) -> str:
    await asyncio.wait([asyncio.ensure_future(asker.back.receive()), asyncio.ensure_future(asker.back.receive())])
    return "ended"


async def await_task(asker: Asker) -> str:
    return str(await asyncio.ensure_future(asker.back.receive()))


async def await_task_of_task(asker: Asker) -> str:
    async def child() -> int:
        return await asyncio.ensure_future(asker.back.receive())

    return str(await asyncio.ensure_future(child()))


async def shielded(asker: Asker) -> str:
    return str(await asyncio.shield(asyncio.ensure_future(asker.back.receive())))


async def as_completed(asker: Asker) -> str:
    for each in asyncio.as_completed([asker.back.receive(), asker.back.receive()]):
        await each
    return "ended"


async def wait_for_without_limit(asker: Asker) -> str:
    return str(await asyncio.wait_for(asker.back.receive(), None))


PARKED = [
    children_in_task_group,
    children_in_anyio_group,
    children_in_wrapped_group,
    children_in_node_group,
    gather,
    nested_gather,
    wait_all,
    await_task,
    await_task_of_task,
    shielded,
    as_completed,
    wait_for_without_limit,
]


@pytest.mark.parametrize("wait", PARKED)
def test_a_main_task_that_waits_for_its_parked_children_is_parked(run, wait):
    """However a task waits for tasks of its node, the net is called blocked when those are parked."""
    result = run(asking(wait))
    assert result.outcome is Outcome.QUIESCENT
    assert result.seconds < 100


async def child_ends_without_ports(asker: Asker) -> str:
    async def idle() -> None:
        await asyncio.sleep(0)

    asker.tasks.create_task(idle())
    await asker.back.receive()
    return "received"


async def child_ends_later_without_ports(asker: Asker) -> str:
    asker.tasks.create_task(asyncio.sleep(SOON))
    await asker.back.receive()
    return "received"


@pytest.mark.parametrize("wait", [child_ends_without_ports, child_ends_later_without_ports])
def test_a_child_that_ends_without_touching_a_port_lets_the_net_be_called_blocked(run, wait):
    """When the last outstanding child has ended, without a port, the net is looked at again."""
    assert run(asking(wait)).outcome is Outcome.QUIESCENT


# -- cancelled receives -----------------------------------------------------------------------------------


async def cancelled_while_parked(asker: Asker) -> str:
    receiving = asyncio.ensure_future(asker.back.receive())
    await asyncio.sleep(0)
    receiving.cancel()
    await asyncio.wait([receiving])
    await asker.out.send(3)
    return f"received {await asker.back.receive()}"


async def woken_and_cancelled(asker: Asker) -> str:
    receivers = [asyncio.ensure_future(asker.back.receive()) for _ in range(3)]
    await asyncio.sleep(SOON)
    await asker.out.send(3)
    while len(asker._node.waits) == 3:  # noqa: ASYNC110 - the very pass in which one is woken
        await asyncio.sleep(0)
    receivers[0].cancel()
    await asyncio.sleep(SOON)
    got = [each.result() for each in receivers if each.done() and not each.cancelled()]
    for each in receivers:
        each.cancel()
    return f"received {got}"


def test_a_receive_that_is_cancelled_while_parked_loses_nothing(run):
    """The next receive gets the packet."""
    assert run(asking(cancelled_while_parked)).outputs.said == ["received 3"]


def test_a_receive_that_is_woken_and_cancelled_at_once_passes_the_wake_up_on(run):
    """Of several receivers another gets the packet."""
    assert run(asking(woken_and_cancelled)).outputs.said == ["received [3]"]


# -- work that the loop cannot see ------------------------------------------------------------------------


async def thread_of_ones_own(asker: Asker) -> str:
    loop = asyncio.get_running_loop()
    go = threading.Event()

    def work() -> None:
        go.wait(100)
        asyncio.run_coroutine_threadsafe(asker.out.send(9), loop)

    thread = threading.Thread(target=work)
    async with asker.busy("reading the sensor"):
        thread.start()
        loop.call_later(SOON, go.set)
        await asker.back.receive()
    thread.join()
    return "received"


def test_a_thread_declared_busy_is_outstanding(stock):
    """While a node is busy the net is not called blocked, though all its tasks wait for ports."""
    assert stock(asking(thread_of_ones_own), time_limit=100).outputs.said == ["received"]


async def nobody_sets_it(asker: Asker) -> str:
    await asyncio.Event().wait()
    return "set"


def test_an_event_that_nobody_sets_withholds_the_verdict(stock, monkeypatch, caplog):
    """A wait that is not known is never a false alarm: it is named, and the time limit ends it."""
    monkeypatch.setattr("fbcore.net.blocked.STILL", 0.05)
    result = stock(asking(nobody_sets_it), time_limit=1)
    assert result.outcome is Outcome.STOPPED
    assert "Event.wait" in result.waits["asker"]
    assert [record for record in caplog.records if "nothing has moved" in record.message and "asker" in record.message]


def test_an_event_that_nobody_sets_is_known_on_a_stepped_loop(stepped):
    """Where the loop knows that nothing will happen, so does the net."""
    result = stepped(asking(nobody_sets_it), time_limit=None)
    assert result.outcome is Outcome.STARVED
    assert "Event.wait" in result.reason


# -- capacities -------------------------------------------------------------------------------------------


class Friend(Component):
    """Sends first, then receives."""

    theirs: In[int]
    mine: Out[int]
    heard: Out[int]

    async def run(self) -> None:
        for number in range(5):
            await self.mine.send(number)
            await self.heard.send(await self.theirs.receive())


def test_two_that_both_send_first_at_capacity_1_get_through(run):
    """A send waits before it puts, so that capacity 1 holds one packet."""
    graph = Graph("friends")
    one, two = graph.add(Friend, "one"), graph.add(Friend, "two")
    graph.connect(one.mine, two.theirs, capacity=1)
    graph.connect(two.mine, one.theirs, capacity=1)
    one.heard >> graph.outputs.a
    two.heard >> graph.outputs.b
    result = run(graph)
    assert result.outputs.a == result.outputs.b == [0, 1, 2, 3, 4]
    assert result.outcome is Outcome.FINISHED


class Counter(Component):
    """Counts down by sending to itself."""

    start: In[int]
    again: In[int]
    next: Out[int]
    seen: Out[int]

    async def run(self) -> None:
        async for number in self.start:
            await self.next.send(number)
        async for number in self.again:
            await self.seen.send(number)
            if number:
                await self.next.send(number - 1)


def test_a_self_loop_runs_dry(run):
    """A node that feeds itself through an edge of capacity 1 ends quiescent when it stops feeding."""
    graph = Graph("loop")
    counter = graph.add(Counter)
    graph.inputs.start >> counter.start
    graph.connect(counter.next, counter.again, capacity=1)
    counter.seen >> graph.outputs.numbers
    result = run(graph, inputs={"start": 2500})
    assert result.outputs.numbers == list(range(2500, -1, -1))
    assert result.outcome is Outcome.QUIESCENT


class TakesOneAndTurns(Component):
    """Takes one packet of a full edge and turns to another port."""

    full: In[int]
    other: In[int]
    sums: Out[int]

    async def run(self) -> None:
        first = await self.full.receive()
        await self.sums.send(first + await self.other.receive())
        async for number in self.full:
            await self.sums.send(number)


class FillsThenSends(Component):
    """Sends one packet more than the edge holds, and only then to the other port."""

    full: Out[int]
    other: Out[int]

    async def run(self) -> None:
        for number in range(5):
            await self.full.send(number)
        await self.other.send(100)


def test_a_sender_is_woken_before_the_net_is_called_blocked(run):
    """One free place of four wakes nobody at first, but is owed before a verdict."""
    graph = Graph("turns")
    fills, takes = graph.add(FillsThenSends), graph.add(TakesOneAndTurns)
    graph.connect(fills.full, takes.full, capacity=4)
    fills.other >> takes.other
    takes.sums >> graph.outputs.sums
    result = run(graph)
    assert result.outputs.sums == [100, 1, 2, 3, 4]
    assert result.outcome is Outcome.FINISHED


def test_an_idle_net_makes_no_pass_of_the_loop(counting):
    """A net that waits for a timer adds none of its own, but for the one that names what holds it up."""
    passes = []

    class Sleeper(Component):
        back: In[int]
        out: Out[int]

        async def run(self) -> None:
            self.tasks.create_task(self.back.receive())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            counted = asyncio.get_running_loop().count_passes
            before = counted()
            await asyncio.sleep(0.3)
            passes.append(counted() - before)

    graph = Graph("idle")
    sleeper, echo = graph.add(Sleeper), graph.add(same)
    sleeper.out >> echo.value
    echo.out >> sleeper.back
    assert counting(graph).outcome is Outcome.QUIESCENT
    assert passes[0] <= 3


def test_a_packet_for_each_input_of_the_net_comes_through(run):
    """The nasty nets above stand on a net that is plainly not blocked."""
    graph = Graph("plain")
    graph.inputs.numbers >> graph.add(same).value
    graph["same"].out >> graph.outputs.same_numbers
    result = run(graph, inputs={"numbers": Each(range(200))})
    assert result.outputs.same_numbers == list(range(200))
    assert result.outcome is Outcome.FINISHED


class Listens(Component):
    """Waits for the world outside, and for no port."""

    heard: Out[int]

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("child_waits", [False, True])
def test_a_sender_that_is_owed_a_wake_up_gets_it_while_others_wait_for_the_world(child_waits):
    """Work that is outstanding elsewhere withholds a verdict, not the wake-up of a sender that has room."""

    class ListensAndReceives(Listens):
        back: In[int]

        async def run(self) -> None:
            self.tasks.create_task(self.back.receive())
            await super().run()

    graph = Graph("owed")
    fills, takes = graph.add(FillsThenSends), graph.add(TakesOneAndTurns)
    graph.connect(fills.full, takes.full, capacity=4)
    fills.other >> takes.other
    takes.sums >> graph.outputs.sums
    if child_waits:
        listens = graph.add(ListensAndReceives, "listens")
        listens.heard >> graph.add(same).value
        graph["same"].out >> listens.back
    else:
        graph.add(Listens).heard >> graph.outputs.heard

    def stop_when_all_has_come(snapshot: Snapshot) -> None:
        if snapshot.edges["takes_one_and_turns.sums->outputs.sums"].put == 5:
            runtime.stop(how="at once")

    runtime = BatchRuntime(graph)
    result = asyncio.run(runtime.arun(progress=stop_when_all_has_come, time_limit=100))
    assert result.outputs.sums == [100, 1, 2, 3, 4]
