"""Sheets on a terminal, by the protocol of rich: the console that shows them makes the texts, and nobody imports it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fbcore.formats.sheet import Row, Sheet, Table, Tone

_STYLES: dict[Tone, str] = {"good": "bold green", "doubtful": "bold yellow", "bad": "bold red"}
_GAP = "  "
_LEAST = 20
"""Cells that a text which is to be read in full has at any rate."""

_MOST = 48
"""Cells of a terminal that a column takes, but for the last one, which has the rest of the line."""


def sheet_to_rich(sheet: Sheet, console: Any, width: int) -> Iterator[Any]:
    """Yield the lines of a sheet, of at most so many cells, as texts of the `rich.console.Console` that prints them.

    Texts are styled piece by piece, so that nothing in a value is taken for markup.

    Example:
        from rich.console import Console
        from fbcore.formats.result_rich import sheet_to_rich
        from fbcore.formats.sheet import Sheet

        for line in sheet_to_rich(Sheet("flights", "finished", "good", "after 0.01 s", "", []), Console(), 80):
            print(line)
        #> flights: finished after 0.01 s
    """
    yield _line(console, (f"{sheet.name}: ", "bold"), (sheet.verdict, _STYLES[sheet.tone]), (f" {sheet.remark}", "dim"))
    if sheet.reason:
        for line in _text(console, sheet.reason).wrap(console, max(_LEAST, width - len(_GAP))):
            yield _line(console, (f"{_GAP}{line.plain}", ""))
    for table in sheet.tables:
        yield _line(console, (table.title, "bold"))
        yield from _table(table, console, width)


def _table(table: Table, console: Any, width: int) -> Iterator[Any]:
    rows = [table.head, *table.rows] if any(table.head) else list(table.rows)
    widths = [max(_text(console, row[column]).cell_len for row in rows) for column in range(len(table.head))]
    widths = [min(width, _MOST) for width in widths[:-1]] + widths[-1:]
    if table.whole:
        before = sum(widths[:-1]) + len(_GAP) * len(widths)
        widths[-1] = min(widths[-1], max(_LEAST, width - before))
    if any(table.head):
        yield _line(console, *_pieces(table, table.head, widths, console, "dim"))
    for row in table.rows:
        for part in _unfolded(row, widths, console) if table.whole else [row]:
            yield _line(console, *_pieces(table, part, widths, console, ""))
    if table.more:
        yield _line(console, (f"{_GAP}and {table.more:,} more", "dim"))


def _unfolded(row: Row, widths: list[int], console: Any) -> Iterator[Row]:
    """Yield a row as so many as the text of its last column needs."""
    for line in _text(console, row[-1]).wrap(console, widths[-1]):
        yield (*row[:-1], line.plain.rstrip())
        row = ("",) * len(row)


def _pieces(table: Table, row: Row, widths: list[int], console: Any, style: str) -> Iterator[tuple[str, str]]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        text = _text(console, cell)
        text.truncate(width, overflow="ellipsis")
        room = " " * (width - text.cell_len)
        yield f"{_GAP}{room}{text.plain}" if column in table.numbers else f"{_GAP}{text.plain}{room}", style


def _text(console: Any, text: str) -> Any:
    """Make a text of the console's, which knows how many cells it takes: some letters take two."""
    return console.render_str(text, markup=False, emoji=False, highlight=False)


def _line(console: Any, *pieces: tuple[str, str]) -> Any:
    text = _text(console, "")
    for piece, style in pieces:
        text.append(piece, style)
    text.rstrip()
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
