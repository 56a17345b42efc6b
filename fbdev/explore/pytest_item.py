"""A test that explores, run by pytest."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import _pytest
import pluggy
import pytest

import fbcore
import fbdev
from fbdev.explore.asked import MARK
from fbdev.explore.decorated import Call, Decorated
from fbdev.explore.pytest_fixtures import Fixtures, refusal
from fbdev.explore.pytest_report import write_report
from fbdev.explore.result import Result
from fbdev.explore.verdict import VerdictKind
from fbdev.explore.words import ExploreError

Failed: Any = pytest.fail.Exception
_LEAVES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)
_NOT_USERS = tuple(str(Path(str(each.__file__)).parent) for each in (fbdev, fbcore, _pytest, pluggy, asyncio))


class NotHeldError(Failed, AssertionError):  # type: ignore[misc]
    """A test that explores does not hold; pytest shows the report, and no traceback."""


# As pytest's own, so that the summary of a run does not begin with the name of a module.
NotHeldError.__module__ = "builtins"
NotHeldError.__qualname__ = NotHeldError.__name__ = "Explored"


def _is_hidden(found: pytest.ExceptionInfo[BaseException]) -> bool:
    """Tell whether our frames are left out; where nothing but a text is shown, pytest would say that it misses them."""
    return not isinstance(found.value, Failed)


def _not_held(text: str) -> BaseException:
    made: Any = NotHeldError
    error: BaseException = made(text, pytrace=False)
    return error


def decorated_of(item: pytest.Item) -> Decorated | None:
    """Return what `@explore(...)` has made of the function of a test, or None."""
    found = getattr(getattr(item, "obj", None), MARK, None)
    return found if isinstance(found, Decorated) else None


def check_item(item: pytest.Function) -> None:
    """Refuse a test that cannot be explored, before its fixtures are made."""
    if decorated_of(item) is None:
        return
    why = refusal(item)
    if getattr(item.cls, "setUpClass", None) is not None and hasattr(item, "_testcase"):
        why = "a unittest.TestCase runs its methods itself: make it a plain class or function"
    if why:
        pytest.fail(f"@explore: {why}", pytrace=False)


def run_item(item: pytest.Function) -> bool:
    """Explore a test, unless it is none that explores; return whether it is one."""
    __tracebackhide__ = _is_hidden
    decorated = decorated_of(item)
    if decorated is None:
        return False
    try:
        text = _run(item, decorated)
    except ExploreError as error:
        raise _not_held(f"@explore: {error}") from None
    except BaseException as error:
        raise error.with_traceback(_users_part(error.__traceback__))  # noqa: B904 - it is the same error
    if text:
        raise _not_held(text)
    return True


def _run(item: pytest.Function, decorated: Decorated) -> str:
    """Explore, or replay; return what is wrong, or "" when nothing is."""
    fixtures = Fixtures(item)

    def make() -> Any:
        test = fixtures.make_anew()
        owner = getattr(test, "__self__", None)
        function = decorated.function if owner is None else decorated.function.__get__(owner)
        return function(**fixtures.arguments())

    call = Call(make, _leaves, fixtures.net)
    token = item.config.getoption("explore_replay")
    if token:
        result = decorated.replayed(call, token)
        is_good = result.failure is None and result.verdict.kind is VerdictKind.SAMPLED
    else:
        seconds = item.config.getoption("explore_budget")
        with _still(item.config), _warned_once():
            result = decorated.explored(call, seconds=seconds, values=fixtures.values())
        if result.verdict.detail == "interrupted":
            raise KeyboardInterrupt
        is_good = result.verdict.is_accepted(frozenset(decorated.accept))
        if result.failure is not None and not decorated.options.get("chance"):
            # What it printed and logged is what pytest shows of it.
            decorated.replayed(call, result.token)
    again = f"pytest {shlex.quote(_address(item))} --explore-replay {result.token}"
    folder = item.config.getoption("explore_report")
    if folder:
        try:
            write_report(folder, item.nodeid, result)
        except OSError as error:
            raise ExploreError(f"{error}", "--explore-report", "name a folder that can be written to") from None
    text = result.report(again)
    if is_good:
        item.add_report_section("call", "explore", text)
        return ""
    return "\n".join([text, *_mend(result, decorated)])


def _mend(result: Result, decorated: Decorated) -> list[str]:
    """Say what can be done about a verdict that is no bug, and is not enough."""
    verdict = result.verdict
    if verdict.kind is VerdictKind.INCONCLUSIVE and verdict.detail.endswith("are spent"):
        in_seconds = verdict.detail.endswith("seconds are spent")
        how = "@explore(budget=SECONDS) or --explore-budget SECONDS" if in_seconds else "@explore(budget=Budget(...))"
        return [f"  mend: give it more with {how}, or give it less to do"]
    names = [given.name for given in verdict.givens if not given.is_usual]
    names += ["sampled"] if verdict.kind is VerdictKind.SAMPLED else []
    if not names or result.search == "replay" or verdict.kind in (VerdictKind.BUG, VerdictKind.INCONCLUSIVE):
        return []
    accept = ", ".join(repr(name) for name in sorted({*names, *decorated.accept}))
    more = "" if verdict.kind is VerdictKind.HOLDS else "; else give it more with --explore-budget SECONDS"
    return [f"  mend: if that is enough, say @explore(accept=[{accept}]){more}"]


def _address(item: pytest.Function) -> str:
    """Return what names the test where pytest was called."""
    file, colons, inside = item.nodeid.partition("::")
    group = item.get_closest_marker("xdist_group")
    if group is not None and item.config.getoption("loadgroup", False):
        # With it pytest-xdist calls the test by its group, too.
        inside = inside.rpartition("@")[0] or inside
    place = os.path.relpath(item.config.rootpath / file, item.config.invocation_params.dir)
    return f"{place}{colons}{inside}"


# -- exceptions ------------------------------------------------------------------------------------------


def _leaves(error: BaseException) -> bool:
    """Tell whether an exception is no failure of one schedule, but ends the test: skipped, or out of time."""
    if isinstance(error, _LEAVES):
        return True
    trace = error.__traceback__
    while isinstance(error, Failed) and trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == "pytest_timeout":
            return True
        trace = trace.tb_next
    return False


def _users_part(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the frames of the explorer and of pytest that come before the user's."""
    first = trace
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_NOT_USERS):
            return trace
        trace = trace.tb_next
    return first


# -- what thousands of executions would say --------------------------------------------------------------


class _Nowhere(TextIOBase):
    """Takes what nobody reads."""

    def write(self, text: str) -> int:
        """Forget a text."""
        return len(text)


@contextmanager
def _still(config: pytest.Config) -> Iterator[None]:
    """Drop what is printed and logged, unless the user asked to see everything, with `-s`."""
    if config.getoption("capture") == "no":
        yield
        return
    root, nowhere = logging.getLogger(), _Nowhere()
    handlers, root.handlers = root.handlers, [logging.NullHandler()]
    try:
        with redirect_stdout(cast(Any, nowhere)), redirect_stderr(cast(Any, nowhere)):
            yield
    finally:
        root.handlers = handlers


@contextmanager
def _warned_once() -> Iterator[None]:
    """Let each warning be told once, and not in every execution."""
    tell = warnings.showwarning
    told = set[tuple[Any, ...]]()

    def once(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        what = (str(message), category, filename, lineno)
        if what not in told:
            told.add(what)
            tell(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = once
        yield
