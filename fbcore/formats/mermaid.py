"""Graphs as Mermaid flowcharts: text that many editors, wikis and notebooks show as a drawing."""

from __future__ import annotations

from collections.abc import Iterator

from fbcore.formats.drawing import Arrow, Box, Cluster, drawing_of
from fbcore.formats.overlay import State
from fbcore.model.address import BORDERS
from fbcore.model.graph import Graph

_SHAPES = {
    "node": ("[", "]"),
    "inputs": ("([", "])"),
    "outputs": ("([", "])"),
    "configs": ("{{", "}}"),
    "initial": (">", "]"),
}
_LINES = {"data": "-->", "config": "-.->", "signal": "-.->", "error": "-->"}
_RED = "stroke:#dc2626"
_INDENT = "    "


def to_mermaid(graph: Graph, *, types: bool = False, state: State | None = None) -> str:
    """Return a graph as the text of a Mermaid flowchart, ended by a newline; the same graph gives the same text.

    Nodes are boxes with id and component, composites boxes around what is in them. Inputs and outputs are round,
    configs that are fed hexagons, initial packets flags with the value. Arrows say which ports they
    connect where no box says it, what is not usual about the edge, and with `types` the types of the ports. To
    configs, and those of signals and messages, they are dotted, those that carry failures red. With a `state`, a
    `Snapshot` or a `Result`, they say how full they are, and nodes what they do.

    Source: https://mermaid.js.org/syntax/flowchart.html

    Example:
        from fbcore.formats.mermaid import to_mermaid

        @component
        def shout(text: str) -> str:
            return text.upper()

        graph = Graph("loud")
        graph.inputs.line >> graph.add(shout).text
        print(to_mermaid(graph).strip())
        #> flowchart LR
        #>     input_line(["line"])
        #>     node_shout["shout"]
        #>     input_line -->|"text"| node_shout
    """
    drawing = drawing_of(graph, types=types, state=state)
    lines = [f"flowchart {drawing.way}", *_items(drawing.items), *map(_arrow, drawing.arrows)]
    red = [str(number) for number, arrow in enumerate(drawing.arrows) if arrow.look == "error"]
    lines += [f"linkStyle {','.join(red)} {_RED}"] if red else []
    return f"\n{_INDENT}".join(lines) + "\n"


def _items(items: tuple[Box | Cluster, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Box):
            before, after = _SHAPES[item.role]
            note = f"<br>{escape(item.note)}" if item.note else ""
            yield f'{_vertex(item.id)}{before}"{escape(item.label)}{note}"{after}'
        else:
            # On one line: Mermaid lays out the inside as if the title had no second one.
            title = f"{item.label}: {item.note}" if item.note else item.label
            yield f'subgraph {_vertex(item.id)}["{escape(title)}"]'
            yield from (_INDENT + line for line in _items(item.items))
            yield "end"


def _arrow(arrow: Arrow) -> str:
    label = escape(", ".join(part for part in (arrow.ports, arrow.types, arrow.options) if part))
    said = f'|"{label}"|' if label else ""
    return f"{_vertex(arrow.source)} {_LINES[arrow.look]}{said} {_vertex(arrow.target)}"


def _vertex(id: str) -> str:
    """Return the id of a box. The prefix keeps it off Mermaid's own words, as `end`."""
    side = next((side for side in BORDERS if id.startswith(f"{side}.")), "")
    name = f"{side.removesuffix('s')}_{id.removeprefix(side + '.')}" if side else f"node_{id}"
    return "".join(each if each.isascii() and (each.isalnum() or each in "_.") else f".{ord(each)}." for each in name)


def escape(text: str) -> str:
    """Write what means something to Mermaid or to HTML as entity codes."""
    return "".join(each if each.isalnum() or each in " _.,:-+/" else f"#{ord(each)};" for each in text)
