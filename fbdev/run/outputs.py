"""Printing what came out of a net: for people on a terminal, and for the next program in a pipe."""

import shutil
from collections.abc import Sequence
from typing import Any, TextIO

from fbcore.net.report import Outputs
from fbdev.run.tables import draw_table, table_of

_SHOWN = 20
"""Values of an output that a terminal shows."""


def print_outputs(outputs: Outputs, stream: TextIO) -> None:
    """Print the values of every output: texts as they are, others as Python writes them.

    On a terminal a long list is cut and its values are counted, and records of one kind are drawn as a table; in a
    pipe all values are there, one on a line. The name of an output stands before its values when there are several.
    """
    to_people = stream.isatty()
    for port in outputs:
        values = outputs[port]
        if len(outputs) > 1:
            stream.write(f"{port}:\n" if values else f"{port}: nothing\n")
        if not to_people:
            stream.writelines(f"{_text(value)}\n" for value in values)
            continue
        shown = values[:_SHOWN]
        if not _draw(shown, stream):
            for value in shown:
                if not _draw(value, stream):
                    stream.write(f"{_pretty(value)}\n")
        if len(values) > _SHOWN:
            stream.write(f"... and {len(values) - _SHOWN:,} more (all of them with --json, or in a pipe)\n")


def _draw(value: Any, stream: TextIO) -> bool:
    """Draw a value as a table, if it is one and there is room."""
    table = table_of(value)
    return table is not None and draw_table(table, stream)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _pretty(value: Any) -> str:
    """Write a value over several lines where it is too long for one."""
    text = _text(value)
    width = shutil.get_terminal_size().columns
    if isinstance(value, str) or len(text) <= width:
        return text
    from pprint import pformat

    lines = pformat(value, width=width, sort_dicts=False).splitlines()
    return "\n".join(_cut(lines))


def _cut(lines: Sequence[str]) -> list[str]:
    if len(lines) <= 2 * _SHOWN:
        return list(lines)
    return [*lines[: 2 * _SHOWN], f"... and {len(lines) - 2 * _SHOWN:,} more lines"]
