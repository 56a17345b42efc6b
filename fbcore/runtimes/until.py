"""Where a net that is stepped is to stop: after the step that a condition was waiting for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fbcore.errors import StepError, shown
from fbcore.model.packet import Packet, PacketId
from fbcore.runtimes.choice import BLOCKED, Step

if TYPE_CHECKING:
    from fbcore.runtimes.fsm import FSMRuntime


class Until:
    """A condition on a step: of all that were given, every one must hold.

    `node`: the step was a turn of this node. `port`: a packet went by this port (`parse.out`), or by this edge
    (`parse.out->mean.flight`). `packet`: this packet moved; a `Packet`, a `PacketId`, or a value that is equal.
    `time`: it is so late, in seconds of virtual time. `blocked`: nothing else can happen. `predicate`: it says so,
    when it is given the runtime.
    """

    def __init__(
        self,
        predicate: Callable[[FSMRuntime], object] | None = None,
        *,
        node: str | None = None,
        port: str | None = None,
        packet: Any = None,
        time: float | None = None,
        blocked: bool = False,
    ) -> None:
        self.predicate = predicate
        self.node = node
        self.port = port
        self.packet = packet
        self.time = time
        self.blocked = blocked

    def is_met(self, fsm: FSMRuntime, step: Step) -> bool:
        """Say whether a step is the one that was waited for."""
        return (
            (self.node is None or step.node == self.node)
            and (self.port is None or any(_is_by(move, self.port) for move in step.moves))
            and (self.packet is None or any(_is_packet(move, self.packet) for move in step.moves))
            and (self.time is None or step.time >= self.time)
            and (not self.blocked or BLOCKED in fsm.enabled())
            and (self.predicate is None or bool(self.predicate(fsm)))
        )

    def check(self, fsm: FSMRuntime) -> None:
        """Check that what is named is there.

        Raises:
            StepError: the net has no such node, port or edge.
        """
        nodes, ports = fsm.addresses()
        if self.node is not None and self.node not in nodes:
            raise StepError(f"there is no node {self.node!r}", hint=f"the nodes are: {', '.join(nodes)}")
        if self.port is not None and self.port not in ports:
            near = [each for each in ports if each.startswith(self.port.split(".")[0] + ".")] or list(ports)
            raise StepError(f"there is no port or edge {self.port!r}", hint=f"there are: {', '.join(near)}")

    def __str__(self) -> str:
        given = {"node": self.node, "port": self.port, "time": self.time}
        said = [f"{name} {value}" for name, value in given.items() if value is not None]
        said += [f"packet {shown(self.packet)}"] if self.packet is not None else []
        said += ["blocked"] if self.blocked else []
        said += [getattr(self.predicate, "__name__", "a predicate")] if self.predicate is not None else []
        return ", ".join(said) or "the end"

    def __repr__(self) -> str:
        return f"<until {self}>"


def _is_by(move: Any, port: str) -> bool:
    return port in (f"{move.node}.{move.port}", move.edge, *_ends(move.edge))


def _ends(edge: str) -> tuple[str, ...]:
    return tuple(edge.split("->"))


def _is_packet(move: Any, wanted: Any) -> bool:
    if isinstance(wanted, Packet):
        wanted = wanted.id
    if isinstance(wanted, PacketId):
        return bool(move.id == wanted)
    return type(move.value) is type(wanted) and _equal(move.value, wanted)


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:
        # An array compares element by element.
        return one is other
