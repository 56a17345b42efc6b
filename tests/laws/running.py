"""Making a net of a plan, and running it on each kind of loop."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fbcore import BatchRuntime, Each, Graph, Observer, Result, SteppedLoop
from fbcore.loop import Driver, Seeded, first_come
from fbcore.net.build import build_net
from fbcore.net.net import Net
from fbcore.net.options import DEFAULTS, NetOptions
from tests.laws.graphs import Maker, config_name
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan

MOST_TURNS = 100_000
TIME_LIMIT = 20.0


class Watcher(Observer):
    """Writes down every packet that is sent, taken or discarded, by edge or port, and in order."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, list[Any]]] = {"sent": {}, "taken": {}, "discarded": {}}
        self.events: list[tuple[str, str]] = []

    def packet(self, what: str, address: str, value: Any) -> None:
        """Write down a packet."""
        self.seen[what].setdefault(address, []).append(value)
        self.events.append((what, address))


class Run:
    """One run of a plan: its result, the ledger of its components, and what an observer saw."""

    def __init__(self, plan: Plan, ledger: Ledger, watcher: Watcher | None = None) -> None:
        self.plan = plan
        self.ledger = ledger
        self.watcher = watcher
        self.leftover: list[str] = []
        self.came_by: dict[Any, dict[str, list[Any]]] = {}
        self.result: Result


def inputs_of(plan: Plan, ledger: Ledger) -> dict[str, Each[Any]]:
    """Return what is sent into the graph."""
    return {name: Each(ledger.feed(name, count)) for name, count in plan.inputs}


def configs_of(plan: Plan) -> dict[str, str]:
    """Return the configs of the graph."""
    nodes = [node for node in plan.nodes if node.configs and node.given == "border" and not plan.fed(node)]
    return {config_name(node): f"k{node.n}" for node in nodes}


# -- loops -----------------------------------------------------------------------------------------------


class VirtualSelector(selectors.DefaultSelector):
    """Waits for no time at all: instead the time goes on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        assert found or timeout is not None, "the loop would wait for ever"
        return found


class StockLoop(asyncio.SelectorEventLoop):
    """The ordinary loop, but for its time, which jumps to the next timer when nothing is left to do."""

    def __init__(self) -> None:
        self._time = VirtualSelector()
        super().__init__(self._time)

    def time(self) -> float:
        return self._time.now


def patient(driver: Driver) -> Driver:
    """Return the same driver, which loses patience when the net does not end."""
    turns = 0

    def drive(ready: Sequence[str]) -> int:
        nonlocal turns
        turns += 1
        assert turns < MOST_TURNS, "the net does not end"
        return driver(ready)

    return drive


LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@dataclass(frozen=True)
class Setting:
    """How a net is run: the loop that it runs on, and the options that it is made with."""

    make_loop: LoopFactory
    options: NetOptions = DEFAULTS

    def tracked(self) -> Setting:
        """Return the same setting, with the history of packets."""
        return replace(self, options=NetOptions("history", batching=self.options.batching))


def stepped(seed: int | None = None) -> Setting:
    """Return how to run on a stepped loop: first come, or in the order of a seed."""
    return Setting(lambda: SteppedLoop(patient(first_come if seed is None else Seeded(seed))))


BATCHED = Setting(StockLoop)
ONE_BY_ONE = Setting(StockLoop, NetOptions(batching=False))

STOCK = {"batched": BATCHED, "one by one": ONE_BY_ONE}
"""The ordinary loop, on which functions fire in batches or not."""

SETTINGS: dict[str, Setting] = {
    **STOCK,
    "first come": stepped(),
    "seed 1": stepped(1),
    "seed 2": stepped(2),
    "seed 3": stepped(3),
}


# -- running ---------------------------------------------------------------------------------------------


def run_plan(
    plan: Plan,
    setting: Setting,
    *,
    watched: bool = False,
    make: Callable[[Plan, Ledger], Graph] | None = None,
    prepare: Callable[[BatchRuntime], None] | None = None,
    at_end: Callable[[asyncio.AbstractEventLoop], None] | None = None,
) -> Run:
    """Run a plan to its end; `make` makes its graph, `prepare` gets the runtime, and `at_end` the loop."""
    run = Run(plan, Ledger(), Watcher() if watched else None)
    runtime = BatchRuntime(make(plan, run.ledger) if make else Maker(plan, run.ledger).make())
    runtime.options = setting.options
    if prepare is not None:
        prepare(runtime)

    async def main() -> None:
        run.result = await runtime.arun(
            inputs=inputs_of(plan, run.ledger),
            observers=[run.watcher] if run.watcher else [],
            raises=False,
            time_limit=TIME_LIMIT,
            **configs_of(plan),
        )
        run.leftover = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    with asyncio.Runner(loop_factory=setting.make_loop) as runner:
        runner.run(main())
        if at_end is not None:
            at_end(runner.get_loop())
    return run


def net_of(plan: Plan) -> Net:
    """Make a net of a plan that is only looked at."""

    async def build() -> Net:
        ledger = Ledger()
        return build_net(Maker(plan, ledger).make(), inputs_of(plan, ledger), configs_of(plan))

    return asyncio.run(build())
