"""Blocks of TOML in the comments of a Python file, as PEP 723 has them, and the ports that one declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from fbcore.errors import LoadError, shown
from fbcore.model.address import RESERVED_PORTS, is_id
from fbcore.model.packet import NOTHING
from fbcore.source.read import Source

_OPTIONS: dict[str, dict[str, type]] = {
    "inputs": {"type": str, "optional": bool},
    "outputs": {"type": str},
    "configs": {"type": str, "default": object},
}
_EXAMPLES = {
    "inputs": '{name} = "str", or {name} = {{type = "str", optional = true}}',
    "outputs": '{name} = "str"',
    "configs": '{name} = "str", or {name} = {{type = "str", default = ","}}',
}


class Block:
    """A block `# /// name` of a file: the lines of its TOML, the number of the line that opens it, and its tables.

    Source: https://peps.python.org/pep-0723/
    """

    __slots__ = ("line", "lines", "name", "source", "tables")

    def __init__(self, source: Source, name: str, line: int, lines: list[str]) -> None:
        import tomllib

        self.source = source
        self.name = name
        self.line = line
        self.lines = lines
        try:
            self.tables: dict[str, Any] = tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            text, _, place = str(error).partition(" (at line ")
            number = int(place.partition(",")[0]) if place else len(lines)
            hint = 'every line is a comment of TOML: # [inputs], then # row = "dict[str, str]"'
            self.refuse(f"the block {name} is no TOML: {text[:1].lower()}{text[1:]}", hint, line + number)

    def refuse(self, what: str, hint: str, line: int | None = None) -> NoReturn:
        """Raise a `LoadError` that names a line of the file, by default the one that opens the block."""
        raise LoadError(what, f"{self.source.path}:{line or self.line}", hint)

    def line_of(self, table: str, name: str = "") -> int:
        """Return the number of the line at which a table begins, or a name in it; of the block when in doubt."""
        within = ""
        for number, line in enumerate(self.lines, self.line + 1):
            heading = re.match(r"""\s*\[\s*([\w-]+)(?:\s*\.\s*["']?([^\]"']+))?""", line)
            if heading:
                within, found = heading[1], heading[2] or ""
            else:
                found = line.partition("=")[0].partition(".")[0].strip(" \"'")
            if within == table and name in ("", found):
                return number
        return self.line


def find_block(source: Source, name: str) -> Block | None:
    """Return the block of this name in a file, or None when there is none.

    Raises:
        LoadError: there are two, or it has no end, or is no TOML.
    """
    lines = source.text.split("\n")
    found = [number for number, line in enumerate(lines) if re.match(rf"#\s*///\s*{name}\s*$", line)]
    if not found:
        return None
    if len(found) > 1:
        what = f"this is a second block {name}, the first is at line {found[0] + 1}"
        raise LoadError(what, f"{source.path}:{found[1] + 1}", "put all that they declare into one")
    begin = found[0]
    end = begin + 1
    while end < len(lines) and (lines[end] == "#" or lines[end].startswith("# ")) and lines[end] != "# ///":
        end += 1
    if lines[begin] != f"# /// {name}" or end == len(lines) or lines[end] != "# ///":
        hint = f"it begins with `# /// {name}` and ends with `# ///`; every line between begins with `# `"
        raise LoadError(f"the block {name} is not closed", f"{source.path}:{min(end, len(lines) - 1) + 1}", hint)
    return Block(source, name, begin + 1, [line[2:] for line in lines[begin + 1 : end]])


class FilePort:
    """A port that a block declares: table, name, the text of its type, its options, and its line in the file."""

    __slots__ = ("default", "line", "name", "optional", "table", "type")

    def __init__(self, table: str, name: str, line: int, options: dict[str, Any]) -> None:
        self.table = table
        self.name = name
        self.line = line
        self.type: str = options.get("type", "Any")
        self.optional: bool = options.get("optional", False)
        self.default: Any = options.get("default", NOTHING)


def ports_of(block: Block) -> list[FilePort]:
    """Return the ports that a block declares, in its order.

    Raises:
        LoadError: there is something in the block that declares no port, or not well.
    """
    found: dict[str, FilePort] = {}
    for port in _ports(block):
        if port.name in found:
            hint = f"rename one of them; the other is at line {found[port.name].line}"
            block.refuse(f"there are two ports called {port.name}", hint, port.line)
        found[port.name] = port
    return list(found.values())


def _ports(block: Block) -> Iterator[FilePort]:
    for table, entries in block.tables.items():
        if table not in _OPTIONS:
            line = next((n for n, text in enumerate(block.lines, block.line + 1) if table in text), block.line)
            block.refuse(f"the block has no use for {table!r}", f"it may have: {', '.join(_OPTIONS)}", line)
        if not isinstance(entries, dict):
            block.refuse(f"{table} is no table", f"write [{table}], and below it {_EXAMPLES[table].format(name='x')}")
        for name, entry in entries.items():
            line = block.line_of(table, name)
            _check_name(block, name, line)
            yield FilePort(table, name, line, _checked_options(block, table, name, entry, line))


def _check_name(block: Block, name: str, line: int) -> None:
    if name in RESERVED_PORTS or name == "self":
        block.refuse(f"a component has `{name}` anyway", "give the port another name", line)
    if not is_id(name) or name.startswith("_"):
        block.refuse(f"{name!r} cannot be the name of a port", "use letters, digits and _", line)


def _checked_options(block: Block, table: str, name: str, entry: Any, line: int) -> dict[str, Any]:
    hint = f"write {_EXAMPLES[table].format(name=name)}"
    if isinstance(entry, str):
        return {"type": entry}
    if not isinstance(entry, dict):
        block.refuse(f"{shown(entry)} is no type: types are texts", hint, line)
    known = _OPTIONS[table]
    for option, value in entry.items():
        if option not in known:
            block.refuse(f"{table} have no option {option!r}", f"they have: {', '.join(known)}", line)
        if not isinstance(value, known[option]):
            block.refuse(f"the {option} of {name} cannot be {shown(value)}", hint, line)
    return entry
