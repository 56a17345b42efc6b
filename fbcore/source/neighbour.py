"""The surroundings of a Python file: the package it is in, and imports of what lies beside it."""

from __future__ import annotations

import builtins
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from fbcore.source.module import new_module
from fbcore.source.package import import_package_of, importable


def import_package(file: Path) -> str:
    """Import the package that a file is in, and return its name.

    A file beside no `__init__.py` is in a package of its own folder, made up so that what lies there can be
    imported relatively all the same.

    Raises:
        LoadError: another package of this name hides it.
    """
    return import_package_of(file) or _package_of_folder(file.parent)


def _package_of_folder(folder: Path) -> str:
    name = f"fbcore_folder_{zlib.crc32(bytes(folder)):08x}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        package.__spec__ = ModuleSpec(name, None, is_package=True)
        sys.modules[name] = package
    return name


def module_of(file: Path, package: str, number: int = 1) -> ModuleType:
    """Make an empty module for a file in a package, whose imports find what lies beside the file.

    Beyond relative imports, what lies beside a file that has no `__init__.py` beside it is imported by its
    plain name, as scripts do.
    """
    stem = re.sub(r"\W", "_", file.stem)
    module = new_module(f"{package}.{stem}" + (f"_{number}" if number > 1 else ""), file)
    if not (file.parent / "__init__.py").is_file():
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _importer(file.parent)}
    return module


@contextmanager
def passing_module(file: Path) -> Iterator[ModuleType]:
    """Make a module for a file that can be found by its name while the block runs, as dataclasses ask for.

    Its name is its own: modules of one file may be there side by side.
    """
    package = import_package(file)
    module = next(
        module
        for module in (module_of(file, package, number) for number in count(1))
        if sys.modules.setdefault(module.__name__, module) is module
    )
    try:
        yield module
    finally:
        del sys.modules[module.__name__]


def _importer(folder: Path) -> Callable[..., Any]:
    """Return an `__import__` that looks into a folder first."""

    def import_beside(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        if level == 0 and _is_to_be_found(name.partition(".")[0], folder):
            with importable(folder):
                return builtins.__import__(name, globals, locals, fromlist, level)
        return builtins.__import__(name, globals, locals, fromlist, level)

    return import_beside


def _is_to_be_found(name: str, folder: Path) -> bool:
    """Say whether a folder has a module or package of this name, and that is not the one that is loaded."""
    homes = [folder / f"{name}.py", folder / name / "__init__.py"]
    loaded = getattr(sys.modules.get(name), "__file__", None)
    return (loaded is None or Path(loaded) not in homes) and any(home.is_file() for home in homes)
