"""Running a Python file as a module, with its folder importable."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from fbcore.source.import_failure import import_failure
from fbcore.source.read import Source


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let the modules in a folder be imported while the block runs, before all others.

    A module of the same name that came from a folder which is not importable any more makes room.
    """
    home = str(folder.resolve())
    sys.path.insert(0, home)
    try:
        _forget_strangers(Path(home))
        yield
    finally:
        if home in sys.path:
            sys.path.remove(home)


def _forget_strangers(folder: Path) -> None:
    """Drop modules left by a file loaded earlier from elsewhere, which would be taken for those in this folder."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or "." in name or not (folder / Path(file).name).is_file():
            continue
        home = str(Path(file).parent)
        if home not in sys.path and name == Path(file).stem:
            del sys.modules[name]


def import_file(source: Source) -> ModuleType:
    """Run a Python file as a module and return it; it stays in `sys.modules`.

    Raises:
        LoadError: it is no Python, or raised something, other than KeyboardInterrupt.
    """
    code = source.compile()
    name = module_name(source.file)
    module = new_module(name, source.file)
    with importable(source.file.parent):
        sys.modules[name] = module
        try:
            exec(code, vars(module))
        except BaseException as error:
            del sys.modules[name]
            if isinstance(error, KeyboardInterrupt):
                raise
            raise import_failure(error, module, source.path) from error
    return module


def new_module(name: str, file: Path) -> ModuleType:
    """Make an empty module that knows its name, its file and its package, as the import system would."""
    spec = importlib.util.spec_from_loader(name, SourceFileLoader(name, str(file)), origin=str(file))
    assert spec is not None
    spec.has_location = True
    return importlib.util.module_from_spec(spec)


def module_name(file: Path) -> str:
    """Return the name under which its neighbours would import the file, or another if a stranger has that name."""
    name = file.stem
    there = sys.modules.get(name)
    is_ours = there is None or getattr(there, "__file__", None) == str(file)
    if name.isidentifier() and is_ours and name not in sys.stdlib_module_names:
        return name
    return f"fbcore_file_{zlib.crc32(bytes(file)):08x}"
