"""A function in a file as a component."""

from __future__ import annotations

import ast
import sys
from types import ModuleType
from typing import Any

from fbcore.components.py_class import id_of
from fbcore.errors import FlowError, LoadError
from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.port_spec import PortKind
from fbcore.source.import_failure import import_failure
from fbcore.source.neighbour import import_package, module_of
from fbcore.source.package import importable
from fbcore.source.read import Source

MAIN = "main"

_HINTS = dict.fromkeys(
    (
        "'await' outside function",
        "'async for' outside async function",
        "'async with' outside async function",
        "asynchronous comprehension outside of an asynchronous function",
    ),
    "write `async def`; for a body that awaits, declare ports in a block: # /// fbcore, # [inputs], # ///",
)


def load_entry(source: Source, tree: ast.Module, name: str, made_by: tuple[Any, ...]) -> Any:
    """Run a file as a module, and return the component in it that has this name.

    A function becomes a component, a component is one already.

    Raises:
        LoadError: the file fails, there is no such name in it, or it names no component.
    """
    module = _load(source)
    found = vars(module).get(name)
    defined = _definition(tree, name)
    where = f"{source.path}:{defined.lineno}" if defined is not None else str(source.path)
    if found is None:
        functions = [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        raise LoadError(f"there is no function {name}", where, f"there are: {', '.join(functions) or 'none'}")
    if isinstance(found, type) and issubclass(found, Component):
        return found
    if not isinstance(found, FunctionComponent):
        found = _component(found, name, module, where)
        found._made_by = made_by
    takes = [port for port in found.spec.ports.values() if port.kind is not PortKind.OUTPUT]
    if defined is not None and not takes and not _gives(defined):
        hint = "ports are made of its parameters; for a script that is run as it stands, give process=True"
        raise LoadError(f"{name} has no parameters and returns nothing", where, hint)
    if name == MAIN:
        found.spec.name = id_of(source.file.stem)
    return found


def _component(found: Any, name: str, module: ModuleType, where: str) -> FunctionComponent[..., Any, Any]:
    if not callable(found):
        raise LoadError(f"{name} is no function, but a {type(found).__name__}", where, "name one that is")
    try:
        return FunctionComponent(found, vars(module))
    except FlowError as error:
        raise LoadError(error.what, where, error.hint) from error


def _load(source: Source) -> ModuleType:
    package = import_package(source.file)
    module = module_of(source.file, package)
    code = source.compile(hints=_HINTS)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        with importable(source.file.parent):
            exec(code, vars(module))
    except BaseException as error:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        raise import_failure(error, module, source.path) from error
    return module


def _definition(tree: ast.Module, name: str) -> ast.stmt | None:
    return next((each for each in tree.body if getattr(each, "name", None) == name), None)


def _gives(defined: ast.stmt) -> bool:
    """Say whether a function returns or yields anything."""
    for node in ast.walk(defined):
        if isinstance(node, ast.Yield | ast.YieldFrom) or (isinstance(node, ast.Return) and node.value is not None):
            return True
    return False
