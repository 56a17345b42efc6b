"""Components and nodes as sheets with a table of their ports: what a notebook shows of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

from fbcore.errors import shown
from fbcore.formats.sheet import Row, Sheet, Table
from fbcore.model.address import element_of
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import IMPLICIT, PortKind, PortSpec
from fbcore.model.types import name_of

_HEAD = ("port", "kind", "type", "")


def component_sheet(spec: ComponentSpec) -> Sheet:
    """Return what there is to see of a component: its ports with kind, type, and what must be given; its memories."""
    rows = [(*_port(port), _need(port, port.default)) for port in spec.ports.values()]
    return _sheet(spec.title, _what(spec), spec, [*rows, *_memories(spec)])


def node_sheet(graph: Graph, node: NodeSpec) -> Sheet:
    """Return what there is to see of a node: its ports, what its configs are, and what is connected.

    Ports that every node has are listed where something is connected to them.
    """
    connected = _connected(graph, node)
    ports = [*node.component.ports.values(), *(port for name, port in IMPLICIT.items() if name in connected)]
    rows: list[Row] = []
    for port in ports:
        default = node.default(port.name) if port.kind is PortKind.CONFIG else NOTHING
        ends = ", ".join(connected.get(port.name, ()))
        rows.append((*_port(port), ends or _need(port, default)))
    rows += _memories(node.component)
    own = "".join(f", {name}={value!r}" for name, value in node.own_options.items())
    return _sheet(node.id, f"node of graph {graph.name}, {node.component.title}{own}", node.component, rows)


def sheet_to_text(sheet: Sheet) -> str:
    """Return the sheet of a component or node as plain text: a line about it, and one for each port."""
    head = f"{sheet.name} ({sheet.remark})" + (f": {sheet.reason}" if sheet.reason else "")
    return "\n".join([head, *(line for table in sheet.tables for line in _aligned(table.rows))])


def _sheet(name: str, what: str, spec: ComponentSpec, rows: Sequence[Row]) -> Sheet:
    return Sheet(name, "", "good", what, _first_paragraph(spec), [Table("", _HEAD, rows)] if rows else [])


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _port(port: PortSpec) -> tuple[str, str, str]:
    kind = f"{port.kind} array" if port.is_array else str(port.kind)
    carries = "" if port.kind in (PortKind.SIGNAL, PortKind.MESSAGE) else name_of(port.type)
    return port.name, kind, carries


def _memories(spec: ComponentSpec) -> list[Row]:
    found = spec.memories.values()
    return [(each.name, "memory", name_of(each.type), f"begins as {each.declared!r}") for each in found]


def _need(port: PortSpec, default: object) -> str:
    """Say what a port is when nothing is connected to it."""
    if port.kind is PortKind.CONFIG and default is not NOTHING:
        return f"= {shown(default)}"
    if port.required:
        return "required"
    return "optional" if port.optional else ""


def _connected(graph: Graph, node: NodeSpec) -> dict[str, list[str]]:
    """Return for each port what is connected to it, by the names of its elements where it is an array."""
    found: dict[str, list[str]] = {}
    for edge in graph.edges:
        for mine, other, way in ((edge.target, edge.source, "from"), (edge.source, edge.target, "to")):
            if mine[0] == node.id:
                element = element_of(mine[1])
                where = f"[{element[1]}] " if element else ""
                found.setdefault(element[0] if element else mine[1], []).append(f"{where}{way} {_end(graph, other)}")
    return found


def _end(graph: Graph, end: tuple[str, str]) -> str:
    return shown(graph.initials[int(end[1])]) if end[0] == "initial" else f"{end[0]}.{end[1]}"


def _what(spec: ComponentSpec) -> str:
    if spec.graph is not None:
        return f"composite of {len(spec.graph.nodes)} nodes"
    options = [
        f'{name}="{value}"' if type(value) is str else f"{name}={value}" for name, value in spec.options.said.items()
    ]
    if isinstance(spec.target, FunctionComponent) and spec.target.unpack:
        options.append("unpack=True")
    return ", ".join(["component", *options])


def _first_paragraph(spec: ComponentSpec) -> str:
    return " ".join(inspect.cleandoc(spec.doc).partition("\n\n")[0].split())
