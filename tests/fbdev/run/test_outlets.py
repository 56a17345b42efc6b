import dataclasses
import io
import json
import math
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fbcore import Graph, component
from fbcore.errors import NodeError
from fbcore.model.packet import Failure
from fbdev.cli import main
from fbdev.run.line_format import LineFormat
from fbdev.run.outlets import Outlet, UnwritableError, open_outlets
from tests.fbdev import nets


@dataclasses.dataclass
class Point:
    x: int


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


class Array:
    """What numpy's arrays and numbers look like from here."""

    def tolist(self) -> list[int]:
        return [1, 2]


def line_of(value: Any, format: LineFormat = LineFormat.JSON, encoding: str = "utf-8") -> str:
    """Return what is written for one packet."""
    data = io.BytesIO()
    outlet = Outlet("out", io.TextIOWrapper(data, encoding=encoding), format)
    outlet.write(value)
    outlet.flush()
    return data.getvalue().decode(encoding)


# -- one line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "null"),
        ("a\nb", '"a\\nb"'),
        ("é", '"é"'),
        ({"b": 1, "a": (1, 2)}, '{"b":1,"a":[1,2]}'),
        (Point(1), '{"x":1}'),
        (math.nan, "null"),
        (Array(), "[1,2]"),
        ({"a": Array()}, '{"a":[1,2]}'),
    ],
)
def test_a_packet_is_a_line_of_json(value: Any, line: str) -> None:
    """A value is written as JSON on one line, without spaces, and letters as they are."""
    assert line_of(value) == f"{line}\n"


def test_letters_are_escaped_where_their_codes_are_others() -> None:
    """JSON stays JSON where the output has another encoding than UTF-8."""
    assert line_of("é", encoding="latin-1") == '"\\u00e9"\n'


def test_a_failure_is_an_object() -> None:
    """What a port `error` sends can be written: where, what, and the value that failed."""
    failure = json.loads(line_of(Failure({"x": Point(1)}, NodeError("no good", "parse", held={"x": 1}), "parse")))
    assert failure["address"] == "parse"
    assert failure["value"] == {"x": {"x": 1}}
    assert (failure["error"]["what"], failure["error"]["held"]) == ("no good", {"x": 1})


@pytest.mark.parametrize(("value", "line"), [("a b", "a b"), ("", ""), (1.5, "1.5"), ({"a": "b"}, '{"a":"b"}')])
def test_a_line_of_text_is_the_text(value: Any, line: str) -> None:
    """Where lines are plain text a text is written as it is, and anything else as JSON."""
    assert line_of(value, LineFormat.TEXT) == f"{line}\n"


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Opaque(), "<opaque> cannot be written as JSON: JSON has no form for a Opaque"),
        ([Opaque()], "[<opaque>] cannot be written as JSON: JSON has no form for a Opaque"),
        (CIRCLE, "[[[[[[[...]]]]]]] cannot be written as JSON: Circular reference"),
    ],
)
def test_what_json_cannot_carry_is_refused(value: Any, why: str) -> None:
    """A value without a form in JSON is refused by the name of its output, with what to send instead."""
    with pytest.raises(UnwritableError, match="hint: send dicts, lists") as caught:
        line_of(value)
    assert str(caught.value).startswith(f"outputs.out: {why}")


def test_a_text_of_several_lines_is_no_line() -> None:
    """A text with line breaks is refused where lines are plain text, and the hint says what takes it."""
    with pytest.raises(UnwritableError, match=r"is more than one line\n  hint: name the file \.jsonl"):
        line_of("a\nb", LineFormat.TEXT)


# -- files and standard output ----------------------------------------------------------------------------


PAIRS = """
from collections.abc import Iterator
from fbcore import Component, Graph, Out

class Pairs(Component):
    number: Out[int]
    name: Out[str]

    async def run(self) -> None:
        print("running")
        for number in range(3):
            await self.number.send(number)
            await self.name.send(f"number {number}")

graph = Graph("pairs")
pairs = graph.add(Pairs)
pairs.number >> graph.outputs.numbers
pairs.name >> graph.outputs.names
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a net that has two outputs; it is the current one."""
    (tmp_path / "net.py").write_text(PAIRS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_output_goes_to_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--output NAME=@FILE` writes a packet on each line, by the ending as JSON or text; the rest is printed."""
    assert main(["run", "net.py", "--output", "names=@names.jsonl"]) == 0
    assert Path("names.jsonl").read_text() == '"number 0"\n"number 1"\n"number 2"\n'
    assert capsys.readouterr().out == "running\n0\n1\n2\n"
    assert main(["run", "net.py", "--output", "names=@names.txt"]) == 0
    assert Path("names.txt").read_text() == "number 0\nnumber 1\nnumber 2\n"


def test_standard_output_is_for_the_lines_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--output NAME=-` nothing else is on standard output, neither prints nor other outputs."""
    assert main(["run", "net.py", "--output=names=-"]) == 0
    out, err = capsys.readouterr()
    assert out == '"number 0"\n"number 1"\n"number 2"\n'
    assert err.startswith("running\npairs: finished after ")


def test_the_document_leaves_out_what_went_to_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json has the account of the run, and the outputs that did not go elsewhere."""
    assert main(["run", "net.py", "--json", "--output", "names=@names.jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == {"numbers": [0, 1, 2]}


def test_what_was_written_can_be_read_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines that one net writes are the input of the next, whether they are JSON or text."""
    Path("next.py").write_text(nets.ECHOING.replace("In[int]", "In[str]"))
    for file in ("names.jsonl", "names.txt"):
        assert main(["run", "net.py", "--output", f"names=@{file}", "--quiet"]) == 0
        capsys.readouterr()
        assert main(["run", "next.py", "--input", f"value=@{file}", "--quiet"]) == 0
        assert capsys.readouterr().out == "took number 0\ntook number 1\ntook number 2\n"


def test_a_value_that_cannot_be_written_fails_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no JSON ends the run as failed, in words; the lines before it are there."""
    source = PAIRS.replace(
        "await self.number.send(number)", "await self.number.send(number if number < 2 else object())"
    )
    Path("net.py").write_text(source)
    assert main(["run", "net.py", "--output", "numbers=@numbers.jsonl"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: outputs.numbers: <object object at ")
    assert "cannot be written as JSON: JSON has no form for a object\n  hint: send dicts" in err
    assert Path("numbers.jsonl").read_text() == "0\n1\n"


def test_a_full_disk_is_told_with_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be written to its end is an error that names the file."""
    assert main(["run", "net.py", "--output", "names=@/dev/full"]) == 1
    assert "No space left on device: '/dev/full'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_pipe_of_nets_ends_with_its_last(tmp_path: Path) -> None:
    """`head` at the end of a pipe of nets ends them all, without a word."""
    (tmp_path / "first.py").write_text(nets.FINISHED)
    (tmp_path / "second.py").write_text(
        nets.FINISHED.replace("graph.configs.count >> graph.add(numbers).count\n", "").replace(
            'graph["numbers"].out >> graph.add(double).value', "graph.inputs.value >> graph.add(double).value"
        )
    )
    first = nets.command("run", "first.py", "--count", "200000", "--output", "doubled=-", "--quiet")
    second = nets.command("run", "second.py", "--input", "value=-", "--output", "doubled=-", "--quiet")
    line = f"{' '.join(first)} | {' '.join(second)} | head -2"
    found = subprocess.run(line, shell=True, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("0\n4\n", "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["other=-"], "the graph has no output other; its outputs are: numbers, names"),
        (["names"], "names: write names=@FILE for a file, or names=- for standard output"),
        (["names=a.txt"], "names=a.txt: write names=@a.txt for a file"),
        (["names=@"], "names=@: write names=@FILE for a file"),
        (["names=@-"], "names=@-: write names=@FILE for a file, or names=- for standard output"),
        (["names=-", "names=@a"], "names is given twice"),
        (["names=-", "numbers=-"], "two outputs cannot go to -"),
        (["names=@a", "numbers=@a"], "two outputs cannot go to a, for nobody could tell them apart"),
        (["names=@a.json"], "a.json would not be JSON but lines of it; name it a.jsonl"),
        (["names=@no/a.jsonl"], "cannot write no/a.jsonl: No such file or directory"),
        (["names=-", "--json"], "--json has standard output for itself; write the lines to a file"),
    ],
)
def test_an_output_that_cannot_be_is_refused(
    folder: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be an output is wrong usage, and nothing runs."""
    words = [word for each in given for word in ([each] if each.startswith("--") else ["--output", each])]
    assert main(["run", "net.py", *words]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert "running" not in out + err


def test_no_file_is_emptied_for_a_wrong_command(folder: Path) -> None:
    """A slip in the second output leaves the file of the first as it was."""

    @component
    def one() -> int:
        return 1

    graph = Graph("one")
    graph.add(one).out >> graph.outputs.out
    Path("precious.jsonl").write_text("1\n")
    with ExitStack() as files, pytest.raises(Exception, match="no output oops"):
        open_outlets(graph, ["out=@precious.jsonl", "oops=-"], io.StringIO(), files)
    assert Path("precious.jsonl").read_text() == "1\n"
