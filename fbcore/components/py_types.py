"""The types that a file's block names, found without running the file."""

from __future__ import annotations

import ast
import builtins
import importlib
import typing
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from fbcore.model.types import Resolved, resolve
from fbcore.source.neighbour import import_package
from fbcore.source.package import importable

_TYPING = {name: getattr(typing, name) for name in typing.__all__}

_ANNOTATIONS = (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp)


class FileTypes:
    """Turns texts into types, by the names of Python, of `typing`, and of the file's own imports.

    Only what a text names is imported. A name that the file itself defines cannot be known without running it,
    and counts as Any.
    """

    def __init__(self, tree: ast.Module, file: Path) -> None:
        self._file = file
        self._imports = {
            alias.asname or alias.name.partition(".")[0]: (statement, alias)
            for statement in _imports(tree.body)
            for alias in statement.names
        }

    def resolve(self, text: str) -> Resolved:
        """Return the type that a text names, and whether every name in it was found.

        Raises:
            SyntaxError: the text is no annotation.
        """
        expression = ast.parse(text.strip(), mode="eval")
        if not isinstance(expression.body, _ANNOTATIONS) and text.strip() != "None":
            raise SyntaxError(f"{text} is no annotation")
        found: dict[str, Any] = {}
        with importable(self._file.parent):
            for node in ast.walk(expression):
                if isinstance(node, ast.Name):
                    self._find(node.id, found)
            for node in ast.walk(expression):
                if isinstance(node, ast.Attribute):
                    self._find_module(ast.unparse(node.value), found)
        return resolve(text.strip(), found, _TYPING)

    def _find(self, name: str, found: dict[str, Any]) -> None:
        """Do the import that a name stands for. What cannot be imported now will say so when the file runs."""
        if name in self._imports and name not in found:
            with suppress(Exception, SystemExit):
                found[name] = self._import(*self._imports[name])

    def _import(self, statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> Any:
        if isinstance(statement, ast.Import):
            module = importlib.import_module(alias.name)
            return module if alias.asname else importlib.import_module(alias.name.partition(".")[0])
        package = import_package(self._file) if statement.level else None
        name = "." * statement.level + (statement.module or "")
        module = importlib.import_module(name, package)
        if not hasattr(module, alias.name):
            return importlib.import_module(f"{module.__name__}.{alias.name}")
        return getattr(module, alias.name)

    def _find_module(self, name: str, found: dict[str, Any]) -> None:
        """Let `pathlib.Path` be a type though the file does not import pathlib."""
        top = name.partition(".")[0]
        if top not in self._imports and top not in _TYPING and not hasattr(builtins, top):
            with suppress(Exception, SystemExit):
                found[top] = importlib.import_module(top)
                importlib.import_module(name)


def _imports(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports at the top level, those under `if TYPE_CHECKING:` and in `try:` included."""
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
        elif isinstance(statement, ast.If | ast.Try):
            yield from _imports(statement.body)
            yield from _imports(statement.orelse)
            for handler in getattr(statement, "handlers", ()):
                yield from _imports(handler.body)
