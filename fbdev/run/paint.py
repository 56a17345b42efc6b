"""Lines and raw text as rich prints them, without the markup, wrapping and measuring that would cost most."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.segment import Segment

from fbdev.run.grid import Line


class Lines:
    """Lines of styled pieces, each cut at the width of the console."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        ascii_only = options.ascii_only
        for line in self._lines:
            segments = [
                Segment(_plain(text) if ascii_only else text, console.get_style(style) if style else None)
                for text, style in line
            ]
            yield from Segment.adjust_line_length(segments, options.max_width, pad=False)
            yield Segment.line()


class Raw:
    """Text that is passed on as it is, its escape codes included."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self._text)


def _plain(text: str) -> str:
    """Write the characters of the table where the terminal has none but ASCII."""
    return text.replace("█", "#").replace("░", ".").replace("…", "~")
