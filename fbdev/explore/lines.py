"""What the lines of users' code touch, read off their source while they run: for reports, never for a search.

A search must not rest on it, for it does not see what happens in code that was not written here. It tells the two lines
that a failure hangs on, where processes share plain objects whose uses nobody notes.
"""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from fbdev.explore.execution import Execution
from fbdev.explore.named import belongs_to_python
from fbdev.explore.shared import Use
from fbdev.explore.words import Step

_CHANGING = frozenset(
    {
        "append",
        "appendleft",
        "extend",
        "extendleft",
        "insert",
        "pop",
        "popleft",
        "popitem",
        "remove",
        "clear",
        "sort",
        "reverse",
        "add",
        "discard",
        "update",
        "setdefault",
        "rotate",
        "difference_update",
        "intersection_update",
        "symmetric_difference_update",
    }
)
_FIXED = (int, str, bytes, float, complex, type(None), tuple, frozenset, range, type)

Path = tuple[str, ...]
"""A name, and the attributes that follow it: `self.box.count`."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An attribute of an object, an object, or a variable: what it is, and what it is called where it was used."""

    key: tuple[Any, ...]
    label: str = field(compare=False)

    def __str__(self) -> str:
        return self.label


class Traced:
    """An execution that notes what the lines of each of its steps touch."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.of_lines: list[Use] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._execution, name)

    @property
    def sentinel_error(self) -> Exception | None:
        """See `Execution`."""
        return self._execution.sentinel_error

    @sentinel_error.setter
    def sentinel_error(self, error: Exception | None) -> None:
        self._execution.sentinel_error = error

    def next(self, process: str) -> Step:
        """Make a step, and note what its lines touch."""
        self.of_lines = []
        with self._tracing():
            return self._execution.next(process)

    @contextmanager
    def _tracing(self) -> Iterator[None]:
        if sys.gettrace() is not None:
            # A debugger, or who measures what tests cover: only one can look on.
            yield
            return
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return None if belongs_to_python(frame.f_code.co_filename) else self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            code = frame.f_code
            for path, is_write in _touched_by(code.co_filename).get(frame.f_lineno, ()):
                thing = _thing(frame, path)
                if thing is not None:
                    place = f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
                    self.of_lines.append(Use(thing, is_write, place))
        return self._line


def _thing(frame: FrameType, path: Path) -> Thing | None:
    """Return what a path stands for in a frame: an attribute of an object, a container, or a variable of others."""
    name, *attributes = path
    code, label = frame.f_code, ".".join(path)
    if not attributes and (name in code.co_freevars or name in code.co_cellvars) and _is_fixed(frame, name):
        return Thing(("variable", name, code.co_filename), label)
    value = frame.f_locals.get(name, frame.f_globals.get(name))
    for attribute in attributes[:-1]:
        value = getattr(value, "__dict__", {}).get(attribute)
    if value is None or isinstance(value, _FIXED):
        return None
    if not attributes:
        return Thing((id(value),), label)
    inside = getattr(value, "__dict__", {}).get(attributes[-1])
    is_open = inside is not None and not isinstance(inside, _FIXED)
    return Thing((id(inside),) if is_open else (id(value), attributes[-1]), label)


def _is_fixed(frame: FrameType, name: str) -> bool:
    return isinstance(frame.f_locals.get(name), _FIXED)


@functools.lru_cache(maxsize=64)
def _touched_by(filename: str) -> dict[int, list[tuple[Path, bool]]]:
    """Read what the lines of a file touch, and whether they write it."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, list[tuple[Path, bool]]] = {}
    for node in ast.walk(tree):
        for path, is_write in _touches(node):
            found.setdefault(node.lineno, []).append((path, is_write))  # type: ignore[attr-defined]
    return found


def _touches(node: ast.AST) -> Iterator[tuple[Path, bool]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        yield from ((path, True) for path in _path(node.func.value))
    elif isinstance(node, ast.AugAssign):
        target = node.target.value if isinstance(node.target, ast.Subscript) else node.target
        yield from ((path, True) for path in _path(target))
    elif isinstance(node, ast.Subscript):
        yield from ((path, not isinstance(node.ctx, ast.Load)) for path in _path(node.value))
    elif isinstance(node, ast.Attribute | ast.Name):
        yield from ((path, not isinstance(node.ctx, ast.Load)) for path in _path(node))


def _path(node: ast.AST) -> Iterator[Path]:
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        yield (node.id, *attributes)
