"""Making a graph of a plan, and running it on each kind of loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fbcore import BatchRuntime, Each, Graph, Observer, Result, SteppedLoop
from fbcore.loop import Driver, Seeded, first_come
from fbcore.net.build import build_net
from fbcore.net.net import Net
from fbcore.net.options import DEFAULTS, NetOptions
from tests.laws.actors import Actor, component_of
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan, Port

MOST_TURNS = 100_000
TIME_LIMIT = 20.0

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@dataclass(frozen=True)
class Setting:
    """How a net is run: the loop that it runs on, and the options that it is made with."""

    make_loop: LoopFactory
    options: NetOptions = DEFAULTS

    def tracked(self) -> Setting:
        """Return the same setting, with the history of packets."""
        options = NetOptions("history", batching=self.options.batching)
        return replace(self, options=options)


class Watcher(Observer):
    """Writes down every packet that is sent, taken or discarded, by edge or port."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, list[Any]]] = {"sent": {}, "taken": {}, "discarded": {}}

    def packet(self, what: str, address: str, value: Any) -> None:
        """Write down a packet."""
        self.seen[what].setdefault(address, []).append(value)


class Run:
    """One run of a plan: its result, the ledger of its components, and what an observer saw."""

    def __init__(self, plan: Plan, ledger: Ledger, watcher: Watcher | None = None) -> None:
        self.plan = plan
        self.ledger = ledger
        self.watcher = watcher
        self.leftover: list[str] = []
        self.result: Result


def graph_of(plan: Plan, ledger: Ledger) -> Graph:
    """Make the graph of a plan, whose components keep a ledger."""
    graph = Graph("planned")
    for node in plan.nodes:
        graph.add(component_of(node), node.id, me=Actor(node, ledger))
    for edge in plan.edges:
        graph.connect(_end(graph, edge.source), _end(graph, edge.target), capacity=edge.capacity)
    return graph


def _end(graph: Graph, port: Port) -> Any:
    borders: dict[str, Any] = {"inputs": graph.inputs, "outputs": graph.outputs}
    return getattr(borders.get(port[0]) or graph[port[0]], port[1])


def inputs_of(plan: Plan, ledger: Ledger) -> dict[str, Each[Any]]:
    """Return what is sent into the graph."""
    return {name: Each(ledger.feed(name, count)) for name, count in plan.inputs}


def patient(driver: Driver) -> Driver:
    """Return the same driver, which loses patience when the net does not end."""
    turns = 0

    def drive(ready: Sequence[str]) -> int:
        nonlocal turns
        turns += 1
        assert turns < MOST_TURNS, "the net does not end"
        return driver(ready)

    return drive


def stepped(seed: int | None = None) -> Setting:
    """Return how to run on a stepped loop: first come, or in the order of a seed."""
    return Setting(lambda: SteppedLoop(patient(first_come if seed is None else Seeded(seed))))


BATCHED = Setting(asyncio.new_event_loop)
ONE_BY_ONE = Setting(asyncio.new_event_loop, NetOptions(batching=False))

STOCK = {"batched": BATCHED, "one by one": ONE_BY_ONE}
"""The ordinary loop, on which functions fire in batches or not."""

SETTINGS: dict[str, Setting] = {
    **STOCK,
    "first come": stepped(),
    "seed 1": stepped(1),
    "seed 2": stepped(2),
    "seed 3": stepped(3),
}


def run_plan(
    plan: Plan,
    setting: Setting,
    *,
    watched: bool = False,
    at_end: Callable[[asyncio.AbstractEventLoop], None] | None = None,
) -> Run:
    """Run a plan to its end; `at_end` gets the loop before it is closed."""
    run = Run(plan, Ledger(), Watcher() if watched else None)
    runtime = BatchRuntime(graph_of(plan, run.ledger))
    runtime.options = setting.options

    async def main() -> None:
        observers = [run.watcher] if run.watcher else []
        run.result = await runtime.arun(
            inputs=inputs_of(plan, run.ledger), observers=observers, raises=False, time_limit=TIME_LIMIT
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
        return build_net(graph_of(plan, ledger), inputs_of(plan, ledger))

    return asyncio.run(build())
