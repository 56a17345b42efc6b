"""A graph without its composites: the nodes and edges that a net is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind

if TYPE_CHECKING:
    from fbcore.model.graph import EdgeSpec, Graph, NodeSpec

End = tuple[str, str]

_BORDER = ("inputs", "outputs", "configs")


class Flat:
    """The nodes of a graph and of all its composites, by address, and the edges between them.

    Edges have addresses in the place of ids: `clean.parse.out->mean.flight`. `values` are the configs that are
    fixed, by address and port: as given to the outermost `add`, else further in, else by an initial packet or a
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


def flatten(graph: Graph) -> Flat:
    """Return the nodes and edges of a graph with its composites taken apart, in order of declaration."""
    flat = Flat()
    outermost = _Scope(graph, "", "", None)
    for scope in outermost.all():
        for node in scope.graph.nodes.values():
            if node.id not in scope.inner:
                flat.nodes[scope.prefix + node.id] = node
                for port in node.component.of(PortKind.CONFIG):
                    flat.values[scope.prefix + node.id, port.name] = node.default(port.name)
    for scope in outermost.all():
        for edge in scope.graph.edges:
            for source in _sources(scope, edge):
                for target, options in _targets(flat, scope, edge, dict(edge.options), ()):
                    _add(flat, scope, edge, source, target, options)
    for scope in outermost.inner.values():
        _fix_configs(flat, scope)
    return flat


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


def _targets(
    flat: Flat, scope: _Scope, edge: EdgeSpec, options: dict[str, Any], passed: tuple[Any, ...]
) -> Iterator[tuple[End, dict[str, Any]]]:
    """Yield where the packets of an edge arrive, through any number of borders, with the options on the way."""
    if (scope, edge) in passed:
        flat.circles.append(edge)
        return
    passed = (*passed, (scope, edge))
    node, port = edge.target
    if node in scope.inner:
        inner = scope.inner[node]
        if port == "stop":
            yield from ((end, options) for end in _stopping(inner))
        for side in ("inputs", "configs"):
            for following in inner.by_source.get((side, port), ()):
                yield from _targets(flat, inner, following, {**following.options, **options}, passed)
    elif node == "outputs" and scope.outer is not None:
        for following in scope.outer.by_source.get((scope.id, port), ()):
            yield from _targets(flat, scope.outer, following, {**options, **following.options}, passed)
    else:
        yield (edge.target if node == "outputs" else (scope.prefix + node, port)), options


def _stopping(scope: _Scope) -> Iterator[End]:
    for id in scope.graph.nodes:
        if id in scope.inner:
            yield from _stopping(scope.inner[id])
        else:
            yield scope.prefix + id, "stop"


def _add(flat: Flat, scope: _Scope, edge: EdgeSpec, source: End, target: End, options: dict[str, Any]) -> None:
    if edge.source[0] == "initial":
        value = scope.graph.initials[int(edge.source[1])]
        if target in flat.values:
            flat.values[target] = value
            return
        flat.initials[source] = value
    elif source[0] == "configs" and scope.outer is not None:
        return
    flat.edges.append(type(edge)(source, target, edge.place, options))


def _fix_configs(flat: Flat, scope: _Scope) -> None:
    """Let what a composite's configs are fixed to count for the configs inside, the outermost last."""
    for inner in scope.inner.values():
        _fix_configs(flat, inner)
    assert scope.outer is not None
    node = scope.outer.graph.nodes[scope.id]
    for port in node.component.of(PortKind.CONFIG):
        value = node.default(port.name)
        if value is not NOTHING:
            for edge in scope.by_source.get(("configs", port.name), ()):
                for target, _ in _targets(flat, scope, edge, {}, ()):
                    flat.values[target] = value
