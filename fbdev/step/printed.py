"""What components print while a net is stepped, kept by the step that printed it."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO, cast

from fbdev.step.seen import one_line

MOST = 10_000
"""Lines that are kept, the last ones."""


class Printed(io.TextIOBase):
    """Keeps lines with the number of the step in which they were printed; 0 is the beginning.

    While it is muted lines are dropped: steps that are made again print again. With `passes` they are not taken, but
    go where they are printed. `gather` is called after each block from which it takes, for what is printed elsewhere.
    """

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.step = 0
        self.is_muted = False
        self.passes = False
        self.gather: Callable[[], None] = lambda: None
        self._rest = ""

    def write(self, text: str) -> int:
        """Take text, and return its length."""
        self.take(text)
        return len(text)

    def take(self, text: str) -> None:
        """Keep the lines that are whole."""
        if not self.is_muted:
            *whole, self._rest = (self._rest + text).split("\n")
            self.lines += [(self.step, one_line(line.expandtabs())) for line in whole]
            del self.lines[:-MOST]

    def flush(self) -> None:
        """Do nothing: nothing is held back but half a line."""

    def end_line(self) -> None:
        """Keep what was printed without an end of its line."""
        if self._rest:
            self.write("\n")

    def forget_after(self, step: int) -> None:
        """Forget what was printed by later steps."""
        self.lines = [each for each in self.lines if each[0] <= step]

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Take what is printed in the block, unless it is to pass."""
        if self.passes:
            yield
            return
        stream = cast(TextIO, self)
        with redirect_stdout(stream), redirect_stderr(stream), _nothing_to_read():
            yield
        self.gather()
        self.end_line()

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Drop what is printed in the block."""
        self.is_muted = True
        try:
            yield
        finally:
            self.is_muted = False


@contextmanager
def _nothing_to_read() -> Iterator[None]:
    """Let who reads standard input find its end, for the keys that are pressed are not for components."""
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before
