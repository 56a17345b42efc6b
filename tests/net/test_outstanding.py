"""What a net is said to wait for: a line of the user, wherever the wait is, and none of this package."""

import asyncio
from contextvars import Context
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, Observer
from fbcore.errors import is_machinery
from fbcore.loop import SteppedLoop
from fbcore.net.view import NetView
from fbcore.runtimes.blocking import run_on


async def tidies(event: asyncio.Event) -> None:
    """Wait, and when that is cancelled take some time."""
    try:
        await event.wait()
    except asyncio.CancelledError:
        await asyncio.shield(asyncio.ensure_future(asyncio.sleep(3)))


LINE = tidies.__code__.co_firstlineno + 3
TIDYING = LINE + 2


async def in_group(component: Component) -> None:
    component.tasks.create_task(tidies(asyncio.Event()))


async def elsewhere(component: Component) -> None:
    # In a context of its own nobody sees whose task it is.
    component.tasks.create_task(tidies(asyncio.Event()), context=Context())


async def in_group_of_its_own(component: Component) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(tidies(asyncio.Event()))


async def gathered(component: Component) -> None:
    await asyncio.gather(tidies(asyncio.Event()), tidies(asyncio.Event()))


WAYS = {"group": in_group, "elsewhere": elsewhere, "own group": in_group_of_its_own, "gather": gathered}


class Keeps(Observer):
    """Keeps the view of a net."""

    net: NetView

    def begun(self, net: NetView) -> None:
        self.net = net


def said(way: Any, at: list[float]) -> list[list[str]]:
    """Return what a net is said to wait for at these times, which is stopped at 2, and cancelled at 3."""

    class Holds(Component):
        number: In[int]

        async def run(self) -> None:
            await way(self)
            await self.number.receive()

    async def main() -> list[list[str]]:
        graph, found, keeps = Graph("holds"), [], Keeps()
        graph.inputs.number >> graph.add(Holds, "node").number
        runtime = BatchRuntime(graph)
        running = asyncio.ensure_future(runtime.arun(inputs={"number": never()}, observers=[keeps]))
        asyncio.get_running_loop().call_at(2, runtime.stop, "enough", 1)
        for time in at:
            await asyncio.sleep(time - asyncio.get_running_loop().time())
            found.append([line for line in keeps.net.outstanding if line.startswith("node")])
        await running
        return found

    return run_on(SteppedLoop, main)


def never() -> Any:
    async def items() -> Any:
        await asyncio.sleep(1000)
        yield 1

    return Each(items())


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_wait_is_named_by_a_line_of_the_user(way: Any) -> None:
    """While the net runs, while it is stopped, and while what was cancelled takes its time."""
    found = said(way, [1, 2.5, 3.5])
    for line in (line for lines in found for line in lines):
        assert __file__ in line
        assert not is_machinery(line.partition(" at ")[2].rpartition(":")[0])
    if way is not elsewhere:
        # While its node waits for packets, a task of which nobody knows is not seen.
        assert f"{__file__}:{LINE}" in found[0][0]
    assert f"{__file__}:{LINE}" in found[1][0] or way is elsewhere
    assert f"{__file__}:{TIDYING}" in found[2][-1]
