"""A graph around one component, so that it can be run alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fbcore.errors import GraphError
from fbcore.model.address import BORDERS, element_of
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.graph import Graph, spec_of
from fbcore.model.port_spec import PortKind

_SIDES = {
    PortKind.INPUT: "inputs",
    PortKind.SIGNAL: "inputs",
    PortKind.OUTPUT: "outputs",
    PortKind.MESSAGE: "outputs",
    PortKind.CONFIG: "configs",
}


def graph_around(what: Any, elements: Sequence[str] = (), *, error: bool = False) -> Graph:
    """Return a graph as it is, and for a component one whose border has the component's declared ports.

    `elements` are those of its array ports that are to be there, as `items[0]`. `error` makes the port `error`
    of the component an output too.

    Raises:
        GraphError: this is neither a graph nor a component, or one of these was asked of a graph.
    """
    if not isinstance(what, Graph):
        return _around(what, _spec_of(what), elements, error=error)
    if error or elements:
        hint = "connect what you want to see: `parse.error >> graph.outputs.failures`"
        asked = "error" if error else "elements"
        raise GraphError(f"`{asked}` is for a component alone, and this is a graph", what.name, hint)
    return what


def _spec_of(component: Any) -> ComponentSpec:
    try:
        return spec_of(component)
    except GraphError as problem:
        raise GraphError(f"a runtime runs a graph or a component, not {component!r}", hint=problem.hint) from None


def _around(component: Any, spec: ComponentSpec, elements: Sequence[str], *, error: bool) -> Graph:
    graph = Graph(spec.name, token=spec.graph is not None and spec.graph.token)
    id = spec.name
    while id in spec.ports or id in BORDERS or id == "error":
        id += "_"
    node = graph.add(component, id)
    graph.nodes[id].place = spec.place
    for name, kind in _ports(spec, elements):
        side = _SIDES[kind]
        border, inner = getattr(graph, side)[name], getattr(node, name)
        source, target = (inner, border) if side == "outputs" else (border, inner)
        graph.connect_at(source, target, spec.place)
    if error:
        graph.connect_at(node.error, graph.outputs.error, spec.place)
    return graph


def _ports(spec: ComponentSpec, elements: Sequence[str]) -> Iterator[tuple[str, PortKind]]:
    """Yield the ports to connect: of array ports the elements that were asked for."""
    arrays = {port.name: port.kind for port in spec.ports.values() if port.is_array}
    if arrays and not elements:
        example = ", ".join(f'"{name}[0]"' for name in arrays)
        hint = f"name the elements that are to be there: BatchRuntime({spec.target.__name__}, elements=[{example}])"
        raise GraphError("nobody knows which elements its array ports have", spec.name, hint)
    for port in spec.ports.values():
        if not port.is_array:
            yield port.name, port.kind
    for name in elements:
        element = element_of(name)
        if element is None or element[0] not in arrays:
            hint = f"its array ports are: {', '.join(arrays) or 'none'}; an element is named as in `items[0]`"
            raise GraphError(f"{name!r} is no element of an array port", spec.name, hint)
        yield name, arrays[element[0]]
