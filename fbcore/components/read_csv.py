"""CSV files as sources: the rows of a table, plain or compressed, read as a stream."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, cast

from fbcore.errors import InputError
from fbcore.model.component import Component
from fbcore.model.port import Config, Out

LONGEST_LINE = 1_000_000
"""Characters in a line; what is longer is taken for no CSV before it fills the memory."""

_BROKEN = (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)
_HINT_FOR_BYTES = "save it as UTF-8; if it is compressed, its name must end in .gz or .zip"


class ReadCsv(Component):
    """Send each row of a CSV file, as a dict from the name of a column to its text.

    The first line names the columns; of these, only `columns` are sent if any are named. The text is UTF-8,
    and the file may be compressed, as `.gz` or as the only file in a `.zip`; never more than a block of it
    is in memory. Empty lines are skipped.

    Raises:
        InputError: the file is missing, broken or no CSV, it lacks one of `columns`, or a row has too many or
            too few fields. The message names file and line; the rows before it have been sent.

    Example:
        read = graph.add(ReadCsv, path="flights.csv.gz", columns=("origin", "dep_delay"))
        read.rows >> graph.add(parse).row
    """

    path: Config[Path]
    columns: Config[tuple[str, ...]] = Config(default=())
    rows: Out[dict[str, str]]

    async def run(self) -> None:
        """Send the rows in order, reading only as fast as they are taken."""
        with closing(_rows(self.path.value, self.columns.value)) as rows:
            for row in rows:
                await self.rows.send(row)


def _rows(path: Path, columns: tuple[str, ...]) -> Generator[dict[str, str], None, None]:
    """Yield the rows; whatever the file is made of, what goes wrong is an `InputError`."""
    with _opened(path) as file:
        reader = csv.reader(_lines(path, file), strict=True)
        done = 0
        try:
            header = next((row for row in reader if row), [])
            names = columns or tuple(header)
            places = _places(path, header, names)
            width, is_whole = len(header), list(names) == header
            done = reader.line_num
            for row in reader:
                done = reader.line_num
                if len(row) == width:
                    yield dict(zip(names, row if is_whole else [row[place] for place in places], strict=True))
                elif row:
                    what = f"{path}:{done}: the row has {len(row)} fields, and the header {width}"
                    raise InputError(what, hint="mend the line; a field with a comma in it needs quotes around it")
        except (csv.Error, UnicodeDecodeError, *_BROKEN) as error:
            raise _explained(error, path, reader.line_num, done) from error


def _explained(error: Exception, path: Path, line: int, done: int) -> InputError:
    """Say at which line of a file an error lies: the reader is at `line`, and its rows are good up to `done`."""
    if isinstance(error, csv.Error):
        what = f"{path}:{line}: {error}, in the row that begins at line {done + 1}"
        return InputError(what, hint="look for a quote that is never closed, or not doubled in a field")
    if isinstance(error, UnicodeDecodeError):
        line += 1 + error.object.count(b"\n", 0, error.start)
        return InputError(f"{path}:{line}: byte 0x{error.object[error.start]:02x} is no UTF-8", hint=_HINT_FOR_BYTES)
    what = f"{path}:{line + 1}: cannot read on: {_why(error)}"
    return InputError(what, hint="the file is broken or cut short: fetch it again")


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


def _lines(path: Path, file: IO[str]) -> Iterator[str]:
    """Yield the lines, and refuse what no CSV file holds before much of it is in memory."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if "\0" in line:
            raise InputError(f"{path}:{number}: this is binary data: there are null bytes", hint=_HINT_FOR_BYTES)
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            what = f"{path}:{number}: the line is longer than {LONGEST_LINE:,} characters"
            raise InputError(what, hint="is this a CSV file?")
        yield line


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """Open a file as text, whatever it is packed in."""
    with ExitStack() as stack:
        try:
            data = _unpacked(path, stack.enter_context(path.open("rb")), stack)
        except FileNotFoundError as error:
            hint = "check the path" if path.is_absolute() else f"the current folder is {Path.cwd()}"
            raise InputError(f"there is no file {path}", hint=hint) from error
        except _BROKEN as error:
            raise InputError(f"cannot open {path}: {_why(error)}", hint="is it the file you mean?") from error
        yield stack.enter_context(io.TextIOWrapper(data, encoding="utf-8-sig", newline=""))


def _unpacked(path: Path, file: IO[bytes], stack: ExitStack) -> IO[bytes]:
    """Return the bytes inside a file, by the end of its name; they are unpacked as they are read."""
    if path.suffix == ".gz":
        return cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=file)))
    if path.suffix != ".zip":
        return file
    archive = stack.enter_context(zipfile.ZipFile(file))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        inside = ", ".join(names[:5]) or "nothing"
        raise InputError(f"{path} holds {len(names)} files: {inside}", hint="pack one file into each .zip")
    return stack.enter_context(archive.open(names[0]))


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
