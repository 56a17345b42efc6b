"""Progress: told while an exploration goes on, and painted as one line on a terminal, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fbdev.explore import Budget, Progress, explore
from fbdev.explore.live import line
from tests.fbdev.explore.test_command import FAN_IN
from tests.fbdev.explore.test_keeping import counting
from tests.fbdev.terminal import Terminal


@pytest.mark.parametrize("search", ["auto", "states", "races", "every", "preemptions", "sample"])
def test_progress_is_told(search: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was spent and found grows, and the time that is left is told."""
    from fbdev.explore import strategy

    monkeypatch.setattr(strategy, "EVERY", 0.0)
    told: list[Progress] = []
    result = explore(counting, search=search, samples=50, budget=60, progress=told.append)
    assert len(told) > 3
    assert [each.executions for each in told] == sorted(each.executions for each in told)
    assert told[-1].executions <= result.executions
    assert told[-1].steps > 0
    assert told[-1].ends == 1
    assert told[-1].depth == 12
    assert told[0].seconds_left is not None
    assert told[0].seconds_left <= 60
    assert max(each.states for each in told) > 0 or search in ("races", "every", "sample")


def test_what_goes_on_is_told_with_what_was_before(tmp_path: Path) -> None:
    """Executions of the part before are counted, and a budget without seconds has no time left to tell."""
    file = tmp_path / "later.json"
    explore(counting, search="every", budget=Budget(executions=7), keep=file)
    told: list[Progress] = []
    explore(counting, budget=Budget(executions=2, seconds=None), continues=file, progress=told.append)
    assert told[0].seconds_left is None
    again = explore(counting, budget=Budget(executions=2), continues=file)
    assert again.executions == 11


def test_what_a_listener_raises_is_raised() -> None:
    """A mistake in a callback is not taken for a verdict."""

    def listen(progress: Progress) -> None:
        raise ZeroDivisionError(progress.search)

    with pytest.raises(ZeroDivisionError, match="every"):
        explore(counting, search="every", progress=listen)


def test_the_line_says_all_that_is_known() -> None:
    """Name, search, time left, counts and rate; what is nothing is left out."""
    assert line("net", Progress("states"), 0.0) == "net: states  0 executions  0 steps  0/s  0 ends"
    full = Progress("at most 2 preemptions", 1234, 56789, 432, 1, 2, 17, 61.0, 3725.0)
    assert line("net", full, 45678.9) == (
        "net: at most 2 preemptions  1:02:05 left  1,234 executions  56,789 steps  45,679/s  432 states  depth 17  "
        "1 end  2 failures"
    )


@pytest.mark.slow
def test_a_terminal_shows_the_line_and_forgets_it(tmp_path: Path) -> None:
    """While it explores a line moves; after Ctrl-C there is the report alone, and what is left is kept."""
    (tmp_path / "net.py").write_text(FAN_IN)
    arguments = ("explore", "net.py", "--count", "9", "--search", "states", "--budget", "300", "--keep", "later.json")
    with Terminal(*arguments, cwd=tmp_path, columns=150) as terminal:
        terminal.read_until(lambda lines: any("fan_in: states" in each and "left" in each for each in lines))
        terminal.press("\x03")
        lines = terminal.read_to_end()
    assert any(each.startswith("fan_in: inconclusive: interrupted") for each in lines)
    assert any("--continue later.json goes on" in each for each in lines)
    assert not any(" left  " in each for each in lines)
    assert (tmp_path / "later.json").exists()
