"""Pieces of text on lines of a screen: broken between words where there is no room, and indented below."""

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from fbdev.run.grid import Line

_WORD = re.compile(r"\([^()]{1,40}\)$|\S+\s*|\s+")
"""A word with the spaces after it; what stands in brackets at the end of a line is one, if it is short."""


def wrapped(line: Line, width: int, indent: int) -> list[Line]:
    """Return a line as lines of at most so many columns; those after the first are indented.

    It is broken before words; a word that is too long for any line goes over several.
    """
    text = "".join(piece for piece, _ in line)
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return [line]
    indent = min(indent, width // 2)
    parts = _split(line, list(_breaks(text, width, indent)))
    return [parts[0], *([(" " * indent, ""), *part] for part in parts[1:])]


def _breaks(text: str, width: int, indent: int) -> Iterator[int]:
    """Yield where new lines begin."""
    column = 0
    for found in _WORD.finditer(text):
        word = found[0].rstrip()
        size = cell_len(word)
        if column + size > width and size <= width - indent:
            yield found.start()
            column = indent
        elif column + size > width:
            for offset, letter in enumerate(word, found.start()):
                cells = cell_len(letter)
                if column + cells > width:
                    yield offset
                    column = indent
                column += cells
            size = 0
        column += size + len(found[0]) - len(word)


def _split(line: Line, places: Sequence[int]) -> list[Line]:
    """Return the pieces between these places."""
    parts: list[Line] = [[]]
    begin, ahead = 0, [*places, None]
    for text, style in line:
        end = begin + len(text)
        while (place := ahead[0]) is not None and place <= end:
            parts[-1].append((text[: len(text) - (end - place)], style))
            text = text[len(text) - (end - place) :]
            parts.append([])
            del ahead[0]
        parts[-1].append((text, style))
        begin = end
    return [_stripped(part) for part in parts]


def _stripped(line: Line) -> Line:
    """Return a line without the spaces at its end, for which there may be no room."""
    line = [piece for piece in line if piece[0]]
    while line and not (text := line[-1][0].rstrip()):
        line.pop()
    return [*line[:-1], (text, line[-1][1])] if line else []
