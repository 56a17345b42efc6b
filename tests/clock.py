"""An ordinary loop, with threads and all, on whose clock time passes by when a test says so."""

import asyncio


class Clock:
    """The time of one loop: that of the machine, and what a test has let pass by."""

    running: asyncio.AbstractEventLoop
    """The loop; a thread has time pass by with `clock.running.call_soon_threadsafe(clock.pass_by, seconds)`."""

    def __init__(self) -> None:
        self._passed = 0.0

    def loop(self) -> asyncio.AbstractEventLoop:
        """Make the loop."""
        clock = self

        class Loop(asyncio.SelectorEventLoop):
            def time(self) -> float:
                return super().time() + clock._passed

        self.running = Loop()
        return self.running

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass by at once; called on the loop."""
        self._passed += seconds
