"""What pytest learns from fbdev: the fixture `run_net`, and the option `--net-seed`.

Nothing of fbcore is imported before a test asks for it, so that other projects pay nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fbcore.model.graph import Graph
    from fbcore.net.report import Result

_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--net-seed`."""
    text = "run the nets of `run_net` in the order of this seed, instead of a new one every time"
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the seed where a test fails that ran a net."""
    report = yield
    if report.failed and "run_net" in getattr(item, "fixturenames", ()):
        seed = item.config.stash[_SEED]
        report.sections.append(("the order of its nets", f"repeat it with --net-seed {seed}"))
    return report
