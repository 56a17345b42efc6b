"""The option `--output`: what comes out of a net, as lines in files and on standard output."""

import codecs
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import typer

from fbcore.errors import FlowError, shown
from fbcore.model.graph import Graph
from fbdev.pipe import give_up_output
from fbdev.run.line_format import STANDARD, LineFormat, line_format
from fbdev.run.plain import plain

_OPTION = "--output"


class UnwritableError(FlowError):
    """A value came out of a net that cannot be written as a line."""


class Outlet:
    """Writes what comes out of one output of a net, a line for each packet."""

    def __init__(self, name: str, stream: TextIO, format: LineFormat) -> None:
        self._address = f"outputs.{name}"
        self._stream = stream
        self._format = format
        # Where letters have other codes than JSON knows, all but ASCII is escaped.
        self._ascii = codecs.lookup(stream.encoding or "utf-8").name != "utf-8"

    def write(self, value: Any) -> None:
        """Write one packet.

        Raises:
            UnwritableError: the value has no form in JSON, or the text is more than a line.
            OSError: it cannot be written; with the name of the file.
        """
        line = self._line(value)
        with self._naming():
            self._stream.write(f"{line}\n")

    def flush(self) -> None:
        """Let others see what was written so far."""
        with self._naming():
            self._stream.flush()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Name the file in an error, and let what is left in it go, lest closing it fails again."""
        try:
            yield
        except OSError as error:
            give_up_output(self._stream)
            raise type(error)(error.errno, error.strerror, self._stream.name) from None

    def _line(self, value: Any) -> str:
        if self._format is LineFormat.TEXT and isinstance(value, str):
            if "\n" in value or "\r" in value:
                hint = "name the file .jsonl: JSON writes any text on one line"
                raise UnwritableError(f"{shown(value)} is more than one line", self._address, hint)
            return value
        try:
            return json.dumps(plain(value, _refuse), ensure_ascii=self._ascii, separators=(",", ":"))
        except (ValueError, TypeError) as error:
            hint = "send dicts, lists, texts, numbers, dataclasses or pydantic models to this output"
            raise UnwritableError(f"{shown(value)} cannot be written as JSON: {error}", self._address, hint) from None


def _refuse(value: Any) -> Any:
    raise TypeError(f"JSON has no form for a {type(value).__name__}")


def open_outlets(graph: Graph, given: Sequence[str], standard: TextIO, files: ExitStack) -> dict[str, Outlet]:
    """Return what writes each output that was named, from `NAME=@FILE` or `NAME=-`.

    Files are emptied first, and closed with `files`.
    """
    known = graph.border("outputs")
    chosen: dict[str, str] = {}
    for text in given:
        name, _, where = text.partition("=")
        if name not in known:
            raise _wrong(f"the graph has no output {name}; its outputs are: {', '.join(known) or 'none'}")
        if name in chosen:
            raise _wrong(f"{name} is given twice")
        if where != STANDARD and (where[:1] != "@" or where[1:] in ("", STANDARD)):
            raise _wrong(
                f"{text}: write {name}=@{where.strip('@-') or 'FILE'} for a file, or {name}=- for standard output"
            )
        place = where.removeprefix("@")
        if place in chosen.values():
            raise _wrong(f"two outputs cannot go to {place}, for nobody could tell them apart")
        if Path(place).suffix.lower() == ".json":
            raise _wrong(f"{place} would not be JSON but lines of it; name it {Path(place).with_suffix('.jsonl')}")
        chosen[name] = place
    return {name: _opened(name, place, standard, files) for name, place in chosen.items()}


def _opened(name: str, place: str, standard: TextIO, files: ExitStack) -> Outlet:
    if place == STANDARD:
        return Outlet(name, standard, LineFormat.JSON)
    try:
        file = Path(place).open("w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed with `files`
    except OSError as error:
        raise _wrong(f"cannot write {place}: {error.strerror}") from error
    return Outlet(name, files.enter_context(file), line_format(place))


def _wrong(what: str) -> typer.BadParameter:
    return typer.BadParameter(what, param_hint=_OPTION)


def outputs_among(arguments: Sequence[str]) -> list[str]:
    """Return what the option is given among arguments that nobody has parsed yet."""
    texts = [word.removeprefix(f"{_OPTION}=") for word in arguments if word.startswith(f"{_OPTION}=")]
    return texts + [word for option, word in pairwise(arguments) if option == _OPTION]


def to_standard_output(given: Sequence[str]) -> bool:
    """Say whether standard output is for the lines of an output, and so for nothing else."""
    return any(text.endswith(f"={STANDARD}") for text in given)
