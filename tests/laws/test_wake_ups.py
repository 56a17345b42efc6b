"""A wake-up that came to somebody who was cancelled at once is passed on to the next who waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Config, Graph, In, Out, SteppedLoop
from fbcore.loop import Driver, Seeded, first_come
from fbcore.net.in_port import InPort

LONG = 10.0
ROUNDS = 3


class Clock(Component):
    """Sends the time and a poke, now and then, and never ends meanwhile: nothing makes up for a lost wake-up."""

    time: Out[float]
    poke: Out[float]

    async def run(self) -> None:
        for _ in range(ROUNDS):
            await self.time.send(self.net.time())
            await self.poke.send(self.net.time())
            await asyncio.sleep(LONG)


class Fickle(Component):
    """Takes packets in tasks, and at each poke cancels the one that was made first; the last one it leaves."""

    time: In[float]
    poke: In[float]
    lags: Config[Any]

    async def run(self) -> None:
        takers = [self.tasks.create_task(self.take()) for _ in range(ROUNDS + 1)]
        async for _ in self.poke:
            takers.pop(0).cancel()

    async def take(self) -> None:
        async for sent in self.time:
            self.lags.value.append(self.net.time() - sent)


def lags(driver: Driver) -> list[float]:
    """Run a net of these, and return how long each packet lay, in seconds."""
    found: list[float] = []
    graph = Graph("fickle")
    clock, fickle = graph.add(Clock), graph.add(Fickle, lags=found)
    clock.time >> fickle.time
    clock.poke >> fickle.poke
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(driver)) as runner:
        runner.run(BatchRuntime(graph).arun())
    return found


def check_nobody_waits() -> None:
    """Check that in many orders of steps every packet is taken in the instant in which it is sent."""
    drivers: list[Driver] = [first_come, *map(Seeded, range(40))]
    for driver in drivers:
        assert lags(driver) == [0] * ROUNDS


@pytest.mark.slow
def test_a_cancelled_receiver_passes_its_wake_up_on() -> None:
    """Whatever the order of steps, no packet lies while another task waits for it."""
    check_nobody_waits()


@pytest.mark.slow
def test_a_wake_up_that_is_not_passed_on_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: when wake-ups are kept, a packet lies until the clock strikes again."""
    monkeypatch.setattr(InPort, "pass_on", lambda self: None)
    with pytest.raises(AssertionError):
        check_nobody_waits()
