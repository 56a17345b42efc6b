"""Sparing what fails anyhow: after failures in a row calls are refused, until one that is let through has succeeded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fbcore.errors import FlowError, shown
from fbcore.net.pause import pause
from fbcore.orchestration.named import is_one_of
from fbcore.orchestration.policy import Breaker

if TYPE_CHECKING:
    from fbcore.net.node import Node


class BreakerError(FlowError):
    """A firing was refused, for the breaker of its node is open: what it calls has failed again and again.

    Example:
        @component
        def ask(town: str) -> str:
            raise ConnectionError("no line")

        graph = Graph("weather")
        graph.inputs.town >> graph.add(ask).town
        graph["ask"].error >> graph.outputs.failed
        graph["ask"].out >> graph.outputs.report
        settings = NetSettings(nodes={"ask": NodeSettings(breaker=Breaker(failures=2, reset=60))})
        result = BatchRuntime(graph, settings=settings).run(inputs={"town": Each(["Delft", "Oslo", "Rome"])})
        for failure in result.outputs.failed:
            print(failure.value, type(failure.error.cause).__name__)
        #> Delft ConnectionError
        #> Oslo ConnectionError
        #> Rome BreakerError
    """


class Circuit:
    """The breaker of one node: closed (calls pass), open (they do not), or half open (one is on trial).

    Each time that it opens or closes another era begins. A call that began in an earlier one, beside others, says
    nothing about the present one.
    """

    __slots__ = ("_era", "_failures", "_last", "_node", "_policy", "_trial", "_until", "_waiting")

    def __init__(self, policy: Breaker, node: Node) -> None:
        self._policy = policy
        self._node = node
        self._failures = 0
        self._last = ""
        self._until: float | None = None
        self._trial = False
        self._era = 0
        self._waiting: list[asyncio.Future[None]] = []

    # -- a call ------------------------------------------------------------------------------------

    async def enter(self) -> int:
        """Let a call through, and return its era, for `succeeded` or `failed`.

        Raises:
            BreakerError: it is refused.
        """
        while self._until is not None:
            left = self._until - self._node.net.loop.time()
            if left <= 0 and not self._trial:
                self._trial = True
                break
            if self._policy.meanwhile == "refuse":
                raise self._refusal(left)
            await (pause(left, "its breaker is open") if left > 0 else self._end_of_trial())
        return self._era

    def refuses_in(self, seconds: float) -> bool:
        """Say whether a call after so many seconds would be refused, as it looks now."""
        if self._until is None or self._policy.meanwhile == "wait":
            return False
        return self._until > self._node.net.loop.time() + seconds

    def succeeded(self, era: int) -> None:
        """Hear that a call has succeeded, or has raised what is an answer too."""
        if era != self._era:
            return
        self._failures = 0
        if self._until is not None:
            self._until = None
            self._turn()
            self._node.net.watching.notice(self._node.address, "the breaker has closed: a call has succeeded")

    def failed(self, era: int, error: Exception) -> None:
        """Hear that a call has failed."""
        if era != self._era:
            return
        if not is_one_of(error, self._policy.on):
            self.succeeded(era)
            return
        self._failures += 1
        if self._until is None and self._failures < self._policy.failures:
            return
        node, reset = self._node, self._policy.reset
        self._last = f"{type(error).__name__}: {shown(str(error))}"
        self._until = node.net.loop.time() + reset
        self._turn()
        times = "once" if self._failures == 1 else f"{self._failures} times in a row"
        what = f"the breaker has opened for {reset:g} s: it has failed {times}, last with {self._last}"
        node.net.watching.notice(node.address, what)

    def given_up(self, era: int) -> None:
        """Hear that a call was cancelled, which says nothing about it."""
        if era == self._era and self._trial:
            self._trial = False
            self._wake()

    def _turn(self) -> None:
        self._era += 1
        self._trial = False
        self._wake()

    async def _end_of_trial(self) -> None:
        future = self._node.net.loop.create_future()
        self._waiting.append(future)
        try:
            await future
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _refusal(self, left: float) -> BreakerError:
        when = f"in {left:.3g} s" if left > 0 else "now, by another firing"
        times = "once" if self._failures == 1 else f"{self._failures} times in a row"
        what = f"refused, for the breaker is open: it has failed {times}, last with {self._last}; it is tried {when}"
        address = self._node.address
        hint = f'take what is refused by `{address}.error`, or let it wait: Breaker(meanwhile="wait")'
        return BreakerError(what, address, hint)

    # -- its state ---------------------------------------------------------------------------------

    def state(self, origin: float) -> Any:
        """Return what decides which calls pass, with times from an origin on; None for as it begins."""
        if self._until is None:
            return self._failures or None
        # How long it could have been half open by now makes no difference.
        until = max(self._until, self._node.net.loop.time())
        return [self._failures, round(until - origin, 9), self._trial, self._last]

    def take(self, state: Any) -> None:
        """Go on with a state, by origin 0."""
        if isinstance(state, int):
            self._failures = state
        elif state is not None:
            self._failures, self._until, self._trial, self._last = state
