"""Graphs as DOT, the language of Graphviz: text that its programs lay out and draw."""

from __future__ import annotations

import html
from collections.abc import Iterator

from fbcore.formats.drawing import Arrow, Box, Cluster, drawing_of
from fbcore.formats.overlay import State
from fbcore.model.graph import Graph

_INK, _FAINT = "#1e293b", "#64748b"
_LOUD = "#b45309"
"""The colour of labels with options: what is not usual is worth a look."""

_LINE = "#94a3b8"
_INDENT = "    "

# Helvetica, because every Graphviz knows its widths, and every viewer has it or something as wide.
_HEAD = [
    'graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.4", compound="true", fontname="Helvetica"]',
    f'node [fontname="Helvetica", fontsize="12", fontcolor="{_INK}", style="filled", penwidth="1.2", height="0.4"]',
    f'edge [fontname="Helvetica", fontsize="9", fontcolor="{_INK}", color="{_LINE}", penwidth="1.2", arrowsize="0.7"]',
]
_BOXES = {
    "node": 'shape="box", style="rounded,filled", fillcolor="#eff6ff", color="#3b82f6", margin="0.18,0.07"',
    "inputs": 'shape="cds", fillcolor="#ecfdf5", color="#059669", margin="0.16,0.05"',
    "outputs": 'shape="cds", fillcolor="#f5f3ff", color="#7c3aed", margin="0.16,0.05"',
    "configs": 'shape="hexagon", fillcolor="#fffbeb", color="#d97706", margin="0.02,0.03"',
    "initial": 'shape="note", fillcolor="white", color="#94a3b8", margin="0.08,0.03"',
}
_SMALL = ', fontsize="9", width="0.4", height="0.25"'
"""Initial packets, and ports of a composite, are smaller than the rest."""

_LEFT = '<br align="left"/>'

# The lighter and the darker take turns, so that one composite in another can be told apart.
_GROUNDS = ("#f8fafc", "#eef2f7")
_LOOKS = {
    "data": [],
    "config": ['style="dotted"', 'color="#d97706"'],
    "signal": ['style="dashed"'],
    "error": ['color="#dc2626"'],
}


def to_dot(graph: Graph, *, types: bool = False, state: State | None = None) -> str:
    """Return a graph as DOT text, ended by a newline; the same graph gives the same text.

    Nodes are rounded boxes with id and component, composites boxes around what is in them. Inputs and outputs
    are tags, configs that are fed hexagons, initial packets notes with the value. Arrows say which ports they
    connect where no box says it, what is not usual about the edge, and with `types` the types of the ports. To
    configs they are dotted, those of signals and messages dashed, those that carry failures red.
    A long graph runs downwards. With a `state`, a `Snapshot` or a `Result`, arrows say how full they are, and nodes
    what they do.

    Source: https://graphviz.org/doc/info/lang.html

    Example:
        from fbcore.formats.dot import to_dot

        @component
        def shout(text: str) -> str:
            return text.upper()

        graph = Graph("loud")
        graph.inputs.line >> graph.add(shout).text
        print([line.strip() for line in to_dot(graph).splitlines() if "->" in line])
        #> ['"inputs.line" -> "shout" [label=" text "]']
    """
    drawing = drawing_of(graph, types=types, state=state)
    lines = [f'rankdir="{drawing.way}"', *_HEAD, *_items(drawing.items), *map(_arrow, drawing.arrows)]
    return "\n".join([f'digraph "{drawing.name}" {{', *(_INDENT + line for line in lines), "}"]) + "\n"


def _items(items: tuple[Box | Cluster, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Box):
            yield _box(item)
        else:
            yield f'subgraph "cluster_{item.id}" {{'
            yield f'{_INDENT}label=<{_name(item, _LEFT)}>; labeljust="l"; margin="10"; style="rounded,filled"'
            yield f'{_INDENT}fillcolor="{_GROUNDS[item.depth % 2]}"; color="{_LINE}"; fontcolor="{_INK}"; fontsize="12"'
            yield from (_INDENT + line for line in _items(item.items))
            yield "}"


def _box(box: Box) -> str:
    label = f"<{_name(box)}>" if box.role == "node" else f'"{_escape(box.label)}"'
    is_small = box.role == "initial" or (box.depth and box.role != "node")
    return f'"{_escape(box.id)}" [label={label}, {_BOXES[box.role]}{_SMALL if is_small else ""}]'


def _name(item: Box | Cluster, end: str = "<br/>") -> str:
    """Write an id and, on a line of its own, the component; `end` ends a line, and says where it stands."""
    name = f"<b>{item.label}</b>"
    if item.note:
        name += f'{end}<font color="{_FAINT}" point-size="9">{_escape(item.note)}</font>'
    return name + end.removeprefix("<br/>")


def _arrow(arrow: Arrow) -> str:
    attributes = []
    if label := r"\n".join(f" {_escape(line)} " for line in (arrow.ports, arrow.types, arrow.options) if line):
        attributes.append(f'label="{label}"')
    if arrow.options:
        attributes.append(f'fontcolor="{_LOUD}"')
    attributes += _LOOKS[arrow.look]
    # An arrow cannot end at a composite: it ends at a box inside, and is cut off at the composite's border.
    ends = ((arrow.tail, arrow.source, "ltail"), (arrow.head, arrow.target, "lhead"))
    attributes += [f'{side}="cluster_{end}"' for box, end, side in ends if box != end]
    if arrow.is_back:
        # Else Graphviz would choose for itself which arrow of a circle leads back.
        attributes.append('constraint="false"')
    return f'"{_escape(arrow.tail)}" -> "{_escape(arrow.head)}"' + (f" [{', '.join(attributes)}]" if attributes else "")


def _escape(text: str) -> str:
    """Write what means something to DOT or HTML so that it is shown; what cannot be shown becomes a space."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return html.escape(shown).replace("\\", "\\\\")
