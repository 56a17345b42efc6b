"""Dead letters for people: counted by node and error, in a list, and one of them whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TextIO

from fbcore.formats.letter_file import Record
from fbcore.formats.typed_json import TYPE, VALUE
from fbcore.net.result_sheet import one_line
from fbdev.run.grid import Column, Line, grid

MOST = 20
"""Letters that are listed at once; the newest are."""

_WIDEST = 10_000
_NARROW = 60
"""Columns below which the packets and errors need what the times would take."""

_LONGEST = 200
"""Characters of a value or an error in a list, from which on it is cut where nobody sees a terminal's width."""


def show_list(file: str, records: Sequence[Record], stream: TextIO, *, of: int) -> None:
    """Print how many letters there are of each node and kind of error, and the newest of them; the file has `of`."""
    many = counted(of) if len(records) == of else f"{f'{len(records):,}' if records else 'none'} of {counted(of)}"
    _print([[(f"{file}: {many}", "bold")]], stream)
    if not records:
        return
    width = shutil.get_terminal_size().columns if stream.isatty() else _WIDEST
    lines = [*_counts(records, width), [("", "")], *_letters(records[-MOST:], width)]
    if len(records) > MOST:
        lines.append([(f"and {len(records) - MOST:,} older; --node narrows them down, --json has all", "dim")])
    _print(lines, stream)


def counted(number: int) -> str:
    """Count letters in words."""
    return f"{number:,} dead letter{'' if number == 1 else 's'}" if number else "no dead letters"


def kind_of(record: Record) -> str:
    """Return the name of the error of a letter, without what it says."""
    name = record.error.partition(":")[0]
    return one_line(name.partition(" (")[0])


def _counts(records: Sequence[Record], width: int) -> list[Line]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.node, kind_of(record)), []).append(record)
    plain = [""] * len(groups)
    columns = [
        Column("node", [node for node, _ in groups], ["bold"] * len(groups), gives=True),
        Column("error", [kind for _, kind in groups], ["red"] * len(groups), gives=True),
        Column("letters", [f"{len(each):,}" for each in groups.values()], plain, right=True),
        Column("last", [when(each[-1]) for each in groups.values()], ["dim"] * len(groups)),
    ]
    if width < _NARROW:
        del columns[3]
    return grid(columns, width)


def _letters(records: Sequence[Record], width: int) -> list[Line]:
    plain = [""] * len(records)
    columns = [
        Column("id", [record.id for record in records], ["cyan"] * len(records)),
        Column("when", [_shortly(record) for record in records], ["dim"] * len(records)),
        Column("node", [record.node for record in records], ["bold"] * len(records), gives=True),
        Column("times", [f"{record.times:,}" for record in records], plain, right=True),
        Column("packets", [_short(packets_of(record)) for record in records], plain, gives=True),
        Column("error", [_short(one_line(record.error)) for record in records], plain, gives=True),
    ]
    if width < _NARROW:
        del columns[3], columns[1]
    return grid(columns, width)


def packets_of(record: Record) -> str:
    """Write the packets of a letter on a line: the value alone where there is one port."""
    if len(record.values) == 1:
        return _text(*record.values.values())
    return ", ".join(f"{port} {_text(value)}" for port, value in record.values.items())


def _text(value: Any) -> str:
    text = _written(value)
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _written(data: Any) -> str:
    """Write data as a reader would: `Row(text="b", n=7)` for a value of a class, `date "2013-01-01"` for others."""
    if isinstance(data, list):
        return f"[{', '.join(map(_written, data))}]"
    if not isinstance(data, dict):
        return json.dumps(data, ensure_ascii=False)
    if data.keys() != {TYPE, VALUE}:
        return f"{{{', '.join(f'{json.dumps(key)}: {_written(item)}' for key, item in data.items())}}}"
    kind, value = str(data[TYPE]), data[VALUE]
    name = kind.rpartition(":")[2].rpartition(".")[2]
    if ":" in kind and isinstance(value, dict):
        return f"{name}({', '.join(f'{key}={_written(item)}' for key, item in value.items())})"
    return f"{name} {_written(value)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def when(record: Record) -> str:
    """Say when a letter was written, in the time of this place; on virtual time in seconds from the start."""
    time = datetime.fromisoformat(record.time)
    return f"{time.timestamp():g} s" if time.year == 1970 else f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def _shortly(record: Record) -> str:
    """Say when a letter was written; today the time alone, and before that to the minute."""
    time = datetime.fromisoformat(record.time).astimezone()
    if time.year == 1970:
        return when(record)
    return f"{time:%H:%M:%S}" if time.date() == datetime.now().astimezone().date() else f"{time:%Y-%m-%d %H:%M}"


def show_whole(record: Record, stream: TextIO) -> None:
    """Print all that is known of a letter."""
    times = "once" if record.times == 1 else f"{record.times:,} times"
    tried = "once" if record.attempts == 1 else f"{record.attempts:,} times"
    lines: list[Line] = [[(record.id, "bold cyan"), ("  ", ""), (record.node, "bold")]]
    lines += _field("when", f"{when(record)}, in the net {record.net}")
    lines += _field("times", f"it came here {times}; its last firing was tried {tried}")
    lines += _field("error", one_line(record.error), "red")
    lines += _field("hint", one_line(record.hint)) if record.hint else []
    for port, value in record.values.items():
        lines += _field(port, _text(value))
    _print(lines, stream)
    stream.write("\n" + "".join(f"{one_line_of(line)}\n" for line in record.traceback.splitlines()))


def one_line_of(line: str) -> str:
    """Return a line of a traceback without what moves the cursor."""
    return "".join(each if each.isprintable() else " " for each in line)


def _field(name: str, text: str, style: str = "") -> list[Line]:
    return [[(f"  {name:<8}  ", "dim"), (text, style)]]


def _print(lines: Sequence[Line], stream: TextIO) -> None:
    if not stream.isatty():
        stream.write("".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)
