import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from fbcore import LoadError
from fbcore.formats.python_file import load_graph
from fbdev.run.inputs import input_values
from fbdev.step.condition import condition
from fbdev.step.origin import Origin
from fbdev.step.saved_test import save_test
from fbdev.step.session import Session
from tests.fbdev import nets
from tests.habits.tree import ROOT

OBJECTS = """
from dataclasses import dataclass
from pathlib import Path
from fbcore import Graph, component

@dataclass
class Line:
    text: str

@component
def wrap(text: str, mark: str = "") -> Line:
    return Line(text + mark)

graph = Graph("objects")
graph.inputs.text >> graph.add(wrap).text
graph.configs.mark >> graph["wrap"].mark
graph["wrap"].out >> graph.outputs.lines
"""


def pytest_says(path: Path) -> tuple[int, str]:
    """Run a file of tests as a user does, in another folder, and return what pytest says."""
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=path.parent.parent, env=env, check=False, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def saved(folder: Path, source: str, until: str, texts: list[str], path: str = "test_net.py", **configs: str) -> Path:
    """Step a net in a folder to a condition, and save it as a test."""
    name = f"{Path(path).stem.removeprefix('test_')}.py"
    (folder / name).write_text(source)
    with ExitStack() as stack:
        graph = load_graph(folder / name)
        inputs = input_values(graph, texts, stack, waits=False)
        session = Session(graph, inputs, configs)
        session.start()
        stack.callback(session.close)
        session.run(condition(until, session.fsm) if until else None)
        save_test(folder / path, session, Origin(name, folder, texts, inputs, configs))
    return folder / path


@pytest.mark.slow
def test_saved_tests_are_green(tmp_path: Path) -> None:
    """Wherever a session stops, its test makes the same choices and finds the same, without a warning."""
    cases = [
        (nets.DEADLOCKED, "", [], "def test_net0_comes_to_be_deadlocked("),
        (nets.FAILED, "", ["value=0"], "def test_net1_is_failed("),
        (nets.FINISHED, "", [], 'assert fsm.result.outputs["doubled"] == [0, 2, 4]'),
        (nets.FINISHED, "step 7", [], "def test_net3_after_7_steps("),
        (nets.STARVED, "", [], 'standstill.outcome == "starved"'),
        (nets.QUIESCENT, "", ["start=8"], 'inputs={"start": 8}'),
    ]
    (tmp_path / "nets").mkdir()
    for number, (source, until, texts, said) in enumerate(cases):
        path = saved(tmp_path / "nets", source, until, texts, f"test_net{number}.py")
        assert said in path.read_text()
    code, said = pytest_says(tmp_path / "nets")
    assert code == 0, said
    assert f"{len(cases)} passed" in said


@pytest.mark.slow
def test_a_saved_test_finds_what_has_changed(tmp_path: Path) -> None:
    """When the net does something else, the test is red."""
    path = saved(tmp_path, nets.FINISHED, "", [])
    (tmp_path / "net.py").write_text(nets.FINISHED.replace("2 * value", "3 * value"))
    code, said = pytest_says(path)
    assert code == 1
    assert "assert [0, 3, 6] == [0, 2, 4]" in said


@pytest.mark.slow
def test_a_saved_test_reads_files_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of a file are read where they were, from a test in a folder of its own; odd values are only counted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lines.txt").write_text("a\nb\n")
    (tmp_path / "tests").mkdir()
    path = saved(tmp_path, OBJECTS, "step 8", ["text=@lines.txt"], "tests/test_net.py", mark="!")
    text = path.read_text()
    assert 'FOLDER = Path(__file__).parent / ".."' in text
    assert 'input_values(graph, ["text=@lines.txt"], files), **{"mark": "!"}' in text
    assert "len(values) for edge, values" in text
    assert pytest_says(path)[0] == 0


def test_a_test_that_is_there_is_left(tmp_path: Path) -> None:
    """No test is written over another."""
    path = saved(tmp_path, nets.FINISHED, "", [])
    with pytest.raises(LoadError, match="is there already"):
        saved(tmp_path, nets.DEADLOCKED, "", [])
    assert "finished" in path.read_text()
