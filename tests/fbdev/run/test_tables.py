import dataclasses
import io
import re
from typing import Any, NamedTuple

import pytest

from fbcore.components.text_table import text_table
from fbcore.net.report import Outputs
from fbdev.run.outputs import print_outputs
from fbdev.run.tables import draw_table, table_of


class Mean(NamedTuple):
    sky: str
    mean_delay: float


@dataclasses.dataclass
class Spot:
    sky: str
    mean_delay: float


ROWS = [{"sky": "rain", "mean_delay": 30.93}, {"sky": "[b]fog", "mean_delay": None}]
TABLE = text_table(ROWS, {"mean_delay": ".1f"})
DRAWN = """\
╭────────┬────────────╮
│ sky    │ mean delay │
├────────┼────────────┤
│ rain   │       30.9 │
│ [b]fog │            │
╰────────┴────────────╯
"""


class Screen(io.StringIO):
    """A terminal; `text` is what was written to it, without its looks."""

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[\d;]*m", "", self.getvalue())


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")


def shown(values: list[Any]) -> str:
    """Return what a terminal shows of the values of an output."""
    screen = Screen()
    print_outputs(Outputs({"out": values}), screen)
    return screen.text


def test_a_table_is_drawn_on_a_terminal() -> None:
    """A table among other texts is drawn with lines; what looks like markup stays as it is."""
    assert shown(["before", TABLE, "after"]) == f"before\n{DRAWN}after\n"


def test_a_table_in_a_pipe_is_text() -> None:
    """In a pipe a table is the text that it is."""
    pipe = io.StringIO()
    print_outputs(Outputs({"out": [TABLE]}), pipe)
    assert pipe.getvalue() == f"{TABLE}\n"


@pytest.mark.parametrize("kind", [dict, Mean, Spot], ids=lambda kind: kind.__name__)
def test_records_are_a_table(kind: Any) -> None:
    """Packets that are records of one kind are drawn as one table, and so is a list of them."""
    records = [kind(sky="rain", mean_delay=30.5), kind(sky="fog", mean_delay=28)]
    assert [line for line in shown(records).splitlines() if "rain" in line] == ["│ rain │       30.5 │"]
    assert shown([records]) == shown(records)


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1, 2],
        ["a", "b"],
        [{"a": 1}],
        [{"a": 1}, {"b": 2}],
        [{"a": 1}, 5],
        [{}, {}],
        [{1: 2}, {1: 3}],
        {"a": 1},
        (1,),
    ],
    ids=str,
)
def test_what_is_no_table(value: object) -> None:
    """A single record, records of several kinds, and what are no records are shown as any other value."""
    assert table_of(value) is None
    assert "│" not in shown([value])


def test_many_records_are_cut() -> None:
    """Of many records the first twenty are in the table, and the others are counted."""
    lines = shown([{"number": number} for number in range(50)]).splitlines()
    assert len([line for line in lines if line.startswith("│")]) == 1 + 20
    assert lines[-1].startswith("... and 30 more")


def test_a_table_that_is_too_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is wider than the terminal is left as text, and records as what Python writes."""
    monkeypatch.setenv("COLUMNS", "20")
    assert shown([TABLE]) == f"{TABLE}\n"
    assert shown([{"a": "x" * 30}, {"a": "y"}]).startswith("{'a': 'xxx")


@pytest.mark.parametrize("terminal", ["dumb", "unknown"])
def test_a_terminal_that_shows_nothing_but_text(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    """Where nothing can be drawn, a table is the text that it is."""
    monkeypatch.setenv("TERM", terminal)
    assert shown([TABLE]) == f"{TABLE}\n"


def test_a_table_without_rows() -> None:
    """A table without rows says so in words."""
    assert shown([text_table([], {})]) == "(no rows)\n"


def test_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings are bold, and nothing is in colour; NO_COLOR changes nothing of that."""
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    assert draw_table(TABLE, screen)
    assert screen.text == DRAWN
    assert set(re.findall(r"\x1b\[([\d;]*)m", screen.getvalue())) <= {"0", "1", "2"}
