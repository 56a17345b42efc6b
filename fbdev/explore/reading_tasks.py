"""Reading what asyncio holds: coroutines, tasks, futures, timers, and the loop itself; times are told from now on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextvars import Context
from types import AsyncGeneratorType, CoroutineType
from typing import Any

from anyio import CancelScope
from anyio._backends import _asyncio as of_anyio

from fbcore.ready import Call, step_name
from fbcore.timers import Timer
from fbdev.explore.explored_loop import ExploredFuture, ExploredLoop, ExploredTask
from fbdev.explore.reading import INSIDE, READ, Reader, read_suspended
from fbdev.explore.words import NotWholeError


def read_loop(reader: Reader, loop: ExploredLoop, before: Context, unread: object) -> None:
    """Read all tasks of a loop and where they stand, what is ready, and which timers are armed."""
    ready = list(loop._by_name())
    for name in sorted(loop.tasks):
        task: Any = loop.tasks[name]
        reader.tokens(name, task._must_cancel, asyncio.Task.cancelling(task))
        try:
            reader.add(task.get_coro())
            reader.add(task._fut_waiter)
            _read_context(reader, _context_of(task, before), before, unread)
        except (NotWholeError, RecursionError) as error:
            what = error.what if isinstance(error, NotWholeError) else "it is nested too deep to be read"
            raise NotWholeError(f"process {name}: {what}") from None
    names = {step_name(handle): handle for handle in ready}
    for name in sorted(names):
        reader.tokens(name)
        for handle in (each for each in ready if step_name(each) == name):
            if not handle.cancelled():
                _read_call(reader, handle)
    for timer in loop._timers:
        _read_timer(reader, timer)
    if loop.reads_time:
        reader.tokens(loop._now)


def contexts_of(loop: ExploredLoop, before: Context) -> dict[str, Context]:
    """Return the context of each task."""
    return {name: _context_of(task, before) for name, task in loop.tasks.items()}


def _context_of(task: Any, before: Context) -> Context:
    """Return the context of a task; that before all tasks where Python does not say it."""
    found: Context = task.get_context() if hasattr(task, "get_context") else before
    return found


def _read_context(reader: Reader, context: Context, before: Context, unread: object) -> None:
    if [*map(id, context.values())] == [*map(id, before.values())]:
        return
    changed = [(each, value) for each, value in context.items() if value is not before.get(each)]
    for variable, value in sorted(changed, key=lambda each: each[0].name):
        if variable is not unread:
            reader.tokens(variable.name)
            reader.add(value)


def _read_call(reader: Reader, handle: Any) -> None:
    callback = handle._callback
    reader.tokens(Call, handle.cancelled())
    if isinstance(task := getattr(callback, "__self__", None), ExploredTask):
        # What is thrown into it, where something is, only the callback holds.
        reader.tokens(task.step_name)
        for each in gc.get_referents(callback):
            if each is not task and isinstance(each, BaseException):
                reader.add(each)
    elif callback is not None:
        reader.add(callback)
    reader.add(handle._args)


def _read_timer(reader: Reader, timer: Any) -> None:
    if timer._scheduled:
        reader.tokens(Timer, round(timer._when - timer._loop._now, 9))
    _read_call(reader, timer)


def _read_future(reader: Reader, future: Any) -> None:
    reader.tokens(asyncio.Future, future._state, future._cancel_message)
    if future._state == "FINISHED":
        reader.add(future._exception)
        reader.add(future._result)
    _read_callbacks(reader, future)


def _read_callbacks(reader: Reader, future: Any) -> None:
    for callback, _ in future._callbacks or ():
        task = getattr(callback, "__self__", None)
        if isinstance(task, ExploredTask):
            reader.tokens(task.step_name)
        else:
            reader.add(callback)
    reader.tokens(...)


def _read_task(reader: Reader, task: Any) -> None:
    if task._loop_of.tasks.get(task.step_name) is task:
        reader.tokens(ExploredTask, task.step_name)
        _read_callbacks(reader, task)
    else:
        _read_future(reader, task)


def _read_referents(reader: Reader, value: object) -> None:
    """Read what is written in C and holds nothing but other objects."""
    inside = [each for each in gc.get_referents(value) if not isinstance(each, type)]
    reader.each(type(value), inside, len(inside))


def _read_coroutine(reader: Reader, coroutine: CoroutineType[Any, Any, Any]) -> None:
    read_suspended(reader, coroutine, coroutine.cr_frame, coroutine.cr_code, coroutine.cr_await)


def _read_async_generator(reader: Reader, generator: AsyncGeneratorType[Any, Any]) -> None:
    reader.tokens(generator.ag_running)
    read_suspended(reader, generator, generator.ag_frame, generator.ag_code, generator.ag_await)


def _read_relative(reader: Reader, thing: Any, name: str, task: Any, skipped: tuple[str, ...] = ()) -> None:
    """Read an object one of whose attributes is a time."""
    held = {slot: getattr(thing, slot) for slot in getattr(type(thing), "__slots__", ()) if hasattr(thing, slot)}
    held.update(getattr(thing, "__dict__", {}))
    when = held.pop(name, None)
    now = task.get_loop()._now if task is not None else 0.0
    reader.tokens(type(thing), None if when is None else round(when - now, 9), len(held))
    for each in sorted(held):
        if each not in (*skipped, "__weakref__"):
            reader.tokens(each)
            reader.add(held[each])


def _read_timeout(reader: Reader, timeout: Any) -> None:
    _read_relative(reader, timeout, "_when", timeout._task)


def _read_scope(reader: Reader, scope: Any) -> None:
    # The reason says where the scope lies in memory, and so does the order of those inside it, which nobody else sees.
    inside = sorted(scope._child_scopes, key=lambda each: (getattr(each._host_task, "number", 0), each._deadline))
    reader.each(of_anyio.CancelScope, inside, len(inside))
    _read_relative(reader, scope, "_deadline", scope._host_task, ("_cancel_reason", "_child_scopes"))


async def _nothing() -> None:
    """Do nothing."""


def _types_in_c() -> list[type]:
    async def numbers() -> Any:
        yield 1

    loop, coroutine, generator = asyncio.new_event_loop(), _nothing(), numbers()
    try:
        waits = loop.create_future()
        found: list[type] = [type(waits.__await__()), type(coroutine.__await__())]
        for each in (generator.asend(None), generator.athrow(ValueError), anext(generator, None)):
            found.append(type(each))
            # From Python 3.13 on they complain when nobody awaited them.
            each.close()
        return found
    finally:
        coroutine.close()
        loop.close()


def _register() -> None:
    handlers: dict[type, Callable[[Reader, Any], None]] = {
        CoroutineType: _read_coroutine,
        AsyncGeneratorType: _read_async_generator,
        ExploredTask: _read_task,
        ExploredFuture: _read_future,
        asyncio.Future: _read_future,
        ExploredLoop: lambda reader, loop: reader.tokens(ExploredLoop),
        Call: _read_call,
        Timer: _read_timer,
        asyncio.Timeout: _read_timeout,
        of_anyio.CancelScope: _read_scope,
        CancelScope: _read_scope,
    }
    handlers |= dict.fromkeys(_types_in_c(), _read_referents)
    READ.update(handlers)
    INSIDE[asyncio.Future] = _read_future


_register()
