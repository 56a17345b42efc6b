"""Components and nodes as tables of their ports: what a notebook shows of them."""

from __future__ import annotations

import html
import inspect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fbcore.errors import shown
from fbcore.model.address import element_of
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph, NodeSpec
from fbcore.model.packet import NOTHING
from fbcore.model.port_spec import IMPLICIT, PortKind, PortSpec
from fbcore.model.types import name_of

# Left, for a notebook sets cells of a table to the right; colours are the notebook's own, light or dark.
_LEFT = ' style="text-align: left; padding-right: 1em"'
_FAINT = ' style="opacity: 0.65"'


class PortTable(NamedTuple):
    """What is said of a component or node: its name, what it is, its documentation, and a row for each port."""

    name: str
    what: str
    doc: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def component_table(spec: ComponentSpec) -> PortTable:
    """Return the table of a component: its ports with kind, type, and what must be given."""
    rows = tuple((*_port(port), _need(port, port.default)) for port in spec.ports.values())
    return PortTable(_title(spec), _what(spec), _first_paragraph(spec), ("port", "kind", "type", ""), rows)


def node_table(graph: Graph, node: NodeSpec) -> PortTable:
    """Return the table of a node: the ports of its component, what its configs are, and what is connected.

    Ports that every node has are listed where something is connected to them.
    """
    connected = _connected(graph, node)
    ports = [*node.component.ports.values(), *(port for name, port in IMPLICIT.items() if name in connected)]
    rows = []
    for port in ports:
        default = node.default(port.name) if port.kind is PortKind.CONFIG else NOTHING
        ends = ", ".join(connected.get(port.name, ()))
        rows.append((*_port(port), ends or _need(port, default)))
    what = f"node of graph {graph.name}, {_title(node.component)}"
    return PortTable(node.id, what, _first_paragraph(node.component), ("port", "kind", "type", ""), tuple(rows))


def to_text(table: PortTable) -> str:
    """Return a table as plain text: a line that says what it is, and one for each port."""
    head = f"{table.name} ({table.what})" + (f": {table.doc}" if table.doc else "")
    return "\n".join([head, *_aligned(table.rows)])


def to_html(table: PortTable) -> str:
    """Return a table as HTML, which takes its colours from the page that it is on."""
    head = f"<strong>{_escape(table.name)}</strong> <span{_FAINT}>{_escape(table.what)}</span>"
    doc = f"<div>{_escape(table.doc)}</div>" if table.doc else ""
    heads = "".join(f"<th{_LEFT}>{_escape(each)}</th>" for each in table.heads)
    rows = "".join(
        f"<tr><td{_LEFT}><strong>{_escape(row[0])}</strong></td>"
        + "".join(f"<td{_LEFT}>{_escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    ports = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    return f"<div><div>{head}</div>{doc}{ports}</div>"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _port(port: PortSpec) -> tuple[str, str, str]:
    kind = f"{port.kind} array" if port.is_array else str(port.kind)
    carries = "" if port.kind in (PortKind.SIGNAL, PortKind.MESSAGE) else name_of(port.type)
    return port.name, kind, carries


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


def _title(spec: ComponentSpec) -> str:
    return str(getattr(spec.target, "__name__", spec.name))


def _what(spec: ComponentSpec) -> str:
    if spec.graph is not None:
        return f"composite of {len(spec.graph.nodes)} nodes"
    target = spec.target
    if not isinstance(target, FunctionComponent):
        return "component"
    options = ['fires="any"'] if target.fires == "any" else []
    options += [f"{name}=True" for name in ("buffered", "unpack") if getattr(target, name)]
    return ", ".join(["component", *options])


def _first_paragraph(spec: ComponentSpec) -> str:
    return " ".join(inspect.cleandoc(spec.doc).partition("\n\n")[0].split())


def _escape(text: str) -> str:
    return html.escape(text)
