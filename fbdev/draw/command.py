"""`fbdev draw`: the graph in a file as Mermaid, DOT, SVG or PNG, or as JSON that can be read and run again.

A graph that is a state machine is drawn as a state diagram.
"""

import sys
from pathlib import Path

import typer

from fbcore.formats.dot import to_dot
from fbcore.formats.graph_file import graph_text, write_graph
from fbcore.formats.machine_chart import machine_chart
from fbcore.formats.mermaid import to_mermaid
from fbcore.formats.picture import picture
from fbcore.formats.python_file import load_graph
from fbcore.model.graph import Graph

_ENDINGS = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".png": "png",
    ".json": "json",
}
_FORMATS = tuple(dict.fromkeys(_ENDINGS.values()))


def draw_file(target: str, output: str, format: str = "", *, types: bool = False) -> int:
    """Write the drawing of a graph to a file, or to standard output, and return the exit code.

    Without a format it is that of the file's ending, and Mermaid on standard output.
    """
    kind = _kind(output, format)
    if kind == "png" and not output and sys.stdout.isatty():
        raise typer.BadParameter("a terminal shows no PNG; name a file", param_hint="--output")
    graph = load_graph(target)
    if kind == "json" and output:
        write_graph(graph, output)
        return 0
    drawing = _drawing(graph, kind, types)
    if not output:
        _print(drawing, kind)
        return 0
    try:
        Path(output).write_bytes(drawing)
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error
    return 0


def _kind(output: str, format: str) -> str:
    if format:
        if format not in _FORMATS:
            raise typer.BadParameter(f"{format} is none of {', '.join(_FORMATS)}", param_hint="--format")
        return format
    ending = Path(output).suffix.lower()
    if output and ending not in _ENDINGS:
        what = f"{output}: a drawing ends in {', '.join(_ENDINGS)}; name the file {Path(output).with_suffix('.svg')}"
        raise typer.BadParameter(f"{what}, or give --format", param_hint="--output")
    return _ENDINGS.get(ending, "mermaid")


def _drawing(graph: Graph, kind: str, types: bool) -> bytes:
    if graph.token and not types and kind != "json":
        chart = machine_chart(graph)
        return chart.to_mermaid().encode() if kind == "mermaid" else _laid_out(chart.to_dot(), kind)
    if kind == "mermaid":
        return to_mermaid(graph, types=types).encode()
    if kind == "json":
        return graph_text(graph, Path()).encode()
    return _laid_out(to_dot(graph, types=types), kind)


def _laid_out(dot: str, kind: str) -> bytes:
    return dot.encode() if kind == "dot" else picture(dot, kind)


def _print(drawing: bytes, kind: str) -> None:
    if kind == "png":
        sys.stdout.buffer.write(drawing)
    else:
        sys.stdout.write(drawing.decode())
