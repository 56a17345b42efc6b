"""A graph without its composites: the nodes and edges that a net is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind, PortSpec

if TYPE_CHECKING:
    from fbcore.model.graph import EdgeSpec, Graph, NodeSpec

End = tuple[str, str]

_BORDER = ("inputs", "outputs", "configs")


class Flat:
    """The nodes of a graph and of all its composites, by address, and the edges between them.

    Edges have addresses in the place of ids: `clean.parse.out->mean.flight`. `values` are the configs that are
    fixed, by address and port: as said furthest outside, and there by an initial packet, else by `add`, else by a
    default. `initials` are the packets that lie on edges from the start, by the edge's source. `circles` are
    edges that lead through borders back to themselves.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeSpec] = {}
        self.edges: list[EdgeSpec] = []
        self.values: dict[End, Any] = {}
        self.initials: dict[End, Any] = {}
        self.circles: list[EdgeSpec] = []


class _Scope:
    """One graph inside others: where it stands, and the graph around it."""

    def __init__(self, graph: Graph, prefix: str, id: str, outer: _Scope | None) -> None:
        self.graph = graph
        self.prefix = prefix
        self.id = id
        self.outer = outer
        self.inner: dict[str, _Scope] = {}
        self.by_source: dict[End, list[EdgeSpec]] = {}
        for edge in graph.edges:
            self.by_source.setdefault(edge.source, []).append(edge)
        for node in graph.nodes.values():
            if node.component.graph is not None:
                self.inner[node.id] = _Scope(node.component.graph, f"{prefix}{node.id}.", node.id, self)

    def all(self) -> Iterator[_Scope]:
        """Yield this scope and those inside, the outermost first."""
        yield self
        for scope in self.inner.values():
            yield from scope.all()

    def leaves(self) -> Iterator[tuple[str, NodeSpec]]:
        """Yield the nodes that are no composites, with their addresses; those of a composite stand in its place."""
        for node in self.graph.nodes.values():
            if node.id in self.inner:
                yield from self.inner[node.id].leaves()
            else:
                yield self.prefix + node.id, node


def flatten(graph: Graph) -> Flat:
    """Return the nodes and edges of a graph with its composites taken apart, in order of declaration."""
    flat = Flat()
    outermost = _Scope(graph, "", "", None)
    for address, node in outermost.leaves():
        flat.nodes[address] = node
        for port in node.component.of(PortKind.CONFIG):
            flat.values[address, port.name] = node.default(port.name)
    for scope in outermost.all():
        for edge in scope.graph.edges:
            ends = list(_targets(flat, scope, edge, _Way(edge.options), ()))
            for source in _sources(scope, edge):
                for target, way in ends:
                    _add(flat, scope, edge, source, target, way)
    _execute_after_start(flat)
    _fix_configs(flat, outermost)
    return flat


def _execute_after_start(flat: Flat) -> None:
    """Let a signal lie there from the start for nodes that others execute, and that are to run at once as well."""
    executed = {edge.target[0]: edge for edge in flat.edges if edge.target[1] == "execute"}
    for address, edge in executed.items():
        node = flat.nodes.get(address)
        if node is not None and node.options.execute_after_start:
            scope, dot, id = address.rpartition(".")
            source = (f"{scope}{dot}initial", id)
            flat.initials[source] = None
            flat.edges.append(type(edge)(source, (address, "execute"), node.place))


def _sources(scope: _Scope, edge: EdgeSpec) -> Iterator[End]:
    """Yield where the packets of an edge are born; an edge behind a border is found from its other side."""
    node, port = edge.source
    if node in scope.inner:
        if port in ("error", "failed"):
            yield from _failing(scope.inner[node], port)
    elif node not in _BORDER:
        yield scope.prefix + node, port
    elif scope.outer is None:
        yield edge.source


def _failing(scope: _Scope, port: str) -> Iterator[End]:
    """Yield the nodes inside a composite whose failures nobody inside takes."""
    for id in scope.graph.nodes:
        if (id, port) not in scope.by_source:
            if id in scope.inner:
                yield from _failing(scope.inner[id], port)
            else:
                yield scope.prefix + id, port


class _Way(NamedTuple):
    """What an edge gathers on its way through borders: options, and the ports of composites that validate."""

    options: dict[str, Any]
    guards: tuple[tuple[str, PortSpec], ...] = ()

    def inward(self, edge: EdgeSpec, address: str, port: PortSpec | None) -> _Way:
        """Go on inside a composite, behind one of its ports; options from outside count."""
        guards = (*self.guards, (address, port)) if port is not None and port.validate is not None else self.guards
        return _Way({**edge.options, **self.options}, guards)

    def outward(self, edge: EdgeSpec) -> _Way:
        """Go on outside a composite."""
        return _Way({**self.options, **edge.options}, self.guards)


def _targets(
    flat: Flat, scope: _Scope, edge: EdgeSpec, way: _Way, passed: tuple[tuple[_Scope, EdgeSpec], ...]
) -> Iterator[tuple[End, _Way]]:
    """Yield where the packets of an edge arrive, through any number of borders, with what they pass on the way."""
    if (scope, edge) in passed:
        # Of all edges of a circle, name one that stands outside the composites in it.
        is_outer = all(len(scope.prefix) <= len(each.prefix) for each, _ in passed)
        if passed[0] == (scope, edge) and is_outer and edge not in flat.circles:
            flat.circles.append(edge)
        return
    passed = (*passed, (scope, edge))
    node, port = edge.target
    if node in scope.inner:
        inner = scope.inner[node]
        if port == "stop":
            yield from ((end, way) for end in _stopping(inner))
        spec = scope.graph.nodes[node].component.port(port)
        for side in ("inputs", "configs"):
            for following in inner.by_source.get((side, port), ()):
                inward = way.inward(following, f"{scope.prefix}{node}.{port}", spec)
                yield from _targets(flat, inner, following, inward, passed)
    elif node == "outputs" and scope.outer is not None:
        for following in scope.outer.by_source.get((scope.id, port), ()):
            yield from _targets(flat, scope.outer, following, way.outward(following), passed)
    else:
        yield (edge.target if node == "outputs" else (scope.prefix + node, port)), way


def _stopping(scope: _Scope) -> Iterator[End]:
    for id in scope.graph.nodes:
        if id in scope.inner:
            yield from _stopping(scope.inner[id])
        else:
            yield scope.prefix + id, "stop"


def _add(flat: Flat, scope: _Scope, edge: EdgeSpec, source: End, target: End, way: _Way) -> None:
    if edge.source[0] == "initial":
        if target in flat.values:
            return
        flat.initials[source] = scope.graph.initials[int(edge.source[1])]
    elif source[0] == "configs" and scope.outer is not None:
        return
    flat.edges.append(type(edge)(source, target, edge.place, way.options))
    flat.edges[-1].guards = way.guards


def _fix_configs(flat: Flat, scope: _Scope) -> None:
    """Let what composites are given count for the configs inside, the outermost last, and initial packets after it."""
    for id, inner in scope.inner.items():
        _fix_configs(flat, inner)
        node = scope.graph.nodes[id]
        for port in node.component.of(PortKind.CONFIG):
            if node.default(port.name) is not NOTHING:
                _fix(flat, inner, ("configs", port.name), node.default(port.name))
    for number, value in enumerate(scope.graph.initials):
        _fix(flat, scope, ("initial", str(number)), value)


def _fix(flat: Flat, scope: _Scope, source: End, value: Any) -> None:
    for edge in scope.by_source.get(source, ()):
        for target, _ in _targets(flat, scope, edge, _Way({}), ()):
            if target in flat.values:
                flat.values[target] = value
