"""What travels: values, and the failures that travel in their stead."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any, Final, Generic, TypeVar

from fbcore.errors import NodeError

T = TypeVar("T")


class _Nothing:
    """The absence of a value, where None would be a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        return False


NOTHING: Final = _Nothing()


class Failure:
    """What the port `error` of a node sends: the value that failed, the error, and the node's address.

    `value` is the packet that the node held; for a node with several inputs a dict from port to packet;
    None when the node held nothing.
    """

    __slots__ = ("address", "error", "value")

    def __init__(self, value: Any, error: NodeError, address: str) -> None:
        self.value = value
        self.error = error
        self.address = address

    def __repr__(self) -> str:
        return f"Failure({self.value!r}, {self.error.what!r}, {self.address!r})"


class Each(Generic[T]):
    """Marks an input whose items are to be sent one by one, in order.

    Takes any iterable or async iterable; it is read only as fast as the net takes.

    Example: `BatchRuntime(graph).run(inputs={"x": Each(range(10))})`
    """

    __slots__ = ("items",)

    def __init__(self, items: Iterable[T] | AsyncIterable[T]) -> None:
        if not isinstance(items, Iterable | AsyncIterable):
            raise TypeError(f"Each takes an iterable or async iterable, not {items!r}")
        self.items = items

    def __repr__(self) -> str:
        return f"Each({self.items!r})"
