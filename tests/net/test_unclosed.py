"""What was dropped without having been closed is told of: as a ResourceWarning, and on the log."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from fbcore import BatchRuntime, Component, Each, Graph, In, Out, component
from fbcore.net.build import build_net


class Waits(Component):
    """Wait for ever."""

    number: In[int]
    out: Out[int]

    async def run(self) -> None:
        await self.number.receive()
        await asyncio.Event().wait()


@component
def last(number: int) -> None: ...


def waiting() -> Graph:
    graph = Graph("waiting")
    node = graph.add(Waits, "first")
    graph.inputs.number >> node.number
    node.out >> graph.add(last).number
    return graph


def dropped(begin: Callable[[], Any]) -> list[str]:
    """Begin something on a loop, drop both, and return the texts of all ResourceWarnings about nets."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)

    async def main() -> Any:
        begun = begin()
        await asyncio.sleep(0.01)
        return begun

    begun = [loop.run_until_complete(main())]
    loop.close()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            del task
        begun.clear()
        del loop
        # The thread that watches for slow turns looks at the net now and then, and has gone when that has.
        for thread in threading.enumerate():
            if thread.name.startswith("watchdog"):
                thread.join(100)
        gc.collect()
    return [str(each.message) for each in warned if each.category is ResourceWarning]


def test_a_net_that_is_dropped_while_it_runs_warns_once(caplog):
    """It names what is open, and where it was made; on the log too."""

    def begin() -> Any:
        return asyncio.ensure_future(BatchRuntime(waiting()).arun(inputs={"number": Each([1])}))

    (text,) = dropped(begin)
    assert text.startswith(f"waiting: was dropped before its end (made at {__file__}:")
    assert "; open nodes: first, last; open ports: first.number, first.out, last.number;" in text
    assert "open edges: inputs.number->first.number, first.out->last.number; await its run" in text
    told = [record for record in caplog.records if getattr(record, "event", "") == "unclosed"]
    assert [(record.name, record.levelno, record.getMessage()) for record in told] == [
        ("fbcore.net.waiting", logging.WARNING, text)
    ]


def test_a_stream_that_is_dropped_warns_once():
    """The net behind a stream that was entered and never left is as open as any."""

    def begin() -> Any:
        stream = BatchRuntime(Waits).stream(inputs={"number": Each([1])})
        return stream, asyncio.ensure_future(stream.__aenter__())

    (text,) = dropped(begin)
    assert "open nodes: waits, outputs" in text


def test_a_net_that_was_never_begun_may_be_dropped():
    """It holds nothing but what it was given."""
    assert dropped(lambda: build_net(waiting(), {"number": Each([1])})) == []


def test_a_net_that_has_ended_may_be_dropped():
    """However it ended, nothing is open."""
    BatchRuntime(last).run(inputs={"number": Each([1])})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()


def test_many_addresses_are_cut_short():
    """A line of a log is no list of a thousand nodes."""
    graph = Graph("many")
    for number in range(20):
        graph.inputs.number >> graph.add(Waits, f"node_{number}").number

    def begin() -> Any:
        return asyncio.ensure_future(BatchRuntime(graph).arun(inputs={"number": Each([1])}))

    (text,) = dropped(begin)
    assert "open nodes: node_0, node_1, node_2, node_3, node_4, node_5, node_6, node_7 and 12 more;" in text
    assert len(text) < 2000


class TakesOne(Component):
    """Take one number, and want no more."""

    number: In[int]

    async def run(self) -> None:
        await self.number.receive()


@pytest.mark.parametrize("is_async", [False, True])
def test_an_iterator_that_fails_on_its_way_out_is_no_net_that_is_dropped(run, is_async):
    """A generator is closed when nobody wants more; what it raises then is a failure as any other."""

    @component
    def plain(number: int) -> Iterator[int]:
        try:
            while True:
                yield number
        finally:
            raise ValueError("on the way out")

    @component
    async def waiting(number: int) -> AsyncIterator[int]:
        try:
            while True:
                yield number
        finally:
            raise ValueError("on the way out")

    graph = Graph("endless")
    node = graph.add(waiting if is_async else plain, "node")
    graph.inputs.number >> node.number
    node.out >> graph.add(TakesOne).number
    result = run(graph, inputs={"number": 1})
    assert [error.what.partition(" (")[0] for error in result.errors] == ["ValueError: on the way out"]


ENDS = """
import asyncio, sys, warnings
from fbcore import BatchRuntime, Component, FSMRuntime, Each, In
warnings.simplefilter("always")

class Waits(Component):
    number: In[int]

    async def run(self) -> None:
        await asyncio.Event().wait()

fsm = FSMRuntime(Waits).start(inputs={"number": Each([1])})
fsm.step()
loop = asyncio.new_event_loop()
kept = loop.create_task(BatchRuntime(Waits).arun(inputs={"number": Each([1])}))
kept._log_destroy_pending = False
loop.run_until_complete(asyncio.sleep(0.01))
sys.exit(0)
"""


@pytest.mark.slow
def test_the_end_of_the_program_is_no_neglect():
    """What is open when the interpreter ends is not told of."""
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0
    assert "dropped before" not in done.stderr
    assert "never closed" not in done.stderr
