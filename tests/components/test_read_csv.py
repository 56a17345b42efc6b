import gzip
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from fbcore import BatchRuntime, Component, Graph, In, InputError
from fbcore.components.read_csv import LONGEST_LINE, ReadCsv
from tests.components.alone import failure_of, run_alone

TEXT = 'origin,delay\nJFK,2\n"New\nark, EWR",-4\n'
ROWS = [{"origin": "JFK", "delay": "2"}, {"origin": "New\nark, EWR", "delay": "-4"}]


def file_of(folder: Path, content: str | bytes, name: str = "flights.csv") -> Path:
    """Write a file, and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zip_of(folder: Path, **files: str) -> Path:
    """Pack texts into an archive, and return its path."""
    path = folder / "flights.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def read(path: Path, **configs: object) -> list[dict[str, str]]:
    """Read a file with the component, and return the rows it sent."""
    return run_alone(ReadCsv, path=path, **configs).outputs.rows


def test_rows_are_dicts(tmp_path: Path) -> None:
    """Each row is sent as a dict from column to text, in order, quoted commas and line ends included."""
    assert read(file_of(tmp_path, TEXT)) == ROWS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    """Every kind of line end is understood, and a last line without one is read too."""
    assert read(file_of(tmp_path, f"a,b{end}1,2{end}3,4")) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_gz(tmp_path: Path) -> None:
    """A file whose name ends in .gz is unpacked as it is read."""
    assert read(file_of(tmp_path, gzip.compress(TEXT.encode()), "flights.csv.gz")) == ROWS


def test_zip(tmp_path: Path) -> None:
    """The only file in a .zip is unpacked as it is read."""
    assert read(zip_of(tmp_path, flights=TEXT)) == ROWS


def test_chosen_columns(tmp_path: Path) -> None:
    """Only the columns that were asked for are sent, in the order in which they were."""
    rows = read(file_of(tmp_path, "a,b,c\n1,2,3\n"), columns=("c", "a"))
    assert [list(row.items()) for row in rows] == [[("c", "3"), ("a", "1")]]


def test_one_chosen_column(tmp_path: Path) -> None:
    """A single column can be asked for."""
    assert read(file_of(tmp_path, "a,b\n1,2\n"), columns=("b",)) == [{"b": "2"}]


def test_byte_order_mark_and_empty_lines(tmp_path: Path) -> None:
    """A byte order mark is no part of the first column's name, and empty lines are no rows."""
    assert read(file_of(tmp_path, "\ufeff\nname\n\n1\n\n")) == [{"name": "1"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("shift", range(4))
def test_a_file_of_many_blocks(tmp_path: Path, end: str, shift: int) -> None:
    """Wherever a file is cut for reading, in the middle of a letter or of a line end, its rows are whole."""
    fields = [f"{number}é" for number in range(20_000)]
    rows = read(file_of(tmp_path, end.join(["n" * (shift + 1), *fields, ""])))
    assert [field for row in rows for field in row.values()] == fields


def test_separators_that_are_no_line_ends(tmp_path: Path) -> None:
    """What other programs take for the end of a line is part of a field."""
    field = "a\v\f\x1c\x85\u2028\u2029b"
    assert read(file_of(tmp_path, f"n\n{field}\n")) == [{"n": field}]


def test_header_alone(tmp_path: Path) -> None:
    """A file with nothing but its header has no rows."""
    assert read(file_of(tmp_path, "a,b\n")) == []


# -- what is wrong with a file is said with its name and line ---------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        pytest.param("a,b\n1,2\n3\n", ":3: ", "the row has 1 fields, and the header 2", id="too few fields"),
        pytest.param("a,b\n1,2,3\n", ":2: ", "the row has 3 fields, and the header 2", id="too many fields"),
        pytest.param("a\n" + "1\n" * 9 + "\0\n", ":11: ", "this is binary data", id="null bytes"),
        pytest.param(b"a,b\n1,2\n3,\xff\n", ":3: ", "byte 0xff is no UTF-8", id="bytes that are no text"),
        pytest.param(b"a\n" + b"0123456\n" * 5000 + b"\xe9\n", ":5002: ", "byte 0xe9", id="no text, far into it"),
        pytest.param(b"a\n" + b"\xc3", ":2: ", "byte 0xc3", id="cut within a letter"),
        pytest.param(
            'a,b\n1,"2\n3,4\n',
            ":3: ",
            "unexpected end of data, in the row that begins at line 2",
            id="a quote that is not closed",
        ),
        pytest.param('a\n"1"2\n', ":2: ", "expected after", id="a quote that is not doubled"),
        pytest.param(f'a\n"{"1" * 200_000}"\n', ":2: ", "field larger", id="a huge field"),
        pytest.param(f"a\n1\n{'1' * 2 * LONGEST_LINE}\n", ":3: ", "longer than 1,000,000", id="a huge line"),
        pytest.param("", ": ", "the file is empty", id="nothing"),
        pytest.param("\n\n", ": ", "the file is empty", id="empty lines alone"),
        pytest.param("a,b,a\n", ": ", "two columns are called 'a'", id="a column twice"),
        pytest.param(gzip.compress(TEXT.encode()), ":1: ", "is no UTF-8", id="compressed, by another name"),
    ],
)
def test_what_is_no_csv(tmp_path: Path, content: str | bytes, line: str, what: str) -> None:
    """A file that is no CSV is refused, with its name and the line that is wrong, and a hint."""
    path = file_of(tmp_path, content)
    error = failure_of(ReadCsv, path=path)
    assert isinstance(error, InputError)
    assert error.what.startswith(f"{path}{line}")
    assert what in error.what
    assert error.hint


def test_a_compressed_file_by_another_name_has_a_hint(tmp_path: Path) -> None:
    """Who renamed a compressed file learns how its name must end."""
    assert ".gz or .zip" in failure_of(ReadCsv, path=file_of(tmp_path, gzip.compress(b"a\n1\n"))).hint


def test_a_missing_column(tmp_path: Path) -> None:
    """A file without a column that was asked for is refused before any row, and the hint names what it has."""
    error = failure_of(ReadCsv, path=file_of(tmp_path, "a,b\n1,2\n"), columns=("a", "z"))
    assert "there is no column 'z'" in error.what
    assert error.hint == "its columns are: a, b"


def test_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is named, and for a relative path the hint says from where."""
    monkeypatch.chdir(tmp_path)
    error = failure_of(ReadCsv, path="no/flights.csv")
    assert isinstance(error, InputError)
    assert "there is no file no/flights.csv" in error.what
    assert error.hint == f"the current folder is {tmp_path}"


def test_a_folder(tmp_path: Path) -> None:
    """A folder is no file."""
    assert "s a directory" in failure_of(ReadCsv, path=tmp_path).what


@pytest.mark.parametrize("name", ["flights.csv.gz", "flights.csv.zip"])
def test_not_what_its_name_says(tmp_path: Path, name: str) -> None:
    """A text that calls itself compressed is refused, by name."""
    path = file_of(tmp_path, TEXT, name)
    error = failure_of(ReadCsv, path=path)
    assert isinstance(error, InputError)
    assert str(path) in error.what


def test_cut_short(tmp_path: Path) -> None:
    """A compressed file that ends too early fails where it ends, after its rows were sent."""
    whole = gzip.compress("".join(["n\n", *(f"{number}\n" for number in range(100_000))]).encode())
    path = file_of(tmp_path, whole[: len(whole) // 2], "numbers.csv.gz")
    error = failure_of(ReadCsv, path=path)
    assert "cannot read on" in error.what
    assert int(error.what.removeprefix(f"{path}:").partition(":")[0]) > 10_000


def test_damaged(tmp_path: Path) -> None:
    """A compressed file with wrong bytes in it fails, by name and line."""
    path = zip_of(tmp_path, numbers="".join(["n\n", *(f"{number}\n" for number in range(100_000))]))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    path.write_bytes(data)
    error = failure_of(ReadCsv, path=path)
    assert isinstance(error, InputError)
    assert error.what.startswith(f"{path}:")


def test_several_files_in_one_zip(tmp_path: Path) -> None:
    """An archive of several files is refused, and they are named."""
    assert (
        "holds 2 files: a.csv, b.csv" in failure_of(ReadCsv, path=zip_of(tmp_path, **{"a.csv": "", "b.csv": ""})).what
    )


@pytest.mark.parametrize("fault", [b"3,4", b"3\0", b"3\xff", b'"3"4'], ids=["fields", "nulls", "bytes", "quotes"])
def test_rows_before_a_broken_one_were_sent(tmp_path: Path, fault: bytes) -> None:
    """What came before the fault has been sent; connecting `error` takes the failure and keeps the net alive."""
    graph = Graph("half")
    node = graph.add(ReadCsv, path=file_of(tmp_path, b"a\n1\n2\n" + fault + b"\n5\n"))
    node.rows >> graph.outputs.rows
    node.error >> graph.outputs.failures
    result = BatchRuntime(graph).run()
    assert result.outputs.rows == [{"a": "1"}, {"a": "2"}]
    assert ":4: " in result.outputs.failures[0].error.what


# -- a stream -------------------------------------------------------------------------------------------


class Drop(Component):
    rows: In[dict[str, str]]

    async def run(self) -> None:
        async for _ in self.rows:
            pass


class TakeOne(Component):
    rows: In[dict[str, str]]

    async def run(self) -> None:
        await self.rows.receive()


@pytest.mark.slow
def test_it_is_never_whole_in_memory(tmp_path: Path) -> None:
    """Reading 20 megabytes out of a small archive takes less than two of memory."""
    path = zip_of(tmp_path, rows="a,b\n" + f"{'x' * 400},{'y' * 100}\n" * 40_000)
    graph = Graph("flat")
    graph.add(ReadCsv, path=path).rows >> graph.add(Drop).rows
    tracemalloc.start()
    try:
        assert BatchRuntime(graph).run().edges["read_csv.rows->drop.rows"].put == 40_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_it_reads_no_more_than_is_taken(tmp_path: Path) -> None:
    """When its consumer has ended, it ends too, before the broken line at the end of the file."""
    path = file_of(tmp_path, "a\n" + "1\n" * 500 + "1,2\n")
    graph = Graph("first")
    graph.add(ReadCsv, path=path).rows >> graph.add(TakeOne).rows
    assert BatchRuntime(graph).run().outcome == "finished"
