"""Threads that call the function of a node: one for each call of a plain function, one for all of an async one."""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, closing, suppress
from contextvars import Context, copy_context
from typing import Any

from fbcore.model.function import FunctionComponent
from fbcore.net.abandoned import AbandonedThread, place_in
from fbcore.net.elsewhere import Reply
from fbcore.net.firing import closable
from fbcore.net.log import context_of
from fbcore.net.node import Node
from fbcore.orchestration.at_work import AtWork, ThreadLoop, no_thread_is_told
from fbcore.orchestration.timeouts import Limit, Work

PATIENCE = 2.0
"""Seconds that a thread may take to end what it does when its node is cancelled, before it is left behind."""

MOST_LEFT = 100
"""Threads of one node that were left behind and have not ended, beyond which a call waits for one of them to end."""


class Callers:
    """The threads of a node in which its function is called; to the net they are a place: `Elsewhere`."""

    has_tasks = None
    is_kept_apart = True

    def __init__(self, node: Node, component: FunctionComponent[..., Any, Any], patience: float = PATIENCE) -> None:
        self.node = node
        self.at_work = AtWork(node.net.loop)
        self._patience = patience
        self._name = component.__name__
        self._is_async = component.waits
        self._is_open = False
        self._idle: list[_Worker] = []
        self._at_it: list[_Call] = []
        self._left: list[_Worker] = []
        self._room: Reply | None = None

    # -- as a place --------------------------------------------------------------------------------

    @property
    def is_parked(self) -> bool:
        """Whether nothing is called, or what is has yielded, and waits until it is asked to go on."""
        return all(call.has_yielded for call in self._at_it)

    def where(self) -> str:
        """Say in words what goes on."""
        going_on = next((call for call in self._at_it if not call.has_yielded), None)
        return f"calls {self._name} in a thread{place_in(going_on.worker.thread) if going_on else ''}"

    # -- calling -----------------------------------------------------------------------------------

    async def call(self, work: Work, limit: Limit | None = None) -> Any:
        """Call a function in a thread, and return what it returns.

        When this is cancelled because it is overdue, the thread is left behind.
        """
        call = await self._begin(work, streams=False)
        try:
            return await call.next()
        except asyncio.CancelledError:
            await self._cancel(call, limit)
            raise
        finally:
            self._end(call)

    async def items(self, work: Work, limit: Limit | None = None) -> AsyncIterator[Any]:
        """Call a function in a thread, and yield what it yields; it goes on when the next item is asked for."""
        call = await self._begin(work, streams=True)
        try:
            item = await call.next()
            while not call.is_over:
                self._pauses(call, has_yielded=True)
                try:
                    yield item
                except GeneratorExit:
                    self._pauses(call, has_yielded=False)
                    call.stop()
                    await call.next()
                    raise
                self._pauses(call, has_yielded=False)
                call.go_on()
                item = await call.next()
        except asyncio.CancelledError:
            await self._cancel(call, limit)
            raise
        finally:
            self._end(call)

    def during(self, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return work of the node during which its function can be called."""

        async def with_callers() -> None:
            tasks = self.node.tasks
            tasks.elsewhere = (*tasks.elsewhere, self)
            self._is_open = True
            try:
                await work()
            finally:
                self.end()

        return with_callers

    def end(self) -> None:
        """Let all threads end, those that are at work when they are done."""
        self._is_open = False
        for worker in self._idle:
            worker.end()
        self._idle.clear()

    def _pauses(self, call: _Call, *, has_yielded: bool) -> None:
        """Take note that a call waits until it is asked to go on, or goes on."""
        call.has_yielded = has_yielded
        if self.is_parked:
            self.at_work.end()
        else:
            self.at_work.begin()

    async def _begin(self, work: Callable[[], Any], *, streams: bool) -> _Call:
        while len(self._left) >= MOST_LEFT:
            self._room = Reply(loop=self.node.net.loop)
            await self._room
        if self._is_async and self._at_it and not self._at_it[-1].worker.is_left:
            worker = self._at_it[-1].worker
        else:
            with no_thread_is_told(self.node.address):
                worker = self._idle.pop() if self._idle else _Worker(f"{self.node.address} calls {self._name}")
        with context_of(self.node):
            # A call that outlives its time goes on to log about its own packet.
            call = _Call(worker, self.node.net.loop, work, streams=streams)
        worker.calls.append(call)
        self._at_it.append(call)
        self.at_work.begin()
        worker.submit(call.begin_async if self._is_async else call.do)
        return call

    async def _cancel(self, call: _Call, limit: Limit | None) -> None:
        """End a call that nobody wants any more; its thread may take a little time for that, unless it is overdue."""
        call.cancel()
        if limit is not None and limit.is_overdue():
            limit.place = place_in(call.worker.thread)
            return
        alarm = self.at_work.alarm(self._patience, call.wake)
        # What it says now is not heard; a second cancellation, or the alarm, ends the wait.
        with suppress(BaseException):
            while not call.is_over:
                await call.look()
        alarm.cancel()
        if not call.is_over:
            where = place_in(call.worker.thread)
            self.node.net.watching.notice(self.node.address, f"left behind, for its thread does not end{where}")

    def _end(self, call: _Call) -> None:
        """Let the thread have the next call; leave it behind where this one has not ended."""
        worker = call.worker
        self._at_it.remove(call)
        if call.is_over:
            worker.calls.remove(call)
            self._has_ended(worker)
        elif not worker.is_left:
            worker.is_left = True
            self._left.append(worker)
            self.node.net.abandoned.append(AbandonedThread(self.node.address, worker.thread))
        if not call.is_over:
            call.late = lambda: self._ended_late(call)
        if self.is_parked:
            self.at_work.end()

    def _ended_late(self, call: _Call) -> None:
        call.worker.calls.remove(call)
        self._has_ended(call.worker)

    def _has_ended(self, worker: _Worker) -> None:
        if worker.calls:
            return
        if not worker.is_left and self._is_open:
            self._idle.append(worker)
            return
        worker.end()
        if worker.is_left:
            self._left.remove(worker)
            if self._room is not None and not self._room.done():
                self._room.set_result(None)


class _Worker:
    """A thread with a loop."""

    def __init__(self, name: str) -> None:
        self.is_left = False
        self.calls: list[_Call] = []
        self.loop = ThreadLoop()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self.thread.start()
        except RuntimeError:
            self.loop.close()
            raise

    def submit(self, what: Callable[[], object]) -> None:
        """Let something be done in the thread."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what)

    def end(self) -> None:
        """Let the thread end."""
        self.submit(self.loop.stop)
        self.thread.join(0.1)

    def _run(self) -> None:
        loop = self.loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


class _Call:
    """One call in a thread; what comes of it arrives on the loop of the net."""

    def __init__(
        self, worker: _Worker, loop: asyncio.AbstractEventLoop, work: Callable[[], Any], *, streams: bool
    ) -> None:
        self.worker = worker
        self.is_over = False
        self.has_yielded = False
        self.late: Callable[[], None] | None = None
        self._loop = loop
        self._work = work
        self._streams = streams
        self._here: Context = copy_context()
        self._context = self._here.copy()
        self._arrived: deque[tuple[bool, Any, BaseException | None]] = deque()
        self._reply: Reply | None = None
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._is_wanted: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None

    # -- on the loop of the net --------------------------------------------------------------------

    async def next(self) -> Any:
        """Return the next item, or what the call has come to at last."""
        while not self._arrived:
            await self.look()
        _, value, error = self._arrived.popleft()
        if error is not None:
            raise error
        return value

    async def look(self) -> None:
        """Wait until something arrives."""
        self._reply = Reply(loop=self._loop)
        await self._reply

    def wake(self) -> None:
        """Let whoever waits give up."""
        if self._reply is not None:
            self._reply.cancel()

    def go_on(self) -> None:
        """Ask for the next item."""
        self._say(True)

    def stop(self) -> None:
        """Ask for no more items."""
        self._say(False)

    def cancel(self) -> None:
        """Cancel the call, if it can be."""
        self._say(False)
        if self._task is not None:
            self.worker.submit(self._task.cancel)

    def _say(self, is_wanted: bool) -> None:
        self._wanted.put(is_wanted)
        if self._is_wanted is not None:
            self.worker.submit(self._is_wanted.set)

    def _arrive(self, is_over: bool, value: Any, error: BaseException | None) -> None:
        self.is_over = is_over
        if self.late is not None:
            if is_over:
                self.late()
            return
        self._arrived.append((is_over, value, error))
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(None)

    # -- in the thread -----------------------------------------------------------------------------

    def _tell(self, is_over: bool, value: Any = None, error: BaseException | None = None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrive, is_over, value, error, context=self._here)
        except RuntimeError:
            # The loop of the net is closed, and nobody else will end the thread.
            self.worker.loop.stop()

    def do(self) -> None:
        """Call a plain function."""
        try:
            value = self._context.run(self._work_through)
        except BaseException as error:
            self._tell(True, error=error)
        else:
            self._tell(True, value)

    def _work_through(self) -> Any:
        if not self._streams:
            return self._work()
        with closing(closable(self._work())) as items:
            for item in items:
                self._tell(False, item)
                if not self._wanted.get():
                    break
        return None

    def begin_async(self) -> None:
        """Begin an async function."""
        self._is_wanted = asyncio.Event()
        self._task = self.worker.loop.create_task(self._do_async(), context=self._context)

    async def _do_async(self) -> None:
        try:
            value = await self._work_through_async()
        except BaseException as error:
            self._tell(True, error=error)
        else:
            self._tell(True, value)

    async def _work_through_async(self) -> Any:
        result = self._work()
        if inspect.isawaitable(result):
            result = await result
        if not self._streams:
            return result
        if isinstance(result, AsyncIterator):
            async with aclosing(closable(result)) as items:
                async for item in items:
                    if not await self._is_taken(item):
                        break
        else:
            with closing(closable(result)) as items:
                for item in items:
                    if not await self._is_taken(item):
                        break
        return None

    async def _is_taken(self, item: Any) -> bool:
        assert self._is_wanted is not None
        self._is_wanted.clear()
        self._tell(False, item)
        while self._wanted.empty():
            await self._is_wanted.wait()
            self._is_wanted.clear()
        return self._wanted.get()
