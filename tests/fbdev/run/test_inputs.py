import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fbdev.cli import main
from tests.fbdev import nets

TAKE = """
from dataclasses import dataclass
from datetime import date
from fbcore import Component, Graph, In, Out
from pathlib import Path
from typing import Any

@dataclass
class Row:
    day: date
    count: int

class Take(Component):
    value: In[{kind}]
    out: Out[Any]

    async def run(self) -> None:
        async for value in self.value:
            await self.out.send([value, type(value).__name__])

graph = Graph("take")
graph.inputs.value >> graph.add(Take).value
graph["take"].out >> graph.outputs.out
"""

TWO_INPUTS = """
from fbcore import Graph, component

@component
def add(left: int, right: int) -> int:
    return left + right

graph = Graph("two_inputs")
node = graph.add(add)
graph.inputs.left >> node.left
graph.inputs.right >> node.right
node.out >> graph.outputs.sum
"""


OPTIONAL = """
from fbcore import Component, Graph, In, Out

class Collects(Component):
    number: In[int] = In(optional=True)
    all: Out[list[int]]

    async def run(self):
        await self.all.send([number async for number in self.number])

graph = Graph("optional")
node = graph.add(Collects)
graph.inputs.number >> node.number
node.all >> graph.outputs.found
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def taken(kind: str, given: str, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Run a net whose input is of this type, and return what came in."""
    Path("net.py").write_text(TAKE.format(kind=kind))
    assert main(["run", "net.py", "--input", f"value={given}", "--json"]) == 0
    return list(json.loads(capsys.readouterr().out)["outputs"]["out"])


def refused(kind: str, given: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a net whose input is of this type, and return the exit code and what was said."""
    Path("net.py").write_text(TAKE.format(kind=kind))
    code = main(["run", "net.py", *(word for each in given for word in ("--input", each))])
    return code, capsys.readouterr().err


Give = Callable[[bytes], None]


@pytest.fixture
def standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Give]:
    """What lets standard input be a file that holds some bytes."""
    with ExitStack() as files:

        def give(data: bytes) -> None:
            (folder / "standard").write_bytes(data)
            monkeypatch.setattr(sys, "stdin", files.enter_context((folder / "standard").open()))

        yield give


# -- one value --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("str", "5", ["5", "str"]),
        ("str", "a=b", ["a=b", "str"]),
        ("str", '"5"', ['"5"', "str"]),
        ("str", "@@ada", ["@ada", "str"]),
        ("int", "5", [5, "int"]),
        ("int | None", "null", [None, "NoneType"]),
        ("Path", "a", ["a", "PosixPath"]),
        ("date", "2013-01-31", ["2013-01-31", "date"]),
        ("list[int]", "[1]", [[1], "list"]),
        ("Row", '{"day": "2013-01-31", "count": 2}', [{"day": "2013-01-31", "count": 2}, "Row"]),
        ("Any", "5", [5, "int"]),
        ("Any", "x", ["x", "str"]),
    ],
)
def test_an_input_is_one_value(
    folder: Path, kind: str, given: str, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--input NAME=VALUE` gives an input one value, read as what the input takes."""
    assert taken(kind, given, capsys) == [value]


def test_a_json_file_is_one_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--input NAME=@FILE.json` gives an input the one value that the whole file holds."""
    Path("all.json").write_text("[\n 1,\n 2\n]\n")
    assert taken("list[int]", "@all.json", capsys) == [[[1, 2], "list"]]


# -- a packet for each line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "file", "lines", "values"),
    [
        ("int", "numbers.txt", "1\n2\n3", [[1, "int"], [2, "int"], [3, "int"]]),
        ("str", "poem.txt", 'a\r\n"b"\n\n1\n', [["a", "str"], ['"b"', "str"], ["", "str"], ["1", "str"]]),
        ("str", "poem", "a\n", [["a", "str"]]),
        ("list[int]", "lists.txt", "[1]\n[]\n", [[[1], "list"], [[], "list"]]),
        ("str", "words.jsonl", '"a\\nb"\n\n"1"\n', [["a\nb", "str"], ["1", "str"]]),
        ("Any", "words.NDJSON", '"1"\n1\n', [["1", "str"], [1, "int"]]),
        ("Path", "paths.jsonl", '"a/b"\n', [["a/b", "PosixPath"]]),
        ("date | None", "days.jsonl", '"2013-01-31"\nnull\n', [["2013-01-31", "date"], [None, "NoneType"]]),
        ("str", "marked.txt", "\ufeffa\n", [["a", "str"]]),
        ("int", "empty.jsonl", "", []),
    ],
)
def test_an_input_takes_the_lines_of_a_file(
    folder: Path, kind: str, file: str, lines: str, values: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--input NAME=@FILE` sends each line: as JSON from `.jsonl`, else as the text or JSON that the input takes."""
    Path(file).write_bytes(lines.encode())
    assert taken(kind, f"@{file}", capsys) == values


def test_an_input_takes_json_lines_from_standard_input(
    folder: Path, standard_input: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--input NAME=-` sends what each line of standard input says as JSON."""
    standard_input(b'{"day": "2013-01-31", "count": 2}\n\n')
    assert taken("Row", "-", capsys) == [[{"day": "2013-01-31", "count": 2}, "Row"]]


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("a.txt", b"1\nx\n", "line 2 of a.txt: 'x' is no int: input should be a valid integer"),
        ("a.jsonl", b'1\n\n{"a": \n', "line 3 of a.jsonl: '{\"a\": ' is no JSON: Expecting value, at column 7"),
        ("a.jsonl", b"[1]\n", "line 1 of a.jsonl: '[1]' is no int: input should be a valid integer"),
        ("a.txt", b"1\n\xff\n", "line 2 of a.txt: byte 0xff is no UTF-8"),
    ],
)
def test_a_line_that_does_not_fit_fails_the_net(
    folder: Path, file: str, data: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line that cannot be read fails the net, with the number of the line and the reason."""
    Path(file).write_bytes(data)
    code, err = refused("int", [f"value=@{file}"], capsys)
    assert code == 1
    assert said in err


@pytest.mark.parametrize("line", ["hello", "5"])
def test_plain_text_on_standard_input_is_told_how(
    folder: Path, line: str, standard_input: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that are no JSON, or the wrong JSON, and would do as plain text, are refused with the way to send them."""
    standard_input(line.encode())
    code, err = refused("str", ["value=-"], capsys)
    assert code == 1
    assert f"line 1 of standard input: '{line}' is no " in err
    assert "hint: for lines of plain text: --input value=@/dev/stdin\n" in err


def test_lines_that_would_be_no_text_either_get_no_such_hint(
    folder: Path, standard_input: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way to send plain text is not shown to whoever has a mistake in their numbers."""
    standard_input(b"x")
    assert "plain text" not in refused("int", ["value=-"], capsys)[1]


@pytest.mark.slow
@pytest.mark.parametrize("given", ["value=-", "value=@/dev/stdin"])
def test_a_pipe_is_read_while_it_is_written(folder: Path, given: str) -> None:
    """A packet is on its way as soon as its line is there, though the pipe stays open; a line may come in pieces."""
    Path("net.py").write_text(nets.ECHOING)
    words = nets.command("run", "net.py", "--input", given)
    with subprocess.Popen(words, stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for written, read in [(b"1\n2", b"took 1\n"), (b"3\r\n", b"took 23\n")]:
            process.stdin.write(written)
            process.stdin.flush()
            assert process.stdout.readline() == read
        process.stdin.write(b"4")
        process.stdin.close()
        assert process.stdout.readline() == b"took 4\n"


@pytest.mark.slow
def test_a_net_that_waits_for_a_pipe_can_be_stopped(folder: Path) -> None:
    """Ctrl-C ends a net whose standard input never ends, and what came until then is worked off."""
    Path("net.py").write_text(nets.ECHOING)
    with subprocess.Popen(
        nets.command("run", "net.py", "--input", "value=-"), stdin=-1, stdout=-1, stderr=-1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"1\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"took 1\n"
        process.send_signal(2)
        assert process.wait(timeout=200) == 5


@pytest.mark.slow
def test_standard_input_may_be_closed(folder: Path) -> None:
    """A program that was started without standard input says so."""
    Path("net.py").write_text(nets.ECHOING)
    line = " ".join(nets.command("run", "net.py", "--input", "value=-"))
    found = subprocess.run(f"{line} <&-", shell=True, check=False, capture_output=True, text=True)
    assert (found.returncode, found.stderr.splitlines()[0]) == (2, "error: --input value: there is no standard input")


# -- what cannot be ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["value=x"], "error: --input value: 'x' is no int: "),
        (["other=1"], "error: --input other: the graph has no such input\n  hint: its inputs are: value"),
        (["value=1", "value=2"], "error: --input value: this input is given twice\n"),
        (["value"], "error: --input value: a name alone is no input\n  hint: write --input value=VALUE"),
        (["value=@nowhere.txt"], "error: --input value: cannot read nowhere.txt: No such file or directory"),
        (["value=@-"], "error: --input value: cannot read -: No such file or directory\n  hint: for standard input: "),
        (["value=@bad.json"], "error: --input value: bad.json: '[1' is no JSON: "),
        (["value=@list.json"], "error: --input value: list.json: '[1]' is no int: "),
        (["value=@bytes.json"], "error: --input value: bytes.json: byte 0xff is no UTF-8\n"),
        (["value=@."], "error: --input value: cannot read .: Is a directory"),
        ([], "error: inputs.value: this input of the graph has no value\n  hint: add --input value=VALUE"),
    ],
)
def test_an_input_that_cannot_be_is_refused(
    folder: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be an input is wrong usage, said with the way to mend it."""
    Path("bad.json").write_text("[1")
    Path("list.json").write_text("[1]")
    Path("bytes.json").write_bytes(b"\xff")
    code, err = refused("int", given, capsys)
    assert code == 2
    assert err.startswith(said)


def test_an_optional_input_may_be_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where all ports that it goes to are optional, nothing comes in."""
    Path("net.py").write_text(OPTIONAL)
    assert main(["run", "net.py"]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_standard_input_goes_to_one_input(
    folder: Path, standard_input: Give, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two inputs cannot share standard input."""
    Path("net.py").write_text(TWO_INPUTS)
    standard_input(b"")
    assert main(["run", "net.py", "--input", "left=-", "--input", "right=-"]) == 2
    assert capsys.readouterr().err.startswith("error: --input: standard input can go to one input only")


def test_an_input_may_be_given_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file, and /dev/null, send nothing into an input."""
    for nothing in ("empty.txt", "/dev/null"):
        Path("empty.txt").write_text("")
        assert taken("int", f"@{nothing}", capsys) == []
