"""One run of a net: what bounds it, who hears of its progress, and what is raised at its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

from fbcore.errors import SettingsError
from fbcore.net.net import Net
from fbcore.net.options import HowToStop
from fbcore.net.report import NetError, Outcome, Result, Snapshot

if TYPE_CHECKING:
    from fbcore.orchestration.feeding import Feed

log = logging.getLogger("fbcore")

PROGRESS_EVERY = 0.1
"""Seconds between two calls of a progress callback."""

AGAIN = "asked to stop twice"
"""Why a net is forced to its end that has been asked to stop before."""

_BAD = (Outcome.FAILED, Outcome.STARVED, Outcome.DEADLOCKED)

_HINTS = {
    Outcome.STARVED: "see `.result.unread` and `.result.waits`; feed the missing input, or take the packets",
    Outcome.DEADLOCKED: "give an edge of the circle more room: graph.connect(a.out, b.value, capacity=...)",
    Outcome.STOPPED: "raise `time_limit`, or see `.result.waits` for what held it up",
}


class Running:
    """A net that runs, or is about to, with the options of its run; it is in `among` while it runs."""

    def __init__(
        self,
        net: Net,
        among: list[Running],
        run: Callable[[Net], Awaitable[Result]],
        *,
        feed: Feed | None = None,
        time_limit: float | None,
        grace: float,
        stop: HowToStop,
        progress: Callable[[Snapshot], None] | None,
        raises: bool,
    ) -> None:
        self.net = net
        net.grace = grace
        self._how = stop
        self._is_asked = False
        self.is_time_up = False
        self._feed = feed
        self._among = among
        self._run = run
        self._time_limit = time_limit
        self._progress = progress
        self._raises = raises
        self._moves = -1
        self._limit: asyncio.TimerHandle | None = None
        self._beat: asyncio.TimerHandle | None = None

    async def to_its_end(self) -> None:
        """Run the net to its end, whatever that is; a `CancelledError` carries the summary as a note."""
        self._arm()
        self._among.append(self)
        try:
            await self._run(self.net)
            result_of(self.net)
        except asyncio.CancelledError as error:
            self.note_on(error)
            raise
        finally:
            self._among.remove(self)
            self._disarm()
            if self._feed is not None:
                self._feed.close()

    def result(self) -> Result:
        """Return how the net ended.

        Raises:
            NetError: it ended badly, or its time was up, and the run is to raise that.
        """
        result = result_of(self.net)
        if self._raises and (self.is_time_up or result.outcome in _BAD):
            raise _net_error(result)
        return result

    def note_on(self, error: BaseException) -> None:
        """Let whoever sees the cancellation of a run see where its packets are."""
        if self.net.result is not None:
            error.add_note(self.net.result.summary())

    # -- stopping ----------------------------------------------------------------------------------

    def stop(self, reason: str = "", grace: float | None = None, how: HowToStop | None = None) -> None:
        """Stop the net, on its own loop: drain it, or cancel it, as is said here or for the run; again, force it."""
        net = self.net
        if grace is not None:
            net.grace = grace
        if self._is_asked:
            net.stop_at_once(reason or AGAIN)
        else:
            net.stop_by(how or self._how)(reason)
        self._is_asked = True

    def stop_from_anywhere(self, reason: str, grace: float | None, how: HowToStop | None) -> None:
        """Stop the net, from any thread."""
        # Refused here, where somebody sees it.
        self.net.stop_by(how or self._how)
        # A loop that has been closed meanwhile has nothing left to stop.
        with suppress(RuntimeError):
            self.net.loop.call_soon_threadsafe(self.stop, str(reason), grace, how)

    # -- time --------------------------------------------------------------------------------------

    def _arm(self) -> None:
        loop = self.net.loop
        if self._time_limit is not None:
            self._limit = loop.call_later(self._time_limit, self._time_is_up, self._time_limit, context=Context())
        if self._progress is not None:
            self._beat = loop.call_later(PROGRESS_EVERY, self._report, context=Context())

    def _time_is_up(self, limit: float) -> None:
        self.is_time_up = True
        self.net.stop_at_once(f"the time limit of {limit:g} s is over")

    def _report(self) -> None:
        self._tell(self.net.snapshot(with_outstanding=True))
        is_still, self._moves = self.net.moves == self._moves, self.net.moves
        if not (is_still and self.net.is_stepped):
            # On virtual time a beat in a net that stands still would go on for ever, at no time at all.
            self._beat = self.net.loop.call_later(PROGRESS_EVERY, self._report, context=Context())

    def _disarm(self) -> None:
        for timer in (self._limit, self._beat):
            if timer is not None:
                timer.cancel()
        if self._progress is not None and self.net.result is not None:
            self._tell(self.net.snapshot())

    def _tell(self, snapshot: Snapshot) -> None:
        try:
            if self._progress is not None:
                self._progress(snapshot)
        except Exception:
            self._progress = None
            log.exception("the progress callback raised and is called no more")


def result_of(net: Net) -> Result:
    """Return how a net has ended that an orchestrator has run.

    Raises:
        SettingsError: it has not, for that orchestrator returned before.
    """
    if net.result is None:
        raise SettingsError("`run` of the orchestrator returned before the net has ended", net.name, "await net.run()")
    return net.result


def _net_error(result: Result) -> NetError:
    if result.errors:
        first, more = result.errors[0], len(result.errors) - 1
        what = f"{result.outcome}: {first.address}: {first.what}{f' (and {more} more)' if more else ''}"
        return NetError(what, result.name, first.hint, result)
    return NetError(f"{result.outcome}: {result.reason}", result.name, _HINTS.get(result.outcome, ""), result)
