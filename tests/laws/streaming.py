"""Reading the nets of plans as streams, quickly or slowly, to the end or not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

from fbcore import BatchRuntime, Graph, Result
from fbcore.net.report import Outputs
from tests.laws.graphs import Maker
from tests.laws.halting import Ending, Halted, by_cancelling
from tests.laws.ledger import Ledger
from tests.laws.plan import Plan
from tests.laws.running import TIME_LIMIT, Run, Setting, configs_of, inputs_of

Packets = list[tuple[str, Any]]


async def read(
    runtime: BatchRuntime, given: Mapping[str, Any], ending: Ending, into: Packets, *, seed: int, most: int | None
) -> None:
    """Read a stream, with rests that a seed determines, to its end or to so many packets."""
    random = Random(seed)
    async with runtime.stream(observers=[ending], raises=False, time_limit=TIME_LIMIT, **given) as results:
        while most is None or len(into) < most:
            for _ in range(random.choice((0, 0, 0, 1, 7))):
                await asyncio.sleep(0)
            try:
                into.append(await anext(results))
            except StopAsyncIteration:
                return


def stream_plan(plan: Plan, setting: Setting, *, seed: int = 0, most: int | None = None) -> Run:
    """Read the net of a plan to its end, or to so many packets, and return it as if it had been run."""
    run, ending = Run(plan, Ledger()), Ending()
    packets: Packets = []

    async def main() -> None:
        runtime = BatchRuntime(Maker(plan, run.ledger).make())
        runtime.options = setting.options
        given = {"inputs": inputs_of(plan, run.ledger), **configs_of(plan)}
        await read(runtime, given, ending, packets, seed=seed, most=most)
        run.leftover = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    with asyncio.Runner(loop_factory=setting.make_loop) as runner:
        runner.run(main())
    assert ending.result is not None
    run.result = as_collected(plan, ending.result, packets)
    return run


def as_collected(plan: Plan, result: Result, packets: Packets) -> Result:
    """Return the result of a stream as that of a run, whose outputs hold what was read, and what lies unread."""
    outputs = sorted({edge.target[1] for edge in plan.edges if edge.target[0] == "outputs"})
    values = {name: [value for port, value in packets if port == name] for name in outputs}
    assert result.read == {name: len(values[name]) for name in outputs}, "packets that were read"
    for edge in plan.edges:
        if edge.target[0] == "outputs":
            values[edge.target[1]] += result.unread.get(edge.address, [])
    result.outputs = Outputs(values)
    assert result.nodes.pop("outputs").phase in ("ended", "cancelled")
    return result


class HaltedStream(Halted):
    """One stream whose reader was cancelled before a turn."""

    def __init__(self, turn: int, seed: int | None) -> None:
        super().__init__(by_cancelling, turn, seed)
        self.packets: Packets = []

    async def _main(self, graph: Graph, inputs: Mapping[str, Any], configs: Mapping[str, Any], ending: Ending) -> None:
        given = {"inputs": inputs, **configs}
        work = read(BatchRuntime(graph), given, ending, self.packets, seed=self.turn, most=None)
        self._task = asyncio.get_running_loop().create_task(work, name="reader")
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        self.leftover = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def halt_stream(plan: Plan, turn: int, seed: int | None = None) -> Run | None:
    """Read the net of a plan and cancel the reader before a turn; None when it has ended by then."""
    run, halted = Run(plan, Ledger()), HaltedStream(turn, seed)
    result = halted.run(Maker(plan, run.ledger).make(), inputs_of(plan, run.ledger), configs_of(plan))
    run.leftover = halted.leftover
    if not halted.was_halted:
        return None
    if result is None:
        assert run.ledger.received == {}
    else:
        run.result = as_collected(plan, result, halted.packets)
    return run
