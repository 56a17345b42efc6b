"""The option `--input`: what goes into a net, from the command line, from files and from standard input."""

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from json import JSONDecodeError
from pathlib import Path
from typing import Any, BinaryIO

from fbcore.errors import InputError, shown
from fbcore.model.graph import Graph
from fbcore.model.packet import Each
from fbcore.model.types import name_of, reason
from fbdev.run.line_format import STANDARD, LineFormat, line_format
from fbdev.run.lines import lines_of
from fbdev.run.values import ValueReader


def input_values(
    graph: Graph, given: Sequence[str], files: ExitStack, *, waits: bool = True, all_needed: bool = True
) -> dict[str, Any]:
    """Return what to send into each input of a graph, from the texts given for them.

    `NAME=VALUE` is one packet. `NAME=@FILE` sends a packet for each line of a file, or one for a whole `.json`
    file; `NAME=-` one for each line of standard input. `NAME=@@text` is the text `@text`. Files that are opened
    are closed with `files`; they are read only as fast as the net takes. Where nothing `waits`, on virtual time,
    reading a pipe holds up the net. Unless they are `all_needed`, inputs that are not given are left out.

    Raises:
        InputError: an input is unknown, given twice or missing, a value does not fit, or a file cannot be read.
    """
    known = graph.border("inputs")
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        address = f"--input {name}"
        if not equals:
            raise InputError("a name alone is no input", address, f"write --input {name}=VALUE")
        if name not in known:
            raise InputError("the graph has no such input", address, f"its inputs are: {', '.join(known) or 'none'}")
        if name in found:
            raise InputError("this input is given twice", address, f"for several values: --input {name}=@FILE")
        found[name] = _given(value, _Source(address, graph.input_types(name)), files, waits=waits)
    if sum(text.endswith(f"={STANDARD}") for text in given) > 1:
        raise InputError("standard input can go to one input only", "--input", "read the others from files: @FILE")
    for name in known:
        if all_needed and name not in found and not graph.may_be_left_out(name):
            hint = f"add --input {name}=VALUE, --input {name}=@FILE for the lines of a file, or --input {name}=-"
            raise InputError("this input of the graph has no value", f"inputs.{name}", hint)
    return found


class _Source:
    """Where the packets of one input come from: the option that says so, and what reads a value from its text."""

    def __init__(self, address: str, kinds: Sequence[Any]) -> None:
        self.address = address
        self._kind = name_of(kinds[0])
        self._reader = ValueReader(kinds)

    def read(self, text: str, where: str = "", *, json: bool = False) -> Any:
        """Read one value, and say which one does not fit."""
        try:
            return self._reader.from_json(text) if json else self._reader.from_text(text)
        except JSONDecodeError as error:
            what = f"{where}{shown(text)} is no JSON: {error.msg}, at column {error.colno}"
        except ValueError as error:
            what = f"{where}{shown(text)} is no {self._kind}: {reason(error)}"
        raise InputError(what, self.address)

    def is_text(self, line: str) -> bool:
        """Say whether a line would be a value if it were plain text."""
        try:
            self._reader.from_text(line)
        except ValueError:
            return False
        return True


def _given(value: str, source: _Source, files: ExitStack, *, waits: bool) -> Any:
    if value == STANDARD:
        if sys.stdin is None:
            raise InputError("there is no standard input", source.address, "it was closed by whoever started this")
        return Each(_packets(sys.stdin.buffer, STANDARD, source, waits=waits))
    if value[:1] != "@":
        return source.read(value)
    if value[:2] == "@@":
        return source.read(value[1:])
    name = value[1:]
    try:
        file = files.enter_context(Path(name).open("rb"))  # noqa: SIM115 - closed with `files`
        if Path(name).suffix.lower() == ".json":
            return source.read(file.read().decode("utf-8-sig"), f"{name}: ", json=True)
    except OSError as error:
        hint = f"for standard input: {source.address}=-" if name == STANDARD else ""
        raise InputError(f"cannot read {name}: {error.strerror}", source.address, hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: {_no_utf8(error)}", source.address) from None
    return Each(_packets(file, name, source, waits=waits))


def _packets(file: BinaryIO, name: str, source: _Source, *, waits: bool) -> Iterator[Any] | AsyncIterator[Any]:
    lines = lines_of(file, at_once=not waits)
    read = _LineReader(name, source)
    if isinstance(lines, AsyncIterator):
        return (value async for line in lines for value in read(line))
    return (value for line in lines for value in read(line))


class _LineReader:
    """Turns the lines of one file into values, none for an empty line of JSON; counts lines to name a bad one."""

    def __init__(self, name: str, source: _Source) -> None:
        self._is_standard = name == STANDARD
        self._name = "standard input" if self._is_standard else name
        self._is_json = line_format(name) is LineFormat.JSON
        self._source = source
        self._number = 0

    def __call__(self, line: bytes) -> Iterator[Any]:
        self._number += 1
        if self._is_json and not line.strip():
            return
        where = f"line {self._number} of {self._name}: "
        try:
            text = line.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{where}{_no_utf8(error)}", self._source.address) from None
        try:
            yield self._source.read(text, where, json=self._is_json)
        except InputError as error:
            if self._is_standard and self._source.is_text(text):
                error.hint = f"for lines of plain text: {self._source.address}=@/dev/stdin"
            raise


def _no_utf8(error: UnicodeDecodeError) -> str:
    return f"byte 0x{error.object[error.start]:02x} is no UTF-8"
