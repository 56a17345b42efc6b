"""The ports of a component that works elsewhere: each operation is asked of the node that stands for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from fbcore.errors import EndOfStream, PortError
from fbcore.model.array import InArray, Key, OutArray
from fbcore.model.packet import Packet
from fbcore.model.port import Config, Hit, In, Out
from fbcore.model.port_spec import PortKind, PortSpec

if TYPE_CHECKING:
    from fbcore.orchestration.far import Far

Parents: TypeAlias = Iterable[Packet[Any]] | None


class FarIn(In[Any]):
    """An input, or a signal, of a component that works elsewhere."""

    __slots__ = ("_far", "address", "key", "name")

    def __init__(self, far: Far, name: str, key: Key | None = None) -> None:
        super().__init__()
        self._far = far
        self.name = name
        self.key = key
        self.address = f"{far.address}.{name}"

    async def receive(self) -> Any:
        """Return the next packet's value, waiting for it."""
        return await self._far.ask("receive", self.name)

    async def __anext__(self) -> Any:
        try:
            return await self._far.ask("receive", self.name)
        except EndOfStream:
            raise StopAsyncIteration from None

    async def receive_packet(self) -> Packet[Any]:
        """Return the next packet with its identity."""
        packet: Packet[Any] = await self._far.ask("packet", self.name)
        return packet

    def packets(self) -> AsyncIterator[Packet[Any]]:
        """Receive packets with their identities."""
        return Stream(self.receive_packet)

    @property
    def is_connected(self) -> bool:
        """Whether anything sends to this input, or did."""
        return self._far.is_connected(self.name)


class FarOut(Out[Any]):
    """An output, or a message, of a component that works elsewhere."""

    __slots__ = ("_far", "address", "name")

    def __init__(self, far: Far, name: str) -> None:
        self._far = far
        self.name = name
        self.address = f"{far.address}.{name}"

    async def send(self, value: Any = None, parents: Parents = None) -> None:
        """Give a value away, waiting first until every edge has room."""
        await self._far.ask("send", self.name, given=(value, None if parents is None else list(parents)))

    async def forward(self, packet: Packet[Any]) -> None:
        """Send a packet on with the identity that it was born with."""
        await self._far.ask("forward", self.name, given=packet)

    @property
    def is_connected(self) -> bool:
        """Whether anything takes what is sent here."""
        return self._far.is_connected(self.name)


class FarConfig(Config[Any]):
    """A config of a component that works elsewhere."""

    __slots__ = ("_far", "address", "name")

    def __init__(self, far: Far, name: str) -> None:
        super().__init__()
        self._far = far
        self.name = name
        self.address = f"{far.address}.{name}"

    @property
    def value(self) -> Any:
        """The value of the config, as it is now."""
        return self._far.config(self.name)

    def changes(self) -> AsyncIterator[Any]:
        """Yield the value, and then the newest one every time that it was updated."""
        number = self._far.next_number()
        return Stream(lambda: self._far.ask("changes", self.name, given=number))


class _Elements:
    """The elements of one array port; one that is asked for first at run time is made then, unconnected."""

    def __init__(self, far: Far, spec: PortSpec) -> None:
        self._far = far
        self._spec = spec

    def __getitem__(self, key: Key) -> Any:
        name = self._far.element(self._spec, key)
        if self._spec.kind is PortKind.INPUT:
            return self._far.port(name, lambda: FarIn(self._far, name, key))
        return self._far.port(name, lambda: FarOut(self._far, name))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._far.elements(self._spec))

    def __len__(self) -> int:
        return len(self._far.elements(self._spec))

    def __contains__(self, key: object) -> bool:
        return key in self._far.elements(self._spec)

    def keys(self) -> list[Key]:
        """Return the keys of the connected elements, in order of connection."""
        return list(self._far.elements(self._spec))

    def values(self) -> list[Any]:
        """Return the connected ports, in order of connection."""
        return [self[key] for key in self]

    def items(self) -> list[tuple[Key, Any]]:
        """Return keys with connected ports, in order of connection."""
        return [(key, self[key]) for key in self]


class FarInElements(_Elements, InArray[Any]):
    """The elements of an input array of a component that works elsewhere."""


class FarOutElements(_Elements, OutArray[Any]):
    """The elements of an output array of a component that works elsewhere."""


class Stream:
    """What comes by asking again and again; no generator, which would be over once a wait for it was cancelled."""

    def __init__(self, ask: Callable[[], Awaitable[Any]]) -> None:
        self._ask = ask

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._ask()
        except EndOfStream:
            raise StopAsyncIteration from None


def select(far: Far, ports: Sequence[FarIn]) -> AsyncIterator[Hit]:
    """Look at several inputs; whoever was taken from stands behind the others."""
    line = {port.name: port for port in ports}

    async def ask() -> Hit:
        name, value = await far.ask("any", *line)
        port = line[name] = line.pop(name)
        return Hit(port, value, port.key)

    return Stream(ask)


def zipped(far: Far, ports: Sequence[FarIn]) -> AsyncIterator[tuple[Any, ...]]:
    """Take packets of several inputs side by side."""
    names = [port.name for port in ports]

    async def ask() -> tuple[Any, ...]:
        if not names:
            # An array may have no elements; pairs of nothing would never end.
            raise EndOfStream(far.address)
        return tuple(await far.ask("all", *names))

    return Stream(ask)


def own_inputs(far: Far, ports: Sequence[Any], verb: str) -> Sequence[FarIn]:
    """Check that these are different inputs of a component.

    Raises:
        PortError: something else was given.
    """
    for port in ports:
        if not isinstance(port, FarIn) or port._far is not far:
            hint = f"give it inputs of the component itself: self.{verb}(self.left, self.right)"
            raise PortError(f"{verb} was given {port!r}, which is no input of this node", far.address, hint)
    if len({port.name for port in ports}) < len(ports):
        hint = f"name each once: self.{verb}(self.left, self.right)"
        raise PortError(f"{verb} was given an input twice", far.address, hint)
    return ports
