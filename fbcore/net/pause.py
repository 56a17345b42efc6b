"""Waiting for a time, for a reason that whoever asks what holds a net up is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import FrameType


async def pause(seconds: float, why: str, interruption: Interruption | None = None) -> None:
    """Wait for so long, or until it is interrupted; `why` is shown where others would see this line of code."""
    await (asyncio.sleep(seconds) if interruption is None or seconds <= 0 else interruption.after(seconds))


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


def reason_in(frames: Sequence[FrameType]) -> str:
    """Return why a coroutine waits whose frames these are, if it does so in `pause`; else ""."""
    return next((str(frame.f_locals["why"]) for frame in frames if frame.f_code is pause.__code__), "")
