"""Waiting for a time, for a reason that whoever asks what holds a net up is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbcore.net.node import Node

_SHOWN = 0.1
"""Seconds below which a pause is not worth to be shown: it would be over when somebody has read it."""


class Pause:
    """A time that a node lets pass: what comes after it, in a word or two, and when."""

    __slots__ = ("until", "what")

    def __init__(self, what: str, until: float) -> None:
        self.what = what
        self.until = until


async def pause(node: Node, seconds: float, what: str, why: str, interruption: Interruption | None = None) -> None:
    """Let a node wait for so long, or until it is interrupted.

    `what` comes after it, as the state of the node; `why` is shown where others would see this line of code.
    """
    made = Pause(what, node.net.loop.time() + seconds)
    node.pauses = (*node.pauses, made)
    try:
        await (asyncio.sleep(seconds) if interruption is None or seconds <= 0 else interruption.after(seconds))
    finally:
        node.pauses = tuple(each for each in node.pauses if each is not made)


class Interruption:
    """What may end the pauses of a node before their time."""

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: dict[asyncio.Future[None], None] = {}

    async def after(self, seconds: float) -> None:
        """Wait for so long, or until this comes."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _end, future)
        self._futures[future] = None
        try:
            await future
        finally:
            timer.cancel()
            del self._futures[future]

    def comes(self) -> None:
        """End all pauses, in the order in which they began."""
        for future in self._futures:
            _end(future)


def _end(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


# -- being seen ------------------------------------------------------------------------------------------


def pause_in_words(node: Node) -> str:
    """Say what a node pauses for, and for how long, as `retries in 1.2 s`; "" where anything goes on in it."""
    if not node.pauses or node.ended:
        return ""
    crew = node.crew
    if crew is not None and len(node.pauses) + sum(hand.turn in crew.waits for hand in crew.hands) < len(crew.hands):
        return ""
    first = min(node.pauses, key=lambda each: each.until)
    left = first.until - node.net.loop.time()
    return f"{first.what} {_seconds(left)}" if left >= _SHOWN else ""


def _seconds(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def reason_in(frames: Sequence[FrameType]) -> str:
    """Return why a coroutine waits whose frames these are, if it does so in `pause`; else ""."""
    return next((str(frame.f_locals["why"]) for frame in frames if frame.f_code is pause.__code__), "")
