"""Lines are broken where the screen ends, between words if there are any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fbdev.run.grid import Line
from fbdev.run.wrap import wrapped

PIECES = st.lists(st.tuples(st.text("ab (),é日本", max_size=30), st.sampled_from(["", "red", "dim"])), max_size=6)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("as wide as it is", ["as wide as it is"]),
        ("between the words of it", ["between the", "    words of it"]),
        ("and abcdefghijklmnopqrstuvwxyz", ["and abcdefghijkl", "    mnopqrstuvwx", "    yz"]),
        ("日本語のテキスト", ["日本語のテキスト"]),
        ("日本語のテキストだ", ["日本語のテキスト", "    だ"]),
        ("spaces at the end       ", ["spaces at the", "    end"]),
        ("日本語のテキス " + " " * 9, ["日本語のテキス"]),
        ("a dog (x, 1)  (y, 22)", ["a dog (x, 1)", "    (y, 22)"]),
    ],
)
def test_a_line_is_broken_between_words(text: str, lines: list[str]) -> None:
    """A long word goes over several lines, wide letters count twice, and short brackets at the end stay whole."""
    assert texts(wrapped([(text, "")], 16, 4)) == lines


@given(PIECES, st.integers(12, 60), st.integers(0, 40))
def test_nothing_is_lost_and_no_line_is_too_long(line: Line, width: int, indent: int) -> None:
    """Each letter keeps its style, in order; spaces at the end of a line are left out."""
    lines = wrapped(line, width, indent)
    assert all(cell_len(text) <= width for text in texts(lines))

    def letters(pieces: Line) -> list[tuple[str, str]]:
        return [(letter, style) for text, style in pieces for letter in text if letter != " "]

    assert [each for part in lines for each in letters(part)] == letters(line)
