"""What nodes print, as lines of the log, where settings ask for that."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Hashable, Iterable
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from fbcore.model.log import LogContext, LogSource, given_context
from fbcore.net.current import current_node
from fbcore.net.log import log_context

if TYPE_CHECKING:
    from fbcore.net.log import NetLog
    from fbcore.net.net import Net

_LONGEST = 10_000
"""Letters in a line; the rest of a longer one comes as further lines."""

_MOST = 100
"""Lines that a node may have begun and not ended; of more than these the oldest are as long as they are."""

_lock = threading.Lock()
_HANDLE = logging.Handler.handle.__code__


class Printed:
    """Stands for `sys.stdout` while a net runs that captures what its nodes print; `nets` are those that do.

    What is written by the code of such a node, in whatever task or thread that has its context, becomes lines of the
    log; everything else goes to the stream that was there before, which also answers for all else.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.nets = 0

    def write(self, text: str) -> int:
        """Write a text, or gather it until its line is whole."""
        source = _capturing()
        if source is None or not isinstance(text, str):
            return self._stream.write(text)  # type: ignore[no-any-return]
        context, key = log_context() or LogContext(source), _whose()
        # Without a lock: what the garbage collector destroys meanwhile, in this very thread, may print, too.
        begun = source.partial.pop(key, None)
        lines = (text if begun is None else begun[0] + text).split("\n")
        rest = lines.pop()
        while len(rest) > _LONGEST:
            lines.append(rest[:_LONGEST])
            rest = rest[_LONGEST:]
        if rest:
            source.partial[key] = rest, context
            if isinstance(key, asyncio.Task) and key not in self._tasks:
                self._tasks.add(key)
                key.add_done_callback(partial(_end_line, source))
            if len(source.partial) > _MOST:
                # A copy, for other threads begin lines meanwhile.
                oldest, *_ = tuple(source.partial)
                _end_line(source, oldest)
        for line in lines:
            _log(context, line)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Let the stream write what it holds back; a line of the log is whole first."""
        if _capturing() is None:
            self._stream.flush()

    def isatty(self) -> bool:
        """Say whether there is a terminal to be coloured; a log is none."""
        return _capturing() is None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def begin_log(net: Net) -> None:
    """Log that a net begins, and let what its nodes print be lines of the log, if settings say that of any."""
    net.log.begins(sum(each.component not in ("input", "initial", "reader") for each in net.nodes))
    if any(net.log.capturing()):
        _begin_capture(net.log)


def _begin_capture(log: NetLog) -> None:
    with _lock:
        if not isinstance(sys.stdout, Printed):
            # Whoever has put another stream there meanwhile finds the one that it has seen again, when it is done.
            sys.stdout = Printed(sys.stdout)
        log.printed = sys.stdout
        log.printed.nets += 1


def end_capture(log: NetLog) -> None:
    """Log what is left of lines, and give the stream back, when this was the last net that wants it."""
    printed, log.printed = log.printed, None
    if printed is None:
        return
    for source in log.capturing():
        _end_lines(source)
    with _lock:
        printed.nets -= 1
        if not printed.nets and sys.stdout is printed:
            sys.stdout = printed._stream


def end_lines(log: NetLog, address: str) -> None:
    """Log what is left of the lines of a node that has ended, if what it prints is logged."""
    if log.printed is not None:
        _end_lines(log.source(address))


def _end_lines(source: LogSource) -> None:
    for key in tuple(source.partial):
        _end_line(source, key)


def _end_line(source: LogSource, key: Hashable) -> None:
    begun = source.partial.pop(key, None)
    if begun is not None:
        _log(begun[1], begun[0])


def _whose() -> Hashable:
    """Return by what the pieces of a line are known: the task that prints; in another thread, that and the packet."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None:
        return task
    context = log_context()
    return (threading.get_ident(), context.packet, context.firing) if context is not None else threading.get_ident()


def _capturing() -> LogSource | None:
    """Return the node that is printing, if what it prints is to be logged."""
    given = given_context()
    if given is not None:
        source = given.source
    else:
        node = current_node.get()
        if node is None:
            return None
        source = node.net.log.source(node.address)
    return source if source.captures and not _is_logging() else None


def _is_logging() -> bool:
    """Say whether a handler of a log is writing: its lines are no lines to be logged."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code is _HANDLE:
            return True
        frame = frame.f_back
    return False


def _log(context: LogContext, line: str) -> None:
    line = line.rstrip("\r")
    # The line that has printed, where it has: it called `write`, which has called this.
    context.log().log(logging.INFO, "%s", line, extra={"event": "stdout", "said": line}, stacklevel=3)
