"""Checking what components do: calls whose result has to be awaited, and is not."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from fbcore.errors import GraphError
from fbcore.model.array import InArray, OutArray
from fbcore.model.component_spec import ComponentSpec
from fbcore.model.declared import class_of
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import spec_of
from fbcore.model.port import In, Out
from fbdev.check.components import GROUP
from fbdev.check.finding import Finding, Level

_ELEMENTS: dict[Any, type] = {InArray: In, OutArray: Out}


def not_awaited(component: Any) -> Iterator[Finding]:
    """Yield an error for each line of a component that calls something asynchronous, and does nothing with it.

    Such a line does nothing: `self.out.send(row)` sends no packet. Where there is no source, nothing is found.
    """
    try:
        spec = spec_of(component)
        target = component.function if isinstance(component, FunctionComponent) else component
        lines, first = inspect.getsourcelines(target)
        file = inspect.getsourcefile(target)
        tree = ast.parse(dedent("".join(lines)))
    except (GraphError, OSError, TypeError, SyntaxError):
        return
    names = _names(target)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = node.value.func
            if inspect.iscoroutinefunction(_resolved(called, spec, names)):
                written = ast.unparse(called)
                place = f"{file}:{first + node.lineno - 1}"
                what = f"{written}(...) is not awaited, and so does nothing"
                yield Finding(GROUP, Level.ERROR, what, spec.title, place, f"write `await {written}(...)`")


def _names(target: Any) -> dict[str, Any]:
    """Return the names that the source of a function or a class sees in its module."""
    functions = [target] if inspect.isfunction(target) else [each for each in vars(target).values() if callable(each)]
    return next((each.__globals__ for each in functions if inspect.isfunction(each)), {})


def _resolved(node: ast.expr, spec: ComponentSpec, names: dict[str, Any]) -> Any:
    """Return what an expression stands for: a port, as its declared kind, a method of the component, or a name."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Subscript):
        found = _resolved(node.value, spec, names)
        return _ELEMENTS.get(found) if isinstance(found, type) else None
    if not isinstance(node, ast.Attribute):
        return None
    if isinstance(node.value, ast.Name) and node.value.id == "self":
        port = spec.port(node.attr)
        return class_of(port) if port is not None else inspect.getattr_static(spec.target, node.attr, None)
    return inspect.getattr_static(_resolved(node.value, spec, names), node.attr, None)
