"""The typed ports that users write and see. What they do in a running net is in `fbcore.net`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from types import GenericAlias
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

from fbcore.errors import PortError
from fbcore.model.packet import NOTHING, Packet

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_NO_DEFAULT: Any = NOTHING


class Accepts(Protocol[T_contra]):
    """Anything that takes values of a type. Contravariant, so that an output of dogs fits an input of animals."""

    def accepts(self, value: T_contra, /) -> None:
        """Take part in typing only; an input port has it."""


def declared_only(port: object) -> NoReturn:
    """Refuse to work: the port is a declaration, and belongs to no running node."""
    kind = type(port).__name__
    raise PortError(
        f"this {kind} is a declaration, not a port of a running node",
        hint="use ports as `self.name` inside `run`; outside, connect them with `graph.add(...).name`",
    )


class In(Generic[T]):
    """An input port: packets of type T come in, in the order in which they were sent.

    Declared in the body of a component, `flight: In[Flight]`, with options as `In(optional=True)`
    (an optional input may be left unconnected, and then ends at once) and `In(validate=f)`: `f` gets every
    value that comes in, and refuses it by raising or by returning False. A refused packet is a failure of
    the node: it goes to the port `error` where that is connected, else the node fails.

    Example:
        class Total(Component):
            amount: In[int]
            total: Out[int]

            async def run(self) -> None:
                await self.total.send(sum([amount async for amount in self.amount]))

        print(BatchRuntime(Total).run(inputs={"amount": Each([3, 4, 5])}).outputs.total)
        #> [12]
    """

    __slots__ = ("optional", "validate")

    def __init__(self, *, optional: bool = False, validate: Callable[[T], Any] | None = None) -> None:
        self.optional = optional
        self.validate = validate

    async def receive(self) -> T:
        """Return the next packet's value, waiting for it.

        Raises:
            EndOfStream: every sender has ended and the edge is drained.
        """
        declared_only(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        declared_only(self)

    async def receive_packet(self) -> Packet[T]:
        """Return the next packet with its identity, to be forwarded or named as a parent.

        Raises:
            EndOfStream: every sender has ended and the edge is drained.
        """
        declared_only(self)

    def packets(self) -> AsyncIterator[Packet[T]]:
        """Receive packets with their identities: `async for packet in self.row.packets()`."""
        declared_only(self)

    @property
    def is_connected(self) -> bool:
        """Whether anything sends to this input, or did."""
        declared_only(self)

    def accepts(self, value: T, /) -> None:
        """Take part in typing only: says that this port takes values of type T."""
        declared_only(self)


class Out(Generic[T]):
    """An output port: packets of type T go out, to every input it is connected to.

    Declared in the body of a component, `rows: Out[dict[str, str]]`.

    Example:
        class Numbers(Component):
            number: Out[int]

            async def run(self) -> None:
                for number in (1, 2, 3):
                    await self.number.send(number)

        @component
        def square(number: int) -> int:
            return number * number

        graph = Graph("squares")
        graph.add(Numbers).number >> graph.add(square).number
        graph["square"].out >> graph.outputs.squares
        print(BatchRuntime(graph).run().outputs.squares)
        #> [1, 4, 9]
    """

    __slots__ = ()

    async def send(self, value: T, *, parents: Iterable[Packet[Any]] | None = None) -> None:
        """Give a value away, waiting first until every edge has room.

        `parents` are the packets that the value was made of, for its lineage; when they are not given, the
        packets that were received last on each input are assumed.

        Raises:
            EndOfDemand: every consumer has ended; the value was not taken.
        """
        declared_only(self)

    async def forward(self, packet: Packet[T]) -> None:
        """Send a packet on as it is: it keeps the identity that it was born with.

        Forwarded again, by this port or another, it is sent as a new packet, with the first one as its parent.

        Raises:
            EndOfDemand: every consumer has ended; the packet was not taken.
        """
        declared_only(self)

    @property
    def is_connected(self) -> bool:
        """Whether anything takes what is sent here; for a value that is dear to make and of no other use."""
        declared_only(self)

    def __rshift__(self, other: Accepts[T]) -> None:
        declared_only(self)


class Config(Generic[T]):
    """A config port: one value that is there before the node starts, as `self.name.value`.

    Declared in the body of a component. `path: Config[Path]` is required; `Config(default=5)` has a default, and
    with `Config(default=None)` the value is optional. `Config(validate=f)` has `f` look at every value, and
    refuse it by raising or by returning False. A config that another node feeds may change while the node runs.

    Example:
        class Greet(Component):
            name: In[str]
            greeting: Config[str] = Config(default="Hello")
            greeted: Out[str]

            async def run(self) -> None:
                async for name in self.name:
                    await self.greeted.send(f"{self.greeting.value}, {name}!")

        print(BatchRuntime(Greet).run(inputs={"name": "Ann"}).outputs.greeted)
        #> ['Hello, Ann!']
        print(BatchRuntime(Greet).run(inputs={"name": "Ann"}, greeting="Good night").outputs.greeted)
        #> ['Good night, Ann!']
    """

    __slots__ = ("default", "validate")

    def __init__(self, *, default: T = _NO_DEFAULT, validate: Callable[[T], Any] | None = None) -> None:
        self.default = default
        self.validate = validate

    @property
    def value(self) -> T:
        """The value of the config, as it is now."""
        declared_only(self)

    def changes(self) -> AsyncIterator[T]:
        """Yield the value, and then the newest one every time that it was updated; ends when nobody can update it.

        A value that is overwritten before it was looked at is not seen: a config is a state, not a stream.
        """
        declared_only(self)

    def accepts(self, value: T, /) -> None:
        """Take part in typing only: says that this port takes values of type T."""
        declared_only(self)


class Signal:
    """A signal port: something happens, and no value comes with it.

    Declared in the body of a component, `flush: Signal`; every node has two besides, `execute` and `stop`. Any
    output can be connected to a signal; what it sends counts as a signal, its value does not matter.

    Example:
        class Door(Component):
            opened: Signal
            guest: In[str]
            inside: Out[str]

            async def run(self) -> None:
                await self.opened.receive()
                async for guest in self.guest:
                    await self.inside.send(guest)

        @component
        def prepare() -> None:
            print("the table is laid")

        graph = Graph("evening")
        door = graph.add(Door)
        graph.add(prepare).stopped >> door.opened
        graph.inputs.guest >> door.guest
        door.inside >> graph.outputs.eating
        print(BatchRuntime(graph).run(inputs={"guest": Each(["Ann", "Bo"])}).outputs.eating)
        #> the table is laid
        #> ['Ann', 'Bo']
    """

    __slots__ = ()

    async def receive(self) -> None:
        """Wait for the next signal.

        Raises:
            EndOfStream: every sender has ended and all signals were taken.
        """
        declared_only(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> None:
        declared_only(self)

    @property
    def is_connected(self) -> bool:
        """Whether anything sends signals here, or did."""
        declared_only(self)

    def accepts(self, value: object, /) -> None:
        """Take part in typing only: a signal takes whatever comes, as a signal."""
        declared_only(self)


class Message:
    """A message port: says that something has happened, without a value.

    Declared in the body of a component, `done: Message`; every node has four besides: `started`, `stopped`,
    `executed` and `failed`. A message that nobody is connected to costs nothing and is not counted.

    Example:
        class Load(Component):
            loaded: Message

            async def run(self) -> None:
                print("loading")
                await self.loaded.send()

        @component
        def report() -> str:
            return "all is there"

        graph = Graph("morning")
        say = graph.add(report)
        graph.add(Load).loaded >> say.execute
        say.out >> graph.outputs.said
        print(BatchRuntime(graph).run().outputs.said)
        #> loading
        #> ['all is there']
    """

    __slots__ = ()

    # For messages of the shelf that have something to say, as an exit code; to a type checker there are none.
    __class_getitem__: Any = classmethod(GenericAlias)

    async def send(self) -> None:
        """Send the message, waiting first until every edge has room.

        Raises:
            EndOfDemand: every consumer has ended.
        """
        declared_only(self)

    @property
    def is_connected(self) -> bool:
        """Whether anybody listens."""
        declared_only(self)

    def __rshift__(self, other: Accepts[None]) -> None:
        declared_only(self)


class Hit:
    """What `self.select(...)` yields: a packet's value, and the input that it came by.

    `key` is the key of the element where the input is one of an array, else None.

    Example:
        class Desk(Component):
            front: In[str]
            back: In[str]
            served: Out[str]

            async def run(self) -> None:
                async for hit in self.select(self.front, self.back):
                    assert isinstance(hit, Hit)
                    door = "front" if hit.of(self.front) is not None else "back"
                    await self.served.send(f"{hit.value} by the {door} door")

        print(sorted(BatchRuntime(Desk).run(inputs={"front": "Ann", "back": "Bo"}).outputs.served))
        #> ['Ann by the front door', 'Bo by the back door']
    """

    __slots__ = ("key", "port", "value")

    def __init__(self, port: Any, value: Any, key: int | str | None = None) -> None:
        self.port = port
        self.value = value
        self.key = key

    def of(self, port: In[T]) -> T | None:
        """Return the value when it came by this input, else None."""
        found: T | None = self.value if self.port is port else None
        return found

    def __repr__(self) -> str:
        return f"Hit({getattr(self.port, 'address', self.port)!r}, {self.value!r})"
