"""Graphs as plain data that JSON has, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fbcore.errors import DataError, FlowError, GraphError, shown
from fbcore.formats.template_data import FROM, GRAPH, found_at, is_by_name, made_again
from fbcore.formats.typed_classes import path_of
from fbcore.formats.typed_json import canonical, digest_of, from_data, to_data
from fbcore.model.address import BORDERS, Place, caller, is_id
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.composite import CompositeComponent, component_of
from fbcore.model.edge_policy import POLICIES
from fbcore.model.graph import DEFAULT_CAPACITY, EdgeSpec, Graph, NodeSpec
from fbcore.model.handle import PortHandle
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import PortKind
from fbcore.model.template import call_of
from fbcore.model.types import name_of

FORMAT, VERSION = "fbcore-graph", 1

Places = Callable[[str], Place]
"""Tells the place of a node by its id, and of an edge by its address."""


def graph_to_data(graph: Graph, folder: Path | None = None) -> dict[str, Any]:
    """Return a graph as data that `json.dumps` writes: its nodes with their components and configs, its edges, all.

    Components are named by where they are imported from, or by their Python files, relative to the folder if one is
    given; graphs as components are written in full.

    Raises:
        DataError: a component cannot be found again by its name, or a value cannot be stored; the address says where.

    Example:
        from fbcore.components.count import Count
        from fbcore.formats.graph_data import graph_from_data, graph_to_data

        graph = Graph("counting")
        count = graph.add(Count)
        graph.inputs.items >> count.items
        count.total >> graph.outputs.total
        data = graph_to_data(graph)
        print(data["nodes"], data["edges"][0])
        #> [{'id': 'count', 'component': {'import': 'fbcore.components.count:Count'}}] {'from': 'inputs.items', 'to': 'count.items'}
        print(BatchRuntime(graph_from_data(data)).run(inputs={"items": Each("abc")}).outputs.total)
        #> [3]
    """  # noqa: E501 - what is printed is one line
    return {"format": FORMAT, "version": VERSION, **_written(graph, "", folder)}


def graph_from_data(data: Any, folder: Path | None = None, *, address: str = "", places: Places | None = None) -> Graph:
    """Return the graph that `graph_to_data` has written; its components are imported.

    Files of components are looked for in the folder. `address` is where errors say that the data is, and `places`
    tells the places of nodes and edges that they name; without it that is the line of the call.

    Raises:
        DataError: the data is wrong, incomplete or of a newer version, or a component is not where it was.
        LoadError: the file of a component cannot be read or run.
    """
    where = address.removesuffix(": ")
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise DataError("this is no graph", where, f'give what graph_to_data returned, with "format": "{FORMAT}"')
    version = data.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        hint = "install the version of fbcore that wrote it, or a newer one"
        raise DataError(f"its version is {shown(version)}, and known are versions up to {VERSION}", where, hint)
    here = caller()
    parts = {name: part for name, part in data.items() if name not in ("format", "version")}
    return _Reader(folder, places or (lambda _: here)).graph(parts, address)


def graph_digest(graph: Graph) -> str:
    """Return a digest of what a graph is: nodes, ports and configs, edges; the same in every process.

    Any graph has one. Where components are found does not count, only what they are called and what they declare.
    """
    return digest_of(_outline(graph))


# -- writing -------------------------------------------------------------------------------------------


def _written(graph: Graph, prefix: str, folder: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": graph.name}
    if graph.token:
        found["token"] = True
    found["nodes"] = [_node(node, prefix, folder) for node in graph.nodes.values()]
    if graph.initials:
        found["initials"] = [to_data(value, f"{prefix}initial.{n}") for n, value in enumerate(graph.initials)]
    found["edges"] = [_edge(edge, prefix, folder) for edge in graph.edges]
    return found


def _node(node: NodeSpec, prefix: str, folder: Path | None) -> dict[str, Any]:
    address = f"{prefix}{node.id}"
    found = {"id": node.id, "component": _component(node.component, address, folder)}
    if node.configs:
        values = node.configs.items()
        found["configs"] = {name: _value(value, f"{address}.{name}", folder) for name, value in values}
    if node.own_options:
        found["options"] = node.own_options
    return found


def _component(spec: ComponentSpec, address: str, folder: Path | None) -> dict[str, Any]:
    inner = _inner_of(spec)
    if inner is not None and call_of(spec.target) is None:
        return {"graph": _written(inner, f"{address}.", folder), "name": spec.target.__name__}
    return found_at(spec.target, address, folder, lambda value, where: _value(value, where, folder))


def _inner_of(spec: ComponentSpec) -> Graph | None:
    """Return the graph that was made a component as it stands; a class with `build` makes its own."""
    target = spec.target
    return target._inner if isinstance(target, type) and issubclass(target, CompositeComponent) else None


def _value(value: Any, address: str, folder: Path | None) -> Any:
    if isinstance(value, Graph):
        return {GRAPH: _written(value, f"{address}.", folder)}
    if is_by_name(value):
        return {FROM: found_at(value, address, folder, lambda inner, where: _value(inner, where, folder))}
    return to_data(value, address)


def _edge(edge: EdgeSpec, prefix: str, folder: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = {"from": ".".join(edge.source), "to": ".".join(edge.target)}
    if "capacity" in edge.options:
        found["capacity"] = edge.capacity
    if "copy" in edge.options:
        found["copy"] = _value(edge.copy, f"{prefix}{edge.address}", folder)
    policies = {name: edge.options[name] for name in POLICIES if name in edge.options}
    return found | {name: _value(value, f"{prefix}{edge.address}", folder) for name, value in policies.items()}


_PARTS = ("name", "nodes", "edges")

# -- reading -------------------------------------------------------------------------------------------


class _Reader:
    """Makes a graph of data; a graph that is a component in several places is made one component."""

    def __init__(self, folder: Path | None, places: Places) -> None:
        self.folder = folder
        self.places = places
        self.composites: dict[str, Any] = {}

    def graph(self, data: Any, address: str) -> Graph:
        name, nodes, edges, initials, token = _parts(data, address, *_PARTS, initials=[], token=False)
        if not is_id(_of(str, name, _at(address, "name"))):
            raise DataError(
                f"{name!r} cannot be the name of a graph", _at(address, "name"), "use letters, digits and _"
            )
        graph = Graph(name, token=_of(bool, token, _at(address, "token")))
        graph.place = self.places("")
        for number, node in enumerate(_of(list, nodes, _at(address, "nodes"))):
            self._node(graph, node, _at(address, f"nodes[{number}]"))
        for number, value in enumerate(_of(list, initials, _at(address, "initials"))):
            where = _at(address, f"initials[{number}]")
            graph.initial_at(from_data(value, where), self.places(f"initial.{number}"))
        for number, edge in enumerate(_of(list, edges, _at(address, "edges"))):
            self._edge(graph, edge, _at(address, f"edges[{number}]"))
        return graph

    def _node(self, graph: Graph, data: Any, address: str) -> None:
        id, component, configs, options = _parts(data, address, "id", "component", configs={}, options={})
        place = self.places(_of(str, id, _at(address, "id")))
        given = _of(dict, configs, _at(address, "configs"))
        # The component first: its file may be where the classes of the values are.
        made = self._component(component, _at(address, "component"), place)
        values = {name: self._value(value, f"{address}.configs.{name}") for name, value in given.items()}
        try:
            graph.add_at(made, id, values, place, _of(dict, options, _at(address, "options")))
        except GraphError as error:
            raise DataError(error.what, address, error.hint) from error

    def _component(self, data: Any, address: str, place: Place) -> Any:
        if not isinstance(data, dict) or "graph" not in data:
            return made_again(data, address, self.folder, self._value, __name__)
        inner, name = _parts(data, address, "graph", "name")
        if not is_id(_of(str, name, _at(address, "name"))):
            raise DataError(f"{name!r} is no name of a component", _at(address, "name"), "use letters, digits and _")
        key = canonical(data)
        if key not in self.composites:
            self.composites[key] = component_of(self.graph(inner, _at(address, "graph")), name, place, __name__)
        return self.composites[key]

    def _value(self, data: Any, address: str) -> Any:
        if isinstance(data, dict) and FROM in data:
            (found,) = _parts(data, address, FROM)
            return made_again(found, address, self.folder, self._value, __name__)
        if isinstance(data, dict) and GRAPH in data:
            (found,) = _parts(data, address, GRAPH)
            return self.graph(found, address)
        if isinstance(data, list) and any(isinstance(each, dict) and (FROM in each or GRAPH in each) for each in data):
            return [self._value(each, f"{address}[{number}]") for number, each in enumerate(data)]
        return from_data(data, address)

    def _edge(self, graph: Graph, data: Any, address: str) -> None:
        others = {"capacity": DEFAULT_CAPACITY, "copy": False, **dict.fromkeys(POLICIES)}
        source, target, capacity, copy, *policies = _parts(data, address, "from", "to", **others)
        ends = [_of(str, end, _at(address, side)) for end, side in ((source, "from"), (target, "to"))]
        options: dict[str, Any] = {}
        if capacity != DEFAULT_CAPACITY:
            options["capacity"] = capacity
        if copy is not False:
            options["copy"] = self._value(copy, _at(address, "copy"))
        for name, value in zip(POLICIES, policies, strict=True):
            if value is not None:
                options[name] = self._value(value, _at(address, name))
        try:
            graph.connect_at(_handle(graph, ends[0]), _handle(graph, ends[1]), self.places("->".join(ends)), options)
        except FlowError as error:
            what = f"{error.address}: {error.what}" if error.address else error.what
            raise DataError(what, address, error.hint) from error


def _handle(graph: Graph, end: str) -> PortHandle:
    node, _, port = end.partition(".")
    if node == "initial":
        if not port.isdecimal() or int(port) >= len(graph.initials):
            raise DataError(f"there is no initial packet {port}", end, f"there are {len(graph.initials)}")
        return PortHandle(graph, (node, str(int(port))), PortKind.OUTPUT)
    if not is_id(port.partition("[")[0]) or port.startswith("_"):
        raise DataError(f"{end!r} is no end of an edge", "", "write it as node.port, inputs.port or outputs.port")
    found: PortHandle = getattr(getattr(graph, node) if node in BORDERS else graph[node], port)
    return found


def _parts(data: Any, address: str, *needed: str, **others: Any) -> list[Any]:
    """Return parts of the data by name, those with a default too; anything missing or else in it is wrong."""
    if not isinstance(data, Mapping):
        raise DataError(f"{shown(data)} is no table of {', '.join(needed)}", address, _HINT)
    missing = [name for name in needed if name not in data]
    strange = [name for name in data if name not in needed and name not in others]
    if missing or strange:
        what = f"{missing[0]} is missing" if missing else f"nobody knows what {shown(strange[0])} means"
        raise DataError(what, address.removesuffix(": "), _HINT)
    return [*(data[name] for name in needed), *(data.get(name, default) for name, default in others.items())]


def _of(kind: type, data: Any, address: str) -> Any:
    if type(data) is not kind:
        name = {"str": "text", "bool": "true or false", "dict": "table"}.get(kind.__name__, kind.__name__)
        raise DataError(f"{shown(data)} is no {name}", address, _HINT)
    return data


def _at(address: str, part: str) -> str:
    return f"{address}{'' if address.endswith(': ') else '.'}{part}" if address else part


_HINT = "the data is not by graph_to_data, or broken"


# -- comparing -----------------------------------------------------------------------------------------


def _outline(graph: Graph) -> Any:
    """Return what a graph is, whatever it is made of, as data."""
    nodes = [
        [node.id, _declared(node.component), _readable(node.configs), *([node.own_options] if node.own_options else ())]
        for node in graph.nodes.values()
    ]
    edges = [_connected(edge) for edge in graph.edges]
    outline = [graph.name, nodes, edges, [_readable(value) for value in graph.initials]]
    return [*outline, "token"] if graph.token else outline


def _connected(edge: EdgeSpec) -> list[Any]:
    policies = {name: _readable(edge.options[name]) for name in POLICIES if name in edge.options}
    found = [*edge.source, *edge.target, edge.capacity, _readable(edge.copy)]
    return [*found, policies] if policies else found


def _declared(spec: ComponentSpec) -> Any:
    ports = [
        [port.name, port.kind.value, name_of(port.type), port.is_array, port.optional]
        + ([] if port.default is NOTHING else [_readable(port.default)])
        for port in spec.ports.values()
    ]
    memories = [[memory.name, name_of(memory.type)] for memory in spec.memories.values()]
    return [spec.label, ports, memories, None if spec.graph is None else _outline(spec.graph)]


def _readable(value: Any) -> Any:
    """Return a value as data, or, where it cannot be stored, what it is."""
    if isinstance(value, dict):
        return {str(name): _readable(each) for name, each in value.items()}
    try:
        return to_data(value)
    except DataError:
        return [path_of(type(value)), str(getattr(value, "__qualname__", ""))]
