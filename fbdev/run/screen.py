"""Sharing a terminal: what components print goes above the live table, whole line by whole line."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

_EVERY = 0.1
"""Seconds between two times that lines are put on the screen: each time the table is painted anew."""


class Screen:
    """What is written to it passes straight through, until there is a table for it to go above.

    `terminal` is where the table goes; `above` prints text, of whole lines, above it, and is None while there is
    none. Lines are gathered for a tenth of a second, so that a component may print a hundred thousand of them.
    """

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal
        self.above: Callable[[str], None] | None = None
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._last = 0.0

    def write(self, text: str) -> bool:
        """Take text for above the table; False when there is none, and the text is to pass."""
        with self._lock:
            if self.above is None:
                return False
            self._waiting.append(text)
            if time.monotonic() - self._last >= _EVERY:
                self.flush()
            return True

    def flush(self) -> None:
        """Put whole lines that wait above the table."""
        with self._lock:
            text = "".join(self._waiting)
            lines, newline, rest = text.rpartition("\n")
            self._waiting = [rest] if rest else []
            self._last = time.monotonic()
            if newline and self.above is not None:
                self.above(lines + newline)

    def shared(self, stream: TextIO) -> TextIO:
        """Return what to write to instead of a stream: on a terminal its text goes above the table, too."""
        return cast(TextIO, _Stream(self, stream)) if stream.isatty() else stream

    def close(self) -> None:
        """Put all that waits above the table, ending its last line, for the table goes."""
        with self._lock:
            if self._waiting and not self._waiting[-1].endswith("\n"):
                self._waiting.append("\n")
            self.flush()
            self.above = None


class _Stream:
    """A standard stream whose text goes above the table while there is one; in all else it is the stream it wraps."""

    def __init__(self, screen: Screen, stream: TextIO) -> None:
        self._screen = screen
        self._stream = stream

    def write(self, text: str) -> int:
        return len(text) if self._screen.write(text) else self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def shared_screen(*, force: bool = False) -> Iterator[Screen]:
    """Let a screen stand between the standard streams and the terminal.

    A stream that goes to a file or a pipe is left alone, unless forced: its text cannot tear a table. It has to be
    done before the user's file is loaded, for that may keep a stream, as `logging.basicConfig` does.
    """
    screen, out, err = Screen(sys.stderr), sys.stdout, sys.stderr
    sys.stdout = screen.shared(out)
    if force or err.isatty():
        sys.stderr = cast(TextIO, _Stream(screen, err))
    try:
        yield screen
    finally:
        sys.stdout, sys.stderr = out, err
