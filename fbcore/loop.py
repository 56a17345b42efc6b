"""A stepped event loop: its caller chooses which ready step runs next, and its time is virtual.

Any asyncio code that needs no sockets, threads or subprocesses runs on it unchanged (`fbcore.outside` has one for
code that does). Used by tests, and by everything that explores, replays or steps a net.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from types import FunctionType, MethodType
from typing import Any, TypeVarTuple

from fbcore.driver import CALLBACKS, Driver, Scripted, Seeded, first_come
from fbcore.errors import LoopError
from fbcore.ready import Call, Ready, ReadySteps, name_of_callback, step_name
from fbcore.refusal import no_step, refuse, refuse_outside
from fbcore.stepped_task import Cancelled, InOrder, StepNames, SteppedTask, in_task_order
from fbcore.timers import ArmedTimers, DueTimers, Timer, Timers
from fbcore.touches import Met, Touch

Ts = TypeVarTuple("Ts")

__all__ = ["CALLBACKS", "Driver", "Scripted", "Seeded", "SteppedLoop", "Touch", "first_come"]

PASSES_AT_AN_INSTANT = 100_000
"""Passes in which everything ready has had a step, after which time goes on though something is ready still."""

_RESOLUTION = 1e-9
"""Timers that are so close are due together, as on the stock loop: sums of floats are not exact."""


@refuse_outside
class SteppedLoop(asyncio.BaseEventLoop):
    """An asyncio event loop on virtual time, whose driver or caller chooses the next step.

    A step is one turn of a task, or one callback; callbacks stay in their order among themselves. Time stands
    still while anything is ready, and jumps to the next timer when nothing is. `choices` records the names of
    the steps that ran; `running` is that of the step that runs now. The same choices make the same run.

    A driver chooses while the loop runs. By hand, `step` makes one step of a loop that does not run: `ready` and
    `timers` tell which there are, `task_of` and `context_of` whose they are. They are views and look-ups, as quick
    where a thousand steps are ready as where two are. `touched` may be set to a function that is told what steps touch
    (`fbcore.touches.announced` does, and adds locks and queues).

    Raises:
        LoopError: it would have to wait for ever, or is asked for a thread, socket or subprocess.

    Example:
        import asyncio
        from fbcore import SteppedLoop

        async def main() -> None:
            await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(1))

        with asyncio.Runner(loop_factory=SteppedLoop) as runner:
            loop = runner.get_loop()
            task = loop.create_task(main(), name="main")
            while not task.done():
                print(f"{loop.time():g}", loop.step())
        #> 0 main
        #> 0 task-2
        #> 0 task-3
        #> 0 timer 1 of task-3
        #> 1 task-3
        #> 1 callbacks
        #> 1 timer 1 of task-2
        #> 3600 task-2
        #> 3600 callbacks
        #> 3600 main
    """

    # asyncio's own, which its type stubs do not show.
    _check_closed: Callable[[], None]
    _check_running: Callable[[], None]
    _set_coroutine_origin_tracking: Callable[[bool], None]
    _ready: deque[asyncio.Handle] | ReadySteps
    _stopping: bool
    _closed: bool
    _debug: bool
    _thread_id: int | None
    _is_open = False

    def __init__(self, driver: Driver = first_come) -> None:
        super().__init__()
        self.choices: list[str] = []
        self.running = ""
        self.touched: Callable[[Touch], object] | None = None
        self.met = Met()
        self._driver = driver
        self._chooses_timers: bool = getattr(driver, "chooses_timers", False)
        if driver is not first_come:
            self._ready = ReadySteps()
        self._now = 0.0
        self._timers = Timers()
        self.ready = Ready(self._by_name)
        """The names of the steps that are ready, in the order in which they became so: a view."""
        self.timers = ArmedTimers(self._timers)
        """The timers that are armed, by name, with the time when each is due; the next one comes first: a view."""
        self.due = DueTimers(self._timers, self.time)
        """The names of the timers that may be stepped now, those that are due by now, or next: a view."""
        self.step_names = StepNames()
        self._cancelled: list[Cancelled] = []
        self._idle: list[Callable[[], bool]] = []
        self._passes_now = 0
        self._is_by_hand = False
        self._asyncgens: Any = InOrder()
        own: Any = self
        self._asyncgen_hooks = own._asyncgen_firstiter_hook, own._asyncgen_finalizer_hook

    # -- what there is ------------------------------------------------------------------------------

    def context_of(self, name: str) -> Context | None:
        """Return the context in which a step that is ready, or a timer that is armed, would run."""
        handle: Any = self._by_name().find(name) or self._timers.find(name)
        return handle._context if handle is not None else None

    def task_of(self, name: str) -> asyncio.Task[Any] | None:
        """Return the task whose steps have a name, or that armed the timer of that name; None of callbacks.

        Of a task that is not ready it is looked for among all.
        """
        handle: Any = self._by_name().find(name)
        if handle is None and (timer := self._timers.find(name)) is not None:
            return self.task_of(timer.by) if timer.by else None
        task = getattr(handle._callback, "__self__", None) if handle is not None else None
        if isinstance(task, asyncio.Task) and self.name_of(task) == name:
            return task
        return next((each for each in asyncio.all_tasks(self) if self.name_of(each) == name), None)

    def time(self) -> float:
        """Return the virtual time in seconds; it begins at 0."""
        return self._now

    def set_time(self, time: float) -> None:
        """Say what time it is, before anything is due: for who restores a state."""
        self._now = time

    def count_passes(self) -> int:
        """Return how many steps the loop has run."""
        return len(self.choices)

    def name_of(self, task: asyncio.Task[Any]) -> str:
        """Return the name by which a task's steps are chosen: its own, or with a number where several have it."""
        return getattr(task, "step_name", CALLBACKS)

    def rename_step(self, task: SteppedTask, wanted: str) -> str:
        """Return the name of the steps of a task that gets its name after it was made."""
        name = self.step_names.new(wanted, instead_of=task.step_name)
        if isinstance(self._ready, ReadySteps):
            self._ready.rename(task.step_name, name)
        return name

    def note_cancelled(self, cancelled: Cancelled) -> None:
        """Take note of a task that a scope of anyio cancels in this step."""
        self._cancelled.append(cancelled)

    def when_idle(self, hook: Callable[[], bool]) -> None:
        """Have a hook called when nothing is ready and no timer is armed; True says that it did something."""
        self._idle.append(hook)

    def forget_idle(self, hook: Callable[[], bool]) -> None:
        """Call a hook no more."""
        self._idle.remove(hook)

    def touch(self, kind: str, name: str, *, writes: bool = True) -> None:
        """Tell whoever listens that the step that runs touches a thing; costs next to nothing when nobody does."""
        if self.touched is not None:
            self.touched(Touch(self.running, kind, name, writes))

    # -- by hand ------------------------------------------------------------------------------------

    def step(self, name: str | None = None) -> str:
        """Make one step of a loop that does not run, and return its name; without one, the driver chooses.

        `name` is one of `ready`, or the first of `timers` (or another that is due at the same time): then it is
        that time, and the timer's callback runs, even where steps are ready. Works while another loop runs in this
        thread, as in a notebook.

        Raises:
            LoopError: there is no such step now, or none at all.
        """
        if self._thread_id is not None or self._closed:
            self._check_closed()
            self._check_running()
        if self._debug:
            self._set_coroutine_origin_tracking(True)
        # As `run_forever` does around its passes, in a third of the calls: whoever explores does little else.
        around, hooks = events._get_running_loop(), sys.get_asyncgen_hooks()
        self._thread_id, self._stopping, self._is_by_hand = threading.get_ident(), True, True
        sys.set_asyncgen_hooks(*self._asyncgen_hooks)
        events._set_running_loop(self)
        try:
            self._step_by_hand(name or "")
        finally:
            self._thread_id, self._stopping, self._is_by_hand = None, False, False
            self.running = ""
            events._set_running_loop(around)
            sys.set_asyncgen_hooks(*hooks)
            if self._debug:
                self._set_coroutine_origin_tracking(False)
        return self.choices[-1]

    def _step_by_hand(self, name: str) -> None:
        name = name or self._chosen(with_timers=True) or ""
        if not name:
            self._be_idle()
            name = self._chosen(with_timers=True) or ""
        self._make(name)
        if self._idle and not self._ready and not self._timers.next():
            self._ask_idle()

    # -- choosing -----------------------------------------------------------------------------------

    def _run_once(self) -> None:
        if self._driver is first_come:
            self._run_in_order()
        else:
            self._begin_pass()
            self._run_chosen(max(1, len(self._ready)))

    def _run_in_order(self) -> None:
        """Run passes until the loop is stopped: the same as asking the driver `first_come`, and quicker."""
        if isinstance(self._ready, ReadySteps):
            self._ready = deque(self._ready)
        ready, armed, is_open = self._ready, self._timers.heap, self._is_open
        record, cancelled = self.choices.append, self._cancelled
        while True:
            if not ready or is_open:
                self._begin_pass()
            elif armed:
                # As the beginning of a pass finds out, where nothing is due.
                self._passes_now += 1
                if armed[0][0] < self._now + _RESOLUTION or self._passes_now > PASSES_AT_AN_INSTANT:
                    self._begin_pass()
            for _ in range(len(ready)):
                handle: Any = ready.popleft()
                if handle._cancelled:
                    continue
                # As step_name does, and quicker where it is the turn of a task.
                callback = handle._callback
                if (kind := type(callback)) is FunctionType and not is_open:
                    name = CALLBACKS
                elif kind is FunctionType or kind is MethodType:
                    name = step_name(handle)
                else:
                    try:
                        name = callback.__self__.step_name
                    except AttributeError:
                        name = name_of_callback(handle)
                self.running = name
                record(name)
                handle._run()
                if cancelled:
                    in_task_order(cancelled, ready)
            # As on the stock loop: a traceback keeps this frame, and what it leads to would lead back to it.
            handle = callback = None
            self.running = ""
            if self._stopping or self._thread_id is None:
                return

    def _begin_pass(self) -> None:
        """See to it that something is ready: time jumps when nothing is, or has been too long."""
        self._passes_now += 1
        jumps = not self._ready or self._passes_now > PASSES_AT_AN_INSTANT
        if jumps:
            self._passes_now = 0
        if self._chooses_timers and not (self._ready and jumps):
            return
        if self._stopping and not self._ready:
            return
        if due := self._timers.take_due(self._now + _RESOLUTION, beyond=_RESOLUTION if jumps else 0.0):
            # The last of them says what time it is then.
            self._now = max(self._now, due[-1]._when)
            for timer in due:
                self._ready.append(timer)
        elif not self._ready:
            self._be_idle()

    def _run_chosen(self, count: int) -> None:
        for _ in range(count):
            name = self._chosen(with_timers=self._chooses_timers)
            if name is None:
                if not self._chooses_timers or self._stopping:
                    return
                self._be_idle()
                name = self._chosen(with_timers=True)
            if name is not None:
                self._make(name)

    def _chosen(self, *, with_timers: bool) -> str | None:
        """Return the step that the driver chooses of those that there are, or None where there is none."""
        if self._driver is first_come:
            name = self._by_name().first()
            return name or (timer.name if with_timers and (timer := self._timers.next()) else None)
        names = self._offered(with_timers=with_timers)
        return names[self._driver(names)] if names else None

    def _offered(self, *, with_timers: bool) -> list[str]:
        """Return the names of what may run next."""
        names = self._by_name().names()
        return [*names, *self.due] if with_timers else names

    def _by_name(self) -> ReadySteps:
        """Return what is ready, by name; it is kept so until the loop runs first come, which needs no names."""
        if type(self._ready) is ReadySteps:
            return self._ready
        steps = ReadySteps(self._ready)
        if self._is_by_hand or not self.is_running():
            self._ready = steps
        return steps

    def _make(self, name: str) -> None:
        """Make a step, if it is one that can be made."""
        self.running = name
        step = self._by_name().take(name) or self._take_timer(name)
        self.choices.append(name)
        step._run()
        # A traceback keeps the frames below it: what it leads to would lead back to it.
        del step
        if self._cancelled:
            self._by_name().reorder(lambda handles: in_task_order(self._cancelled, handles))
        self.running = ""

    def _take_timer(self, name: str) -> asyncio.Handle:
        if (timer := self._timers.take(name, self._now)) is None:
            raise no_step(name, self._offered(with_timers=True))
        self._now = max(self._now, timer.when())
        self.touch("timer", name)
        return timer

    # -- time ---------------------------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back in the next pass."""
        if self._debug or self._closed:
            return super().call_soon(callback, *args, context=context)
        handle = Call(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back so many seconds of virtual time from now."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self._arm(Timer(self._now + delay, callback, args, self, context))

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back when the virtual time is `when`; timers of one time in the order in which they were armed."""
        if when is None:
            raise TypeError("when cannot be None")
        return self._arm(Timer(when, callback, args, self, context))

    def arm_for(self, name: str, when: float, callback: Callable[[], object], context: Context) -> Timer:
        """Call back at a time, by a timer that has this name, and not that of the step that arms it: the only one."""
        self._timers.armed_by.pop(name, None)
        timer = Timer(when, callback, (), self, context)
        self._timers.arm(timer, name)
        self.touch("timer", timer.name)
        return timer

    def _arm(self, timer: Timer) -> Timer:
        if self._closed:
            self._check_closed()
        self._timers.arm(timer, self.running)
        if self.touched is not None:
            self.touch("timer", timer.name)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Hear from a timer that it is cancelled before it is due."""
        if self.touched is not None and isinstance(handle, Timer):
            self.touch("timer", handle.name)
        self._timers.note_cancelled(handle)  # type: ignore[arg-type]

    @property
    def _scheduled(self) -> list[asyncio.TimerHandle]:
        """The timers that are armed, where asyncio's own loop has them."""
        return list(self._timers)

    @_scheduled.setter
    def _scheduled(self, timers: object) -> None:
        """BaseEventLoop begins with a list of its own, which is not used."""

    def _be_idle(self) -> None:
        """Nothing is ready and no timer is armed: let someone act who waits for stillness."""
        if not self._ask_idle() and not self._ready and (self._is_by_hand or not self._stopping):
            waiting = ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(self))) or "none"
            raise LoopError(
                f"the loop would wait for ever; tasks that wait: {waiting}",
                hint="something awaits what nobody will do, or work outside the loop (a thread, a socket)",
            )

    def _ask_idle(self) -> bool:
        return any(hook() for hook in list(self._idle))

    # -- what an asyncio loop has besides ------------------------------------------------------------

    def create_task(self, coro: Any, *, name: object = None, **options: Any) -> asyncio.Task[Any]:
        """Start a task; one without a name gets `task-N`, N being the number of tasks made so far."""
        self._check_closed()
        factory: Any = self.get_task_factory()
        if factory is None:
            return SteppedTask(coro, loop=self, name=name, **options)
        task: Any = super().create_task(coro, name=name, **options)
        if not isinstance(task, SteppedTask):
            _, task.step_name = self.step_names.number(name)
        return task  # type: ignore[no-any-return]

    def set_task_factory(self, factory: Any) -> None:
        """Have tasks made by a factory; asyncio's eager one makes stepped tasks that begin at once."""
        if factory is not None and factory is getattr(asyncio, "eager_task_factory", None):
            factory = asyncio.create_eager_task_factory(SteppedTask)  # type: ignore[attr-defined]
        super().set_task_factory(factory)

    def close(self) -> None:
        """Close the loop; what is ready or armed is dropped."""
        super().close()
        self._timers.clear()

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector here."""

    def _process_events(self, event_list: Any) -> None:
        """No selector, no events."""

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback; LoopError when another thread calls, whose timing no driver could choose."""
        if self._is_called_from_outside():
            refuse("a call from another thread")
        return self.call_soon(callback, *args, context=context)

    def _is_called_from_outside(self) -> bool:
        return self.is_running() and self._thread_id != threading.get_ident()

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """There is none."""
