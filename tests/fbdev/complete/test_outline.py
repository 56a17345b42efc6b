from pathlib import Path

import pytest

from fbdev.complete.outline import Outline

TEXT = """
import fbcore
from fbcore import CompositeComponent, Graph, component

raise SystemExit("nobody runs this to complete a word")

graph = Graph("first")
second: Graph = fbcore.Graph("second")
number = int("5")
graph.inputs.row >> a.row
graph.inputs.row >> b.row
graph.configs.sort_by >> a.sort_by
a.out >> graph.outputs.rows
second.inputs.line >> a.line

class Clean(CompositeComponent):
    def build(self, graph):
        graph.inputs.text >> b.text
        lambda graph: graph.inputs.other

def connect():
    graph.inputs.more >> a.more
"""


@pytest.fixture
def outline(tmp_path: Path) -> Outline:
    """The outline of a file with two graphs."""
    (tmp_path / "net.py").write_text(TEXT)
    return Outline(tmp_path / "net.py")


def test_graphs_are_found_without_running_the_file(outline: Outline) -> None:
    """What is a `Graph(...)` at the top level has its name there."""
    assert outline.graphs == ["graph", "second"]


def test_the_border_of_a_graph_is_what_is_written_of_it(outline: Outline) -> None:
    """Ports of the graph that is asked for are found once each, and not those of others that are called the same."""
    assert outline.border("inputs") == ["row", "more"]
    assert outline.border("configs") == ["sort_by"]
    assert outline.border("outputs", "graph") == ["rows"]
    assert outline.border("inputs", "second") == ["line"]
    assert outline.border("inputs", "third") == []


@pytest.mark.parametrize("text", ["x = (", "\0"])
def test_what_is_no_python_has_no_outline(tmp_path: Path, text: str) -> None:
    """A file that is being written, or none, offers nothing, and does not complain."""
    (tmp_path / "net.py").write_text(text)
    for path in (tmp_path / "net.py", tmp_path / "nowhere.py", tmp_path):
        assert Outline(path).graphs == []
        assert Outline(path).border("inputs") == []


def test_the_only_graph_needs_no_name(tmp_path: Path) -> None:
    """A file with one graph is asked about that one; of several, whichever is called `graph`."""
    (tmp_path / "net.py").write_text("net = Graph('net')\nnet.inputs.x >> a.x\n")
    assert Outline(tmp_path / "net.py").border("inputs") == ["x"]
    (tmp_path / "net.py").write_text("a = Graph('a')\nb = Graph('b')\na.inputs.x >> c.x\n")
    assert Outline(tmp_path / "net.py").border("inputs") == []
