"""The typed ports that users write and see. What they do in a running net is in `fbcore.net`."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

from fbcore.errors import PortError
from fbcore.model.packet import NOTHING

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class PortKind(StrEnum):
    """What a port carries: `input` and `output` carry packets, `config` one value that stays."""

    INPUT = "input"
    OUTPUT = "output"
    CONFIG = "config"


class Accepts(Protocol[T_contra]):
    """Anything that takes values of a type. Contravariant, so that an output of dogs fits an input of animals."""

    def accepts(self, value: T_contra, /) -> None:
        """Take part in typing only; an input port has it."""


def _declared_only(port: object) -> NoReturn:
    kind = type(port).__name__
    raise PortError(
        f"this {kind} is a declaration, not a port of a running node",
        hint="use ports as `self.name` inside `run`; outside, connect them with `graph.add(...).name`",
    )


class In(Generic[T]):
    """An input port: packets of type T come in, in the order in which they were sent.

    Declared in the body of a component, `flight: In[Flight]`, with options as `In(optional=True)`
    (an optional input may be left unconnected, and then ends at once).

    Example:
        async for flight in self.flight: ...   # ends when everything upstream has ended
    """

    __slots__ = ("optional",)

    def __init__(self, *, optional: bool = False) -> None:
        self.optional = optional

    async def receive(self) -> T:
        """Return the next packet's value, waiting for it.

        Raises:
            EndOfStream: every sender has ended and the edge is drained.
        """
        _declared_only(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        _declared_only(self)

    def accepts(self, value: T, /) -> None:
        """Take part in typing only: says that this port takes values of type T."""
        _declared_only(self)


class Out(Generic[T]):
    """An output port: packets of type T go out, to every input it is connected to.

    Declared in the body of a component, `rows: Out[dict[str, str]]`.

    Example:
        await self.rows.send(row)
        read.rows >> graph.add(parse).row
    """

    __slots__ = ()

    async def send(self, value: T) -> None:
        """Give a value away, waiting first until every edge has room.

        Raises:
            EndOfDemand: every consumer has ended; the value was not taken.
        """
        _declared_only(self)

    def __rshift__(self, other: Accepts[T]) -> None:
        _declared_only(self)


class Config(Generic[T]):
    """A config port: one value that is there before the node starts, as `self.name.value`.

    Declared in the body of a component, `path: Config[Path]`; `Config(default=5)` makes it optional.

    Example:
        with self.path.value.open() as file: ...
    """

    __slots__ = ("default",)

    def __init__(self, *, default: T | Any = NOTHING) -> None:
        self.default = default

    @property
    def value(self) -> T:
        """The value of the config."""
        _declared_only(self)


class Hit:
    """What `self.select(...)` yields: a packet's value, and the input that it came by.

    Example:
        async for hit in self.select(self.flight, self.weather):
            if (flight := hit.of(self.flight)) is not None: ...
    """

    __slots__ = ("port", "value")

    def __init__(self, port: Any, value: Any) -> None:
        self.port = port
        self.value = value

    def of(self, port: In[T]) -> T | None:
        """Return the value when it came by this input, else None."""
        found: T | None = self.value if self.port is port else None
        return found

    def __repr__(self) -> str:
        return f"Hit({getattr(self.port, 'address', self.port)!r}, {self.value!r})"


class PortSpec:
    """The declaration of one port: name, kind, type, and whether it must be connected.

    `resolved` is False when the annotation named something that could not be found; `type` is Any then.
    """

    __slots__ = ("default", "kind", "name", "optional", "resolved", "type")

    def __init__(
        self,
        name: str,
        kind: PortKind,
        type: Any = Any,
        *,
        optional: bool = False,
        default: Any = NOTHING,
        resolved: bool = True,
    ) -> None:
        self.name = name
        self.kind = kind
        self.type = type
        self.optional = optional
        self.default = default
        self.resolved = resolved

    @property
    def required(self) -> bool:
        """Whether a net cannot be made while nothing is connected to this port."""
        if self.kind is PortKind.CONFIG:
            return self.default is NOTHING
        return self.kind is PortKind.INPUT and not self.optional

    def __repr__(self) -> str:
        return f"PortSpec({self.name!r}, {self.kind.value!r}, {self.type!r})"
