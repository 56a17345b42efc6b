"""The graphs in a Python file and the names on their borders, as far as its text tells: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from fbcore.errors import LoadError
from fbcore.source.read import Source


class Outline:
    """What the text of a file says of its graphs.

    `graphs` are the names that a `Graph(...)` is given at the top level. A graph that is made in another way is not
    seen, and neither is a port that is got with `getattr`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._tree = Source(path).parse()
        except LoadError:
            self._tree = ast.Module([], [])
        self.graphs = list(dict.fromkeys(_graphs(self._tree)))

    def border(self, side: str, graph: str = "") -> list[str]:
        """Return the ports on one side of a graph: of the one that is named, or that is the file's only one."""
        name = graph or ("graph" if "graph" in self.graphs else self.graphs[0] if len(self.graphs) == 1 else "")
        return list(dict.fromkeys(_ports(self._tree, name, side)))


def _graphs(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "Graph":
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _ports(node: ast.AST, graph: str, side: str) -> Iterator[str]:
    """Yield what is written as `graph.side.NAME`, but for functions that call something else so."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        if graph in {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}:
            return
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == side:
        owner = node.value.value
        if isinstance(owner, ast.Name) and owner.id == graph and not node.attr.startswith("__"):
            yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _ports(child, graph, side)
