"""Checking a whole graph before anything runs: every problem at once, each with its place and its mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fbcore.errors import GraphError, shown
from fbcore.model.address import RUN_OPTIONS, Place, element_of
from fbcore.model.edge_check import has_policies, policy_problems
from fbcore.model.flat import flatten
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.problem import Problem
from fbcore.model.token import token_problems
from fbcore.model.types import fits, name_of, reader, reason

if TYPE_CHECKING:
    from fbcore.model.component_spec import ComponentSpec
    from fbcore.model.graph import EdgeSpec, Graph, NodeSpec


def validate(graph: Graph) -> list[Problem]:
    """Return the warnings about a graph; raise `GraphError` with all problems when one of them is an error."""
    problems = [*_of_graph(graph, "", None, set()), *_options_of_run(graph)]
    if not any(problem.is_error for problem in problems):
        problems += _flat(graph)
        if has_policies(graph) and not any(problem.is_error for problem in problems):
            problems += policy_problems(flatten(graph))
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        count = f"{len(errors)} problem{'s' if len(errors) > 1 else ''}"
        raise GraphError(f"graph {graph.name} cannot run: {count}", problems=problems)
    return problems


def problems_inside(composite: ComponentSpec) -> list[Problem]:
    """Return what is wrong inside a composite, whatever graph it will stand in; addresses begin with its name."""
    assert composite.graph is not None
    return [*_of_graph(composite.graph, f"{composite.name}.", composite, set())]


def _of_graph(
    graph: Graph, prefix: str, border: ComponentSpec | None, seen: set[int], *, in_machine: bool = False
) -> Iterator[Problem]:
    """Check one graph, and once each graph inside it; `border` is the composite that it is the inside of.

    `in_machine`: a graph around it is a state machine, whose one token comes by here too.
    """
    has_token = graph.token or in_machine
    of_token = token_problems(graph, is_whole=not in_machine) if has_token else ()
    for problem in (*_nodes(graph), *_connections(graph, has_token), *_edges(graph, border), *_names(graph), *of_token):
        problem.address = f"{prefix}{problem.address}".removesuffix(".") or graph.name
        yield problem
    for node in graph.nodes.values():
        inner = node.component.graph
        if inner is not None and id(inner) not in seen:
            seen.add(id(inner))
            yield from _of_graph(inner, f"{prefix}{node.id}.", node.component, seen, in_machine=has_token)


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
                yield from _misfit(value, port.type, f"{node.id}.{name}", node.place, port)


def _misfit(value: Any, kind: Any, address: str, place: Place, config: PortSpec | None = None) -> Iterator[Problem]:
    """Find that a value does not fit its type, or that the config that it is for refuses it."""
    try:
        found = reader(kind, strict=config is None)(value)
    except (ValueError, TypeError) as error:
        wanted = name_of(kind)
        what = f"{shown(value)} is no {wanted}: {reason(error)}"
        yield Problem(what, address, place, f"give a value of type {wanted}")
        return
    what = config.refusal(found) if config is not None else ""
    if what:
        yield Problem(what, address, place, "give another value, or mend the validator")


def _connections(graph: Graph, has_token: bool) -> Iterator[Problem]:
    """Find ports that miss a connection, and configs that have two."""
    feeding: dict[tuple[str, str], list[EdgeSpec]] = {}
    sending: dict[tuple[str, str], EdgeSpec] = {}
    for edge in graph.edges:
        feeding.setdefault(edge.target, []).append(edge)
        sending.setdefault(edge.source, edge)
    arrays = {(node, element[0]) for node, port in (*feeding, *sending) if (element := element_of(port))}
    for node in graph.nodes.values():
        for port in node.component.ports.values():
            end = (node.id, port.name)
            address = f"{node.id}.{port.name}"
            if port.kind is PortKind.OUTPUT and end not in sending and end not in arrays:
                yield _unconnected_output(node, address, has_token)
            elif port.kind is PortKind.CONFIG:
                yield from _fed_twice(address, feeding.get(end, []))
                if end not in feeding and port.required and node.default(port.name) is NOTHING:
                    hint = f"write graph.add(..., {port.name}=...) or graph.configs.{port.name} >> {address}"
                    yield Problem("this config has no value and no default", address, node.place, hint)
            elif port.required and end not in feeding and end not in arrays:
                end_name = f"{address}[0]" if port.is_array else address
                hint = f"connect it: `some.out >> {end_name}` or `graph.inputs.{port.name} >> {end_name}`"
                yield Problem("nothing is connected to this input", address, node.place, hint)
        if node.component.graph is not None:
            yield from _not_of_composites(node, feeding, sending)
        elif node.options.execute_after_start is False and (node.id, "execute") not in feeding:
            hint = f"connect a message: `some.started >> {node.id}.execute`, or leave execute_after_start=False away"
            yield Problem("it waits for `execute`, and nothing is connected to that", node.id, node.place, hint)


def _not_of_composites(
    node: NodeSpec, feeding: Mapping[tuple[str, str], list[EdgeSpec]], sending: Mapping[tuple[str, str], EdgeSpec]
) -> Iterator[Problem]:
    places = {"execute": feeding.get((node.id, "execute"), [None])[0]}
    places |= {name: sending.get((node.id, name)) for name in ("started", "stopped", "executed")}
    for name, edge in places.items():
        if edge is not None:
            hint = "declare a port of its own, and connect it to a node inside in `build`"
            yield Problem(f"a composite has no `{name}`, only its nodes have", f"{node.id}.{name}", edge.place, hint)


def _unconnected_output(node: NodeSpec, address: str, has_token: bool) -> Problem:
    hint = f"connect it, or read it from outside: `{address} >> graph.outputs.name`"
    if has_token:
        return Problem("nothing is connected to this output: the token would be lost here", address, node.place, hint)
    what = "nothing is connected to this output: its packets are counted and discarded"
    return Problem(what, address, node.place, hint, is_error=False)


def _fed_twice(address: str, edges: list[EdgeSpec]) -> Iterator[Problem]:
    if len(edges) > 1:
        yield Problem("this config is fed twice", address, edges[1].place, f"it is fed at {edges[0].place} already")


def _edges(graph: Graph, border: ComponentSpec | None) -> Iterator[Problem]:
    seen: dict[tuple[Any, Any], EdgeSpec] = {}
    for edge in graph.edges:
        first = seen.setdefault((edge.source, edge.target), edge)
        if first is not edge:
            yield _twice(edge, first)
        target = _type_at(graph, edge.target, border)
        if edge.source[0] == "initial":
            value = graph.initials[int(edge.source[1])]
            yield from _misfit(value, target, edge.address, edge.place, _config_at(graph, edge.target))
            continue
        source = _type_at(graph, edge.source, border)
        if not fits(source, target):
            have, want = name_of(source), name_of(target)
            hint = f"send {want}, take {have}, or put a component between that turns one into the other"
            yield Problem(f"{have} does not fit {want}", edge.address, edge.place, hint)


def _twice(edge: EdgeSpec, first: EdgeSpec) -> Problem:
    hint = f"they are connected at {first.place} already; two edges would double every packet"
    return Problem("these ports are connected twice", edge.address, edge.place, hint)


def _type_at(graph: Graph, end: tuple[str, str], border: ComponentSpec | None) -> Any:
    if end[0] in graph.nodes or border is None:
        return graph.port_type(end)
    port = border.port(end[1])
    return port.type if port is not None else Any


def _config_at(graph: Graph, end: tuple[str, str]) -> PortSpec | None:
    port = graph.nodes[end[0]].component.port(end[1]) if end[0] in graph.nodes else None
    return port if port is not None and port.kind is PortKind.CONFIG else None


def _names(graph: Graph) -> Iterator[Problem]:
    """Find names that nodes and ports of a graph share, and packets that go nowhere."""
    if not graph.nodes:
        yield Problem("the graph is empty", "", graph.place, "add a component: graph.add(...)")
    names: dict[str, str] = dict.fromkeys(graph.nodes, "a node")
    for side in ("inputs", "outputs", "configs"):
        for name, edges in graph.border(side).items():
            if names.get(name, side) != side:
                hint = "nodes and ports of a graph share one namespace; rename one of them"
                other = names[name].replace("inputs", "an input").replace("outputs", "an output")
                yield Problem(f"{name} is the name of {other} too", f"{side}.{name}", edges[0].place, hint)
            names[name] = side
    connected = {edge.source for edge in graph.edges}
    for number, value in enumerate(graph.initials):
        if ("initial", str(number)) not in connected:
            hint = "connect it: graph.initial(...) >> some.input"
            what = f"the initial packet {shown(value)} goes nowhere"
            yield Problem(what, f"initial.{number}", graph.initial_places[number], hint)


def _options_of_run(graph: Graph) -> Iterator[Problem]:
    for name, edges in graph.border("configs").items():
        if name in RUN_OPTIONS:
            hint = f"rename it, for `run` has an option {name}"
            yield Problem("this name is taken by an option of run", f"configs.{name}", edges[0].place, hint)


def _flat(graph: Graph) -> Iterator[Problem]:
    """Find what shows only when the composites are taken apart."""
    if all(node.component.graph is None for node in graph.nodes.values()):
        return
    flat = flatten(graph)
    for edge in flat.circles:
        hint = "put a component into the circle"
        yield Problem("this leads through borders back to itself, past no component", edge.address, edge.place, hint)
    if flat.circles:
        # What goes round comes by twice, which is no mistake of its own.
        return
    seen: dict[tuple[Any, Any], EdgeSpec] = {}
    for edge in flat.edges:
        first = seen.setdefault((edge.source, edge.target), edge)
        if first is not edge:
            yield _twice(edge, first)
