"""Nets under policies: nodes that fail and are begun anew, firings that are tried again, and nodes that are ended.

Each function makes a graph; what its components offer they write down in `log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from fbcore import (
    Config,
    DeadLetters,
    End,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Out,
    Restart,
    Retry,
    StopNet,
    component,
)
from tests.fbdev.explore.itself_awkward import Gives, Kept

ONCE = Restart(most=1, backoff=1, jitter=0)
AT_ONCE = Restart(most=1, backoff=0)
AGAIN = Retry(attempts=2, backoff=1, jitter=0)


class Fails(Kept):
    """Passes packets on, but fails at one of them, so many times, before it sends."""

    bad: Config[str] = Config(default="a0")
    times: Config[int] = Config(default=1)
    failures: Memory[int] = Memory(0)
    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        async for value in self.value:
            if value == self.bad.value and self.failures.value < self.times.value:
                self.failures.value += 1
                raise ValueError(value)
            await self.out.send(value)


class Named(Kept):
    """Sends one packet."""

    name: Config[str]
    out: Out[str]

    async def run(self) -> None:
        await self.give(self.out, self.name.value)


class Gathers(Kept):
    """Takes all there is into its memory, and fails once before it sends it."""

    seen: Memory[list[str]] = Memory(list)
    failures: Memory[bool] = Memory(False)
    value: In[str]
    out: Out[str]

    async def run(self) -> None:
        async for value in self.value:
            self.seen.value.append(value)
            if not self.failures.value:
                self.failures.value = True
                self.seen.value.pop()
                raise ValueError(value)
        for value in self.seen.value:
            await self.out.send(value)


def failing(times: int) -> Any:
    """Make a function that fails so many times at each packet."""
    left: dict[str, int] = {}

    @component
    def passes(value: str) -> str:
        left[value] = left.get(value, times) - 1
        if left[value] >= 0:
            raise ValueError(value)
        return value

    return passes


@component
def stops(value: str) -> str:
    """Stop the net at the second packet."""
    if value == "a1":
        raise StopNet("enough")
    return value


@component
async def waits(value: str) -> str:
    """Wait for a second, and pass a packet on."""
    await asyncio.sleep(1)
    return value


# -- graphs ------------------------------------------------------------------------------------------------


def one(log: list[Any], target: Callable[[], Any], count: int = 2, capacity: int = 64, **config: Any) -> Graph:
    """Packets come to a node."""
    graph = Graph("one")
    node = graph.add(target(), "node", **({"notes": log, **config} if isinstance(target(), type) else {}))
    graph.connect(graph.add(Gives, notes=log, count=count).out, node.value, capacity=capacity)
    node.out >> graph.outputs.out
    return graph


def two(log: list[Any], target: Callable[[], Any]) -> Graph:
    """Two packets come to a node, from two nodes."""
    graph = Graph("two")
    node = graph.add(target(), "node", **({"notes": log} if isinstance(target(), type) else {}))
    for name in ("a0", "b0"):
        graph.add(Named, f"gives_{name}", notes=log, name=name).out >> node.value
    node.out >> graph.outputs.out
    return graph


def fails() -> Any:
    """Return the class that fails."""
    return Fails


class Managed(NamedTuple):
    """A net with settings of its node, and how it may end: with which outcome, what came out, and restarts of it."""

    make: Callable[[list[Any]], Graph]
    settings: NodeSettings
    ends: set[tuple[str, tuple[str, ...], int]]

    @property
    def all_settings(self) -> NetSettings:
        """Return the settings of the net."""
        return NetSettings(nodes={"node": self.settings})


BOTH = ("a0", "a1")
MANAGED: Mapping[str, Managed] = {
    "restart": Managed(partial(one, target=fails), NodeSettings(restart=ONCE), {("finished", BOTH, 1)}),
    "restart at once": Managed(
        partial(one, target=fails, capacity=1), NodeSettings(restart=AT_ONCE), {("finished", BOTH, 1)}
    ),
    "restart at the last": Managed(
        partial(one, target=fails, bad="a1"), NodeSettings(restart=ONCE), {("finished", BOTH, 1)}
    ),
    "restart of two": Managed(
        partial(two, target=fails),
        NodeSettings(restart=ONCE),
        {("finished", ("a0", "b0"), 1), ("finished", ("b0", "a0"), 1)},
    ),
    "restart of who gathers": Managed(
        partial(one, target=lambda: Gathers), NodeSettings(restart=AT_ONCE), {("finished", BOTH, 1)}
    ),
    "restart, dropped": Managed(
        partial(one, target=fails),
        NodeSettings(restart=Restart(most=1, backoff=0, held="dead-letter")),
        {("finished", ("a1",), 1)},
    ),
    "restart in vain": Managed(partial(one, target=fails, times=2), NodeSettings(restart=AT_ONCE), {("failed", (), 1)}),
    "retry": Managed(partial(one, target=partial(failing, 1)), NodeSettings(retry=AGAIN), {("finished", BOTH, 0)}),
    "retry of two": Managed(
        partial(two, target=partial(failing, 1)),
        NodeSettings(retry=AGAIN),
        {("finished", ("a0", "b0"), 0), ("finished", ("b0", "a0"), 0)},
    ),
    "retry in vain": Managed(partial(one, target=partial(failing, 2)), NodeSettings(retry=AGAIN), {("failed", (), 0)}),
    "retry, then a dead letter": Managed(
        partial(one, target=partial(failing, 9)),
        NodeSettings(retry=AGAIN, dead_letters=DeadLetters()),
        {("finished", (), 0)},
    ),
    "retry, then restart": Managed(
        partial(one, target=partial(failing, 3)),
        NodeSettings(retry=AGAIN, restart=Restart(most=2, backoff=0)),
        {("finished", BOTH, 2)},
    ),
    "stop": Managed(partial(one, target=lambda: stops), NodeSettings(), {("stopped", ("a0",), 0)}),
    "end after one": Managed(
        partial(one, target=partial(failing, 0)), NodeSettings(end=End(after=1)), {("finished", ("a0",), 0)}
    ),
    "end at a deadline": Managed(
        partial(one, target=lambda: waits),
        NodeSettings(end=End(deadline=1)),
        {("finished", ("a0",), 0), ("finished", (), 0)},
    ),
}
"""By name: nets, their settings, and how they may end."""

HALTED: Mapping[str, Managed] = {
    "restart": Managed(partial(one, target=fails, count=1), NodeSettings(restart=ONCE), {("finished", ("a0",), 1)}),
    "retry": Managed(
        partial(one, target=partial(failing, 1), count=1), NodeSettings(retry=AGAIN), {("finished", ("a0",), 0)}
    ),
}
"""Nets that may be ended from outside at any step, also while a node waits to be begun anew or to try again."""
