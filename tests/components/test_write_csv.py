import csv
import dataclasses
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fbcore import BatchRuntime, ConfigError, Graph, InputError, NetError, component
from fbcore.components.write_csv import WriteCsv
from tests.components.alone import failure_of, run_alone


@dataclasses.dataclass
class Mean:
    sky: str
    delay: float | None


class Pair(NamedTuple):
    sky: str
    delay: float


@pytest.mark.parametrize("record", [{"sky": "rain", "delay": 1.5}, Mean("rain", 1.5), Pair("rain", 1.5)], ids=type)
def test_records(tmp_path: Path, record: object) -> None:
    """Dicts, dataclasses and named tuples become rows under the names of their fields, and the path is sent."""
    path = tmp_path / "means.csv"
    assert run_alone(WriteCsv, {"rows": [record, record]}, path=path).outputs.written == [path]
    assert path.read_bytes() == b"sky,delay\nrain,1.5\nrain,1.5\n"


def test_dicts_may_have_another_order(tmp_path: Path) -> None:
    """The first record orders the columns, whatever the order of later ones."""
    run_alone(WriteCsv, {"rows": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]}, path=tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "a,b\n1,2\n3,4\n"


def test_what_needs_quotes_gets_them(tmp_path: Path) -> None:
    """Commas, quotes, line ends and letters of any script come back as they went, and None as nothing."""
    rows = [{"a": 'x, "y"\nz', "b": "Zürich 東京"}, {"a": "", "b": None}]
    run_alone(WriteCsv, {"rows": rows}, path=tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [rows[0], {"a": "", "b": ""}]


def test_no_rows(tmp_path: Path) -> None:
    """Without rows there is nothing to name the columns by: the file is there, and empty."""
    run_alone(WriteCsv, {"rows": []}, path=tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b""


def test_folders_are_made(tmp_path: Path) -> None:
    """A relative path is so to `folder`, and both may lie in folders that are not there yet."""
    result = run_alone(WriteCsv, {"rows": [{"a": 1}]}, path="b/x.csv", folder=tmp_path / "a")
    assert result.outputs.written == [tmp_path / "a/b/x.csv"]
    assert (tmp_path / "a/b/x.csv").is_file()


def test_an_absolute_path_needs_no_folder(tmp_path: Path) -> None:
    """`folder` does not matter to a path that is absolute."""
    run_alone(WriteCsv, {"rows": []}, path=tmp_path / "x.csv", folder="elsewhere")
    assert (tmp_path / "x.csv").is_file()


def test_the_file_is_like_any_other(tmp_path: Path) -> None:
    """Whoever may read a file written the usual way may read this one."""
    (tmp_path / "usual").touch()
    run_alone(WriteCsv, {"rows": []}, path=tmp_path / "x.csv")
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


@component
def rows_then_error() -> Iterator[dict[str, int]]:
    """Send two rows, then fail."""
    yield {"a": 1}
    yield {"a": 2}
    raise RuntimeError("the source broke")


def test_a_failed_run_keeps_the_old_file(tmp_path: Path) -> None:
    """When the net fails before all rows have come, the old file stays, and nothing is left beside it."""
    path = tmp_path / "x.csv"
    path.write_text("old")
    graph = Graph("broken")
    write: Any = graph.add(WriteCsv, path=path)
    graph.add(rows_then_error).out >> write.rows
    write.written >> graph.outputs.written
    with pytest.raises(NetError, match="the source broke"):
        BatchRuntime(graph).run()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "odd", [{"a": 1}, {"a": 1, "b": 2, "c": 3}, Mean("rain", 1.0), 5], ids=["fewer", "more", "other", "no record"]
)
def test_a_record_of_another_kind(tmp_path: Path, odd: object) -> None:
    """A record whose fields are not those of the first is refused, and no file appears."""
    error = failure_of(WriteCsv, {"rows": [{"a": 1, "b": 2}, odd]}, path=tmp_path / "x.csv")
    assert isinstance(error, InputError)
    assert "came after one with a, b" in error.what or "is no record" in error.what
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("record", [3, "text", None, {1: 2}, (1, 2), Mean], ids=repr)
def test_what_is_no_record(tmp_path: Path, record: object) -> None:
    """What has no named fields is refused."""
    assert "is no record" in failure_of(WriteCsv, {"rows": [record]}, path=tmp_path / "x.csv").what


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is a file, or a file that is a folder, is refused as a wrong config, by its path."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x.csv", tmp_path / "folder"):
        error = failure_of(WriteCsv, {"rows": [{"a": 1}]}, path=path)
        assert isinstance(error, ConfigError)
        assert f"cannot write {path}" in error.what
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
