"""The log of a running net: what its nodes log has a context, and it tells of itself what happens to it."""

from __future__ import annotations

import logging
import operator
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from fbcore.errors import NodeError
from fbcore.model.letter import DeadLetter
from fbcore.model.log import ROOT, Log, LogContext, LogSource, given_context, level_number
from fbcore.model.packet import NOTHING
from fbcore.net.crew import current_hand
from fbcore.net.current import current_node

if TYPE_CHECKING:
    from fbcore.net.in_port import InPort
    from fbcore.net.node import Node
    from fbcore.net.printed import Printed
    from fbcore.net.report import Result


# -- where a line comes from ---------------------------------------------------------------------------


def log_context() -> LogContext | None:
    """Return the context in which this code logs: of the node whose code runs, or one that it was given; else None.

    The node is known in its tasks, and in threads that were begun with a copy of their context: `asyncio.to_thread`
    and `anyio.to_thread` do that.

    Example:
        @component
        def parse(text: str) -> int:
            context = log_context()
            print(context.node, context.packet, context.firing)
            return int(text)

        result = BatchRuntime(parse).run(inputs={"text": Each(["1", "2"])})
        #> parse inputs.text#0 1
        #> parse inputs.text#1 2
        print(log_context())
        #> None
    """
    context = given_context()
    if context is None:
        node = current_node.get()
        context = context_of(node) if node is not None else None
    return context


def _own_context(node: Node) -> LogContext:
    given = given_context()
    return given if given is not None and given.source is node.net.log.source(node.address) else context_of(node)


def context_of(node: Node) -> LogContext:
    """Return the context of what a node does at this moment."""
    source, hand = node.net.log.source(node.address), current_hand.get() if node.crew is not None else None
    if hand is not None:
        return LogContext(source, ", ".join(str(each.id) for each in hand.taken), hand.number)
    packet = ""
    for port in tuple(node.ins.values()):
        if port.last is not NOTHING and port.edges:
            packet = f"{packet}, {_identity(port)}" if packet else _identity(port)
    numbering = getattr(node, "firing_number", None)
    return LogContext(source, packet, numbering() if numbering is not None else None)


def _identity(port: InPort) -> str:
    birthplace, number = port.last_identity()
    return f"{birthplace}#{number}" if port.batch is None else f"{birthplace}#{number + ahead_of(port)}"


def ahead_of(port: InPort) -> int:
    """Return how many packets a batch has taken from an input that are not counted yet."""
    if port.batch is None:
        return 0
    values, size = port.batch
    return size - operator.length_hint(values)


class WithContext(logging.Filter):
    """Gives each record that a handler sees a context: `net`, `node`, `packet`, `firing` and `within`.

    Add it to a handler, and these can stand in its format; what is unknown is "". `level` lets pass only what is as
    severe, or as severe as the settings of the node say that it comes from.

    Example:
        import logging
        import sys

        handler = logging.StreamHandler(sys.stdout)
        handler.addFilter(WithContext("INFO"))
        handler.setFormatter(logging.Formatter("%(net)s %(node)s %(firing)s: %(message)s"))
        log = logging.getLogger("parsing")
        log.addHandler(handler)
        log.setLevel("DEBUG")

        @component
        def parse(text: str) -> int:
            log.debug("%r is a text", text)
            log.info("parsing %r", text)
            return int(text)

        result = BatchRuntime(parse).run(inputs={"text": Each(["1", "2"])})
        #> parse parse 1: parsing '1'
        #> parse parse 2: parsing '2'
    """

    def __init__(self, level: int | str | None = None) -> None:
        super().__init__()
        self._level = None if level is None else level_number(level)

    def filter(self, record: logging.LogRecord) -> bool:
        """Give a record its context, and say whether it passes."""
        context, known = context_in(record), vars(record)
        if context is None:
            for name in ("net", "node", "within", "packet", "firing"):
                known.setdefault(name, "")
            least = self._level
        else:
            source = context.source
            known.setdefault("net", source.net)
            known.setdefault("node", source.node)
            known.setdefault("within", source.within)
            known.setdefault("packet", context.packet)
            known.setdefault("firing", "" if context.firing is None else context.firing)
            least = self._level if source.level is None else source.level
        return least is None or record.levelno >= least


def context_in(record: logging.LogRecord) -> LogContext | None:
    """Return the context of a record: its own, or that of the code that logs it."""
    context = vars(record).get("fbcore")
    if type(context) is not LogContext:
        context = record.fbcore = log_context()
    return context


# -- what a net tells of itself ------------------------------------------------------------------------


class NetLog:
    """What a net tells the log: that it begins and ends, is stopped, and what fails, is begun anew, or takes long.

    Messages begin with the address, for whoever does not print contexts. What a net tells its caller anyway, by its
    result or a NetError, and what happened because its policies say so, is told where somebody keeps a log, and is
    not printed where nobody does. `is_silent` is for a net that somebody makes only to look what it would do.
    """

    def __init__(self, net: str) -> None:
        host = current_node.get()
        within = "" if host is None else LogContext(host.net.log.source(host.address)).path
        self.of_net = LogSource(net, within=within)
        self.printed: Printed | None = None
        self.is_silent = False
        self._sources: dict[str, LogSource] = {}
        self._logs: dict[str, Log] = {}
        self._slow: Counter[str] = Counter()

    def of(self, node: Node) -> Log:
        """Return the log of a node."""
        log = self._logs.get(node.address)
        if log is None:
            log = self._logs[node.address] = Log(self.source(node.address), partial(_own_context, node))
        return log

    def source(self, address: str) -> LogSource:
        """Return a node as far as lines name it."""
        source = self._sources.get(address)
        if source is None:
            source = self._sources[address] = LogSource(self.of_net.net, address, self.of_net.within)
        return source

    def set(self, address: str, *, level: int | None, captures: bool) -> None:
        """Say from which level on lines of a node count, and whether what it prints is to be lines of the log."""
        net = self.of_net
        self._sources[address] = LogSource(net.net, address, net.within, level=level, captures=captures)

    def capturing(self) -> Iterator[LogSource]:
        """Yield the nodes of which what they print is to be lines of the log."""
        return (source for source in self._sources.values() if source.captures)

    def begins(self, nodes: int) -> None:
        """Tell that the net begins."""
        self._tell(logging.INFO, "", "begins", f"begins, with {_counted(nodes, 'node')}")

    def stops(self, reason: str, *, drains: bool) -> None:
        """Tell that somebody stops the net."""
        how = "is asked to stop, and drains" if drains else "is stopped at once"
        self._tell(logging.INFO, "", "stops", f"{how}{f': {reason}' if reason else ''}", reason=reason)

    def failed(self, node: Node, error: NodeError) -> None:
        """Tell that a node has failed, and that nobody takes its failure."""
        self._tell(logging.ERROR, node.address, "failed", error.what, error=error.cause, context=context_of(node))

    def passes_on(self, node: Node, error: NodeError) -> None:
        """Tell that the failure of a node goes to its port `error`."""
        if self.source(node.address).is_enabled(logging.DEBUG):
            text = f"{error.what}; the failure goes to `error`"
            self._tell(logging.DEBUG, node.address, "passes on", text, context=context_of(node))

    @property
    def wants_retries(self) -> bool:
        """Whether anybody wants to hear of attempts that have failed; many may, in a short time."""
        return logging.getLogger(ROOT).isEnabledFor(logging.INFO) or any(
            source.level is not None and source.level <= logging.INFO for source in self._sources.values()
        )

    def retried(self, address: str, error: NodeError, attempt: int, delay: float) -> None:
        """Tell that a firing is tried again."""
        text = f"is tried again in {delay:.3g} s, after attempt {attempt}: {error.what}"
        self._tell(logging.INFO, address, "retried", text, attempt=attempt)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Tell that packets were put to the dead letters."""
        text = f"dead letter {letter.id}: {letter.error.what}"
        self._tell(logging.WARNING, letter.node, "dead letter", text, letter=str(letter.id))

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Tell that a node is begun anew."""
        text = f"is restarted in {delay:.3g} s{f', after {error.what}' if error is not None else ''}"
        self._tell(logging.WARNING if error is not None else logging.INFO, address, "restarted", text)

    def released(self, address: str, reason: str) -> None:
        """Tell that a policy ends a node."""
        self._tell(logging.INFO, address, "released", f"is ended: {reason}")

    def notice(self, address: str, text: str) -> None:
        """Tell something that a person should know."""
        self._tell(logging.WARNING, address, "notice", text, is_news=True)

    def slow_turn(self, address: str, text: str) -> None:
        """Tell of a turn that was slow: of the first of a node, the second, the fourth, the eighth, and so on."""
        self._slow[address] += 1
        count = self._slow[address]
        if not count & (count - 1):
            self.notice(address, f"{text} ({count:,} such turns by now)" if count > 1 else text)

    def ended(self, result: Result) -> None:
        """Tell how the net has ended, and how many packets were dropped on the way."""
        for event, lost in (("dropped", result.dropped), ("expired", result.expired)):
            for address, count in lost.items():
                node = address.rpartition("->")[2].rpartition(".")[0]
                text = f"{_counted(count, 'packet')} {event}: {address}"
                self._tell(logging.WARNING, node, event, text, count=count)
        is_bad = not result.outcome.is_good and not result.errors and result.outcome.value != "stopped"
        text = f"{result.outcome} after {result.seconds:.2f} s{f': {result.reason}' if result.reason else ''}"
        level = logging.ERROR if is_bad else logging.INFO
        self._tell(level, "", "ended", text, outcome=result.outcome.value, seconds=round(result.seconds, 6))

    def _tell(
        self,
        level: int,
        address: str,
        event: str,
        text: str,
        *,
        error: BaseException | None = None,
        context: LogContext | None = None,
        is_news: bool = False,
        **more: Any,
    ) -> None:
        if self.is_silent:
            return
        source = self.source(address) if address else self.of_net
        if source.is_enabled(level) and (is_news or source.logger.hasHandlers()):
            extra = {"fbcore": context or LogContext(source), "event": event, "said": text, "more": more}
            trace = (type(error), error, error.__traceback__) if error is not None else None
            source.logger._log(level, "%s: %s", (address or source.net, text), trace, extra)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
