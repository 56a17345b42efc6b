"""Graphs as DOT, the language of Graphviz: text that its programs lay out and draw."""

from __future__ import annotations

import html
from collections.abc import Iterator

from fbcore.formats.arrow import capacity_of, ports_of, types_of
from fbcore.model.graph import EdgeSpec, Graph, NodeSpec

_INK, _FAINT = "#1e293b", "#64748b"
_LOUD = "#b45309"
"""The colour of labels with a capacity: one that is not the default is worth a look."""

_LINE = "#94a3b8"
_ERROR = "#dc2626"
_CONFIG = "#d97706"

# Helvetica, because every Graphviz knows its widths, and every viewer has it or something as wide.
_HEAD = [
    'graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.4"]',
    f'node [fontname="Helvetica", fontsize="12", fontcolor="{_INK}", style="filled", penwidth="1.2", height="0.4"]',
    f'edge [fontname="Helvetica", fontsize="9", fontcolor="{_INK}", color="{_LINE}", penwidth="1.2", arrowsize="0.7"]',
]
_WIDEST = 24
"""Nodes of a graph that is still drawn from left to right; more would make a strip that fits no page."""

_NODE = 'shape="box", style="rounded,filled", fillcolor="#eff6ff", color="#3b82f6", margin="0.18,0.07"'
_BORDER = {
    "inputs": 'shape="cds", fillcolor="#ecfdf5", color="#059669", margin="0.16,0.05"',
    "outputs": 'shape="cds", fillcolor="#f5f3ff", color="#7c3aed", margin="0.16,0.05"',
    "configs": f'shape="hexagon", fillcolor="#fffbeb", color="{_CONFIG}", margin="0.02,0.03"',
}


def to_dot(graph: Graph, *, types: bool = False) -> str:
    """Return a graph as DOT text, ended by a newline; the same graph gives the same text.

    Nodes are rounded boxes with id and component, inputs and outputs of the graph are tags, configs hexagons.
    Arrows say the ports they connect, their capacity when it is not the default, and with `types` the types of
    the ports. Arrows from configs are dashed, those that carry failures are red. A large graph runs downwards.

    Source: https://graphviz.org/doc/info/lang.html

    Example:
        Path("flights.dot").write_text(to_dot(graph))
    """
    way = "LR" if len(graph.nodes) <= _WIDEST else "TB"
    head = [f'digraph "{graph.name}" {{', f'rankdir="{way}"', *_HEAD]
    return "\n    ".join([*head, *_statements(graph, types)]) + "\n}\n"


def _statements(graph: Graph, types: bool) -> Iterator[str]:
    for side in ("inputs", "configs"):
        yield from (_tag(side, name) for name in graph.border(side))
    yield from map(_box, graph.nodes.values())
    yield from (_tag("outputs", name) for name in graph.border("outputs"))
    for edge in graph.edges:
        yield _arrow(edge, types_of(graph, edge) if types else "")


def _box(node: NodeSpec) -> str:
    lines = [f"<b>{node.id}</b>"]
    if node.component.name != node.id:
        lines.append(f'<font color="{_FAINT}" point-size="9">{_escape(node.component.name)}</font>')
    return f'"{node.id}" [label=<{"<br/>".join(lines)}>, {_NODE}]'


def _tag(side: str, name: str) -> str:
    return f'"{side}.{name}" [label="{name}", {_BORDER[side]}]'


def _arrow(edge: EdgeSpec, types: str) -> str:
    ends = " -> ".join(f'"{_vertex(*end)}"' for end in (edge.source, edge.target))
    capacity = capacity_of(edge)
    label = r"\n".join(f" {_escape(line)} " for line in (" to ".join(ports_of(edge)), types, capacity) if line)
    loud = f', fontcolor="{_LOUD}"' if capacity else ""
    return f'{ends} [label="{label}"{loud}{_look(edge)}]'


def _vertex(id: str, port: str) -> str:
    """Name a box as its address does; no node can be called like one on the border, which has a dot in its name."""
    return f"{id}.{port}" if id in _BORDER else id


def _look(edge: EdgeSpec) -> str:
    if edge.source[0] == "configs":
        return f', style="dashed", color="{_CONFIG}"'
    return f', color="{_ERROR}"' if edge.source[1] == "error" and edge.source[0] not in _BORDER else ""


def _escape(text: str) -> str:
    """Write what means something to DOT or HTML so that it is shown; what cannot be shown becomes a space."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return html.escape(shown).replace("\\", "\\\\")
