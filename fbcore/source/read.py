"""Reading and compiling a Python file, whatever lies at its path."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import stat
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import Any

from fbcore.errors import LoadError
from fbcore.source.import_failure import first_line

_A_BLOCK = 8192
"""Bytes at the start of a file that tell binary data from text, so that a disk image is not read whole."""


class Source:
    """A Python file as it was when it was read: `path` as the user wrote it, `file` in full, and its `text`.

    `rule` says in a sentence what the file is to be, as a hint for whoever gave another.

    Raises:
        LoadError: there is no such file, or it is no text.

    Example:
        from pathlib import Path
        from fbcore.source.read import Source

        Path("three.py").write_text("print(1 + 2)")
        exec(Source(Path("three.py")).compile())
        #> 3
    """

    __slots__ = ("_rule", "file", "path", "text")

    def __init__(self, path: Path, rule: str = "it is to be a Python file in UTF-8") -> None:
        self.path = path
        self._rule = rule
        data = _read(path, rule)
        self.file = path.resolve()
        try:
            self.text = _decode(data)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            byte, encoding = data[error.start], error.encoding.upper()
            what = f"byte 0x{byte:02x} is no {encoding}: this is no text, or in another encoding"
            raise LoadError(what, f"{path}:{line}", self._hint() or "save it as UTF-8") from error
        except SyntaxError as error:
            raise self._no_python(error) from error

    def compile(self, flags: int = 0, hints: Mapping[str, str] | None = None) -> CodeType:
        """Compile the text as a module; `hints` say how to mend it for what Python may say is wrong.

        Raises:
            LoadError: it is no Python.
        """
        code: CodeType = self._compile(flags, hints or {})
        return code

    def parse(self) -> ast.Module:
        """Return the syntax tree of the text.

        Raises:
            LoadError: it is no Python.
        """
        tree: ast.Module = self._compile(ast.PyCF_ONLY_AST, {})
        return tree

    def _compile(self, flags: int, hints: Mapping[str, str]) -> Any:
        try:
            return compile(self.text, str(self.file), "exec", flags=flags, dont_inherit=True)
        except SyntaxError as error:
            raise self._no_python(error, hints.get(error.msg, "")) from error
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            what = f"Python cannot compile this: {type(error).__name__}: {first_line(str(error))}"
            raise LoadError(what, str(self.path), f"is it data? {self._rule}") from error

    def _no_python(self, error: SyntaxError, hint: str = "") -> LoadError:
        where = f"{self.path}:{error.lineno}" if error.lineno else str(self.path)
        return LoadError(f"SyntaxError: {first_line(error.msg)}", where, hint or self._hint())

    def _hint(self) -> str:
        return "" if self.path.suffix == ".py" else self._rule


def _read(path: Path, rule: str) -> bytes:
    address = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise LoadError("this is a folder, not a file", address, _files_in(path) or rule)
        if not stat.S_ISREG(mode):
            raise LoadError("this is no ordinary file", address, rule)
        with path.open("rb") as file:
            start = file.read(_A_BLOCK)
            data = start if b"\0" in start else start + file.read()
    except FileNotFoundError as error:
        raise LoadError("there is no such file", address, _similar(path)) from error
    except PermissionError as error:
        raise LoadError("no permission to read this file", address, f"try: chmod +r {path}") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise LoadError(f"cannot read this file: {why}", first_line(address)) from error
    if b"\0" in data:
        raise LoadError("this is binary data, for there are null bytes in it", address, rule)
    return data


def _similar(path: Path) -> str:
    found = difflib.get_close_matches(path.name, _python_files(path.parent), n=1)
    if found:
        return f"did you mean {path.with_name(found[0])}?"
    return "" if path.is_absolute() else f"the current folder is {Path.cwd()}"


def _files_in(folder: Path) -> str:
    found = _python_files(folder)
    return f"name a file in it, such as {folder / found[0]}" if found else ""


def _python_files(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir() if each.suffix == ".py" and each.is_file())
    except OSError:
        return []


def _decode(data: bytes) -> str:
    """Return the text of a file, in the encoding that it declares."""
    try:
        return importlib.util.decode_source(data)
    except SyntaxError:
        # Bytes that are no UTF-8 in the first two lines are a SyntaxError without a line; this gives them one.
        data.decode()
        raise
