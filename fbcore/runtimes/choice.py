"""What can happen next in a net that is stepped, and what a step did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.errors import shown
from fbcore.model.packet import Packet, PacketId

if TYPE_CHECKING:
    from fbcore.net.node import Node
    from fbcore.net.trace import Move
    from fbcore.runtimes.stepping import Stepping

BLOCKED = "blocked"
"""The name of what is left when nothing else can happen: the net acts on its standing still."""


class ChoiceKind(StrEnum):
    """What kind of thing a choice is.

    - `turn`: a node, or a task of it, goes on until its next port operation, sleep or other wait;
    - `timer`: the time is now that of a timer, which rings;
    - `blocked`: nothing else can happen; the net closes the inputs of its next node, or ends.

    Example:
        print(*ChoiceKind)
        #> turn timer blocked
    """

    TURN = "turn"
    TIMER = "timer"
    BLOCKED = "blocked"


class Choice:
    """One thing that can happen next: what `FSMRuntime.enabled` lists, and `step` takes.

    `name` is by what it is chosen: the address of the node that has a turn, `timer 1 of ADDRESS`, or `blocked`; it
    is the same from run to run. `node` is the address, `turn` the how manieth turn of that node this would be.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        with FSMRuntime(double).start(inputs={"number": 21}) as fsm:
            choices: list[Choice] = list(fsm.enabled().values())
            for choice in choices:
                print(choice.name, choice.kind, choice.turn, choice.does)
        #> double turn 1 begins
        #> inputs.number turn 1 begins
    """

    __slots__ = ("_stepping", "kind", "name", "node", "turn")

    def __init__(self, stepping: Stepping, name: str, kind: ChoiceKind, node: str, turn: int) -> None:
        self._stepping = stepping
        self.name = name
        self.kind = kind
        self.node = node
        self.turn = turn

    @property
    def packet(self) -> Packet[Any] | None:
        """The packet that it would take first, or send; None when it is about none."""
        node = self._stepping.node_of(self.name)
        return None if node is None or self.kind is not ChoiceKind.TURN else _packet(self._stepping, node, self.name)

    @property
    def does(self) -> str:
        """What it would do, in words."""
        if self.kind is ChoiceKind.BLOCKED:
            judged = self._stepping.net.standstill()
            return f"nothing else can happen: {judged.outcome}, {judged.reason}" if judged else "nothing can happen"
        if self.kind is ChoiceKind.TIMER:
            when, owner = self._stepping.loop.timers[self.name], self.name.rpartition(" of ")[2]
            return f"takes away what is too old on {owner} at {when:g} s" if "->" in owner else f"rings at {when:g} s"
        node = self._stepping.node_of(self.name)
        return "goes on" if node is None else _in_words(self._stepping, node, self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Choice):
            return NotImplemented
        return (self.name, self.node, self.turn) == (other.name, other.node, other.turn)

    def __hash__(self) -> int:
        return hash((self.name, self.node, self.turn))

    def __repr__(self) -> str:
        return f"<{self.name}, turn {self.turn}: {self.does}>" if self.turn else f"<{self.name}: {self.does}>"


class Enabled(Mapping[str, Choice]):
    """What can happen next, by name, in the order in which it became possible; timers come last.

    A look at the net as it is, that changes with every step.
    """

    __slots__ = ("_stepping",)

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping

    def __getitem__(self, name: str) -> Choice:
        if name not in self:
            raise KeyError(name)
        return self._stepping.choice(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stepping.names())

    def __len__(self) -> int:
        return self._stepping.count()

    def __contains__(self, name: object) -> bool:
        return self._stepping.is_enabled(name)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self.values()))}}}"


class Step(NamedTuple):
    """A step that was made: its number from 1 on, its name, the node that it was of, the time after it, what moved.

    Example:
        @component
        def double(number: int) -> int:
            return 2 * number

        with FSMRuntime(double).start(inputs={"number": 21}) as fsm:
            step: Step = fsm.run_until(port="double.number")
            print(step.number, step.name, [(move.verb, move.value) for move in step.moves])
        #> 4 inputs.number [('sent', 21)]
    """

    number: int
    name: str
    node: str
    time: float
    moves: tuple[Move, ...]

    def __str__(self) -> str:
        moved = in_words(self.moves)
        return f"{self.number:>4}  {self.time:g} s  {self.name}{': ' if moved else ''}{moved}"


def in_words(moves: Sequence[Move]) -> str:
    """Say which packets moved, and by which edges; "" where none did."""
    ways = {"took": "from", "expired": "on", "dropped": "from"}
    return "; ".join(f"{move.verb} {shown(move.value)} {ways.get(move.verb, 'to')} {move.edge}" for move in moves)


def _is_at_a_port(stepping: Stepping, node: Node, name: str) -> bool:
    """Say whether the turn of a node begins with a port operation: it is its own, and has come to one."""
    return name == stepping.name_of(node) and stepping.trails[node.address].is_at_a_port


def _in_words(stepping: Stepping, node: Node, name: str) -> str:
    trace = node.trace
    if trace is None or node.ended:
        return "ends"
    if node.cancelled:
        return "is cancelled"
    if not trace.count and not node.has_begun and name == stepping.name_of(node):
        return "begins"
    if not _is_at_a_port(stepping, node, name):
        return "goes on"
    names = ", ".join(port.name for port in trace.ports)
    if trace.verb == "send":
        value = shown(_pending(trace.ports[0]))
        full = [edge.address for edge in trace.ports[0].edges if edge.is_full]
        return f"waits to send {value} by {names}: no room" if full else f"sends {value} by {names}"
    if trace.verb == "changes":
        return f"looks at {names}"
    with_packets = [port for port in trace.ports if port.queue]
    if len(with_packets) < (len(trace.ports) if trace.verb == "zip" else 1):
        ended = all(port.is_closed for port in trace.ports if not port.queue)
        return f"finds that {names} has ended" if ended else f"waits for {names}"
    taken = with_packets if trace.verb == "zip" else with_packets[:1]
    return "takes " + ", ".join(f"{shown(_head(port).value)} from {port.name}" for port in taken)


def _packet(stepping: Stepping, node: Node, name: str) -> Packet[Any] | None:
    trace = node.trace
    if trace is None or node.cancelled or not _is_at_a_port(stepping, node, name):
        return None
    if trace.verb == "send":
        port = trace.ports[0]
        number = port.edges[0].passed if port.edges else port.sent
        return Packet(_pending(port), PacketId(port.address, number))
    return next((_head(port) for port in trace.ports if trace.is_receiving and port.queue), None)


def _pending(port: Any) -> Any:
    return next(reversed(port.pending.values()), None)


def _head(port: Any) -> Packet[Any]:
    """Return the packet that an input would give next."""
    edge, value = port.queue[0] if port.edges[0].shared else (port.edges[0], port.queue[0])
    return Packet(value, edge.next())
