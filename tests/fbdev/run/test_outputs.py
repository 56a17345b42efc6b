import io

import pytest

from fbcore.net.report import Outputs
from fbdev.run.outputs import print_outputs


class Stream(io.StringIO):
    """A stream that is a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def printed(lists: dict[str, list[object]], *, is_terminal: bool = False) -> list[str]:
    """Return the lines that are printed for outputs."""
    stream = Stream(is_terminal=is_terminal)
    print_outputs(Outputs(lists), stream)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_texts_are_printed_as_they_are(is_terminal: bool) -> None:
    """A text is printed without quotes, anything else as Python writes it."""
    values = ["a b", 1.5, None, {"a": [1]}]
    assert printed({"out": values}, is_terminal=is_terminal) == ["a b", "1.5", "None", "{'a': [1]}"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_several_outputs_are_named(is_terminal: bool) -> None:
    """The name of an output stands before its values when there are several; an empty one is said to be that."""
    assert printed({"a": [1, 2], "b": []}, is_terminal=is_terminal) == ["a:", "1", "2", "b: nothing"]


def test_a_terminal_shows_the_first_of_many() -> None:
    """On a terminal twenty values are shown and the rest is counted; in a pipe all are there."""
    lines = printed({"out": list(range(1234))}, is_terminal=True)
    assert lines == [*map(str, range(20)), "... and 1,214 more (all of them with --json, or in a pipe)"]
    assert printed({"out": list(range(1234))}) == [*map(str, range(1234))]


def test_a_terminal_shows_a_long_value_over_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is wider than the terminal is spread, and cut where it is too long; in a pipe it is one line."""
    monkeypatch.setenv("COLUMNS", "40")
    value = {f"key {i}": i for i in range(100)}
    lines = printed({"out": [value]}, is_terminal=True)
    assert lines[:2] == ["{'key 0': 0,", " 'key 1': 1,"]
    assert lines[40:] == ["... and 60 more lines"]
    assert printed({"out": [value]}) == [repr(value)]


def test_no_outputs_print_nothing() -> None:
    """A net without outputs prints nothing."""
    assert printed({}) == []
