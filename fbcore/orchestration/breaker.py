"""Sparing what fails anyhow: after failures in a row firings are refused, until one that is let through succeeds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fbcore.errors import FlowError, shown
from fbcore.net.crew import Hand, current_hand
from fbcore.net.pause import Interruption, pause
from fbcore.net.policy_state import since
from fbcore.orchestration.named import is_one_of
from fbcore.orchestration.policy import Breaker

if TYPE_CHECKING:
    from fbcore.net.node import Node


class BreakerError(FlowError):
    """A firing was refused, for the breaker of its node is open: what it calls has failed again and again.

    Or it has given up its attempts, for the breaker has opened on account of others; `__cause__` is then what its last
    attempt has raised.

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
    """The breaker of one node: closed (firings pass), open (they do not), or half open (one is on trial).

    Each time that it opens or closes another era begins. A firing that was let through in an earlier one, beside
    others, says nothing about the present one. `opening` is when it opens: it ends the pauses of firings before their
    time, and `on_opening` is called right then.
    """

    __slots__ = (
        "_era",
        "_failures",
        "_inside",
        "_last",
        "_node",
        "_policy",
        "_trial",
        "_until",
        "_waiting",
        "on_opening",
        "opening",
    )

    def __init__(self, policy: Breaker, node: Node) -> None:
        self._policy = policy
        self._node = node
        self._failures = 0
        self._last = ""
        self._until: float | None = None
        self._trial = False
        self._era = 0
        self._inside: dict[Hand | None, int] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self.opening = Interruption()
        self.on_opening: Callable[[], None] = _nothing

    # -- a firing ----------------------------------------------------------------------------------

    async def enter(self) -> int:
        """Let a firing through, and return its era, for `succeeded`, `failed` or `given_up`: one of them is to follow.

        Raises:
            BreakerError: it is refused.
        """
        while self._until is not None:
            left = self._until - self._node.net.loop.time()
            if left <= 0 and not self._trial:
                self._trial = True
                break
            if self._policy.meanwhile == "refuse":
                raise self._refusal("refused, for the breaker is open", left)
            if left > 0:
                await pause(self._node, left, "breaker,", "its breaker is open")
            else:
                await self._end_of_trial()
        self._inside[current_hand.get()] = self._era
        return self._era

    def has_opened(self, era: int) -> bool:
        """Say whether it is open to a firing that was let through in this era, on account of others."""
        return era != self._era and self._until is not None

    def end_attempts(self, era: int, attempts: int, error: Exception) -> None:
        """Let a firing give up after an error of its own, though it had more attempts, where others opened the breaker.

        Raises:
            BreakerError: that is so, and what is not let through is refused, and does not wait.
        """
        if self.has_opened(era) and self._policy.meanwhile == "refuse":
            tries = "its first attempt" if attempts == 1 else f"{attempts} attempts"
            left = (self._until or 0.0) - self._node.net.loop.time()
            raise self._refusal(f"given up after {tries}, for the breaker has opened", left) from error

    def succeeded(self, era: int) -> None:
        """Hear that a firing has succeeded, or has raised what is an answer too."""
        if not self._has_left(era):
            return
        self._failures = 0
        if self._until is not None:
            self._until = None
            self._turn()
            self._node.net.watching.notice(self._node.address, "the breaker has closed: a firing has succeeded")

    def failed(self, era: int, error: Exception) -> None:
        """Hear that a firing has failed, with all its attempts."""
        if not is_one_of(error, self._policy.on):
            self.succeeded(era)
            return
        if not self._has_left(era):
            return
        self._failures += 1
        if self._until is None and self._failures < self._policy.failures:
            return
        node, reset = self._node, self._policy.reset
        self._last = f"{type(error).__name__}: {shown(str(error))}"
        self._until = node.net.loop.time() + reset
        self._turn()
        self.opening.comes()
        self.on_opening()
        node.net.watching.notice(node.address, f"the breaker has opened for {reset:g} s: {self._why()}")

    def given_up(self, era: int) -> None:
        """Hear that a firing was cancelled, which says nothing about it."""
        if self._has_left(era) and self._trial:
            self._trial = False
            self._wake()

    def _has_left(self, era: int) -> bool:
        """Take note that a firing has ended; True when it was let through in this era."""
        self._inside.pop(current_hand.get(), None)
        return era == self._era

    def _turn(self) -> None:
        self._era += 1
        self._trial = False
        self._wake()

    async def _end_of_trial(self) -> None:
        """Wait for another firing of the node, which is no wait for anything outside of it."""
        future = self._node.net.loop.create_future()
        self._waiting.append(future)
        waits = self._node.crew.waits if self._node.crew is not None else set()
        waits.add(future)
        try:
            await future
        finally:
            waits.discard(future)
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _why(self) -> str:
        many = "one firing has failed" if self._failures == 1 else f"{self._failures} firings in a row have failed"
        return f"{many}, last with {self._last}"

    def _refusal(self, what: str, left: float) -> BreakerError:
        now = "now, by another firing" if self._trial else "by the next firing"
        when = f"in {left:.3g} s" if left > 0 else now
        address = self._node.address
        hint = f'take what is refused by `{address}.error`, or let it wait: Breaker(meanwhile="wait")'
        return BreakerError(f"{what}: {self._why()}; it is tried {when}", address, hint)

    # -- its state ---------------------------------------------------------------------------------

    def state(self, origin: float) -> Any:
        """Return what decides which firings pass, with times from an origin on; None for as it begins."""
        early = sorted(hand.number or 0 for hand, era in self._inside.items() if hand is not None and era != self._era)
        if self._until is None:
            return [self._failures, None, False, "", early] if early else self._failures or None
        # How long it could have been half open by now makes no difference.
        until = max(self._until, self._node.net.loop.time())
        return [self._failures, since(until, origin), self._trial, self._last, *([early] if early else ())]

    def take(self, state: Any) -> None:
        """Go on with a state, by origin 0."""
        if isinstance(state, int):
            self._failures = state
        elif state is not None:
            self._failures, self._until, self._trial, self._last = state[:4]


def _nothing() -> None:
    """Do nothing when it opens."""
