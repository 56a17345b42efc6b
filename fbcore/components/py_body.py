"""The body of a file as the work of a component."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import CodeType
from typing import ClassVar

from fbcore.errors import LoadError
from fbcore.model.component import Component, class_spec
from fbcore.model.made import MadeClass
from fbcore.source.neighbour import passing_module
from fbcore.source.read import Source

_HINTS = {
    "'return' outside function": "put what follows under an `if`, or the work into a function `main`",
    "'yield' outside function": "send it: `await out.send(value)`; or put the work into a function `main`",
    "'await' outside async function": "write `async def`",
    "'async for' outside async function": "write `async def`",
    "'async with' outside async function": "write `async def`",
}
_AT_REST = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)


class PyBody(Component, metaclass=MadeClass):
    """What a class made of a file's body is derived from: its `run` runs the body."""

    _file: ClassVar[Path]
    _code: ClassVar[CodeType]

    async def run(self) -> None:
        """Run the body of the file from its start, in a module of its own."""
        with passing_module(self._file) as module:
            names = vars(module)
            names["self"] = self
            names.update((name, getattr(self, name)) for name in class_spec(type(self)).ports)
            result = eval(self._code, names)
            if self._code.co_flags & inspect.CO_COROUTINE:
                await result


def compile_body(source: Source, tree: ast.Module) -> CodeType:
    """Compile a file as the body of a coroutine.

    Raises:
        LoadError: it cannot be one, or does nothing.
    """
    if all(isinstance(each, _AT_REST) or _is_text(each) for each in tree.body):
        names = [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        hint = "write the work at the top level: async for row in self.row: ..."
        if "main" in names:
            hint = 'PyFile(..., entry="main") takes the function `main`, and the block is not needed then'
        raise LoadError("its body does no work", str(source.path), hint)
    return source.compile(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, _HINTS)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
