"""Ctrl-C: the first one waits for the step that runs, which may be deep in a net; the second does not."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fbdev.explore.budget import Meter


@contextmanager
def patient(meter: Meter) -> Iterator[None]:
    """Let a first Ctrl-C end the search where it looks at what is spent, in the block; in the main thread only."""
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if meter.is_interrupted:
            signal.default_int_handler(number, frame)
        meter.is_interrupted = True

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
