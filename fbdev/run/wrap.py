"""Pieces of text on lines of a screen: broken between words where there is no room, and indented below."""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len

from fbdev.run.grid import Line

_REST = "\0"
"""Stands for the second column of a wide letter, before which no line may end."""

_BRACKETS = re.compile(r"\([^()]{1,40}\)$")


def wrapped(line: Line, width: int, indent: int) -> list[Line]:
    """Return a line as lines of at most so many columns; those after the first are indented.

    It is broken before words; a word that is too long for any line goes over several, and what stands in brackets at
    the end is one word, if it is short. Spaces at the end of a line are left out.
    """
    text = "".join(piece for piece, _ in line)
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return [line]
    indent = min(indent, width // 2)
    first, *rest = map(_stripped, _split(line, _breaks(text, width, indent)))
    return [first, *([(" " * indent, ""), *part] for part in rest)]


def _breaks(text: str, width: int, indent: int) -> Iterator[int]:
    """Yield where new lines begin."""
    columns, letters = _columns(text.rstrip(" "))
    begin, room = 0, width
    while len(columns) - begin > room:
        space = columns.rfind(" ", begin, begin + room + 1)
        word = _end_of_word(columns, space + 1) - space - 1
        if columns[begin : space + 1].strip(" ") and word <= width - indent:
            begin = space + 1
        else:
            begin += room
            while columns[begin] == _REST:
                begin -= 1
        room = width - indent
        yield begin if letters is None else letters[begin]


def _end_of_word(columns: str, begin: int) -> int:
    end = columns.find(" ", begin)
    return end if end >= 0 else len(columns)


def _columns(text: str) -> tuple[str, list[int] | None]:
    """Return a text with a character for each column, and for each which letter it is of; None where all are narrow."""
    if found := _BRACKETS.search(text):
        text = text[: found.start()] + found[0].replace(" ", "_")
    if text.isascii():
        return text, None
    columns, letters = [], []
    for number, letter in enumerate(text):
        cells = cell_len(letter)
        columns.append((letter + _REST)[:cells])
        letters += [number] * cells
    return "".join(columns), letters


def _split(line: Line, places: Iterable[int]) -> list[Line]:
    """Return the pieces between these places."""
    parts: list[Line] = [[]]
    begin, ahead = 0, iter(places)
    place = next(ahead, None)
    for text, style in line:
        end = begin + len(text)
        while place is not None and place <= end:
            parts[-1].append((text[: place - begin], style))
            parts.append([])
            text, begin = text[place - begin :], place
            place = next(ahead, None)
        parts[-1].append((text, style))
        begin = end
    return parts


def _stripped(line: Line) -> Line:
    """Return a line without the spaces at its end, for which there may be no room."""
    line = [piece for piece in line if piece[0]]
    while line and not (text := line[-1][0].rstrip(" ")):
        line.pop()
    return [*line[:-1], (text, line[-1][1])] if line else []
