"""A terminal for tests: a process that believes it has one, and what a person would see on it."""

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.fbdev.nets import command

_PIECE = re.compile(r"\x1b\[([?>=]?[0-9;]*)\$?([A-Za-z])|([\r\n])|([^\r\n\x1b]+)")


class Terminal:
    """Runs our program in a terminal of so many columns and rows; `seen` is all that was written to it."""

    def __init__(self, *arguments: str | Path, cwd: Path, columns: int = 100, rows: int = 30, **env: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {key: os.environ[key] for key in os.environ if key not in ("NO_COLOR", "COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=cwd,
            env={**inherited, "TERM": "xterm-256color", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # Only then does Ctrl-C reach it; there are no threads here that this could harm.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(theirs)
        self.seen = ""
        # What is read may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.columns = columns

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def press(self, keys: str) -> None:
        """Type something, as a person does."""
        os.write(self._ours, keys.encode())

    def read_until(self, is_enough: Callable[[list[str]], bool]) -> list[str]:
        """Read until the screen is as wanted, and return its lines."""
        while not is_enough(self.screen()):
            self._read()
        return self.screen()

    def read_to_end(self) -> list[str]:
        """Read until the process has ended, and return the lines of the screen."""
        try:
            while True:
                self._read()
        except EOFError:
            self.process.wait()
            return self.screen()

    def _read(self) -> None:
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            data = b""
        if not data:
            raise EOFError("the process has ended, and the screen was:\n" + "\n".join(self.screen()))
        self.seen += self._decoder.decode(data)

    def screen(self) -> list[str]:
        """Return what a person sees, and could by scrolling up: lines without the spaces at their ends."""
        lines, row, column = [""], 0, 0
        for code, kind, control, text in _PIECE.findall(self.seen):
            if control == "\r":
                column = 0
            elif control == "\n":
                row += 1
                lines += [""] * (row + 1 - len(lines))
            elif kind == "A":
                row = max(0, row - int(code or 1))
            elif kind == "H":
                row, column = (int(number or 1) - 1 for number in (code or "1;1").split(";"))
                lines += [""] * (row + 1 - len(lines))
            elif kind in ("h", "l") and code == "?1049":
                # The screen of a program that has all of it, and back.
                lines, row, column = [""], 0, 0
            elif kind == "K":
                lines[row] = "" if code == "2" else lines[row][:column]
            elif text:
                lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + len(text) :]
                column += len(text)
        return [line.rstrip() for line in lines]
