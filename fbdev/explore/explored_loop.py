"""The loop that coroutines are explored on: whatever tasks, futures and the time are used for, it notes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextvars import Context
from pathlib import Path
from types import FrameType
from typing import Any, TypeVarTuple
from weakref import WeakKeyDictionary

import anyio

from fbcore.driver import CALLBACKS, OUTSIDE, TIMER
from fbcore.loop import SteppedLoop
from fbcore.ready import step_name
from fbcore.refusal import REFUSED, refuse
from fbcore.stepped_task import SteppedTask
from fbcore.timers import Timer
from fbcore.touches import Touch
from fbdev.explore.named import belongs_to_python
from fbdev.explore.shared import Notes
from fbdev.explore.spawn import TIME

Ts = TypeVarTuple("Ts")

FACTORY = "factory"
"""The name of the step that calls the factory."""


def owner(step: str) -> str:
    """Return whose a step is: the task itself, or the task that armed a timer."""
    return step.rpartition(" of ")[2] if step.startswith(TIMER) else step


class Names:
    """Names the tasks of a loop so that no two that live have one name; that of a dead one may be given again."""

    def __init__(self) -> None:
        self._live: set[str] = {CALLBACKS, OUTSIDE, ""}
        self._made = 0
        self.maker = ""

    def number(self, name: object) -> tuple[int, str]:
        """Return the number of a new task, and the name of its steps."""
        self._made += 1
        return self._made, self.new(str(name))

    def new(self, wanted: str, *, instead_of: str = "") -> str:
        """Return a name that no live task has: the wanted one, or with a number behind."""
        if instead_of:
            self._live.discard(instead_of)
        if wanted.startswith(TIMER):
            wanted = f"task {wanted}"
        number, free = 1, wanted
        while free in self._live:
            number += 1
            free = f"{wanted}-{number}"
        self._live.add(free)
        return free

    def take(self, name: str) -> None:
        """Hear that a task has a name."""
        self._live.add(name)

    def free(self, name: str) -> None:
        """Hear that a task has ended."""
        self._live.discard(name)


def base_of(name: str) -> str:
    """Return what a name was before it got a number."""
    base, _, number = name.rpartition("-")
    return base if number.isdigit() and base else name


class Made:
    """Names locks, queues and the like by who made them, so that they have the same names whatever comes first."""

    def __init__(self, loop: ExploredLoop) -> None:
        self._loop = loop
        self._counts: dict[tuple[str, str], int] = {}
        self._names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self.holders: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self.things: dict[str, Any] = {}

    def made(self, kind: str, thing: Any) -> None:
        """Name a thing that the step that runs has made; a stand-in of anyio is made by whoever happens to use it."""
        caller = sys._getframe(2)
        if not type(caller.f_locals.get("self")).__name__.endswith("Adapter"):
            self._names[thing] = self.next(kind)

    def next(self, kind: str) -> str:
        """Return a name for a thing that is made now."""
        by = owner(self._loop.running)
        self._counts[kind, by] = count = self._counts.get((kind, by), 0) + 1
        return f"{kind} {count}{'' if by == FACTORY else f' of {by}'}"

    def name_of(self, thing: Any) -> str:
        """Return the name of a thing that was made here, or of a future; "" of all others."""
        if isinstance(thing, ExploredFuture):
            return thing.noted_as
        try:
            return self._names.get(getattr(thing, "_state", thing), "")
        except TypeError:
            return ""

    def name(self, kind: str, thing: Any) -> str:
        """Return the name of a thing; of one that was made elsewhere "": the step may have touched anything."""
        name = self._names.get(thing, "")
        if not name:
            self._loop.met_stranger(kind)
        else:
            self.things[name] = thing
        return name


class _Noted(asyncio.Future[Any]):
    """A future or task that notes who asks it and who changes it."""

    noted_as: str
    _loop_of: ExploredLoop

    def _reads(self) -> None:
        self._loop_of.note(self.noted_as, writes=False)

    def _writes(self) -> None:
        self._loop_of.note(self.noted_as, writes=True)

    def done(self) -> bool:
        self._reads()
        return super().done()

    def cancelled(self) -> bool:
        self._reads()
        return super().cancelled()

    def result(self) -> Any:
        self._reads()
        return super().result()

    def exception(self) -> BaseException | None:
        self._reads()
        return super().exception()

    def add_done_callback(self, fn: Any, /, *, context: Context | None = None) -> None:
        self._writes()
        super().add_done_callback(fn, context=context)

    def remove_done_callback(self, fn: Any, /) -> int:
        self._writes()
        return super().remove_done_callback(fn)

    def cancel(self, msg: Any = None) -> bool:
        self._writes()
        return super().cancel(msg)

    def __await__(self) -> Any:
        self._reads()
        return super().__await__()

    __iter__ = __await__


class ExploredFuture(_Noted):
    """A future that notes who asks it and who changes it."""

    def __init__(self, *, loop: ExploredLoop) -> None:
        super().__init__(loop=loop)
        self._loop_of = loop
        self.noted_as = loop.met.next("future")

    def set_result(self, result: Any) -> None:
        """Note it, and set the result."""
        self._writes()
        super().set_result(result)

    def set_exception(self, exception: Any) -> None:
        """Note it, and set the exception."""
        self._writes()
        super().set_exception(exception)


class ExploredTask(_Noted, SteppedTask):
    """A task that notes who asks it and who cancels it."""

    @property
    def noted_as(self) -> str:  # type: ignore[override]
        """What its uses are noted as."""
        return f"task {self.step_name}"

    def uncancel(self) -> int:
        """Note it, and take a cancellation back."""
        self._writes()
        return super().uncancel()

    def cancelling(self) -> int:
        """Note it, and tell how often it was cancelled."""
        self._reads()
        return super().cancelling()


class ExploredLoop(SteppedLoop):
    """A stepped loop whose futures, tasks and time note who uses them.

    Tasks are named after who makes them and their coroutine, unless their maker gives them a name.
    """

    def __init__(self, notes: Notes) -> None:
        super().__init__()
        self.notes = notes
        self.met: Any = Made(self)
        self.step_names: Any = Names()
        self.touched = self._hear
        self.tasks: dict[str, ExploredTask] = {}
        self.readied: list[str] = []
        self.armed: list[str] = []
        self.strange = ""
        self.strangers: dict[str, set[str]] = {}
        self.foreign = ""
        self.reads_time = False
        self.errors: list[BaseException] = []
        self.set_debug(False)
        self.set_exception_handler(self._take_error)
        for what, names in REFUSED.items():
            for name in names.split():
                setattr(self, name, self._refusal(what))

    def call(self, factory: Callable[[], Any], context: Context) -> Any:
        """Call a factory in a step of its own, where locks can be made and tasks begun."""

        async def make() -> Any:
            return factory()

        task = self.create_task(make(), name=FACTORY, context=context)
        self.step(FACTORY)
        self.forget(FACTORY)
        return task.result()

    def woken(self) -> list[str]:
        """Return the processes that go on because of the last step, and of no other."""
        woken = [name for name in self.readied if name in self.tasks]
        if self.armed:
            by = [owner(timer.by) for timer in self._timers]
            woken += [f"{TIMER}of {each}" for each in self.armed if by.count(each) == 1]
        return woken

    # -- what is noted ------------------------------------------------------------------------------

    def note(self, name: str, *, writes: bool) -> None:
        """Note a use by the step that runs."""
        if self.running:
            self.notes.note(name, writes)

    def _hear(self, touch: Touch) -> None:
        if touch.name and touch.kind != "timer":
            self.note(touch.name, writes=touch.writes)

    def met_stranger(self, kind: str) -> None:
        """Hear that the step uses something that was not made in this execution."""
        self.strange = kind

    def _take_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and "never retrieved" not in context.get("message", ""):
            self.errors.append(error)

    def _refusal(self, what: str) -> Callable[..., Any]:
        def refuse_it(*args: Any, **options: Any) -> Any:
            self.foreign = self.foreign or what
            refuse(what)

        return refuse_it

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Refuse what another thread wants."""
        if self._is_called_from_outside():
            self.foreign = self.foreign or "a call from another thread"
        return super().call_soon_threadsafe(callback, *args, context=context)

    # -- time ---------------------------------------------------------------------------------------

    def time(self) -> float:
        """Return the time; a process that asks for it itself can tell one moment from another."""
        if self.running:
            self.notes.note(TIME, False)
            if not self.reads_time and _asks_itself(sys._getframe(1)):
                self.reads_time = True
        return self._now

    def users_time(self) -> float:
        """Return the time to a process that asks for it."""
        self.reads_time = True
        self.notes.note(TIME, False)
        return self._now

    def _arm(self, timer: Timer) -> Timer:
        self.note(TIME, writes=True)
        super()._arm(timer)
        self.armed.append(owner(timer.by))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self.note(TIME, writes=True)
        super()._timer_handle_cancelled(handle)

    # -- what becomes ready -------------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back in another step, and note who is to go on."""
        handle = super().call_soon(callback, *args, context=context)
        name = step_name(handle)
        self.readied.append(name)
        if name == CALLBACKS:
            self.note(CALLBACKS, writes=True)
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future that notes its uses."""
        return ExploredFuture(loop=self)

    def create_task(self, coro: Any, *, name: object = None, **options: Any) -> asyncio.Task[Any]:
        """Start a task, named after the one that starts it and its coroutine unless it has a name."""
        self._check_closed()
        if self.get_task_factory() is not None:
            self.foreign = self.foreign or "tasks of a factory of its own"
        by = owner(self.running).partition(".")[0]
        called = getattr(coro, "__name__", "task")
        if name is not None and _OF_ANYIO in getattr(getattr(coro, "cr_code", None), "co_filename", ""):
            called, name = str(name).rpartition(".")[2], None
        wanted = str(name) if name is not None else called if by in ("", FACTORY) else f"{by}.{called}"
        self.note(f"the name {wanted}", writes=True)
        task = ExploredTask(coro, loop=self, name=wanted, **options)
        # Python 3.11 names a task after making it.
        task._has_name = name is not None or called != getattr(coro, "__name__", "")
        self.tasks[task.step_name] = task
        return task

    def rename_step(self, task: SteppedTask, wanted: str) -> str:
        """Return the name of a task that gets its name after it was made."""
        before = task.step_name
        self.note(f"the name {wanted}", writes=True)
        name = super().rename_step(task, wanted)
        self.tasks[name] = self.tasks.pop(before)
        self.readied[:] = [name if each == before else each for each in self.readied]
        return name

    def rename_all(self, renaming: Mapping[str, str]) -> None:
        """Give tasks new names, all at once."""
        tasks = {renaming.get(name, name): task for name, task in self.tasks.items()}
        self.tasks = tasks
        handles = list(self._by_name())
        for new, task in tasks.items():
            if task.step_name != new:
                self.step_names.free(task.step_name)
                task.step_name = new
        for new in tasks:
            self.step_names.take(new)
        self._by_name().refill(handles)

    def forget(self, name: str) -> None:
        """Hear that a task has ended: its name may be given again."""
        del self.tasks[name]
        self.step_names.free(name)
        self.note(f"the name {base_of(name)}", writes=True)


_OF_ANYIO = str(Path(anyio.__file__).parent)
"""What anyio starts has the name of a function with its module and all around it."""

_LIBRARY_ASKS = frozenset({"time", "current_time", "monotonic"})


def _asks_itself(frame: FrameType | None) -> bool:
    """Tell whether a process asks for the time, and not a library on behalf of a time-out that it arms."""
    last = "time"
    while frame is not None and belongs_to_python(frame.f_code.co_filename):
        last = frame.f_code.co_name
        frame = frame.f_back
    return last in _LIBRARY_ASKS
