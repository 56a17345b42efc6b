"""Where components and functions are found again: in a module that can be imported, or in a Python file."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from fbcore.errors import DataError, GraphError, shown
from fbcore.formats.typed_classes import find
from fbcore.formats.typed_refusal import Refused
from fbcore.model.made import made_by
from fbcore.model.template import ComponentTemplate

_SCHEMES = ("stdlib", "platstdlib", "purelib", "platlib")
_GIVEN = ("entry", "process", "name", "options")
"""What a component of a file may have been made with besides its path."""

_TOP = "move it to the top level of a module or file, under a name of its own"


def path_to(target: Any, address: str, folder: Path | None) -> dict[str, Any]:
    """Return where a component or function is found again: `{"import": "package.module:Name"}`, or the file it is in.

    Paths of files are relative to the folder, if there is one. Modules that are no part of a package, and not
    installed, are named by their files: whoever reads has other folders on the path.

    Raises:
        DataError: nobody would find it there, or something else; `address` is where it is used.
    """
    call = made_by(target)
    if call and not isinstance(call[1], ComponentTemplate):
        path, given = call[1], dict(zip(_GIVEN, call[2:], strict=False))
        found: dict[str, Any] = {"py_file": _relative(Path(path), folder)}
        return {**found, **{key: value for key, value in given.items() if value}}
    module, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    if type(module) is not str or type(name) is not str:
        what = f"{shown(target)} has no name by which it could be found again"
        raise DataError(what, address, "write it as a function at the top level of a module or file")
    _check(target, module, name, address)
    file = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__" and file is None:
        hint = "put it into a file; in a notebook, export it"
        raise DataError(f"{name} belongs to what was typed at a prompt, which nobody can read again", address, hint)
    if file is None or (module != "__main__" and _is_importable(module, Path(file))):
        return {"import": f"{module}:{name}"}
    return {"file": _relative(Path(file), folder), "name": name}


def at_path(found: Any, address: str, folder: Path | None) -> Any:
    """Import a component or function, and return it.

    Raises:
        DataError: there is none, or `found` names none.
        LoadError: the file cannot be read or run.
    """
    kinds: dict[str, tuple[str, ...]] = {"import": (), "file": ("name",), "py_file": _GIVEN}
    kind = next((kind for kind in kinds if isinstance(found, Mapping) and kind in found), "")
    if not kind or not found.keys() <= {kind, *kinds[kind]} or type(found[kind]) is not str:
        hint = 'write {"import": "package.module:Name"}, or {"file": "net.py", "name": "Name"}'
        raise DataError(f"{shown(found)} does not say where to find it", address, hint)
    if kind == "py_file":
        return _py_file(found, address, folder)
    try:
        if kind == "import":
            return find(found["import"])
        module = _module_in(_absolute(found["file"], folder))
        return find(f"{module.__name__}:{found.get('name')}")
    except Refused as refused:
        raise DataError(refused.what, address, refused.hint) from refused.__cause__


def _check(target: Any, module: str, name: str, address: str) -> None:
    if "<" in name:
        what = f"{name.rpartition('.')[2]} is local to a function, where nobody finds it again"
        if name.endswith("<lambda>"):
            what = "this is a lambda, which has no name to be found by again"
        raise DataError(what, address, _TOP)
    try:
        is_there = find(f"{module}:{name}") is target
    except Refused:
        is_there = False
    if not is_there:
        hint = f"{_TOP}; after a reload, make the graph anew"
        raise DataError(f"{name} is not what module {module} has by this name", address, hint)


def _is_importable(module: str, file: Path) -> bool:
    """Say whether a module that came from a file is found by its name, also where another program is run."""
    if "." not in module:
        folders = {Path(sysconfig.get_path(scheme)).resolve() for scheme in _SCHEMES}
        return file.resolve().parent in folders
    found: ModuleSpec | None = None
    path: Any = None
    parts = module.split(".")
    for number in range(len(parts)):
        found = _spec(".".join(parts[: number + 1]), path)
        if found is None:
            return False
        path = found.submodule_search_locations
    return found is not None and found.origin is not None and Path(found.origin).resolve() == file.resolve()


def _spec(name: str, path: Any) -> ModuleSpec | None:
    """Look for a module as an import does that has not been made yet."""
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    return next((spec for find_spec in finders if find_spec and (spec := find_spec(name, path, None))), None)


def _module_in(file: Path) -> ModuleType:
    """Return the module that a file was imported as, or import it."""
    from fbcore.source.module import import_file
    from fbcore.source.read import Source

    resolved = file.resolve()
    for module in list(sys.modules.values()):
        known = getattr(module, "__file__", None)
        if type(known) is str and Path(known).name == file.name and Path(known).resolve() == resolved:
            return module
    return import_file(Source(file))


def _py_file(found: Mapping[str, Any], address: str, folder: Path | None) -> Any:
    from fbcore.components.py_kind import component_of

    entry, process = found.get("entry"), found.get("process", False)
    name, options = found.get("name"), found.get("options", {})
    if not isinstance(entry, str | None) or type(process) is not bool or not isinstance(options, Mapping):
        hint = 'write {"py_file": "clean.py"}, with "entry": "name" or "process": true'
        raise DataError(f"{shown(dict(found))} is no component of a file", address, hint)
    try:
        return component_of(_absolute(found["py_file"], folder), None, entry, name, options, __name__, process=process)
    except GraphError as error:
        raise DataError(error.what, address, error.hint) from error


def _relative(file: Path, folder: Path | None) -> str:
    if folder is None:
        return file.resolve().as_posix()
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:
        # On Windows there is no way from one drive to another.
        return file.resolve().as_posix()


def _absolute(path: str, folder: Path | None) -> Path:
    return (folder or Path()) / path
