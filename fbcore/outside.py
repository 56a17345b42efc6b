"""A stepped loop with a world outside: threads, sockets and subprocesses, which it waits for in real time."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

from fbcore.driver import CALLBACKS, OUTSIDE, Driver, first_come
from fbcore.loop import SteppedLoop
from fbcore.ready import ReadySteps
from fbcore.refusal import REFUSED

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

__all__ = ["OpenLoop"]

_ACCEPTING = ("_accept_connection", "_sock_accept")


class _Arrival(asyncio.Handle):
    """A callback that the world outside has made ready."""

    __slots__ = ()

    is_outside = True


class OpenLoop(SteppedLoop, asyncio.SelectorEventLoop):
    """A stepped loop on which threads, sockets, look-ups of hosts, pipes, subprocesses and signals work as ever.

    What comes from outside is a step called `outside`: data on a socket, the end of a job in a thread, a call from
    another thread, a signal. While such work is under way and nothing is ready the loop waits for it in real time, and
    its virtual time stands still: it passes by timers alone. A thread that the loop was asked for is waited for however
    long it takes; a socket, a pipe or a subprocess, which may be silent for good, for `patience` seconds, after which
    the next timer is due. A server that waits for connections holds up nobody, nor does a signal that may come. A
    thread of one's own is seen only `with loop.at_work()`.

    A driver is not offered a turn that became ready after a callback, for asyncio's sockets and subprocesses count on
    their order; by hand one had better keep to that.

    What can be replayed: the order of steps, `outside` among them, for a `Scripted` driver waits where the script has
    an `outside`. What cannot: which of several works outside is done first, and what it brings.

    Example:
        import asyncio, time
        from fbcore.outside import OpenLoop

        async def main() -> tuple[str, float]:
            async with asyncio.timeout(0.001):
                await asyncio.to_thread(time.sleep, 0.05)
            return "done", asyncio.get_running_loop().time()

        with asyncio.Runner(loop_factory=OpenLoop) as runner:
            print(runner.run(main()), "outside" in runner.get_loop().choices)
        #> ('done', 0.0) True
    """

    # asyncio's own, which its type stubs do not show.
    _selector: Any
    _read_from_self: Callable[[], None]

    _is_open = True

    def __init__(self, driver: Driver = first_come, *, patience: float = 10.0) -> None:
        self._arrived: deque[asyncio.Handle] = deque()
        self._noticed: set[asyncio.Handle] = set()
        self._jobs: list[asyncio.Future[Any]] = []
        self._processes: list[asyncio.SubprocessTransport] = []
        self._gives_job = False
        self._works = 0
        self._home = threading.get_ident()
        super().__init__(driver)
        self.patience = patience

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Declare work outside that the loop cannot see, such as that of a thread of one's own."""
        self._works += 1
        try:
            yield
        finally:
            self._works -= 1

    # -- what arrives ---------------------------------------------------------------------------------

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback, from any thread; from another it is a step called `outside`."""
        if not self._is_called_from_outside():
            return self.call_soon(callback, *args, context=context)
        self._check_closed()
        arrival = _Arrival(callback, args, self, context)
        self._arrived.append(arrival)
        self._write_to_self()
        return arrival

    def _is_called_from_outside(self) -> bool:
        return self._gives_job or threading.get_ident() != (self._thread_id or self._home)

    def _add_callback(self, handle: asyncio.Handle) -> None:
        """Take note of a file that can be read or written; the selector tells of it until that is done."""
        found: Any = handle
        if found._callback == self._read_from_self:
            found._run()
        elif handle not in self._noticed:
            self._noticed.add(handle)
            self._arrived.append(_Arrival(self._arrive, (handle,), self, found._context))

    def _arrive(self, handle: Any) -> None:
        self._noticed.discard(handle)
        if not handle.cancelled():
            handle._callback(*handle._args)

    def _poll(self, timeout: float | None = 0) -> bool:
        """Wait for what comes from outside, so long at most; tell whether something came."""
        self._process_events(self._selector.select(timeout))
        came = bool(self._arrived)
        while self._arrived:
            self._ready.append(self._arrived.popleft())
        return came

    # -- waiting --------------------------------------------------------------------------------------

    def _begin_pass(self) -> None:
        self._home = threading.get_ident()
        self._poll()
        if not self._stopping:
            self._await_outside()
        super()._begin_pass()

    def _step_by_hand(self, name: str) -> None:
        self._poll()
        if not name:
            self._await_outside()
        super()._step_by_hand(name)

    def _chosen(self, *, with_timers: bool) -> str | None:
        expects = getattr(self._driver, "expects", None)
        if expects is not None and expects() == OUTSIDE:
            while self._by_name().find(OUTSIDE) is None and self._poll(self._longest_wait() or self.patience):
                pass
        return super()._chosen(with_timers=with_timers)

    def _offered(self, *, with_timers: bool) -> list[str]:
        """Offer no turn that became ready after a callback: asyncio's sockets and subprocesses count on their order."""
        names = self._by_name().names()
        if CALLBACKS in names:
            del names[names.index(CALLBACKS) + 1 :]
        return [*names, *self.due] if with_timers else names

    def _by_name(self) -> ReadySteps:
        if not self.is_running():
            self._poll()
        return super()._by_name()

    def _await_outside(self) -> None:
        """Wait until something is ready, or nothing that is under way outside can be expected to make it so."""
        while not self._ready and (longest := self._longest_wait()) != 0:
            if not self._poll(longest) and longest is not None:
                return

    def _longest_wait(self) -> float | None:
        """Return how long to wait for what is under way outside: None for as long as it takes."""
        if self._works or self._has_jobs() or self._has_threads_of_anyio():
            return None
        self._processes = [each for each in self._processes if each.get_returncode() is None]
        return self.patience if self._processes or self._watches(of_servers=False) else 0

    def _be_idle(self) -> None:
        if self._ask_idle() or self._ready:
            return
        # A thread that nobody declared may call still, and a server has all the time in the world.
        if not self._poll(None if self._watches(of_servers=True) else self.patience):
            super()._be_idle()

    def _ask_idle(self) -> bool:
        return self._longest_wait() == 0 and super()._ask_idle()

    # -- what is under way ----------------------------------------------------------------------------

    def _has_jobs(self) -> bool:
        self._jobs = [job for job in self._jobs if not job.done()]
        return bool(self._jobs)

    def _has_threads_of_anyio(self) -> bool:
        """Look at the threads of `anyio.to_thread`, which do not come by way of the loop."""
        threads: list[Any] = [each for each in threading.enumerate() if getattr(each, "loop", None) is self]
        return any(each not in getattr(each, "idle_workers", (each,)) for each in threads)

    def _watches(self, *, of_servers: bool) -> bool:
        """Tell whether a file is watched: one that is connected, or a socket that accepts connections."""
        for key in self._selector.get_map().values():
            for handle in key.data:
                callback = handle._callback if handle is not None and not handle.cancelled() else None
                if callback is None or callback == self._read_from_self:
                    continue
                if (callback.__name__ in _ACCEPTING) == of_servers:
                    return True
        return False

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a function in a thread, which is waited for in real time."""
        # One that is done at once says so in this thread: its end comes from outside all the same.
        self._gives_job = True
        try:
            job = asyncio.SelectorEventLoop.run_in_executor(self, executor, func, *args)
        finally:
            self._gives_job = False
        self._jobs.append(job)
        return job

    async def _make_subprocess_transport(self, *args: Any, **options: Any) -> asyncio.SubprocessTransport:
        make: Any = super()._make_subprocess_transport  # type: ignore[misc]
        transport: asyncio.SubprocessTransport = await make(*args, **options)
        self._processes.append(transport)
        return transport

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads of the executor that functions run in."""
        with self.at_work():
            await asyncio.SelectorEventLoop.shutdown_default_executor(self)


def _let_in() -> None:
    """Take back the refusals."""
    for names in REFUSED.values():
        for name in names.split():
            if name not in vars(OpenLoop):
                setattr(OpenLoop, name, getattr(asyncio.SelectorEventLoop, name))
    for name in ("_write_to_self", "_process_events"):
        setattr(OpenLoop, name, getattr(asyncio.SelectorEventLoop, name))


_let_in()
