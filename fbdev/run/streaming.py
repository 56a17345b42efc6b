"""Running a net whose outputs are written while they come."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fbcore.net.report import Outputs, Result
from fbcore.runtimes.batch import BatchRuntime
from fbcore.runtimes.blocking import run_blocking
from fbcore.runtimes.stream import Stream
from fbdev.run.outlets import Outlet


def run_streamed(runtime: BatchRuntime, outlets: Mapping[str, Outlet], **options: Any) -> tuple[Result, Outputs]:
    """Run a net with the options of `BatchRuntime.stream`, and return its result, and what no outlet has written.

    As with `BatchRuntime.run`, a first signal drains the net, and a second cancels it.
    """
    reading = _Reading(runtime, outlets, options)
    result = run_blocking(reading.run, reading.stop)
    return result, Outputs(reading.rest)


class _Reading:
    """Writes what comes out of one run, each line at once; those that come in one turn go out together."""

    def __init__(self, runtime: BatchRuntime, outlets: Mapping[str, Outlet], options: dict[str, Any]) -> None:
        self.rest: dict[str, list[Any]] = {name: [] for name in runtime.graph.border("outputs") if name not in outlets}
        self._runtime = runtime
        self._outlets = outlets
        self._options = options
        self._stream: Stream | None = None
        self._task: asyncio.Task[Any] | None = None
        self._unflushed: set[Outlet] = set()
        self._failure: OSError | None = None

    async def run(self) -> Result:
        """Read to the end, and return how the net ended."""
        self._task = asyncio.current_task()
        self._stream = self._runtime.stream(raises=False, **self._options)
        try:
            async with self._stream:
                async for name, value in self._stream:
                    self._take(name, value)
        except asyncio.CancelledError:
            # Somebody asked twice to stop, or nothing can be written any more.
            pass
        if self._failure is None:
            self._flush()
        if self._failure is not None:
            raise self._failure
        return self._stream.result

    def _take(self, name: str, value: Any) -> None:
        outlet = self._outlets.get(name)
        if outlet is None:
            self.rest[name].append(value)
            return
        outlet.write(value)
        if not self._unflushed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unflushed.add(outlet)

    def _flush(self) -> None:
        try:
            while self._unflushed:
                self._unflushed.pop().flush()
        except OSError as error:
            self._failure = error
            assert self._task is not None
            self._task.cancel()

    def stop(self, times: int) -> None:
        """Drain the net; the second time cancel it."""
        if times > 1 and self._task is not None:
            self._task.cancel()
        elif self._stream is not None:
            self._stream.stop("asked to stop by a signal")
