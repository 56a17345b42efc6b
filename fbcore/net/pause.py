"""Waiting for a time, for a reason that whoever asks what holds a net up is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import FrameType


async def pause(seconds: float, why: str) -> None:
    """Wait for so long; `why` is shown where others would see this line of code."""
    await asyncio.sleep(seconds)


def reason_in(frames: Sequence[FrameType]) -> str:
    """Return why a coroutine waits whose frames these are, if it does so in `pause`; else ""."""
    return next((str(frame.f_locals["why"]) for frame in frames if frame.f_code is pause.__code__), "")
