"""What pytest learns from fbdev: the fixtures `run_net` and `stepped_loop`, and the option `--net-seed`.

Nothing of fbcore is imported before a test asks for it, so that other projects pay nothing.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fbcore.loop import SteppedLoop
    from fbcore.model.graph import Graph
    from fbcore.net.report import Result

_SEED = pytest.StashKey[int]()
_RUNNER = pytest.StashKey[asyncio.Runner]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--net-seed`."""
    text = "run `run_net` and `stepped_loop` in the order of this seed, instead of a new one every time"
    parser.getgroup("fbdev").addoption("--net-seed", type=int, default=None, metavar="N", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of this run of the tests."""
    given = config.getoption("--net-seed")
    config.stash[_SEED] = random.SystemRandom().randrange(2**32) if given is None else given


@pytest.fixture
def run_net(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a net on a stepped loop: on virtual time, in a random order whose seed is shown when the test fails.

    A test that takes it says `run_net(graph, inputs={"x": Each(range(5))}).outputs.y == [0, 1, 4, 9, 16]`.
    """
    seed = request.config.stash[_SEED]

    def run(graph: Graph, **options: Any) -> Result:
        from fbcore.testing import run_stepped

        return run_stepped(graph, seed, **options)

    return run


@pytest.fixture
def stepped_loop(request: pytest.FixtureRequest) -> Iterator[SteppedLoop]:
    """Run a test that is a coroutine function on a stepped loop: on virtual time, in a random order.

    The seed of the order is shown when the test fails, and waiting for ever is an error that says who waits.
    The test gets the loop; one that is no coroutine function may step it by hand. No other plugin is needed.
    """
    from fbcore.loop import Seeded, SteppedLoop

    seed = request.config.stash[_SEED]
    with asyncio.Runner(loop_factory=lambda: SteppedLoop(Seeded(seed))) as runner:
        request.node.stash[_RUNNER] = runner
        loop = runner.get_loop()
        assert isinstance(loop, SteppedLoop)
        yield loop


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that takes `stepped_loop` and is a coroutine function."""
    runner = pyfuncitem.stash.get(_RUNNER, None)
    if runner is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    # Closed here, so that what is wrong with that is wrong with the test.
    with runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}))
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the seed where a test fails whose order it made."""
    report = yield
    if report.failed and not {"run_net", "stepped_loop"}.isdisjoint(getattr(item, "fixturenames", ())):
        seed = item.config.stash[_SEED]
        report.sections.append(("the order of its steps", f"repeat it with --net-seed {seed}"))
    return report
