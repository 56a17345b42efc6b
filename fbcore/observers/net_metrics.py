"""The metrics of one net: most are read from it when somebody asks, and only what is rare is counted as it happens."""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import Context
from typing import Any

from fbcore.errors import NodeError
from fbcore.loop import SteppedLoop
from fbcore.model.letter import DeadLetter
from fbcore.model.packet import PacketId
from fbcore.net.observe import Observer
from fbcore.net.report import Result
from fbcore.net.view import NetView
from fbcore.observers import tally
from fbcore.observers.beside import Beside
from fbcore.observers.histogram import Histogram
from fbcore.observers.look import Look
from fbcore.observers.tally import Family, Labels, Tally

PATIENCE = 0.25
"""Seconds that a reading waits for a loop that is busy; then it reads from outside, which is nearly as good."""


class NetMetrics(Observer):
    """Counts what happens in one net, and reads what the net counts itself."""

    def __init__(self, net: NetView, bounds: Sequence[float], when_ended: Callable[[NetMetrics, Tally], None]) -> None:
        self._net = net
        self.name = net.name
        self._bounds = bounds
        self._when_ended = when_ended
        self._counted = Tally(bounds)
        self._highest: dict[tuple[Family, Labels], float] = {}
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._firings: dict[str, Histogram] = {}

    # -- what happens ------------------------------------------------------------------------------

    def notice(self, address: str, text: str) -> None:
        """Count a notice."""
        self._counted.add(tally.NOTICES, (self.name, address))

    def restarted(self, address: str, error: NodeError | None, delay: float) -> None:
        """Count the error that made a restart needed; restarts are counted anyway."""
        if error is not None:
            self._error(error)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Count packets that nobody could process."""
        self._error(letter.error, tally.LETTERS)

    def released(self, address: str, reason: str) -> None:
        """Count a node that a policy has ended."""
        self._counted.add(tally.RELEASES, (self.name, address))

    def _error(self, error: NodeError, family: Family = tally.ERRORS) -> None:
        kind = type(error.cause if error.cause is not None else error).__name__
        self._counted.add(family, (self.name, error.address, kind))

    def ended(self, result: Result) -> None:
        """Count how the net ended, and leave it."""
        counted, name = self._counted, self.name
        for error in result.errors:
            self._error(error)
        left = {"unread": sum(map(len, result.unread.values())), "held": len(result.held)}
        left["unsent"] = sum(map(len, result.unsent.values()))
        for how, count in left.items():
            counted.add(tally.LEFT, (name, how), count)
        counted.add(tally.RUNS, (name, str(result.outcome)))
        counted.add(tally.SECONDS, (name,), result.seconds)
        self._when_ended(self, self._tally(Look(self._net, None)))

    # -- what is read ------------------------------------------------------------------------------

    def reading(self) -> Tally:
        """Return all that is known now, from any thread.

        It is read on the net's loop, between two turns. A loop that does not answer, for a turn blocks it, is read
        from outside: the counts of a batch of firings may then be those of its beginning.
        """
        return self._tally(self._look())

    def _look(self) -> Look:
        asked = time.perf_counter()
        if threading.get_ident() == self._thread:
            return Look(self._net, 0.0)
        if not isinstance(self._loop, SteppedLoop):
            answer: Future[Look] = Future()
            try:
                self._loop.call_soon_threadsafe(self._answer, answer, asked, context=Context())
                return answer.result(PATIENCE)
            except TimeoutError:
                answer.cancel()
            except RuntimeError:
                # The loop has been closed.
                return Look(self._net, None)
        return Look(self._net, time.perf_counter() - asked, is_outside=True)

    def _answer(self, answer: Future[Look], asked: float) -> None:
        if answer.set_running_or_notify_cancel():
            try:
                answer.set_result(Look(self._net, time.perf_counter() - asked))
            except BaseException as error:
                answer.set_exception(error)

    def _tally(self, look: Look) -> Tally:
        found, name = Tally(self._bounds), self.name
        found.take_in(self._counted)
        for edge in look.state.edges.values():
            labels = (name, edge.address)
            self._count(found, tally.PUT, labels, edge.put)
            self._count(found, tally.TAKEN, labels, edge.taken)
            found.add(tally.FILL, labels, edge.fill)
            found.add(tally.CAPACITY, labels, float("inf") if edge.capacity is None else edge.capacity)
            if edge.most_bytes is not None:
                found.add(tally.BYTES, labels, edge.bytes)
        for address, expired, dropped in look.lost:
            self._count(found, tally.LOST, (name, address, "expired"), expired)
            self._count(found, tally.LOST, (name, address, "dropped"), dropped)
        for node, port, is_input, passed, discarded in look.ports:
            if is_input:
                self._count(found, tally.RECEIVED, (name, node, port), passed)
            elif port != "error" or passed:
                self._count(found, tally.SENT, (name, node, port), passed)
                self._count(found, tally.DISCARDED, (name, node, port), discarded)
        by_node = (
            *((tally.RETRIES, look.retries), (tally.RESTARTS, look.restarts)),
            *((tally.ABANDONED, look.abandoned), (tally.FORGOTTEN, look.forgotten)),
        )
        for family, counts in by_node:
            for address, count in counts.items():
                self._count(found, family, (name, address), count)
        for address, count in look.dropped.items():
            node, _, port = address.rpartition(".")
            self._count(found, tally.DROPPED, (name, node, port), count)
        for state in look.state.nodes.values():
            found.add(tally.PHASE, (name, state.address, state.phase))
        found.add(tally.RUNNING, (name,))
        for gauge, value in ((tally.LAG, look.lag), (tally.OUTSTANDING, look.outstanding)):
            if value is not None:
                found.add(gauge, (name,), value)
        return found

    def _count(self, found: Tally, family: Family, labels: Labels, value: float) -> None:
        """Take a count that never falls, though a packet that was taken may be returned to its edge."""
        key = (family, labels)
        self._highest[key] = value = max(value, self._highest.get(key, 0))
        found.add(family, labels, value)


class FiringTimes(NetMetrics):
    """Times each call of a function, too, and counts those that raise."""

    def fired(self, address: str, seconds: float, error: BaseException | None) -> None:
        """Count a call."""
        histogram = self._firings.get(address)
        if histogram is None:
            histogram = self._firings[address] = self._counted.duration(tally.FIRING, (self.name, address))
        histogram.counts[bisect_left(self._bounds, seconds)] += 1
        histogram.total += seconds
        if isinstance(error, Exception):
            self._counted.add(tally.FAILED, (self.name, address, type(error).__name__))


class PacketTimes(FiringTimes):
    """Times how long each packet lies on an edge, too; for that everybody has to tell of every packet."""

    def __init__(self, net: NetView, *how: Any) -> None:
        super().__init__(net, *how)
        self._edges = net.edges
        self._since: Beside[float] = Beside(self._edges)
        self._last: dict[str, tuple[PacketId, float]] = {}
        self._clock = self._loop.time if isinstance(self._loop, SteppedLoop) else time.perf_counter

    def packet(self, what: str, address: str, value: object) -> None:
        """Note when a packet was put, and count how long it has lain when it is taken."""
        edge = self._edges.get(address)
        target = edge.target if edge is not None else None
        if edge is None or target is None:
            return
        if what == "sent":
            self._since.put(edge.newest, self._clock())
        elif what == "taken" and (id := target.latest) is not None:
            since = self._since.take(id)
            if since is not None:
                self._last[address] = (id, since)
                self._counted.duration(tally.WAIT, (self.name, address)).add(self._clock() - since)
        elif what == "returned" and address in self._last:
            self._since.put(*self._last[address])
