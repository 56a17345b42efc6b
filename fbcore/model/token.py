"""State machines: graphs that hold exactly one packet, and what in a graph would double it or lose it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fbcore.model.address import Place
from fbcore.model.function import FunctionComponent
from fbcore.model.port_spec import PortKind
from fbcore.model.problem import Problem

if TYPE_CHECKING:
    from fbcore.model.graph import EdgeSpec, Graph, NodeSpec


def token_problems(graph: Graph, *, is_whole: bool) -> Iterator[Problem]:
    """Find what would double the token of a graph, lose it, or leave it waiting for a second one.

    `is_whole` says that the graph is the state machine itself, and not a composite in it: then there must be one place
    that the token can come from.
    """
    yield from _doubling(graph)
    yield from _no_token(graph)
    yield from _losing(graph)
    yield from _waiting(graph)
    if is_whole:
        yield from _beginnings(graph)


def _doubling(graph: Graph) -> Iterator[Problem]:
    """Find outputs, and inputs of the graph, that feed several ports."""
    first: dict[tuple[str, str], EdgeSpec] = {}
    for edge in graph.edges:
        if edge.source[0] == "configs" or _is_config(graph, edge):
            continue
        before = first.setdefault(edge.source, edge)
        if before is not edge and before.target != edge.target:
            fed = f"it feeds {'.'.join(before.target)} already ({before.place})"
            hint = f"{fed}; give the state another output for this way"
            what = "a fan-out would double the token of a state machine"
            yield Problem(what, edge.address, edge.place, hint)


def _no_token(graph: Graph) -> Iterator[Problem]:
    """Find edges that carry something else than the token, or carry it to where it is lost."""
    for edge in graph.edges:
        kinds = [_kind(graph, end) for end in (edge.source, edge.target)]
        if PortKind.MESSAGE in kinds or PortKind.SIGNAL in kinds:
            hint = "let the state send the token itself, by an output"
            what = "messages and signals are packets besides the token, and a state machine has one only"
            yield Problem(what, edge.address, edge.place, hint)
        elif edge.source[0] not in ("configs", "initial") and _is_config(graph, edge):
            hint = "send the token to an input; configs are given by `add`, or `graph.configs`"
            yield Problem("a config would take the token, and not give it back", edge.address, edge.place, hint)


def _losing(graph: Graph) -> Iterator[Problem]:
    """Find edges that could drop the token, or let it get too old."""
    for edge in graph.edges:
        losing = [name for name in ("expiry", "drop") if edge.options.get(name) is not None]
        if losing:
            what = f"{' and '.join(losing)} would lose the token of a state machine"
            yield Problem(what, edge.address, edge.place, "leave it away")


def _waiting(graph: Graph) -> Iterator[Problem]:
    """Find functions that want a packet from each of several inputs."""
    connected = {edge.target for edge in graph.edges}
    for node in graph.nodes.values():
        function = node.component.target
        if isinstance(function, FunctionComponent) and node.options.fires == "all":
            inputs = [port.name for port in node.component.of(PortKind.INPUT) if (node.id, port.name) in connected]
            if len(inputs) > 1:
                hint = 'let it have one input, which several outputs may feed, or say @component(fires="any")'
                what = f"it waits for {' and '.join(inputs)} at once, and there is one token only"
                yield Problem(what, node.id, node.place, hint)


def _beginnings(graph: Graph) -> Iterator[Problem]:
    found = list(beginnings(graph))
    if not found:
        hint = "connect an input of the graph, `graph.inputs.token >> some.input`, or an initial packet"
        yield Problem("there is no place that the token could come from", "", graph.place, hint)
    for address, place in found[1:]:
        first, where = found[0]
        what = f"the token can come from here, and from {first} too ({where})"
        yield Problem(what, address, place, "a state machine has one token: let it come from one place")


def beginnings(graph: Graph) -> Iterator[tuple[str, Place]]:
    """Yield the places that a token can come from, by address: inputs of a graph, initial packets, and sources."""
    for name, edges in graph.border("inputs").items():
        yield f"inputs.{name}", edges[0].place
    yield from _inside(graph, "")


def _inside(graph: Graph, prefix: str) -> Iterator[tuple[str, Place]]:
    for edge in graph.edges:
        if edge.source[0] == "initial" and not _is_config(graph, edge):
            yield f"{prefix}initial.{edge.source[1]}", edge.place
    fed = {edge.target[0] for edge in graph.edges if not _is_config(graph, edge)}
    for node in graph.nodes.values():
        if node.component.graph is not None:
            yield from _inside(node.component.graph, f"{prefix}{node.id}.")
        elif node.id not in fed and not any(port.required for port in node.component.of(PortKind.INPUT)):
            yield prefix + node.id, node.place


def _is_config(graph: Graph, edge: EdgeSpec) -> bool:
    return _kind(graph, edge.target) is PortKind.CONFIG


def _kind(graph: Graph, end: tuple[str, str]) -> PortKind | None:
    node: NodeSpec | None = graph.nodes.get(end[0])
    port = node.component.port(end[1]) if node is not None else None
    return port.kind if port is not None else None
