"""Components made by templates, as data: the template, and what it was called with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fbcore.errors import DataError, FlowError, shown
from fbcore.formats.component_path import at_path, path_to
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph
from fbcore.model.template import ComponentTemplate, call_of

FROM = "$from"
"""The key of a value that is a function, class or component: it is named, as components are."""

GRAPH = "$graph"
"""The key of a parameter that is a graph: it is written in full."""

Write = Callable[[Any, str], Any]
Read = Callable[[Any, str], Any]


def found_at(target: Any, address: str, folder: Path | None, write: Write) -> dict[str, Any]:
    """Return where a component or function is found again; of what a template has made, the template and its call.

    Raises:
        DataError: nobody would find it there, or a parameter cannot be stored.
    """
    call = call_of(target)
    if call is None:
        return path_to(target, address, folder)
    template, parts, name = call
    found: dict[str, Any] = {"template": path_to(template, address, folder)}
    if parts:
        found["parameters"] = {key: _written(value, f"{address}.{key}", write) for key, value in parts.items()}
    return {**found, "name": name} if name is not None else found


def is_by_name(value: Any) -> bool:
    """Say whether a value is stored by its name: a function, a class, or a component."""
    return inspect.isroutine(value) or isinstance(value, type | FunctionComponent | ComponentTemplate)


def made_again(data: Any, address: str, folder: Path | None, read: Read, module: str) -> Any:
    """Find a component or function, or have its template make it again.

    Raises:
        DataError: it is not there, or the template refuses its parameters.
        LoadError: the file of it cannot be read or run.
    """
    if not isinstance(data, Mapping) or "template" not in data:
        return at_path(data, address, folder)
    strange = data.keys() - {"template", "parameters", "name"}
    parameters, name = data.get("parameters", {}), data.get("name")
    if strange or not isinstance(parameters, Mapping):
        hint = 'write {"template": {"import": "package.module:Name"}, "parameters": {"limit": 3}}'
        raise DataError(f"{shown(dict(data))} does not say what a template is to make", address, hint)
    template = at_path(data["template"], f"{address}.template", folder)
    if not isinstance(template, ComponentTemplate):
        hint = "name one that is made by @ComponentTemplate"
        raise DataError(f"{shown(template)} is no template", f"{address}.template", hint)
    parts = {key: read(value, f"{address}.parameters.{key}") for key, value in parameters.items()}
    try:
        return template.again(parts, name, module)
    except FlowError as error:
        what = f"{error.address}: {error.what}" if error.address else error.what
        raise DataError(what, address, error.hint) from error


def _written(value: Any, address: str, write: Write) -> Any:
    """Write a parameter; of a list, each item, for they may be functions."""
    if isinstance(value, list | tuple) and any(isinstance(each, Graph) or is_by_name(each) for each in value):
        return [write(each, f"{address}[{number}]") for number, each in enumerate(value)]
    return write(value, address)
