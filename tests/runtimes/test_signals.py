"""Ctrl-C and SIGTERM, sent to a child process that runs a net, and to this one."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from fbcore import BatchRuntime, Component, Graph, Out, Result, component

ROOT = Path(__file__).parents[2]

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
    output, errors = child.communicate()
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
    output, errors = child.communicate()
    assert output.splitlines()[0] == "cancelled"
    assert output.splitlines()[1].startswith("stopped | asked to stop")
    assert output.splitlines()[2] == "restored"
    assert (errors, child.returncode) == ("", 0)


@pytest.mark.parametrize("where", ["script", "notebook"])
def test_a_signal_ends_the_net_at_once_where_that_is_said(start, where):
    """In the settings; nothing is waited for, and nothing comes out."""
    child = start("at-once", where)
    child.send_signal(signal.SIGINT)
    output, errors = child.communicate()
    assert output.splitlines() == ["draining", "stopped | asked to stop by a signal |", "restored"]
    assert (errors, child.returncode) == ("", 0)


# -- in this process --------------------------------------------------------------------------------------


class Waits(Component):
    """Calls what it is given, and then waits until it is stopped."""

    tick: Out[int]
    begins: Callable[[], object] = staticmethod(lambda: None)

    async def run(self) -> None:
        self.begins()
        await asyncio.sleep(1000)


def run_in(where: str, begins: Callable[[], object]) -> Result:
    """Run a net that waits, from a script or from the cell of a notebook."""
    graph = Graph("waits")
    graph.add(type("Waits", (Waits,), {"begins": staticmethod(begins)})).tick >> graph.outputs.tick

    async def cell() -> Result:
        return BatchRuntime(graph).run(time_limit=100, raises=False)

    return asyncio.run(cell()) if where == "notebook" else BatchRuntime(graph).run(time_limit=100, raises=False)


@pytest.mark.parametrize("where", ["script", "notebook", "script on uvloop"])
def test_a_signal_wakes_a_run_that_waits(where, monkeypatch):
    """Python only notes a signal that another thread takes, or that comes just as the main thread begins to wait."""

    def send() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    if "uvloop" in where:
        monkeypatch.setattr(asyncio.events, "new_event_loop", uvloop.new_event_loop)
    before = signal.set_wakeup_fd(-1)
    result = run_in(where, lambda: asyncio.get_running_loop().call_soon(threading.Thread(target=send).start))
    assert (result.outcome, result.reason) == ("stopped", "asked to stop by a signal")
    assert signal.set_wakeup_fd(before) == -1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["script", "notebook"])
def test_no_signal_comes_too_early(where):
    """From the line on where its handler is there, a signal stops the net; before that it does what it did."""
    # In a process of its own: an exception that Python raises on behalf of a trace within an `except` is never left.
    line = f"from tests.runtimes.test_signals import *; print(sorted(ends_by_moment({where!r})))"
    child = [sys.executable, "-c", line]
    found = subprocess.run(child, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (found.stdout, found.stderr) == ("['begun', 'interrupted', 'stopped']\n", "")


def ends_by_moment(where: str) -> set[str]:
    """Send a signal at each line up to where the net has begun, a run for each, and say what came of them."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    moment, ends = 0, set()
    while "begun" not in ends:
        moment += 1
        ends.add(interrupted(where, moment))
    return ends


def interrupted(where: str, moment: int) -> str:
    """Send SIGTERM at the line of so many that the main thread comes to, and say what came of it."""
    once, lines, came = threading.Lock(), 0, ""

    def send(what: str) -> None:
        nonlocal came
        if once.acquire(blocking=False):
            came = what if signal.getsignal(signal.SIGTERM) is not signal.default_int_handler else "interrupted"
            signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)

    def look(frame: Any, event: str, _: object) -> Any:
        nonlocal lines
        if "fbcore/runtimes/" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        if lines == moment:
            send("stopped")
        return look

    traced = sys.gettrace()
    sys.settrace(look)
    try:
        result = run_in(where, lambda: send("begun"))
    except KeyboardInterrupt:
        return "interrupted"
    finally:
        sys.settrace(traced)
    assert result.reason == "asked to stop by a signal"
    return came


def test_a_signal_as_the_loop_closes_is_no_error(monkeypatch):
    """Of a run in a notebook that has ended already."""
    close = asyncio.Runner.close

    @component
    def ends() -> int:
        return 1

    def closes(runner: asyncio.Runner) -> None:
        close(runner)
        if threading.current_thread() is not threading.main_thread():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    async def cell() -> Result:
        return BatchRuntime(ends).run()

    monkeypatch.setattr(asyncio.Runner, "close", closes)
    assert asyncio.run(cell()).outcome == "finished"
