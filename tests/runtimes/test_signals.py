"""Ctrl-C and SIGTERM, sent to a child process that runs a net."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.timeout(60)

NET = """
import asyncio, signal, sys
from fbcore import BatchRuntime, Component, Graph, In, Out

class Source(Component):
    number: Out[int]
    async def run(self):
        try:
            for number in range(3):
                await self.number.send(number)
            print("running", flush=True)
            await asyncio.sleep(1000)
        finally:
            print("draining", flush=True)

class Collect(Component):
    number: In[int]
    numbers: Out[list]
    async def run(self):
        numbers = [number async for number in self.number]
        if "stuck" in sys.argv:
            try:
                print("stuck", flush=True)
                await asyncio.sleep(1000)
            finally:
                print("cancelled", flush=True)
        await self.numbers.send(numbers)

graph = Graph("child")
collect = graph.add(Collect)
graph.add(Source).number >> collect.number
collect.numbers >> graph.outputs.numbers

def run():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    settings = {"stop": "at once"} if "at-once" in sys.argv else {}
    result = BatchRuntime(graph, settings=settings).run(grace=500)
    print(result.outcome, "|", result.reason, "|", *result.outputs.numbers, flush=True)
    after = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    print("restored" if before == after else "not restored", flush=True)

async def cell():
    run()

if "notebook" in sys.argv:
    asyncio.run(cell())
else:
    run()
"""


@pytest.fixture
def start() -> Iterator[object]:
    """Start the net in a child process, with words that say how; it is killed at the end of the test."""
    children: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", NET, *words]
        children.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert line(children[0]) == "running"
        return children[0]

    yield start
    for child in children:
        child.kill()
        child.communicate()


def line(child: subprocess.Popen[str]) -> str:
    """Read a line of the child's output."""
    return child.stdout.readline().strip()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["script", "notebook"])
def test_a_signal_drains_the_net(start, kind, where):
    """Sources end, what is on its way comes out, the run returns, and the handlers are what they were."""
    child = start(where)
    child.send_signal(kind)
    output, errors = child.communicate(timeout=30)
    assert output.splitlines() == ["draining", "stopped | asked to stop by a signal | [0, 1, 2]", "restored"]
    assert (errors, child.returncode) == ("", 0)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["script", "notebook"])
def test_a_second_signal_cancels_the_net(start, kind, where):
    """A drain that takes too long is not waited for."""
    child = start("stuck", where)
    child.send_signal(kind)
    assert [line(child), line(child)] == ["draining", "stuck"]
    child.send_signal(kind)
    output, errors = child.communicate(timeout=30)
    assert output.splitlines()[0] == "cancelled"
    assert output.splitlines()[1].startswith("stopped | asked to stop")
    assert output.splitlines()[2] == "restored"
    assert (errors, child.returncode) == ("", 0)


@pytest.mark.parametrize("where", ["script", "notebook"])
def test_a_signal_ends_the_net_at_once_where_that_is_said(start, where):
    """In the settings; nothing is waited for, and nothing comes out."""
    child = start("at-once", where)
    child.send_signal(signal.SIGINT)
    output, errors = child.communicate(timeout=30)
    assert output.splitlines() == ["draining", "stopped | asked to stop by a signal |", "restored"]
    assert (errors, child.returncode) == ("", 0)
