"""Lines of a log on a terminal: by rich, in colours, and as wide as the screen is."""

import logging
import re
import time
from collections.abc import Iterator
from typing import TextIO

from rich.console import COLOR_SYSTEMS, Console

from fbdev.run.grid import Line
from fbdev.run.log_handlers import Tells
from fbdev.run.log_lines import Said, said_in
from fbdev.run.wrap import wrapped

_LEVELS = (
    (logging.CRITICAL, "bold white on red"),
    (logging.ERROR, "bold red"),
    (logging.WARNING, "yellow"),
    (logging.INFO, "green"),
    (logging.NOTSET, "dim"),
)
"""What a level looks like, from which one on."""

_VALUE = re.compile(
    r"""(?P<green>(?<!\w)(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?!\w))|"""
    r"(?P<cyan>(?<![\w.,:/-])-?\d+(?:[,_]\d{3})*(?:\.\d+)?%?(?![\w:/%-]|[.,]\d))"
)
"""Texts and numbers in a message, by their colours."""

_FILE = re.compile(r'(?P<_>[ |]*File )(?P<cyan>"[^"]*")(?P<__>, line )(?P<cyan_>\d+)(?P<___>, in )?(?P<bold>.*)')
_MARK = re.compile(r"[ |]*[~^]+ *")
_RAISED = re.compile(r"([ |+]*)([^\W\d][\w.]*)(: .*)?")
_RULE = re.compile(r" *\+-(?:\+-)?-*(?: \d+ )?-*")
_HEADING = "Traceback (most recent call last):"

_NARROW = 60
"""Columns below which lines go on at the left, not below the text, and times are of whole seconds."""

_INDENT = 4

_LONGEST = 4_000
"""Letters of one line that a screen shows; files have all."""

_MOST = 200
"""Lines of one message, and of one traceback, that a screen shows."""


class OnTerminal(Tells):
    """Shows records on a terminal: a person finds time, level, address, text, packet and traceback at a glance.

    Nothing in a message is markup, and what a terminal would obey is written as Python writes it. The width is that
    of the screen at this moment.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        # It knows the screen. Its `print` would take longer for a line than everything else.
        self._console = Console(file=stream, force_terminal=True)
        self._width, self._look_again = 0, 0.0
        self._codes: dict[str, tuple[str, str]] = {"": ("", "")}

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record."""
        try:
            self._stream.write(self._coloured(said_in(record)))
            self._stream.flush()
        except Exception:
            self.handleError(record)

    def _coloured(self, said: Said) -> str:
        codes, parts = self._codes, list[str]()
        for line in lines_of(said, self._width_now()):
            for text, style in line:
                on, off = codes.get(style) or self._look_up(style)
                parts += on, text, off
            parts.append("\n")
        return "".join(parts)

    def _width_now(self) -> int:
        """Return the width of the screen, which nobody changes ten times a second."""
        now = time.monotonic()
        if now >= self._look_again:
            self._width, self._look_again = self._console.width, now + 0.1
        return self._width

    def _look_up(self, name: str) -> tuple[str, str]:
        """Return what switches a style on and off on this screen; with NO_COLOR what is left of it."""
        style, system = self._console.get_style(name), self._console.color_system
        shown = style.without_color if self._console.no_color else style
        on, _, off = shown.render("|", color_system=COLOR_SYSTEMS[system] if system else None).partition("|")
        self._codes[name] = on, off
        return on, off


def lines_of(said: Said, width: int) -> Iterator[Line]:
    """Yield the lines of a record, each at most so wide."""
    is_narrow = width < _NARROW
    when = said.time.strftime("%H:%M:%S" if is_narrow else "%H:%M:%S.%f")[: 8 if is_narrow else 12]
    level = next(style for least, style in _LEVELS if said.severity >= least)
    head: Line = [(when, "dim"), (" ", ""), (said.level, level), (" " * (8 - len(said.level)) or " ", "")]
    indent = _INDENT if is_narrow else sum(len(text) for text, _ in head)
    first, *rest = _cut(said.message)
    about: Line = [(f" ({said.about})", "dim")] if said.about else []
    yield from wrapped([*head, (f"{said.where}:", "bold"), (" ", ""), *_values(first), *about], width, indent)
    for line in rest:
        yield from _below(_values(line), width, indent)
    for traced in _traced(_cut(said.traceback)):
        yield from _below(traced, width, _INDENT)


def _below(line: Line, width: int, indent: int) -> list[Line]:
    text = "".join(piece for piece, _ in line)
    own = len(text) - len(text.lstrip(" |"))
    return wrapped([(" " * indent, ""), *line], width, indent + own + 2)


def _cut(lines: list[str]) -> list[str]:
    """Return what a screen shows of lines, which nobody can read there by the thousand."""
    shown = lines if len(lines) <= _MOST else [*lines[:_MOST], f"... and {len(lines) - _MOST:,} more lines"]
    return [
        (
            each if len(each) <= _LONGEST else f"{each[:_LONGEST]}... and {len(each) - _LONGEST:,} more letters"
        ).expandtabs(4)
        for each in shown
    ]


def _values(text: str) -> Line:
    """Return a message, its texts and numbers in colours."""
    line: Line = []
    end = 0
    for found in _VALUE.finditer(text):
        line += [(text[end : found.start()], ""), (found[0], found.lastgroup or "")]
        end = found.end()
    return [*line, (text[end:], "")]


def _traced(lines: list[str]) -> Iterator[Line]:
    """Yield a traceback: where it was in colours, and what was raised, which stands below its heading."""
    raised: int | None = 0
    for text in lines:
        margin = len(text) - len(text.lstrip(" |+"))
        if text.endswith(_HEADING):
            raised = margin
            yield [(text, "dim")]
        elif _RULE.fullmatch(text):
            # Between the errors of a group, of which one that was never raised has no heading.
            raised = text.rindex("+") + 2
            yield [(text, "dim")]
        elif found := _FILE.fullmatch(text):
            yield [(piece, style.rstrip("_")) for style, piece in found.groupdict().items() if piece]
        elif _MARK.fullmatch(text):
            yield [(text, "red")]
        elif raised == margin and (found := _RAISED.fullmatch(text)):
            raised = None
            yield [(found[1], ""), (found[2], "bold red"), (found[3] or "", "")]
        else:
            yield [(text, "")]
