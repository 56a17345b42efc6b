"""Nets as Python files: the graph in `flights.py`, or one of several by `flights.py:name`."""

from __future__ import annotations

import difflib
import importlib.util
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from fbcore.errors import LoadError
from fbcore.formats.import_failure import first_line, import_failure
from fbcore.model.graph import Graph

_A_BLOCK = 8192
"""Bytes at the start of a file that tell binary data from text, so that a disk image is not read whole."""


def load_graph(target: str | Path) -> Graph:
    """Run a Python file and return the graph in it: its only one, or the one called `graph`.

    `flights.py:clean` takes the one called `clean`. The file is imported as a module of its own name, so its
    part under `if __name__ == "__main__":` is not run, and its folder is importable meanwhile.

    Raises:
        LoadError: the file cannot be read or run, or there is no graph in it, or several and none was named;
            what was raised, if anything, is the `__cause__`.

    Example:
        graph = load_graph("examples/flights/flights.py")
    """
    path, name = split_target(target)
    return _pick(import_file(path), path, name)


def split_target(target: str | Path) -> tuple[Path, str]:
    """Split `FILE.py:name` into the file and the name, which is "" when none was given."""
    file, colon, name = str(target).rpartition(":")
    if colon and (name.isidentifier() or file.endswith(".py")):
        return Path(file), name
    return Path(target), ""


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


def import_file(path: Path) -> ModuleType:
    """Run a Python file as a module and return it; it stays in `sys.modules`.

    Raises:
        LoadError: it cannot be read, is no Python, or raised something, other than KeyboardInterrupt.
    """
    data, file = _read(path), path.resolve()
    code = _compile(data, path, file)
    name = _module_name(file)
    spec = importlib.util.spec_from_loader(name, SourceFileLoader(name, str(file)), origin=str(file))
    assert spec is not None
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    with importable(file.parent):
        sys.modules[name] = module
        try:
            exec(code, vars(module))
        except BaseException as error:
            del sys.modules[name]
            if isinstance(error, KeyboardInterrupt):
                raise
            raise import_failure(error, module, path) from error
    return module


def _module_name(file: Path) -> str:
    """Return the name under which its neighbours would import the file, or another if a stranger has that name."""
    name = file.stem
    there = sys.modules.get(name)
    is_ours = there is None or getattr(there, "__file__", None) == str(file)
    if name.isidentifier() and is_ours and name not in sys.stdlib_module_names:
        return name
    return f"fbcore_file_{zlib.crc32(bytes(file)):08x}"


# -- reading -------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    address = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise LoadError("this is a folder, not a file", address, _files_in(path))
        if not stat.S_ISREG(mode):
            raise LoadError("this is no ordinary file", address, "give a Python file with a graph in it")
        with path.open("rb") as file:
            start = file.read(_A_BLOCK)
            _refuse_binary(start, address)
            return start + file.read()
    except FileNotFoundError as error:
        raise LoadError("there is no such file", address, _similar(path)) from error
    except PermissionError as error:
        raise LoadError("no permission to read this file", address, f"try: chmod +r {path}") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise LoadError(f"cannot read this file: {why}", first_line(address)) from error


def _refuse_binary(data: bytes, address: str) -> None:
    if b"\0" in data:
        hint = "a net is a Python file in UTF-8, with `graph = Graph(...)` in it"
        raise LoadError("this is binary data, for there are null bytes in it", address, hint)


def _similar(path: Path) -> str:
    found = difflib.get_close_matches(path.name, _python_files(path.parent), n=1)
    if found:
        return f"did you mean {path.with_name(found[0])}?"
    return "" if path.is_absolute() else f"the current folder is {Path.cwd()}"


def _files_in(folder: Path) -> str:
    found = _python_files(folder)
    return f"name a file in it, such as {folder / found[0]}" if found else "give a Python file with a graph in it"


def _python_files(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir() if each.suffix == ".py" and each.is_file())
    except OSError:
        return []


def _compile(data: bytes, path: Path, file: Path) -> CodeType:
    _refuse_binary(data, str(path))
    hint = "" if path.suffix == ".py" else "a net is a Python file, with `graph = Graph(...)` in it"
    try:
        return compile(_decode(data), str(file), "exec", dont_inherit=True)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{data[error.start]:02x} is no {error.encoding.upper()}: this is no text, or in another encoding"
        raise LoadError(what, f"{path}:{line}", hint or "save it as UTF-8") from error
    except SyntaxError as error:
        where = f"{path}:{error.lineno}" if error.lineno else str(path)
        raise LoadError(f"SyntaxError: {first_line(error.msg)}", where, hint) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        what = f"Python cannot compile this: {type(error).__name__}: {first_line(str(error))}"
        raise LoadError(what, str(path), hint or "is it really a net, or data?") from error


def _decode(data: bytes) -> str:
    """Return the text of a file, in the encoding that it declares."""
    try:
        return importlib.util.decode_source(data)
    except SyntaxError:
        # Bytes that are no UTF-8 in the first two lines are a SyntaxError without a line; this gives them one.
        data.decode()
        raise


# -- choosing ------------------------------------------------------------------------------------------


def _pick(module: ModuleType, path: Path, name: str) -> Graph:
    graphs = _graphs(module)
    if name:
        return _named(module, path, name, graphs)
    if "graph" in graphs:
        return graphs["graph"]
    if len(graphs) == 1:
        return next(iter(graphs.values()))
    if graphs:
        hint = f"name one of them: {path}:{next(iter(graphs))}"
        raise LoadError(f"there are {len(graphs)} graphs in this file: {', '.join(graphs)}", str(path), hint)
    hint = f'declare one at the top level: graph = Graph("{path.stem if path.stem.isidentifier() else "net"}")'
    raise LoadError(f"there is no graph in this file, {_found(module)}", str(path), hint)


def _graphs(module: ModuleType) -> dict[str, Graph]:
    """Return the graphs of a module by name, each once; `graph` is the first of its names."""
    names = sorted(vars(module), key=lambda name: name != "graph")
    found = {id(graph): name for name in reversed(names) if isinstance(graph := vars(module)[name], Graph)}
    chosen = set(found.values())
    return {name: vars(module)[name] for name in vars(module) if name in chosen}


def _named(module: ModuleType, path: Path, name: str, graphs: dict[str, Graph]) -> Graph:
    known = f"its graphs are: {', '.join(graphs)}" if graphs else f"there is no graph in this file, {_found(module)}"
    if name not in vars(module):
        raise LoadError(f"there is no {name} in this file", str(path), known)
    value = vars(module)[name]
    if isinstance(value, Graph):
        return value
    hint = f"make one of it at the top level: graph = {name}()" if callable(value) else known
    raise LoadError(f"{name} is no Graph but a {type(value).__name__}", str(path), hint)


def _found(module: ModuleType) -> str:
    if "graph" in vars(module):
        return f"and `graph` is a {type(vars(module)['graph']).__name__}"
    names = [name for name, value in vars(module).items() if _is_of(module, name, value)]
    return f"only {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}" if names else "nor anything else"


def _is_of(module: ModuleType, name: str, value: object) -> bool:
    """Say whether a name was defined in a module, rather than imported into it."""
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    return getattr(value, "__module__", module.__name__) == module.__name__
