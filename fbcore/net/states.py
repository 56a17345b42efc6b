"""What the nodes and edges of a net are like at this moment, for who looks at it from outside."""

from __future__ import annotations

from fbcore.net.edge import Edge
from fbcore.net.node import Node
from fbcore.net.pause import pause_in_words
from fbcore.net.report import EdgeState, NodeState
from fbcore.net.sink import Sink


def state_of_node(node: Node) -> NodeState:
    """Return the state of a node at this moment."""
    # Copies: elements of array ports may come while somebody looks from another thread.
    received = sum(port.received for port in list(node.ins.values()))
    sent = sum(port.sent for port in (*node.outs.values(), node.error))
    return NodeState(node.address, node.component, node.phase.value, received, sent, pause_in_words(node))


def state_of(edge: Edge) -> EdgeState:
    """Return the state of an edge at this moment; what has come to a sink was never taken."""
    if isinstance(edge.target, Sink):
        return EdgeState(edge.address, len(edge), len(edge), 0, edge.capacity)
    lost = edge.expired, edge.dropped
    return EdgeState(
        edge.address, edge.passed, edge.left, len(edge), edge.capacity, lost, (edge.bytes, edge.policy.bytes)
    )
