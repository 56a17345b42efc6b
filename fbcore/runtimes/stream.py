"""Reading what comes out of a running net, packet by packet."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from fbcore.errors import FlowError
from fbcore.net.options import HowToStop
from fbcore.net.reader import Reader
from fbcore.net.report import Result
from fbcore.net.view import NetView
from fbcore.runtimes.running import Running


class Stream:
    """What comes out of a net that runs while the `async with` is open, as pairs of output and value.

    Packets come in the order of their arrival, whatever output they come by. The net waits for its reader.
    After the last packet a bad outcome raises `NetError`. Leaving earlier, by `break` or with an exception,
    cancels the net; what was not read is then in `result.unread`. One task reads at a time.

    Example:
        import asyncio

        @component
        def double(number: int) -> int:
            return 2 * number

        async def main() -> None:
            async with BatchRuntime(double).stream(inputs={"number": Each([1, 2])}) as results:
                async for port, value in results:
                    print(port, value)
            print(results.result.outcome)

        asyncio.run(main())
        #> out 2
        #> out 4
        #> finished
    """

    def __init__(self, name: str, begin: Callable[[], Running]) -> None:
        self._name = name
        self._begin = begin
        self._running: Running | None = None
        self._view: NetView | None = None
        self._group = asyncio.TaskGroup()
        self._runs = asyncio.Event()
        self._has_ended = asyncio.Event()
        self._is_left = False
        self._is_being_read = False
        self._has_raised = False

    async def __aenter__(self) -> Self:
        if self._running is not None:
            hint = "make one for each `async with`: runtime.stream(...)"
            raise FlowError("this stream was entered already", self._name, hint)
        self._running = self._begin()
        self._view = NetView(self._running.net)
        await self._group.__aenter__()
        self._group.create_task(self._run(self._running), name=f"stream of {self._name}")
        try:
            await self._runs.wait()
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def _run(self, running: Running) -> None:
        self._runs.set()
        self._reader().begin()
        try:
            await running.to_its_end()
        finally:
            self._has_ended.set()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = self._entered()
        self._is_left = True
        self._leave(error)
        try:
            # Without the error: the group would wrap it. The net has been cancelled, and needs no more of it.
            await self._group.__aexit__(None, None, None)
        except asyncio.CancelledError as cancelled:
            running.note_on(cancelled)
            raise
        if isinstance(error, asyncio.CancelledError):
            running.note_on(error)
        elif error is None and not self._has_raised:
            running.result()

    def _leave(self, error: BaseException | None) -> None:
        """End the net at once, if it has not ended; a reader that has read everything has ended normally."""
        net, reader = self._entered().net, self._reader()
        why = "its reader left the stream"
        if isinstance(error, asyncio.CancelledError):
            why = "cancelled from outside"
        elif error is not None:
            why = f"its reader failed with {type(error).__name__}"
        if reader.has_all:
            reader.leave()
        if net.live:
            net.stop_at_once(why)
        reader.leave()

    # -- reading -----------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, Any]:
        if self._running is None or self._is_left:
            state = "was left already; what was not read is in its `.result`" if self._is_left else "was not entered"
            hint = "async with runtime.stream(...) as results: ..."
            raise FlowError(f"this stream {state}", self._name, hint)
        if self._is_being_read:
            hint = "read in one task and hand the packets on, or open a stream for each reader"
            raise FlowError("another task waits for the next packet of this stream", self._name, hint)
        self._is_being_read = True
        try:
            packet = await self._reader().read()
            if packet is not None:
                return packet
            await self._has_ended.wait()
        finally:
            self._is_being_read = False
        if not self._has_raised:
            self._has_raised = True
            self._running.result()
        raise StopAsyncIteration

    # -- the net behind it -------------------------------------------------------------------------

    def stop(self, reason: str = "", grace: float | None = None, how: HowToStop | None = None) -> None:
        """Stop the net: drain it, unless `how` is `"at once"` or the settings say so; asked again, cancel it.

        Sources are cancelled, and what is on its way can still be read. After `grace` seconds, or those that were given
        to `stream`, the net is cancelled.

        Example:
            import asyncio

            class Count(Component):
                number: Out[int]

                async def run(self) -> None:
                    for number in range(1_000_000):
                        await self.number.send(number)

            async def main() -> None:
                async with BatchRuntime(Count).stream() as results:
                    async for port, value in results:
                        if value == 100:
                            results.stop("enough")
                print(results.result.outcome, results.result.reason)

            asyncio.run(main())
            #> stopped enough
        """
        self._entered().stop(reason, grace, how)

    @property
    def net(self) -> NetView:
        """The running net, to look at: `results.net.nodes["parse"].phase`."""
        self._entered()
        assert self._view is not None
        return self._view

    @property
    def result(self) -> Result:
        """How the net ended, once it has.

        Raises:
            FlowError: it has not ended yet.
        """
        result = self._running.net.result if self._running is not None else None
        if result is None:
            hint = "read the stream to its end, or leave the `async with`"
            raise FlowError("the net has not ended yet, and has no result", self._name, hint)
        return result

    def _entered(self) -> Running:
        if self._running is None:
            raise FlowError("this stream was not entered", self._name, "async with runtime.stream(...) as results: ...")
        return self._running

    def _reader(self) -> Reader:
        reader = self._entered().net.reader
        assert reader is not None
        return reader
