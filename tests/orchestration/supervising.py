"""Components that fail when they are told to, and running them under policies on virtual time."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from fbcore import (
    BatchRuntime,
    Component,
    Each,
    End,
    Graph,
    In,
    Memory,
    NetSettings,
    NodeSettings,
    Observer,
    Out,
    Restart,
    Result,
)
from fbcore.loop import Seeded, SteppedLoop, first_come
from fbcore.runtimes.blocking import run_on


class Heard(Observer):
    """Writes down when nodes were restarted and released, and after which error and delay."""

    def __init__(self) -> None:
        self.restarts: list[tuple[float, float, str]] = []
        self.retries: list[tuple[float, int, float, str]] = []
        self.released_at: list[tuple[float, str, str]] = []
        self.phases: list[str] = []

    def restarted(self, address: str, error: Any, delay: float) -> None:
        self.restarts.append((asyncio.get_running_loop().time(), delay, error.what if error else ""))

    def retried(self, address: str, error: Any, attempt: int, delay: float) -> None:
        self.retries.append((asyncio.get_running_loop().time(), attempt, delay, error.what))

    def released(self, address: str, reason: str) -> None:
        self.released_at.append((asyncio.get_running_loop().time(), address, reason))

    def node(self, address: str, phase: str) -> None:
        self.phases.append(f"{address} {phase}")

    @property
    def times(self) -> list[float]:
        """The times at which a node failed, or ended, and was to be begun anew."""
        return [round(time, 9) for time, _, _ in self.restarts]

    @property
    def delays(self) -> list[float]:
        """The seconds that were waited before each restart."""
        return [round(delay, 9) for _, delay, _ in self.restarts]


def failing(bad: Collection[int], times: int = 1, *, memory: bool = False) -> type[Component]:
    """Make a class that passes numbers on, and fails at some of them, each so many times, before it sends."""
    left = dict.fromkeys(bad, times)

    def look(number: int) -> None:
        if left.get(number):
            left[number] -= 1
            raise ValueError(f"bad {number}")

    class Passes(Component):
        number: In[int]
        passed: Out[int]
        stateless = True

        async def run(self) -> None:
            async for number in self.number:
                look(number)
                await self.passed.send(number)

    class Sums(Component):
        number: In[int]
        passed: Out[int]
        total: Memory[int] = Memory(int)

        async def run(self) -> None:
            async for number in self.number:
                look(number)
                self.total.value += number
            await self.passed.send(self.total.value)

    return Sums if memory else Passes


def alone(component: Any, *, error: bool = False) -> Graph:
    """Return a graph with one node called `node`, from its input `number`."""
    graph = Graph("alone")
    node = graph.add(component, "node")
    graph.inputs.number >> node.number
    node.passed >> graph.outputs.passed
    if error:
        node.error >> graph.outputs.failures
    return graph


def run(
    graph: Graph,
    restart: Restart | None = None,
    end: End | None = None,
    *,
    seed: int | None = None,
    make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    heard: Heard | None = None,
    of: str = "node",
    policies: NodeSettings | None = None,
    **options: Any,
) -> Result:
    """Run a graph with these policies for one of its nodes, on virtual time, however it ends."""
    said = {name: policy for name, policy in (("restart", restart), ("end", end)) if policy is not None}
    made = {name: options.pop(name) for name in ("orchestrator", "tracking", "check") if name in options}
    runtime = BatchRuntime(graph, settings=NetSettings(nodes={of: policies or NodeSettings(**said)}), **made)
    driver = first_come if seed is None else Seeded(seed)
    if "numbers" in options:
        options["inputs"] = {"number": Each(options.pop("numbers"))}
    return run_on(
        make_loop or (lambda: SteppedLoop(driver)),
        lambda: runtime.arun(raises=False, observers=[heard] if heard else [], **options),
    )
