"""Components written as classes, and the specification that every component has."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, overload

from fbcore.errors import GraphError, NodeError, PortError
from fbcore.model.address import Place, snake_case
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.declared import Declared
from fbcore.model.display import bundle_of
from fbcore.model.log import Log
from fbcore.model.memory import MemorySpec
from fbcore.model.options import ClassOptions, Kind, check_body, refuse_keywords
from fbcore.model.packet import Failure
from fbcore.model.port import Hit, In, Message, Out, Signal
from fbcore.model.port_spec import PortSpec

if TYPE_CHECKING:
    import asyncio

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class NetHandle(Protocol):
    """What a component may know of its net, and do with it."""

    @property
    def name(self) -> str:
        """The name of the graph that the net was made of."""

    def time(self) -> float:
        """Return the time of the net's loop, in seconds; virtual time where the loop's time is."""

    def stop(self, reason: str = "", how: Literal["drain", "at once"] = "at once") -> None:
        """Stop the whole net: at once, or by draining it.

        At once, every node is cancelled, and what lies in the net is reported. To drain it, nodes without inputs are
        cancelled, the others end by closing; what has not ended after the time of grace is cancelled.

        Example:
            class Search(Component):
                number: In[int]

                async def run(self) -> None:
                    async for number in self.number:
                        if number > 2:
                            self.net.stop(f"found {number}")

            result = BatchRuntime(Search).run(inputs={"number": Each([1, 2, 3, 4])})
            print(result.outcome, result.reason, sep=": ")
            #> stopped: found 3
        """


class Host(Protocol):
    """The node that a component runs in, as far as the component uses it."""

    address: str
    net_handle: NetHandle

    @property
    def log(self) -> Log:
        """The log of the node."""

    @property
    def tasks(self) -> asyncio.TaskGroup:
        """The node's own task group."""

    def select(self, ports: Sequence[Any]) -> AsyncIterator[Hit]:
        """Look at several inputs, whichever comes first."""

    def zip(self, ports: Sequence[Any]) -> AsyncIterator[tuple[Any, ...]]:
        """Take one packet from each of several inputs, all or none."""

    def busy(self, what: str) -> AbstractAsyncContextManager[None]:
        """Count work that the loop cannot see as outstanding while it goes on."""

    async def send_failure(self, failure: NodeError, held: dict[str, Any]) -> None:
        """Send what the node held to its port `error`, and the message `failed`."""


class Component:
    """A free coroutine in a net: declares ports in its body and does its work in `run`.

    A new instance is made for every run of a net; what it must know from one packet to the next is kept in a
    `Memory`, or it can neither be stored nor restarted. `run` may send and receive as it likes; it ends by
    returning, or when `EndOfStream` or `EndOfDemand` leaves it. `__init__`, if there is one, takes no
    arguments and may use configs. Options stand in the body too, as `loop = True`: see `Options`.

    Example:
        class Double(Component):
            number: In[int]
            doubled: Out[int]

            async def run(self) -> None:
                async for number in self.number:
                    await self.doubled.send(2 * number)

        print(BatchRuntime(Double).run(inputs={"number": Each([1, 2, 3])}).outputs.doubled)
        #> [2, 4, 6]
    """

    error: Out[Failure]
    execute: Signal
    stop: Signal
    started: Message
    stopped: Message
    executed: Message
    failed: Message
    execute_after_start: ClassVar[bool | None] = None
    loop: ClassVar[bool | None] = None
    stateless: ClassVar[bool] = False
    options = ClassOptions()
    """What the class says of `execute_after_start`, `loop` and `stateless`; in a net, what counts for the node."""
    _kind: ClassVar[Kind] = "class"
    _node: Host

    def __init_subclass__(cls, **options: Any) -> None:
        refuse_keywords(cls, options)
        super().__init_subclass__(**options)
        check_body(cls._kind, cls)
        frame = sys._getframe(1)
        place = Place(frame.f_code.co_filename, frame.f_lineno)
        cls._declared = Declared(cls, frame.f_locals, frame.f_globals, place)

    _declared: Declared

    # A class method, for Jupyter asks classes for no other.
    @classmethod
    def _repr_mimebundle_(cls, include: object = None, exclude: object = None) -> dict[str, str]:
        return bundle_of(cls)

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
    def log(self) -> Log:
        """The log of the node: standard `logging`, whose lines tell net, node, packet and firing; see `Log`."""
        return _bound(self).log

    @property
    def tasks(self) -> asyncio.TaskGroup:
        """The node's own task group; the node ends when `run` and all of its tasks have ended."""
        return _bound(self).tasks

    def select(self, *ports: In[Any] | Signal) -> AsyncIterator[Hit]:
        """Receive from several inputs or signals, whichever comes first; ends when all of them have ended.

        Where several hold packets, the one that was taken from last comes last.

        Example:
            class Desk(Component):
                front: In[str]
                back: In[str]
                served: Out[str]

                async def run(self) -> None:
                    async for hit in self.select(self.front, self.back):
                        await self.served.send(hit.value)

            result = BatchRuntime(Desk).run(inputs={"front": Each(["Ann", "Cy"]), "back": "Bo"})
            print(sorted(result.outputs.served))
            #> ['Ann', 'Bo', 'Cy']
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
            class Dance(Component):
                left: In[str]
                right: In[str]
                couple: Out[str]

                async def run(self) -> None:
                    async for left, right in self.zip(self.left, self.right):
                        await self.couple.send(f"{left} and {right}")

            result = BatchRuntime(Dance).run(inputs={"left": Each(["Ann", "Cy"]), "right": Each(["Bo", "Di"])})
            print(result.outputs.couple)
            #> ['Ann and Bo', 'Cy and Di']
        """
        return _bound(self).zip(ports)

    def busy(self, what: str = "work outside the loop") -> AbstractAsyncContextManager[None]:
        """Say that work goes on that the loop cannot see, as in a thread of one's own.

        While it does, the net is not called blocked; `what` is named as outstanding.

        Example:
            import asyncio
            import threading

            class Lamp(Component):
                switched: Out[bool]
                seen: In[bool]

                async def run(self) -> None:
                    send, loop = self.switched.send, asyncio.get_running_loop()
                    press = lambda: asyncio.run_coroutine_threadsafe(send(True), loop)
                    async with self.busy("somebody is at the switch"):
                        threading.Timer(0.01, press).start()
                        print("seen", await self.seen.receive())

            graph = Graph("light")
            lamp = graph.add(Lamp)
            lamp.switched >> lamp.seen
            print(BatchRuntime(graph).run().outcome)
            #> seen True
            #> finished
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


def class_spec(cls: type[Component]) -> ComponentSpec:
    """Return the specification of a class component; ports of its bases come first."""
    if cls is Component:
        raise GraphError("Component itself does no work", hint="derive a class from Component and add that")
    declared = cls._declared
    if declared.spec is None:
        doc, memories = doc_of(cls, Component), all_memories(cls)
        spec = ComponentSpec(snake_case(cls.__name__), all_ports(cls), cls, doc, declared.place, memories)
        spec.check_names()
        if cls.run is Component.run:
            spec.problems.append(("", f"component {cls.__name__} has no run", "write `async def run(self)`"))
        elif not inspect.iscoroutinefunction(cls.run):
            spec.problems.append(("", f"run of {cls.__name__} is not `async def`", "write `async def run(self)`"))
        declared.spec = spec
    return declared.spec


def doc_of(cls: type[Component], root: type[Component]) -> str:
    """Return the documentation of a component, its own or that of the nearest base which is not `root`."""
    docs = (vars(base).get("__doc__") for base in cls.__mro__[: cls.__mro__.index(root)])
    return inspect.cleandoc(next(filter(None, docs), ""))


def all_ports(cls: type[Component]) -> dict[str, PortSpec]:
    """Return the ports of a class and of its bases, those of the bases first."""
    ports: dict[str, PortSpec] = {}
    for base in reversed(cls.__mro__):
        declared = base.__dict__.get("_declared")
        if isinstance(declared, Declared):
            ports.update(declared.ports(ports))
    return ports


def all_memories(cls: type[Component]) -> dict[str, MemorySpec]:
    """Return the memories of a class and of its bases, those of the bases first."""
    memories: dict[str, MemorySpec] = {}
    for base in reversed(cls.__mro__):
        declared = base.__dict__.get("_declared")
        if isinstance(declared, Declared):
            memories.update(declared.memories(memories))
    return memories
