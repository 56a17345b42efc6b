"""What was given for the inputs of a net, so that it can be sent again from the beginning."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from fbcore.model.packet import Each


def repeatable(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the inputs of a net in a form that gives the same items every time, though they were an iterator's."""
    return {name: _repeatable(value) if isinstance(value, Each) else value for name, value in (inputs or {}).items()}


def _repeatable(each: Each[Any]) -> Each[Any]:
    items = each.items
    if isinstance(items, AsyncIterable):
        return Each(_RememberedAsync(items))
    return Each(Remembered(items)) if iter(items) is items else each


class Remembered:
    """The items of an iterator, which remembers those that it has given."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._rest = iter(items)
        self._given: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while True:
            if at == len(self._given):
                try:
                    self._given.append(next(self._rest))
                except StopIteration:
                    return
            yield self._given[at]
            at += 1


class _RememberedAsync:
    def __init__(self, items: AsyncIterable[Any]) -> None:
        self._rest = aiter(items)
        self._given: list[Any] = []

    async def __aiter__(self) -> AsyncIterator[Any]:
        at = 0
        while True:
            if at == len(self._given):
                try:
                    self._given.append(await anext(self._rest))
                except StopAsyncIteration:
                    return
            yield self._given[at]
            at += 1
