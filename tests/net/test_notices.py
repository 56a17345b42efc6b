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
    """A net whose node `works` does something before it ends; `sleeps` is beside it."""

    class Works(Component):
        async def run(self) -> None:
            await work(self)

    class Sleeps(Component):
        async def run(self) -> None:
            await asyncio.sleep(0.01)

    graph = Graph("blocking")
    graph.add(Works)
    graph.add(Sleeps)
    return graph


class Clock:
    """What the watchdog looks at, from its thread: time passes by when a turn says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.looks = 0

    def __call__(self) -> float:
        now = self.now
        self.looks += 1
        return now

    def pass_by(self, seconds: float, rest: Any = lambda: None) -> None:
        """Let time pass by in the middle of a turn that the watchdog has seen begin, and sees still."""
        for passes in (seconds, 0.0):
            looks = self.looks
            while self.looks == looks:
                rest()
            self.now += passes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the watchdog another clock."""
    clock = Clock()
    monkeypatch.setattr("fbcore.net.watchdog.perf_counter", clock)
    monkeypatch.setattr("fbcore.net.watchdog.SLOW_TURN", 0.1)
    return clock


async def computes(self: Component, clock: Clock) -> None:
    clock.pass_by(0.4)


async def computes_between_waits(self: Component, clock: Clock) -> None:
    await asyncio.sleep(0.01)
    clock.pass_by(0.4)
    await asyncio.sleep(0.01)


async def computes_in_a_child(self: Component, clock: Clock) -> None:
    async def child() -> None:
        clock.pass_by(0.4)

    self.tasks.create_task(child())


async def sleeps_in_the_loop(self: Component, clock: Clock) -> None:
    clock.pass_by(0.4, lambda: time.sleep(0.001))


async def waits(self: Component, clock: Clock) -> None:
    clock.pass_by(0.0)
    await asyncio.sleep(0.05)
    clock.now += 0.4
    await asyncio.sleep(0.05)


async def waits_for_a_thread(self: Component, clock: Clock) -> None:
    clock.pass_by(0.0)

    def work() -> None:
        threading.Event().wait(0.05)
        clock.now += 0.4

    await asyncio.to_thread(work)


async def computes_in_pieces(self: Component, clock: Clock) -> None:
    for _ in range(10):
        clock.pass_by(0.05)
        await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.parametrize("work", [computes, computes_between_waits, computes_in_a_child, sleeps_in_the_loop])
def test_a_turn_that_blocks_the_loop_is_noticed(stock, work, clock, caplog):
    """More than a tenth of a second without giving way: the node's address, how long, and what mends it."""
    records = Records()
    stock(blocking(lambda self: work(self, clock)), observers=[records])
    assert records.notices == [("works", "a turn blocked the loop for 0.42 s; place it in a thread")]
    assert f"works: {records.notices[0][1]}" in caplog.messages


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
@pytest.mark.parametrize("work", [waits, waits_for_a_thread, computes_in_pieces])
def test_a_wait_of_the_same_length_is_not_noticed(stock, work, clock):
    """Awaiting blocks nobody, and neither do many short turns."""
    records = Records()
    stock(blocking(lambda self: work(self, clock)), observers=[records])
    assert records.notices == []
    assert clock.now >= 0.4


def test_a_turn_that_blocks_is_noticed_on_a_loop_that_is_not_ours(run, clock):
    """On uvloop too; on a stepped loop time is virtual, and no turn takes any."""
    records = Records()

    async def work(self: Component) -> None:
        loops.append(type(asyncio.get_running_loop()).__name__)
        if loops != ["SteppedLoop"]:
            clock.pass_by(0.4)

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
