"""CPython's own tests of tasks and what they wait for hold on a stepped loop, those of streams on an open one."""

import importlib.util
import json
import subprocess
import sys

import pytest

from tests.loop.of_python import MODULES, OF_OUTSIDE

EXCEPT = {
    "test_stop_while_run_in_complete": "turns its clock ahead of a timer that never is due, and reads that",
    "RunCoroutineThreadsafeTests": "calls from other threads, which a stepped loop refuses",
    "test_kill_issue43884": "sleeps beside a subprocess, and expects that to take time",
}
"""Tests that do not hold, and why."""

AT_LEAST = {
    "test_tasks": 880,
    "test_futures": 150,
    "test_locks": 70,
    "test_queues": 44,
    "test_taskgroups": 35,
    "test_timeouts": 32,
    "test_waitfor": 15,
    "test_streams": 60,
    "test_subprocess": 29,
    "test_threads": 6,
}
"""How many of a module's tests run on stepped loops, at the least, on every Python."""

HAS_TESTS = importlib.util.find_spec("test.test_asyncio") is not None if importlib.util.find_spec("test") else False


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TESTS, reason="this Python came without its own tests")
@pytest.mark.parametrize("module", [*MODULES, *OF_OUTSIDE])
def test_tests_of_asyncio_hold(module):
    """Each of a module's tests passes on stepped loops, or open ones, but for those that need what is refused."""
    if importlib.util.find_spec(f"test.test_asyncio.{module}") is None:
        assert module not in AT_LEAST
        return
    command = [sys.executable, "-m", "tests.loop.of_python", module]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[module]
    failed = {name: why for name, why in found["failed"].items() if not any(each in name for each in EXCEPT)}
    assert failed == {}
    assert found["on_it"] >= AT_LEAST.get(module, 0)
