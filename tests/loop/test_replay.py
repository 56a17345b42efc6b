"""The same choices make the same run: in another loop, in another process, with another hash seed, byte for byte."""

import asyncio
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from fbcore.driver import Driver, Scripted, Seeded, first_come
from fbcore.loop import SteppedLoop
from tests.loop.oracle import Log, seen
from tests.loop.programs import MAKERS

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _no_garbage_is_collected() -> Iterator[None]:
    """Keep the collector from closing generators that hang in circles: it comes when it comes."""
    gc.disable()
    yield
    gc.enable()


def run(kind: str, number: int, driver: Driver) -> tuple[Log, list[str]]:
    """Run a program with a driver; return its log and the choices."""
    loops: list[SteppedLoop] = []

    def make_loop() -> asyncio.AbstractEventLoop:
        loops.append(SteppedLoop(driver))
        return loops[-1]

    return seen(MAKERS[kind](number), make_loop), loops[0].choices


@pytest.mark.slow
@pytest.mark.parametrize("timers", [False, True])
@pytest.mark.parametrize("kind", MAKERS)
def test_choices_of_a_seed_are_replayed(kind, timers):
    """A script of what a seed chose makes the same log and the same choices, time-outs that won included."""
    logs = set()
    for number in range(24):
        log, choices = run(kind, number % 8, Seeded(number, timers=timers))
        assert run(kind, number % 8, Scripted(choices)) == (log, choices)
        logs.add(repr(log))
    assert len(logs) > 12


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_the_order_of_first_come_is_replayed(kind):
    """The quick way of running first come records what the slow way needs."""
    for number in range(25):
        log, choices = run(kind, number, first_come)
        assert run(kind, number, Scripted(choices)) == (log, choices)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_run_is_stepped_by_hand(kind):
    """Each of the choices, given to `step` one by one, makes the same log."""
    for number in range(6):
        log, choices = run(kind, number, Seeded(number, timers=True))
        again: Log = []
        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            loop = runner.get_loop()
            task = loop.create_task(_to_coroutine(kind, number, again))
            for name in choices:
                if task.done():
                    break
                assert loop.step(name) == name
            assert log[: len(again)] == again
            assert task.done()


async def _to_coroutine(kind: str, number: int, log: Log) -> object:
    return await MAKERS[kind](number)(log)


def child() -> None:
    """Print the logs and choices of many programs, after littering the memory."""
    warnings.simplefilter("ignore")
    gc.disable()
    litter = [bytearray(7 * number) for number in range(int(os.environ["LITTER"]))]
    for kind in MAKERS:
        for number in range(15):
            litter.append(bytearray(number * len(litter)))
            for driver in (first_come, Seeded(number), Seeded(number, timers=True)):
                print(run(kind, number, driver))


@pytest.mark.slow
def test_runs_are_the_same_in_every_process():
    """Neither the hash seed of strings nor where things lie in memory has a say."""

    def output(hash_seed: str, litter: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "LITTER": litter}
        command = [sys.executable, "-c", "from tests.loop.test_replay import child; child()"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    first = output("1", "0")
    assert len(first.splitlines()) == 90
    assert output("2", "70") == output("3", "311") == first
