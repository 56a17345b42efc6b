"""A stepped event loop: its caller chooses which ready step runs next, and its time is virtual.

Any asyncio code that needs no sockets, threads or subprocesses runs on it unchanged. Used by tests, and by
everything that explores, replays or steps a net.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, NoReturn, TypeVar, TypeVarTuple

from fbcore.errors import LoopError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Driver = Callable[[Sequence[str]], int]
"""Chooses the next step: gets the names of those that are ready, returns the index of one."""


def first_come(ready: Sequence[str]) -> int:
    """Run steps in the order in which they became ready, as an ordinary loop does."""
    return 0


class Seeded:
    """Runs steps in a random order that a seed determines.

    Example:
        import asyncio
        from fbcore.loop import Seeded

        async def say(word: str) -> None:
            print(word)

        async def main() -> None:
            await asyncio.gather(say("one"), say("two"), say("three"))

        with asyncio.Runner(loop_factory=lambda: SteppedLoop(Seeded(7))) as runner:
            runner.run(main())
        #> one
        #> three
        #> two
    """

    def __init__(self, seed: int) -> None:
        import random

        self.seed = seed
        self._random = random.Random(seed)

    def __call__(self, ready: Sequence[str]) -> int:
        """Choose any of the ready steps."""
        return self._random.randrange(len(ready))


class Scripted:
    """Runs steps in a recorded order: a list of names, as `SteppedLoop.choices` holds them.

    After the last choice it goes on first come.

    Raises:
        LoopError: a recorded step is not ready; the error says which choice it was.

    Example:
        import asyncio
        from fbcore.loop import Scripted, Seeded

        async def say(word: str, said: list[str]) -> None:
            said.append(word)

        async def main() -> list[str]:
            said: list[str] = []
            await asyncio.gather(say("one", said), say("two", said), say("three", said))
            return said

        loop = SteppedLoop(Seeded(7))
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            print(runner.run(main()))
        #> ['one', 'three', 'two']

        again = SteppedLoop(Scripted(loop.choices))
        with asyncio.Runner(loop_factory=lambda: again) as runner:
            print(runner.run(main()))
        #> ['one', 'three', 'two']
    """

    def __init__(self, choices: Sequence[str]) -> None:
        self._choices = list(choices)
        self._at = 0

    def __call__(self, ready: Sequence[str]) -> int:
        """Choose the recorded step."""
        if self._at >= len(self._choices):
            return 0
        wanted = self._choices[self._at]
        self._at += 1
        if wanted not in ready:
            failed, self._at = self._at - 1, len(self._choices)
            raise LoopError(
                f"choice {failed} of the script is {wanted!r}, but ready are: {', '.join(ready)}",
                hint="the script was recorded with other code; record it again",
            )
        return list(ready).index(wanted)


PASSES_AT_AN_INSTANT = 100_000
"""Passes in which everything ready has had a step, after which time goes on though something is ready still."""


class SteppedTask(asyncio.Task[Any]):
    """A task with a hash that is the same from run to run, so that sets of tasks keep their order."""

    _number = 0

    def __hash__(self) -> int:
        return self._number


class SteppedTimer(asyncio.TimerHandle):
    """A timer that is due after those of the same time that were armed before it."""

    _number = 0

    def __lt__(self, other: object) -> bool:
        if isinstance(other, SteppedTimer):
            return (self.when(), self._number) < (other.when(), other._number)
        return NotImplemented


class SteppedLoop(asyncio.BaseEventLoop):
    """An asyncio event loop on virtual time whose driver chooses the next step.

    A step is one turn of a task, or one callback; callbacks stay in their order among themselves. Time stands
    still while anything is ready, and jumps to the next timer when nothing is. `choices` records the names of
    the steps that ran.

    Raises:
        LoopError: it would have to wait for ever, or is asked for a thread, socket or subprocess.

    Example:
        import asyncio

        async def nap() -> float:
            await asyncio.sleep(3600)
            return asyncio.get_running_loop().time()

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            print(runner.run(nap()))
        #> 3600.0
    """

    # asyncio's own, which its type stubs do not show.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool

    def __init__(self, driver: Driver = first_come) -> None:
        super().__init__()
        self._driver = driver
        self._now = 0.0
        self._tasks_made = 0
        self._timers_made = 0
        self._idle: list[Callable[[], bool]] = []
        self._passes = 0
        self._passes_now = 0
        self._left_of_pass = 0
        self.choices: list[str] = []
        self.set_task_factory(_make_task)  # type: ignore[arg-type]

    def time(self) -> float:
        """Return the virtual time in seconds; it begins at 0."""
        return self._now

    def count_passes(self) -> int:
        """Return how many steps the loop has run."""
        return self._passes

    def when_idle(self, hook: Callable[[], bool]) -> None:
        """Have a hook called when nothing is ready and no timer is armed; True says that it did something."""
        self._idle.append(hook)

    def forget_idle(self, hook: Callable[[], bool]) -> None:
        """Call a hook no more."""
        self._idle.remove(hook)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back when the virtual time is `when`; timers of one time in the order in which they were armed."""
        timer = SteppedTimer(when, callback, args, self, context)
        self._timers_made += 1
        timer._number = self._timers_made
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # as BaseEventLoop does, so that cancelling is counted
        return timer

    def create_task(self, coro: Any, *, name: object = None, **options: Any) -> asyncio.Task[Any]:
        """Start a task; one without a name gets `task-N`, N being the number of tasks made so far."""
        return super().create_task(coro, name=str(name or f"task-{self._tasks_made + 1}"), **options)

    def name_task(self, task: SteppedTask) -> None:
        """Give a new task its number, and a name that is the same from run to run."""
        self._tasks_made += 1
        task._number = self._tasks_made

    def _run_once(self) -> None:
        self._drop_cancelled()
        if not self._ready or (self._scheduled and self._is_spinning()):
            self._advance()
            return
        steps = self._steps()
        names = list(steps)
        chosen = names[self._driver(names)]
        handle = steps[chosen]
        self._ready.remove(handle)
        self._passes += 1
        self.choices.append(chosen)
        handle._run()

    def _is_spinning(self) -> bool:
        """Say whether so many passes were made at one instant that the next timer is due all the same."""
        self._left_of_pass -= 1
        if self._left_of_pass <= 0:
            self._left_of_pass = len(self._ready)
            self._passes_now += 1
        return self._passes_now > PASSES_AT_AN_INSTANT

    def _drop_cancelled(self) -> None:
        for handle in [each for each in self._ready if each.cancelled()]:
            self._ready.remove(handle)
        while self._scheduled and self._scheduled[0].cancelled():
            _take_timer(self._scheduled)

    def _steps(self) -> dict[str, asyncio.Handle]:
        """Return what may run next, by name: the ready turn of each task, and the first callback."""
        steps: dict[str, asyncio.Handle] = {}
        for handle in self._ready:
            steps.setdefault(_step_name(handle), handle)
        return steps

    def _advance(self) -> None:
        """Nothing is ready: jump to the next timer, or let someone who waits for stillness act."""
        self._passes_now = self._left_of_pass = 0
        if self._scheduled:
            self._now = max(self._now, self._scheduled[0].when())
            while self._scheduled and self._scheduled[0].when() <= self._now:
                self._ready.append(_take_timer(self._scheduled))
        elif not any(hook() for hook in list(self._idle)) and not self._ready and not self._stopping:
            waiting = ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(self))) or "none"
            raise LoopError(
                f"the loop would wait for ever; tasks that wait: {waiting}",
                hint="something awaits what nobody will do, or work outside the loop (a thread, a socket)",
            )

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector here."""

    def _process_events(self, event_list: Any) -> None:
        """No selector, no events."""

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback; only from the loop's own thread.

        Raises:
            LoopError: another thread calls, whose timing no driver could choose.
        """
        if events._get_running_loop() is not self and self.is_running():
            _refuse("a call from another thread")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Refuse."""
        _refuse("a thread")

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """There is none."""


_REFUSED = {
    "a look-up of a host": "getaddrinfo getnameinfo",
    "a subprocess": "subprocess_exec subprocess_shell",
    "a signal": "add_signal_handler remove_signal_handler",
    "a pipe": "connect_read_pipe connect_write_pipe",
    "a socket": "add_reader add_writer remove_reader remove_writer create_connection create_server start_tls sendfile "
    "create_datagram_endpoint create_unix_connection create_unix_server connect_accepted_socket sock_recv "
    "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile",
}


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse(self: SteppedLoop, *args: Any, **options: Any) -> NoReturn:
        """Refuse: a stepped loop knows no world outside."""
        _refuse(what)

    return refuse


for _what, _names in _REFUSED.items():
    for _name in _names.split():
        setattr(SteppedLoop, _name, _refusal(_what))


def _make_task(loop: SteppedLoop, coro: Any, **options: Any) -> SteppedTask:
    task = SteppedTask(coro, loop=loop, **options)
    loop.name_task(task)
    return task


def _take_timer(timers: list[asyncio.TimerHandle]) -> asyncio.TimerHandle:
    timer = heapq.heappop(timers)
    timer._scheduled = False  # type: ignore[attr-defined]  # as BaseEventLoop does, or cancelling would count it
    return timer


def _step_name(handle: asyncio.Handle) -> str:
    owner = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
    if isinstance(owner, SteppedTask):
        return f"{owner.get_name()}#{owner._number}"
    return "callbacks"


def _refuse(what: str) -> NoReturn:
    raise LoopError(
        f"a stepped loop cannot wait for {what}",
        hint="its time is virtual and its order chosen; use an ordinary loop, or a stand-in that needs none",
    )
