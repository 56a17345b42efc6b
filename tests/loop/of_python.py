"""Run CPython's own tests of asyncio on a stepped loop: `python -m tests.loop.of_python [MODULE ...]` prints JSON.

They make their loops by `asyncio.new_event_loop` or a Runner, so a policy that makes stepped ones is nearly all it
takes; others use a loop of the tests' own, with a clock that they turn, in whose stead they get one of ours too.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.util
import io
import json
import sys
import unittest
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from fbcore.loop import SteppedLoop
from fbcore.outside import OpenLoop

MODULES = (
    "test_tasks",
    "test_locks",
    "test_queues",
    "test_timeouts",
    "test_taskgroups",
    "test_waitfor",
    "test_eager_task_factory",
    "test_futures",
    "test_futures2",
    "test_staggered",
)
"""Those of `test.test_asyncio` that are about tasks and what they wait for; not every Python has all of them."""

OF_OUTSIDE = (
    "test_streams",
    "test_subprocess",
    "test_server",
    "test_threads",
    "test_runners",
    "test_pep492",
    "test_context",
)
"""Those that need threads, sockets and subprocesses, too: they run on open loops."""

made: list[SteppedLoop] = []
"""The loops that were made."""


class Policy(asyncio.DefaultEventLoopPolicy):
    """Makes stepped loops, or open ones."""

    def __init__(self, make_loop: Callable[[], SteppedLoop]) -> None:
        super().__init__()
        self._make_loop = make_loop

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Make one."""
        made.append(self._make_loop())
        return made[-1]


class TurnedLoop(SteppedLoop):
    """In the stead of the tests' own loop: its clock may be turned, and jumps to timers without being told when."""

    def __init__(self, times: object = None) -> None:
        super().__init__()
        made.append(self)

    def advance_time(self, seconds: float) -> None:
        """Turn the clock."""
        self._now += seconds


def cases(suite: Any) -> Iterator[unittest.TestCase]:
    """Go through the tests of a suite."""
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from cases(each)
        else:
            yield each


def run(module: str, policy: asyncio.AbstractEventLoopPolicy) -> dict[str, Any]:
    """Run a module's tests, and return what became of them; `on_it` are those that made a stepped loop."""
    counts: dict[str, Any] = {"ran": 0, "on_it": 0, "skipped": 0, "failed": {}}
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.test_asyncio.{module}")
    # They collect garbage hundreds of times, and what stays to the end is none.
    gc.collect()
    gc.freeze()
    for case in cases(suite):
        asyncio.set_event_loop_policy(policy)
        made.clear()
        result = unittest.TestResult()
        case.run(result)
        counts["ran"] += 1
        counts["on_it"] += bool(made)
        counts["skipped"] += len(result.skipped)
        for _, trace in result.failures + result.errors:
            counts["failed"][case.id().removeprefix("test.test_asyncio.")] = trace.strip().splitlines()[-1]
    return counts


def make_loop(module: str) -> Callable[[], SteppedLoop]:
    """Return what makes the loops of a module's tests."""
    return (lambda: OpenLoop(patience=1)) if module in OF_OUTSIDE else SteppedLoop


def main() -> None:
    """Run the modules that are there and print what became of their tests, as JSON."""
    warnings.simplefilter("ignore")
    found = sys.argv[1:] or [
        name for name in (*MODULES, *OF_OUTSIDE) if importlib.util.find_spec(f"test.test_asyncio.{name}")
    ]
    importlib.import_module("test.test_asyncio.utils").TestLoop = TurnedLoop  # type: ignore[attr-defined]
    sys.stderr = io.StringIO()
    print(json.dumps({name: run(name, Policy(make_loop(name))) for name in found}, indent=1))


if __name__ == "__main__":
    main()
