"""Steps of a net that no other can race with, and what would make that wrong.

What a sender does touches the tail of an edge, and what the receiver does its head: in whatever order they come, each
does the same, as in a network of Kahn's (G. Kahn, The semantics of a simple language for parallel programming, 1974).
Only sends to ports of several edges, a `select`, edges that drop packets, let them expire or put them in order, timers,
configs that are fed, stops and consumers that end early make a difference. So of the steps that are possible, one that
is private can be made first, and the others after it, without a loss: an ample set of one (Peled, 1993).

Who ends before its inputs, arms a timer or asks for the time is learned on the way, and the search begins anew: its
steps, and what is sent to it or taken from it, are in no such set. That nobody stops the net or fails is not known
before either; when one does, the search begins anew without any of this.
"""

from __future__ import annotations

from fbcore.net.edge import Edge
from fbcore.net.firing import Firing
from fbcore.net.in_port import InPort
from fbcore.net.node import Node
from fbcore.net.sink import Sink
from fbcore.runtimes.stepping import Stepping
from fbdev.explore.known import Known


class NotReducedError(Exception):
    """A step was made whose order with others can matter everywhere; it never leaves the explorer."""


def private_step(stepping: Stepping, known: Known, *, shows: bool) -> str | None:
    """Return the name of a step that can be made before all others, or None when there is no such step.

    With `shows`, what comes out is looked at in every state, and not at the end alone.
    """
    for name in stepping.loop.ready:
        node = stepping.node_of(name)
        if node is None or node.address in known.unseen or node.address in known.apart or (shows and _shows(node)):
            continue
        if _is_private(stepping, node, name) and not (known.apart and _meets(node, known.apart)):
            return str(name)
    return None


def _meets(node: Node, apart: set[str]) -> bool:
    """Tell whether the port operation that a node has come to is one with a node for which it matters when."""
    trace = node.trace
    assert trace is not None
    if trace.verb == "send":
        ends = [getattr(edge.target, "node", None) for port in trace.ports for edge in port.edges]
    else:
        ends = [edge.source.node for port in trace.ports for edge in port.edges]
    return any(end is not None and end.address in apart for end in ends)


def _shows(node: Node) -> bool:
    return any(isinstance(edge.target, Sink) for port in (*node.outs.values(), node.error) for edge in port.edges)


def _is_private(stepping: Stepping, node: Node, name: str) -> bool:
    trail, trace = stepping.trails[node.address], node.trace
    if trace is None or node.cancelled or name != stepping.name_of(node) or node.tasks.are_busy:
        return False
    if node.stop_port is not None or (node.configs and any(port.edges for port in node.configs.values())):
        # It reads its configs when it likes, and may be stopped.
        return False
    if trail.end == "begins":
        return True
    if not trail.is_at_a_port:
        return not trail.has_own_tasks
    if trace.verb in ("receive", "zip"):
        # Nobody else takes from its ports, and whoever sends puts at the other end.
        return not [edge for port in trace.ports for edge in port.edges if edge.is_raced]
    if trace.verb == "send":
        return not [edge for port in trace.ports for edge in port.edges if _is_raced_to(edge)]
    return False


def _is_raced_to(edge: Edge) -> bool:
    """Tell whether it matters when a packet comes by an edge."""
    if edge.is_raced or edge.shared or edge.target.is_eager:
        return True
    return isinstance(edge.target, InPort) and _may_choose(edge.target.node)


def _may_choose(node: Node) -> bool:
    """Tell whether a node may look at several inputs and take from whichever has a packet first."""
    if len(node.ins) < 2:
        return False
    firing = getattr(node.work, "__self__", None)
    # A class may `select` at any time; a function says how it fires.
    return firing.options.fires == "any" if isinstance(firing, Firing) else True


def breaks_reduction(stepping: Stepping, address: str) -> str:
    """Say what a step of a node has done that a reduction must not rest on; "" when it has done no such thing."""
    net = stepping.net
    if not address:
        return ""
    if net.is_stopping and stepping.result is None:
        return "the net is stopped, or fails"
    if stepping.result is not None and stepping.result.errors:
        return "the net has failed"
    node = stepping.trails[address].node
    for out in node.outs.values() if node.ended else ():
        if any(isinstance(edge.target, InPort) and edge.target.name == "execute" for edge in out.edges):
            return f"{address} has ended, and no more signals to execute come from it"
    return ""


def ends_early(node: Node) -> list[str]:
    """Return a node that has ended before its inputs have, and the classes that send to it: they may look for that."""
    edges = [edge for port in node.ins.values() for edge in port.edges]
    if all(not len(edge) and (edge.finished or _is_flushed(edge)) for edge in edges):
        return []
    return [node.address, *(edge.source.node.address for edge in edges if not edge.source.node.is_exact)]


def _is_flushed(edge: Edge) -> bool:
    return isinstance(edge.target, InPort) and edge.target.flushed
