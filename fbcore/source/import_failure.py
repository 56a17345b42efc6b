"""Saying in one line, with file and line, why a user's file could not be imported."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import ModuleType

from fbcore.errors import FlowError, LoadError

_LONGEST = 200
"""Characters of a message that are shown: what was raised may quote a whole data file."""

_OURS = Path(__file__).parents[1]


def import_failure(error: BaseException, module: ModuleType, path: Path) -> LoadError:
    """Return what to raise when running `module` from `path` raised `error`: at which line, and how to mend it."""
    places = _places(error, path)
    where = _where(error, places, path)
    if isinstance(error, SystemExit):
        what = f"it exits while it is imported (SystemExit: {error.code})"
        return LoadError(what, where, 'put what is not the net under `if __name__ == "__main__":`')
    if _is_circular(error, module):
        circle = [shown(file) for file, _ in places]
        circle.append(shown(getattr(error, "path", None) or circle[0]))
        hint = "move what these files need of each other into a third one, or import it where it is used"
        return LoadError(f"circular import: {' -> '.join(circle)}", where, hint)
    if isinstance(error, FlowError):
        what = f"{type(error).__name__}: {f'{error.address}: ' if error.address else ''}{error.what}"
        return LoadError(first_line(what), where, error.hint)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return LoadError(first_line(f"{type(error).__name__}: {message}"), where, _hint(error, path))


def first_line(text: str) -> str:
    """Shorten a text to its first line, of at most 200 characters."""
    line = next(iter(text.strip().splitlines()), "").strip().removesuffix(":")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def shown(file: str) -> str:
    """Write a file as short as it goes: from the current folder on, if it is in it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file


def _places(error: BaseException, path: Path) -> list[tuple[str, int]]:
    """Return the lines of the user's own files that were running, the outermost first."""
    folder = path.resolve().parent
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return [(file, line) for file, line in frames if _is_users(Path(file), folder)]


def _is_users(file: Path, folder: Path) -> bool:
    if "site-packages" in file.parts or file.is_relative_to(_OURS):
        return False
    return file.is_relative_to(folder)


def _where(error: BaseException, places: list[tuple[str, int]], path: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{_beside(error.filename, path)}:{error.lineno}"
    return f"{_beside(places[-1][0], path)}:{places[-1][1]}" if places else str(path)


def _beside(file: str, path: Path) -> str:
    """Write a file the way the user wrote the path of the main one."""
    return str(path) if Path(file) == path.resolve() else shown(file)


def _is_circular(error: BaseException, module: ModuleType) -> bool:
    if "partially initialized module" in str(error):
        return True
    if isinstance(error, ImportError):
        return error.name == module.__name__ and not isinstance(error, ModuleNotFoundError)
    return isinstance(error, AttributeError) and error.obj is module


def _hint(error: BaseException, path: Path) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        return f"install {top}, or put {top}.py beside {path.name}"
    if isinstance(error, ImportError) and "relative import" in str(error):
        return f"files beside {path.name} are imported by their plain names: import parts"
    return ""
