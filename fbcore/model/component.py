"""Components written as classes, and the specification that every component has."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from copy import copy
from typing import Any, Protocol, TypeVar, get_args, get_origin, overload

from fbcore.errors import GraphError, PortError, shown
from fbcore.model.address import RESERVED_PORTS, Place, is_id, snake_case
from fbcore.model.packet import NOTHING, Failure
from fbcore.model.port import Config, Hit, In, Out, PortKind, PortSpec
from fbcore.model.types import resolve

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

_KINDS: dict[Any, PortKind] = {In: PortKind.INPUT, Out: PortKind.OUTPUT, Config: PortKind.CONFIG}


class NetHandle(Protocol):
    """What a component may know of its net, and do with it."""

    @property
    def name(self) -> str:
        """The name of the graph that the net was made of."""

    def time(self) -> float:
        """Return the time of the net's loop, in seconds; virtual time where the loop's time is."""

    def stop(self, reason: str = "") -> None:
        """Stop the whole net at once: every node is cancelled, and what lies in the net is reported.

        Example:
            self.net.stop("the disk is full")
        """


class Host(Protocol):
    """The node that a component runs in, as far as the component uses it."""

    address: str
    net_handle: NetHandle
    tasks: asyncio.TaskGroup

    def select(self, ports: Sequence[Any]) -> AsyncIterator[Hit]:
        """Look at several inputs, whichever comes first."""

    def zip(self, ports: Sequence[Any]) -> AsyncIterator[tuple[Any, ...]]:
        """Take one packet from each of several inputs, all or none."""

    def busy(self, what: str) -> AbstractAsyncContextManager[None]:
        """Count work that the loop cannot see as outstanding while it goes on."""


class Component:
    """A free coroutine in a net: declares ports in its body and does its work in `run`.

    A new instance is made for every run of a net. `run` may send and receive as it likes; it ends by
    returning, or when `EndOfStream` or `EndOfDemand` leaves it. `__init__`, if there is one, takes no
    arguments and may use configs.

    Example:
        class Double(Component):
            number: In[int]
            doubled: Out[int]

            async def run(self) -> None:
                async for number in self.number:
                    await self.doubled.send(2 * number)
    """

    error: Out[Failure]
    _node: Host

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        frame = sys._getframe(1)
        place = Place(frame.f_code.co_filename, frame.f_lineno)
        cls._declared = _Declared(cls, frame.f_locals, frame.f_globals, place)

    _declared: _Declared

    async def run(self) -> None:
        """Do the work of the component; override it."""
        raise GraphError(
            f"component {type(self).__name__} has no run",
            self._node.address,
            "write `async def run(self) -> None: ...` in the class",
        )

    @property
    def net(self) -> NetHandle:
        """The net that the component runs in: its name, its time, and `stop(reason)`."""
        return _bound(self).net_handle

    @property
    def tasks(self) -> asyncio.TaskGroup:
        """The node's own task group; the node ends when `run` and all of its tasks have ended."""
        return _bound(self).tasks

    def select(self, *ports: In[Any]) -> AsyncIterator[Hit]:
        """Receive from several inputs, whichever comes first; ends when all of them have ended.

        Where several hold packets, the one that was taken from last comes last.

        Example:
            async for hit in self.select(self.flight, self.weather):
                flight = hit.of(self.flight)    # None when it was a weather
        """
        return _bound(self).select(ports)

    @overload
    def zip(self, first: In[A], /) -> AsyncIterator[tuple[A]]: ...
    @overload
    def zip(self, first: In[A], second: In[B], /) -> AsyncIterator[tuple[A, B]]: ...
    @overload
    def zip(self, first: In[A], second: In[B], third: In[C], /) -> AsyncIterator[tuple[A, B, C]]: ...
    @overload
    def zip(self, *ports: In[Any]) -> AsyncIterator[tuple[Any, ...]]: ...
    def zip(self, *ports: In[Any]) -> AsyncIterator[Any]:
        """Receive one packet from each of several inputs, all or none; ends when one of them has ended.

        If the node then ends while another holds packets, or would still get some, the net is starved.

        Example:
            async for left, right in self.zip(self.left, self.right): ...
        """
        return _bound(self).zip(ports)

    def busy(self, what: str = "work outside the loop") -> AbstractAsyncContextManager[None]:
        """Say that work goes on that the loop cannot see, as in a thread of one's own.

        While it does, the net is not called blocked; `what` is named as outstanding.

        Example:
            async with self.busy("reading the sensor"):
                await reading
        """
        return _bound(self).busy(what)


def _bound(component: Component) -> Host:
    try:
        return component._node
    except AttributeError:
        raise PortError(
            f"this {type(component).__name__} does not run in a net",
            hint="a component is made by its net: `graph.add(TheClass)`, then `BatchRuntime(graph).run()`",
        ) from None


class ComponentSpec:
    """What a net must know of a component: its name, its ports in order of declaration, and where it stands.

    `target` is the class, or the `FunctionComponent`.
    """

    __slots__ = ("doc", "name", "place", "ports", "problems", "target")

    def __init__(self, name: str, ports: Mapping[str, PortSpec], target: Any, doc: str, place: Place) -> None:
        self.name = name
        self.ports = dict(ports)
        self.target = target
        self.doc = doc
        self.place = place
        self.problems: list[tuple[str, str, str]] = []

    def of(self, kind: PortKind) -> list[PortSpec]:
        """Return the ports of one kind, in order of declaration."""
        return [port for port in self.ports.values() if port.kind is kind]

    def check_names(self) -> None:
        """Note a problem for every port whose name is not allowed: (port, what, hint)."""
        for name in self.ports:
            if name in RESERVED_PORTS:
                self.problems.append((name, f"a component has `{name}` anyway", "give the port another name"))
            elif not is_id(name) or name.startswith("_"):
                self.problems.append((name, f"`{name}` cannot be the name of a port", "use letters, digits and _"))


class _Declared:
    """The ports of a class: annotations are read once where the class is made, and again when they are needed.

    The first reading sees types that are local to a function; the second sees names that came later.
    """

    __slots__ = ("cls", "early", "module", "place", "spec")

    def __init__(
        self, cls: type[Component], local_names: Mapping[str, Any], module: Mapping[str, Any], place: Place
    ) -> None:
        self.cls = cls
        self.place = place
        self.module = module
        self.spec: ComponentSpec | None = None
        scopes = (local_names, vars(cls), module)
        self.early = {name: resolve(text, *scopes) for name, text in inspect.get_annotations(cls).items()}

    def ports(self) -> dict[str, PortSpec]:
        found = {}
        for name, annotation in inspect.get_annotations(self.cls).items():
            kind, complete = self.early[name]
            if not complete:
                kind, complete = resolve(annotation, vars(self.cls), self.module)
            port = _port_spec(self.cls.__name__, name, kind, complete, self.cls.__dict__.get(name, NOTHING))
            if port is not None:
                found[name] = port
        return found


def _port_spec(owner: str, name: str, annotation: Any, resolved: bool, declared: Any) -> PortSpec | None:
    kind = _KINDS.get(get_origin(annotation) or annotation)
    if kind is None:
        return None
    inner = (get_args(annotation) or (Any,))[0]
    port = PortSpec(name, kind, inner, resolved=resolved)
    if declared is not NOTHING:
        _set_options(owner, port, declared)
    return port


_OPTIONS = {
    PortKind.INPUT: (In, "In(optional=True)"),
    PortKind.OUTPUT: (Out, "Out()"),
    PortKind.CONFIG: (Config, "Config(default=...)"),
}


def _set_options(owner: str, port: PortSpec, declared: Any) -> None:
    """Take over the options that stand on the right of `=` in the body of a class."""
    cls, example = _OPTIONS[port.kind]
    if not isinstance(declared, cls):
        if port.kind is PortKind.CONFIG and not isinstance(declared, In | Out):
            example = f"Config(default={shown(declared)})"
        what = f"an {port.kind}" if port.kind is not PortKind.CONFIG else "a config"
        raise GraphError(
            f"this is {what}, and cannot be given {shown(declared)}", f"{owner}.{port.name}", f"write `= {example}`"
        )
    if isinstance(declared, In):
        port.optional = declared.optional
    elif isinstance(declared, Config):
        port.default = declared.default


def class_spec(cls: type[Component]) -> ComponentSpec:
    """Return the specification of a class component; ports of its bases come first."""
    if cls is Component:
        raise GraphError("Component itself does no work", hint="derive a class from Component and add that")
    declared = cls._declared
    if declared.spec is None:
        ports: dict[str, PortSpec] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Component) and base is not Component:
                own = base._declared.ports()
                for name in ports.keys() & vars(base).keys() - own.keys():
                    own[name] = copy(ports[name])
                    _set_options(base.__name__, own[name], vars(base)[name])
                ports.update(own)
        spec = ComponentSpec(snake_case(cls.__name__), ports, cls, inspect.getdoc(cls) or "", declared.place)
        spec.check_names()
        if cls.run is Component.run:
            spec.problems.append(("", f"component {cls.__name__} has no run", "write `async def run(self)`"))
        elif not inspect.iscoroutinefunction(cls.run):
            spec.problems.append(("", f"run of {cls.__name__} is not `async def`", "write `async def run(self)`"))
        declared.spec = spec
    return declared.spec
