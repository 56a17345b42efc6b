"""The task group of a node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextvars import Context
from typing import Any, TypeVar

from fbcore.errors import EndOfDemand, EndOfStream
from fbcore.net.elsewhere import Elsewhere
from fbcore.net.failure import Escaped

T = TypeVar("T")


class NodeTasks(asyncio.TaskGroup):
    """A task group in which the end of a stream, or of demand, is the normal end of a task too."""

    elsewhere: Sequence[Elsewhere] = ()
    """Where work of the node is done besides here."""

    @property
    def are_busy(self) -> bool:
        """Whether a task in it has not ended."""
        for place in self.elsewhere:
            if place.has_tasks is not None:
                return place.has_tasks
        return bool(self._tasks)

    @property
    def is_aborting(self) -> bool:
        """Whether its tasks are cancelled, for one of them has failed, or the node itself was cancelled."""
        return bool(self._aborting)  # type: ignore[attr-defined]  # asyncio's own

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        """Start a task in the node's scope."""
        return super().create_task(_Ending(coro), name=name, context=context)


class _Ending(Coroutine[Any, Any, Any]):
    """A coroutine that ends normally where its stream or demand ends.

    No `async def`, for a task that is cancelled before its first turn would leave the inner coroutine unawaited.
    """

    __slots__ = ("cr_await",)

    def __init__(self, work: Any) -> None:
        self.cr_await = work

    def send(self, value: Any) -> Any:
        return self._go_on(self.cr_await.send, value)

    def throw(self, *error: Any) -> Any:
        return self._go_on(self.cr_await.throw, *error)

    def close(self) -> None:
        self.cr_await.close()

    def __await__(self) -> Any:
        return self.cr_await.__await__()

    def _go_on(self, step: Callable[..., Any], *given: Any) -> Any:
        try:
            return step(*given)
        except (EndOfStream, EndOfDemand):
            raise StopIteration from None
        except SystemExit as error:
            # A task group lets SystemExit through to the loop, which would take the whole program down.
            raise Escaped from error
