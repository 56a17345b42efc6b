"""Graphs as JSON files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fbcore.errors import DataError, LoadError
from fbcore.formats.graph_data import graph_from_data, graph_to_data
from fbcore.formats.whole_text import write_whole
from fbcore.model.address import Place
from fbcore.model.graph import Graph
from fbcore.source.package import importable

_WIDTH = 120


def write_graph(graph: Graph, path: str | Path) -> None:
    """Write a graph as a JSON file, which is whole at every moment: the old one, or the new one.

    Components are named by where they are imported from, or by their Python files, relative to this one.

    Raises:
        DataError: a component cannot be found again by its name, a value cannot be stored, or the file not be written.

    Example:
        from fbcore.components.count import Count
        from fbcore.formats.graph_file import read_graph, write_graph

        graph = Graph("counting")
        count = graph.add(Count)
        graph.inputs.items >> count.items
        count.total >> graph.outputs.total
        write_graph(graph, "counting.json")
        print(BatchRuntime(read_graph("counting.json")).run(inputs={"items": Each("abc")}).outputs.total)
        #> [3]
    """
    path = Path(path)
    text = graph_text(graph, path.parent)
    try:
        write_whole(path, text)
    except OSError as error:
        raise DataError(f"the graph cannot be written: {error.strerror}", str(path), "choose another place") from error


def graph_text(graph: Graph, folder: Path) -> str:
    """Return the text of the JSON file of a graph that is to lie in a folder."""
    return f"{_laid_out(graph_to_data(graph, folder), 0)}\n"


def read_graph(path: str | Path) -> Graph:
    """Read the graph that `write_graph` has written, or somebody by hand; its components are imported.

    What lies beside the file can be imported meanwhile. Errors of the graph name lines of the file.

    Raises:
        LoadError: there is no such file, or it is no JSON, or the file of a component cannot be read or run.
        DataError: it is no graph, or of a newer version, or a component is not where it was.
    """
    path = Path(path)
    text = _text_of(path)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}"
        raise LoadError(f"this is no JSON: {error.msg}", where, "mend the line, or write the file anew") from error
    except (ValueError, RecursionError) as error:
        raise LoadError(f"this is no JSON that can be read: {error}", str(path), "write the file anew") from error
    with importable(path.resolve().parent):
        return graph_from_data(data, path.parent, address=f"{path}: ", places=_Places(path, text))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        hint = "" if path.is_absolute() else f"the current folder is {Path.cwd()}"
        raise LoadError("there is no such file", str(path), hint) from error
    except OSError as error:
        raise LoadError(f"cannot read this file: {error.strerror}", str(path)) from error
    except UnicodeDecodeError as error:
        raise LoadError("this is no text in UTF-8", str(path), "a net is a JSON file by write_graph") from error


class _Places:
    """Finds the lines of nodes and edges in the text of a file; the first line for what is not found."""

    def __init__(self, path: Path, text: str) -> None:
        self._file = str(path)
        self._text = text

    def __call__(self, address: str) -> Place:
        source, arrow, target = address.partition("->")
        wanted = {"from": source, "to": target} if arrow else {"id": source}
        pattern = r"\s*,\s*".join(f'"{key}"\\s*:\\s*{re.escape(json.dumps(value))}' for key, value in wanted.items())
        found = re.search(pattern, self._text)
        return Place(self._file, 1 if found is None else self._text.count("\n", 0, found.start()) + 1)


def _laid_out(data: Any, depth: int) -> str:
    """Write data on one line where there is room, else each part on a line of its own, as people would."""
    flat = json.dumps(data, ensure_ascii=False, allow_nan=False)
    if not isinstance(data, dict | list) or not data or (depth and len(flat) + depth <= _WIDTH):
        return flat
    inside = " " * (depth + 2)
    if isinstance(data, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(each, depth + 2)}" for key, each in data.items()]
    else:
        parts = [_laid_out(each, depth + 2) for each in data]
    opening, closing = "{}" if isinstance(data, dict) else "[]"
    lines = ",\n".join(f"{inside}{part}" for part in parts)
    return f"{opening}\n{lines}\n{' ' * depth}{closing}"
