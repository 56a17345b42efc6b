"""Running a graph on each kind of loop: the stock one, a stepped one, and uvloop as a loop that is not ours."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from fbcore import BatchRuntime, Graph, Result
from fbcore.loop import Seeded, SteppedLoop

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "stock": asyncio.new_event_loop,
    "stepped": SteppedLoop,
    "seeded": lambda: SteppedLoop(Seeded(5)),
    "uvloop": uvloop.new_event_loop,
}


class CountingSelector(selectors.DefaultSelector):
    """Counts how often it is asked, which is once in every pass of its loop."""

    passes = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passes += 1
        return super().select(timeout)


class CountingLoop(asyncio.SelectorEventLoop):
    """The stock loop, counting its passes."""

    def __init__(self) -> None:
        self._counting = CountingSelector()
        super().__init__(self._counting)

    def count_passes(self) -> int:
        return self._counting.passes


Run = Callable[..., Result]


def run_on(make_loop: Callable[[], asyncio.AbstractEventLoop], graph: Graph, **options: Any) -> Result:
    """Run a graph on a loop, and return its result however it ended; options are of the runtime or of its run."""
    made_with = {name: options.pop(name) for name in ("tracking", "keep", "check") if name in options}
    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(BatchRuntime(graph, **made_with).arun(raises=False, **options))


def runner_on(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> Run:
    """Return a function that runs a graph on such a loop, for at most 100 seconds."""

    def run(graph: Graph, **options: Any) -> Result:
        return run_on(make_loop, graph, **{"time_limit": 100, **options})

    return run


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    """Run a graph on one of the loops; a test that takes this runs on each."""
    return runner_on(LOOPS[request.param])


@pytest.fixture
def stock() -> Run:
    """Run a graph on the stock loop."""
    return runner_on(LOOPS["stock"])


@pytest.fixture
def stepped() -> Run:
    """Run a graph on a stepped loop, first come."""
    return runner_on(LOOPS["stepped"])


@pytest.fixture
def counting() -> Run:
    """Run a graph on a stock loop that counts its passes."""
    return runner_on(CountingLoop)
