"""What a person should know is noticed: a net that does not move, and a turn that blocks the loop."""

import asyncio
import threading
import time
from typing import Any

import pytest

from fbcore import Component, Graph, Observer, Outcome
from fbcore.net.current import current_node


class Records(Observer):
    """Writes down what is noticed."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, str]] = []

    def notice(self, address: str, text: str) -> None:
        self.notices.append((address, text))


def test_a_net_that_has_not_moved_for_long_is_noticed(stock, monkeypatch, caplog):
    """The node is named with what it waits for, to observers and on the log."""
    monkeypatch.setattr("fbcore.net.blocked.STILL", 0.02)
    noticed: list[asyncio.Event] = []

    class Wakes(Records):
        def notice(self, address: str, text: str) -> None:
            super().notice(address, text)
            noticed[0].set()

    class Waits(Component):
        async def run(self) -> None:
            noticed.append(asyncio.Event())
            await noticed[0].wait()

    wakes = Wakes()
    graph = Graph("still")
    graph.add(Waits)
    assert stock(graph, observers=[wakes]).outcome is Outcome.FINISHED
    ((address, text),) = wakes.notices
    assert address == "waits"
    assert text.startswith(f"nothing has moved for 0.02 s, and this node waits in Event.wait at {__file__}:")
    assert f"waits: {text}" in caplog.messages


def test_a_node_that_says_what_keeps_it_busy_is_not_noticed(stock, monkeypatch):
    """What is declared need not be guessed at, whatever the node waits in meanwhile."""
    monkeypatch.setattr("fbcore.net.blocked.STILL", 0.02)

    class Busy(Component):
        async def run(self) -> None:
            async with self.busy("a long job"):
                done = asyncio.Event()
                threading.Timer(0.1, asyncio.get_running_loop().call_soon_threadsafe, [done.set]).start()
                await done.wait()

    records = Records()
    graph = Graph("busy")
    graph.add(Busy)
    assert stock(graph, observers=[records]).outcome is Outcome.FINISHED
    assert records.notices == []


def blocking(work: Any) -> Graph:
    """A net whose node `works` does something before it ends; `sleeps` waits for longer."""

    class Works(Component):
        async def run(self) -> None:
            await work(self)

    class Sleeps(Component):
        async def run(self) -> None:
            await asyncio.sleep(0.3)

    graph = Graph("blocking")
    graph.add(Works)
    graph.add(Sleeps)
    return graph


def compute(seconds: float) -> None:
    """Keep the processor busy."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def computes(self: Component) -> None:
    compute(0.4)


async def computes_between_waits(self: Component) -> None:
    await asyncio.sleep(0.01)
    compute(0.4)
    await asyncio.sleep(0.01)


async def computes_in_a_child(self: Component) -> None:
    async def child() -> None:
        compute(0.4)

    self.tasks.create_task(child())


async def sleeps_in_the_loop(self: Component) -> None:
    time.sleep(0.4)  # noqa: ASYNC251 - blocking is the point


async def waits(self: Component) -> None:
    await asyncio.sleep(0.4)


async def sleeps_in_a_thread(self: Component) -> None:
    await asyncio.to_thread(time.sleep, 0.4)


async def computes_in_pieces(self: Component) -> None:
    for _ in range(20):
        compute(0.01)
        await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.parametrize("work", [computes, computes_between_waits, computes_in_a_child, sleeps_in_the_loop])
def test_a_turn_that_blocks_the_loop_is_noticed(stock, work, caplog):
    """More than a tenth of a second without giving way: the node's address, how long, and what mends it."""
    records = Records()
    stock(blocking(work), observers=[records])
    ((address, text),) = records.notices
    assert address == "works"
    assert text.startswith("a turn blocked the loop for 0.")
    assert text.endswith("place it in a thread")
    assert f"works: {text}" in caplog.messages


def test_a_node_that_blocks_all_day_does_not_fill_the_log(stock, caplog):
    """Observers hear of every slow turn; the log of the first, second, fourth and so on, with how many there were."""

    class Works(Component):
        async def run(self) -> None:
            net = current_node.get().net
            for _ in range(100):
                net.slow_turn("works", 0.2)

    records = Records()
    stock(Works, observers=[records])
    assert len(records.notices) == 100
    told = [message for message in caplog.messages if "a turn blocked the loop" in message]
    assert told[0] == "works: a turn blocked the loop for 0.20 s; place it in a thread"
    assert [message.partition("thread")[2] for message in told[1:]] == [
        f" ({2**power} such turns by now)" for power in range(1, 7)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("work", [waits, sleeps_in_a_thread, computes_in_pieces])
def test_a_wait_of_the_same_length_is_not_noticed(stock, work):
    """Awaiting blocks nobody, and neither do many short turns."""
    records = Records()
    stock(blocking(work), observers=[records])
    assert records.notices == []


@pytest.mark.slow
def test_a_turn_that_blocks_is_noticed_on_a_loop_that_is_not_ours(run):
    """On uvloop too; on a stepped loop time is virtual, and no turn takes any."""
    records = Records()

    async def work(self: Component) -> None:
        loops.append(type(asyncio.get_running_loop()).__name__)
        compute(0.4)

    loops: list[str] = []
    run(blocking(work), observers=[records])
    expected = [] if loops == ["SteppedLoop"] else ["works"]
    assert [address for address, _ in records.notices] == expected


def test_nobody_watches_after_the_end(stock):
    """No thread of a net is left when it has ended."""

    class Ends(Component):
        async def run(self) -> None:
            watching.append(len(threading.enumerate()))

    watching: list[int] = []
    graph = Graph("ending")
    graph.add(Ends)
    before = set(threading.enumerate())
    stock(graph)
    assert set(threading.enumerate()) == before
    assert watching[0] <= len(before) + 1
