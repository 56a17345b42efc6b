"""What a line of a log costs that knows net, node, packet and firing, beside a plain line of `logging`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.case import Case, Effort, Measurement, Work, cost, cpu_seconds, paired
from fbcore import (
    BatchRuntime,
    Component,
    CompositeComponent,
    Each,
    Graph,
    In,
    JsonLines,
    NetSettings,
    Out,
    WithContext,
    component,
)

LINES = 20_000
"""Lines that are logged in one measurement, one for each packet."""

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
CONTEXT = "%(asctime)s %(levelname)s %(net)s/%(node)s %(packet)s %(firing)s: %(message)s"

library = logging.getLogger("benchmark")


class Nowhere:
    """A stream that forgets."""

    def write(self, text: str) -> None:
        """Forget a text."""

    def flush(self) -> None:
        """Have nothing to write."""


class Reads(Component):
    """Log each packet, or not, and send it on."""

    number: In[int]
    read: Out[int]
    stateless = True

    async def run(self) -> None:
        """Log by `self.log`."""
        log = self.log
        async for number in self.number:
            log.info("reading %d of %s", number, "the sensor")
            await self.read.send(number)


class ReadsPlainly(Reads):
    """Log each packet as code outside of nets does."""

    async def run(self) -> None:
        """Log by a logger."""
        async for number in self.number:
            library.info("reading %d of %s", number, "the sensor")
            await self.read.send(number)


@component
def read(number: int) -> int:
    """Log each packet by a logger, as functions do."""
    library.info("reading %d of %s", number, "the sensor")
    return number


class Silent(Reads):
    """Send each packet on."""

    async def run(self) -> None:
        """Log nothing."""
        async for number in self.number:
            await self.read.send(number)


@component
def silent(number: int) -> int:
    """Pass a packet on."""
    return number


def station(reader: Any) -> Graph:
    """Return a net with what reads in a composite."""

    class Station(CompositeComponent):
        """Reads what comes."""

        number: In[int]
        read: Out[int]

        def build(self, graph: Graph) -> None:
            """Wire the reader."""
            node = graph.add(reader, "reader")
            graph.inputs.number >> node.number
            (node.read if isinstance(reader, type) else node.out) >> graph.outputs.read

    graph = Graph("weather")
    node = graph.add(Station)
    graph.inputs.number >> node.number
    node.read >> graph.outputs.read
    return graph


def logging_with(handler: logging.Handler, reader: Any, count: int, settings: NetSettings | None = None) -> Work:
    """Return the work of a net that logs by this handler alone."""

    def work() -> None:
        root = logging.getLogger()
        handlers, level = root.handlers, root.level
        root.handlers = [handler]
        root.setLevel(logging.INFO)
        try:
            result = BatchRuntime(station(reader), settings=settings).run(inputs={"number": Each(range(count))})
        finally:
            root.handlers = handlers
            root.setLevel(level)
        assert len(result.outputs.read) == count

    return work


def plain_handler() -> logging.Handler:
    """Return a handler of lines without context."""
    handler: logging.Handler = logging.StreamHandler(Nowhere())  # type: ignore[type-var]
    handler.setFormatter(logging.Formatter(PLAIN))
    return handler


def context_handler() -> logging.Handler:
    """Return a handler of lines with context."""
    handler = plain_handler()
    handler.addFilter(WithContext())
    handler.setFormatter(logging.Formatter(CONTEXT))
    return handler


def json_handler() -> logging.Handler:
    """Return a handler of lines of JSON with context."""
    handler = plain_handler()
    handler.setFormatter(JsonLines())
    return handler


def line(name: str, handler: Callable[[], logging.Handler], reader: Any, most: float | None) -> Measurement:
    """Measure lines of a net beside plain lines of the same net; what it does besides logging counts for neither."""

    def measure(effort: Effort) -> Iterator[Case]:
        count = effort.packets(LINES)
        is_class = isinstance(reader, type)
        plain, none = (ReadsPlainly, Silent) if is_class else (read, silent)
        bare = logging_with(plain_handler(), none, count)

        def a_line(by: logging.Handler, of: Any) -> Callable[[], float]:
            work = logging_with(by, of, count)
            return lambda: max(1e-9, cpu_seconds(work) - cpu_seconds(bare)) / count

        ours, theirs = a_line(handler(), reader), a_line(plain_handler(), plain)
        ours(), theirs()
        ratios, mine, _ = paired(ours, theirs, effort)
        yield cost(name, [1e6 * each for each in mine], ratios, "µs/line", "plain logging", most)

    return Measurement(name, measure, lambda effort: logging_with(handler(), reader, effort.packets(LINES)))


def measurements() -> Iterator[Measurement]:
    """Yield what is measured of logs."""
    yield line("a log line with context, self.log", context_handler, Reads, 2.0)
    yield line("a log line with context, plain logging in a function", context_handler, read, 2.0)
    yield line("a log line with context, JSON", json_handler, Reads, None)
