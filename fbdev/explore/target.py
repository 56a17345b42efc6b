"""What `fbdev explore FILE:name` explores: a graph, a net with what comes in, or a function that makes processes."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

from fbcore.errors import LoadError
from fbcore.formats.python_file import graphs_in, is_json, load_graph, split_target
from fbcore.model.component import Component
from fbcore.model.function import FunctionComponent
from fbcore.model.graph import Graph
from fbcore.source.module import import_file
from fbcore.source.read import Source
from fbdev.explore.asked import MARK
from fbdev.explore.decorated import Decorated
from fbdev.explore.net_scene import NetScene

Target = Graph | NetScene | Decorated | Callable[[], Any]

_PLAIN = (str, int, float, Path)
_RULE = "it is a Python file in UTF-8, with a Graph, a NetScene or a function that makes processes in it"


def load_target(target: str) -> Target:
    """Run a Python file and return what there is to explore in it; `FILE:name` takes that of this name.

    Without a name it is the only `NetScene`, or in a file without them the only graph, or the one called `graph`; in a
    file without nets the only function that needs no arguments, or the one called `factory`. A function under
    `@explore(...)` is explored as that says.

    Raises:
        LoadError: the file cannot be run, or there is nothing to explore in it, or several and none was named.
    """
    path, name = split_target(target)
    if is_json(path):
        return load_graph(target)
    module = import_file(Source(path, _RULE))
    return _named(module, path, name) if name else _only(module, path)


def called(found: Decorated | Callable[[], Any]) -> str:
    """Return the name of a function, for people."""
    return str(getattr(found.function if isinstance(found, Decorated) else found, "__name__", "factory"))


def _only(module: ModuleType, path: Path) -> Target:
    nets = _nets(module)
    found, kind, usual = (nets, "nets", "graph") if nets else (_factories(module), "functions", "factory")
    if usual in found:
        return found[usual]
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        hint = f"name one of them: {path}:{next(iter(found))}"
        raise LoadError(f"there are {len(found)} {kind} in this file: {', '.join(found)}", str(path), hint)
    hint = "declare a Graph, or a function that makes processes: def factory(): return [one(), other()]"
    raise LoadError("there is nothing to explore in this file", str(path), hint)


def _named(module: ModuleType, path: Path, name: str) -> Target:
    value = vars(module).get(name)
    if isinstance(value, Graph | NetScene):
        return value
    if name not in vars(module):
        known = ", ".join((*_nets(module), *_factories(module)))
        hint = f"there are {known}" if known else "there is nothing to explore in it"
        raise LoadError(f"there is no {name} in this file", str(path), hint)
    if isinstance(value, FunctionComponent) or (isinstance(value, type) and issubclass(value, Component)):
        hint = f'explore a net of it: graph = Graph("{name.lower()}"); graph.add({name})'
        raise LoadError(f"{name} is a component, and no net", str(path), hint)
    if isinstance(value, type) or not callable(value):
        kind = "a class" if isinstance(value, type) else f"a value of {type(value).__name__}"
        raise LoadError(f"{name} is {kind}", str(path), "name a Graph, a NetScene, or a function that makes processes")
    return _checked(value, path, name)


def _checked(function: Callable[..., Any], path: Path, name: str) -> Target:
    """Refuse a function that cannot be called once for each execution."""
    decorated = getattr(function, MARK, None)
    if missing := _required(function):
        hint = f"explore a function that gives them: def factory(): return {name}(...)"
        if decorated is not None:
            hint = f"fixtures are made by pytest: pytest {path}::{name}"
        raise LoadError(f"{name} needs arguments: {', '.join(missing)}", str(path), hint)
    if inspect.isgeneratorfunction(function):
        hint = f"explore a function that returns the processes: def factory(): return [{name}(), {name}()]"
        raise LoadError(f"{name} is a process, and makes none", str(path), hint)
    return function if decorated is None else cast(Decorated, decorated)


def _nets(module: ModuleType) -> dict[str, Graph | NetScene]:
    """Return the nets of a module by name: its scenes, for they are there to be explored, or else its graphs."""
    scenes = {name: each for name, each in vars(module).items() if isinstance(each, NetScene) and name[0] != "_"}
    return {**scenes} or {**graphs_in(module)}


def _factories(module: ModuleType) -> dict[str, Decorated | Callable[[], Any]]:
    """Return the functions that are to be explored, or all that can be called without arguments, and so may make it."""
    found = {name: each for name, each in vars(module).items() if _is_factory(module, name, each)}
    decorated = {name: mark for name, each in found.items() if (mark := getattr(each, MARK, None)) is not None}
    return decorated or found


def _is_factory(module: ModuleType, name: str, value: object) -> bool:
    if not isinstance(value, FunctionType) or value.__module__ != module.__name__:
        return False
    if _required(value) or inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value):
        return False
    return hasattr(value, MARK) or not (name.startswith(("_", "test_")) or name == "main")


def _required(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in variable]


def step_command(target: str, found: Target, explored: NetScene, inputs: Sequence[str]) -> str:
    """Return the command that steps the net that was explored; "" when the command line cannot say which it was."""
    path, name = split_target(target)
    if (isinstance(found, NetScene) and found.inputs) or not isinstance(explored.settings, str | None):
        return ""
    name = _name_of(path, explored.graph) if isinstance(found, NetScene) else name
    configs = explored.configs
    if (isinstance(found, NetScene) and not name) or not all(isinstance(each, _PLAIN) for each in configs.values()):
        return ""
    options = [f"--{key.replace('_', '-')}={value}" for key, value in configs.items()]
    given = [word for each in inputs for word in ("--input", each)]
    options += ["--settings", explored.settings] if isinstance(explored.settings, str) else []
    return shlex.join(["fbdev", "step", f"{path}:{name}" if name else str(path), *options, *given])


def _name_of(path: Path, graph: Graph) -> str:
    """Return the name of a graph in the module of a file, which has been imported."""
    file = str(path.resolve())
    for module in [*sys.modules.values()]:
        if getattr(module, "__file__", None) == file:
            return next((name for name, value in vars(module).items() if value is graph), "")
    return ""
