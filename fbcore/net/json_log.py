"""Records of a log as lines of JSON."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, date, datetime, time
from typing import Any

from fbcore.errors import is_machinery
from fbcore.net.log import context_in
from fbcore.trace_text import trace_text

_OF_RECORDS = {
    *vars(logging.makeLogRecord({})),
    *("message", "asctime", "taskName", "fbcore", "event", "said", "more", "net", "node", "within", "packet", "firing"),
}
"""What records have anyway, or get from us; all else was given as `extra`."""

_ENDS_OF_LINES = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class JsonLines(logging.Formatter):
    """Writes each record of a log as one line of JSON, for any handler of `logging`.

    A line has `time` (ISO 8601, UTC), `level`, `logger`, `message`, and, where they are known, `net`, `node`, `within`
    (the path to a net that runs inside a node), `packet` and `firing`. `event` says what a net tells of itself,
    `exception` has a traceback as text, `at` the line of the source, and `extra` what was given as such.

    Example:
        import json
        import logging
        from pathlib import Path

        handler = logging.FileHandler("orders.jsonl")
        handler.setFormatter(JsonLines())
        log = logging.getLogger("orders")
        log.addHandler(handler)

        @component
        def check(order: str) -> str:
            if not order:
                log.warning("an empty order", extra={"shop": 7})
            return order

        BatchRuntime(check).run(inputs={"order": Each(["bread", ""])})
        known = json.loads(Path("orders.jsonl").read_text())
        print(known["level"], known["node"], known["packet"], known["message"], known["extra"])
        #> WARNING check inputs.order#1 an empty order {'shop': 7}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, without its end."""
        context = context_in(record)
        event = getattr(record, "event", None)
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        line: dict[str, Any] = {"time": when, "level": record.levelname, "logger": record.name}
        if context is not None:
            line |= context.fields()
        if isinstance(event, str):
            line["event"] = event
        line["message"] = message_of(record)
        if event is None or (event == "stdout" and not is_machinery(record.pathname)):
            line["at"] = f"{record.filename}:{record.lineno}"
        exception = exception_of(record)
        if exception:
            line["exception"] = exception
        if record.stack_info:
            line["stack"] = record.stack_info
        extra = {**more_of(record), **{key: value for key, value in vars(record).items() if key not in _OF_RECORDS}}
        if extra:
            line["extra"] = extra
        return _as_line(line)


def message_of(record: logging.LogRecord) -> str:
    """Return what a record says, without the address that the context has anyway."""
    said = getattr(record, "said", None)
    return said if isinstance(said, str) else record.getMessage()


def more_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the particulars of what a net tells of itself."""
    more = getattr(record, "more", None)
    return more if isinstance(more, dict) else {}


def exception_of(record: logging.LogRecord) -> str:
    """Return the traceback of a record as text, "" where there is none."""
    if record.exc_info:
        return trace_text(record.exc_info[1]) if record.exc_info[1] is not None else ""
    return record.exc_text or ""


def _as_line(line: dict[str, Any]) -> str:
    try:
        text = json.dumps(line, ensure_ascii=False, allow_nan=False, default=_plain)
    except Exception:
        # Not a number, keys that JSON cannot have, what holds itself, or what cannot even be shown.
        line["extra"] = {str(key): _shown(value) for key, value in line["extra"].items()}
        text = json.dumps(line, ensure_ascii=False)
    if text.isascii():
        return text
    # One line for any reader, and letters that every encoding of files has.
    text = text.translate(_ENDS_OF_LINES)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text))
    return text


def _plain(value: Any) -> Any:
    """Return what JSON has for a value that it does not know: times and paths as texts, sets as lists, others shown."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return list(value) if isinstance(value, set | frozenset) else repr(value)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
