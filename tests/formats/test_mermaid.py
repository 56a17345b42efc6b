import re

import pytest

from fbcore import Component, Config, Graph, In, Out, component
from fbcore.formats.mermaid import to_mermaid


class Source(Component):
    """Send numbers."""

    count: Config[int]
    numbers: Out[int]

    async def run(self) -> None:
        """Send them."""


@component
def double(value: int) -> int:
    return 2 * value


class Sink(Component):
    value: In[int]

    async def run(self) -> None:
        """Take them."""


def sample() -> Graph:
    """A net with each kind of border, two nodes of one component, and edges of three capacities."""
    graph = Graph("sample")
    source = graph.add(Source)
    graph.configs.count >> source.count
    source.numbers >> graph.add(double).value
    graph.connect(graph["double"].out, graph.add(double, "again").value, capacity=1)
    graph.connect(graph.inputs.extra, graph["again"].value, capacity=None)
    graph["again"].out >> graph.outputs.result
    return graph


def test_a_graph_is_drawn() -> None:
    """Nodes, borders and edges are drawn with their ports, capacities that are not usual, and components."""
    assert to_mermaid(sample()).splitlines() == [
        "flowchart LR",
        '    input_extra(["extra"])',
        '    config_count{{"count"}}',
        '    node_source["source"]',
        '    node_double["double"]',
        '    node_again["again<br>double"]',
        '    output_result(["result"])',
        '    config_count -.->|"count"| node_source',
        '    node_source -->|"numbers to value"| node_double',
        '    node_double -->|"out to value, capacity 1"| node_again',
        '    input_extra -->|"value, unbounded"| node_again',
        '    node_again -->|"out"| output_result',
    ]


def test_the_same_graph_gives_the_same_text() -> None:
    """The text depends on the graph alone."""
    assert to_mermaid(sample()) == to_mermaid(sample())


@pytest.mark.parametrize("id", ["end", "graph", "default", "style", "o", "x", "subgraph"])
def test_words_of_mermaid_can_be_ids(id: str) -> None:
    """A node that is called like a word of Mermaid's language does not break the drawing."""
    graph = Graph("words")
    graph.add(double, id)
    assert f'    node_{id}["{id}<br>double"]' in to_mermaid(graph).splitlines()


def test_names_are_escaped() -> None:
    """A component may have any name; what means something to Mermaid or HTML is written as its code."""

    def work(value: int) -> int:
        return value

    work.__name__ = 'a "b" <c> [d] & #e;\n`f`'
    graph = Graph("names")
    graph.add(component(work), "work")
    label = re.search(r'node_work\["(.*)"\]\n', to_mermaid(graph))
    assert label is not None
    assert label[1] == "work<br>a #34;b#34; #60;c#62; #91;d#93; #38; #35;e#59;#10;#96;f#96;"


def test_a_graph_that_cannot_run_is_drawn() -> None:
    """A drawing is there to find a mistake, too: nothing is validated."""
    graph = Graph("unfinished")
    graph.add(Sink)
    assert to_mermaid(graph) == 'flowchart LR\n    node_sink["sink"]\n'
