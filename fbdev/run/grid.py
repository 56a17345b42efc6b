"""Columns of text, made as wide as they need to be and cut where there is no room."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

Line = list[tuple[str, str]]
"""Pieces of one line, each with its style; styles are words that rich knows."""

_GAP = "  "


class Column(NamedTuple):
    """One column: its heading, its cells, and a style for each.

    `least` is the width that it has at any rate, so that the columns after it keep still while numbers grow.
    One that `gives` is cut when the line is too long.
    """

    head: str
    cells: Sequence[str]
    styles: Sequence[str]
    least: int = 0
    right: bool = False
    gives: bool = False


def grid(columns: Sequence[Column], width: int) -> list[Line]:
    """Return a heading and a line for each row, of at most so many characters if the names can be cut enough."""
    widths = _widths(columns, width)
    lines: list[Line] = [
        [(_GAP.join(_cell(c.head, w, right=c.right) for c, w in zip(columns, widths, strict=True)), "dim")]
    ]
    for row in range(len(columns[0].cells)):
        line: Line = []
        for column, wide in zip(columns, widths, strict=True):
            gap = _GAP if line else ""
            line.append((gap + _cell(column.cells[row], wide, right=column.right), column.styles[row]))
        lines.append(line)
    return lines


def fit(text: str, width: int) -> str:
    """Make a text exactly so wide, cutting its middle where it is too long."""
    if cell_len(text) > width > 4:
        half = (width - 1) // 2
        text = f"{text[: width - 1 - half]}…{text[-half:]}"
    return set_cell_size(text, max(0, width))


def _cell(text: str, width: int, *, right: bool) -> str:
    return f"{text:>{width}}" if right else fit(text, width)


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return the width of each column; what is too much is taken from the widest of those that give."""
    widths = [max([column.least, *map(cell_len, (column.head, *column.cells))]) for column in columns]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    giving = [i for i, column in enumerate(columns) if column.gives]
    while excess > 0 and giving:
        widest = max(giving, key=lambda i: widths[i])
        if widths[widest] <= 4:
            break
        widths[widest] -= 1
        excess -= 1
    return widths
