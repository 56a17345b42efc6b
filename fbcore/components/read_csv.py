"""CSV files as sources: the rows of a table, plain or compressed, read as a stream."""

from __future__ import annotations

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from io import BufferedIOBase, BufferedReader, StringIO
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import cast

from fbcore.errors import InputError
from fbcore.model.component import Component
from fbcore.model.port import Config, Out

LONGEST_LINE = 1_000_000
"""Characters in a line; one that is much longer is taken for no CSV before it fills the memory."""

_BLOCK = 65536
"""Bytes that are decoded and looked through at once: to do so line by line costs as much as parsing the lines."""

_BROKEN = (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
_HINT_FOR_BYTES = "save it as UTF-8; if it is compressed, its name must end in .gz or .zip"


class ReadCsv(Component):
    r"""Send each row of a CSV file, as a dict from the name of a column to its text.

    The first line names the columns; of these, only `columns` are sent if any are named. The text is UTF-8,
    and the file may be compressed, as `.gz` or as the only file in a `.zip`; never more than a block of it
    is in memory. Empty lines are skipped.

    Raises:
        InputError: the file is missing, broken or no CSV, it lacks one of `columns`, or a row has too many or
            too few fields. The message names file and line; the rows before it have been sent.

    Example:
        from pathlib import Path
        from fbcore.components.read_csv import ReadCsv

        Path("flights.csv").write_text("origin,flight,dep_delay\nJFK,1,12\nEWR,2,-3\n")
        result = BatchRuntime(ReadCsv).run(path="flights.csv", columns=["origin", "dep_delay"])
        print(result.outputs.rows[0])
        #> {'origin': 'JFK', 'dep_delay': '12'}
    """

    path: Config[Path]
    columns: Config[tuple[str, ...]] = Config(default=())
    rows: Out[dict[str, str]]

    async def run(self) -> None:
        """Send the rows in order, reading only as fast as they are taken."""
        send = self.rows.send
        with closing(_rows(self.path.value, self.columns.value)) as rows:
            for row in rows:
                await send(row)


class _NoTextError(Exception):
    """What a file holds instead of lines of text, and a hint."""


def _rows(path: Path, columns: tuple[str, ...]) -> Generator[dict[str, str], None, None]:
    """Yield the rows; whatever the file is made of, what goes wrong is an `InputError`."""
    with _opened(path) as file:
        reader = csv.reader(chain.from_iterable(_blocks(file)), strict=True)
        done = 0
        try:
            header = next((row for row in reader if row), [])
            names = columns or tuple(header)
            pick = _pick(_places(path, header, names))
            width = len(header)
            done = reader.line_num
            for row in reader:
                done = reader.line_num
                if len(row) == width:
                    yield dict(zip(names, pick(row)))  # noqa: B905 - as many; to check takes a tenth of the time
                elif row:
                    what = f"{path}:{done}: the row has {len(row)} fields, and the header {width}"
                    raise InputError(what, hint="mend the line; a field with a comma in it needs quotes around it")
        except (csv.Error, _NoTextError, UnicodeDecodeError, *_BROKEN) as error:
            raise _explained(error, path, reader.line_num, done) from error


def _explained(error: Exception, path: Path, line: int, done: int) -> InputError:
    """Say at which line of a file an error lies: the reader is at `line`, and its rows are good up to `done`."""
    if isinstance(error, csv.Error):
        what = f"{path}:{line}: {error}, in the row that begins at line {done + 1}"
        return InputError(what, hint="look for a quote that is never closed, or not doubled in a field")
    where = f"{path}:{line + 1}: "
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{where}byte 0x{error.object[error.start]:02x} is no UTF-8", hint=_HINT_FOR_BYTES)
    if isinstance(error, _NoTextError):
        what, hint = error.args
        return InputError(where + what, hint=hint)
    return InputError(f"{where}cannot read on: {_why(error)}", hint="the file is broken or cut short: fetch it again")


def _places(path: Path, header: list[str], names: tuple[str, ...]) -> list[int]:
    """Return where in a row the wanted columns stand."""
    if not header:
        raise InputError(f"{path}: the file is empty", hint="the first line names the columns")
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path}: two columns are called {name!r}", hint="give each a name of its own")
    for name in names:
        if name not in header:
            raise InputError(f"{path}: there is no column {name!r}", hint=f"its columns are: {', '.join(header)}")
    return [header.index(name) for name in names]


def _pick(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Return a function that takes the fields in these places out of a row."""
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places)


def _blocks(file: BufferedIOBase) -> Iterator[Iterable[str]]:
    """Yield the lines of a file in blocks, those before a fault too; the reader of lines knows where it is then."""
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    rest, is_last = "", False
    while not is_last:
        fault: Exception | None = None
        data = file.read1(_BLOCK)
        is_last = not data
        try:
            text = rest + decode(data, is_last)
        except UnicodeDecodeError as error:
            text, fault = rest + error.object[: error.start].decode(), error
        if "\0" in text:
            text = text[: text.index("\0")]
            fault = _NoTextError("this is binary data: there are null bytes", _HINT_FOR_BYTES)
        # A \r at the very end may be half of a line end.
        end = len(text) if is_last and not fault else 1 + max(text.rfind("\n"), text.rfind("\r", 0, -1))
        rest = text[end:]
        if not fault and len(rest) > LONGEST_LINE:
            fault = _NoTextError(f"the line is longer than {LONGEST_LINE:,} characters", "is this a CSV file?")
        yield StringIO(text[:end], newline="")
        if fault:
            raise fault


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file for the bytes in it, whatever they are packed in."""
    with ExitStack() as stack:
        try:
            data = _unpacked(path, stack.enter_context(path.open("rb")), stack)
        except FileNotFoundError as error:
            hint = "check the path" if path.is_absolute() else f"the current folder is {Path.cwd()}"
            raise InputError(f"there is no file {path}", hint=hint) from error
        except _BROKEN as error:
            raise InputError(f"cannot open {path}: {_why(error)}", hint="is it the file you mean?") from error
        yield data


def _unpacked(path: Path, file: BufferedReader, stack: ExitStack) -> BufferedIOBase:
    """Return the bytes inside a file, by the end of its name; they are unpacked as they are read."""
    if path.suffix == ".gz":
        return stack.enter_context(gzip.GzipFile(fileobj=file))
    if path.suffix != ".zip":
        return file
    archive = stack.enter_context(zipfile.ZipFile(file))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        inside = ", ".join(names[:5]) or "nothing"
        raise InputError(f"{path} holds {len(names)} files: {inside}", hint="pack one file into each .zip")
    return cast(BufferedIOBase, stack.enter_context(archive.open(names[0])))


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
