"""Records of a log as lines for people."""

import logging
from datetime import datetime
from typing import NamedTuple

from fbcore.net.json_log import exception_of, message_of
from fbcore.net.log import context_in
from fbdev.complaint import near, seen


class Said(NamedTuple):
    """What there is to know of a record: lines of text, in which everything can be seen, whatever was logged."""

    time: datetime
    level: str
    severity: int
    where: str
    message: list[str]
    about: str
    traceback: list[str]


def said_in(record: logging.LogRecord) -> Said:
    """Return what a record says: at which address, of which packet, and the traceback as text."""
    context = context_in(record)
    where = (context.path.partition("/")[2] or context.net) if context is not None else record.name
    about = ""
    if context is not None and context.packet:
        about = context.packet + (f", firing {context.firing}" if context.firing is not None else "")
    return Said(
        datetime.fromtimestamp(record.created),
        record.levelname,
        record.levelno,
        seen(where),
        _lines(message_of(record)) or [""],
        about,
        [*_lines(exception_of(record)), *_lines(record.stack_info or "")],
    )


def _lines(text: str) -> list[str]:
    return [seen(line.removesuffix("\r")) for line in near(text).removesuffix("\n").split("\n")] if text else []


class Lines(logging.Formatter):
    """Writes time, level, address, what is said, and the packet; a traceback below it. These are lines to be searched.

    A terminal has `fbdev.run.log_screen`, which says the same in colours, and as wide as the screen is.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record; the first one tells where it comes from."""
        said = said_in(record)
        first, *rest = said.message
        time = said.time.strftime("%H:%M:%S.%f")[:-3]
        about = f" ({said.about})" if said.about else ""
        below = (f"    {line}" for line in (*rest, *said.traceback))
        return "\n".join([f"{time} {said.level:<7} {said.where}: {first}{about}", *below])


class Plain(logging.Formatter):
    """Writes what is said, after the address that says it, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        context = context_in(record)
        is_own = record.name.startswith("fbcore.net.") and context is not None and context.node
        text = f"{context.node}: {record.getMessage()}" if is_own and context is not None else record.getMessage()
        return "\n".join([*_lines(text), *_lines(exception_of(record))])
