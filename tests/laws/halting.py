"""Running a net on a stepped loop, and ending it from outside before a chosen turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fbcore import BatchRuntime, Graph, Observer, Result, SteppedLoop
from fbcore.loop import Driver, Seeded, first_come
from fbcore.net.build import build_net
from fbcore.net.net import Net
from fbcore.net.options import NetOptions
from tests.laws.graphs import Maker
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan
from tests.laws.running import Run, Watcher, configs_of, inputs_of, patient

Way = Callable[[Net | None, asyncio.Task[Any]], None]


def at_once(net: Net | None, task: asyncio.Task[Any]) -> None:
    """End a net by `stop_at_once`."""
    if net is not None:
        net.stop_at_once("halted")


def draining(net: Net | None, task: asyncio.Task[Any]) -> None:
    """End a net by `stop`, which cancels only its sources at first."""
    if net is not None:
        net.stop("halted")


def by_cancelling(net: Net | None, task: asyncio.Task[Any]) -> None:
    """End a net by cancelling the task that awaits it."""
    task.cancel()


WAYS: dict[str, Way] = {"stop_at_once": at_once, "stop": draining, "cancel": by_cancelling}
"""All ways in which a net is ended from outside."""


class Ending(Observer):
    """Keeps the result, which nobody returns to whoever was cancelled."""

    def __init__(self) -> None:
        self.result: Result | None = None

    def ended(self, result: Result) -> None:
        """Keep the result."""
        self.result = result


class Halted:
    """One run that was ended before a turn; `was_halted` is False when it ended by itself before.

    The history of its packets is kept, and `observers` see it run.
    """

    options = NetOptions("history")

    def __init__(self, way: Way, turn: int, seed: int | None = None, observers: Sequence[Observer] = ()) -> None:
        self.way = way
        self.turn = turn
        self.observers = observers
        self.was_halted = False
        self.leftover: list[str] = []
        self._turns = 0
        self._driver: Driver = patient(first_come if seed is None else Seeded(seed))
        self._net: Net | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, graph: Graph, inputs: Mapping[str, Any], configs: Mapping[str, Any] | None = None) -> Result | None:
        """Run a graph and return its result; None when it was ended before it began."""
        ending = Ending()
        with asyncio.Runner(loop_factory=lambda: SteppedLoop(self._drive)) as runner:
            runner.run(self._main(graph, inputs, configs or {}, ending))
        return ending.result

    async def _main(self, graph: Graph, inputs: Mapping[str, Any], configs: Mapping[str, Any], ending: Ending) -> None:
        if self.way is by_cancelling:
            runtime = BatchRuntime(graph)
            runtime.options = self.options
            work = runtime.arun(inputs=inputs, observers=[ending, *self.observers], raises=False, **configs)
        else:
            self._net = build_net(graph, inputs, configs, [ending, *self.observers], self.options)
            work = self._net.run()
        self._task = asyncio.get_running_loop().create_task(work, name="work")
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        self.leftover = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    def _drive(self, ready: Sequence[str]) -> int:
        chosen = self._driver(ready)
        has_begun = self._net is None or self._net.live > 0
        if self._task is not None and not self._task.done() and has_begun:
            if self._turns == self.turn:
                self.was_halted = True
                self.way(self._net, self._task)
            self._turns += 1
        return chosen


def halt_plan(plan: Plan, way: Way, turn: int, seed: int | None = None) -> Run | None:
    """Run a plan and end it before a turn; None when it has ended by itself by then."""
    run = Run(plan, Ledger(), Watcher())
    assert run.watcher is not None
    halted = Halted(way, turn, seed, [run.watcher])
    result = halted.run(Maker(plan, run.ledger).make(), inputs_of(plan, run.ledger), configs_of(plan))
    run.leftover = halted.leftover
    if not halted.was_halted:
        return None
    if result is None:
        assert run.ledger.received == {}
    else:
        run.result = result
    return run
