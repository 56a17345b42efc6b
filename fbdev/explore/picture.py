"""Pictures of states as DOT and Mermaid text."""

from __future__ import annotations

from collections.abc import Iterator

from fbdev.explore.drawing import Drawing, Vertex

_INK, _FAINT, _LOUD = "#1e293b", "#94a3b8", "#b91c1c"
_HEAD = (
    'graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.35", compound="true", fontname="Helvetica"]',
    f'node [fontname="Helvetica", fontsize="10", fontcolor="{_INK}", shape="box", style="rounded,filled"]',
    'node [margin="0.2,0.06"]',
    f'edge [fontname="Helvetica", fontsize="9", fontcolor="{_INK}", color="{_FAINT}", arrowsize="0.7"]',
)
_LONG = 60


def to_dot(drawing: Drawing) -> str:
    """Write a drawing in the language of Graphviz.

    Source: https://graphviz.org/doc/info/lang.html
    """
    inside = {each: number for number, circle in enumerate(drawing.circles) for each in circle}
    lines = [*_HEAD, *(_dot_vertex(each) for each in drawing.vertices if each.id not in inside)]
    of_id = {each.id: each for each in drawing.vertices}
    for number, circle in enumerate(drawing.circles):
        lines += [
            f'subgraph "cluster_{number}" {{',
            f'  label="circle"; style="rounded,dashed"; color="{_FAINT}"; fontsize="9"; fontcolor="{_FAINT}"',
            *(f"  {_dot_vertex(of_id[each])}" for each in circle),
            "}",
        ]
    for line in drawing.lines:
        look = f', color="{_LOUD}", penwidth="2.5"' if line.is_bold else ""
        lines.append(f'"{line.source}" -> "{line.target}" [label="{_dot_text(line.label)}"{look}]')
    return "\n".join(["digraph states {", *(f"    {line}" for line in lines), "}"]) + "\n"


def _dot_vertex(vertex: Vertex) -> str:
    text = "\\n".join(map(_dot_text, vertex.lines))
    look = f', color="{_LOUD}", penwidth="2.5"' if vertex.is_bold else f', color="{_FAINT}"'
    shape = ', peripheries="2"' if vertex.is_end else ""
    return f'"{vertex.id}" [label="{text}", fillcolor="{vertex.colour}"{look}{shape}]'


def _dot_text(text: str) -> str:
    return _short(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def to_mermaid(drawing: Drawing) -> str:
    """Write a drawing in the language of Mermaid.

    Source: https://mermaid.js.org/syntax/flowchart.html
    """
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _mermaid(drawing))]) + "\n"


def _mermaid(drawing: Drawing) -> Iterator[str]:
    inside = {each for circle in drawing.circles for each in circle}
    of_id = {each.id: each for each in drawing.vertices}
    yield from (_mermaid_vertex(each) for each in drawing.vertices if each.id not in inside)
    for number, circle in enumerate(drawing.circles):
        yield f'subgraph c{number}["circle"]'
        yield from (f"    {_mermaid_vertex(of_id[each])}" for each in circle)
        yield "end"
    for line in drawing.lines:
        arrow = "==>" if line.is_bold else "-->"
        yield f'{line.source} {arrow}|"{_mermaid_text(line.label)}"| {line.target}'
    for vertex in drawing.vertices:
        edge = f",stroke:{_LOUD},stroke-width:3px" if vertex.is_bold else ""
        yield f"style {vertex.id} fill:{vertex.colour}{edge}"


def _mermaid_vertex(vertex: Vertex) -> str:
    text = "<br/>".join(map(_mermaid_text, vertex.lines))
    return f'{vertex.id}(["{text}"])' if vertex.is_end else f'{vertex.id}["{text}"]'


def _mermaid_text(text: str) -> str:
    escapes = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "\n": " "}
    return "".join(escapes.get(letter, letter) for letter in _short(text))


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
