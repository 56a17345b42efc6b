"""Running coroutines on each kind of loop: the stock one, a stepped one, and uvloop as a loop that is not ours."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from fbcore.loop import Seeded, SteppedLoop

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "stock": asyncio.new_event_loop,
    "stepped": SteppedLoop,
    "seeded": lambda: SteppedLoop(Seeded(5)),
    "uvloop": uvloop.new_event_loop,
}

OnLoop = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=LOOPS)
def on_loop(request: pytest.FixtureRequest) -> OnLoop:
    """Run a coroutine on one of the loops, for at most 100 seconds; a test that takes this runs on each."""

    async def bounded(work: Coroutine[Any, Any, Any]) -> Any:
        async with asyncio.timeout(100):
            return await work

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(bounded(work))

    return run


@pytest.fixture
def stepped() -> OnLoop:
    """Run a coroutine on a stepped loop, where time is virtual and standing still is known exactly."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            return runner.run(work)

    return run
