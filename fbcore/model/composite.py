"""Composites: components that are graphs of components."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fbcore.errors import GraphError
from fbcore.model.address import Place, element_of, snake_case
from fbcore.model.component import Component, all_memories, all_ports, doc_of
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.options import Kind
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind, PortSpec
from fbcore.model.types import fits

if TYPE_CHECKING:
    from fbcore.model.graph import Graph

_SIDES = {
    PortKind.INPUT: "inputs",
    PortKind.SIGNAL: "inputs",
    PortKind.OUTPUT: "outputs",
    PortKind.MESSAGE: "outputs",
    PortKind.CONFIG: "configs",
}


class CompositeComponent(Component):
    """A component that is a graph: declares ports in its body, and connects components to them in `build`.

    In `build` the ports are the border of the graph that it is given. Nets are made of the components inside,
    at addresses as `clean.parse`; the composite itself does no work. Where an edge is given options on both
    sides of the border, those outside count.

    Example:
        @component
        def parts(line: str, sep: str = " ") -> list[str]:
            return line.split(sep)

        @component
        def count(items: list[str]) -> int:
            return len(items)

        class Columns(CompositeComponent):
            line: In[str]
            sep: Config[str] = Config(default=",")
            columns: Out[int]

            def build(self, graph: Graph) -> None:
                split, total = graph.add(parts), graph.add(count)
                graph.inputs.line >> split.line
                graph.configs.sep >> split.sep
                split.out >> total.items
                total.out >> graph.outputs.columns

        print(BatchRuntime(Columns).run(inputs={"line": "town,people,area"}).outputs.columns)
        #> [3]
    """

    _kind: ClassVar[Kind] = "composite"
    _inner: Graph | None = None

    def build(self, graph: Graph) -> None:
        """Add components to the graph and connect them, once for the class; override it."""
        raise GraphError(f"composite {type(self).__name__} has no build", hint="write `def build(self, graph): ...`")


def composite_spec(cls: type[CompositeComponent], make_graph: Callable[[str], Graph]) -> ComponentSpec:
    """Return the specification of a composite; the first call has it build its graph."""
    declared = cls._declared
    if declared.spec is not None:
        return declared.spec
    if cls is CompositeComponent:
        raise GraphError("CompositeComponent itself has no graph", hint="derive a class from it, with `build`")
    name = snake_case(cls.__name__)
    spec = ComponentSpec(name, {}, cls, doc_of(cls, CompositeComponent), declared.place)
    graph = cls._inner
    if graph is None:
        graph = make_graph(name)
        graph.place = spec.place
        _build(cls, graph)
        spec.ports = all_ports(cls)
        spec.problems += _border_problems(graph, spec)
    else:
        spec.ports = dict(_border_ports(graph))
    graph.frozen = True
    spec.graph = graph
    spec.check_names()
    for name in all_memories(cls):
        hint = "declare it in a component inside, whose work it is to remember"
        spec.problems.append((name, f"composite {cls.__name__} has a memory, and no run that could use it", hint))
    if cls.run is not Component.run:
        spec.problems.append(("", f"composite {cls.__name__} has a run, which nobody calls", "do the work in a node"))
    declared.spec = spec
    return spec


def _build(cls: type[CompositeComponent], graph: Graph) -> None:
    if cls._declared.is_building:
        hint = "a net has a fixed number of nodes; connect an output back to an input to go round"
        raise GraphError(f"composite {cls.__name__} contains itself", graph.name, hint)
    cls._declared.is_building = True
    try:
        cls().build(graph)
    finally:
        cls._declared.is_building = False


def component_of(graph: Graph, name: str, place: Place, module: str) -> type[CompositeComponent]:
    """Make a composite of a graph, with the ports that the graph's border has, as if it stood in a module."""
    graph.frozen = True
    body = {"_inner": graph, "__doc__": f"The graph {graph.name}.", "__module__": module}
    made = type(name, (CompositeComponent,), body)
    cls = cast("type[CompositeComponent]", made)
    cls._declared.place = place
    return cls


def _border_problems(graph: Graph, spec: ComponentSpec) -> Iterator[tuple[str, str, str]]:
    """Find declared ports that the graph inside does not use, and ports on its border that are not declared."""
    used: dict[str, str] = {}
    for side in ("inputs", "outputs", "configs"):
        for name in graph.border(side):
            used.setdefault((element_of(name) or (name,))[0], side)
    for name, port in spec.ports.items():
        side = _SIDES[port.kind]
        if used.pop(name, "") != side:
            arrow = f"... >> graph.{side}.{name}" if port.kind.goes_out else f"graph.{side}.{name} >> ..."
            yield name, f"nothing inside is connected to this {port.kind}", f"connect it in build: `{arrow}`"
    for name, side in used.items():
        hint = f"declare it in the body of {spec.target.__name__}, or use a port that is declared"
        yield name, f"build uses graph.{side}.{name}, and no such port is declared", hint


def _border_ports(graph: Graph) -> Iterator[tuple[str, PortSpec]]:
    """Yield the ports that a graph has as a component, with the types of the ports inside."""
    for side, kind in (("inputs", PortKind.INPUT), ("outputs", PortKind.OUTPUT), ("configs", PortKind.CONFIG)):
        arrays: dict[str, PortSpec] = {}
        for name, edges in graph.border(side).items():
            ends = [edge.source if side == "outputs" else edge.target for edge in edges]
            inner = [(graph.nodes[node], found) for node, found in ends if node in graph.nodes]
            specs = [(node, port) for node, found in inner if (port := node.component.port(found)) is not None]
            element = element_of(name)
            port = PortSpec(element[0] if element else name, kind, _common([each.type for _, each in specs], side))
            port.is_array = element is not None
            if kind is PortKind.CONFIG:
                # Each config inside keeps a default of its own.
                port.optional = all(node.default(each.name) is not NOTHING for node, each in specs)
            elif kind is PortKind.INPUT:
                port.optional = bool(specs) and all(not each.required for _, each in specs)
            arrays.setdefault(port.name, port)
        yield from arrays.items()


def _common(types: list[Any], side: str) -> Any:
    """Return the type that fits all of these inputs, or that all of these outputs fit; Any when none does."""
    if side == "outputs":
        return next((wide for wide in types if all(fits(each, wide) for each in types)), Any)
    return next((narrow for narrow in types if all(fits(narrow, each) for each in types)), Any)
