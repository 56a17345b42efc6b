"""What an arrow of a drawing says, in whatever format: ports, capacity, types."""

from __future__ import annotations

from fbcore.model.address import BORDERS
from fbcore.model.graph import DEFAULT_CAPACITY, EdgeSpec, Graph
from fbcore.model.types import name_of


def ports_of(edge: EdgeSpec) -> list[str]:
    """Name the ports of an edge, but for those on the border, which have boxes with their names."""
    return [port for id, port in (edge.source, edge.target) if id not in BORDERS]


def capacity_of(edge: EdgeSpec) -> str:
    """Say the capacity of an edge; "" when it is the default, or when nothing waits on this edge."""
    is_counted = edge.source[0] != "configs" and edge.target[0] != "outputs"
    if edge.capacity == DEFAULT_CAPACITY or not is_counted:
        return ""
    return "unbounded" if edge.capacity is None else f"capacity {edge.capacity}"


def types_of(graph: Graph, edge: EdgeSpec) -> str:
    """Say the types of the ports of an edge: one when they are the same, or when the other end is the border."""
    ends = [end for end in (edge.source, edge.target) if end[0] not in BORDERS]
    return " to ".join(dict.fromkeys(name_of(graph.port_type(end)) for end in ends))
