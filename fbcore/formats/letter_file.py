"""Dead letters as a file of JSON lines, that any number of nets append to while others read it or take from it.

A line is a letter, or says that one is done: `{"done": ID}`. Of two lines with one id the later counts. So whoever
feeds letters back only ever appends, and is killed at any moment without loss; the file is written anew when it ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from fbcore.errors import LoadError, NodeError, shown
from fbcore.formats.typed_json import from_data, to_data
from fbcore.model.letter import DeadLetter

fcntl: Any
try:
    import fcntl
except ImportError:
    # On Windows, where nets that share a file are not kept apart.
    fcntl = None


class Record(NamedTuple):
    """A letter as it lies in a file: its values are data still, for only who feeds it needs the classes in it."""

    id: str
    time: str
    net: str
    node: str
    values: dict[str, Any]
    error: str
    hint: str
    traceback: str
    attempts: int
    times: int

    def letter(self, file: str = "") -> DeadLetter:
        """Return the letter itself.

        Raises:
            DataError: a value in it cannot be read any more: a class is missing, or has other fields.
        """
        values = {port: from_data(value, f"{self.node}.{port}") for port, value in self.values.items()}
        error = NodeError(self.error, self.node, self.hint, values, self.traceback)
        error.attempts = self.attempts
        time = datetime.fromisoformat(self.time).timestamp()
        return DeadLetter(self.node, values, error, id=self.id, net=self.net, time=time, times=self.times)


class Broken(NamedTuple):
    """A line that is no letter: its number, its bytes, and what is wrong with it."""

    number: int
    line: bytes
    what: str


class Contents(NamedTuple):
    """What lies in a file of letters: the letters that are not done, the oldest first, and lines that are broken.

    `spare` is how many lines count no more: of letters that are done, or have come again.
    """

    records: dict[str, Record]
    broken: list[Broken]
    spare: int


def record_of(letter: DeadLetter) -> Record:
    """Write down a letter.

    Raises:
        DataError: one of its values cannot be written as data.
    """
    values = {port: to_data(value, f"{letter.node}.{port}") for port, value in letter.values.items()}
    error = letter.error
    told = (error.what, error.hint, error.traceback)
    time = datetime.fromtimestamp(letter.time, UTC).isoformat()
    return Record(letter.id, time, letter.net, letter.node, values, *told, letter.attempts, letter.times)


class LetterFile:
    """A file of dead letters; nothing is kept open, so that it can be moved or removed at any time.

    `name` is the path as it was given; whoever changes the current folder meanwhile still finds the same file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = str(path)
        self.path = Path(path).absolute()

    # -- writing -----------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        """Add a letter, which is in the file when this returns, in a line of its own.

        Raises:
            LoadError: the file cannot be written.
        """
        self._append(record._asdict())

    def done(self, id: str) -> None:
        """Say that a letter is done, and need not be kept any more."""
        self._append({"done": id})

    def _append(self, content: dict[str, Any]) -> None:
        # In ASCII, so that no reader can take half a letter of the alphabet for another one.
        line = json.dumps(content, separators=(",", ":")).encode() + b"\n"
        with self._locked() as file:
            if _ends_in_half_a_line(file):
                line = b"\n" + line
            while line:
                line = line[os.write(file, line) :]

    def remove(self, ids: Collection[str], *, broken: bool = False) -> None:
        """Take letters away, and with `broken` the lines that are none, by writing the file anew.

        Whoever is killed meanwhile leaves the file as it was. With nothing to take away, lines that say that letters
        are done, and older ones of the same letter, go.
        """
        with self._locked():
            found = self.read()
            kept = [record for record in found.records.values() if record.id not in ids]
            lines = [json.dumps(record._asdict(), separators=(",", ":")).encode() for record in kept]
            lines += [] if broken else [each.line for each in found.broken]
            fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}.new")
            try:
                with fresh.open("wb") as file:
                    file.write(b"".join(line + b"\n" for line in lines))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.chmod(self.path.stat().st_mode & 0o7777)
                fresh.replace(self.path)
            finally:
                fresh.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Open the file for whoever changes it, one at a time, also of several processes."""
        try:
            file = _opened(self.path)
        except OSError as error:
            hint = "name a file that can be written, in a folder that is there"
            raise LoadError(f"cannot write dead letters: {error.strerror}", self.name, hint) from error
        try:
            yield file
        except OSError as error:
            hint = "make room, or name another file"
            raise LoadError(f"cannot write dead letters: {error.strerror}", self.name, hint) from error
        finally:
            os.close(file)

    @contextmanager
    def feeding(self) -> Iterator[None]:
        """Keep others from feeding these letters at the same time, and tidy up at the end.

        Raises:
            LoadError: somebody feeds them already.
        """
        path = self.path.with_name(f".{self.path.name}.feeding")
        try:
            lock = _opened(path, waits=False)
        except BlockingIOError:
            hint = "wait until it has ended; two would do the same letters twice"
            raise LoadError("another net is fed from this file", self.name, hint) from None
        except OSError as error:
            raise LoadError(f"cannot feed dead letters: {error.strerror}", self.name) from error
        try:
            yield
        finally:
            try:
                # A file that is not there any more, or cannot be written, is as it is.
                with suppress(LoadError):
                    if self.read().spare:
                        self.remove(())
            finally:
                path.unlink(missing_ok=True)
                os.close(lock)

    # -- reading -----------------------------------------------------------------------------------

    def read(self) -> Contents:
        """Return what lies in the file.

        Raises:
            LoadError: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return _contents(file)
        except FileNotFoundError as error:
            hint = "" if Path(self.name).is_absolute() else f"it was looked for in {self.path.parent}"
            raise LoadError("there is no such file", self.name, hint) from error
        except OSError as error:
            raise LoadError(f"cannot read this file: {error.strerror}", self.name) from error


def _opened(path: Path, *, waits: bool = True) -> int:
    """Open a file, make it if need be, and lock it.

    Raises:
        BlockingIOError: somebody else has it, and it is not to be waited for.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if fcntl is None:
                return file
            fcntl.flock(file, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Meanwhile somebody may have written it anew, and this one is no file any more.
            if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _ends_in_half_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    if not size:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"


# -- lines -----------------------------------------------------------------------------------------------


def _contents(lines: Iterable[bytes]) -> Contents:
    records: dict[str, Record] = {}
    broken: list[Broken] = []
    count = 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(b"\r\n")
        if not line.strip():
            continue
        count += 1
        found = _read(line)
        if isinstance(found, Record):
            records[found.id] = found
        elif found.startswith(_DONE):
            records.pop(found.removeprefix(_DONE), None)
        else:
            broken.append(Broken(number, line, found))
    return Contents(records, broken, count - len(records) - len(broken))


_DONE = "done: "
_KINDS = {
    "id": str,
    "time": str,
    "net": str,
    "node": str,
    "values": dict,
    "error": str,
    "hint": str,
    "traceback": str,
    "attempts": int,
    "times": int,
}


def _read(line: bytes) -> Record | str:
    """Return the letter in a line, or what it says else: that one is done, or what is wrong with it."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return "half a line, or no JSON: whoever wrote it was interrupted"
    if type(data) is dict and data.keys() == {"done"}:
        return f"{_DONE}{data['done']}"
    if type(data) is not dict or not data.keys() >= _KINDS.keys():
        return "no dead letter"
    for name, kind in _KINDS.items():
        if type(data[name]) is not kind:
            return f"no dead letter: its `{name}` is {shown(data[name])}"
    try:
        datetime.fromisoformat(data["time"])
    except ValueError:
        return f"no dead letter: its `time` is {shown(data['time'])}"
    return Record(*(data[name] for name in _KINDS))
