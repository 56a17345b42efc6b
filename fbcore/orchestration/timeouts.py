"""Time-outs of firings: how long a function may take, wherever it is called."""

from __future__ import annotations

import asyncio
import builtins
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from functools import partial
from typing import Any, Protocol, cast

from fbcore.errors import FlowError, shown
from fbcore.model.function import FunctionComponent
from fbcore.model.packet import NOTHING
from fbcore.net.failure import place_of
from fbcore.net.firing import closable
from fbcore.net.memory_cell import MemoryCell
from fbcore.orchestration.policy import Timeout

Work = partial[Any]
"""A call of a function of a component, with all that it is given."""


class TimeoutError(FlowError, builtins.TimeoutError):
    """A firing took longer than its time-out allows; it is a `TimeoutError` as any, to a `Retry` too.

    Example:
        import asyncio

        @component
        async def ask(town: str) -> str:
            await asyncio.sleep(3600)
            return town

        settings = NetSettings(nodes={"ask": NodeSettings(timeout=0.01)})
        result = BatchRuntime(ask, settings=settings).run(inputs={"town": "Delft"}, raises=False)
        print(isinstance(result.errors[0].cause, TimeoutError), result.errors[0])
        #> True ask: TimeoutError: no result after 0.01 s, its hard time-out (net.py:5)
        #>   hint: give it longer, `timeout` in its settings, or look at what it waits for
    """


class Calling(Protocol):
    """What calls the function of a node, wherever that is.

    One that is cancelled ends the call; where that is because the `limit` is over, it is not to wait for the end.
    """

    is_kept_apart: bool
    """Whether a call may go on when it is over here: it is then given copies of memories."""

    async def call(self, work: Work, limit: Limit | None = None) -> Any:
        """Call a function, and return what it returns."""

    def items(self, work: Work, limit: Limit | None = None) -> AsyncIterator[Any]:
        """Call a function, and yield what it yields; it goes on when the next item is asked for."""


class CallingHere:
    """Calls async functions on the loop of the net."""

    is_kept_apart = False

    async def call(self, work: Work, limit: Limit | None = None) -> Any:
        """Call a function, and return what it returns."""
        return await work()

    async def items(self, work: Work, limit: Limit | None = None) -> AsyncIterator[Any]:
        """Call a function, and yield what it yields."""
        items = work()
        if inspect.isawaitable(items):
            items = await items
        if isinstance(items, AsyncIterator):
            async with aclosing(closable(items)) as each:
                async for item in each:
                    yield item
        else:
            with closing(closable(items)) as each:
                for item in each:
                    yield item


class Limit:
    """The time that one firing has left: `hard` in all, of which each step (to its next item) may take `idle`.

    `async with limit:` is a step. What is done in it is cancelled when its time is over; what comes too late, be it an
    error, does not count. `place` says where it was then.

    Raises:
        TimeoutError: the time is over.
    """

    __slots__ = ("_address", "_advice", "_left", "_loop", "_policy", "_scope", "_seconds", "place")

    def __init__(self, policy: Timeout, address: str, advice: str) -> None:
        self._policy = policy
        self._address = address
        self._advice = advice
        self._left = policy.hard
        self._seconds = 0.0
        self._scope: asyncio.Timeout
        self._loop = asyncio.get_running_loop()
        self.place = ""

    def is_overdue(self) -> bool:
        """Say whether the step that goes on was cancelled because its time is over."""
        return self._scope.expired()

    async def __aenter__(self) -> None:
        self._seconds = min(each for each in (self._left, self._policy.idle) if each is not None)
        self._scope = asyncio.timeout_at(self._loop.time() + self._seconds)
        await self._scope.__aenter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        when = self._scope.when() or 0.0
        try:
            await self._scope.__aexit__(kind, error, trace)
        except builtins.TimeoutError:
            raise self._error(error) from None
        if self._scope.expired() and (error is None or isinstance(error, Exception)):
            raise self._error(error) from None
        late = self._loop.time() - when
        if error is None and late > 0:
            # It has held up the loop, and with it the timer.
            raise self._error(None)
        if self._left is not None:
            self._left -= self._seconds + late

    def _error(self, error: BaseException | None) -> TimeoutError:
        if self._seconds == self._policy.idle and self._seconds != self._left:
            what = f"nothing came of it for {self._seconds:g} s, its idle time-out"
        else:
            what = f"no result after {self._policy.hard:g} s, its hard time-out"
        place = self.place or (place_of(error) if error is not None else "")
        hint = "give it longer, `timeout` in its settings, or look at what it waits for"
        return TimeoutError(f"{what}{place}", self._address, f"{hint}{self._advice}")


class LentMemory:
    """A copy of a memory for one call: what the call has made of it counts when that has succeeded, and only then.

    It is copied when it is first looked at, by whoever looks.
    """

    __slots__ = ("_cell", "_is_copied", "_value")

    def __init__(self, cell: MemoryCell) -> None:
        self._cell = cell
        self._is_copied = False
        self._value: Any = None

    @property
    def value(self) -> Any:
        """What is remembered, as far as the call knows."""
        if not self._is_copied:
            self._value = self._cell.copy()
            self._is_copied = True
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._is_copied = True
        self._value = value

    def give_back(self) -> None:
        """Let the memory be what the call has made of it."""
        if self._is_copied:
            self._cell.value = self._value

    def __repr__(self) -> str:
        return f"<copy of the memory {self._cell.address}: {shown(self.value)}>"


def called(
    component: FunctionComponent[..., Any, Any], calling: Calling, timeout: Timeout | None, address: str
) -> Callable[..., Any]:
    """Return an async function, or an async generator, that has the function of a component called within its time."""
    if timeout is None:
        return _called(component, calling)
    function, is_apart = component.function, calling.is_kept_apart
    advice = "; the thread that it blocks is left behind" if is_apart else ""

    async def call(*values: Any, **named: Any) -> Any:
        lent = list(_lent(named)) if is_apart else ()
        limit = Limit(timeout, address, advice)
        async with limit:
            result = await calling.call(partial(function, *values, **named), limit)
        for memory in lent:
            memory.give_back()
        return result

    async def stream(*values: Any, **named: Any) -> AsyncIterator[Any]:
        lent = list(_lent(named)) if is_apart else ()
        limit = Limit(timeout, address, advice)
        async with aclosing(cast(Any, calling.items(partial(function, *values, **named), limit))) as items:
            while True:
                async with limit:
                    item = await anext(items, NOTHING)
                if item is NOTHING:
                    break
                yield item
        for memory in lent:
            memory.give_back()

    return stream if component.streams else call


def _called(component: FunctionComponent[..., Any, Any], calling: Calling) -> Callable[..., Any]:
    function = component.function

    async def call(*values: Any, **named: Any) -> Any:
        return await calling.call(partial(function, *values, **named))

    def stream(*values: Any, **named: Any) -> Any:
        return calling.items(partial(function, *values, **named))

    return stream if component.streams else call


def _lent(named: dict[str, Any]) -> Iterator[LentMemory]:
    """Exchange the memories among the arguments for copies, and yield these."""
    for name, value in named.items():
        if isinstance(value, MemoryCell):
            lent = LentMemory(value)
            # The key is there already.
            named[name] = lent
            yield lent
