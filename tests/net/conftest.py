"""Running a graph on each kind of loop: the stock one, a stepped one, and uvloop as a loop that is not ours."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from fbcore import BatchRuntime, Graph, Result
from fbcore.loop import Seeded, SteppedLoop
from fbcore.runtimes.blocking import make_loop

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "stock": asyncio.new_event_loop,
    "stepped": SteppedLoop,
    "seeded": lambda: SteppedLoop(Seeded(5)),
    "uvloop": uvloop.new_event_loop,
}

Run = Callable[..., Result]


def run_on(make_loop: Callable[[], asyncio.AbstractEventLoop], graph: Graph, **options: Any) -> Result:
    """Run a graph on a loop, and return its result however it ended."""
    with asyncio.Runner(loop_factory=make_loop) as runner:
        return runner.run(BatchRuntime(graph).arun(raises=False, **options))


def runner_on(make_loop: Callable[[], asyncio.AbstractEventLoop]) -> Run:
    """Return a function that runs a graph on such a loop, for at most 20 seconds."""

    def run(graph: Graph, **options: Any) -> Result:
        return run_on(make_loop, graph, **{"time_limit": 20, **options})

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
    """Run a graph on the stock loop as a runtime makes it, which counts its passes."""
    return runner_on(make_loop)
