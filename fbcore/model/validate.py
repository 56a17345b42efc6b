"""Checking a whole graph before anything runs: every problem at once, each with its place and its mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fbcore.errors import GraphError, shown
from fbcore.model.address import RUN_OPTIONS, Place
from fbcore.model.packet import NOTHING, Failure
from fbcore.model.port import PortKind, PortSpec
from fbcore.model.types import fits, name_of, reader, reason

if TYPE_CHECKING:
    from fbcore.model.graph import EdgeSpec, Graph, NodeSpec


class Problem:
    """Something wrong with a graph: an error when it cannot run, else a warning."""

    __slots__ = ("address", "hint", "is_error", "place", "what")

    def __init__(self, what: str, address: str, place: Place, hint: str, *, is_error: bool = True) -> None:
        self.what = what
        self.address = address
        self.place = place
        self.hint = hint
        self.is_error = is_error

    def __str__(self) -> str:
        level = "error" if self.is_error else "warning"
        return f"{level}: {self.address}: {self.what} ({self.place})\n    hint: {self.hint}"

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"


def validate(graph: Graph) -> list[Problem]:
    """Return the warnings about a graph; raise `GraphError` with all problems when one of them is an error."""
    problems = [*_nodes(graph), *_connections(graph), *_edges(graph), *_border(graph)]
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        count = f"{len(errors)} problem{'s' if len(errors) > 1 else ''}"
        raise GraphError(f"graph {graph.name} cannot run: {count}", problems=problems)
    return problems


def _nodes(graph: Graph) -> Iterator[Problem]:
    for node in graph.nodes.values():
        component = node.component
        for where, what, hint in component.problems:
            yield Problem(what, f"{node.id}.{where}" if where else node.id, component.place, hint)
        configs = {port.name: port for port in component.of(PortKind.CONFIG)}
        for name in [name for name in node.configs if name not in configs]:
            known = ", ".join(configs) or "none"
            what = f"{component.name} has no config {name!r}"
            yield Problem(what, f"{node.id}.{name}", node.place, f"its configs: {known}")
        for name, port in configs.items():
            value = node.default(name)
            if value is not NOTHING and value is not None:
                yield from _misfit(value, port, f"{node.id}.{name}", node.place)


def _misfit(value: Any, port: PortSpec, address: str, place: Place) -> Iterator[Problem]:
    try:
        reader(port.type, strict=False)(value)
    except (ValueError, TypeError) as error:
        wanted = name_of(port.type)
        what = f"{shown(value)} is no {wanted}: {reason(error)}"
        yield Problem(what, address, place, f"give a value of type {wanted}")


def _connections(graph: Graph) -> Iterator[Problem]:
    """Find ports that miss a connection, and configs that have two."""
    feeding: dict[tuple[str, str], list[EdgeSpec]] = {}
    sending = set()
    for edge in graph.edges:
        feeding.setdefault(edge.target, []).append(edge)
        sending.add(edge.source)
    for node in graph.nodes.values():
        for port in node.component.ports.values():
            end = (node.id, port.name)
            address = f"{node.id}.{port.name}"
            if port.kind is PortKind.OUTPUT and end not in sending:
                yield _unconnected_output(node, address)
            elif port.kind is PortKind.CONFIG:
                yield from _fed_twice(address, feeding.get(end, []))
                if end not in feeding and node.default(port.name) is NOTHING:
                    hint = f"write graph.add(..., {port.name}=...) or graph.configs.{port.name} >> {address}"
                    yield Problem("this config has no value and no default", address, node.place, hint)
            elif port.required and end not in feeding:
                hint = f"connect it: `some.out >> {address}` or `graph.inputs.{port.name} >> {address}`"
                yield Problem("nothing is connected to this input", address, node.place, hint)


def _unconnected_output(node: NodeSpec, address: str) -> Problem:
    hint = f"connect it, or read it from outside: `{address} >> graph.outputs.name`"
    what = "nothing is connected to this output: its packets are counted and discarded"
    return Problem(what, address, node.place, hint, is_error=False)


def _fed_twice(address: str, edges: list[EdgeSpec]) -> Iterator[Problem]:
    if len(edges) > 1:
        yield Problem("this config is fed twice", address, edges[1].place, f"it is fed at {edges[0].place} already")


def _edges(graph: Graph) -> Iterator[Problem]:
    seen: dict[tuple[Any, Any], EdgeSpec] = {}
    for edge in graph.edges:
        first = seen.setdefault((edge.source, edge.target), edge)
        if first is not edge:
            hint = f"they are connected at {first.place} already; two edges would double every packet"
            yield Problem("these ports are connected twice", edge.address, edge.place, hint)
        source, target = graph.port_type(edge.source), graph.port_type(edge.target)
        if edge.source[1] == "error" and edge.source[0] in graph.nodes:
            source = Failure
        if not fits(source, target):
            have, want = name_of(source), name_of(target)
            hint = f"send {want}, take {have}, or put a component between that turns one into the other"
            yield Problem(f"{have} does not fit {want}", edge.address, edge.place, hint)


def _border(graph: Graph) -> Iterator[Problem]:
    for name, edges in graph.border("configs").items():
        if name in RUN_OPTIONS:
            hint = f"rename it, for `run` has an option {name}"
            yield Problem("this name is taken by an option of run", f"configs.{name}", edges[0].place, hint)
    if not graph.nodes:
        yield Problem("the graph is empty", graph.name, Place("<graph>", 0), "add a component: graph.add(...)")
    names: dict[str, str] = dict.fromkeys(graph.nodes, "a node")
    for side in ("inputs", "outputs", "configs"):
        for name, edges in graph.border(side).items():
            if names.get(name, side) != side:
                hint = "nodes and ports of a graph share one namespace; rename one of them"
                other = names[name].replace("inputs", "an input").replace("outputs", "an output")
                yield Problem(f"{name} is the name of {other} too", f"{side}.{name}", edges[0].place, hint)
            names[name] = side
