"""Choices in files: a name on each line, as the debugger saves them and anybody can write them, or JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fbcore.errors import LoadError

_RULE = "a script has the name of a choice on each line, or lines of JSON: texts, or objects with `choice`"


def read_choices(path: str) -> list[str]:
    """Return the choices in a file: lines of names, of JSON, or one list of JSON.

    Empty lines, and those that begin with #, are passed over.

    Raises:
        LoadError: the file cannot be read, or a line is no choice; with its number.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise LoadError(f"cannot be read: {error.strerror}", path) from None
    except UnicodeDecodeError:
        raise LoadError("is no text in UTF-8", path, _RULE) from None
    if text.lstrip().startswith("["):
        return _list(text, path)
    return [
        _choice(line.strip(), f"{path}:{number}")
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]


def write_choices(path: Path, choices: Sequence[str], heading: str) -> None:
    """Write choices as lines, below a comment that says what they are of; `.jsonl` has no comment, and texts of JSON.

    Raises:
        LoadError: the file is there already, or cannot be written.
    """
    if path.suffix.lower() == ".jsonl":
        lines = [json.dumps(choice) for choice in choices]
    else:
        lines = [*(f"# {line}" for line in heading.splitlines()), *choices]
    write_new(path, "".join(f"{line}\n" for line in lines))


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        LoadError: it is, or it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LoadError("is there already, and is left as it is", str(path), "name another file") from None
    except OSError as error:
        raise LoadError(f"cannot be written: {error.strerror}", str(path)) from None


def _list(text: str, path: str) -> list[str]:
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise LoadError(f"is no list of JSON: {error}", path, _RULE) from None
    return [_name(each, f"{path}, item {number}") for number, each in enumerate(found, 1)]


def _choice(line: str, where: str) -> str:
    if line[0] not in '"{':
        return line
    try:
        return _name(json.loads(line), where)
    except ValueError as error:
        raise LoadError(f"is no JSON: {error}", where, _RULE) from None


def _name(found: Any, where: str) -> str:
    name = found.get("choice") if isinstance(found, dict) else found
    if not isinstance(name, str):
        raise LoadError(f"{found!r} is no choice", where, _RULE)
    return name
