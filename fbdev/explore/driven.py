"""What runs on the loop of an execution besides coroutines, and what is to be closed with them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Generator, Iterable
from types import CoroutineType, coroutine
from typing import Any

from fbdev.explore.execution import Fault
from fbdev.explore.explored_loop import ExploredTask
from fbdev.explore.generator_process import GeneratorProcess
from fbdev.explore.standing import has_not_begun
from fbdev.explore.words import Finished, Raised, Step, Yielded, ending_text


class Held:
    """The attributes that the objects of a scene's context have for one task."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: list[dict[str, Any]] = []


def call(function: Any, *args: Any) -> Any:
    """Call a function here: a task has a context of its own already."""
    return function(*args)


def with_not_begun(coroutine: Any) -> list[Any]:
    """Return a coroutine, and before it those that it has not begun: they would complain that nobody awaited them."""
    if not isinstance(coroutine, CoroutineType) or not has_not_begun(coroutine):
        return [coroutine]
    held = gc.get_referents(coroutine)
    held += [each for one in held if type(one) is tuple for each in one]
    held += [getattr(one, "_coro", None) for one in held]
    return [*(found for each in held if type(each) is CoroutineType for found in with_not_begun(each)), coroutine]


async def driven(process: GeneratorProcess) -> Any:
    """Drive a generator as a task: each of its steps is a turn."""
    return await _driven(process)


@coroutine
def _driven(process: GeneratorProcess) -> Generator[None, None, Any]:
    while True:
        try:
            process.yielded = process.make_step()
        except StopIteration as end:
            return end.value
        process.take()
        yield


def ended(task: ExploredTask) -> Step:
    """Return how a task has ended."""
    if asyncio.Future.cancelled(task):
        return Yielded("cancelled")
    error: BaseException | None = task._exception
    return Finished(asyncio.Future.result(task)) if error is None else Raised(error)


def unasked(failed: Iterable[tuple[str, ExploredTask]]) -> Fault | None:
    """Return the failure of the first of these tasks whose exception nobody has asked for."""
    for name, task in failed:
        if task._log_traceback:
            error: Any = asyncio.Future.exception(task)
            what = f"task {name} {ending_text(Raised(error))}, and nobody has asked for it"
            return Fault("exception", what, name)
    return None
