"""Names of things in a net, and places in source files."""

from __future__ import annotations

import keyword
import re
import sys

from fbcore.source.cell import source_name

BORDERS = ("inputs", "outputs", "configs", "initial")
"""Node ids that stand for the border of a graph, as in `inputs.x->parse.row`, and for its initial packets."""

MESSAGES = ("started", "stopped", "executed", "failed")
"""The messages that every node can send."""

RESERVED_PORTS = frozenset(
    {
        "run",
        "stateless",
        "loop",
        "execute_after_start",
        "options",
        "net",
        "tasks",
        "select",
        "zip",
        "busy",
        "error",
        "log",
        "execute",
        "stop",
        *MESSAGES,
    }
)
"""Names that a component has anyway, and that no port may take."""

RUN_OPTIONS = frozenset(
    {"inputs", "feed_dead_letters", "only_dead_letters", "time_limit", "grace", "progress", "observers", "raises"}
)
"""Names of the options of a run, which no config of a graph may take."""

# Compiled when they are used: to import this is not to take longer.
_ELEMENT = r"(\w+)\[(.+)\]\Z"
_HUMP = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"


def is_id(text: str) -> bool:
    """Say whether a text may be the id of a node or port: `[A-Za-z_][A-Za-z0-9_]*` and no keyword."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def element_of(name: str) -> tuple[str, int | str] | None:
    """Split the name of an element of an array port, `items[0]`, into port and key; None for any other name."""
    # Nearly all names are those of plain ports.
    found = re.match(_ELEMENT, name) if name[-1:] == "]" else None
    if found is None:
        return None
    key = found[2]
    return found[1], int(key) if key.isdigit() else key


def snake_case(name: str) -> str:
    """Turn a class name into the id its node gets: `ReadCsv` becomes `read_csv`."""
    return re.sub(_HUMP, "_", name).lower()


class Place:
    """A line in a source file; prints as `flights.py:31`, and in a notebook as `In[3]:5`, line 5 of cell 3."""

    __slots__ = ("file", "line")

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line

    def __str__(self) -> str:
        return f"{source_name(self.file)}:{self.line}"

    def __repr__(self) -> str:
        return f"Place({str(self)!r})"


def caller(depth: int = 1) -> Place:
    """Return the place in the source that called the function that calls this one."""
    frame = sys._getframe(depth + 1)
    return Place(frame.f_code.co_filename, frame.f_lineno)
