"""Files of dead letters: any number of writers, readers and removers at once, and whoever is killed in between."""

import multiprocessing
import os
import signal
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fbcore import DataError, LoadError, NodeError
from fbcore.formats.letter_file import LetterFile, record_of
from fbcore.formats.typed_types import why_unwritable
from fbcore.model.letter import DeadLetter

SPAWN = multiprocessing.get_context("fork")


def letter(id: str, value: Any = 1, times: int = 1) -> DeadLetter:
    """A letter of the node `parse`."""
    return DeadLetter(
        "parse", {"text": value}, NodeError("ValueError: no", "parse", traceback="Trace"), id=id, times=times
    )


def values(file: LetterFile) -> dict[str, Any]:
    """The values of the letters in a file, by id."""
    return {id: record.values["text"] for id, record in file.read().records.items()}


def test_a_letter_comes_back_as_it_was(tmp_path: Path) -> None:
    """Values are exact, and so is all that is known of it."""
    file = LetterFile(tmp_path / "f.jsonl")
    file.append(record_of(letter("a", {date(2013, 1, 1): (1, b"x", float("nan")), "\ud800": 2**70}, times=3)))
    (record,) = file.read().records.values()
    found = record.letter()
    assert repr(found.values) == repr({"text": {date(2013, 1, 1): (1, b"x", float("nan")), "\ud800": 2**70}})
    assert (found.node, found.id, found.time, found.times, found.attempts) == ("parse", "a", 0.0, 3, 1)
    assert (found.error.what, found.error.traceback) == ("ValueError: no", "Trace")


def test_the_last_line_of_a_letter_counts_until_it_is_done(tmp_path: Path) -> None:
    """Lines are only appended; writing the file anew leaves one line for each letter."""
    file = LetterFile(tmp_path / "f.jsonl")
    for each in (letter("a"), letter("b"), letter("a", 2, times=2), letter("c")):
        file.append(record_of(each))
    file.done("c")
    assert (values(file), file.read().records["a"].times) == ({"a": 2, "b": 1}, 2)
    file.remove({"b"})
    assert (values(file), len(file.path.read_bytes().splitlines())) == ({"a": 2}, 1)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"id":"x","time"', "half a line"),
        (b"\xff\xfe", "half a line"),
        (b"[1]", "no dead letter"),
        (b'{"id":"x"}', "no dead letter"),
        (b"7", "no dead letter"),
        (b"[" * 100_000, "half a line"),
    ],
)
def test_a_line_that_is_no_letter_is_told_and_kept(tmp_path: Path, line: bytes, what: str) -> None:
    """Nobody knows what it was to be; it goes when that is asked for."""
    file = LetterFile(tmp_path / "f.jsonl")
    file.append(record_of(letter("a")))
    with file.path.open("ab") as half:
        half.write(line)
    file.append(record_of(letter("b")))
    found = file.read()
    assert (list(found.records), [broken.number for broken in found.broken]) == (["a", "b"], [2])
    assert found.broken[0].what.startswith(what)
    file.remove({"a"})
    assert line in file.path.read_bytes()
    file.remove((), broken=True)
    assert (list(file.read().records), file.read().broken) == (["b"], [])


def test_a_field_of_another_type_is_told(tmp_path: Path) -> None:
    """What was written by hand may be anything."""
    file = LetterFile(tmp_path / "f.jsonl")
    file.append(record_of(letter("a")))
    text = file.path.read_text()
    file.path.write_text(text.replace('"times":1', '"times":"1"') + text.replace('"time":"', '"time":"x'))
    whats = [broken.what for broken in file.read().broken]
    assert [what.startswith("no dead letter: its `time") for what in whats] == [True, True]


def write(path: Path, name: str, size: int, count: int) -> None:
    """Append so many letters of this size."""
    file = LetterFile(path)
    for number in range(count):
        file.append(record_of(letter(f"{name}{number}", name * size)))


def test_two_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    """While a third takes letters away again and again, nothing is lost, doubled or cut."""
    path = tmp_path / "f.jsonl"
    writers = [SPAWN.Process(target=write, args=(path, name, 30_000, 60)) for name in "xy"]
    file = LetterFile(path)
    file.append(record_of(letter("gone")))
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        file.remove({"gone"})
    for each in writers:
        each.join()
    found = file.read()
    assert not found.broken
    assert sorted(found.records) == sorted(f"{name}{number}" for name in "xy" for number in range(60))
    assert all(value == id[0] * 30_000 for id, value in values(file).items())


def test_whoever_is_killed_leaves_whole_letters(tmp_path: Path) -> None:
    """At any moment: what was written before is there, and others go on writing, for locks die with their process."""
    path = tmp_path / "f.jsonl"
    for round in range(5):
        child = SPAWN.Process(target=write, args=(path, f"{round}-", 50_000, 10**6))
        child.start()
        while not path.exists() or f"{round}-{round}" not in LetterFile(path).read().records:
            # A process takes a while to begin, and reading all the time would make that longer.
            child.join(0.002)
            assert child.is_alive()
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        LetterFile(path).append(record_of(letter(f"after {round}")))
    found = LetterFile(path).read()
    assert {f"after {round}" for round in range(5)} < set(found.records)
    assert len(found.broken) <= 5


def test_one_net_at_a_time_is_fed(tmp_path: Path) -> None:
    """A second one is refused until the first has ended; what was done is then taken out of the file."""
    file = LetterFile(tmp_path / "f.jsonl")
    file.append(record_of(letter("a")))
    with file.feeding():
        file.done("a")
        with pytest.raises(LoadError, match="another net is fed from this file"), file.feeding():
            pass
    with file.feeding():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]
    assert file.path.read_bytes() == b""


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    """With the file, and how to mend it."""
    with pytest.raises(LoadError, match="there is no such file"):
        LetterFile(tmp_path / "f.jsonl").read()
    with pytest.raises(LoadError, match="cannot write dead letters: No such file or directory"):
        LetterFile(tmp_path / "no" / "f.jsonl").done("a")
    with pytest.raises(LoadError, match="cannot read this file: Is a directory"):
        LetterFile(tmp_path).read()
    with pytest.raises(DataError, match=r"parse.text: <built-in function print> is a"):
        record_of(letter("a", print))


def test_a_class_that_is_missing_is_an_error_of_its_letter_only(tmp_path: Path) -> None:
    """The file can be read without it."""
    file = LetterFile(tmp_path / "f.jsonl")
    file.append(record_of(letter("a")))
    file.path.write_text(file.path.read_text().replace('"text":1', '"text":{"$type":"no.such:Class","$value":{}}'))
    (record,) = file.read().records.values()
    with pytest.raises(DataError, match=r"parse\.text: cannot import module no\.such"):
        record.letter()


class Plain:
    """No data."""


@pytest.mark.parametrize("kind", [int, Any, object, list[Any], dict[str, date] | None, Path, "text", type[int] | Any])
def test_types_that_may_be_written(kind: Any) -> None:
    """What says little is not refused."""
    assert why_unwritable(kind) is None or kind == type[int] | Any


@pytest.mark.parametrize("kind", [Plain, list[Plain], Plain | None, tuple[int, Plain], type, bytes | Plain])
def test_types_that_cannot_be_written(kind: Any) -> None:
    """Wherever they are inside."""
    why = why_unwritable(kind)
    assert why is not None
    assert "cannot be stored" in why[0]
