"""Pictures of states as DOT and Mermaid text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fbdev.explore.drawing import Box, Drawing, Line, Vertex

COLOURS = {
    "bad": "#fecaca",
    "risky": "#ffedd5",
    "undecided": "#f8fafc",
    "end0": "#dcfce7",
    "end1": "#dbeafe",
    "end2": "#f3e8ff",
    "end3": "#cffafe",
    "end4": "#fce7f3",
    "end5": "#ecfccb",
}
"""What vertices are filled with, by what lies ahead of them (`fbdev.explore.colours`)."""

_INK, _FAINT, _LOUD = "#1e293b", "#94a3b8", "#b91c1c"
_HEAD = (
    'graph [bgcolor="white", pad="0.2", nodesep="0.25", ranksep="0.35", compound="true", fontname="Helvetica"]',
    f'node [fontname="Helvetica", fontsize="10", fontcolor="{_INK}", shape="box", style="rounded,filled"]',
    'node [margin="0.2,0.06"]',
    f'edge [fontname="Helvetica", fontsize="9", fontcolor="{_INK}", color="{_FAINT}", arrowsize="0.7"]',
)
_LONG = 60


def to_dot(drawing: Drawing, mark: str = "") -> str:
    """Write a drawing in the language of Graphviz; vertices, lines and boxes have ids, which begin with `mark`.

    Source: https://graphviz.org/doc/info/lang.html
    """
    of_id = {each.id: each for each in drawing.vertices}
    inside = set(_inside(drawing.boxes))
    lines = [*_HEAD, *(_dot_vertex(each, mark) for each in drawing.vertices if each.id not in inside)]
    for box in drawing.boxes:
        lines += _dot_box(box, of_id, mark)
    lines += [_dot_line(line, f"{mark}e{number}") for number, line in enumerate(drawing.lines)]
    return "\n".join(["digraph states {", *(f"    {line}" for line in lines), "}"]) + "\n"


def _inside(boxes: Sequence[Box]) -> Iterator[str]:
    for box in boxes:
        yield from box.vertices
        yield from _inside(box.inner)


def _dot_box(box: Box, of_id: Mapping[str, Vertex], mark: str) -> Iterator[str]:
    yield f'subgraph "cluster_{box.id}" {{'
    look = f'style="rounded,dashed"; color="{_FAINT}"; fontsize="9"; fontcolor="{_FAINT}"'
    yield f'  id="{mark}{box.id}"; class="box"; label="circle"; {look}'
    yield from (f"  {_dot_vertex(of_id[each], mark)}" for each in box.vertices)
    for inner in box.inner:
        yield from (f"  {line}" for line in _dot_box(inner, of_id, mark))
    yield "}"


def _dot_vertex(vertex: Vertex, mark: str) -> str:
    text = "\\n".join(map(_dot_text, vertex.lines))
    look = f'color="{_LOUD}", penwidth="2.5"' if vertex.is_bold else f'color="{_FAINT}"'
    if vertex.is_end:
        look += ', peripheries="2"'
    if vertex.is_open:
        look += ', style="rounded,filled,dashed"'
    kinds = [f"tone-{vertex.tone}", *(["bold"] if vertex.is_bold else []), *(["folded"] if vertex.size > 1 else [])]
    known = f'id="{mark}{vertex.id}", class="{" ".join(kinds)}"'
    return f'"{vertex.id}" [label="{text}", fillcolor="{COLOURS[vertex.tone]}", {look}, {known}]'


def _dot_line(line: Line, name: str) -> str:
    look = f', color="{_LOUD}", penwidth="2.5"' if line.is_bold else ""
    kinds = " ".join(kind for kind, is_it in (("bold", line.is_bold), ("tree", line.is_tree)) if is_it)
    # The blanks keep it off the line.
    label = f'label=" {_dot_text(line.label)} "'
    return f'"{line.source}" -> "{line.target}" [{label}{look}, id="{name}", class="{kinds}"]'


def _dot_text(text: str) -> str:
    return _short(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def to_mermaid(drawing: Drawing) -> str:
    """Write a drawing in the language of Mermaid.

    Source: https://mermaid.js.org/syntax/flowchart.html
    """
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _mermaid(drawing))]) + "\n"


def _mermaid(drawing: Drawing) -> Iterator[str]:
    inside = set(_inside(drawing.boxes))
    of_id = {each.id: each for each in drawing.vertices}
    yield from (_mermaid_vertex(each) for each in drawing.vertices if each.id not in inside)
    for box in drawing.boxes:
        yield from _mermaid_box(box, of_id)
    for line in drawing.lines:
        arrow = "==>" if line.is_bold else "-->"
        yield f'{line.source} {arrow}|"{_mermaid_text(line.label)}"| {line.target}'
    for vertex in drawing.vertices:
        edge = f",stroke:{_LOUD},stroke-width:3px" if vertex.is_bold else ""
        yield f"style {vertex.id} fill:{COLOURS[vertex.tone]},color:{_INK}{edge}"


def _mermaid_box(box: Box, of_id: Mapping[str, Vertex]) -> Iterator[str]:
    yield f'subgraph {box.id}["circle"]'
    yield from (f"    {_mermaid_vertex(of_id[each])}" for each in box.vertices)
    for inner in box.inner:
        yield from (f"    {line}" for line in _mermaid_box(inner, of_id))
    yield "end"


def _mermaid_vertex(vertex: Vertex) -> str:
    text = "<br/>".join(map(_mermaid_text, vertex.lines))
    return f'{vertex.id}(["{text}"])' if vertex.is_end else f'{vertex.id}["{text}"]'


def _mermaid_text(text: str) -> str:
    escapes = {"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;", "`": "&#96;"}
    return "".join(escapes.get(letter, letter) for letter in _short(text))


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def printable(text: str) -> str:
    r"""Write text so that it can stand in any document: what cannot be printed is escaped, and it has one line.

    Example:
        from fbdev.explore.picture import printable

        print(printable("one\ntwo \x00"))
        #> one two \x00
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text.replace("\n", " "))


def encodable(text: str) -> str:
    r"""Write text so that every encoding of Unicode has it: lone surrogates, which none has, are escaped.

    Example:
        from fbdev.explore.picture import encodable

        print(encodable("a\udcff"))
        #> a\udcff
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
