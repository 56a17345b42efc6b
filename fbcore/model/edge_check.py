"""Finding policies of edges that could not do what they say, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fbcore.model.edge_policy import POLICIES, policy_of, unmeasured
from fbcore.model.function import FunctionComponent
from fbcore.model.port_spec import PortKind
from fbcore.model.problem import Problem

if TYPE_CHECKING:
    from fbcore.model.flat import Flat
    from fbcore.model.graph import EdgeSpec, Graph


def takes_at_once(flat: Flat, edge: EdgeSpec) -> bool:
    """Say whether nothing ever lies on an edge: a config and the signal `stop` take what comes at once."""
    node, name = edge.target
    port = flat.nodes[node].component.port(name) if node in flat.nodes else None
    return name == "stop" or (port is not None and port.kind is PortKind.CONFIG)


def faults_of(flat: Flat, edge: EdgeSpec, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with policies for an edge, each with what can be done."""
    if takes_at_once(flat, edge):
        named = ", ".join(name for name in POLICIES if name in options)
        yield f"{named} can do nothing here: what comes is taken at once", "leave it away"
        return
    policy = policy_of(options)
    if policy.drop is not None and policy.bytes is None and options.get("capacity", 1) in (None, "unbounded"):
        yield "drop can do nothing here: there is room for any number of packets", "give it a capacity, or bytes"
    if policy.bytes is not None and policy.size is None:
        ends = [(flat.nodes.get(node), name) for node, name in (edge.source, edge.target)]
        ports = [node.component.port(name) for node, name in ends if node is not None]
        what, hint = unmeasured(port.type for port in ports if port is not None and port.type is not Any)
        if what:
            yield what, hint


def hazards_of(flat: Flat, edge: EdgeSpec, options: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield which policies of an edge may go wrong, each with why, and with what can be done."""
    node = flat.nodes.get(edge.target[0])
    if node is None or not isinstance(node.component.target, FunctionComponent) or node.options.fires == "any":
        return
    inputs = [port.name for port in node.component.of(PortKind.INPUT)]
    parting = [name for name in ("expiry", "priority", "drop") if options.get(name) is not None]
    if len(inputs) > 1 and parting:
        what = f"{' and '.join(parting)} may pair packets of {' and '.join(inputs)} that do not belong together"
        yield parting[0], what, "send what belongs together as one packet, and join it before this edge"


def policy_problems(flat: Flat) -> Iterator[Problem]:
    """Find what is wrong with the policies that a graph says, and what may go wrong."""
    for edge in flat.edges:
        if not edge.options.keys() & {*POLICIES}:
            continue
        for what, hint in faults_of(flat, edge, edge.options):
            yield Problem(what, edge.address, edge.place, hint)
        for _, what, hint in hazards_of(flat, edge, edge.options):
            yield Problem(what, edge.address, edge.place, hint, is_error=False)


def has_policies(graph: Graph) -> bool:
    """Say whether a graph, or one in it, says any policy of an edge."""
    if any(edge.options and edge.options.keys() & {*POLICIES} for edge in graph.edges):
        return True
    inner = (node.component.graph for node in graph.nodes.values())
    return any(has_policies(each) for each in inner if each is not None)
