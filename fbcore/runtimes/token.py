"""The token of a state machine: where it is, and that there is one, after every step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import TYPE_CHECKING, Any

from fbcore.errors import InputError, StepError, shown
from fbcore.model.graph import Graph
from fbcore.model.packet import Each, Packet, PacketId
from fbcore.net.edge import Edge
from fbcore.net.node import Node
from fbcore.net.report import Outcome
from fbcore.net.trace import Move

if TYPE_CHECKING:
    from fbcore.runtimes.stepping import Stepping

_UNDO = "`undo()` takes the step back; no other can be made before that"


def check_one_token(graph: Graph, inputs: Mapping[str, Any] | None) -> None:
    """Check, where it can be known, that a state machine is given one packet.

    Raises:
        InputError: it is given several, or none.
    """
    if not graph.token:
        return
    for name, given in (inputs or {}).items():
        if isinstance(given, Each) and isinstance(given.items, Sized) and len(given.items) != 1:
            what = f"a state machine is given one token, and this is {len(given.items)} packets"
            raise InputError(what, f"inputs.{name}", f'give the token itself: inputs={{"{name}": token}}')


class Token:
    """The one packet of a state machine: the node that holds it, or the edge that it lies on.

    A step is followed by what moved in it. The token is born by the node that has no inputs, and has reached the end
    when it leaves by an output of the graph. `wrong` is the error after which the machine goes no further.
    """

    def __init__(self, stepping: Stepping, graph: Graph) -> None:
        self._stepping = stepping
        self._name = graph.name
        self._edges = {edge.address: edge for edge in stepping.net.edges}
        self._nodes = {node.address: node for node in stepping.net.nodes}
        self._births = {
            node.address for node in stepping.net.nodes if not any(port.edges for port in node.ins.values())
        }
        self._node: Node | None = None
        self._edge: Edge | None = None
        self.wrong: StepError | None = None
        self._find()

    def _find(self) -> None:
        """Find the token in a net that was just made, or goes on from a snapshot."""
        lying = [edge for edge in self._edges.values() if len(edge)]
        holding = [node for node in self._nodes.values() if node.in_hand() and not node.ended]
        self._edge = next(iter(lying), None)
        self._node = next(iter(holding), None) if self._edge is None else None

    # -- where it is -------------------------------------------------------------------------------

    @property
    def is_out(self) -> bool:
        """Whether it has left by an output of the graph."""
        return self._edge is not None and self._edge.target.node is None

    @property
    def state(self) -> str | None:
        """The address of the node that holds it, or at whose input it lies; None before it came, and at the end."""
        if self._node is not None:
            return self._node.address
        node = self._edge.target.node if self._edge is not None else None
        return node.address if node is not None else None

    @property
    def packet(self) -> Packet[Any] | None:
        """The token itself; what a node is about to send is the token already. None before it came."""
        if self._edge is not None:
            values = self._edge.values()
            return Packet(values[-1], self._edge.newest()) if values else None
        if self._node is None:
            return None
        for out in (*self._node.outs.values(), self._node.error):
            for value in out.pending.values():
                return Packet(value, PacketId(out.address, out.sent))
        for name, value in self._node.in_hand().items():
            return Packet(value, self._node.ins[name].last_identity())
        return None

    # -- following it ------------------------------------------------------------------------------

    def follow(self, address: str, moves: Iterable[Move], number: int) -> None:
        """Follow a step of a node by what moved in it.

        Raises:
            StepError: there are two tokens now, or none.
        """
        for move in moves:
            if move.verb == "took":
                self._node, self._edge = self._nodes[move.node], None
            elif self._may_send(move.node):
                self._node, self._edge = None, self._edges[move.edge]
            else:
                self._refuse_second(move, number)
        if self._node is not None and self._node.address == address:
            self._look_for_loss(self._node, number)
        if self._stepping.result is not None and not self.is_out:
            self._look_at_end(number)

    def _may_send(self, address: str) -> bool:
        if self._node is not None:
            return self._node.address == address
        return self._edge is None and address in self._births

    def _refuse_second(self, move: Move, number: int) -> None:
        where = f"the first is in {self.state}" if self.state is not None else "it was not given one"
        if self.is_out:
            where = "the first has left the graph"
        what = f"step {number} sends a second token, {shown(move.value)} by {move.port}, and {where}"
        self._go_wrong(what, move.node, f"a state takes the token once, and sends it on once. {_UNDO}")

    def _look_for_loss(self, node: Node, number: int) -> None:
        trail, trace = self._stepping.trails[node.address], node.trace
        if self._stepping.net.errors:
            # The state failed, which the result tells.
            return
        wants_more = trace is not None and trace.is_receiving and trail.is_at_a_port
        # A firing of its own may have the token still.
        is_done = node.ended or (wants_more and not node.in_hand())
        if is_done:
            how = "ended" if node.ended else "wants the next packet"
            what = f"step {number} loses the token: this state took it, and {how} without sending it on"
            self._go_wrong(what, node.address, f"send it by an output; one of the graph is the end. {_UNDO}")

    def _look_at_end(self, number: int) -> None:
        result = self._stepping.result
        if result is None or result.outcome not in (Outcome.FINISHED, Outcome.QUIESCENT):
            return
        if self._edge is not None or self._node is not None:
            what = f"step {number} ends the net with the token in {self.state}, which it has not left"
        else:
            what = f"step {number} ends the net, and no token ever came"
        self._go_wrong(what, self.state or self._name, f"the end is an output of the graph. {_UNDO}")

    def _go_wrong(self, what: str, address: str, hint: str) -> None:
        self.wrong = StepError(what, address, hint)
        raise self.wrong
