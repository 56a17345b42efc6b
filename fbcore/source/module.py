"""Running a Python file as a module, in its package if it is in one."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from fbcore.errors import LoadError
from fbcore.source.import_failure import import_failure
from fbcore.source.package import import_package_of, importable, package_of
from fbcore.source.read import Source


def import_file(source: Source) -> ModuleType:
    """Run a Python file as a module and return it; it stays in `sys.modules`.

    A file in a package is a module of that package, and may import its siblings relatively; by their plain names
    it may in any case, as scripts do.

    Raises:
        LoadError: it is no Python, or raised something, other than KeyboardInterrupt.
    """
    code = source.compile()
    with importable(source.file.parent), importable(package_of(source.file)[1]):
        with _failures_told(ModuleType(source.file.stem), source):
            name = _module_name(source.file)
        module = new_module(name, source.file)
        sys.modules[name] = module
        try:
            with _failures_told(module, source):
                exec(code, vars(module))
        except BaseException:
            del sys.modules[name]
            raise
    return module


@contextmanager
def _failures_told(module: ModuleType, source: Source) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise import_failure(error, module, source.path) from error


def new_module(name: str, file: Path) -> ModuleType:
    """Make an empty module that knows its name, its file and its package, as the import system would."""
    spec = importlib.util.spec_from_loader(name, SourceFileLoader(name, str(file)), origin=str(file))
    assert spec is not None
    spec.has_location = True
    return importlib.util.module_from_spec(spec)


def _module_name(file: Path) -> str:
    """Return the name under which its neighbours would import the file, or another if a stranger has that name."""
    name = file.stem
    try:
        package = import_package_of(file)
    except LoadError:
        # A folder may be called as a package that is there already; then what is in it are plain files.
        package = ""
    if package and name.isidentifier():
        return f"{package}.{name}"
    there = sys.modules.get(name)
    is_ours = there is None or getattr(there, "__file__", None) == str(file)
    if name.isidentifier() and is_ours and name not in sys.stdlib_module_names:
        return name
    return f"fbcore_file_{zlib.crc32(bytes(file)):08x}"
