"""Records of a log as lines for people."""

import logging
from datetime import datetime

from fbcore.net.json_log import exception_of, message_of
from fbcore.net.log import context_in
from fbdev.complaint import near

_COLOURS = ((logging.ERROR, "31"), (logging.WARNING, "33"), (logging.INFO, "32"), (logging.NOTSET, "2"))
"""Red, yellow, green and dim, from which level on."""


class Lines(logging.Formatter):
    """Writes time, level, address, what is said, and the packet; a traceback below it."""

    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._has_colours = colours

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record; the first one tells where it comes from."""
        context = context_in(record)
        where = (context.path.partition("/")[2] or context.net) if context is not None else record.name
        about = ""
        if context is not None and context.packet:
            about = context.packet + (f", firing {context.firing}" if context.firing is not None else "")
        first, *rest = near(message_of(record)).splitlines() or [""]
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-3]
        level = self._coloured(
            f"{record.levelname:<7}", next(code for least, code in _COLOURS if record.levelno >= least)
        )
        parts = [self._coloured(time, "2"), level, self._coloured(f"{where}:", "1"), first]
        if about:
            parts.append(self._coloured(f"({about})", "2"))
        below = [*rest, *near(exception_of(record)).splitlines(), *(record.stack_info or "").splitlines()]
        return "\n".join([" ".join(parts), *(f"    {line}" for line in below)])

    def _coloured(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._has_colours else text


class Plain(logging.Formatter):
    """Writes what is said, after the address that says it, and a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        context = context_in(record)
        is_own = record.name.startswith("fbcore.net.") and context is not None and context.node
        text = f"{context.node}: {record.getMessage()}" if is_own and context is not None else record.getMessage()
        return "\n".join([near(text), *near(exception_of(record)).splitlines()])
