"""What code can reach by names: globals of its module, what lies in other modules, and what it finds by text."""

from __future__ import annotations

import builtins
import dis
import functools
import os
import sys
import sysconfig
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import fbcore

_OF_PYTHON = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OURS = (__file__.rpartition("named")[0], str(Path(fbcore.__file__).parent))

_ALL = frozenset({"globals", "vars", "eval", "exec", "__dict__"})
"""Who calls one of these may find everything in a module."""

_BY_TEXT = frozenset({"getattr", "setattr", "delattr", "attrgetter", "modules", "import_module", "__import__", *_ALL})
"""Who calls one of these may find what no name in the code says, but perhaps a text."""

_STORES = frozenset({"STORE_DEREF", "DELETE_DEREF", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"})
INDIRECT = frozenset({"setattr", "delattr", "modules", *_ALL})
"""Who calls one of these may bind anew what no name in the code says."""

_OF_BUILTINS = frozenset(vars(builtins))
_PLAIN = frozenset({int, str, bytes, bool, float, complex, type(None)})
_DATA = frozenset({*_PLAIN, list, dict, set, deque, type(os.environ)})
_NO_DATA = (FunctionType, BuiltinFunctionType, ModuleType, type)


class Named(NamedTuple):
    """Something that code names: what it is called, the names where it lies, by which of these, and what it is."""

    label: str
    holder: dict[str, Any]
    name: str
    value: Any


@functools.lru_cache(maxsize=4096)
def belongs_to_python(filename: str) -> bool:
    """Tell whether code comes with Python, is installed, or is what runs the processes: it is not followed."""
    return filename.startswith((*_OF_PYTHON, *_OURS, "<frozen"))


def is_installed(module: ModuleType) -> bool:
    """Tell whether a module is nobody's own."""
    return belongs_to_python(getattr(module, "__file__", None) or "<frozen")


@functools.lru_cache(maxsize=4096)
def names_in(code: CodeType) -> tuple[str, ...]:
    """Return the names of globals and attributes that code names, and texts that it may find others by."""
    inner = [name for const in code.co_consts if isinstance(const, CodeType) for name in names_in(const)]
    texts = () if _BY_TEXT.isdisjoint(code.co_names) else _texts(code.co_consts)
    return tuple(dict.fromkeys((*code.co_names, *texts, *inner)))


def _texts(consts: Iterable[object]) -> list[str]:
    return [each for each in consts if isinstance(each, str) and all(part.isidentifier() for part in each.split("."))]


@functools.lru_cache(maxsize=4096)
def _imported_in(code: CodeType) -> tuple[str, ...]:
    """Return the names of modules that code imports when it runs, or may look up by text."""
    found = [str(each.argval) for each in dis.get_instructions(code) if each.opname == "IMPORT_NAME"]
    found += [] if _BY_TEXT.isdisjoint(code.co_names) else _texts(code.co_consts)
    inner = (name for const in code.co_consts if isinstance(const, CodeType) for name in _imported_in(const))
    return tuple(dict.fromkeys((*found, *inner)))


def names_nothing(code: CodeType, names: dict[str, Any]) -> bool:
    """Tell whether code, whose module has these names, reaches nothing but its own variables."""
    is_usual = len(vars(builtins)) == len(_OF_BUILTINS)
    return is_usual and names.keys().isdisjoint(names_in(code)) and not _finds_more(code)


@functools.lru_cache(maxsize=4096)
def _finds_more(code: CodeType) -> bool:
    return bool(_imported_in(code)) or not _ALL.isdisjoint(names_in(code))


def global_data(code: CodeType, names: dict[str, Any]) -> Iterator[Named]:
    """Find the data that code may reach by the names of its module, and by those of other modules."""
    if belongs_to_python(code.co_filename):
        return
    wanted = names_in(code)
    seen: set[int] = set()
    for name in wanted:
        value = names.get(name, names)
        if value is names:
            continue
        if type(value) is ModuleType:
            yield from _in_module(name, value, wanted, seen)
        else:
            yield Named(name, names, name, value)
    if not _ALL.isdisjoint(wanted):
        yield from (each for each in data_in_module("", names) if each.name not in wanted)
    for name in _imported_in(code):
        module = sys.modules.get(name)
        if module is not None:
            yield from _in_module(name, module, wanted, seen)
    if len(vars(builtins)) > len(_OF_BUILTINS):
        added = [name for name in wanted if name in vars(builtins) and name not in _OF_BUILTINS and name not in names]
        yield from (Named(name, vars(builtins), name, vars(builtins)[name]) for name in added)


def _in_module(called: str, module: ModuleType, wanted: tuple[str, ...], seen: set[int]) -> Iterator[Named]:
    """Find what code with these names can reach in a module: in one that is installed, data that is nothing special."""
    if id(module) in seen or module is sys:
        return
    seen.add(id(module))
    inside, theirs = vars(module), is_installed(module)
    if not theirs and not _ALL.isdisjoint(wanted):
        yield from (each for each in data_in_module(called, inside) if each.name not in wanted)
    for name in wanted:
        value = inside.get(name, inside)
        if value is inside:
            continue
        if type(value) is ModuleType:
            if not is_installed(value):
                yield from _in_module(f"{called}.{name}", value, wanted, seen)
        elif not theirs or type(value) in _DATA:
            yield Named(f"{called}.{name}", inside, name, value)


def data_in_module(called: str, names: dict[str, Any]) -> Iterator[Named]:
    """Find all data in a module, for somebody who may look at any of it."""
    for name, value in list(names.items()):
        if not name.startswith(("__", "@")) and not isinstance(value, _NO_DATA):
            yield Named(f"{called}.{name}" if called else name, names, name, value)


@functools.lru_cache(maxsize=4096)
def stored_in(code: CodeType) -> frozenset[str]:
    """Return the names that code binds anew, of variables and attributes, and those by which it might bind any."""
    indirect = (INDIRECT & set(each.co_names) for each in _codes_in(code))
    return bound_in(code, _STORES).union(*indirect)


@functools.lru_cache(maxsize=4096)
def bound_in(code: CodeType, by: frozenset[str]) -> frozenset[str]:
    """Return the names that code binds anew by these instructions, as a whole or in functions inside of it."""
    steps = (each for inner in _codes_in(code) for each in dis.get_instructions(inner))
    return frozenset(each.argval for each in steps if each.opname in by)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes_in(const)
