"""BatchRuntime: run a net from its inputs to its end, and say what came out and how it ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextvars import Context
from typing import Any

from fbcore.errors import GraphError
from fbcore.model.graph import Graph
from fbcore.net.build import build_net
from fbcore.net.net import GRACE, Net
from fbcore.net.observe import Observer
from fbcore.net.options import Check, NetOptions, Tracking
from fbcore.net.report import NetError, Outcome, Result, Snapshot
from fbcore.runtimes.blocking import run_blocking

log = logging.getLogger("fbcore")

PROGRESS_EVERY = 0.1
"""Seconds between two calls of a progress callback."""


class BatchRuntime:
    """Runs nets of one graph, each from its inputs to its end.

    The net ends when all its nodes have ended. When nothing can move any more and nothing is outstanding, it
    is called blocked at once: a deadlocked or starved net is ended, a quiescent one (a loop that has run dry)
    is brought to its end by closing the inputs of one node after the other.

    `tracking="history"` keeps what became of every packet, for `result.packets` (by default only those in flight
    are known), and `keep` the values of so many of them at each node: a number of packets, or bytes (`"10 MB"`).
    `check="edges"` checks the type of every value on every edge, `check="mutation"` finds values that were changed
    after they had been sent; both take time.

    Example:
        result = BatchRuntime(graph).run(path="flights.csv")
        result.outputs.means        # a list of values for each output port
        result.outcome              # finished, quiescent, starved, deadlocked, stopped or failed
    """

    def __init__(
        self, graph: Graph, *, tracking: Tracking = "counts", keep: int | str = 0, check: Check = None
    ) -> None:
        if not isinstance(graph, Graph):
            raise GraphError(f"BatchRuntime runs a Graph, not {graph!r}", hint="BatchRuntime(graph).run()")
        self.graph = graph
        self.options = NetOptions(tracking, keep, check)
        self._running: list[Net] = []

    def run(
        self,
        /,
        *,
        inputs: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        grace: float = GRACE,
        progress: Callable[[Snapshot], None] | None = None,
        observers: Iterable[Observer] = (),
        raises: bool = True,
        **configs: Any,
    ) -> Result:
        """Run a net from ordinary code, also where a loop runs already, as in a notebook.

        `inputs` gives a value for every input of the graph; `Each(iterable)` sends its items one by one.
        After `time_limit` seconds the net is cancelled. `progress` is called ten times a second, and at the
        end, with a `Snapshot`. `raises=False` returns the result of a bad run instead of raising. Other
        keywords are the graph's configs. In the main thread SIGINT and SIGTERM drain the net for at most
        `grace` seconds; a second one cancels it.

        Raises:
            NetError: the net failed, starved, deadlocked, or its time was up. `.result` says where all packets are.
            GraphError: the graph cannot run.
            ConfigError, InputError: a value is missing, unknown, or does not fit its type. An item of an `Each`
                that does not fit fails the net while it runs: a NetError.

        Example:
            BatchRuntime(graph).run(inputs={"line": Each(["a b", "c"])}, sep=" ").outputs.words
        """

        def work() -> Coroutine[Any, Any, Result]:
            return self.arun(
                inputs=inputs,
                time_limit=time_limit,
                grace=grace,
                progress=progress,
                observers=observers,
                raises=raises,
                **configs,
            )

        def stop(times: int) -> None:
            for net in list(self._running):
                net.stop("asked to stop by a signal", grace) if times == 1 else net.stop_at_once("asked to stop twice")

        return run_blocking(work, stop)

    async def arun(
        self,
        /,
        *,
        inputs: Mapping[str, Any] | None = None,
        time_limit: float | None = None,
        grace: float = GRACE,
        progress: Callable[[Snapshot], None] | None = None,
        observers: Iterable[Observer] = (),
        raises: bool = True,
        **configs: Any,
    ) -> Result:
        """Run a net inside a running loop; options and errors as of `run`. Installs no signal handlers.

        When the caller is cancelled, the net is, and the `CancelledError` carries the summary as a note.
        """
        net = build_net(self.graph, inputs, configs, observers, self.options)
        timers = _Timers(net, time_limit, progress)
        self._running.append(net)
        try:
            result = await net.run()
        except asyncio.CancelledError as error:
            if net.result is not None:
                error.add_note(net.result.summary())
            raise
        finally:
            self._running.remove(net)
            timers.close()
        if raises and (timers.is_time_up or result.outcome in _BAD):
            raise _net_error(result)
        return result

    def stop(self, reason: str = "", grace: float = GRACE) -> None:
        """Drain every net that this runtime runs, from any thread; after `grace` seconds they are cancelled."""
        for net in list(self._running):
            net.loop.call_soon_threadsafe(net.stop, reason, grace)


_BAD = (Outcome.FAILED, Outcome.STARVED, Outcome.DEADLOCKED)

_HINTS = {
    Outcome.STARVED: "see `.result.unread` and `.result.waits`; feed the missing input, or take the packets",
    Outcome.DEADLOCKED: "give an edge of the circle more room: graph.connect(a.out, b.value, capacity=...)",
    Outcome.STOPPED: "raise `time_limit`, or see `.result.waits` for what held it up",
}


def _net_error(result: Result) -> NetError:
    if result.errors:
        first, more = result.errors[0], len(result.errors) - 1
        what = f"{result.outcome}: {first.address}: {first.what}{f' (and {more} more)' if more else ''}"
        return NetError(what, result.name, first.hint, result)
    return NetError(f"{result.outcome}: {result.reason}", result.name, _HINTS.get(result.outcome, ""), result)


class _Timers:
    """The timers of one run: its limit, and the beat of its progress."""

    def __init__(self, net: Net, limit: float | None, progress: Callable[[Snapshot], None] | None) -> None:
        self.net = net
        self.is_time_up = False
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._moves = -1
        self._limit = None
        self._beat = None
        if limit is not None:
            self._limit = self._loop.call_later(limit, self._time_is_up, limit, context=Context())
        if progress is not None:
            self._beat = self._loop.call_later(PROGRESS_EVERY, self._report, context=Context())

    def _time_is_up(self, limit: float) -> None:
        self.is_time_up = True
        self.net.stop_at_once(f"the time limit of {limit:g} s is over")

    def _report(self) -> None:
        self._tell(self.net.snapshot(with_outstanding=True))
        is_still, self._moves = self.net.moves == self._moves, self.net.moves
        if not (is_still and self.net.is_stepped):
            # On virtual time a beat in a net that stands still would go on for ever, at no time at all.
            self._beat = self._loop.call_later(PROGRESS_EVERY, self._report, context=Context())

    def close(self) -> None:
        """Disarm, and report the end."""
        for timer in (self._limit, self._beat):
            if timer is not None:
                timer.cancel()
        if self.net.result is not None:
            self._tell(self.net.snapshot())

    def _tell(self, snapshot: Snapshot) -> None:
        try:
            if self._progress is not None:
                self._progress(snapshot)
        except Exception:
            self._progress = None
            log.exception("the progress callback raised and is called no more")
