import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fbdev.nets import command, run
from tests.fbdev.terminal import Terminal

WORDS = '''
"""Count the words of a text."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cleaning import plain
from fbcore import Component, Config, Graph, In, Out, component


class ReadLines(Component):
    """Send each line of a text file."""

    path: Config[Path]
    line: Out[str]

    async def run(self) -> None:
        with self.path.value.open() as file:
            for line in file:
                await self.line.send(line)


@component
def words(line: str, sep: str = " ", keep_case: bool = False) -> Iterator[str]:
    """Split a line into words."""
    for word in line.split(sep):
        if plain(word):
            yield plain(word) if keep_case else plain(word).lower()


class Count(Component):
    """Count words until no more come."""

    word: In[str]
    most: Config[int] = Config(default=3)
    counts: Out[tuple[str, int]]

    async def run(self) -> None:
        counter = Counter([word async for word in self.word])
        for each in counter.most_common(self.most.value):
            await self.counts.send(each)


graph = Graph("words")
read = graph.add(ReadLines)
count = graph.add(Count)
graph.configs.path >> read.path
graph.configs.most >> count.most
split = graph.add(words)
graph.configs.keep_case >> split.keep_case
read.line >> split.line
split.out >> count.word
count.counts >> graph.outputs.counts
'''

CLEANING = """
def plain(word: str) -> str:
    return word.strip(" .,!?\\n")
"""

TEXT = "The tide rises, the tide falls,\nThe twilight darkens, the curlew calls.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a user would have it: a net in two files, and a text."""
    (tmp_path / "words.py").write_text(WORDS)
    (tmp_path / "cleaning.py").write_text(CLEANING)
    (tmp_path / "tide.txt").write_text(TEXT)
    return tmp_path


@pytest.mark.slow
def test_a_user_finds_out_what_a_net_does_and_runs_it(folder: Path) -> None:
    """From help over a slip and a drawing to a result: each step says what the next one is."""
    help = re.sub(r"[│\s]+", " ", run("run", "words.py", "--help", cwd=folder).stdout)
    assert "--path PATH For read_lines.path: Send each line of a text file. [required]" in help
    assert "--most INTEGER For count.most: Count words until no more come. [default: 3]" in help
    assert "--keep-case --no-keep-case For words.keep_case: Split a line into words. [default: off]" in help

    slip = run("run", "words.py", cwd=folder)
    assert (slip.returncode, slip.stdout) == (2, "")
    assert slip.stderr.endswith("hint: add --path PATH\n")

    drawing = run("draw", "words.py", cwd=folder)
    assert 'node_read_lines -->|"line"| node_words' in drawing.stdout

    found = run("run", "words.py", "--path", "tide.txt", cwd=folder)
    assert (found.returncode, found.stdout) == (0, "('the', 4)\n('tide', 2)\n('rises', 1)\n")
    assert re.fullmatch(r"words: finished after \d\.\d\d s, 17 packets, [\d,]+/s\n", found.stderr)


@pytest.mark.slow
def test_a_script_reads_the_document(folder: Path) -> None:
    """A program that runs ours takes the document from standard output and the verdict from the exit code."""
    found = run("run", "words.py", "--path", "tide.txt", "--most", "1", "--keep-case", "--json", cwd=folder)
    document = json.loads(found.stdout)
    assert found.returncode == 0
    assert document["outputs"] == {"counts": [["The", 2]]}
    assert document["nodes"]["words"] == {"component": "words", "state": "ended", "in": 2, "out": 12}


@pytest.mark.slow
def test_a_shell_takes_the_first_lines(folder: Path) -> None:
    """In a pipe the values come one a line, as other programs want them."""
    line = " ".join(command("run", "words.py", "--path", "tide.txt", "--quiet"))
    found = subprocess.run(f"{line} | head -1", shell=True, cwd=folder, check=True, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("('the', 4)\n", "")


@pytest.mark.slow
def test_a_person_sees_the_result_on_a_terminal(folder: Path) -> None:
    """On a terminal a quick net shows its result and one line of summary, without a flicker of a table."""
    with Terminal("run", "words.py", "--path", "tide.txt", cwd=folder) as terminal:
        screen = terminal.read_to_end()
        assert terminal.process.returncode == 0
    assert screen[:3] == ["('the', 4)", "('tide', 2)", "('rises', 1)"]
    assert screen[3].startswith("words: finished after ")
    assert screen[4:] == [""]


@pytest.mark.slow
def test_a_missing_file_is_said_by_the_node_that_wants_it(folder: Path) -> None:
    """What the net itself cannot do is told with the node, and without a traceback."""
    found = run("run", "words.py", "--path", "nowhere.txt", cwd=folder)
    assert found.returncode == 1
    assert "error  read_lines: FileNotFoundError" in found.stderr
    assert "nowhere.txt" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.slow
def test_a_new_project_runs_at_once(tmp_path: Path) -> None:
    """What `fbdev new` makes runs, has no faults, can be drawn, and passes its own tests."""
    made = run("new", "my-net", cwd=tmp_path)
    assert made.returncode == 0
    project = tmp_path / "my-net"

    found = run("run", "net.py", "--most", "1", cwd=project)
    assert (found.returncode, found.stdout) == (0, "('node', 4)\n")
    assert run("check", "net.py", "--strict", cwd=project).returncode == 0
    assert "read_lines" in run("draw", "net.py", cwd=project).stdout
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    tested = subprocess.run(tests, cwd=project, check=False, capture_output=True, text=True)
    assert tested.stdout.splitlines()[-1].startswith("3 passed")
    assert "fbdev run net.py" in made.stdout
    assert run("new", "my-net", cwd=tmp_path).returncode == 2
