"""What holds for every test: nothing is skipped in silence, and hypothesis draws the same examples wherever CI runs."""

import gc
import os
import signal
import sys
from collections.abc import Generator
from compileall import compile_dir
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import settings

from fbcore.net import watchdog

# A shell starts what is to run in the background with Ctrl-C ignored, and every program that a test starts would too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips.txt")

# No deadline: how long an example takes depends on the machine, and pytest-timeout ends what hangs.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "house")


def pytest_configure(config: pytest.Config) -> None:
    """Compile what hundreds of tests start in a process of its own, and may not compile for the next one."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        for package in ("fbcore", "fbdev"):
            compile_dir(ALLOWED_SKIPS.parents[1] / package, quiet=2)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass by what stays to the end: some thousand tests, and all that they import."""
    gc.collect()
    gc.freeze()
    # On a busy machine any turn may stand still for a tenth of a second; those that are about slow turns say so.
    watchdog.SLOW_TURN = 60.0


def is_allowed(reason: str) -> bool:
    """Tell whether a line of allowed_skips.txt, which may hold wildcards, is this reason."""
    lines = ALLOWED_SKIPS.read_text(encoding="utf-8").splitlines()
    return any(fnmatchcase(reason, line) for line in lines if line and not line.startswith("#"))


def refuse_unlisted(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip (or an expected failure) whose reason is not listed a failure."""
    if not report.skipped:
        return
    reason = getattr(report, "wasxfail", None)
    if reason is None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("reason: ").removeprefix("Skipped: ")
    if not is_allowed(reason):
        report.outcome = "failed"
        report.longrepr = f"skipped, and tests/{ALLOWED_SKIPS.name} does not list the reason: {reason or '(none)'}"
        vars(report).pop("wasxfail", None)


# The reports are changed where they are made, because with xdist the one who prints never hears of a skipped module.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at the report of a test."""
    report = yield
    refuse_unlisted(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at the report of a module's collection."""
    report = yield
    refuse_unlisted(report)
    return report
