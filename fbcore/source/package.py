"""Folders whose files are imported: what is in them, and the package that they are."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fbcore.errors import LoadError


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


def package_of(file: Path) -> tuple[str, Path]:
    """Return the name of the package that a file is in, "" for none, and the folder that the package is in.

    The package is found by going up as long as there is an `__init__.py`.
    """
    folder, parts = file.parent, list[str]()
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def import_package_of(file: Path) -> str:
    """Import the package that a file is in, and return its name; "" when it is in none.

    Raises:
        LoadError: another package of this name hides it.
    """
    name, folder = package_of(file)
    if not name:
        return ""
    with importable(folder):
        found = importlib.import_module(name)
    paths = [Path(path).resolve() for path in getattr(found, "__path__", ())]
    if file.parent not in paths:
        top = name.partition(".")[0]
        hint = f"rename the folder {top}, or run where no other {top} can be imported"
        raise LoadError(f"its package {name} is hidden by another: {found.__file__}", str(file), hint)
    return name
