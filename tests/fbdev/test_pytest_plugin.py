"""The fixtures `run_net` and `stepped_loop`, as a user's tests get them from the installed plugin."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.habits.tree import ROOT

TESTS = """
from fbcore import Graph
from fbcore.testing import SlowSource

graph = Graph("race")
for id in ("first", "second"):
    graph.add(SlowSource, id, values=[id] * 8).out >> graph.outputs.out


def test_both_come(run_net):
    assert sorted(run_net(graph).outputs.out) == ["first"] * 8 + ["second"] * 8


def test_the_first_is_first(run_net):
    assert run_net(graph).outputs.out == "depends on the order"
"""


def run_tests(folder: Path, *options: str) -> str:
    """Run a user's tests in a process of their own."""
    (folder / "test_race.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_race.py"]
    # This tree's plugin, wherever another is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_the_seed_is_shown_when_a_test_fails_and_repeats_it(tmp_path: Path) -> None:
    """The report of the failed test, and of no other, names the seed; with it the order is the same again."""
    text = run_tests(tmp_path)
    assert "1 failed, 1 passed" in text
    (seed,) = re.findall(r"repeat it with --net-seed (\d+)", text)
    orders = [re.findall(r"assert \[(.*?)\] ==", run_tests(tmp_path, "--net-seed", seed)) for _ in range(2)]
    assert orders[0] == orders[1] == re.findall(r"assert \[(.*?)\] ==", text)


@pytest.mark.slow
def test_other_projects_pay_nothing(tmp_path: Path) -> None:
    """Where no test asks for `run_net`, fbcore is not imported."""
    text = "import sys\\n\\ndef test_it():\\n    assert not any(name.startswith('fbcore') for name in sys.modules)\\n"
    (tmp_path / "test_other.py").write_text(text.encode().decode("unicode_escape"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_other.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout


WAITING = """
import asyncio

import anyio
import pytest


@pytest.fixture
def seconds():
    return 3600


@pytest.mark.parametrize("name", ["one", "two"])
async def test_waits(stepped_loop, seconds, name):
    await asyncio.sleep(seconds)
    with anyio.move_on_after(1):
        await anyio.sleep_forever()
    assert stepped_loop.time() == seconds + 1


class TestInside:
    async def test_waits(self, stepped_loop):
        await asyncio.sleep(1)


def test_by_hand(stepped_loop):
    stepped_loop.create_task(asyncio.sleep(5), name="sleeper")
    assert stepped_loop.step() == "sleeper"


async def test_waits_for_ever(stepped_loop):
    asyncio.create_task(asyncio.sleep(1000), name="a sleeper")
    await asyncio.Event().wait()


async def test_order(stepped_loop):
    order = []

    async def note(number):
        order.append(number)

    await asyncio.gather(*(asyncio.create_task(note(number)) for number in range(12)))
    assert order == "depends on the seed"
"""


def run_waiting(folder: Path, *options: str) -> str:
    (folder / "test_waiting.py").write_text(WAITING, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        *options,
        "test_waiting.py",
    ]
    # This tree's plugin, wherever another is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_a_coroutine_function_is_a_test_on_virtual_time(tmp_path: Path) -> None:
    """With fixtures, parameters and classes; one that would wait for ever fails, and the seed repeats the order."""
    text = run_waiting(tmp_path)
    assert "2 failed, 4 passed" in text
    assert "LoopError: the loop would wait for ever; tasks that wait: task-1" in text
    seeds = re.findall(r"repeat it with --net-seed (\d+)", text)
    assert len(seeds) == 2
    # Where `CI` is set, pytest writes the assertion once more, below.
    (order,) = set(re.findall(r"assert \[(.*?)\] ==", text))
    assert set(re.findall(r"assert \[(.*?)\] ==", run_waiting(tmp_path, "--net-seed", seeds[0]))) == {order}
