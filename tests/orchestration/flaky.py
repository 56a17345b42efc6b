"""Functions that fail as often as they are told to, and running one of them alone under policies of its firings."""

import asyncio
from collections.abc import Callable
from typing import Any

from fbcore import Graph, NodeSettings, Result, component
from fbcore.loop import SteppedLoop
from tests.laws.running import StockLoop
from tests.orchestration.supervising import run as run_graph

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"stepped": SteppedLoop, "stock": StockLoop}
"""Loops of virtual time: on the second functions fire in batches, as in production."""


class Flaky:
    """Raises for a number as often as is said, and writes down when it was asked about which."""

    def __init__(self, times: dict[int, int] | None = None, error: type[BaseException] = ConnectionError) -> None:
        self.left = dict(times or {})
        self.error = error
        self.asked: list[tuple[float, int]] = []

    def look(self, number: int) -> None:
        """Be asked about a number."""
        self.asked.append((round(asyncio.get_running_loop().time(), 9), number))
        if self.left.get(number, 0) > 0:
            self.left[number] -= 1
            raise self.error(number)

    @property
    def times(self) -> list[float]:
        """When it was asked."""
        return [time for time, _ in self.asked]

    @property
    def numbers(self) -> list[int]:
        """What it was asked about."""
        return [number for _, number in self.asked]


def passing(flaky: Flaky) -> Any:
    """Make the plainest function there is, which fires in batches where it can."""

    @component
    def passes(number: int) -> int:
        flaky.look(number)
        return number

    return passes


def alone(function: Any, *, error: bool = False) -> Graph:
    """Return a graph with one function called `node`, from the input `number` to the output `passed`."""
    graph = Graph("alone")
    node = graph.add(function, "node")
    graph.inputs.number >> node.number
    node.out >> graph.outputs.passed
    if error:
        node.error >> graph.outputs.failures
    return graph


def run(function: Any, numbers: Any, *, error: bool = False, make_loop: Any = None, **said: Any) -> Result:
    """Run a function alone with these settings, on virtual time, however it ends."""
    options = {name: said.pop(name) for name in ("heard", "tracking", "time_limit") if name in said}
    policies = NodeSettings(**said)
    return run_graph(alone(function, error=error), policies=policies, numbers=numbers, make_loop=make_loop, **options)
