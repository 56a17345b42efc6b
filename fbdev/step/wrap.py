"""Lines broken where they are too long, what is left of them further in."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from fbdev.step.lines import Line, Piece

_LEAST = 8
"""Characters below which there is no sense in it, as in a pane that is hidden."""


def wrapped(lines: Sequence[Line], width: int) -> list[Line]:
    """Return lines of at most so many characters, broken at blanks; words that are longer are left as they are."""
    return [part for line in lines for part in _wrap(line, width)]


def _wrap(line: Line, width: int) -> Iterator[Line]:
    if width < _LEAST or cell_len(line.text()) <= width:
        yield line
        return
    indent = " " * min(_indent(line), width // 2)
    pieces: list[Piece] = []
    used = 0
    for word, role in _words(line):
        if used + cell_len(word.rstrip()) > width and used > len(indent):
            yield Line(pieces, line.key, line.is_lit)
            pieces, used, word = [(indent, "")], len(indent), word.lstrip()
        pieces.append((word, role))
        used += cell_len(word)
    yield Line(pieces, line.key, line.is_lit)


def _indent(line: Line) -> int:
    """Return how far in a line goes on: after its label, or two characters further in than it begins."""
    first = line.pieces[0][0]
    if first.endswith(" ") and len(line.pieces) > 1:
        return len(first)
    return len(first) - len(first.lstrip()) + 2


def _words(line: Line) -> Iterator[Piece]:
    """Yield the words of a line with the blanks before them."""
    for text, role in line.pieces:
        word = ""
        for letter in text:
            if letter == " " and word.strip():
                yield word, role
                word = ""
            word += letter
        if word:
            yield word, role
