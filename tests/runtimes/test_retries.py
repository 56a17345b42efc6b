"""Scopes of anyio in a net that is stepped: what they do at every pass of a loop they do after each step."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from fbcore import BatchRuntime, Component, Config, FSMRuntime, Graph, In, Out, SteppedLoop
from fbdev.explore import NetScene, explore


class Late(Component):
    """Says that something took too long; deaf ones swallow that so many times."""

    deaf: Config[int] = Config(default=0)
    out: Out[str]

    async def run(self) -> None:
        times = 0
        with anyio.move_on_after(1):
            while True:
                try:
                    await anyio.sleep(5)
                except BaseException:
                    times += 1
                    if times > self.deaf.value:
                        raise
        await self.out.send(f"late, cancelled {times} times")


class Shields(Component):
    """Ends what it has begun, though its time is over."""

    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        with anyio.move_on_after(1), anyio.CancelScope(shield=True):
            await self.out.send(await self.value.receive())


def late(deaf: int) -> Graph:
    """Make a graph of a node that is late."""
    graph = Graph("late")
    graph.add(Late, deaf=deaf).out >> graph.outputs.out
    return graph


@pytest.mark.parametrize("deaf", [0, 1, 3])
def test_a_scope_is_cancelled_step_by_step(deaf: int) -> None:
    """Stepped, a time-out of anyio does what it does in a run: a task that swallows it is cancelled again."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        said = runner.run(BatchRuntime(late(deaf)).arun()).outputs.out
    with FSMRuntime(late(deaf)).start() as fsm:
        fsm.run()
        assert fsm.result is not None
        assert fsm.result.outputs.out == said == [f"late, cancelled {deaf + 1} times"]


def test_a_scope_is_explored() -> None:
    """A time-out may win, or lose, or come with the packet; no packet is lost."""
    graph = Graph("shields")
    shields = graph.add(Shields)
    graph.inputs.value >> shields.value
    shields.out >> graph.outputs.out
    result = explore(NetScene(graph, {"value": "a"}))
    result.assert_holds()
    assert result.ends == [{"outcome": "finished", "outputs.out": "['a']"}]


def test_a_shield_before_nothing_is_a_standstill() -> None:
    """Who waits in a shield for what never comes is starved of it, or quiescent, and not called back for ever."""
    graph = Graph("shields")
    shields = graph.add(Shields)
    shields.out >> shields.value
    with FSMRuntime(graph).start() as fsm:
        fsm.run()
        assert fsm.result is not None
        assert fsm.result.outcome == "quiescent"
