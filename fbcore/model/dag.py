"""Graphs that go one way: components made of graphs without circles, or of functions wired by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fbcore.errors import GraphError, shown
from fbcore.model.address import is_id
from fbcore.model.composite import CompositeComponent
from fbcore.model.cycle import cycle_in
from fbcore.model.flat import flatten
from fbcore.model.function import FunctionComponent, component
from fbcore.model.graph import Graph, spec_of
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.template import ComponentTemplate


@ComponentTemplate
def DagTemplate(*parts: Any, outputs: Sequence[str] = ()) -> type[CompositeComponent]:  # noqa: N802 - makes a class
    """Make a component of a graph, which is refused when it has a circle: what goes in goes one way and comes out.

    Given a `Graph`, that is the graph. Given functions, they are wired by names: a parameter gets what the function of
    its name returns. A parameter that no function is called as becomes an input of the component, or a config where it
    has a default. What nobody takes becomes an output, called as the function; `outputs` names those that are wanted,
    also of functions that others take from.

    Raises:
        GraphError: there is a circle, which is named; two functions have one name; or these are no functions.

    Example:
        def words(line: str, sep: str = " ") -> list[str]:
            return line.split(sep)

        def count(words: list[str]) -> int:
            return len(words)

        def longest(words: list[str]) -> str:
            return max(words, key=len)

        Line = DagTemplate(words, count, longest, name="Line")
        result = BatchRuntime(Line).run(inputs={"line": "we shape our tools"})
        print(result.outputs.count, result.outputs.longest)
        #> [4] ['shape']
    """
    if len(parts) == 1 and isinstance(parts[0], Graph):
        if outputs:
            hint = "connect what is to come out: `some.out >> graph.outputs.name`"
            raise GraphError("`outputs` is for functions, and this is a graph", parts[0].name, hint)
        graph = parts[0]
    else:
        graph = _wired([_function(part) for part in parts], outputs)
    _check(graph)
    return graph.as_component()


def _function(part: Any) -> FunctionComponent[..., Any, Any]:
    if isinstance(part, FunctionComponent):
        return part
    if isinstance(part, Graph | type) or not callable(part):
        hint = "give one Graph, or any number of functions"
        raise GraphError(f"{shown(part)} is no function", "DagTemplate", hint)
    if not is_id(getattr(part, "__name__", "")):
        raise GraphError(f"{shown(part)} has no name to be wired by", "DagTemplate", "write it with `def`")
    made: FunctionComponent[..., Any, Any] = component(part)
    return made


# -- functions, wired by name ------------------------------------------------------------------------------


def _wired(functions: Sequence[FunctionComponent[..., Any, Any]], outputs: Sequence[str]) -> Graph:
    """Return a graph of functions: a parameter gets what the function of its name returns."""
    if not functions:
        raise GraphError("there is nothing to make a component of", "DagTemplate", "give a Graph, or functions")
    made = _made(functions)
    taken = {port.name for each in functions for port in _takes(each)}
    wanted = list(outputs) or [name for name in made if name not in taken]
    for name in wanted:
        if name not in made:
            raise GraphError(f"no function makes {name}", "DagTemplate", f"they make: {', '.join(made) or 'nothing'}")
    graph = Graph("dag")
    # Nodes and outputs share one namespace, and the name of an output is what users see.
    nodes = {id(each): graph.add(each, _id(each.spec.name, wanted)) for each in functions}
    for each in functions:
        node = graph.nodes[_id(each.spec.name, wanted)]
        node.place = each.spec.place
        for port in _takes(each):
            source = graph.configs if port.kind is PortKind.CONFIG else graph.inputs
            if port.name in made:
                maker, out = made[port.name]
                sender: Any = getattr(nodes[id(maker)], out)
            else:
                sender = source[port.name]
            graph.connect_at(sender, getattr(nodes[id(each)], port.name), node.place)
    for name in wanted:
        maker, out = made[name]
        graph.connect_at(getattr(nodes[id(maker)], out), graph.outputs[name], maker.spec.place)
    return graph


def _id(name: str, outputs: Iterable[str]) -> str:
    return f"{name}_" if name in outputs else name


def _made(functions: Sequence[FunctionComponent[..., Any, Any]]) -> dict[str, tuple[Any, str]]:
    """Return what is made, by name: the function, and its output."""
    made: dict[str, tuple[Any, str]] = {}
    names: set[str] = set()
    for each in functions:
        sent = each.spec.of(PortKind.OUTPUT)
        found = {port.name if each.unpack else each.spec.name: (each, port.name) for port in sent}
        for name in found.keys() & made.keys() or {each.spec.name} & names:
            hint = "rename one of them, for the name says who gets what it returns"
            raise GraphError(f"two functions make {name}", "DagTemplate", hint)
        names.add(each.spec.name)
        made.update(found)
    return made


def _takes(function: FunctionComponent[..., Any, Any]) -> list[PortSpec]:
    return [port for port in function.spec.ports.values() if not port.kind.goes_out]


# -- circles -----------------------------------------------------------------------------------------------


def _check(graph: Graph) -> None:
    """Refuse a graph with a circle, also one that leads through composites.

    Raises:
        GraphError: there is one; the error names its edges, with the line of the one that leads back.
    """
    for node in graph.nodes.values():
        spec_of(node.component.target)
    flat = flatten(graph)
    circle = flat.circles or cycle_in(flat.edges)
    if circle:
        edges = ", ".join(edge.address for edge in circle)
        back = circle[-1]
        hint = "take out the edge that leads back; what has to go round is a graph, not a DAG"
        raise GraphError(f"graph {graph.name} has a circle: {edges} ({back.place})", back.address, hint)
