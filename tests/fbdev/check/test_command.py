import json
from pathlib import Path
from typing import Any

import pytest

from fbdev.cli import main
from tests.fbdev import nets
from tests.fbdev.terminal import Terminal

pytestmark = pytest.mark.slow

TALKATIVE = """
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from fbcore import BatchRuntime, Graph, component

print("loading", "slowly")
Path("left_behind.txt").write_text("x")
os.environ["MODE"] = "test"
sys.path.append("elsewhere")
threading.Thread(target=int).start()
subprocess.run(["true"])
socket.socket().close()
signal.signal(signal.SIGUSR1, lambda *_: None)
os.chdir("..")

@component
def one() -> int:
    return 1

graph = Graph("talkative")
graph.add(one).out >> graph.outputs.out
BatchRuntime(graph).run()
"""

WARNED = """
from fbcore import Graph, component

@component
def same(value: int) -> int:
    return value

graph = Graph("warned")
node = graph.add(same)
graph.inputs.value >> node.value
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(source: str, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> str:
    """Check a file with this text, and return what is printed."""
    Path("net.py").write_text(source)
    assert main(["check", "net.py", *options]) == code
    return capsys.readouterr().out


def document(source: str, capsys: pytest.CaptureFixture[str], *options: str, code: int = 0) -> dict[str, Any]:
    """Check a file with this text, and return the document."""
    return dict(json.loads(checked(source, capsys, "--json", *options, code=code)))


def test_a_good_file_has_nothing_to_mend(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without a fault is one line that says what was looked at."""
    assert checked(nets.FINISHED, capsys) == "net.py: nothing to mend in graph finished (2 nodes), 2 components\n"


def test_what_validate_finds_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors of a graph have their addresses, places and hints, and make the exit code 1."""
    out = checked(nets.INVALID, capsys, code=1)
    assert "error: double.value: nothing is connected to this input (net.py:9)\n  hint: connect it: " in out
    assert out.endswith("net.py: 1 error, 1 warning in graph invalid (1 node), 1 component\n")


def test_warnings_fail_only_when_strict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that has nothing but warnings passes, unless it was asked to be strict."""
    out = checked(WARNED, capsys)
    assert "warning: same.out: nothing is connected to this output" in out
    assert "note: every run must give: --input value=...\n" in out
    checked(WARNED, capsys, "--strict", code=1)
    checked(nets.FINISHED, capsys, "--strict")


def test_an_optional_input_need_not_be_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The note about what every run must give leaves out inputs that lead to optional ports only."""
    source = nets.ECHOING.replace("value: In[int]", "value: In[int] = In(optional=True)")
    assert "every run must give" not in checked(source, capsys)
    assert "note: every run must give: --input value=...\n" in checked(nets.ECHOING, capsys)


def test_the_document_has_everything(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints one document with counts, what was looked at, and every finding."""
    found = document(nets.INVALID, capsys, code=1)
    assert {key: found[key] for key in ("target", "errors", "warnings", "notes", "graphs", "components")} == {
        "target": "net.py",
        "errors": 1,
        "warnings": 1,
        "notes": 0,
        "graphs": {"invalid": {"nodes": 1, "edges": 0}},
        "components": 1,
    }
    (error,) = [each for each in found["findings"] if each["level"] == "error"]
    assert error["hint"].startswith("connect it: ")
    del error["hint"]
    assert error == {
        "group": "graph invalid",
        "level": "error",
        "what": "nothing is connected to this input",
        "address": "double.value",
        "place": "net.py:9",
        "inside": "",
    }


def test_side_effects_of_an_import_are_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a file does while it is imported is a warning with its line; none of it touches us."""
    found = document(TALKATIVE, capsys)
    effects = {(each["place"], each["what"].removeprefix("importing it ")) for each in found["findings"]}
    assert effects == {
        ("net.py:12", "prints: 'loading'"),
        ("net.py:13", "writes a file: left_behind.txt"),
        ("net.py:14", "changes the environment: MODE"),
        ("", "changes sys.path: elsewhere"),
        ("net.py:16", "starts a thread"),
        ("net.py:17", "starts a process: true"),
        ("net.py:18", "opens a socket"),
        ("net.py:19", "handles signals: SIGUSR1"),
        ("net.py:20", "changes the current folder: .."),
        ("net.py:28", "runs a net"),
    }
    assert {each["level"] for each in found["findings"]} == {"warning"}
    assert Path.cwd() == folder


def test_what_packages_do_is_a_note(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an installed package does when it is imported is told, and held against nobody."""
    package = folder / "site-packages" / "noisy.py"
    package.parent.mkdir()
    package.write_text("import subprocess\nsubprocess.run(['true'])\n")
    source = "import sys\nsys.path.append('site-packages')\nimport noisy\nsys.path.remove('site-packages')\n"
    (finding,) = document(source + nets.FINISHED, capsys)["findings"]
    assert (finding["level"], finding["place"]) == ("note", "net.py:3")
    assert finding["what"] == "importing noisy starts a process: true"


def test_what_is_printed_past_print_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes that a process or a library writes to standard output are found, too."""
    (finding,) = document("import os\nos.write(1, b'x')\n" + nets.FINISHED, capsys)["findings"]
    assert finding["what"] == "importing it prints, past `print`"


@pytest.mark.parametrize(
    ("source", "what", "place"),
    [
        ("x = (\n", "SyntaxError: '(' was never closed", "net.py:1"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError: No module named 'nowhere_to_be_found'", "net.py:1"),
        ("\nraise ValueError('no')\n", "ValueError: no", "net.py:2"),
        ("input()\n", "EOFError: EOF when reading a line", "net.py:1"),
        ("raise SystemExit(3)\n", "it exits while it is imported (SystemExit: 3)", "net.py:1"),
        ("raise KeyboardInterrupt\n", "importing it raises KeyboardInterrupt", ""),
        ("import os\nos._exit(3)\n", "importing it ends the whole process, with exit code 3", ""),
        ("import os\nos.kill(os.getpid(), 9)\n", "importing it ends the whole process, with signal SIGKILL", ""),
    ],
)
def test_an_import_that_fails_is_an_error(
    folder: Path, source: str, what: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Why a file cannot be imported is a finding with its line, however it goes wrong."""
    (finding,) = document(source, capsys, code=1)["findings"]
    assert (finding["level"], finding["what"], finding["place"]) == ("error", what, place)


def test_an_import_that_hangs_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An import that takes longer than the limit is ended, and the line is named where it was."""
    source = "import threading\nthreading.Event().wait()\n"
    (finding,) = document(source, capsys, "--time-limit", "1.5", code=1)["findings"]
    assert (finding["what"], finding["place"]) == ("importing it takes longer than 1.5 s", "net.py:2")


def test_what_an_import_has_started_is_ended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that is left behind by an import does not outlive the check, nor hold it up."""
    source = """
import subprocess
child = subprocess.Popen(["sleep", "1000"])
open("pid", "w").write(str(child.pid))
"""
    checked(source + nets.FINISHED, capsys)
    assert nets.has_ended(int(Path("pid").read_text()))


def test_a_file_of_components_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without a graph is checked for its components; `FILE:name` checks one."""
    source = "from fbcore import component\n@component\ndef a(x: 'Later') -> int: ...\n@component\ndef b(run): ...\n"
    out = checked(source, capsys, code=1)
    assert "warning: a.x: the type 'Later' could not be found, and counts as Any (net.py:2)" in out
    assert "error: b.run: a component has `run` anyway (net.py:4)" in out
    assert out.endswith("net.py: 1 error, 1 warning in 2 components\n")
    assert main(["check", "net.py:a"]) == 0
    assert capsys.readouterr().out.endswith("net.py:a: 1 warning in 1 component\n")


def test_all_graphs_are_checked_unless_one_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file may hold several graphs; `FILE:name` checks one of them, and the components in it."""
    source = nets.FINISHED + nets.INVALID.replace("graph", "other").replace("double", "triple")
    assert "in graph finished (2 nodes), graph invalid (1 node), 3 components" in checked(source, capsys, code=1)
    assert main(["check", "net.py:graph"]) == 0
    assert capsys.readouterr().out == "net.py:graph: nothing to mend in graph finished (2 nodes), 2 components\n"


def test_a_neighbour_that_hides_a_module_is_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is called like a module of the standard library will be taken for it."""
    Path("queue.py").write_text("")
    (finding,) = document(nets.FINISHED, capsys)["findings"]
    assert finding["what"].startswith("queue.py hides the module queue of the standard library")


def test_loops_and_joins_are_looked_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A circle that can fill up is a warning of the command."""
    out = checked(nets.QUIESCENT, capsys)
    assert "warning: halve.smaller->halve.again: more than 64 packets going round this circle deadlock it" in out


COMPOSITES = """
from fbcore import CompositeComponent, Config, Graph, In, Out, component, required

@component
def add(left: int, right: int, more: int = required()) -> int:
    return left + right + more

class Twice(CompositeComponent):
    value: In[int]
    more: Config[int]
    sum: Out[int]

    def build(self, graph: Graph) -> None:
        node = graph.add(add)
        graph.inputs.value >> node.left
        node.out >> node.right
        node.out >> graph.outputs.sum
        graph.configs.more >> node.more

class Outer(CompositeComponent):
    value: In[int]
    sum: Out[int]

    def build(self, graph: Graph) -> None:
        node = graph.add(Twice, more=1)
        graph.inputs.value >> node.value
        node.sum >> graph.outputs.sum
"""

OF_COMPOSITES = """
graph = Graph("graph_of_composites")
outer = graph.add(Outer)
graph.inputs.x >> outer.value
twice = graph.add(Twice)
outer.sum >> twice.value
graph.configs.more >> twice.more
twice.sum >> graph.outputs.y
"""


def test_composites_are_looked_into(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A danger inside a composite is found at each place where the composite stands, with the composite's address."""
    found = document(COMPOSITES + OF_COMPOSITES, capsys)
    circles = [(each["address"], each["inside"]) for each in found["findings"] if each["level"] == "warning"]
    assert circles == [
        ("twice.add.out->twice.add.right", "twice"),
        ("outer.twice.add.out->outer.twice.add.right", "outer.twice"),
    ]
    (note,) = [each["what"] for each in found["findings"] if each["level"] == "note"]
    assert note == "every run must give: --more ... --input x=..."
    assert found["components"] == 3


def test_a_file_of_composites_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A composite is checked inside even when it stands in no graph: its connections, its circles."""
    out = checked(COMPOSITES.replace("        node.out >> graph.outputs.sum\n", ""), capsys, code=1)
    assert "error: Twice.sum: nothing inside is connected to this output" in out
    assert "warning: twice.add.out->add.right: " in out


def test_a_terminal_shows_what_is_inside_of_composites(folder: Path) -> None:
    """On a terminal findings inside a composite stand below its address, further in."""
    Path("net.py").write_text(COMPOSITES + OF_COMPOSITES)
    with Terminal("check", "net.py", cwd=folder, columns=70) as terminal:
        screen = terminal.read_to_end()
    assert [line for line in screen if line.strip().startswith(("graph ", "inside "))] == [
        "graph graph_of_composites",
        "  inside twice",
        "    inside outer.twice",
    ]
    assert max(map(len, screen)) <= 70


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere.py", "error: nowhere.py: there is no such file"),
        (".", "error: .: this is a folder, not a file"),
        ("net.py", "error: net.py: there is no graph in this file, only x"),
        ("net.py:y", "error: net.py: there is no y in this file"),
        ("net.py:x", "error: x is no Graph but a int"),
    ],
)
def test_what_cannot_be_checked_is_wrong_usage(
    folder: Path, target: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No file, and nothing in it to check, is told on standard error, and is exit code 2."""
    Path("net.py").write_text("x = 1\n")
    assert main(["check", target]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said) or said.removeprefix("error: ") in err


def test_a_mistake_of_ours_is_not_held_against_the_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When the check itself breaks it says so, instead of blaming the file."""
    source = nets.FINISHED + "import fbdev.check.child\nfbdev.check.child.check_graph = None\n"
    Path("net.py").write_text(source)
    assert main(["check", "net.py"]) == 1
    assert capsys.readouterr().err.startswith("error: RuntimeError: the check itself failed\n")


@pytest.mark.parametrize("columns", [40, 100])
def test_a_terminal_shows_groups_in_columns(folder: Path, columns: int) -> None:
    """On a terminal findings stand below what they are about, and no line is too long, however narrow it is."""
    Path("net.py").write_text(nets.INVALID)
    with Terminal("check", "net.py", cwd=folder, columns=columns) as terminal:
        screen = terminal.read_to_end()
        assert terminal.process.returncode == 1
    assert screen[0] == "graph invalid"
    assert screen[1].startswith("    error  double.value: nothing is")
    assert max(map(len, screen)) <= columns
    assert "\x1b[" in terminal.seen


def test_no_color_is_heeded(folder: Path) -> None:
    """With NO_COLOR the terminal gets text without colours."""
    Path("net.py").write_text(nets.INVALID)
    with Terminal("check", "net.py", cwd=folder, NO_COLOR="1") as terminal:
        terminal.read_to_end()
    assert "\x1b[31m" not in terminal.seen
    assert "\x1b[33m" not in terminal.seen


def test_a_graph_in_json_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A JSON file is checked as a Python file is, with its own lines; broken data is a finding."""
    (tmp_path / "net.py").write_text(WARNED)
    path = tmp_path / "net.json"
    assert main(["draw", str(tmp_path / "net.py"), "-o", str(path)]) == 0
    assert main(["check", str(path)]) == main(["check", str(tmp_path / "net.py")])
    assert f"{path}:" in capsys.readouterr().out
    path.write_text(path.read_text().replace('"name": "same"', '"name": "gone"'))
    assert main(["check", str(path)]) == 1
    assert "there is no gone in module" in capsys.readouterr().out
