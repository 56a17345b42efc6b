"""What pytest learns from fbdev: the fixtures `run_net` and `stepped_loop`, `@explore(...)` above tests, and options.

Nothing of fbcore or fbdev is imported before a test asks for it, so that other projects pay nothing.
"""

from __future__ import annotations

import argparse
import inspect
import random
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asyncio import Runner

    from fbcore.loop import SteppedLoop
    from fbcore.model.graph import Graph
    from fbcore.net.report import Result

_EXPLORES = "_explored_by_fbdev"
"""As in `fbdev.explore.asked`."""
_SEED = pytest.StashKey[int]()
_RUNNER: pytest.StashKey[Runner] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options `--net-seed`, and those of `@explore(...)`."""
    group = parser.getgroup("fbdev")
    text = "run `run_net` and `stepped_loop` in the order of this seed, instead of a new one every time"
    group.addoption("--net-seed", type=int, default=None, metavar="N", help=text)
    text = "give each test with @explore(...) so many seconds, whatever its own budget is"
    group.addoption("--explore-budget", type=_seconds, default=None, metavar="SECONDS", help=text)
    text = "of the tests with @explore(...) that are selected, run only the schedule of this token"
    group.addoption("--explore-replay", default=None, metavar="TOKEN", help=text)
    text = "write the result of each test with @explore(...) to this folder, as JSON and as pictures"
    group.addoption("--explore-report", default=None, metavar="DIR", help=text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of this run of the tests, and refuse options that can do nothing."""
    given = config.getoption("--net-seed")
    config.stash[_SEED] = random.SystemRandom().randrange(2**32) if given is None else given
    token, folder = config.getoption("--explore-replay"), config.getoption("--explore-report")
    if token is not None:
        _check_token(token)
    if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        raise pytest.UsageError(f"--explore-report: {folder} is a file; name a folder, which is made if need be")


def _check_token(token: str) -> None:
    from fbdev.explore.token import steps_of
    from fbdev.explore.words import ExploreError

    try:
        steps_of(token)
    except ExploreError as error:
        raise pytest.UsageError(f"--explore-replay: {error}") from None


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> None:
    """Refuse what `@explore` leaves of a test when it is written without parentheses: a result."""
    if type(obj).__module__ == "fbdev.explore.result" and collector.funcnamefilter(name):
        raise pytest.Collector.CollectError(
            f"{name} was explored when it was imported: write @explore(), and it is a test"
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a token when no test that explores is selected, for then nothing would be replayed."""
    is_asked = session.config.getoption("--explore-replay") is not None and session.items
    if is_asked and not any(hasattr(getattr(item, "obj", None), _EXPLORES) for item in session.items):
        raise pytest.UsageError("--explore-replay: no test that is selected has @explore(...) above it")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where the reports are that were asked for."""
    folder = config.getoption("--explore-report")
    if folder is not None and any(Path(folder).glob("*.json")):
        terminalreporter.write_line(f"reports of the tests with @explore(...) are in {folder}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test that cannot be explored."""
    if isinstance(item, pytest.Function) and hasattr(item.obj, _EXPLORES):
        from fbdev.explore.pytest_item import check_item

        check_item(item)


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
    from asyncio import Runner

    from fbcore.loop import Seeded, SteppedLoop

    seed = request.config.stash[_SEED]
    with Runner(loop_factory=lambda: SteppedLoop(Seeded(seed))) as runner:
        request.node.stash[_RUNNER] = runner
        loop = runner.get_loop()
        assert isinstance(loop, SteppedLoop)
        yield loop


def _is_hidden(found: pytest.ExceptionInfo[BaseException]) -> bool:
    """Tell whether our frame is left out; of a failure that is a text pytest would say that all of them were hidden."""
    return not isinstance(found.value, pytest.fail.Exception)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that explores, and one that takes `stepped_loop` and is a coroutine function."""
    __tracebackhide__ = _is_hidden
    if hasattr(pyfuncitem.obj, _EXPLORES):
        from fbdev.explore.pytest_item import run_item

        return run_item(pyfuncitem) or None
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
