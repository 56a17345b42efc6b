"""What a user sees who declares and runs a net in a notebook, in a kernel as Jupyter starts it."""

import pytest
from nbformat import NotebookNode

from tests.kernel import error_shown, run_cells

CELLS = {
    "declare": """
from __future__ import annotations
import pickle
from fbcore import *

@component
def read(text: str) -> Celsius:
    return Celsius(text)

class Warmest(Component):
    degrees: In[Celsius]
    warmest: Out[Celsius]

    async def run(self) -> None:
        await self.warmest.send(max([each async for each in self.degrees]))
""",
    "later": "class Celsius(float): ...",
    "connect": """
graph = Graph("weather")
graph.inputs.text >> graph.add(read).text
graph["read"].out >> graph.add(Warmest).degrees
graph["warmest"].warmest >> graph.outputs.record
graph""",
    "resolved": "{name: port.resolved for c in (graph.nodes.values()) for name, port in c.component.ports.items()}",
    "wrong": "1 + 1\ngraph.add(read)",
    "run": 'BatchRuntime(graph).run(inputs={"text": Each(["20", "21.5"])}).outputs.record',
    "pickle": "pickle.loads(pickle.dumps(read)) is read, pickle.loads(pickle.dumps(Warmest)) is Warmest",
    "function": "read",
    "class": "Warmest",
    "node": 'graph["read"]',
    "fails": 'BatchRuntime(graph).run(inputs={"text": "warm"})',
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[NotebookNode]]:
    """What the cells of the notebook show, by their names."""
    return dict(zip(CELLS, run_cells(list(CELLS.values()), tmp_path_factory.mktemp("notebook")), strict=True))


def text(outputs: list[NotebookNode]) -> str:
    """Return the value of a cell, as text."""
    (output,) = outputs
    value: str = output.data["text/plain"]
    return value


pytestmark = pytest.mark.slow


def test_a_net_runs_in_a_cell(shown: dict[str, list[NotebookNode]]) -> None:
    """A notebook runs a loop already; a net runs all the same."""
    assert text(shown["run"]) == "[21.5]"


def test_types_of_later_cells_are_found(shown: dict[str, list[NotebookNode]]) -> None:
    """An annotation may name what a later cell defines."""
    assert "False" not in text(shown["resolved"])


def test_components_of_cells_are_pickled(shown: dict[str, list[NotebookNode]]) -> None:
    """A component of a notebook is pickled as other classes and functions of the notebook are."""
    assert text(shown["pickle"]) == "(True, True)"


def test_a_graph_shows_a_picture(shown: dict[str, list[NotebookNode]]) -> None:
    """A graph as the last line of a cell is drawn."""
    (output,) = shown["connect"]
    assert output.data["image/svg+xml"].startswith("<svg")


@pytest.mark.parametrize("name", ["function", "class", "node"])
def test_a_component_shows_a_table(name: str, shown: dict[str, list[NotebookNode]]) -> None:
    """A component, class or function, and a node are tables of ports with their types."""
    (output,) = shown[name]
    assert ">Celsius</td>" in output.data["text/html"]


def test_an_error_names_cells(shown: dict[str, list[NotebookNode]]) -> None:
    """Where something was declared is said as the notebook numbers its cells."""
    message = error_shown(shown["wrong"]).splitlines()[-2]
    assert message == "GraphError: read: there is a node read already, added at In[3]:2 (In[5]:2)"


def test_an_error_shows_the_lines_of_the_user(shown: dict[str, list[NotebookNode]]) -> None:
    """Of the way to an error a cell shows its own lines; what goes on inside the runtime helps nobody."""
    lines = error_shown(shown["fails"]).splitlines()
    assert "Cell In[11], line 1" in lines
    assert not [line for line in lines if line.startswith("File ")]
    assert "read: ValueError: could not convert string to float: 'warm' (In[1]:7)" in lines[-2]
