"""Reports: the smallest schedule, its cause, and tokens that show it again elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fbdev.explore import ExploreError, Scene, Shared, VerdictKind, explore, replay
from fbdev.explore.token import steps_of, token_of
from tests.habits.tree import ROOT

Steps = Iterator[Any]

FILE = """
from fbdev.explore import Scene, Shared, explore, replay

def factory():
    count = Shared(0, "count")

    def add():
        seen = count.value
        yield "read"
        yield object()
        count.value = seen + 1

    return Scene([add(), add()], count)

def at_end(count):
    return count.value == 2
"""


def losing(label: str = "read", pauses: int = 0) -> Scene:
    """Make processes that lose an update, after some steps that touch nothing."""
    count = Shared(0, "count")

    def add() -> Steps:
        for _ in range(pauses):
            yield "pause"
        seen = count.value
        yield label
        count.value = seen + 1

    return Scene({"a": add(), "b": add()}, count)


def is_two(count: Any) -> bool:
    """Tell whether both have counted."""
    return bool(count.value == 2)


@pytest.mark.parametrize("search", ["states", "races", "every", "sample"])
def test_the_smallest_schedule_is_reported(search: Any) -> None:
    """Whatever search found it, the schedule has the fewest switches, and then the fewest steps."""
    failure = explore(lambda: losing(pauses=3), at_end=is_two, search=search).failure
    assert failure is not None
    assert failure.switches == 2
    assert len(failure.schedule) == 10


def test_a_failure_is_reported_as_early_as_it_comes() -> None:
    """A schedule ends with the step that failed, and has none that it does not need."""

    def factory() -> Scene:
        flag = Shared(0, "flag")

        def idle() -> Steps:
            yield "one"
            yield "two"

        def fail() -> Steps:
            yield "ready"
            raise ValueError("no")

        return Scene({"a": idle(), "b": fail()}, flag)

    failure = explore(factory).failure
    assert failure is not None
    assert failure.schedule == ("b", "b")
    assert "ValueError: no" in failure.trace


def test_the_causal_pair_says_who_did_what_and_where() -> None:
    """The two steps without whose order nothing fails are named, with file, line and function."""
    failure = explore(losing, at_end=is_two).failure
    assert failure is not None
    first, second = failure.cause
    assert first.startswith("step 2: b reads count at ")
    assert second.startswith("step 4: a writes count at ")
    assert "test_replay.py:" in first
    assert first.endswith("in add")


def test_a_token_shows_the_failure_again() -> None:
    """What a result says can be made again from its token, ten times of ten."""
    result = explore(losing, at_end=is_two)
    for _ in range(10):
        again = replay(losing, result.token, at_end=is_two)
        assert again.verdict.kind is VerdictKind.BUG
        assert again.token == result.token


def test_a_token_that_does_not_fit_says_which_choice() -> None:
    """When code has changed, the first choice that is another is named."""
    token = explore(losing, at_end=is_two).token
    renamed = replay(lambda: losing("seen"), token, at_end=is_two)
    assert renamed.verdict.detail == "choice 1 does not fit any more: a reaches 'seen', where the token says 'read'"
    longer = replay(losing, token_of(["a", "a", "a"], ["read", "finished", "finished"]), at_end=is_two)
    assert longer.verdict.detail == "choice 3 does not fit any more: a cannot make a step there"
    assert longer.verdict.kind is VerdictKind.INCONCLUSIVE


def test_a_token_of_what_is_mended_proves_nothing() -> None:
    """A schedule that no longer fails is one sample."""
    result = replay(losing, explore(losing, at_end=is_two).token)
    assert result.verdict.kind is VerdictKind.SAMPLED


@pytest.mark.parametrize("token", ["", "x1.", "x1.@@@", "x2.abc", explore.__name__])
def test_what_is_no_token_is_refused(token: str) -> None:
    """A broken token is named as such."""
    with pytest.raises(ExploreError, match="is no replay token"):
        steps_of(token)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_token_works_in_another_process_and_python(version: str, tmp_path: Path) -> None:
    """A token is good on every Python that there is."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    beside = Path(sys.prefix).parent / f".venv-{version}" / "bin" / "python"
    python = sys.executable if own == version else str(beside)
    if not Path(python).exists():
        pytest.skip(f"there is no Python {version} with what fbdev needs")
    (tmp_path / "program.py").write_text(FILE)
    found = {}
    exec(FILE, found)
    token = explore(found["factory"], at_end=found["at_end"]).token
    code = f"import program as p; print(p.replay(p.factory, {token!r}, at_end=p.at_end).verdict.kind)"
    for _ in range(2):
        run = subprocess.run(
            [python, "-c", code],
            check=False,
            cwd=tmp_path,
            env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
            capture_output=True,
            text=True,
        )
        assert (run.stdout, run.stderr) == ("bug\n", "")
