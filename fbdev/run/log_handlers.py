"""Handlers of the log of a run, which tell once what keeps them from logging."""

import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from fbdev.complaint import warn


class Tells(logging.Handler):
    """Tells in a line what keeps it from logging, once for each reason, and prints no traceback for each record."""

    _told: set[str]

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - what logging calls it
        """Print a line about what keeps a record from being logged, unless that was said already."""
        error = sys.exc_info()[1]
        told = self.__dict__.setdefault("_told", set())
        if isinstance(error, OSError):
            what = f"the log cannot be written{self._where()}: {error.strerror or error}"
        else:
            what = (
                f"{record.filename}:{record.lineno}: a line of the log cannot be made: {type(error).__name__}: {error}"
            )
        if what not in told and not isinstance(error, BrokenPipeError):
            told.add(what)
            with suppress(OSError):
                warn(what)

    def _where(self) -> str:
        return ""


class OnScreen(Tells, logging.StreamHandler[TextIO]):
    """Writes lines to standard error, which puts them above the live table."""


class InFile(Tells, logging.FileHandler):
    """Writes lines at the end of a file."""

    def _where(self) -> str:
        return f" to {Path(self.baseFilename).name}"

    def close(self) -> None:
        """Close the file, though the disk be full."""
        with suppress(OSError):
            super().close()
