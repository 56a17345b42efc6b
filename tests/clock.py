"""An ordinary loop, with threads and all, on whose clock time passes by when a test says so."""

import asyncio


class Clock:
    """The time of one loop: that of the machine, and what a test has let pass by."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """Make the loop."""
        clock = self

        class Loop(asyncio.SelectorEventLoop):
            def time(self) -> float:
                return super().time() + clock._passed

        self._loop = Loop()
        return self._loop

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass by, at once and from any thread: what is due by then is due now."""
        assert self._loop is not None
        self._passed += seconds
        self._loop.call_soon_threadsafe(lambda: None)
