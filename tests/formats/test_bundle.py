import copy
import pickle
from importlib import metadata
from typing import Any, NoReturn
from xml.etree import ElementTree

import pytest
from IPython.core.formatters import DisplayFormatter

from fbcore import Component, Graph, Out
from fbcore.formats import bundle
from fbcore.formats.mermaid import to_mermaid
from tests.formats import drawn


def display(shown: object) -> dict[str, Any]:
    """Return what Jupyter shows of an object, by MIME type."""
    data: dict[str, Any] = DisplayFormatter().format(shown)[0]
    return data


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package that draws were not installed, and nothing on the path."""

    def absent(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", absent)
    monkeypatch.setenv("PATH", "")


def test_a_graph_shows_a_picture() -> None:
    """In Jupyter a graph is an SVG picture, and in a terminal the list of its edges."""
    shown = display(drawn.plain())
    assert shown.keys() == {"image/svg+xml", "text/plain"}
    assert ElementTree.fromstring(shown["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert shown["text/plain"].splitlines() == [
        "<graph plain: 3 nodes, 5 edges>",
        "  configs.count->source.count",
        "  source.numbers->double.value",
        "  double.error->again.value",
        "  inputs.extra->again.value",
        "  double.out->outputs.result",
    ]


def test_a_graph_shows_mermaid_without_the_extra(no_extra: None) -> None:
    """Without the extra `draw` a graph is Mermaid text, which Jupyter draws."""
    shown = display(drawn.plain())
    assert shown.keys() == {"text/vnd.mermaid", "text/plain"}
    assert shown["text/vnd.mermaid"] == to_mermaid(drawn.plain())


def test_a_picture_that_takes_too_long_is_left_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell is not held up by a graph that Graphviz cannot lay out in time."""
    monkeypatch.setattr(bundle, "_PATIENCE", 0.0)
    assert "text/vnd.mermaid" in display(drawn.plain())


def test_a_long_list_of_edges_is_cut() -> None:
    """A terminal shows the first edges of a large graph."""
    lines = display(drawn.chain(60))["text/plain"].splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  and 39 more"


def test_a_function_shows_its_ports() -> None:
    """A function component is a table of its ports."""
    shown = display(drawn.double)
    assert shown.keys() == {"text/html", "text/plain"}
    assert "factor" in shown["text/html"]
    assert shown["text/plain"].startswith("double (component)\n  value ")


def test_a_class_shows_its_ports() -> None:
    """A component class is a table of its ports, though Jupyter shows other classes by their names only."""
    assert "numbers" in display(drawn.Source)["text/html"]


def test_a_composite_shows_what_is_in_it() -> None:
    """A composite is a table of its ports and a picture of its graph, no wider than the cell."""
    html = display(drawn.Pair)["text/html"]
    assert '<svg style="max-width: 100%; height: auto" ' in html
    assert ">source<" in html


def test_a_composite_shows_its_ports_without_the_extra(no_extra: None) -> None:
    """Without the extra `draw` the picture is left away."""
    html = display(drawn.Pair)["text/html"]
    assert "halt" in html
    assert "<svg" not in html


def test_a_node_shows_what_is_connected() -> None:
    """What `graph.add` returned is a table of ports and connections."""
    shown = display(drawn.plain()["double"])
    assert "to again.value" in shown["text/html"]
    assert shown["text/plain"].startswith("double (node of graph plain, double)\n")


def test_what_is_no_component_shows_its_name() -> None:
    """`Component` itself, and a component whose declaration is wrong, do not break a cell."""

    class Odd(Component):
        out: Out[int] = 3  # type: ignore[assignment]

    assert display(Component).keys() == display(Odd).keys() == {"text/plain"}
    assert "an output, and cannot be given 3" in bundle.bundle_of(Odd)["text/plain"]


def test_a_graph_that_cannot_run_is_shown() -> None:
    """A graph shows itself while it is being built."""
    graph = Graph("unfinished")
    assert "image/svg+xml" in display(graph)
    graph.add(drawn.Sink)
    assert "sink" in display(graph)["image/svg+xml"]


def test_a_node_has_no_ports_for_those_who_look_around() -> None:
    """Names that no port can have are missing from a node in the usual way, also while it is copied."""
    node = drawn.plain()["double"]
    assert not hasattr(node, "_ipython_display_")
    assert repr(copy.copy(node)) == repr(node)


def test_showing_leaves_a_component_as_it_was() -> None:
    """A component that was shown is pickled as before."""
    display(drawn.double)
    assert pickle.loads(pickle.dumps(drawn.double)) is drawn.double
