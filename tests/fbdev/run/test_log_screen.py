"""The log of a run on a terminal: colours, and lines as wide as the screen is."""

import io
import logging
import re
import sys
from typing import Any

import pytest

from fbcore.model.log import LogContext, LogSource
from fbdev.complaint import near
from fbdev.run.log_lines import Lines, said_in
from fbdev.run.log_screen import OnTerminal, lines_of


class Tty(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> OnTerminal:
    """A handler whose screen is forty columns wide."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return OnTerminal(Tty())


def record(text: str, *, level: int = logging.INFO, error: BaseException | None = None) -> logging.LogRecord:
    about = LogContext(LogSource("shop", "pay"), "orders.out#3", 4)
    info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord("shop", level, "shop.py", 1, text, (), info)
    made.fbcore = about
    return made


def shown(made: logging.LogRecord, width: int) -> list[str]:
    lines = ["".join(text for text, _ in line) for line in lines_of(said_in(made), width)]
    return [re.sub(r"\d\d:\d\d:\d\d(\.\d{3})?", "TIME", line).rstrip() for line in lines]


def styles(made: logging.LogRecord) -> dict[str, str]:
    return {text: style for line in lines_of(said_in(made), 1000) for text, style in line if style}


def group() -> BaseException:
    try:
        raise ExceptionGroup("two of them", [ValueError("one"), TypeError("two")])
    except ExceptionGroup as error:
        return error


def test_a_wide_screen_has_the_text_below_the_text() -> None:
    """What goes on, and further lines of a message, begin where the address does."""
    assert shown(record("paid by card, and in a single part\nand more"), 64) == [
        "TIME INFO    pay: paid by card, and in a single part",
        "                     (orders.out#3, firing 4)",
        "                     and more",
    ]


def test_a_narrow_screen_has_short_times_and_the_text_at_the_left() -> None:
    """Forty columns are for what is said."""
    assert shown(record("paid by card, and in a single part", level=logging.WARNING), 40) == [
        "TIME WARNING pay: paid by card, and",
        "    in a single part",
        "    (orders.out#3, firing 4)",
    ]


def test_a_traceback_stands_below_as_the_text_that_it_is() -> None:
    """Groups are kept; files, lines and what was raised are easy to see."""
    lines = shown(record("no", level=logging.ERROR, error=group()), 100)
    assert lines[1] == "      + Exception Group Traceback (most recent call last):"
    assert lines[4:8] == [
        "      | ExceptionGroup: two of them (2 sub-exceptions)",
        "      +-+---------------- 1 ----------------",
        "        | ValueError: one",
        "        +---------------- 2 ----------------",
    ]
    found = styles(record("no", level=logging.ERROR, error=group()))
    raised = [text for text, style in found.items() if style == "bold red"]
    assert raised == ["ERROR", "ExceptionGroup", "ValueError", "TypeError"]
    assert found["group"] == "bold"
    assert found[f'"{near(__file__)}"'] == "cyan"


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("order 12 costs -1,234.50 EUR", ["12", "-1,234.50"]),
        ("for 'Ana María' and \"b\"", ["'Ana María'", '"b"']),
        ("don't say it's x2, or 2024-05-01T12:00, or 1.2.3, or a.py:46", []),
        ("80% of 3, or 4.", ["80%", "3", "4"]),
    ],
)
def test_values_in_a_message_have_colours(message: str, values: list[str]) -> None:
    """Numbers and texts, and not what only has digits or quotes in it."""
    assert [text for text, style in styles(record(message)).items() if style in ("green", "cyan")] == [
        "INFO",
        *values,
    ]


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        ("[red]no[/] [/] [bold :smile:", "[red]no[/] [/] [bold :smile:"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("a\rb\x85c\u2028d\u202ee", "a\\rb\\x85c\\u2028d\\u202ee"),
        ("half \ud800", "half \\ud800"),
        ("windows\r\n", "windows"),
    ],
)
def test_nothing_in_a_message_is_obeyed(handler: OnTerminal, message: str, seen: str) -> None:
    """Neither markup nor codes that a terminal would obey, here and in lines for a file."""
    assert shown(record(message), 200) == [f"TIME INFO    pay: {seen} (orders.out#3, firing 4)"]
    assert f"pay: {seen} (" in Lines().format(record(message))
    handler.handle(record(message))
    screen = handler._stream.getvalue()  # type: ignore[attr-defined]
    assert set(re.findall(r"\x1b(.)", screen)) == {"["}
    assert "\x1b[31m" not in screen


def test_the_screen_is_as_wide_as_it_is_now(handler: OnTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes the window wider has wider lines from then on."""
    handler.handle(record("a few words, and a few more"))
    assert written(handler).count("\n") == 2
    monkeypatch.setenv("COLUMNS", "100")
    other = OnTerminal(Tty())
    other.handle(record("a few words, and a few more"))
    assert written(other).count("\n") == 1


def written(handler: OnTerminal) -> str:
    return handler._stream.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_colours_are_left_out_where_nobody_wants_them(monkeypatch: pytest.MonkeyPatch, handler: OnTerminal) -> None:
    """With NO_COLOR lines are as wide as the screen all the same; only bold and dim are left."""
    handler.handle(record("words, and more words than there is room for"))
    assert "\x1b[32m" in written(handler)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = OnTerminal(Tty())
    plain.handle(record("words, and more words than there is room for"))
    assert set(re.findall(r"\x1b\[([\d;]*)m", written(plain))) == {"0", "1", "2"}
    assert re.sub(r"\x1b\[[\d;]*m", "", written(plain)) == re.sub(r"\x1b\[[\d;]*m", "", written(handler))


@pytest.mark.parametrize(
    ("message", "last"),
    [("x" * 1_000_000, "x... and 996,000 more letters"), ("line\n" * 1_000, "... and 800 more lines")],
)
def test_a_screen_is_not_flooded_by_one_message(message: str, last: str) -> None:
    """What is huge is cut short on a screen, and whole in a file."""
    text = "\n".join(shown(record(message), 100_000))
    assert last in text
    assert len(text) < 6_000
    assert len(Lines().format(record(message))) > len(message)


def test_what_cannot_be_made_is_told_once(handler: OnTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a call of the log is a line, not a traceback each time."""
    wrong: Any = logging.LogRecord("shop", logging.INFO, "shop.py", 7, "%d", ("one",), None)
    for _ in range(2):
        handler.handle(wrong)
    err = capsys.readouterr().err
    assert err.startswith("notice: shop.py:7: a line of the log cannot be made: TypeError: %d format")
    assert err.count("notice") == 1


def test_rich_is_loaded_for_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that go into a pipe are made without it."""
    from fbdev.run.log import RunLog

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(RunLog(["text"], "")._handler("text")).__name__ == "OnScreen"
    monkeypatch.setattr(sys, "stderr", Tty())
    monkeypatch.setenv("TERM", "dumb")
    assert type(RunLog(["text"], "")._handler("text")).__name__ == "OnScreen"
    monkeypatch.setenv("TERM", "xterm")
    assert type(RunLog(["text"], "")._handler("text")).__name__ == "OnTerminal"
