"""What travels: values, and the failures that travel in their stead."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any, Final, Generic, NamedTuple, TypeVar

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


class Missing:
    """Stands for the value of an input that no packet has come by yet, in a function that fires on any.

    There is one instance, `MISSING`; ask with `isinstance`, which type checkers understand.

    Example:
        @component(fires="any")
        def seen(price: float | Missing, rate: float | Missing) -> str:
            return f"{price} at {rate}"

        print(BatchRuntime(seen).run(inputs={"price": Each([10.0]), "rate": Each([])}).outputs.out)
        #> ['10.0 at Missing()']
    """

    __slots__ = ()

    def __new__(cls) -> Missing:
        """Return the one instance."""
        return MISSING

    def __repr__(self) -> str:
        return "Missing()"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final[Missing] = object.__new__(Missing)


class PacketId(NamedTuple):
    """Which packet it is: where it was born (an output port, or the edge of a fan-out), and the how manieth there.

    Numbers count from 0; prints as `parse.out#12`.

    Example:
        print(PacketId("parse.out", 12))
        #> parse.out#12
    """

    birthplace: str
    number: int

    def __str__(self) -> str:
        return f"{self.birthplace}#{self.number}"


class Packet(Generic[T]):
    """A packet as an object: a value, and the identity that it was born with.

    Made only for who asks: a parameter annotated `Packet[T]`, or `self.port.packets()`. Forwarding it (by
    `self.out.forward(packet)`, or by returning it from a function) keeps the identity. It is at one place only: what
    is sent when it is forwarded again is a new packet, with this one as its parent; `is_forwarded` says whether it was.

    Example:
        @component
        def numbered(word: Packet[str]) -> str:
            return f"{word.id} is {word.value}"

        print(BatchRuntime(numbered).run(inputs={"word": Each(["to", "be"])}).outputs.out)
        #> ['inputs.word#0 is to', 'inputs.word#1 is be']
    """

    __slots__ = ("id", "is_forwarded", "value")

    def __init__(self, value: T, id: PacketId) -> None:
        self.value = value
        self.id = id
        self.is_forwarded = False

    def __repr__(self) -> str:
        return f"Packet({self.value!r}, {str(self.id)!r})"


class Failure:
    """What the port `error` of a node sends: the value that failed, the error, and the node's address.

    `value` is the packet that the node held; for a node with several inputs a dict from port to packet;
    None when the node held nothing.

    Example:
        @component
        def parse(text: str) -> int:
            return int(text)

        graph = Graph("numbers")
        graph.inputs.text >> graph.add(parse).text
        graph["parse"].out >> graph.outputs.numbers
        graph["parse"].error >> graph.outputs.broken
        result = BatchRuntime(graph).run(inputs={"text": Each(["1", "two", "3"])})
        (failure,) = result.outputs.broken
        assert isinstance(failure, Failure)
        print(result.outputs.numbers, failure.value, failure.address)
        #> [1, 3] two parse
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

    Example:
        @component
        def double(x: int) -> int:
            return 2 * x

        print(BatchRuntime(double).run(inputs={"x": Each(range(4))}).outputs.out)
        #> [0, 2, 4, 6]
    """

    __slots__ = ("items",)

    def __init__(self, items: Iterable[T] | AsyncIterable[T]) -> None:
        if not isinstance(items, Iterable | AsyncIterable):
            raise TypeError(f"Each takes an iterable or async iterable, not {items!r}")
        self.items = items

    def __repr__(self) -> str:
        return f"Each({self.items!r})"
