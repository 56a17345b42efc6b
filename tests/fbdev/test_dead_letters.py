"""`fbdev dead-letters FILE`, and `fbdev run --feed-dead-letters FILE`."""

import io
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from fbcore import BatchRuntime, Each
from fbcore.formats.letter_file import LetterFile, Record
from fbcore.formats.python_file import load_graph
from fbdev.cli import main
from fbdev.letters.show import show_list
from tests.fbdev import nets
from tests.fbdev.terminal import Terminal

NET = """
import os
from dataclasses import dataclass
from pathlib import Path
from fbcore import Graph, component

@dataclass
class Row:
    text: str
    count: int

@component
def split(line: str) -> Row:
    text, count = line.split(",")
    return Row(text, int(count))

@component
def repeat(row: Row) -> str:
    if row.count > 5 and not Path("mended").exists():
        raise KeyError(row.text)
    return row.text * row.count

graph = Graph("rows")
first, second = graph.add(split), graph.add(repeat)
graph.inputs.line >> first.line
first.out >> second.row
second.out >> graph.outputs.out
"""

LINES = "a,1\nb,7\nc\nd,2\ne,9\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a net of which three of five packets have failed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "net.toml").write_text('dead_letters = "rows.jsonl"\n')
    (tmp_path / "lines.txt").write_text(LINES)
    return tmp_path


@pytest.fixture
def letters(folder: Path, capsys: Capture) -> LetterFile:
    """The file of dead letters of that net."""
    assert main(["run", "net.py", "--settings", "net.toml", "--input", "line=@lines.txt"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["a", "dd"]
    assert "  dead letters  repeat: 2 in rows.jsonl\n  hint: `fbdev dead-letters rows.jsonl` shows them" in err
    return LetterFile("rows.jsonl")


def test_a_list_counts_by_node_and_error(letters: LetterFile, capsys: Capture) -> None:
    """And has a line for each letter, with its packets as a reader would write them."""
    assert main(["dead-letters", "rows.jsonl"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "rows.jsonl: 3 dead letters"
    assert lines[1] == "node error letters last"
    assert lines[2].startswith("split ValueError 1 20")
    assert lines[3].startswith("repeat KeyError 2 20")
    assert lines[5] == "id when node times packets error"
    assert '"c" ValueError: not enough values' in lines[6]
    assert 'Row(text="b", count=7) KeyError' in lines[7]


def test_letters_of_one_node(letters: LetterFile, capsys: Capture) -> None:
    """By its address or a pattern; one that can mean nothing is refused."""
    for pattern, count in (("repeat", "2 of 3"), ("re*", "2 of 3"), ("**", "3"), ("nothing", "none of 3")):
        assert main(["dead-letters", "rows.jsonl", "--node", pattern]) == 0
        assert capsys.readouterr().out.startswith(f"rows.jsonl: {count} dead letters\n")
    assert main(["dead-letters", "rows.jsonl", "--node", "a..b"]) == 2


def test_one_letter_whole(letters: LetterFile, capsys: Capture) -> None:
    """With its traceback; an id that is not there is told with the one that was meant."""
    id = next(iter(letters.read().records))
    assert main(["dead-letters", "rows.jsonl", id]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{id}  split\n")
    assert "it came here once; its last firing was tried once" in out
    assert '  line      "c"\n' in out
    assert 'text, count = line.split(",")' in out
    assert main(["dead-letters", "rows.jsonl", id[:-1]]) == 2
    assert f"hint: did you mean {id}?" in capsys.readouterr().err


def test_one_json_document(letters: LetterFile, capsys: Capture) -> None:
    """Of all letters, or those that are meant, with the lines that are none."""
    with letters.path.open("a") as file:
        file.write("half")
    assert main(["dead-letters", "rows.jsonl", "--json", "--node", "split"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["node"], each["values"]) for each in found["letters"]] == [("split", {"line": "c"})]
    assert [each["line"] for each in found["broken"]] == [4]


def test_letters_are_taken_out(letters: LetterFile, capsys: Capture) -> None:
    """By id, by node, or all; without saying which, nothing is."""
    ids = [*letters.read().records]
    assert main(["dead-letters", "rows.jsonl", "--remove"]) == 2
    assert main(["dead-letters", "rows.jsonl", "--all"]) == 2
    assert main(["dead-letters", "rows.jsonl", "--remove", ids[0]]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "took 1 dead letter out of rows.jsonl"
    assert main(["dead-letters", "rows.jsonl", "--remove", "--node", "split"]) == 0
    assert [*letters.read().records] == ids[1:]
    assert main(["dead-letters", "rows.jsonl", "--remove", "--all"]) == 0
    assert main(["dead-letters", "rows.jsonl"]) == 0
    assert capsys.readouterr().out == "rows.jsonl: no dead letters\n"


def test_half_a_line_is_told_and_tidied(letters: LetterFile, capsys: Capture) -> None:
    """It is on standard error, with the option that takes it out."""
    with letters.path.open("a") as file:
        file.write('{"id": "x')
    assert main(["dead-letters", "rows.jsonl"]) == 0
    assert "rows.jsonl:4: half a line" in capsys.readouterr().err
    assert main(["dead-letters", "rows.jsonl", "--tidy"]) == 0
    assert main(["dead-letters", "rows.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[0], "half" in err.splitlines()[-1]) == ("rows.jsonl: 3 dead letters", False)


def test_only_the_newest_are_listed(folder: Path, capsys: Capture) -> None:
    """A long file says how many more there are."""
    (folder / "lines.txt").write_text("bad\n" * 30)
    main(["run", "net.py", "--settings", "net.toml", "--input", "line=@lines.txt"])
    assert main(["dead-letters", "rows.jsonl"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("and 10 older; ")


@pytest.mark.slow
def test_what_moves_the_cursor_is_not_printed(folder: Path) -> None:
    """Values and errors come from anywhere; on a terminal lines are cut to its width, on any no escape gets through."""
    (folder / "lines.txt").write_text("\x1b[2J\x07evil,x" + "y" * 500 + "\n")
    main(["run", "net.py", "--settings", "net.toml", "--input", "line=@lines.txt"])
    with Terminal("dead-letters", "rows.jsonl", cwd=folder, columns=80) as terminal:
        screen = terminal.read_to_end()
    assert "\x1b[2J" not in terminal.seen
    assert "\x07" not in terminal.seen
    assert max(map(len, screen)) <= 80
    assert screen[0] == "rows.jsonl: 1 dead letter"


def test_a_narrow_terminal_keeps_nodes_and_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times go first, in the counts as in the list, where there is no room for everything."""

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    record = Record(
        "3b1cb325-1", "2026-01-02T03:04:05+00:00", "shop", "price", {"name": "milk"}, "KeyError: 'milk'", "", "", 1, 1
    )
    for columns, has_time in ("40", False), ("80", True):
        monkeypatch.setenv("COLUMNS", columns)
        screen = Screen()
        show_list("failed.jsonl", [record], screen, of=1)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
        assert plain[2].split()[:3] == ["price", "KeyError", "1"]
        assert ("2026-01-0" in plain[2], "last" in plain[1]) == (has_time, has_time)


# -- feeding ---------------------------------------------------------------------------------------------


def test_letters_are_fed_back(letters: LetterFile, folder: Path, capsys: Capture) -> None:
    """Without inputs, to the nodes that they are of; what is done leaves the file, what fails again is counted."""
    (folder / "mended").touch()
    assert main(["run", "net.py", "--settings", "net.toml", "--feed-dead-letters", "rows.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["bbbbbbb", "eeeeeeeee"]
    assert "  fed  repeat: 2 dead letters done\n  dead letters  split: 1 in rows.jsonl\n" in err
    (left,) = letters.read().records.values()
    assert (left.node, left.values, left.times) == ("split", {"line": "c"}, 2)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_letters_come_before_the_inputs(letters: LetterFile, folder: Path, capsys: Capture) -> None:
    """And beside them; the document counts both."""
    (folder / "mended").touch()
    words = ["--json", "--input", "line=z,1", "--feed-dead-letters", "rows.jsonl"]
    assert main(["run", "net.py", "--settings", "net.toml", *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["outputs"]["out"] == ["bbbbbbb", "eeeeeeeee", "z"]
    assert (document["fed"], document["dead_letters"]) == ({"repeat": 2}, {"split": {"rows.jsonl": 1}})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"graph.add(split)": 'graph.add(split, "splits")'}, "the graph has no node 'split'; did you mean splits?"),
        ({"line: str": "text: str", "line.split": "text.split", "first.line": "first.text"}, "has no input 'line' any"),
        ({"line: str": "line: int", "line.split": "str(line).split"}, "split.line: 'c' is no int"),
        ({"Row": "Line"}, "repeat.row: there is no Row in module net"),
    ],
)
def test_a_letter_that_does_not_fit_is_an_error_and_kept(
    letters: LetterFile, folder: Path, changes: dict[str, str], what: str
) -> None:
    """The net is not run, and no letter is touched."""
    before = letters.path.read_bytes()
    text = NET
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "net.py").write_text(text)
    # In another process, for this one still has the classes of the first net.
    line = nets.command("run", "net.py", "--feed-dead-letters", "rows.jsonl")
    found = subprocess.run(line, cwd=folder, check=False, capture_output=True, text=True)
    assert found.returncode == 2
    assert what in found.stderr
    assert "none was fed back" in found.stderr
    assert letters.path.read_bytes() == before


def test_a_file_that_is_not_there_is_an_error(folder: Path, capsys: Capture) -> None:
    """And none is made."""
    assert main(["run", "net.py", "--feed-dead-letters", "nowhere.jsonl"]) == 2
    assert "nowhere.jsonl: there is no such file" in capsys.readouterr().err
    assert not Path("nowhere.jsonl").exists()
    assert main(["dead-letters", "nowhere.jsonl"]) == 2


def test_letters_of_another_net_stay(letters: LetterFile, folder: Path, capsys: Capture) -> None:
    """Several nets may write to one file; each takes its own out of it."""
    (folder / "net.py").write_text(NET.replace('Graph("rows")', 'Graph("columns")'))
    assert main(["run", "net.py", "--feed-dead-letters", "rows.jsonl"]) == 0
    assert "letters of other nets stay: rows" in capsys.readouterr().err
    assert len(letters.read().records) == 3


def test_sources_are_left_out_when_asked(letters: LetterFile, capsys: Capture) -> None:
    """Which needs letters to be fed."""
    assert main(["run", "net.py", "--feed-dead-letters", "rows.jsonl", "--only-dead-letters"]) == 0
    assert main(["run", "net.py", "--only-dead-letters"]) == 2
    assert "say which: --feed-dead-letters FILE" in capsys.readouterr().err


@pytest.mark.slow
def test_a_check_finds_what_cannot_be_written(folder: Path, capsys: Capture) -> None:
    """Before the net runs: a port whose type no file can keep, and a folder that is not there."""
    (folder / "net.py").write_text(NET.replace("row: Row", "row: type").replace("-> Row", "-> type"))
    assert main(["check", "net.py", "--settings", "net.toml"]) == 1
    assert (
        "repeat.row: its packets cannot be dead letters in a file: a type cannot be stored" in capsys.readouterr().out
    )
    (folder / "net.toml").write_text('dead_letters = "nowhere/rows.jsonl"')
    assert main(["check", "net.py", "--settings", "net.toml"]) == 1
    assert "there is no folder nowhere" in capsys.readouterr().out
    (folder / "net.py").write_text(NET)
    (folder / "net.toml").write_text('dead_letters = "rows.jsonl"')
    assert main(["check", "net.py", "--settings", "net.toml", "--strict"]) == 0


SLOW = """
import asyncio, os, signal
from fbcore import Graph, component

@component
async def work(number: int) -> int:
    if number < 0 and not os.environ.get("MENDED"):
        raise ValueError(number)
    with open("done.txt", "a") as file:
        file.write(f"{number}\\n")
    await asyncio.sleep(0)
    if number == -50 and os.environ.get("MENDED") == "once":
        os.kill(os.getpid(), signal.SIGKILL)
    return number

graph = Graph("slow")
graph.inputs.number >> graph.add(work).number
graph["work"].out >> graph.outputs.out
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_no_letter(tmp_path: Path) -> None:
    """Those that were done before are gone, the one in hand and all others are fed again; none is done three times."""
    (tmp_path / "net.py").write_text(SLOW)
    (tmp_path / "net.toml").write_text('dead_letters = "f.jsonl"\n')
    (tmp_path / "numbers.txt").write_text("".join(f"{-number}\n" for number in range(1, 101)))

    def run(*words: str, **env: str) -> int:
        line = nets.command("run", "net.py", "--settings", "net.toml", *words)
        environment = {**os.environ, **env}
        return subprocess.run(line, cwd=tmp_path, check=False, capture_output=True, env=environment).returncode

    letters = LetterFile(tmp_path / "f.jsonl")
    assert run("--input", "number=@numbers.txt") == 0
    assert len(letters.read().records) == 100
    assert run("--feed-dead-letters", "f.jsonl", MENDED="once") == -signal.SIGKILL
    assert len(letters.read().records) == 51
    assert run("--feed-dead-letters", "f.jsonl", MENDED="yes") == 0
    assert letters.read().records == {}
    done = (tmp_path / "done.txt").read_text().split()
    assert sorted(set(done)) == sorted(str(-number) for number in range(1, 101))
    assert len(done) == 101
    assert sorted(path.name for path in tmp_path.iterdir() if "f.jsonl" in path.name) == ["f.jsonl"]


def test_python_feeds_a_list(folder: Path) -> None:
    """`result.dead_letters`, or some of them; those that fail again are letters of the new run."""
    runtime = BatchRuntime(load_graph("net.py"), settings={"dead_letters": "memory"})
    first = runtime.run(inputs={"line": Each(LINES.split())})
    (folder / "mended").touch()
    second = runtime.run(feed_dead_letters=first.dead_letters)
    assert (second.outputs.out, second.fed) == (["bbbbbbb", "eeeeeeeee"], {"repeat": 2})
    assert [(letter.values, letter.times) for letter in second.dead_letters] == [({"line": "c"}, 2)]
