"""A sheet on a terminal is cut where it does not fit, takes no text for markup, and keeps its columns."""

import io
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from fbcore.formats.result_rich import sheet_to_rich
from fbcore.formats.sheet import Sheet, Table

VILE = "[red]:warning: [/] [link=x]"


class Shows:
    """Something that shows itself as a sheet."""

    def __init__(self, *tables: Table, reason: str = "") -> None:
        self.sheet = Sheet("net", "failed", "bad", "after 1 s", reason, tables)

    def __rich_console__(self, console: Any, options: Any) -> Any:
        return sheet_to_rich(self.sheet, console, options.max_width)


def printed(shows: Shows, width: int = 60) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(shows)
    return file.getvalue().splitlines()


def test_columns_stand_below_their_heads():
    """Numbers to the right, texts to the left, with wide letters counted as two."""
    table = Table("cities", ("city", "people", "of"), [("東京", "9,000", "Tokyo"), ("Ulm", "126", "")], numbers=[1])
    assert printed(Shows(table)) == [
        "net: failed after 1 s",
        "cities",
        "  city  people  of",
        "  東京   9,000  Tokyo",
        "  Ulm      126",
    ]


def test_no_text_is_taken_for_markup_or_emoji():
    """Brackets and colons in values are values."""
    table = Table(VILE, (VILE,), [(VILE,)])
    assert printed(Shows(table, reason=VILE)) == ["net: failed after 1 s", f"  {VILE}", VILE, *[f"  {VILE}"] * 2]


def test_a_long_line_is_cut():
    """No line of a table is broken; an ellipsis says that there is more."""
    table = Table("long", ("a", "b"), [("x" * 70, "y" * 100)])
    lines = printed(Shows(table), width=60)
    assert lines[-1] == f"  {'x' * 47}…  {'y' * 7}…"
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("width", [30, 80])
def test_what_is_to_be_read_in_full_is_broken_over_lines(width):
    """The reason, and the last column of a table that is to be whole, under each other."""
    words = "a hint that says what is to be done, and how"
    table = Table("errors", ("node", "error"), [("parse", words), ("", "")], whole=True)
    lines = printed(Shows(table, reason=words), width)
    assert max(map(len, lines)) <= width
    start = lines.index("errors")
    assert " ".join(" ".join(lines[1:start]).split()) == words
    assert " ".join(" ".join(lines[start + 2 :]).split()) == f"parse {words}"
    assert all(line.startswith("  parse  " if i == 0 else " " * 9) for i, line in enumerate(lines[start + 2 : -1]))


def test_the_verdict_has_a_colour():
    """Red for what went bad."""
    console = Console(file=io.StringIO())
    (first, *_) = sheet_to_rich(Shows().sheet, console, 60)
    assert isinstance(first, Text)
    assert [(first.plain[span.start : span.end], str(span.style)) for span in first.spans][1] == ("failed", "bold red")


def test_rows_that_are_left_out_are_counted():
    """Below the table; one without heads has none."""
    assert printed(Shows(Table("circle", ("",), [("a → b",)], more=3))) == [
        "net: failed after 1 s",
        "circle",
        "  a → b",
        "  and 3 more",
    ]
