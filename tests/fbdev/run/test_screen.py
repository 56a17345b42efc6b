import io
import logging
import sys

import pytest

from fbdev.run import screen as module
from fbdev.run.screen import Screen, shared_screen


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that a screen sees, to be set by the test."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_without_a_table_text_passes() -> None:
    """A screen takes nothing until there is a table."""
    assert not Screen(sys.stderr).write("text\n")


def test_lines_are_gathered_for_a_tenth_of_a_second(clock: list[float]) -> None:
    """The first line goes above the table at once, those that follow it soon all together."""
    above: list[str] = []
    screen = Screen(sys.stderr)
    screen.above = above.append
    for i in range(1000):
        screen.write(f"{i}\n")
    assert above == ["0\n"]
    clock[0] += 0.1
    screen.write("more\n")
    assert above == ["0\n", "".join(f"{i}\n" for i in range(1, 1000)) + "more\n"]


def test_half_a_line_waits_for_its_end(clock: list[float]) -> None:
    """Only whole lines go above the table; what is left of one at the end is put there with its end."""
    above: list[str] = []
    screen = Screen(sys.stderr)
    screen.above = above.append
    screen.write("half ")
    assert above == []
    clock[0] += 1
    screen.write("and half\nrest")
    assert above == ["half and half\n"]
    screen.close()
    assert above == ["half and half\n", "rest\n"]
    assert not screen.write("text\n")


def test_streams_that_were_kept_before_go_above_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that was set up while the file was loaded goes above the table, too."""
    monkeypatch.setattr(sys, "stdout", Tty())
    monkeypatch.setattr(sys, "stderr", Tty())
    terminal, above = sys.stderr, list[str]()
    with shared_screen() as screen:
        handler = logging.StreamHandler(sys.stderr)
        screen.above = above.append
        handler.emit(logging.LogRecord("", 0, "", 0, "logged", (), None))
        print("printed")
        screen.close()
        assert sys.stdout.isatty()
    assert "".join(above) == "logged\nprinted\n"
    assert sys.stderr is terminal is screen.terminal
    assert terminal.getvalue() == ""


def test_a_pipe_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to a file or pipe does not go above the table, for it does not go to the terminal."""
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "stderr", Tty())
    with shared_screen() as screen:
        screen.above = pytest.fail
        print("data")
    assert pipe.getvalue() == "data\n"
