"""`fbdev draw`: the graph in a file as Mermaid text."""

import sys
from pathlib import Path

import typer

from fbcore.formats.mermaid import to_mermaid
from fbcore.formats.python_file import load_graph

_SUFFIXES = (".mmd", ".mermaid")


def draw_file(target: str, output: str) -> int:
    """Write the Mermaid text of a graph to a file, or to standard output, and return the exit code."""
    if output and Path(output).suffix not in _SUFFIXES:
        what = f"{output}: fbdev draws Mermaid text only; name the file {Path(output).with_suffix('.mmd')}"
        raise typer.BadParameter(what, param_hint="--output")
    text = to_mermaid(load_graph(target))
    if not output:
        sys.stdout.write(text)
        return 0
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error
    return 0
