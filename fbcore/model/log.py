"""Lines of a log that know where in a net they come from."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar, copy_context
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from fbcore.errors import SettingsError, shown

P = ParamSpec("P")
T = TypeVar("T")

ROOT = "fbcore.net"
"""The logger above those of all nets; the logger of a node is called `fbcore.net.NET.ADDRESS`."""

_ours = logging.getLogger("fbcore")


def level_number(level: int | str) -> int:
    """Return the number of a level: of `"DEBUG"`, or `"debug"`, 10.

    Raises:
        SettingsError: there is no such level.
    """
    known = logging.getLevelNamesMapping()
    number = known.get(level.upper()) if isinstance(level, str) else level
    if type(number) is not int or number < 0:
        names = ", ".join(name for name, number in known.items() if number and name not in ("WARN", "FATAL"))
        raise SettingsError(f"{shown(level)} is no level of a log", hint=f"its levels are: {names}; or give a number")
    return number


class LogSource:
    """A node, or a whole net, as far as lines of a log name it; of a net `node` is "".

    `within` is the path to the node that runs the net, "" when none does. `level` is what settings say of the node,
    and `captures` says whether what it prints is to be lines of the log.
    """

    __slots__ = ("captures", "level", "logger", "net", "node", "partial", "within")

    def __init__(
        self, net: str, node: str = "", within: str = "", *, level: int | None = None, captures: bool = False
    ) -> None:
        self.net = net
        self.node = node
        self.within = within
        self.level = level
        self.captures = captures
        self.logger = logging.getLogger(f"{ROOT}.{net}.{node}" if node else f"{ROOT}.{net}")
        self.partial: dict[Hashable, tuple[str, LogContext]] = {}

    def is_enabled(self, level: int) -> bool:
        """Say whether a line of this level is wanted: as the settings of the node say, else as its logger does."""
        if self.level is None:
            return self.logger.isEnabledFor(level)
        # Who has silenced all of us, as the explorer does, means this node too.
        return level >= self.level and level > self.logger.manager.disable and _ours.level < logging.CRITICAL

    def __reduce__(self) -> tuple[Any, ...]:
        # What is printed is captured where the net runs, and nowhere else.
        return (_source, (self.net, self.node, self.within, self.level))


def _source(net: str, node: str, within: str, level: int | None) -> LogSource:
    return LogSource(net, node, within, level=level)


class LogContext:
    """Where a line of a log comes from: the net, the address of the node, the packet in its hands, the firing.

    `packet` is the identity of the packet (of several, with commas between), "" where there is none; `firing` is the
    number of the firing of a function, from 1, else None. A context is of one moment: who is given one, and logs later,
    logs about the packet of that moment.

    `context.run(function, *arguments)` calls a function in it, also in another thread; `with context:` does a block in
    it; `context.log()` is a log that always has it.

    Example:
        import threading

        def shrink(picture: str) -> None:
            print(log_context(), picture)

        class Shrink(Component):
            picture: In[str]

            async def run(self) -> None:
                async for picture in self.picture:
                    context: LogContext = self.log.context
                    thread = threading.Thread(target=context.run, args=(shrink, picture))
                    thread.start()
                    thread.join()

        result = BatchRuntime(Shrink).run(inputs={"picture": Each(["a.png", "b.png"])})
        #> <log context shrink/shrink, inputs.picture#0> a.png
        #> <log context shrink/shrink, inputs.picture#1> b.png
    """

    __slots__ = ("firing", "packet", "source")

    def __init__(self, source: LogSource, packet: str = "", firing: int | None = None) -> None:
        self.source = source
        self.packet = packet
        self.firing = firing

    @property
    def net(self) -> str:
        """The name of the net."""
        return self.source.net

    @property
    def node(self) -> str:
        """The address of the node in its net; "" for what the net itself says."""
        return self.source.node

    @property
    def path(self) -> str:
        """The way to the node, through the nets that run one inside the other: `shop/orders/parsing/parse`."""
        return "/".join(each for each in (self.source.within, self.source.net, self.source.node) if each)

    def fields(self) -> dict[str, Any]:
        """Return what is known, by name: `net`, `node`, `within` (the path to it), `packet`, `firing`."""
        source = self.source
        known = {"net": source.net, "node": source.node, "within": source.within, "packet": self.packet}
        found: dict[str, Any] = {name: value for name, value in known.items() if value}
        if self.firing is not None:
            found["firing"] = self.firing
        return found

    def log(self, name: str = "") -> Log:
        """Return a log whose lines have this context: that of the node, or one on the logger of this name."""
        return Log(self.source, lambda: self, logging.getLogger(name) if name else None)

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in this context, in whatever thread, and return what it returns."""
        return copy_context().run(self._call, function, args, kwargs)

    def _call(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        _given.set(_Given(self, None))
        return function(*args, **kwargs)

    def __enter__(self) -> Self:
        _given.set(_Given(self, _given.get()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        given = _given.get()
        _given.set(given.before if given is not None else None)

    def __repr__(self) -> str:
        what = [self.packet, f"firing {self.firing}" if self.firing is not None else ""]
        return f"<log context {', '.join([self.path, *filter(None, what)])}>"


class _Given:
    """A context that was entered, and the one that counts again when it is left."""

    __slots__ = ("before", "context")

    def __init__(self, context: LogContext, before: _Given | None) -> None:
        self.context = context
        self.before = before


_given: ContextVar[_Given | None] = ContextVar("log_context", default=None)


def given_context() -> LogContext | None:
    """Return the context that this code was given, if it was."""
    given = _given.get()
    return given.context if given is not None else None


def forget_given() -> None:
    """Have no context that was given: what begins now is a node, and has its own."""
    if _given.get() is not None:
        _given.set(None)


class Log(logging.LoggerAdapter[logging.Logger]):
    """The log of a node, `self.log`: standard logging, whose lines know the net, the node, the packet and the firing.

    It has the methods of a logger: `debug`, `info`, `warning`, `error`, `exception`, `critical`, `log`, `isEnabledFor`.
    Its logger is `fbcore.net.NET.ADDRESS`; `NodeSettings(log_level=...)` counts before the levels of loggers. `context`
    is what its lines are told with at this moment, to be passed on to what outlives it.

    Example:
        import logging
        import sys

        handler = logging.StreamHandler(sys.stdout)
        handler.addFilter(WithContext())
        handler.setFormatter(logging.Formatter("%(levelname)s %(node)s %(packet)s: %(message)s"))

        class Parse(Component):
            text: In[str]
            number: Out[int]

            async def run(self) -> None:
                log: Log = self.log
                async for text in self.text:
                    if text.isdecimal():
                        await self.number.send(int(text))
                    else:
                        log.warning("%r is no number", text)

        logging.getLogger("fbcore.net.parse").addHandler(handler)
        result = BatchRuntime(Parse).run(inputs={"text": Each(["1", "two", "3"])})
        #> WARNING parse inputs.text#1: 'two' is no number
    """

    def __init__(self, source: LogSource, look: Callable[[], LogContext], logger: logging.Logger | None = None) -> None:
        super().__init__(logger or source.logger)
        self._source = source
        self._look = look
        self._is_own = logger is None

    @property
    def context(self) -> LogContext:
        """Where lines come from that are logged at this moment."""
        return self._look()

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - what logging calls it
        """Say whether a line of this level is logged."""
        return self._source.is_enabled(level) if self._is_own else self.logger.isEnabledFor(level)

    def log(
        self,
        level: int,
        msg: object,
        *args: object,
        extra: Mapping[str, object] | None = None,
        stacklevel: int = 1,
        **how: Any,
    ) -> None:
        """Log a line of this level; `extra`, `exc_info`, `stack_info` and `stacklevel` are those of a logger."""
        # One call less where no settings say a level, as `isEnabledFor` does.
        if self.logger.isEnabledFor(level) if self._source.level is None else self.isEnabledFor(level):
            context = self._look()
            more = {"fbcore": context} if extra is None else {**extra, "fbcore": context}
            # What a logger does when its level allows: that of the node has been asked already.
            self.logger._log(level, msg, args, extra=more, stacklevel=stacklevel + 1, **how)


def warn_unclosed(text: str, source: LogSource | None = None) -> None:
    """Warn that something was dropped which should have been closed: on the log, and as a ResourceWarning.

    On the log too, for Python hides the other. At the end of the program nobody has dropped anything.
    """
    if sys.is_finalizing() or not threading.main_thread().is_alive():
        return
    whole = f"{source.net}: {text}" if source is not None else text
    context = LogContext(source) if source is not None else None
    logger = source.logger if source is not None else _ours
    logger.warning("%s", whole, extra={"fbcore": context, "event": "unclosed", "said": text})
    warnings.warn(whole, ResourceWarning, stacklevel=2)
