"""Graphs as Mermaid flowcharts: text that many editors, wikis and notebooks show as a drawing."""

from __future__ import annotations

from fbcore.formats.arrow import capacity_of, ports_of, types_of
from fbcore.model.graph import EdgeSpec, Graph, NodeSpec

_BORDER = {"inputs": "input", "outputs": "output", "configs": "config"}
_INDENT = "    "


def to_mermaid(graph: Graph, *, types: bool = False) -> str:
    """Return a graph as the text of a Mermaid flowchart, ended by a newline; the same graph gives the same text.

    Nodes are boxes with id and component, inputs and outputs of the graph are round, configs hexagons. Edges
    say the ports they connect, their capacity when it is not the default, and with `types` the types of the ports.

    Source: https://mermaid.js.org/syntax/flowchart.html

    Example:
        Path("flights.mmd").write_text(to_mermaid(graph))
    """
    lines = ["flowchart LR"]
    lines += [_round(side, name) for side in ("inputs", "configs") for name in graph.border(side)]
    lines += [_box(node) for node in graph.nodes.values()]
    lines += [_round("outputs", name) for name in graph.border("outputs")]
    lines += [_arrow(edge, _label(graph, edge, types)) for edge in graph.edges]
    return f"\n{_INDENT}".join(lines) + "\n"


def _box(node: NodeSpec) -> str:
    same = node.component.name == node.id
    label = node.id if same else f"{node.id}<br>{_escape(node.component.name)}"
    return f'{_vertex(node.id)}["{label}"]'


def _round(side: str, name: str) -> str:
    before, after = ("{{", "}}") if side == "configs" else ("([", "])")
    return f'{_vertex(side, name)}{before}"{_escape(name)}"{after}'


def _arrow(edge: EdgeSpec, label: str) -> str:
    line = "-.->" if edge.source[0] == "configs" else "-->"
    return f'{_vertex(*edge.source)} {line}|"{_escape(label)}"| {_vertex(*edge.target)}'


def _vertex(id: str, port: str = "") -> str:
    """Return the id of a box. The prefixes keep nodes and borders apart, and off Mermaid's own words, as `end`."""
    return f"{_BORDER[id]}_{port}" if id in _BORDER else f"node_{id}"


def _label(graph: Graph, edge: EdgeSpec, types: bool) -> str:
    parts = (" to ".join(ports_of(edge)), types_of(graph, edge) if types else "", capacity_of(edge))
    return ", ".join(part for part in parts if part)


def _escape(text: str) -> str:
    """Write what means something to Mermaid or to HTML as entity codes."""
    return "".join(each if each.isalnum() or each in " _.,:-+/" else f"#{ord(each)};" for each in text)
